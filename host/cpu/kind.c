/// The CPU backend's row in backends/backends.c.
#include "cpu/backend_cpu.h"

static throng_status open_kind(const throng_backend_def *def, throng_backend **out) {
  return backend_cpu_open(def->threads, out);
}

const backend_kind backend_cpu = {.name = "cpu", .open = open_kind};
