/// The CUDA backend in a shared object of its own (THRONG_CUDA_LIBRARY), opened when a GPU is first
/// asked for: what it takes from the library that opens it, and what it gives.
#ifndef THRONG_CUDA_LIBRARY_H
#define THRONG_CUDA_LIBRARY_H

#include <locale.h>

#include "base/backend.h"

/// Errors, memory and locales are the library's own: a message that was set elsewhere would not be
/// throng_error_message()'s.
typedef struct cuda_library_host {
  throng_status (*fail)(throng_status status, const char *text);
  throng_status (*alloc)(void **out, size_t count, size_t size, const char *what);
  locale_t (*numbers_begin)(void);
  void (*numbers_end)(const locale_t *before);
} cuda_library_host;

/// The one function that it exports. `version` and `ops_bytes` (of backend_ops) are the caller's;
/// NULL where they are not its own.
typedef const backend_kind *cuda_library_entry(const cuda_library_host *host, const char *version,
                                               size_t ops_bytes);
#define CUDA_LIBRARY_ENTRY throng_cuda_library
#define CUDA_LIBRARY_ENTRY_NAME "throng_cuda_library"
cuda_library_entry CUDA_LIBRARY_ENTRY;

#endif
