/// What every backend has in common; opening one is backends/backends.c.
#include "base/backend.h"

bool backend_ask(void *asker) {
  const backend_asker *a = asker;
  return !throng_report(a->progress, a->stage, a->done, a->total, a->unit);
}

throng_status backend_fork(throng_backend *backend, throng_backend **out) {
  *out = NULL;
  if (!backend->ops->fork)
    return throng_fail(THRONG_ERROR_BACKEND, "backend %s: it has one queue alone", backend->name);
  THRONG_TRY(backend->ops->synchronize(backend));
  THRONG_TRY(backend->ops->fork(backend, out));
  (*out)->root = backend_root(backend);
  return THRONG_OK;
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
