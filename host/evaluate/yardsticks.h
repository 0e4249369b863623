/// The yardsticks that need no learning, on the lanes of any simulator: random, popular,
/// most-similar and the oracle. The learned agent ranks through host/agent/agent.h.
#ifndef THRONG_EVALUATE_YARDSTICKS_H
#define THRONG_EVALUATE_YARDSTICKS_H

#include "sim/sim.h"
#include "throng/train.h"

typedef struct yardsticks yardsticks;

/// Take memory for lists of at most `most` items a lane (and the simulator's slate). The simulator
/// must outlive it. Errors: ARGUMENT (`most` not in 1..n_item), MEMORY.
throng_status yardsticks_create(throng_sim *sim, int32_t most, yardsticks **out);
/// NULL is allowed.
void yardsticks_free(yardsticks *p);

/// The `top` items that `policy` would show in every lane's present state, best first. `*best`
/// (n_lane, top) lies on the backend, valid until the next call. Seen items are left out where the
/// simulator masks them. Ties: the oracle's go to the higher ensemble score, then to the lower
/// item; most-similar's to the lower item.
throng_status yardsticks_rank(yardsticks *p, throng_policy policy, int32_t top, int32_t **best);
/// The same for a slate, left in the simulator's `action`.
throng_status yardsticks_act(yardsticks *p, throng_policy policy);

/// Would the users like these items now? `item` (n_lane, top) on the backend, `like` (n_lane, top)
/// in host memory. The lanes do not change. Ties draw the coins of a slate of these items.
throng_status yardsticks_probe(yardsticks *p, int32_t top, const int32_t *item, uint8_t *like);
/// Upload a ranking made elsewhere, for yardsticks_probe.
throng_status yardsticks_upload(yardsticks *p, int32_t top, const int32_t *item, int32_t **best);

#endif
