/// A data set, its keywords and their embeddings put together into a world.
#ifndef THRONG_PREPARE_BUILD_WORLD_H
#define THRONG_PREPARE_BUILD_WORLD_H

#include "data/dataset.h"
#include "text/keywords.h"
#include "world/world.h"

/// Fill `*out` (zeroed before) with copies, compute e+ and e- as normalised means, check and index.
///   embedding       (n_keyword, dim), rows of any length
///   source          one line that says what the world was made from
///   like_threshold  NaN where answers are not ratings
/// `*out` lies on the heap, so that throng_world_close takes it.
/// Errors: ARGUMENT where sizes do not fit, DATA where world_check refuses, MEMORY; `*out` is zero
/// then.
throng_status world_build(const dataset *data, const keyword_sets *sets, const float *embedding,
                          int32_t dim, const char *source, double like_threshold,
                          throng_world *out);
#endif
