/// Opening a backend by name.
#include "base/backend.h"

#include <string.h>

throng_backend_def throng_default_backend_def(void) {
  return (throng_backend_def){.name = "auto", .threads = 0, .device = 0, .cookie = THRONG_COOKIE};
}

throng_status throng_backend_open(const throng_backend_def *def, throng_backend **out) {
  *out = NULL;
  if (!def || def->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "throng_backend_def: start from throng_default_backend_def()");
  if (def->threads < 0 || def->threads > 1024)
    return throng_fail(THRONG_ERROR_ARGUMENT, "threads: %d is not in 0..1024", def->threads);
  const char *name = def->name ? def->name : "auto";
  if (!strcmp(name, "cpu") || !strcmp(name, "auto")) return backend_cpu_open(def->threads, out);
  if (!strcmp(name, "cuda"))
    return throng_fail(THRONG_ERROR_BACKEND,
                       "backend cuda: this build has none; use --backend cpu or auto");
  return throng_fail(THRONG_ERROR_ARGUMENT, "backend '%s': expected auto, cpu or cuda", name);
}

void throng_backend_close(throng_backend *backend) {
  if (backend) backend->ops->close(backend);
}
const char *throng_backend_name(const throng_backend *backend) { return backend->name; }
const char *throng_backend_describe(const throng_backend *backend) { return backend->description; }
