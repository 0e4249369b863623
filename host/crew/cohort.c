/// Populations that grow and shrink, and their steps.
#include "crew/cohort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "base/backend.h"
#include "evaluate/evaluation_fields.h"
#include "sim/sim_fields.h"
#include "train/train_memory.h"
#include "world/world_device.h"

/// Are the options equal but for those with one of `flags`, and those named?
static bool same(const field_table *table, const void *x, const void *y, unsigned flags,
                 const char *but, const char *and_but) {
  for (const field *f = NULL; (f = fields_next(table, f, 0));) {
    if (f->flags & flags || !strcmp(f->name, but) || !strcmp(f->name, and_but)) continue;
    for (int k = 0; k < f->count; ++k)
      if (field_get(f, x, k) != field_get(f, y, k)) return false;
  }
  return true;
}

bool cohort_takes(const cohort *c, const crew_setup *s) {
  const crew_setup *mine = &c->shape;
  return same(&agent_fields, &s->agent, &mine->agent, FIELD_PER_AGENT, "count", "seed") &&
         same(&sim_fields, &s->sim, &mine->sim, 0, "first_lane", "") &&
         same(&votes_fields, &s->sim.votes, &mine->sim.votes, 0, "", "") &&
         same(&users_fields, &s->sim.users, &mine->sim.users, 0, "preset", "") &&
         same(&evaluation_fields, &s->train.evaluation, &mine->train.evaluation, 0, "", "");
}

/// The largest of each option that a population's own sizes arrays by.
static void widen(throng_agent_def *to, const throng_agent_def *by) {
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT | FIELD_UP_TO));)
    if (field_get(f, by, 0) > field_get(f, to, 0)) field_write(f, to, 0, field_get(f, by, 0));
}

bool cohort_holds(const cohort *c, const throng_agent_def *agent) {
  if (!c->population) return false;
  throng_agent_def wide = throng_population_get_def(c->population);
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT | FIELD_UP_TO));)
    if (field_get(f, agent, 0) > field_get(f, &wide, 0)) return false;
  return true;
}

throng_status cohort_create(throng_backend *backend, bool beside, const throng_world *world,
                            const throng_sta *sta, const crew_setup *setup, cohort **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(cohort), "cohort"));
  cohort *c = *out = block;
  *c = (cohort){.shape = *setup, .root = backend, .backend = backend, .world = world, .sta = sta};
  c->shape.overrides = NULL;
  // On a device populations run beside each other; on the CPU each has all threads.
  if (!beside || !backend->ops->fork || backend->host_memory) return THRONG_OK;
  const throng_status status = backend_fork(backend, &c->backend);
  if (status == THRONG_OK) return THRONG_OK;
  c->backend = backend;
  cohort_free(c);
  *out = NULL;
  return status;
}

static void close_places(cohort *c) {
  agent_actor_free(c->actor);
  evaluator_free(c->evaluator);
  throng_population_close(c->population);
  throng_sim_close(c->sim);
  free(c->at);
  free(c->each);
  free(c->counts);
  c->actor = NULL;
  c->evaluator = NULL;
  c->population = NULL;
  c->sim = NULL;
  c->at = NULL;
  c->each = NULL;
  c->counts = NULL;
  c->n_place = 0;
}

void cohort_free(cohort *c) {
  if (!c) return;
  close_places(c);
  if (c->backend != c->root) throng_backend_close(c->backend);
  free(c);
}

static throng_status make_places(cohort *c, int32_t n) {
  throng_sim_def sim = c->shape.sim;
  throng_agent_def agent = c->member->setup.agent;
  for (const member *m = c->member; m; m = m->next) widen(&agent, &m->setup.agent);
  if (__builtin_mul_overflow(sim.lanes, n, &sim.lanes))
    return throng_fail(THRONG_ERROR_ARGUMENT, "sim.lanes: %d for each of %d agents are past 2^31",
                       c->shape.sim.lanes, n);
  agent.count = n;
  THRONG_TRY(throng_sim_create(c->backend, c->world, c->sta, &sim, &c->sim));
  THRONG_TRY(agent_create_places(c->sim, &agent, c->shape.train.steps * n, &c->population));
  THRONG_TRY(evaluator_create(c->backend, c->world, c->sta, &sim, &c->shape.train.evaluation, n,
                              false, &c->evaluator));
  THRONG_TRY(agent_actor_create(c->population, evaluator_sim(c->evaluator),
                                evaluator_top(c->evaluator), &c->actor));
  THRONG_TRY(throng_alloc((void **)&c->at, (size_t)n, sizeof *c->at, "cohort"));
  THRONG_TRY(throng_alloc((void **)&c->each, (size_t)n, sizeof *c->each, "evaluation"));
  THRONG_TRY(throng_alloc((void **)&c->counts, (size_t)n, sizeof *c->counts, "evaluation"));
  c->n_place = n;
  return THRONG_OK;
}

/// The members that have begun, in order of their places.
static int32_t list_begun(const cohort *c, member **begun) {
  int32_t n = 0;
  for (int32_t k = 0; k < c->n_place; ++k)
    if (c->at[k]) begun[n++] = c->at[k];
  return n;
}

static throng_status pack_all(cohort *c, int32_t n, member *const *begun, void **bag) {
  for (int32_t k = 0; k < n; ++k) {
    const int32_t place = begun[k]->place;
    THRONG_TRY(
        throng_alloc(&bag[k], 1, agent_packed_size(c->population, place), "an agent on the move"));
    THRONG_TRY(agent_pack(c->population, place, bag[k]));
  }
  return THRONG_OK;
}

/// The places made anew, members in 0, 1, ..
static throng_status refill(cohort *c, int32_t n_place, int32_t n, member *const *begun,
                            void *const *bag) {
  close_places(c);
  for (int32_t k = 0; k < n; ++k) begun[k]->place = -1;
  throng_status status = make_places(c, n_place);
  for (int32_t k = 0; k < n && status == THRONG_OK; ++k) {
    begun[k]->place = k;
    c->at[k] = begun[k];
    status = agent_unpack(c->population, k, bag[k]);
  }
  return status;
}

/// As refill, but that all is as before where it fails.
static throng_status refill_or_stay(cohort *c, int32_t n_place, int32_t n, member *const *begun,
                                    void *const *bag) {
  const int32_t before = c->n_place;
  char cause[512];
  const throng_status status = refill(c, n_place, n, begun, bag);
  if (status == THRONG_OK || n == 0) return status;
  snprintf(cause, sizeof cause, "%s", throng_error_message());
  if (refill(c, before, n, begun, bag) == THRONG_OK) return throng_fail(status, "%s", cause);
  return throng_fail(status, "%s; %d agents are lost", cause, n);
}

throng_status cohort_resize(cohort *c, int32_t n_place) {
  const int32_t before = c->n_place;
  void **bag = NULL;
  member **begun = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&bag, (size_t)before, sizeof *bag, "cohort"));
  THRONG_TRY_GOTO(throng_alloc((void **)&begun, (size_t)before, sizeof(member *), "cohort"));
  const int32_t n = list_begun(c, begun);
  THRONG_TRY_GOTO(pack_all(c, n, begun, bag));
  // First out, then in: both populations at once would halve how many agents fit.
  status = refill_or_stay(c, n_place, n, begun, bag);
done:
  for (int32_t k = 0; bag && k < before; ++k) free(bag[k]);
  free(bag);
  free(begun);
  return status;
}

throng_status cohort_plan(cohort *c, const throng_agent_def *further, double *bytes) {
  throng_agent_def wide = *further;
  bool known = c->agent_bytes > 0;
  for (const member *m = c->member; m; m = m->next) widen(&wide, &m->setup.agent);
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT | FIELD_UP_TO));)
    known = known && field_get(f, &wide, 0) == field_get(f, &c->planned, 0);
  if (!known) {
    throng_train_def train = c->shape.train;
    train_room room;
    train.yardsticks = false;
    THRONG_TRY(train_find_bytes(c->root, c->world, c->sta, &c->shape.sim, &wide, &train, &room));
    c->planned = wide;
    c->agent_bytes = room.agent_bytes;
    c->shared_bytes = room.shared_bytes;
  }
  const throng_votes_def *votes = &c->shape.sim.votes;
  const size_t world = world_device_held(c->root, c->world, votes->table_bytes,
                                         votes->semantics == THRONG_SEMANTICS_PUBLISHED_CODE);
  *bytes = c->agent_bytes * (c->n_agent + 1 - c->n_place);
  if (c->n_place == 0 && c->shared_bytes > (double)world) *bytes += c->shared_bytes - (double)world;
  return THRONG_OK;
}

int32_t cohort_seat(cohort *c, member *m) {
  for (int32_t k = 0; k < c->n_place && m->place < 0; ++k)
    if (!c->at[k]) {
      c->at[k] = m;
      m->place = k;
    }
  return m->place;
}

throng_status cohort_begin(cohort *c, member *m) {
  if (m->place >= 0) return THRONG_OK;
  const int32_t place = cohort_seat(c, m);
  return throng_population_begin(c->population, place, &m->setup.agent, m->setup.train.steps,
                                 m->setup.sim.first_lane);
}

void cohort_join(cohort *c, member *m) {
  m->cohort = c;
  m->place = -1;
  m->next = c->member;
  c->member = m;
  ++c->n_agent;
}

void cohort_leave(cohort *c, member *m) {
  member **link = &c->member;
  while (*link != m) link = &(*link)->next;
  *link = m->next;
  if (m->place >= 0) c->at[m->place] = NULL;
  m->cohort = NULL;
  m->next = NULL;
  m->place = -1;
  --c->n_agent;
}

static bool passed(int64_t before, int64_t now, int64_t every) {
  return now / every > before / every;
}

/// Of agents alone a mark's row shows what came since the mark before: at a checkpoint too, which
/// is none of a crew's.
static throng_status at_checkpoint(cohort *c, const member *m, int64_t before, int64_t now) {
  if (now >= m->goal || !passed(before, now, m->setup.train.checkpoint_every)) return THRONG_OK;
  return agent_forget_statistics(c->population, m->place);
}

static int64_t user_steps(const cohort *c, const member *m) {
  return agent_own_steps(c->population, m->place) * c->shape.sim.lanes;
}

/// What happened that a person should hear of; of agents that diverged their reports tell.
static void pass_note(cohort *c, const throng_progress *progress) {
  bool diverged = false;
  for (int32_t k = 0; k < c->n_place; ++k)
    diverged = diverged || agent_states(c->population)[k] == THRONG_AGENT_DIVERGED;
  const char *note = agent_take_note(c->population);
  if (note && !diverged) throng_note(progress, "%s", note);
}

throng_status cohort_step(cohort *c, const throng_progress *progress, bool *any) {
  *any = false;
  for (int32_t k = 0; k < c->n_place; ++k) {
    const member *m = c->at[k];
    const bool goes =
        m && agent_states(c->population)[k] == THRONG_AGENT_LEARNING && user_steps(c, m) < m->goal;
    THRONG_TRY(agent_halt(c->population, k, !goes));
    c->counts[k] = goes;
    *any = *any || goes;
  }
  if (!*any) return THRONG_OK;
  backend_asker asker = {progress, "train", "agents", 0, c->n_agent};
  c->backend->stop_context = &asker;
  c->backend->stop = backend_ask;
  const throng_status status = throng_population_train_step(c->population);
  c->backend->stop = NULL;
  if (status != THRONG_ERROR_DIVERGED) THRONG_TRY(status);
  pass_note(c, progress);
  for (int32_t k = 0; k < c->n_place; ++k) {
    if (!c->counts[k]) continue;
    const int64_t now = user_steps(c, c->at[k]);
    THRONG_TRY(at_checkpoint(c, c->at[k], now - c->shape.sim.lanes, now));
  }
  return THRONG_OK;
}

throng_status cohort_measure(cohort *c, const throng_progress *progress) {
  throng_metrics mean;
  bool any = false;
  THRONG_TRY(throng_population_get_stats(c->population, &c->stats));
  for (int32_t k = 0; k < c->n_place; ++k) {
    member *m = c->at[k];
    if (!m) continue;
    if (m->state != THRONG_AGENT_DIVERGED && c->stats.state[k] == THRONG_AGENT_DIVERGED)
      THRONG_TRY(agent_divergence(c->population, k, m->cause, sizeof m->cause));
    m->state = c->stats.state[k];
    any = any || m->state == THRONG_AGENT_LEARNING;
  }
  memset(c->each, 0, sizeof *c->each * (size_t)c->n_place);
  if (!any) return THRONG_OK;
  for (int32_t k = 0; k < c->n_place; ++k)
    c->counts[k] = c->at[k] && c->at[k]->state == THRONG_AGENT_LEARNING;
  return evaluator_play_agents(c->evaluator, c->actor, c->counts, progress, c->each, &mean);
}
