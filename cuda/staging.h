/// Pinned memory through which small uploads go, so that nobody waits for them: a step's actions, a
/// batch's number.
#ifndef THRONG_CUDA_STAGING_H
#define THRONG_CUDA_STAGING_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

enum { STAGING_BYTES = 1 << 20 };

typedef struct cuda_staging {
  void *block;        // (STAGING_BYTES) NULL: the system gave none, uploads go without
  cudaEvent_t taken;  // behind the last copy out of it
} cuda_staging;

void cuda_staging_open(cuda_staging *s);
/// Nothing may be queued that reads it.
void cuda_staging_close(cuda_staging *s);
/// May an upload of this size go through it?
bool cuda_staging_fits(const cuda_staging *s, size_t bytes);
/// Queue an upload; `from` may be changed as soon as this returns. Waits where the last one has not
/// been taken yet.
cudaError_t cuda_staging_upload(cuda_staging *s, void *to, const void *from, size_t bytes,
                                cudaStream_t stream);

#endif
