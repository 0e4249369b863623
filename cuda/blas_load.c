/// Opening libcublas at run time.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "blas.h"

static cuda_blas functions;
static bool loaded;

static throng_status find(void *library, const char *name, void *slot) {
  void *symbol = dlsym(library, name);
  if (!symbol)
    return throng_fail(THRONG_ERROR_BACKEND, "libcublas has no %s: its version does not fit (%s)",
                       name, dlerror());
  memcpy(slot, &symbol, sizeof symbol);  // C has no cast from data to functions
  return THRONG_OK;
}

/// The version that this was built with, or else the one before: what is called has not changed
/// between them, and a library of either finds the device's context of its own.
static void *open_library(char *reason, size_t size) {
  char name[64];
  snprintf(name, sizeof name, "libcublas.so.%d", CUBLAS_VER_MAJOR);
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(reason, size, "%s", dlerror());
#ifdef THRONG_CUDA_LIBRARIES  // of the toolkit that this was built with
    char path[1024];
    // It needs libcublasLt, which is found by its name alone once it is loaded.
    snprintf(path, sizeof path, "%s/libcublasLt.so.%d", THRONG_CUDA_LIBRARIES, CUBLAS_VER_MAJOR);
    (void)dlopen(path, RTLD_NOW | RTLD_LOCAL);
    snprintf(path, sizeof path, "%s/%s", THRONG_CUDA_LIBRARIES, name);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      const size_t length = strlen(reason);
      snprintf(reason + length, size - length, "; %s", dlerror());
    }
#endif
  }
  if (!library) {
    snprintf(name, sizeof name, "libcublas.so.%d", CUBLAS_VER_MAJOR - 1);
    library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  return library;
}

throng_status cuda_blas_load(const cuda_blas **out) {
  *out = &functions;
  if (loaded) return THRONG_OK;
  char reason[512];
  void *library = open_library(reason, sizeof reason);
  if (!library)
    return throng_fail(THRONG_ERROR_BACKEND,
                       "backend cuda needs libcublas.so.%d or .%d: %s; install it (part of the "
                       "CUDA toolkit) or name its folder in LD_LIBRARY_PATH",
                       CUBLAS_VER_MAJOR, CUBLAS_VER_MAJOR - 1, reason);
  const struct {
    const char *name;
    void *slot;
  } symbol[] = {{"cublasCreate_v2", &functions.create},
                {"cublasDestroy_v2", &functions.destroy},
                {"cublasGetVersion_v2", &functions.get_version},
                {"cublasSetStream_v2", &functions.set_stream},
                {"cublasSetWorkspace_v2", &functions.set_workspace},
                {"cublasSetMathMode", &functions.set_math_mode},
                {"cublasSetAtomicsMode", &functions.set_atomics_mode},
                {"cublasSgemmStridedBatched", &functions.sgemm_strided_batched}};
  for (size_t k = 0; k < sizeof symbol / sizeof *symbol; ++k)
    THRONG_TRY(find(library, symbol[k].name, symbol[k].slot));
  loaded = true;
  return THRONG_OK;
}
