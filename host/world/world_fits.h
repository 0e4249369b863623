/// What is fitted to a world and to nothing else, once for all that ask: it is kept with the world,
/// and whoever took it may keep it longer. A fit is never changed after it was made.
#ifndef THRONG_WORLD_WORLD_FITS_H
#define THRONG_WORLD_WORLD_FITS_H

#include <stddef.h>

#include "base/status.h"
#include "throng/world.h"

/// One sort of fit. Its address names it.
typedef struct world_fit_kind {
  const char *name;  // for messages
  size_t size;       // of what is fitted
  throng_status (*fit)(const throng_world *world, int hidden, void *out);
  void (*clear)(void *fitted);
} world_fit_kind;

/// One fit, counted by those who have it.
typedef struct world_fit world_fit;

/// A world's list of them: made by world_finish, given back by world_clear.
typedef struct world_fits world_fits;
throng_status world_fits_create(world_fits **out);
void world_fits_free(world_fits *fits);

/// The fit of this kind on all but each user's last `hidden` interactions, made where nobody has
/// asked for it before; others who ask meanwhile, from any thread, wait for it. `fits`: the
/// world's own list, world->fits; NULL (a world made by hand, without world_finish): none is kept,
/// and each caller has one of its own. Errors: MEMORY, those of the kind's `fit`, which the next
/// caller tries again.
throng_status world_fit_take(world_fits *fits, const throng_world *world,
                             const world_fit_kind *kind, int hidden, world_fit **out);
const void *world_fit_get(const world_fit *fit);
/// The last one frees it. NULL is allowed.
void world_fit_give_back(world_fit *fit);

#endif
