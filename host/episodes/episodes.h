/// Logged episodes: sessions of a policy played in the simulator, with the propensity of every item
/// that was shown, and what another policy would have done there. What leaves this room is a row a
/// step; files of them are episodes_file.h's, estimates from them off_policy.h's.
#ifndef THRONG_EPISODES_EPISODES_H
#define THRONG_EPISODES_EPISODES_H

#include "throng/evaluate.h"

/// Who chooses an item: an agent of a population, or without one a yardstick.
typedef struct episodes_policy {
  throng_population *population;  // NULL: the yardstick
  int32_t agent;                  // of the population
  throng_yardstick yardstick;
  float epsilon;  // 0 .. 1; share of steps at which any eligible item is shown, evenly
} episodes_policy;

typedef struct episodes_def {
  int64_t sessions;                      // 1 or more
  int32_t lanes;                         // sessions at once; what is played depends on it
  uint32_t seed;                         // of users, answers and exploration
  const throng_evaluation_def *planner;  // how far the planner looks; NULL: the usual
} episodes_def;

/// One step of a session. What a policy shows is its best item with 1 - epsilon, else one of the
/// eligible (all that the session's mask leaves), each alike; so the propensity of an item is
/// epsilon / eligible, and 1 - epsilon more where it is the best (episodes_propensity).
typedef struct episodes_row {
  int64_t session;      // 0 ..
  int32_t step;         // 0 .. within the session
  int32_t user, item;   // item: what was shown
  uint8_t like;         // the answer
  uint8_t end;          // throng_end
  int32_t eligible;     // items that could have been shown
  int32_t best;         // what the policy ranks first
  int32_t target_best;  // what the target policy ranks first here; -1: there is no target
} episodes_row;

/// The random yardstick explores always.
static inline float episodes_epsilon(const episodes_policy *p) {
  return !p->population && p->yardstick == THRONG_YARDSTICK_RANDOM ? 1.0f : p->epsilon;
}
static inline double episodes_propensity(int32_t item, int32_t best, int32_t eligible,
                                         float epsilon) {
  return (double)epsilon / eligible + (item == best ? 1 - (double)epsilon : 0);
}

/// Takes a whole session of `n` steps. An error ends the play and is its error.
typedef throng_status episodes_take(void *context, const episodes_row *row, int32_t n);

/// Play sessions on lanes like those of `sim` and hand each over when it ends; in a fixed order,
/// sessions of longer duration later. `target` may be NULL. Memory: that of the lanes, and
/// sim->max_steps rows for each. Errors: ARGUMENT (a field; slates, whose items have no propensity
/// of their own; what a planner cannot plan; an epsilon out of range; no such agent; populations of
/// different sizes), those of throng_sim_create and of the policies, CANCELLED, and those of
/// `take`.
throng_status episodes_play(throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_sim_def *sim,
                            const episodes_def *def, const episodes_policy *policy,
                            const episodes_policy *target, const throng_progress *progress,
                            episodes_take *take, void *context);

#endif
