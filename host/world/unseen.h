/// Items that a user never met, drawn evenly: what stands for dislikes where a world has none.
#ifndef THRONG_WORLD_UNSEEN_H
#define THRONG_WORLD_UNSEEN_H

#include "throng/world.h"

/// True where histories hold likes and not one dislike, as implicit feedback does.
bool world_lacks_dislikes(const throng_world *world);

/// One item that stands nowhere in the user's history, of those that anyone rated; -1 where many
/// draws find none. `use` keeps the draws of different purposes apart.
int32_t world_draw_unseen(const throng_world *world, int64_t user, uint32_t seed, uint32_t use);

#endif
