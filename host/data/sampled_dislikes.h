/// Dislikes for feedback that has none: unseen items put into the histories (dataset.negatives).
#ifndef THRONG_DATA_SAMPLED_DISLIKES_H
#define THRONG_DATA_SAMPLED_DISLIKES_H

#include "data/dataset.h"

/// Put `ratio` items a like into every user's history as dislikes: drawn evenly from those that the
/// user never met (and somebody did), each once, with the like's time and rating 0, in an order
/// with it that is drawn too (so that a held-out last row may be either). Users who know nearly all
/// items get fewer.
/// `*sampled` is their number. The same seed gives the same rows. Errors: MEMORY.
throng_status sampled_dislikes_add(dataset *data, int32_t ratio, uint32_t seed, int64_t *sampled);

#endif
