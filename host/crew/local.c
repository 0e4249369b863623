/// Slots in this process: cohorts on one backend, over one world in memory.
#include <stdlib.h>
#include <string.h>

#include "base/backend.h"
#include "base/clock.h"
#include "base/memory_plan.h"
#include "base/numbers.h"
#include "crew/cohort.h"
#include "train/train_fields.h"
#include "world/world_device.h"

typedef struct crew_local {
  crew base;
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  member *slot;          // (n_slot)
  cohort *cohorts;       // in order of their making
  world_device held[2];  // the world, by the votes' semantics: it stays while cohorts come and go
  int64_t used, had;
} crew_local;

static crew_local *local_of(crew *c) { return (crew_local *)c; }

static throng_status require(const crew_local *l, int32_t slot, bool in_use) {
  if (slot < 0 || slot >= l->base.n_slot)
    return throng_fail(THRONG_ERROR_ARGUMENT, "slot %d is not in 0..%d", slot, l->base.n_slot - 1);
  if (!in_use == !l->slot[slot].cohort) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "slot %d: %s", slot,
                     in_use ? "nobody is there" : "somebody is there already");
}

/// The cohort that takes such agents, found or made.
static throng_status find_cohort(crew_local *l, const crew_setup *setup, cohort **out) {
  cohort **at = &l->cohorts;
  bool beside = false;
  for (; *at; at = &(*at)->next) {
    if (cohort_takes(*at, setup)) break;
    beside = beside || (*at)->backend == l->backend;
  }
  if (!*at) THRONG_TRY(cohort_create(l->backend, beside, l->world, l->sta, setup, at));
  *out = *at;
  return THRONG_OK;
}

static void drop_empty(crew_local *l) {
  for (cohort **at = &l->cohorts; *at;) {
    cohort *c = *at;
    if (c->n_agent > 0) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    cohort_free(c);
  }
}

/// Memory for a further agent of the cohort, beside all who have no place yet.
static throng_status check_memory(crew_local *l, cohort *c, const crew_setup *setup) {
  NUMBERS_WITHOUT_LOCALE;
  double wanted = 0;
  size_t free_bytes;
  for (cohort *k = l->cohorts; k; k = k->next) {
    double bytes;
    const throng_agent_def *further = k == c ? &setup->agent : &k->planned;
    THRONG_TRY(cohort_plan(k, further, &bytes));
    if (k != c) bytes -= k->agent_bytes;
    if (bytes > 0) wanted += bytes;
  }
  THRONG_TRY(memory_plan_free(l->backend, &free_bytes));
  if (wanted <= (double)free_bytes) return THRONG_OK;
  return throng_fail(THRONG_ERROR_MEMORY,
                     "a further agent: it takes %.1f MiB and with those that wait for their places "
                     "%.1f MiB, of which %.1f MiB are free: lower sweep.slots, sim.lanes, "
                     "agent.buffer, agent.batch or train.evaluation.episodes",
                     c->agent_bytes / 1048576, wanted / 1048576, (double)free_bytes / 1048576);
}

/// The world is uploaded once, and its item-item table made once.
static throng_status hold_world(crew_local *l, const throng_votes_def *votes) {
  const bool empty_equal = votes->semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  world_device *held = &l->held[empty_equal];
  if (held->shared) return THRONG_OK;
  return world_device_acquire(l->backend, l->world, votes->table_bytes, empty_equal, held);
}

/// Into a cohort, without a place in its population yet.
static throng_status join(crew_local *l, int32_t slot, const crew_setup *setup) {
  cohort *c;
  if (setup->agent.count != 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "agent.count: a slot trains one agent, not %d",
                       setup->agent.count);
  THRONG_TRY(agent_check_def(&setup->agent));
  THRONG_TRY(fields_check(&train_fields, &setup->train));
  THRONG_TRY(hold_world(l, &setup->sim.votes));  // before a queue that reads it is made
  THRONG_TRY(find_cohort(l, setup, &c));
  throng_status status = check_memory(l, c, setup);
  if (status != THRONG_OK) {
    drop_empty(l);
    return status;
  }
  member *m = &l->slot[slot];
  *m = (member){.setup = *setup};
  m->setup.overrides = NULL;
  cohort_join(c, m);
  return THRONG_OK;
}

static throng_status local_start(crew *base, int32_t slot, const crew_setup *setup) {
  crew_local *l = local_of(base);
  THRONG_TRY(require(l, slot, false));
  return join(l, slot, setup);
}

static throng_status local_stop(crew *base, int32_t slot) {
  crew_local *l = local_of(base);
  THRONG_TRY(require(l, slot, true));
  cohort_leave(l->slot[slot].cohort, &l->slot[slot]);
  return THRONG_OK;
}

/// Room for all, and little more: agents that are not there are computed all the same.
static throng_status fit(cohort *c) {
  const bool wide = c->n_agent < c->n_place && (int64_t)c->n_agent * 8 <= (int64_t)c->n_place * 7;
  bool holds = true;
  for (const member *m = c->member; m; m = m->next)
    holds = holds && cohort_holds(c, &m->setup.agent);
  if (c->n_agent > c->n_place || wide || !holds) return cohort_resize(c, c->n_agent);
  return THRONG_OK;
}

static throng_status begin_all(crew_local *l) {
  drop_empty(l);
  for (cohort *c = l->cohorts; c; c = c->next) THRONG_TRY(fit(c));
  for (int32_t s = 0; s < l->base.n_slot; ++s)
    if (l->slot[s].cohort) THRONG_TRY(cohort_begin(l->slot[s].cohort, &l->slot[s]));
  return THRONG_OK;
}

static int64_t steps_of(const member *m) {
  return agent_own_steps(m->cohort->population, m->place) * m->setup.sim.lanes;
}

/// The agent's next mark of an evaluation, or its end.
static int64_t goal_of(const member *m) {
  const int64_t now = steps_of(m), every = m->setup.train.evaluate_every;
  const int64_t next = (now / every + 1) * every, end = m->setup.train.steps;
  return now >= end ? now : next < end ? next : end;
}

/// User-steps of all slots that are still to be taken.
static int64_t left_to_do(const crew_local *l) {
  int64_t n = 0;
  for (int32_t s = 0; s < l->base.n_slot; ++s) {
    const member *m = &l->slot[s];
    if (m->cohort && m->goal > steps_of(m)) n += m->goal - steps_of(m);
  }
  return n;
}

static throng_status train(crew_local *l, const throng_progress *progress) {
  const int64_t all = left_to_do(l);
  throng_status status = THRONG_OK;
  for (bool any = true; any && status == THRONG_OK;) {
    const int64_t left = left_to_do(l);
    any = false;
    if (!throng_report(progress, "train", all - left, all, "user-steps"))
      return throng_cancelled("train");
    for (cohort *c = l->cohorts; c && status == THRONG_OK; c = c->next) {
      bool stepped;
      status = cohort_step(c, progress, &stepped);
      any = any || stepped;
    }
  }
  for (cohort *c = l->cohorts; c && status == THRONG_OK; c = c->next)
    status = c->backend->ops->synchronize(c->backend);
  return status;
}

static throng_status measure(crew_local *l, const throng_progress *progress) {
  for (cohort *c = l->cohorts; c; c = c->next) THRONG_TRY(cohort_measure(c, progress));
  return THRONG_OK;
}

static crew_report report_of(int32_t slot, const member *m, double seconds) {
  const throng_population_stats *s = &m->cohort->stats;
  const int32_t k = m->place;
  crew_report r = {.slot = slot,
                   .state = m->state,
                   .user_steps = s->user_steps[k],
                   .updates = s->updates[k],
                   .evaluation = m->cohort->each[k],
                   .loss = (double)s->loss[k],
                   .q = (double)s->q[k],
                   .grad_norm = (double)s->grad_norm[k],
                   .epsilon = (double)s->epsilon[k],
                   .mean_return = (double)s->mean_return[k],
                   .episodes = s->episodes[k],
                   .seconds = seconds};
  memcpy(r.cause, m->cause, sizeof r.cause);
  if (m->state != THRONG_AGENT_LEARNING) r.evaluation = (throng_metrics){0};
  return r;
}

static throng_status local_round(crew *base, const throng_progress *progress, crew_report *report,
                                 int32_t *n) {
  crew_local *l = local_of(base);
  const double begun = clock_now();
  *n = 0;
  THRONG_TRY(begin_all(l));
  for (int32_t s = 0; s < base->n_slot; ++s)
    if (l->slot[s].cohort) l->slot[s].goal = goal_of(&l->slot[s]);
  const double all = (double)left_to_do(l);
  double *share;  // user-steps that each slot takes
  THRONG_TRY(throng_alloc((void **)&share, (size_t)base->n_slot, sizeof *share, "a round"));
  for (int32_t s = 0; s < base->n_slot; ++s)
    if (l->slot[s].cohort) share[s] = (double)(l->slot[s].goal - steps_of(&l->slot[s]));
  throng_status status = train(l, progress);
  if (status == THRONG_OK) status = measure(l, progress);
  const double seconds = clock_now() - begun;
  for (int32_t s = 0; s < base->n_slot && status == THRONG_OK; ++s) {
    if (!l->slot[s].cohort) continue;
    report[(*n)++] = report_of(s, &l->slot[s], all > 0 ? seconds * share[s] / all : 0);
    ++l->used;
  }
  for (cohort *c = l->cohorts; c; c = c->next) l->had += c->n_place;
  free(share);
  return status;
}

/// A free place in the cohort's population.
static throng_status make_place(cohort *c, const member *m) {
  int32_t taken = 0;
  for (int32_t k = 0; k < c->n_place; ++k) taken += c->at[k] != NULL;
  if (taken < c->n_place && cohort_holds(c, &m->setup.agent)) return THRONG_OK;
  // Twice as many each time: those that come one by one are moved a few times only.
  return cohort_resize(c, 2 * taken < c->n_agent ? 2 * taken + 1 : c->n_agent);
}

/// Its agent is there, if only as it begins.
static throng_status ensure(member *m) {
  if (m->place >= 0) return THRONG_OK;
  THRONG_TRY(make_place(m->cohort, m));
  return cohort_begin(m->cohort, m);
}

static throng_status local_save(crew *base, int32_t slot, const char *path) {
  crew_local *l = local_of(base);
  THRONG_TRY(require(l, slot, true));
  member *m = &l->slot[slot];
  THRONG_TRY(ensure(m));
  return throng_population_save_agent(m->cohort->population, m->place, path);
}

static throng_status local_load(crew *base, int32_t slot, const crew_setup *setup,
                                const char *path) {
  crew_local *l = local_of(base);
  THRONG_TRY(require(l, slot, false));
  THRONG_TRY(join(l, slot, setup));
  member *m = &l->slot[slot];
  cohort *c = m->cohort;
  throng_status status = make_place(c, m);
  if (status == THRONG_OK)
    status = agent_load_as(c->population, cohort_seat(c, m), &setup->agent, setup->train.steps,
                           setup->sim.first_lane, path);
  if (status != THRONG_OK) cohort_leave(c, m);
  return status;
}

/// The agent goes on with other options.
static throng_status become(member *m, const crew_setup *setup) {
  THRONG_TRY(ensure(m));
  cohort *c = m->cohort;
  m->setup = *setup;
  m->setup.overrides = NULL;
  if (!cohort_holds(c, &setup->agent)) THRONG_TRY(cohort_resize(c, c->n_place));
  return agent_become(c->population, m->place, &setup->agent, setup->train.steps,
                      setup->sim.first_lane);
}

static throng_status local_copy(crew *base, int32_t slot, int32_t from, const crew_setup *setup) {
  crew_local *l = local_of(base);
  THRONG_TRY(require(l, from, true));
  THRONG_TRY(require(l, slot, l->slot[slot].cohort != NULL));
  cohort *c = l->slot[from].cohort;
  if (!cohort_takes(c, setup))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "slot %d: it cannot become a copy of slot %d: agents of another shape", slot,
                       from);
  if (slot == from) return become(&l->slot[slot], setup);
  if (l->slot[slot].cohort) cohort_leave(l->slot[slot].cohort, &l->slot[slot]);
  THRONG_TRY(join(l, slot, setup));
  member *m = &l->slot[slot];
  throng_status status = ensure(&l->slot[from]);
  if (status == THRONG_OK) status = make_place(c, m);
  if (status == THRONG_OK)
    status = throng_population_copy(c->population, l->slot[from].place, cohort_seat(c, m), true);
  if (status == THRONG_OK)
    status = agent_become(c->population, m->place, &setup->agent, setup->train.steps,
                          setup->sim.first_lane);
  m->state = l->slot[from].state;
  if (status != THRONG_OK) cohort_leave(c, m);
  return status;
}

static void local_close(crew *base) {
  crew_local *l = local_of(base);
  while (l->cohorts) {
    cohort *next = l->cohorts->next;
    cohort_free(l->cohorts);
    l->cohorts = next;
  }
  for (int k = 0; k < 2; ++k)
    if (l->held[k].shared) world_device_release(&l->held[k]);
  free(l->slot);
  free(l);
}

static const crew_ops local_ops = {.start = local_start,
                                   .copy = local_copy,
                                   .stop = local_stop,
                                   .round = local_round,
                                   .save = local_save,
                                   .load = local_load,
                                   .close = local_close};

throng_status crew_local_create(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, int32_t n_slot, crew **out) {
  void *block;
  *out = NULL;
  if (n_slot < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "a crew of %d slots: expected 1 or more", n_slot);
  THRONG_TRY(throng_alloc(&block, 1, sizeof(crew_local), "crew"));
  crew_local *l = block;
  *l = (crew_local){.base = {&local_ops, n_slot}, .backend = backend, .world = world, .sta = sta};
  throng_status status =
      throng_alloc((void **)&l->slot, (size_t)n_slot, sizeof *l->slot, "slots of a crew");
  for (int32_t s = 0; s < n_slot && status == THRONG_OK; ++s) l->slot[s].place = -1;
  if (status == THRONG_OK)
    *out = &l->base;
  else
    local_close(&l->base);
  return status;
}

void crew_local_usage(const crew *c, int64_t *used, int64_t *had, int32_t *cohorts) {
  const crew_local *l = (const crew_local *)c;
  *used = l->used;
  *had = l->had;
  *cohorts = 0;
  for (const cohort *k = l->cohorts; k; k = k->next) ++*cohorts;
}
