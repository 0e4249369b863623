/// A simulator on the CPU with a small world of its own, and what the tests show its users.
#ifndef THRONG_TESTS_SMALL_SIM_H
#define THRONG_TESTS_SMALL_SIM_H

#include "sim/sim.h"
#include "small_world.h"
#include "throng_test.h"

typedef struct small_sim {
  throng_world world;
  throng_backend *backend;
  throng_sim *sim;
} small_sim;

/// The world becomes the fixture's. `threads` 0: as many as there are processors.
static inline bool small_sim_open(small_sim *f, throng_world world, int threads,
                                  const throng_sim_def *def) {
  *f = (small_sim){.world = world};
  throng_backend_def any = throng_default_backend_def();
  any.name = "cpu";  // the tests read its memory
  any.threads = threads;
  return throng_backend_open(&any, &f->backend) == THRONG_OK &&
         throng_sim_create(f->backend, &f->world, NULL, def, &f->sim) == THRONG_OK;
}

static inline void small_sim_close(small_sim *f) {
  throng_sim_close(f->sim);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

/// Lanes, items of a slate and steps of the tests that look at a rule's answers.
enum { RULE_LANES = 48, RULE_SLATE = 2, RULE_HISTORY = 16 };

static inline throng_sim_def rule_def(throng_rule rule) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = RULE_LANES;
  def.history = RULE_HISTORY;
  def.slate_size = RULE_SLATE;
  def.leave_probability = 0.1f;
  def.max_steps = 12;
  def.votes.rule = rule;
  return def;
}

/// Drawn items, (RULE_LANES, RULE_SLATE), whatever the lanes are in.
static inline void rule_choose(int32_t *action, uint32_t step, int64_t n_item) {
  for (uint32_t k = 0; k < RULE_LANES * RULE_SLATE; ++k)
    action[k] = (int32_t)random_index(random_draw(4, 77, step, k, 0, 0).w[0], (uint32_t)n_item);
}

#endif
