/// A world's arrays on a backend, uploaded once and shared by everything that runs there and on its
/// forks; with them the item-item table, built the first time that somebody may afford it.
#ifndef THRONG_WORLD_WORLD_DEVICE_H
#define THRONG_WORLD_WORLD_DEVICE_H

#include "base/tensors.h"
#include "kernels/base/world_view.h"
#include "world/world.h"

typedef struct world_device {
  world_view view;
  const uint32_t *table;  // (2, n_item, n_item) pair records, or NULL (kernels/vote/pair_table.h)
  struct world_shared *shared;  // counted by its users
} world_device;

/// Bytes of the item-item table of a world with `n_item` items.
int64_t world_table_bytes(int64_t n_item);

/// Take a share of the world's arrays on this backend. The table is there where its bytes fit
/// `table_budget` and no item has more than PAIR_MAX_MATCHES keywords on a side. `empty_equal`: two
/// empty keyword lists share one keyword (published code). Errors: MEMORY, with the sizes.
throng_status world_device_acquire(throng_backend *backend, const throng_world *world,
                                   int64_t table_budget, bool empty_equal, world_device *out);
/// Bytes that world_device_acquire with the same arguments would find on this backend already.
size_t world_device_held(const throng_backend *backend, const throng_world *world,
                         int64_t table_budget, bool empty_equal);
/// Give the share back; the last one frees the arrays. A zeroed device is allowed.
void world_device_release(world_device *device);

#endif
