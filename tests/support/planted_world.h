/// A world with tastes and sequences planted in it, for fits of f_sta.
#ifndef THRONG_TESTS_PLANTED_WORLD_H
#define THRONG_TESTS_PLANTED_WORLD_H

#include <stdlib.h>

#include "history_world.h"
#include "kernels/base/random.h"
#include "throng/sta.h"
#include "throng_test.h"

typedef struct planted {
  int64_t *offset;
  int32_t *item;
  uint8_t *like;
  throng_world world;
} planted;

static inline uint32_t word(uint32_t purpose, int64_t a, int64_t b) {
  return random_draw(77, purpose, (uint32_t)a, (uint32_t)b, 0, 0).w[0];
}

/// Histories of random lengths 0 .. most-1 (0, 1, 2 and 3 among them). A user likes items of one
/// parity and, after item i, mostly meets item i + 1.
static inline planted planted_world(int64_t n_user, int32_t n_item, uint32_t most) {
  planted p;
  p.offset = calloc((size_t)n_user + 1, sizeof *p.offset);
  for (int64_t u = 0; u < n_user; ++u)
    p.offset[u + 1] =
        p.offset[u] + (u < 4 && u < most ? u : (int64_t)random_index(word(1, u, 0), most));
  p.item = calloc((size_t)p.offset[n_user] + 1, sizeof *p.item);
  p.like = calloc((size_t)p.offset[n_user] + 1, sizeof *p.like);
  for (int64_t u = 0; u < n_user; ++u) {
    uint32_t at = random_index(word(2, u, 0), (uint32_t)n_item);
    for (int64_t k = p.offset[u]; k < p.offset[u + 1]; ++k) {
      const bool jump = random_bernoulli(word(3, k, 0), 0.1f);
      at = jump ? random_index(word(4, k, 0), (uint32_t)n_item) : (at + 1) % (uint32_t)n_item;
      p.item[k] = (int32_t)at;
      const bool noise = random_bernoulli(word(5, k, 0), 0.1f);
      p.like[k] = (((at / 3 + (uint32_t)u) % 2) ^ noise) != 0;
    }
  }
  p.world = history_world(n_user, n_item, p.offset, p.item, p.like, 4711);
  return p;
}

static inline void planted_free(planted *p) {
  free(p->offset);
  free(p->item);
  free(p->like);
}

static inline throng_backend *cpu(int threads) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend = NULL;
  def.name = "cpu";
  def.threads = threads;
  EXPECT_OK(throng_backend_open(&def, &backend));
  return backend;
}

static inline throng_sta_def small_def(throng_sta_objective objective) {
  throng_sta_def def = throng_default_sta_def();
  def.width = 16;
  def.window = 10;
  def.batch = 32;
  def.epochs = 12;
  def.patience = 3;
  def.dropout = 0;
  def.learning_rate = 0.003f;
  def.objective = objective;
  return def;
}

#endif
