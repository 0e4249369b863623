/// The CUDA backend's side of library.h: what it calls of host/base goes to the library that opened
/// it.
#include "library.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "cuda/backend_cuda.h"

static const cuda_library_host *host;

__attribute__((visibility("default"))) const backend_kind *CUDA_LIBRARY_ENTRY(
    const cuda_library_host *from, const char *version, size_t ops_bytes) {
  if (strcmp(version, THRONG_CUDA_LIBRARY_VERSION) != 0 || ops_bytes != sizeof(backend_ops))
    return NULL;
  host = from;
  return &backend_cuda;
}

throng_status throng_fail(throng_status status, const char *format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return host->fail(status, text);
}

throng_status throng_alloc(void **out, size_t count, size_t size, const char *what) {
  return host->alloc(out, count, size, what);
}

locale_t numbers_begin(void) { return host->numbers_begin(); }
void numbers_end(const locale_t *before) { host->numbers_end(before); }
