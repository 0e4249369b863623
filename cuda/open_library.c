/// The CUDA backend where it is a shared object of its own: opened when it is first asked for, from
/// where this library lies. In place of kind.c.
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/numbers.h"
#include "cuda/backend_cuda.h"
#include "library.h"

static throng_status fail(throng_status status, const char *text) {
  return throng_fail(status, "%s", text);
}
static const cuda_library_host host = {fail, throng_alloc, numbers_begin, numbers_end};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const backend_kind *opened;

static throng_status open_locked(void) {
  cuda_library_entry *entry = NULL;
  void *library = dlopen(THRONG_CUDA_LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return throng_fail(THRONG_ERROR_BACKEND, "backend cuda: %s; use --backend cpu", dlerror());
  void *symbol = dlsym(library, CUDA_LIBRARY_ENTRY_NAME);
  memcpy(&entry, &symbol, sizeof entry);  // C has no cast from data to functions
  opened = entry ? entry(&host, throng_version(), sizeof(backend_ops)) : NULL;
  if (opened) return THRONG_OK;
  dlclose(library);
  return throng_fail(THRONG_ERROR_BACKEND,
                     "backend cuda: " THRONG_CUDA_LIBRARY_FILE " is of another version than %s",
                     throng_version());
}

static throng_status use(void) {
  pthread_mutex_lock(&lock);
  const throng_status status = opened ? THRONG_OK : open_locked();
  pthread_mutex_unlock(&lock);
  return status;
}

static throng_status open_kind(const throng_backend_def *def, throng_backend **out) {
  *out = NULL;
  THRONG_TRY(use());
  return opened->open(def, out);
}
static throng_status devices(int *count) {
  *count = 0;
  THRONG_TRY(use());
  return opened->devices(count);
}
static throng_status device(int number, backend_device *out) {
  *out = (backend_device){0};
  THRONG_TRY(use());
  return opened->device(number, out);
}

const backend_kind backend_cuda = {
    .name = "cuda", .open = open_kind, .devices = devices, .device = device};
