/// Planning gain: what looking ahead gives over a myopic policy that knows the user's present
/// state. Where it is 0, a world is a bandit: a discount above 0 can teach an agent nothing.
#ifndef THRONG_EVALUATE_PLANNING_H
#define THRONG_EVALUATE_PLANNING_H

#include "sim/sim.h"
#include "throng/evaluate.h"

typedef struct planning_gain {
  int64_t n;               // users of small instances, or sessions
  double myopic, planned;  // mean likes of a user or session
  double gain;             // planned / myopic - 1 of these means
  double gain_error;       // standard error of gain, by that of the paired differences
  double gained;           // share of users (sessions) with more than 1 %
} planning_gain;

/// Small instances that are solved exactly (exact_plan.h).
typedef struct planning_instances {
  int32_t users;  // as many
  int32_t pool;   // items drawn for each, of which ..
  int32_t items;  // .. so many unseen ones with the likeliest likes are to be shown ..
  int32_t steps;  // .. in so many steps
} planning_instances;

/// By exhaustive search for the users of the first lanes of `sim`, whose lanes, autoreset and
/// leave_probability (here 0) do not matter. Errors: ARGUMENT, MEMORY, BACKEND, CANCELLED.
throng_status planning_exact(throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_sim_def *sim,
                             const planning_instances *instances, const throng_progress *progress,
                             planning_gain *out);
/// By the planner against the myopic policy, in whole sessions of def->episodes users who meet the
/// same draws. Errors: as planning_exact.
throng_status planning_beam(throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_sim_def *sim,
                            const throng_evaluation_def *def, const throng_progress *progress,
                            planning_gain *out);

#endif
