/// A simulator of slates on a small world, for the tests of what users look at.
#ifndef TESTS_SLATE_FIXTURE_H
#define TESTS_SLATE_FIXTURE_H

#include "sim/sim.h"
#include "small_world.h"
#include "throng_test.h"

enum { SLATE = 4, LANES = 32 };

static inline throng_backend *open_cpu(void) {
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend = NULL;
  def.name = "cpu";  // the tests read its memory
  EXPECT_OK(throng_backend_open(&def, &backend));
  return backend;
}

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
  throng_sim *sim;
} fixture;

static inline throng_sim_def slate_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.slate_size = SLATE;
  def.history = 16;
  def.max_steps = 12;
  def.leave_probability = 0.1f;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static inline bool fixture_open(fixture *f, const throng_sim_def *def) {
  memset(f, 0, sizeof *f);
  f->world = small_world(21, 40, 150, 24, 30);
  f->backend = open_cpu();
  const throng_status status = throng_sim_create(f->backend, &f->world, NULL, def, &f->sim);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static inline void fixture_close(fixture *f) {
  throng_sim_close(f->sim);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static inline void choose(int32_t *action, int n, uint32_t step, int32_t n_item) {
  for (int k = 0; k < n; ++k)
    action[k] =
        (int32_t)random_index(random_draw(4, 77, step, (uint32_t)k, 0, 0).w[0], (uint32_t)n_item);
}

#endif
