/// The question behind Liking%: would the users like these items now?
#ifndef THRONG_EVALUATE_PROBE_H
#define THRONG_EVALUATE_PROBE_H

#include "sim/sim.h"

typedef struct probe probe;

/// Take memory for lists of `top` items a lane. The simulator must outlive it. Errors: MEMORY.
throng_status probe_create(throng_sim *sim, int32_t top, probe **out);
/// NULL is allowed.
void probe_free(probe *p);

/// Ask about `item` (n_lane, top) of host memory, every lane's list as one slate: `like`
/// (n_lane, top), host memory. The lanes do not change. Ties draw the coins of that slate.
throng_status probe_ask(probe *p, const int32_t *item, uint8_t *like);

#endif
