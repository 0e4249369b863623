/// Plays sessions and logs them.
#include "episodes/episodes.h"

#include <stdlib.h>
#include <string.h>

#include "base/backend.h"
#include "evaluate/yardsticks.h"
#include "kernels/base/random.h"
#include "sim/sim.h"

typedef struct log_play {
  throng_sim *sim;
  throng_backend *backend;
  const episodes_def *def;
  yardsticks *ranks;
  int32_t first, n_lane, n_item, max_steps;  // lanes first .. first + def->lanes - 1 are logged
  bool masked;
  int64_t n_word;
  int32_t *user, *step, *best, *target_best, *action;  // (n_lane)
  uint32_t *episode, *seen;                            // (n_lane), (n_lane, n_word)
  episodes_row *row;                                   // (lanes, max_steps) of the open sessions
  int64_t closed;
} log_play;

static throng_status check_policy(const char *what, const episodes_policy *p) {
  if (!(p->epsilon >= 0 && p->epsilon <= 1))
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: epsilon is %g, expected 0 to 1", what,
                       (double)p->epsilon);
  if (!p->population)
    return (unsigned)p->yardstick < THRONG_YARDSTICK_COUNT
               ? THRONG_OK
               : throng_fail(THRONG_ERROR_ARGUMENT, "%s: yardstick %d is none", what,
                             (int)p->yardstick);
  const int32_t count = throng_population_get_def(p->population).count;
  if (p->agent >= 0 && p->agent < count) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s: no agent %d, there are %d", what, p->agent, count);
}

/// A population plays lanes for each of its agents; those of one are logged.
static throng_status place_lanes(const episodes_def *def, const episodes_policy *policy,
                                 const episodes_policy *target, int32_t *first, int32_t *n_lane) {
  const episodes_policy *who = policy->population ? policy : target;
  *first = 0;
  *n_lane = def->lanes;
  if (!who || !who->population) return THRONG_OK;
  const int32_t count = throng_population_get_def(who->population).count;
  if (target && target->population && who != target &&
      (throng_population_get_def(target->population).count != count ||
       target->agent != policy->agent))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "episodes: policy and target must be the same place of populations of one "
                       "size");
  if ((int64_t)count * def->lanes > INT32_MAX)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "episodes: %d lanes for each of %d agents are too many", def->lanes, count);
  *first = who->agent * def->lanes;
  *n_lane = count * def->lanes;
  return THRONG_OK;
}

static throng_status check(const throng_sim_def *sim, const episodes_def *def,
                           const episodes_policy *policy, const episodes_policy *target) {
  if (def->sessions < 1 || def->lanes < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "episodes: %lld sessions on %d lanes, expected 1 or more",
                       (long long)def->sessions, def->lanes);
  if (sim->slate_size != 1)
    return throng_fail(
        THRONG_ERROR_ARGUMENT,
        "episodes: sim.slate_size is %d; an item of a slate has no propensity of its "
        "own, expected 1",
        sim->slate_size);
  if (sim->users.choice == THRONG_CHOICE_MULTINOMIAL ||
      sim->users.choice == THRONG_CHOICE_PLACKETT_LUCE)
    return throng_fail(
        THRONG_ERROR_ARGUMENT,
        "episodes: with this users.choice a user may look at nothing, and a row says "
        "like or not; expected each or cascade");
  THRONG_TRY(check_policy("policy", policy));
  return target ? check_policy("target", target) : THRONG_OK;
}

#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&p->name, (size_t)(count), sizeof *p->name, "episodes"))

static bool is_planner(const episodes_policy *p) {
  return p && !p->population && p->yardstick == THRONG_YARDSTICK_PLANNER;
}

static throng_status open_play(log_play *p, const throng_world *world, const throng_sta *sta,
                               const throng_sim_def *sim, bool plans) {
  throng_sim_def lanes = *sim;
  lanes.lanes = p->n_lane;
  lanes.autoreset = true;
  lanes.seed = p->def->seed;
  lanes.first_lane = 0;
  THRONG_TRY(throng_sim_create(p->backend, world, sta, &lanes, &p->sim));
  THRONG_TRY(yardsticks_create(p->sim, 1, &p->ranks));
  if (plans) {
    const throng_evaluation_def usual = throng_default_evaluation_def();
    THRONG_TRY(yardsticks_add_planner(p->ranks, p->def->planner ? p->def->planner : &usual));
  }
  p->n_item = (int32_t)throng_world_get_info(world).n_item;
  p->max_steps = sim->max_steps;
  p->n_word = (p->n_item + 31) / 32;
  p->masked = p->sim->n_seen_word > 0;
  // Every agent of a population meets the same users, and so does another policy.
  if (p->n_lane > p->def->lanes) THRONG_TRY(sim_reset_in_blocks(p->sim, p->def->lanes));
  return THRONG_OK;
}

static throng_status take_memory(log_play *p) {
  TAKE(user, p->n_lane);
  TAKE(step, p->n_lane);
  TAKE(best, p->n_lane);
  TAKE(target_best, p->n_lane);
  TAKE(action, p->n_lane);
  TAKE(episode, p->n_lane);
  TAKE(seen, p->masked ? p->n_lane * p->n_word : 1);
  TAKE(row, (int64_t)p->def->lanes * p->max_steps);
  return THRONG_OK;
}

/// What the policy ranks first in every lane.
static throng_status rank(log_play *p, const episodes_policy *policy, int32_t *best) {
  if (policy->population) return throng_population_act(policy->population, p->sim, true, best);
  int32_t *list;
  THRONG_TRY(yardsticks_rank(p->ranks, policy->yardstick, 1, &list));
  return p->backend->ops->download(p->backend, best, list, (size_t)p->n_lane * sizeof *best);
}

static int32_t count_eligible(const log_play *p, int32_t lane) {
  int32_t seen = 0;
  for (int64_t k = 0; p->masked && k < p->n_word; ++k)
    seen += __builtin_popcount(p->seen[lane * p->n_word + k]);
  return p->n_item - seen;
}

/// Eligible item number `k` of a lane.
static int32_t eligible_item(const log_play *p, int32_t lane, int32_t k) {
  for (int64_t word = 0; p->masked && word < p->n_word; ++word) {
    const int32_t bits = word + 1 < p->n_word ? 32 : p->n_item - (int32_t)(word * 32);
    const uint32_t mask = bits == 32 ? UINT32_MAX : (1u << bits) - 1;
    uint32_t open = ~p->seen[lane * p->n_word + word] & mask;
    const int32_t n = __builtin_popcount(open);
    if (k >= n) {
      k -= n;
      continue;
    }
    for (; k > 0; --k) open &= open - 1;
    return (int32_t)(word * 32) + __builtin_ctz(open);
  }
  return k;
}

/// What a lane is shown, and its row but for the answer.
static episodes_row choose(const log_play *p, const episodes_policy *policy, int32_t lane,
                           int64_t session) {
  episodes_row row = {
      .session = session,
      .step = p->step[lane],
      .user = p->user[lane],
      .item = p->best[lane],
      .best = p->best[lane],
      .target_best = p->target_best[lane],
      .eligible = count_eligible(p, lane),
  };
  if (row.eligible == 0) row.eligible = p->n_item;  // everything was seen: the mask is dropped
  const random_words r = random_draw(p->def->seed, RANDOM_LOG, 0, (uint32_t)p->step[lane],
                                     (uint32_t)(lane - p->first), p->episode[lane]);
  const float epsilon = episodes_epsilon(policy);
  if (epsilon > 0 && random_bernoulli(r.w[0], epsilon)) {
    const int32_t k = (int32_t)random_index(r.w[1], (uint32_t)row.eligible);
    row.item = count_eligible(p, lane) > 0 ? eligible_item(p, lane, k) : k;
  }
  return row;
}

/// One step of every lane; sessions that end are handed over.
static throng_status play_step(log_play *p, const episodes_policy *policy,
                               const episodes_policy *target, episodes_take *take, void *context) {
  const throng_observation_copy state = {.user = p->user, .step = p->step, .episode = p->episode};
  const int32_t lanes = p->def->lanes;
  THRONG_TRY(throng_sim_copy_observation(p->sim, THRONG_PRESENT, &state));
  if (p->masked) THRONG_TRY(throng_sim_copy_seen_bits(p->sim, p->seen));
  THRONG_TRY(rank(p, policy, p->best));
  if (target)
    THRONG_TRY(rank(p, target, p->target_best));
  else
    for (int32_t lane = 0; lane < p->n_lane; ++lane) p->target_best[lane] = -1;
  memcpy(p->action, p->best, (size_t)p->n_lane * sizeof *p->action);
  for (int32_t k = 0; k < lanes; ++k) {
    const int32_t lane = p->first + k;
    episodes_row *row = &p->row[(int64_t)k * p->max_steps + p->step[lane]];
    *row = choose(p, policy, lane, (int64_t)p->episode[lane] * lanes + k);
    p->action[lane] = row->item;
  }
  THRONG_TRY(throng_sim_step(p->sim, p->action));
  throng_outcome outcome;
  THRONG_TRY(throng_sim_outcome(p->sim, &outcome));
  for (int32_t k = 0; k < lanes; ++k) {
    const int32_t lane = p->first + k, step = p->step[lane];
    episodes_row *session = p->row + (int64_t)k * p->max_steps;
    session[step].like = outcome.reward[lane] > 0;
    session[step].end = outcome.ended[lane];
    if (!outcome.ended[lane] || session->session >= p->def->sessions) continue;
    THRONG_TRY(take(context, session, step + 1));
    ++p->closed;
  }
  return THRONG_OK;
}

static void close_play(log_play *p) {
  yardsticks_free(p->ranks);
  throng_sim_close(p->sim);
  free(p->user);
  free(p->step);
  free(p->best);
  free(p->target_best);
  free(p->action);
  free(p->episode);
  free(p->seen);
  free(p->row);
}

throng_status episodes_play(throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_sim_def *sim,
                            const episodes_def *def, const episodes_policy *policy,
                            const episodes_policy *target, const throng_progress *progress,
                            episodes_take *take, void *context) {
  THRONG_TRY(check(sim, def, policy, target));
  log_play p = {.backend = backend, .def = def};
  throng_status status;
  THRONG_TRY_GOTO(place_lanes(def, policy, target, &p.first, &p.n_lane));
  THRONG_TRY_GOTO(open_play(&p, world, sta, sim, is_planner(policy) || is_planner(target)));
  THRONG_TRY_GOTO(take_memory(&p));
  while (p.closed < def->sessions) {
    if (!throng_report(progress, "log", p.closed, def->sessions, "sessions")) {
      status = throng_cancelled("log");
      goto done;
    }
    THRONG_TRY_GOTO(play_step(&p, policy, target, take, context));
  }
  (void)throng_report(progress, "log", p.closed, def->sessions, "sessions");
done:
  close_play(&p);
  return status;
}
