/// What PBT makes of an agent's options for the copy of it.
#ifndef THRONG_SCHEDULE_EXPLORE_H
#define THRONG_SCHEDULE_EXPLORE_H

#include "schedule/scheduler.h"

/// Every option of `parent` (space->n) drawn anew with probability `resample`, or else perturbed,
/// into x. What decides the shape of the network stays the parent's. Draws are a function of the
/// seed, the exploit's number and the slot.
void explore(const scheduler_def *def, uint32_t exploit, int32_t slot, const double *parent,
             double *x);
/// The shape of `shape` with the other options of `rest`, so far as they apply to it.
void explore_join(const space *s, const double *shape, const double *rest, double *x);

#endif
