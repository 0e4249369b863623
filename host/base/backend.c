/// Opening a backend by name, or the best that this machine has.
#include "base/backend.h"

#include <stdio.h>
#include <string.h>

/// CUDA where a device is usable, else the CPU; either says why.
static throng_status open_best(const throng_backend_def *def, throng_backend **out) {
  if (backend_cuda_open(def->threads, def->device, out) == THRONG_OK) return THRONG_OK;
  char reason[256];
  // Its place and its remedies are for those who asked for it by name.
  const char *message = throng_error_message(), *cause = strstr(message, ": ");
  snprintf(reason, sizeof reason, "%s", cause ? cause + 2 : message);
  reason[strcspn(reason, ";")] = '\0';
  THRONG_TRY(backend_cpu_open(def->threads, out));
  char *description = (*out)->description;
  size_t used = strlen(description);
  snprintf(description + used, sizeof(*out)->description - used, "; not cuda: %s", reason);
  return THRONG_OK;
}

bool backend_ask(void *asker) {
  const backend_asker *a = asker;
  return !throng_report(a->progress, a->stage, a->done, a->total, a->unit);
}

throng_status throng_backend_open(const throng_backend_def *def, throng_backend **out) {
  *out = NULL;
  THRONG_TRY(fields_check(&backend_fields, def));
  const char *name = def->name ? def->name : "auto";
  if (!strcmp(name, "cpu")) return backend_cpu_open(def->threads, out);
  if (!strcmp(name, "cuda")) return backend_cuda_open(def->threads, def->device, out);
  return open_best(def, out);
}

void throng_backend_close(throng_backend *backend) {
  if (backend) backend->ops->close(backend);
}
const char *throng_backend_name(const throng_backend *backend) { return backend->name; }
const char *throng_backend_describe(const throng_backend *backend) { return backend->description; }
const char *throng_backend_arithmetic(const throng_backend *backend) { return backend->arithmetic; }
