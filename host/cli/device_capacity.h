/// The machine's CUDA devices, and what of a simulation fits into a memory: arithmetic for
/// `throng info`. Nothing is allocated; a run's own check is base/memory_plan.h.
#ifndef THRONG_CLI_DEVICE_CAPACITY_H
#define THRONG_CLI_DEVICE_CAPACITY_H

#include <cjson/cJSON.h>

#include "base/status.h"

/// One line a device on stdout, or why there is none.
void devices_print(void);
/// "devices": a list, empty where there is none; "no_device": why.
void devices_json(cJSON *document);

/// Bytes of the parts that a memory is shared out to.
typedef struct capacity_sizes {
  double item;   // of the world, an item on average
  double world;  // of the world in all
  double table;  // item-item table; 0: none
  double lane;
  double n_item, n_lane;
} capacity_sizes;

/// The memory that a simulation would run in: the first device's, else the host's free memory.
typedef struct capacity_memory {
  char name[300];
  double bytes;
} capacity_memory;
capacity_memory capacity_find_memory(void);

/// What fits, each with the others as they are: see capacity_print for the formulas.
typedef struct capacity {
  double lanes, items_with_table, items_without, replay;
} capacity;
capacity capacity_compute(const capacity_sizes *sizes, double memory);
void capacity_print(const capacity_sizes *sizes, const capacity_memory *memory);
void capacity_json(const capacity_sizes *sizes, const capacity_memory *memory, cJSON *document);

#endif
