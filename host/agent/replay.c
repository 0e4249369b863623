/// The replay: logging what a step showed and gave, and drawing batches from it.
#include <math.h>
#include <stdlib.h>

#include "agent/population.h"
#include "kernels/list.h"

int64_t replay_times_before(const throng_population *a) {
  const throng_sim *sim = a->sim;
  // A rollout's masks are those that it was drawn under, of whole sessions.
  if (a->algorithm->rolls && sim->def.mask_seen) return sim->def.max_steps;
  if (!sim->examined) return (a->history + a->slate - 1) / a->slate;
  // A step may leave one entry in the history, the first slot's, or none.
  const bool one =
      sim->def.users.choice == THRONG_CHOICE_EACH || sim->def.users.choice == THRONG_CHOICE_CASCADE;
  return one && a->history < sim->def.max_steps ? a->history : sim->def.max_steps;
}

/// What a user who left by chance is told by. Where users come back, what follows a session depends
/// on what it showed, whatever ended it.
static void set_chance(throng_population *a) {
  const throng_sim *sim = a->sim;
  a->log.stay = 1.0f;
  a->log.by_chance = 0;
  if (sim->session || sim->def.leave_probability <= 0) return;
  a->log.stay = 1.0f - sim->def.leave_probability;
  a->log.by_chance = sim->left ? LOG_LEFT_BY_CHANCE : THRONG_END_LEFT;
}

throng_status replay_register(throng_population *a) {
  // Past what is sampled, the log holds what the oldest state and the last successor need.
  a->log.n_time = replay_ring(a, &a->def);
  a->log.slate = a->slate;
  set_chance(a);
  tensor_set *set = &a->replay;
  int64_t n = a->n_lane, t = a->log.n_time;
#define ADD(name, type, most, ...)                                                               \
  {                                                                                              \
    THRONG_TRY(tensors_add(set, &a->log.name, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #name)); \
    tensors_within(set, 0, (double)(most));                                                      \
  }
  ADD(entry, U32, 2.0 * (double)a->net.n_item - 1, n, t, a->slate)
  ADD(reward, F32, a->slate, n, t)
  ADD(ended, U8, a->log.by_chance == LOG_LEFT_BY_CHANCE ? LOG_LEFT_BY_CHANCE : THRONG_END_TRUNCATED,
      n, t)
  ADD(user, I32, a->net.n_user - 1, n, t)
  ADD(step, I32, a->sim->def.max_steps - 1, n, t)
  if (a->sim->examined) ADD(examined, U8, 1, n, t, a->slate)
  if (a->sim->session) ADD(returned, U8, a->sim->def.users.return_gap, n, t, 1)
  if (a->net.asks_session) ADD(number, I32, a->sim->def.users.sessions - 1, n, t, 1)
  if (a->net.asks_session) ADD(gap, I32, a->sim->def.users.return_gap, n, t, 1)
#undef ADD
    // Any number, and none: what a diverged agent made of its last rollout is kept with the
    // others'.
#define ADD(name)                                                                      \
  {                                                                                    \
    THRONG_TRY(tensors_add(set, &a->log.name, TENSOR_F32, TENSOR_SHAPE(n, t), #name)); \
    tensors_within(set, -(double)INFINITY, (double)INFINITY);                          \
  }
  if (a->algorithm->rolls) ADD(value)
  if (a->algorithm->logs_log_prob) ADD(log_prob)
#undef ADD
  return THRONG_OK;
}

throng_status replay_before_step(throng_population *a) {
  const throng_sim *sim = a->sim;
  log_before_args before = {.log = a->log,
                            .clock = a->clock,
                            .halted = sim->halted,
                            .agent_lanes = a->agent_lanes,
                            .user = sim->user,
                            .step = sim->step,
                            .number = sim->session,
                            .gap = sim->gap};
  return BACKEND_LAUNCH(a->backend, log_before, a->n_lane, &before);
}

throng_status replay_after_step(throng_population *a) {
  const throng_sim *sim = a->sim;
  log_after_args after = {.log = a->log,
                          .clock = a->clock,
                          .halted = sim->halted,
                          .action = sim->action,
                          .vote = sim->vote,
                          .reward = sim->reward,
                          .ended = sim->ended,
                          .left = sim->left,
                          .final_return = sim->final_return,
                          .examined = sim->examined,
                          .returned = sim->returned,
                          .agent_lanes = a->agent_lanes,
                          .return_sum = a->sums.returns,
                          .n_episode = a->sums.n_episode};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, log_after, a->n_lane, &after));
  agent_tick_args tick = {a->clock, sim->halted, a->agent_lanes};
  return BACKEND_LAUNCH(a->backend, agent_tick, a->n_agent, &tick);
}

/// May a session have shown more than a state holds, where that must not come again?
static bool replay_outgrows(const throng_population *a) {
  const throng_sim_def *def = &a->sim->def;
  return def->mask_seen && (int64_t)def->max_steps * a->slate > a->history;
}

throng_status replay_add_shown(throng_population *a, tensor_set *set, state_view *shown,
                               int64_t rows, const char *name) {
  // A state's history lacks what was shown and not looked at, and what is older than it is long.
  if (!(a->sim->examined && a->sim->def.mask_seen) && !replay_outgrows(a)) return THRONG_OK;
  const int64_t n = rows * a->n_agent, most = (int64_t)a->sim->def.max_steps * a->slate;
  shown->capacity = (int32_t)most;
  THRONG_TRY(tensors_add(set, &shown->entry, TENSOR_U32, TENSOR_SHAPE(n, most), "%s.entry", name));
  THRONG_TRY(tensors_add(set, &shown->length, TENSOR_I32, TENSOR_SHAPE(n), "%s.length", name));
  THRONG_TRY(tensors_add(set, &shown->session, TENSOR_I32, TENSOR_SHAPE(n), "%s.session", name));
  return tensors_add(set, &shown->user, TENSOR_I32, TENSOR_SHAPE(n), "%s.user", name);
}

throng_status replay_add_batch(throng_population *a, replay_batch *b) {
  tensor_set *set = &a->scratch;
  const int64_t n = (int64_t)a->def.batch * a->n_agent;
  THRONG_TRY(network_add_pass(&a->net, set, &b->state, a->def.batch, a->history, "batch.state"));
  THRONG_TRY(network_add_pass(&a->net, set, &b->next, a->def.batch, a->history, "batch.next"));
#define ADD(slot, type, length) \
  THRONG_TRY(tensors_add(set, &b->slot, TENSOR_##type, TENSOR_SHAPE(length), "batch." #slot))
  ADD(lane, I32, n);
  ADD(slot, I32, n);
  ADD(time, I64, n);
  ADD(number, I64, 1);
  ADD(action, I32, n);
  ADD(reward, F32, n);
  ADD(discount, F32, n);
#undef ADD
  return replay_add_shown(a, set, &b->shown, a->def.batch, "batch.shown");
}

/// Items that a session can show before none is left. A user who comes back may be shown all again,
/// and the simulator sees to it that one session cannot show them all (sim_create.c).
static int64_t replay_most_shown(const throng_population *a) {
  return a->sim->def.mask_seen && !a->sim->session ? a->net.n_item : INT64_MAX;
}

replay_gather_args replay_gather_of(const throng_population *a) {
  const world_view *world = &a->sim->device.view;
  return (replay_gather_args){.log = a->log,
                              .user_offset = world->user_offset,
                              .history = world->history,
                              .gamma = a->option.gamma,
                              .reward_scale = a->option.reward_scale,
                              .fold_leave = a->option.fold_leave,
                              .bootstrap_truncated = a->option.bootstrap_truncated,
                              .buffer = a->option.buffer,
                              .clock = a->clock,
                              .agent_lanes = a->agent_lanes,
                              .before = replay_times_before(a),
                              .start_rows = a->sim->published.view.start_rows,
                              .most_shown = replay_most_shown(a),
                              .n_step = a->option.n_step};
}

static throng_status rebuild(throng_population *a, replay_batch *b, const int32_t *used) {
  replay_gather_args gather = replay_gather_of(a);
  gather.batch = a->def.batch;
  gather.used = used;
  gather.lane = b->lane;
  gather.time = b->time;
  gather.slot = b->slot;
  gather.state = b->state.state;
  gather.next = b->next.state;
  gather.shown = b->shown;
  gather.action = b->action;
  gather.reward = b->reward;
  gather.discount = b->discount;
  return BACKEND_LAUNCH(a->backend, replay_gather, (int64_t)a->def.batch * a->n_agent, &gather);
}

/// Draw the batch whose number is at `draw` on the backend (NULL: the clock's).
static throng_status draw_batch(throng_population *a, replay_batch *b, const int64_t *draw) {
  replay_sample_args sample = {.log = a->log,
                               .seed = a->option.seed,
                               .batch = a->def.batch,
                               .agent_lanes = a->agent_lanes,
                               .clock = a->clock,
                               .used = draw ? NULL : a->clock.rows,
                               .buffer = a->option.buffer,
                               .n_step = a->option.n_step,
                               .before = replay_times_before(a),
                               .whole = replay_outgrows(a),
                               .draw = draw,
                               .lane = b->lane,
                               .time = b->time,
                               .slot = b->slot};
  THRONG_TRY(
      BACKEND_LAUNCH(a->backend, replay_sample, (int64_t)a->def.batch * a->n_agent, &sample));
  return rebuild(a, b, sample.used);
}

throng_status replay_draw_next(throng_population *a, replay_batch *b) {
  return draw_batch(a, b, NULL);
}

throng_status replay_draw(throng_population *a, replay_batch *b, uint64_t draw) {
  THRONG_TRY(a->backend->ops->upload(a->backend, b->number, &draw, sizeof draw));
  return draw_batch(a, b, b->number);
}

throng_status replay_rebuild_batch(throng_population *a, replay_batch *b) {
  return rebuild(a, b, NULL);
}

throng_status replay_turn_back(throng_population *a, const tensor_set *log, int64_t lane, int64_t n,
                               int64_t log_start) {
  const backend_ops *ops = a->backend->ops;
  throng_status status = THRONG_OK;
  for (size_t k = 0; k < log->count; ++k) {
    const tensor *t = &log->tensor[k];
    const size_t bytes = tensor_bytes(t) / (size_t)t->shape[0];
    const size_t first = bytes / (size_t)t->shape[1] * (size_t)(log_start % t->shape[1]);
    void *row;
    if (first == 0) continue;
    THRONG_TRY(throng_alloc(&row, bytes, 1, "replay log"));
    for (int64_t l = lane; l < lane + n && status == THRONG_OK; ++l) {
      char *at = (char *)t->data + bytes * (size_t)l;
      status = ops->download(a->backend, row, at, bytes);
      if (status == THRONG_OK)
        status = ops->upload(a->backend, at, (char *)row + first, bytes - first);
      if (status == THRONG_OK) status = ops->upload(a->backend, at + bytes - first, row, first);
    }
    free(row);
    THRONG_TRY(status);
  }
  return THRONG_OK;
}
