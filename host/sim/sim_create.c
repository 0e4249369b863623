/// Making a simulator: checks, lanes, the world on the backend.
#include <stdlib.h>

#include "sim/sim.h"
#include "sim/sim_fields.h"
#include "sim/sim_memory.h"
#include "sim/users.h"

bool sim_keeps_preferences(const throng_sim_def *def) {
  return def->preferences || def->votes.similarity == THRONG_SIMILARITY_MEAN;
}

/// mask_seen is the old name of "session".
static throng_mask mask_of(const throng_sim_def *d) {
  return d->mask == THRONG_MASK_NONE && d->mask_seen ? THRONG_MASK_SESSION : d->mask;
}

throng_status sim_check_mask(const throng_sim_def *d, const throng_world *world, int64_t longest) {
  const throng_mask mask = mask_of(d);
  const int64_t masked = mask == THRONG_MASK_ALL ? longest : 0;
  const int64_t shown = (int64_t)d->max_steps * d->slate_size;
  if (mask == THRONG_MASK_NONE || shown + masked < world->n_item) return THRONG_OK;
  // A session may show the last item: what follows it is known to be worth nothing (replay.h).
  if (masked == 0 && shown == world->n_item) return THRONG_OK;
  if (masked == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.mask_seen: %d steps of %d items would run out of the %lld items; lower "
                       "sim.max_steps",
                       d->max_steps, d->slate_size, (long long)world->n_item);
  return throng_fail(
      THRONG_ERROR_ARGUMENT,
      "sim.mask: %d steps of %d items, beside the %lld of the longest history, would "
      "run out of the %lld items (at least one must be left after the last step); "
      "lower sim.max_steps, or mask the session alone",
      d->max_steps, d->slate_size, (long long)masked, (long long)world->n_item);
}

static int64_t longest_history(const throng_world *world) {
  int64_t longest = 0;
  for (int64_t u = 0; u < world->n_user; ++u) {
    const int64_t n = world->user_offset[u + 1] - world->user_offset[u];
    if (n > longest) longest = n;
  }
  return longest;
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
  THRONG_TRY(sim_check_mask(d, world, longest_history(world)));
  THRONG_TRY(published_env_check(d));
  THRONG_TRY(votes_check(&d->votes, world, sta));
  THRONG_TRY(users_check(d, world));
  if (sim_keeps_preferences(d) && d->history > PREFERENCE_MAX_HISTORY)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sim.history: %d entries are more than preference vectors can sum, %d",
                       d->history, PREFERENCE_MAX_HISTORY);
  if (!sta) return THRONG_OK;
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
#define X(type, tensor_type, name, each, least, most)                         \
  if ((each) > 0) {                                                           \
    THRONG_TRY(tensors_add(&s->lanes, &s->name, TENSOR_##tensor_type,         \
                           TENSOR_SHAPE(s->n_lane, (int64_t)(each)), #name)); \
    tensors_within(&s->lanes, (double)(least), (double)(most));               \
  }
  SIM_USERS_ARRAYS(X, s)
#undef X
  if (!users_are_dynamic(&s->def.users)) return THRONG_OK;
  THRONG_TRY(tensors_add(&s->lanes, &s->left, TENSOR_U8, TENSOR_SHAPE(s->n_lane), "left"));
  tensors_within(&s->lanes, 0, THRONG_LEAVE_COUNT - 1);
  return THRONG_OK;
}

static throng_status make_steering(throng_sim *s) {
  THRONG_TRY(tensors_add(&s->steering, &s->number, TENSOR_U32, TENSOR_SHAPE(s->n_lane), "number"));
  THRONG_TRY(tensors_add(&s->steering, &s->halted, TENSOR_U8, TENSOR_SHAPE(s->n_lane), "halted"));
  THRONG_TRY(tensors_add(&s->steering, &s->chosen, TENSOR_U8, TENSOR_SHAPE(s->n_lane), "chosen"));
  THRONG_TRY(tensors_allocate(&s->steering, s->backend, "lanes of the simulator"));
  THRONG_TRY(throng_alloc((void **)&s->host_number, (size_t)s->n_lane, sizeof *s->host_number,
                          "numbers of the lanes"));
  return sim_number_usually(s);
}

/// What the lanes' arrays depend on.
static void size_lanes(throng_sim *s, const throng_sim_def *def, const throng_world *world,
                       const throng_sta_def *sta) {
  s->def = *def;
  s->world = world;
  s->def.mask = mask_of(def);
  s->def.mask_seen = s->def.mask != THRONG_MASK_NONE;
  s->n_seen_word = s->def.mask_seen ? (world->n_item + 31) / 32 : 0;
  s->n_preference = sim_keeps_preferences(def) ? 2 * (int64_t)world->dim : 0;
  s->n_examined = users_examine(&def->users) ? def->slate_size : 0;
  s->n_session = def->users.sessions > 1;
  if (!sta) return;
  s->n_sta_cache = (int64_t)sta->layers * sta->window * sta->width;
  s->n_sta_width = sta->width;
}

throng_status sim_lane_bytes(const throng_sim_def *def, const throng_world *world,
                             const throng_sta_def *sta, int64_t *out) {
  throng_sim s = {.n_lane = 1};
  size_lanes(&s, def, world, sta);
  throng_status status = register_lanes(&s);
  *out = sizeof(uint32_t) + sizeof(uint8_t);  // its number, and whether it is halted
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
  // Its weights are there before another queue than theirs reads them.
  if (sta && sta->backend != backend) THRONG_TRY_GOTO(sta->backend->ops->synchronize(sta->backend));
  THRONG_TRY_GOTO(
      vote_models_make(backend, world, sta, &def->votes, rule_asks(&def->votes), 0, &s->models));
  bool empty_equal = def->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  THRONG_TRY_GOTO(
      world_device_acquire(backend, world, def->votes.table_bytes, empty_equal, &s->device));
  THRONG_TRY_GOTO(published_env_make(backend, world, def->environment, &s->published));
  THRONG_TRY_GOTO(register_lanes(s));
  THRONG_TRY_GOTO(tensors_allocate(&s->lanes, backend, "lanes of the simulator"));
  THRONG_TRY_GOTO(make_steering(s));
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
  tensors_free(&sim->steering);
  free(sim->host_number);
  vote_models_free(&sim->models);
  published_env_free(&sim->published);
  world_device_release(&sim->device);
  free(sim);
}

void sim_stop_leaving_by_chance(throng_sim *sim) { sim->def.leave_probability = 0; }

throng_sim_def throng_sim_get_def(const throng_sim *sim) { return sim->def; }
