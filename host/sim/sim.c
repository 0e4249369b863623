/// Making, resetting and stepping a simulator. The step reads as its six stages.
#include "sim/sim.h"

#include <stdlib.h>

#include "kernels/list.h"
#include "sim/sim_fields.h"
#include "sim/sim_memory.h"

bool sim_keeps_preferences(const throng_sim_def *def) {
  return def->preferences || def->votes.similarity == THRONG_SIMILARITY_MEAN;
}

static throng_status check(const throng_sim_def *d, const throng_world *world,
                           const throng_sta *sta) {
  THRONG_TRY(fields_check(&sim_fields, d));
  if (world->n_user < 1 || world->n_item < 1)
    return throng_fail(THRONG_ERROR_DATA,
                       "the world has %lld users and %lld items: nobody to be "
                       "simulated",
                       (long long)world->n_user, (long long)world->n_item);
  if (d->slate_size > world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.slate_size: %d items asked of a catalogue of %lld", d->slate_size,
                       (long long)world->n_item);
  if (d->mask_seen && (int64_t)d->max_steps * d->slate_size > world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.mask_seen: %d steps of %d items would run out of the %lld items; lower "
                       "sim.max_steps",
                       d->max_steps, d->slate_size, (long long)world->n_item);
  THRONG_TRY(votes_check(&d->votes, sta));
  if (sim_keeps_preferences(d) && d->history > PREFERENCE_MAX_HISTORY)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.history: %d entries are more than preference vectors can sum, %d",
                       d->history, PREFERENCE_MAX_HISTORY);
  if (!sta) return THRONG_OK;
  if (sta->n_user != world->n_user || sta->n_item != world->n_item)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "f_sta was fitted on %lld users and %lld items, the world has %lld and %lld",
                       (long long)sta->n_user, (long long)sta->n_item, (long long)world->n_user,
                       (long long)world->n_item);
  if (d->history < sta->def.window)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.history: %d is shorter than the window of f_sta, %d", d->history,
                       sta->def.window);
  return THRONG_OK;
}

static throng_status register_lanes(throng_sim *s) {
#define X(type, tensor_type, name, d1, d2, least, most)                                  \
  THRONG_TRY(tensors_add(&s->lanes, &s->name, TENSOR_##tensor_type,                      \
                         TENSOR_SHAPE(s->n_lane, (int64_t)(d1), (int64_t)(d2)), #name)); \
  tensors_within(&s->lanes, (double)(least), (double)(most));
  SIM_ARRAYS(X, s)
#undef X
  const unsigned asked = rule_asks(&s->def.votes);
  for (int k = THRONG_VOTE_IN_RECORD; k < THRONG_VOTE_COUNT; ++k) {
    if (!(asked & VOTE_BIT(k))) continue;
    THRONG_TRY(tensors_add(&s->lanes, &s->further[k - THRONG_VOTE_IN_RECORD], TENSOR_F32,
                           TENSOR_SHAPE(s->n_lane, s->def.slate_size), "%s",
                           throng_vote_name((throng_vote_id)k)));
    tensors_within(&s->lanes, 0, 1);
  }
  return THRONG_OK;
}

/// What the lanes' arrays depend on.
static void size_lanes(throng_sim *s, const throng_sim_def *def, const throng_world *world,
                       const throng_sta_def *sta) {
  s->def = *def;
  s->world = world;
  s->n_seen_word = def->mask_seen ? (world->n_item + 31) / 32 : 0;
  s->n_preference = sim_keeps_preferences(def) ? 2 * (int64_t)world->dim : 0;
  if (!sta) return;
  s->n_sta_cache = (int64_t)sta->layers * sta->window * sta->width;
  s->n_sta_width = sta->width;
}

throng_status sim_lane_bytes(const throng_sim_def *def, const throng_world *world,
                             const throng_sta_def *sta, int64_t *out) {
  throng_sim s = {.n_lane = 1};
  size_lanes(&s, def, world, sta);
  throng_status status = register_lanes(&s);
  *out = 0;
  for (size_t i = 0; i < s.lanes.count; ++i) *out += (int64_t)tensor_bytes(&s.lanes.tensor[i]);
  tensors_free(&s.lanes);
  return status;
}

throng_status throng_sim_create(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_sim_def *def,
                                throng_sim **out) {
  *out = NULL;
  THRONG_TRY(check(def, world, sta));
  throng_sim *s;
  throng_status status;
  THRONG_TRY(throng_alloc((void **)&s, 1, sizeof *s, "simulator"));
  size_lanes(s, def, world, sta ? &sta->def : NULL);
  s->backend = backend;
  s->sta = sta;
  s->n_lane = def->lanes;
  s->lane_period = (uint32_t)def->lanes;
  THRONG_TRY_GOTO(vote_models_make(backend, world, rule_asks(&def->votes), &s->models));
  bool empty_equal = def->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  THRONG_TRY_GOTO(
      world_device_acquire(backend, world, def->votes.table_bytes, empty_equal, &s->device));
  THRONG_TRY_GOTO(register_lanes(s));
  THRONG_TRY_GOTO(tensors_allocate(&s->lanes, backend, "lanes of the simulator"));
  THRONG_TRY_GOTO(sim_host_create(s));
  THRONG_TRY_GOTO(throng_sim_reset(s));
  *out = s;
  s = NULL;
done:
  throng_sim_close(s);
  return status;
}

void throng_sim_close(throng_sim *sim) {
  if (!sim) return;
  sim_host_free(sim->host);
  sim_means_free(sim->means);
  sim_action_check_free(sim->action_check);
  sim_starts_free(&sim->starts);
  tensors_free(&sim->lanes);
  vote_models_free(&sim->models);
  world_device_release(&sim->device);
  free(sim);
}

throng_sim_def throng_sim_get_def(const throng_sim *sim) { return sim->def; }

vote_rule sim_make_rule(const throng_sim *s) {
  return vote_make_rule(&s->def.votes, s->sta, &s->models);
}

sim_args sim_make_args(const throng_sim *s) {
  sim_args a = {
      .world = s->device.view,
      .table = s->device.table,
      .rule = sim_make_rule(s),
      .seed = s->def.seed,
      .first_lane = s->def.first_lane,
      .lane_period = s->lane_period,
      .n_history = s->def.history,
      .slate_size = s->def.slate_size,
      .max_steps = s->def.max_steps,
      .autoreset = s->def.autoreset,
      .mask_seen = s->def.mask_seen,
      .leave_probability = s->def.leave_probability,
      .n_seen_word = s->n_seen_word,
      .user = s->user,
      .step = s->step,
      .count = s->count,
      .initial_count = s->initial_count,
      .episode = s->episode,
      .history = s->history,
      .running_return = s->running_return,
      .action = s->action,
      .reward = s->reward,
      .ended = s->ended,
      .vote = s->vote,
      .final_user = s->final_user,
      .final_step = s->final_step,
      .final_count = s->final_count,
      .final_history = s->final_history,
      .final_return = s->final_return,
      .seen = s->seen,
      .sta_encoded = s->sta_encoded,
      .preference = s->n_preference ? s->preference : NULL,
      .evicted = s->evicted,
      .start = sim_start(s),
  };
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) a.further[k] = s->further[k];
  return a;
}

sim_sta_args sim_make_sta_args(const throng_sim *s) {
  sim_sta_args a = {.sim = sim_make_args(s)};
  if (!s->sta) return a;
  a.view = s->sta->view;
  a.cache = (sta_cache){.state = s->sta_state, .encoded = s->sta_encoded, .query = s->sta_query};
  return a;
}

/// f_mat and f_sim on the shown items.
static throng_status vote_logical(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_vote, s->n_lane, &a->sim);
}
/// f_sta on the shown items, from each lane's cached query.
static throng_status vote_statistical(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_sta_vote, s->n_lane, a);
}
/// Further votes; votes to an answer, answers to a reward.
static throng_status respond(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_respond, s->n_lane, &a->sim);
}
/// Histories grow, users leave, ended lanes start again.
static throng_status transition(throng_sim *s, const sim_sta_args *a) {
  return BACKEND_LAUNCH(s->backend, sim_transition, s->n_lane, &a->sim);
}
/// f_sta reads what was appended.
static throng_status advance_statistical(throng_sim *s, const sim_sta_args *a) {
  if (!s->sta) return THRONG_OK;
  return BACKEND_LAUNCH(s->backend, sim_sta_advance, s->n_lane, a);
}

/// Preference vectors follow what was appended and what fell out.
static throng_status advance_preferences(throng_sim *s, const sim_sta_args *a) {
  if (!s->n_preference) return THRONG_OK;
  int64_t n_row = (int64_t)s->n_lane * preference_blocks(s->world->dim);
  return BACKEND_LAUNCH(s->backend, sim_preference, n_row, &a->sim);
}

throng_status sim_step_on_backend(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  THRONG_TRY(vote_logical(s, &a));
  THRONG_TRY(vote_statistical(s, &a));
  THRONG_TRY(respond(s, &a));
  THRONG_TRY(transition(s, &a));
  THRONG_TRY(advance_preferences(s, &a));
  return advance_statistical(s, &a);
}

throng_status sim_reset_in_blocks(throng_sim *s, int32_t period) {
  s->lane_period = (uint32_t)period;
  return throng_sim_reset(s);
}

throng_status throng_sim_reset(throng_sim *s) {
  sim_sta_args a = sim_make_sta_args(s);
  THRONG_TRY(BACKEND_LAUNCH(s->backend, sim_begin, s->n_lane, &a.sim));
  THRONG_TRY(advance_preferences(s, &a));
  return advance_statistical(s, &a);
}

throng_status sim_reset_lanes(throng_sim *s, int32_t first, int32_t n) {
  throng_sim part = *s;  // those lanes alone, on their own part of every array
  part.n_lane = n;
  part.def.first_lane += (uint32_t)first;
#define X(type, tensor_type, name, d1, d2, ...)                                                   \
  part.name =                                                                                     \
      (type *)(void *)((char *)s->name + (size_t)first * tensor_type_size(TENSOR_##tensor_type) * \
                                             (size_t)((int64_t)(d1) * (int64_t)(d2)));
  SIM_ARRAYS(X, s)
#undef X
  return throng_sim_reset(&part);
}

throng_status sim_copy_lanes(throng_sim *s, int32_t from, int32_t to, int32_t n) {
  for (size_t i = 0; i < s->lanes.count; ++i) {
    const tensor *t = &s->lanes.tensor[i];
    const size_t lane = tensor_bytes(t) / (size_t)s->n_lane;
    THRONG_TRY(s->backend->ops->copy(s->backend, (char *)t->data + lane * (size_t)to,
                                     (char *)t->data + lane * (size_t)from, lane * (size_t)n));
  }
  return THRONG_OK;
}

throng_status throng_sim_step(throng_sim *s, const int32_t *action) {
  THRONG_TRY(action ? sim_upload_action(s, action) : sim_check_action(s));
  return sim_step_on_backend(s);
}
