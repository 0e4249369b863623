/// The smallest agents that keep everything a checkpoint can hold, for tests and fuzzers that
/// change what is in one: masks, slates and f_sta's caches with the first, preference vectors with
/// the second, slates half looked at and users who come back with the third.
#ifndef TESTS_TINY_CHECKPOINT_H
#define TESTS_TINY_CHECKPOINT_H

#include "agent_rig.h"
#include "sta/sta.h"
#include "tensor_edit.h"

typedef struct tiny_checkpoint {
  agent_rig rig;
  throng_sta *sta;
  file_bytes bytes;  // its checkpoint after some steps of learning
} tiny_checkpoint;

static inline throng_status tiny_checkpoint_make(tiny_checkpoint *c, int variant) {
  memset(c, 0, sizeof *c);
  char path[] = "/tmp/throng-checkpoint-XXXXXX";
  agent_rig *rig = &c->rig;
  throng_sim_def sim = rig_sim_def(4, 6);
  throng_agent_def agent = rig_agent_def(variant ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER);
  agent.hidden[0] = agent.hidden[1] = agent.width = 4;
  agent.user_width = 2;
  agent.batch = 8;
  agent.buffer = 40;
  agent.learning_starts = 16;
  agent.n_step = 2;
  agent.count = 2;
  sim.max_steps = 6;
  if (variant == 2) {
    sim.slate_size = 3;
    sim.mask_seen = true;
    sim.leave_probability = 0.4f;
    sim.users.choice = THRONG_CHOICE_CASCADE;
    sim.users.position_bias = 0.5f;
    sim.users.sessions = 3;
    sim.users.return_gap = 20;
    sim.users.satiation = 0.2f;
  } else if (variant) {
    sim.votes.similarity = THRONG_SIMILARITY_MEAN;
  } else {
    sim.slate_size = 2;
    sim.mask_seen = true;
    sim.votes.rule = THRONG_RULE_MAJORITY;
    agent.epsilon = THRONG_EPSILON_EXPONENTIAL;
  }
  throng_sta_def sta = throng_default_sta_def();
  sta.width = 4;
  sta.layers = 1;
  sta.window = 4;
  rig->world = small_world(7, 6, 20, 3, 4);
  int file = mkstemp(path);
  if (file < 0) return throng_fail(THRONG_ERROR_IO, "%s: cannot be made", path);
  close(file);
  throng_status status;
  THRONG_TRY_GOTO(backend_cpu_open(1, &rig->backend));
  if (!variant) THRONG_TRY_GOTO(throng_sta_create(rig->backend, &rig->world, &sta, &c->sta));
  THRONG_TRY_GOTO(throng_sim_create(rig->backend, &rig->world, c->sta, &sim, &rig->sim));
  THRONG_TRY_GOTO(throng_population_create(rig->sim, &agent, 1000, &rig->agent));
  for (int t = 0; t < 9; ++t) THRONG_TRY_GOTO(throng_population_train_step(rig->agent));
  THRONG_TRY_GOTO(throng_population_save(rig->agent, path));
  c->bytes = file_bytes_read(path);
done:
  unlink(path);
  return status;
}

static inline void tiny_checkpoint_free(tiny_checkpoint *c) {
  throng_population_close(c->rig.agent);
  throng_sim_close(c->rig.sim);
  throng_sta_close(c->sta);
  throng_backend_close(c->rig.backend);
  small_world_free(&c->rig.world);
  free(c->bytes.data);
}

/// Restore from the bytes, and where they are taken, train on. Returns what restoring said.
static inline throng_status tiny_checkpoint_try(tiny_checkpoint *c, const uint8_t *data,
                                                size_t length) {
  throng_status status = throng_population_restore(c->rig.agent, file_bytes_path(data, length));
  if (status != THRONG_OK) return status;
  throng_observation seen;
  for (int t = 0; t < 3; ++t)  // weights may be finite and still diverge
    if (throng_population_train_step(c->rig.agent) != THRONG_OK) return THRONG_OK;
  (void)throng_sim_observe(c->rig.sim, &seen);
  (void)throng_population_act(c->rig.agent, c->rig.sim, true, NULL);
  return THRONG_OK;
}

#endif
