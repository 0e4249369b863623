/// What a sweep will take: user-steps by its scheduler, kinds of agents, memory.
#include <stdlib.h>
#include <string.h>

#include "sweep/inside.h"

int64_t sweep_planned_steps(const sweep *s) {
  const scheduler_def def = {.space = s->space,
                             .study = SWEEP_STUDY,
                             .slots = s->n_slot > 0 ? s->n_slot : s->def.slots,
                             .period = s->clock.every,
                             .min_steps = s->def.min_steps,
                             .max_steps = s->clock.steps,
                             .reduction = s->def.reduction,
                             .interval = s->def.interval,
                             .quantile = s->def.quantile,
                             .resample = s->def.resample,
                             .factor_low = s->def.factor_low,
                             .factor_high = s->def.factor_high};
  int64_t trials = s->def.max_trials;
  const int64_t size = space_size(s->space);
  if (s->def.sampler == THRONG_SAMPLER_GRID && size >= 0 && (trials == 0 || size < trials))
    trials = size;
  if (s->population) trials = def.slots;
  if (trials == 0) return s->def.max_steps;
  int64_t steps = scheduler_steps(s->def.scheduler, &def, trials);
  // Later seeds are of those that reached the end.
  if (s->def.seeds > 1 && s->def.scheduler == THRONG_SCHEDULER_NONE) steps *= s->def.seeds;
  return s->def.max_steps > 0 && s->def.max_steps < steps ? s->def.max_steps : steps;
}
