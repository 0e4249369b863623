/// Which of a sweep's trials count as good ones.
#ifndef THRONG_SUGGEST_TPE_SPLIT_H
#define THRONG_SUGGEST_TPE_SPLIT_H

#include "suggest/sampler.h"

/// Trials that have come to an end with something to learn from: complete and pruned ones.
int64_t tpe_finished(const sampler_history *h);
/// `below` (history's n): a tenth of these, 25 at most (with several objectives: no such bound).
/// Complete trials come first, by value, then pruned ones, by how far they came and their last
/// value. Several objectives: hypervolume_best. Errors: MEMORY.
throng_status tpe_split(const sampler_history *h, bool *below);

#endif
