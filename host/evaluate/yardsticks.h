/// The yardsticks that need no learning, on the lanes of any simulator: random, popular,
/// most-similar, the myopic policy and the planner; and two bandits that learn before they play.
/// Learned agents rank through host/agent/agent.h.
#ifndef THRONG_EVALUATE_YARDSTICKS_H
#define THRONG_EVALUATE_YARDSTICKS_H

#include "sim/sim.h"
#include "throng/evaluate.h"

typedef struct yardsticks yardsticks;

/// Take memory for lists of at most `most` items a lane (and the simulator's slate). The simulator
/// must outlive it. Errors: ARGUMENT (`most` not in 1..n_item), MEMORY.
throng_status yardsticks_create(throng_sim *sim, int32_t most, yardsticks **out);
/// NULL is allowed.
void yardsticks_free(yardsticks *p);

/// The planner is to play too, as `def` says. Nothing where it does already. Errors: as
/// planner_create.
throng_status yardsticks_add_planner(yardsticks *p, const throng_evaluation_def *def);
/// LinUCB and Thompson sampling learn, and are to play too. Nothing where they do already. Errors:
/// as bandits_create.
throng_status yardsticks_add_bandits(yardsticks *p, const throng_evaluation_def *def);

/// The `top` items that `yardstick` would show in every lane's present state, best first. `*best`
/// (n_lane, top) lies on the backend, valid until the next call. Seen items are left out where the
/// simulator masks them. Ties: the myopic policy's go to the higher ensemble score, then to the
/// lower item; most-similar's to the lower item. Of the planner's items the first is planned, and
/// after it come the myopic policy's. Errors: ARGUMENT (no such yardstick; `top`; a planner that
/// was not added), BACKEND.
throng_status yardsticks_rank(yardsticks *p, throng_yardstick yardstick, int32_t top,
                              int32_t **best);
/// The same for a slate, left in the simulator's `action`.
throng_status yardsticks_act(yardsticks *p, throng_yardstick yardstick);

/// True where the yardstick asks about the whole catalogue at every step.
bool yardstick_searches(throng_yardstick yardstick);
/// True where `key` is a yardstick's, which is then `*out`; else `*out` stays.
bool yardstick_find(const char *key, throng_yardstick *out);
/// "random", "popular", "most similar", "myopic policy", "planner" for people;
/// throng_yardstick_name is for keys.
const char *yardstick_title(throng_yardstick yardstick);

#endif
