/// What every backend has in common; opening one is backends/backends.c.
#include "base/backend.h"

bool backend_ask(void *asker) {
  const backend_asker *a = asker;
  return !throng_report(a->progress, a->stage, a->done, a->total, a->unit);
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
