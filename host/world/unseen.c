/// Rejection from even draws over all items; see unseen.h.
#include "world/unseen.h"

#include "kernels/base/random.h"
#include "world/world.h"

enum { MOST_DRAWS = 256 };  // for users who know nearly every item

bool world_lacks_dislikes(const throng_world *world) {
  for (int64_t k = 0; k < world->n_interaction; ++k)
    if (!world->history_like[k]) return false;
  return world->n_interaction > 0;
}

static bool has_seen(const throng_world *world, int64_t user, int32_t item) {
  for (int64_t k = world->user_offset[user]; k < world->user_offset[user + 1]; ++k)
    if (world->history_item[k] == item) return true;
  return false;
}

int32_t world_draw_unseen(const throng_world *world, int64_t user, uint32_t seed, uint32_t use) {
  for (uint32_t draw = 0; draw < MOST_DRAWS; ++draw) {
    random_words r = random_draw(seed, RANDOM_NEGATIVE, draw / 4, use, (uint32_t)user, 2);
    int32_t item = (int32_t)random_index(r.w[draw % 4], (uint32_t)(world->n_item - world->n_cold));
    if (!has_seen(world, user, item)) return item;
  }
  return -1;
}
