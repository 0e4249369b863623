/// The points that no other beats: of scores and costs, of several objectives.
#ifndef THRONG_SUGGEST_PARETO_H
#define THRONG_SUGGEST_PARETO_H

#include "base/status.h"

/// value (n, n_objective), to be minimised: `on_front[i]` where no other row is as good in all and
/// better in one. Rows with NaN are not. `*n_front` may be NULL. Errors: MEMORY.
throng_status pareto_front(int64_t n, int32_t n_objective, const double *value, bool *on_front,
                           int64_t *n_front);

#endif
