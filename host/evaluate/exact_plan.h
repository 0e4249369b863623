/// The best that a session can give, by trying everything: for small instances, as proof that
/// looking ahead pays, and to hold the planner against.
#ifndef THRONG_EVALUATE_EXACT_PLAN_H
#define THRONG_EVALUATE_EXACT_PLAN_H

#include "sim/sim.h"

enum { EXACT_MOST_ITEMS = 16, EXACT_MOST_STEPS = 12 };

typedef struct exact_plan exact_plan;

/// Likes that a user is expected to give from a lane's present state on.
typedef struct exact_values {
  double best;    // by the best policy, which sees every answer before it shows the next item
  double myopic;  // by the one that shows the likeliest like, knowing the user's present state
  int32_t first;  // the best policy's first item
} exact_values;

/// Take memory for searches of up to `n_item` items and `steps` steps from lanes of `sim`, each
/// item being shown once at the most. Errors: ARGUMENT (items or steps out of range, more steps
/// than items, sim.slate_size above 1), MEMORY.
throng_status exact_plan_create(throng_sim *sim, int32_t n_item, int32_t steps, exact_plan **out);
/// NULL is allowed.
void exact_plan_free(exact_plan *e);
/// Expectimax over all orders of `item` (n_item, different ones, best first: ties of the myopic
/// policy go to the earlier one) and over both answers to each: V(s) = max_i p_i(s) + stay * (p_i
/// V(s + i liked) + (1 - p_i) V(s + i disliked)), where V is 0 after the user left, after
/// sim.max_steps, and after `steps` steps. p_i is what the simulator would draw the answer with;
/// stay is 1 - sim.leave_probability. Time grows as n_item! / (n_item - steps)! * 2^steps where
/// answers are uncertain. Errors: ARGUMENT (an item or lane out of range), MEMORY, BACKEND.
throng_status exact_plan_solve(exact_plan *e, int32_t lane, const int32_t *item, exact_values *out);

#endif
