/// Worlds with parts taken away or spoilt.
#ifndef THRONG_EXPERIMENT_THINNED_H
#define THRONG_EXPERIMENT_THINNED_H

#include "throng/world.h"

typedef enum thinned_part {
  THINNED_HISTORY = 0,  // interactions, but for each user's last two, which are asked about
  THINNED_KEYWORDS,     // of items, both kinds
  THINNED_CATEGORIES,   // of items
  THINNED_NOISE,        // keywords of items become any others of their kind
  THINNED_PART_COUNT
} thinned_part;

extern const char *const thinned_part_names[THINNED_PART_COUNT];

/// Of how many entries the world's part consists: 0 where nothing can be taken away.
int64_t thinned_entries(const throng_world *world, thinned_part part);
/// The world with a `share` (0 .. 1) of a part removed; what a smaller share removes a larger one
/// does too, so that shares are compared and not draws. Errors: MEMORY.
throng_status thinned_world(const throng_world *world, thinned_part part, double share,
                            uint32_t seed, throng_world **out);

#endif
