/// A small world, a simulator and an agent on it, for the agents' tests.
#ifndef TESTS_AGENT_RIG_H
#define TESTS_AGENT_RIG_H

#include "agent/dqn/dqn.h"
#include "agent/population.h"
#include "cpu/backend_cpu.h"
#include "small_world.h"
#include "throng_test.h"

typedef struct agent_rig {
  throng_world world;
  throng_backend *backend;
  throng_sim *sim;
  throng_population *agent;
} agent_rig;

/// Answers come from the two logical votes, so that no f_sta is needed.
static inline throng_sim_def rig_sim_def(int32_t lanes, int32_t history) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = lanes;
  def.history = history;
  def.leave_probability = 0.1f;
  def.max_steps = 15;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

/// The agents' algorithm: tests of what every population does are built for others, too.
#ifndef RIG_ALGORITHM
#define RIG_ALGORITHM THRONG_ALGORITHM_DQN
#endif
/// Updates to expect where DQN takes so many: a rollout of six steps may be one.
#ifdef RIG_ROLLS
#define RIG_UPDATES(n) ((n) / 8)
#else
#define RIG_UPDATES(n) (n)
#endif

static inline throng_agent_def rig_agent_def(throng_head head) {
  throng_agent_def def = throng_algorithm_agent_def(RIG_ALGORITHM);
  def.n_steps = 6;
  def.n_epochs = 2;
  def.head = head;
  def.hidden[0] = 12;
  def.hidden[1] = 10;
  def.width = 8;
  def.user_width = 4;
  def.batch = 16;
  def.buffer = 400;
  def.learning_starts = 100;
  def.target_every = 60;
  return def;
}

static inline throng_status rig_make(agent_rig *rig, int threads, const throng_sim_def *sim,
                                     const throng_agent_def *agent, int64_t total_steps) {
  memset(rig, 0, sizeof *rig);
  rig->world = small_world(7, 20, 60, 6, 12);
  THRONG_TRY(backend_cpu_open(threads, &rig->backend));
  THRONG_TRY(throng_sim_create(rig->backend, &rig->world, NULL, sim, &rig->sim));
  return throng_population_create(rig->sim, agent, total_steps, &rig->agent);
}

static inline void rig_free(agent_rig *rig) {
  throng_population_close(rig->agent);
  throng_sim_close(rig->sim);
  throng_backend_close(rig->backend);
  small_world_free(&rig->world);
}

#endif
