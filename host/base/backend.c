/// Opening a backend by name, or the best that this machine has.
#include "base/backend.h"

#include <stdio.h>
#include <string.h>

throng_backend_def throng_default_backend_def(void) {
  return (throng_backend_def){.name = "auto", .threads = 0, .device = 0, .cookie = THRONG_COOKIE};
}

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
  if (!def || def->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "throng_backend_def: start from throng_default_backend_def()");
  if (def->threads < 0 || def->threads > 1024)
    return throng_fail(THRONG_ERROR_ARGUMENT, "threads: %d is not in 0..1024", def->threads);
  const char *name = def->name ? def->name : "auto";
  if (!strcmp(name, "cpu")) return backend_cpu_open(def->threads, out);
  if (!strcmp(name, "cuda")) return backend_cuda_open(def->threads, def->device, out);
  if (!strcmp(name, "auto")) return open_best(def, out);
  return throng_fail(THRONG_ERROR_ARGUMENT, "backend '%s': expected auto, cpu or cuda", name);
}

void throng_backend_close(throng_backend *backend) {
  if (backend) backend->ops->close(backend);
}
const char *throng_backend_name(const throng_backend *backend) { return backend->name; }
const char *throng_backend_describe(const throng_backend *backend) { return backend->description; }
const char *throng_backend_arithmetic(const throng_backend *backend) { return backend->arithmetic; }
throng_status throng_backend_synchronize(throng_backend *backend) {
  return backend->ops->synchronize(backend);
}
