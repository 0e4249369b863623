/// A world's arrays on a backend, uploaded once and shared by everything that runs there.
#ifndef THRONG_WORLD_DEVICE_H
#define THRONG_WORLD_DEVICE_H

#include "base/tensors.h"
#include "world/world.h"
#include "world_view.h"

typedef struct world_device {
  world_view view;
  tensor_set tensors;
} world_device;

throng_status world_device_create(throng_backend *backend, const throng_world *world,
                                  world_device *out);
void world_device_free(world_device *device);

#endif
