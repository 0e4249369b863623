/// The replay: logging what a step showed and gave, and drawing batches from it.
#include "agent/learner.h"
#include "kernels/list.h"

throng_status agent_register_replay(throng_population *a) {
  int64_t times = (a->def.buffer + a->lanes - 1) / a->lanes;
  // Past what is sampled, the log holds what the oldest state and the last successor need.
  int64_t history = (a->history + a->slate - 1) / a->slate;
  a->replay_times = times;
  a->log.n_time = times + history + a->def.n_step;
  a->log.slate = a->slate;
  tensor_set *set = &a->replay;
  int64_t n = a->n_lane, t = a->log.n_time;
#define ADD(name, type, most, ...)                                                             \
  THRONG_TRY(tensors_add(set, &a->log.name, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #name)); \
  tensors_within(set, 0, (double)(most));
  ADD(entry, U32, 2.0 * (double)a->n_item - 1, n, t, a->slate)
  ADD(reward, F32, a->slate, n, t)
  ADD(ended, U8, THRONG_END_TRUNCATED, n, t)
  ADD(user, I32, a->n_user - 1, n, t)
  ADD(step, I32, a->sim->def.max_steps - 1, n, t)
#undef ADD
  return THRONG_OK;
}

throng_status agent_tick(throng_population *a, int32_t which) {
  agent_tick_args tick = {a->counter, which};
  return BACKEND_LAUNCH(a->backend, agent_tick, 1, &tick);
}

throng_status replay_before_step(throng_population *a) {
  log_before_args before = {a->log, a->counter, a->sim->user, a->sim->step};
  return BACKEND_LAUNCH(a->backend, log_before, a->n_lane, &before);
}

throng_status replay_after_step(throng_population *a) {
  const throng_sim *sim = a->sim;
  log_after_args after = {a->log, a->counter, sim->action, sim->vote, sim->reward, sim->ended};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, log_after, a->n_lane, &after));
  THRONG_TRY(agent_tick(a, CLOCK_TIME));
  ++a->time;
  return THRONG_OK;
}

bool replay_ready(const throng_population *a) { return a->time >= a->def.n_step; }

/// Draw the batch whose number is at `draw` on the backend (NULL: the clock's).
static throng_status draw_batch(throng_population *a, const int64_t *draw) {
  agent_batch *b = &a->batch;
  replay_sample_args sample = {.seed = a->seed,
                               .batch = a->def.batch,
                               .lanes = a->lanes,
                               .clock = a->counter,
                               .most_times = a->replay_times,
                               .n_step = a->def.n_step,
                               .slate = a->slate,
                               .draw = draw,
                               .lane = b->lane,
                               .time = b->time,
                               .slot = b->slot};
  THRONG_TRY(
      BACKEND_LAUNCH(a->backend, replay_sample, (int64_t)a->def.batch * a->n_agent, &sample));
  return replay_rebuild_batch(a);
}

throng_status replay_draw_next(throng_population *a) { return draw_batch(a, NULL); }

throng_status replay_draw(throng_population *a, uint64_t draw) {
  THRONG_TRY(a->backend->ops->upload(a->backend, a->batch.number, &draw, sizeof draw));
  return draw_batch(a, a->batch.number);
}

throng_status replay_rebuild_batch(throng_population *a) {
  agent_batch *b = &a->batch;
  const world_view *world = &a->sim->device.view;
  replay_gather_args gather = {.log = a->log,
                               .user_offset = world->user_offset,
                               .history = world->history,
                               .gamma = a->gamma,
                               .batch = a->def.batch,
                               .most_shown = a->sim->def.mask_seen ? a->n_item : INT64_MAX,
                               .n_step = a->def.n_step,
                               .lane = b->lane,
                               .time = b->time,
                               .slot = b->slot,
                               .state = b->state.state,
                               .next = b->next.state,
                               .action = b->action,
                               .reward = b->reward,
                               .discount = b->discount};
  return BACKEND_LAUNCH(a->backend, replay_gather, (int64_t)a->def.batch * a->n_agent, &gather);
}
