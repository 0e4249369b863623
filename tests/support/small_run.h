/// A world, a simulator's Def and an agent's Def small enough to train in a second.
#ifndef TESTS_SMALL_RUN_H
#define TESTS_SMALL_RUN_H

#include <stdio.h>

#include "throng/throng.h"
#include "throng_test.h"

typedef struct small_run {
  throng_backend *backend;
  throng_world *world;
  throng_sim_def sim;
  throng_agent_def agent;
  throng_train_def train;
} small_run;

static inline throng_synth_def small_run_synth(void) {
  throng_synth_def synth = throng_default_synth_def();
  synth.n_user = 400;
  synth.n_item = 240;
  synth.n_category = 6;
  synth.n_keyword = 160;
  synth.dim = 16;
  synth.n_taste = 6;
  synth.history_mean = 16;
  return synth;
}

/// 400 users with planted tastes, 240 items; the votes need no f_sta. The world file is written to
/// `folder`.
static inline bool small_run_open(small_run *run, const char *folder, int threads) {
  char path[512];
  *run = (small_run){0};
  throng_backend_def backend = throng_default_backend_def();
  backend.name = "cpu";
  backend.threads = threads;
  const throng_synth_def synth = small_run_synth();
  snprintf(path, sizeof path, "%s/world.safetensors", folder);
  throng_status status = throng_backend_open(&backend, &run->backend);
  if (status == THRONG_OK) status = throng_synth(&synth, path, NULL);
  if (status == THRONG_OK) status = throng_world_open(path, &run->world);
  EXPECT_OK(status);
  run->sim = throng_default_sim_def();
  run->sim.lanes = 32;
  run->sim.history = 32;
  run->sim.max_steps = 40;
  run->sim.votes.rule = THRONG_RULE_LOGICAL;
  run->agent = throng_default_agent_def();
  run->agent.hidden[0] = run->agent.hidden[1] = 16;
  run->agent.width = 16;
  run->agent.user_width = 4;
  run->agent.batch = 32;
  run->agent.buffer = 4096;
  run->agent.learning_starts = 320;
  run->agent.target_every = 640;
  run->train = throng_default_train_def();
  run->train.steps = 32 * 100;
  run->train.evaluate_every = 32 * 40;
  run->train.checkpoint_every = 32 * 25;
  run->train.evaluation.episodes = 24;
  return status == THRONG_OK;
}

static inline void small_run_close(small_run *run) {
  throng_world_close(run->world);
  throng_backend_close(run->backend);
}

#endif
