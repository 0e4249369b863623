/// What tests/golden/make_calibration.py says of f_cal: a world, votes on it, and the fit.
#ifndef THRONG_TESTS_CALIBRATION_GOLDEN_H
#define THRONG_TESTS_CALIBRATION_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "golden_array.h"
#include "throng/types.h"
#include "throng_test.h"

typedef struct calibration_golden {
  safetensors_file *file;
  int64_t n_user, n_item, n_row;
  int64_t *offset;
  int32_t *item, *alpha_pos, *alpha_neg;
  uint8_t *like;
  float *beta_pos, *beta_neg, *p_like;
  double *fitted, *effects, *prior, *item_effect, *user_effect, *p;
  throng_vote *vote;
} calibration_golden;

/// `name`: "calibration" or "factors".
static inline void calibration_golden_open(calibration_golden *g, const char *name) {
  char path[512];
  snprintf(path, sizeof path, TEST_SOURCE_DIR "/golden/%s.safetensors", name);
  ASSERT_OK(safetensors_open(path, &g->file));
  g->offset = golden_array(g->file, "user_offset", NULL);
  g->item = golden_array(g->file, "history_item", NULL);
  g->like = golden_array(g->file, "history_like", NULL);
  g->alpha_pos = golden_array(g->file, "alpha_pos", &g->n_row);
  g->alpha_neg = golden_array(g->file, "alpha_neg", NULL);
  g->beta_pos = golden_array(g->file, "beta_pos", NULL);
  g->beta_neg = golden_array(g->file, "beta_neg", NULL);
  g->p_like = golden_array(g->file, "p_like", NULL);
  g->fitted = golden_array(g->file, "fitted", NULL);
  g->effects = golden_array(g->file, "effects", NULL);
  g->prior = golden_array(g->file, "prior", NULL);
  g->item_effect = golden_array(g->file, "item_effect", &g->n_item);
  g->user_effect = golden_array(g->file, "user_effect", &g->n_user);
  g->p = golden_array(g->file, "p", NULL);
  g->vote = calloc((size_t)g->n_row + 1, sizeof *g->vote);
  for (int64_t k = 0; k < g->n_row; ++k) {
    g->vote[k].alpha_pos = g->alpha_pos[k];
    g->vote[k].alpha_neg = g->alpha_neg[k];
    g->vote[k].beta_pos = g->beta_pos[k];
    g->vote[k].beta_neg = g->beta_neg[k];
    g->vote[k].p_like = g->p_like[k];
  }
}

static inline void calibration_golden_close(calibration_golden *g) {
  void *const all[] = {g->offset,   g->item,     g->alpha_pos, g->alpha_neg,   g->like,
                       g->beta_pos, g->beta_neg, g->p_like,    g->fitted,      g->item_effect,
                       g->p,        g->vote,     g->effects,   g->user_effect, g->prior};
  for (size_t k = 0; k < sizeof all / sizeof *all; ++k) free(all[k]);
  safetensors_close(g->file);
}

#endif
