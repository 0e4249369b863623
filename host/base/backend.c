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
static throng_status order(throng_backend *backend, uint64_t stream, bool before) {
  if (!backend->ops->order)
    return throng_fail(THRONG_ERROR_ARGUMENT, "stream: backend %s has none", backend->name);
  if (stream == 0)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "stream: 0 may mean either default stream, expected 1 (the legacy one), 2 "
                       "(the thread's own) or a stream's address");
  return backend->ops->order(backend, stream, before);
}
throng_status throng_backend_before(throng_backend *backend, uint64_t stream) {
  return order(backend, stream, true);
}
throng_status throng_backend_after(throng_backend *backend, uint64_t stream) {
  return order(backend, stream, false);
}
