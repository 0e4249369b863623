/// Devices, and sums that say what fits into their memory.
#include "cli/device_capacity.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "backends/backends.h"
#include "cli/cli.h"

/// A transition of the replay with slates of one item: entry, reward, end, user, step (replay.h).
enum { REPLAY_BYTES = 4 + 4 + 1 + 4 + 4 };

void devices_print(void) {
  int count;
  char free_text[32], total_text[32];
  if (backends_devices(&count) != THRONG_OK) {
    cli_say(10, "devices   none: %s", throng_error_message());
    return;
  }
  for (int k = 0; k < count; ++k) {
    backend_device d;
    if (backends_device(k, &d) != THRONG_OK)
      cli_say(10, "device %d  not usable: %s", k, throng_error_message());
    else
      cli_say(10, "device %d  %s, compute %d.%d, %d multiprocessors, %s, of which %s free", k,
              d.name, d.major, d.minor, d.n_multiprocessor,
              cli_bytes((double)d.total_bytes, total_text),
              cli_bytes((double)d.free_bytes, free_text));
  }
}

void devices_json(cJSON *document) {
  int count;
  cJSON *list = cJSON_AddArrayToObject(document, "devices");
  if (backends_devices(&count) != THRONG_OK) {
    cJSON_AddStringToObject(document, "no_device", throng_error_message());
    return;
  }
  for (int k = 0; k < count; ++k) {
    backend_device d;
    cJSON *device = cJSON_CreateObject();
    cJSON_AddItemToArray(list, device);
    if (backends_device(k, &d) != THRONG_OK) {
      cJSON_AddStringToObject(device, "error", throng_error_message());
      continue;
    }
    cJSON_AddStringToObject(device, "name", d.name);
    cJSON_AddNumberToObject(device, "compute_major", d.major);
    cJSON_AddNumberToObject(device, "compute_minor", d.minor);
    cJSON_AddNumberToObject(device, "multiprocessors", d.n_multiprocessor);
    cJSON_AddNumberToObject(device, "memory_bytes", (double)d.total_bytes);
    cJSON_AddNumberToObject(device, "memory_free_bytes", (double)d.free_bytes);
  }
}

capacity_memory capacity_find_memory(void) {
  capacity_memory memory = {.name = "this machine's free memory"};
  backend_device d;
  int count;
  memory.bytes = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  if (backends_devices(&count) != THRONG_OK || backends_device(0, &d) != THRONG_OK) return memory;
  memory.bytes = (double)d.free_bytes;
  snprintf(memory.name, sizeof memory.name, "what is free of device 0, %s", d.name);
  return memory;
}

static double at_least_zero(double x) { return x > 0 ? floor(x) : 0; }

capacity capacity_compute(const capacity_sizes *s, double memory) {
  const double lanes = s->lane * s->n_lane, rest = memory - lanes > 0 ? memory - lanes : 0;
  return (capacity){
      .lanes = at_least_zero((memory - s->world - s->table) / s->lane),
      // 8 n^2 + item n = rest
      .items_with_table = at_least_zero((sqrt(s->item * s->item + 32.0 * rest) - s->item) / 16.0),
      .items_without = at_least_zero(rest / s->item),
      .replay = at_least_zero((memory - s->world - s->table - lanes) / REPLAY_BYTES),
  };
}

void capacity_print(const capacity_sizes *s, const capacity_memory *memory) {
  const capacity f = capacity_compute(s, memory->bytes);
  char a[32], n[32], lane[32], item[32];
  cli_say(10, "\nWhat fits into %s, %s", memory->name, cli_bytes(memory->bytes, a));
  cli_say(10, "  lanes   (memory - world - table) / %s = %s", cli_bytes(s->lane, lane),
          cli_count((int64_t)f.lanes, n));
  cli_say(10, "  items   with the table: largest N with 8 N^2 + %s N <= memory - lanes: %s",
          cli_bytes(s->item, item), cli_count((int64_t)f.items_with_table, n));
  cli_say(10, "          without: (memory - lanes) / %s = %s", item,
          cli_count((int64_t)f.items_without, n));
  cli_say(10, "  replay  (memory - world - table - lanes) / %d B = %s transitions", REPLAY_BYTES,
          cli_count((int64_t)f.replay, n));
}

void capacity_json(const capacity_sizes *s, const capacity_memory *memory, cJSON *document) {
  const capacity f = capacity_compute(s, memory->bytes);
  cJSON *object = cJSON_AddObjectToObject(document, "fits");
  cJSON_AddStringToObject(object, "memory", memory->name);
  cJSON_AddNumberToObject(object, "memory_bytes", memory->bytes);
  cJSON_AddNumberToObject(object, "lanes", f.lanes);
  cJSON_AddNumberToObject(object, "items_with_table", f.items_with_table);
  cJSON_AddNumberToObject(object, "items_without_table", f.items_without);
  cJSON_AddNumberToObject(object, "replay_transitions", f.replay);
}
