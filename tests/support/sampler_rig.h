/// A sampler over a space given as JSON, and studies of functions with it.
#ifndef THRONG_TESTS_SAMPLER_RIG_H
#define THRONG_TESTS_SAMPLER_RIG_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config_sweep.h"
#include "kernels/base/random.h"
#include "suggest/sampler.h"
#include "throng/sweep.h"
#include "throng_test.h"

typedef struct sampler_rig {
  throng_config config;
  space *space;
  sampler_def def;
  sampler *sampler;
  int64_t told;
} sampler_rig;

static inline throng_status rig_space(sampler_rig *rig, const char *space_json) {
  char text[8192];
  *rig = (sampler_rig){0};
  snprintf(text, sizeof text, "{\"sweep\": {\"space\": %s}}", space_json);
  THRONG_TRY(config_load_text(text, strlen(text), "s.json", NULL, &rig->config));
  THRONG_TRY(config_space(&rig->config, &rig->space));
  rig->def = (sampler_def){.space = rig->space,
                           .n_objective = 1,
                           .seed = 1,
                           .startup_trials = 10,
                           .constant_liar = true};
  return THRONG_OK;
}

static inline throng_status rig_open(sampler_rig *rig, int kind, const char *space_json) {
  THRONG_TRY(rig_space(rig, space_json));
  return sampler_create(kind, &rig->def, &rig->sampler);
}

static inline void rig_close(sampler_rig *rig) {
  sampler_free(rig->sampler);
  space_free(rig->space);
  config_free(&rig->config);
}

/// Trial `number` is complete, with these values.
static inline throng_status rig_tell(sampler_rig *rig, int64_t number, trial_state state,
                                     const double *x, const double *value) {
  const sampler_trial trial = {
      .number = number, .state = state, .x = x, .value = value, .resource = 1, .cost = 1};
  return sampler_tell(rig->sampler, &trial);
}

/// The point's natural value: choices as their numbers.
static inline double rig_natural(const sampler_rig *rig, const double *x, int32_t k) {
  const space_parameter *p = &rig->space->parameter[k];
  return p->kind == SPACE_CHOICE ? p->choice_number[(int32_t)x[k]] : x[k];
}

/// In (0, 1).
static inline double sampler_test_uniform(uint32_t number, uint32_t draw) {
  return (random_draw(99, 0, draw, number, 0, 0).w[0] + 0.5) * 0x1p-32;
}

#endif
