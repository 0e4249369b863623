/// Uploads through pinned memory: pageable memory would be copied by the driver, which waits.
#include "staging.h"

#include <string.h>

void cuda_staging_open(cuda_staging *s) {
  *s = (cuda_staging){0};
  cudaError_t error = cudaHostAlloc(&s->block, STAGING_BYTES, cudaHostAllocDefault);
  if (error != cudaSuccess) s->block = NULL;
  if (error == cudaSuccess) error = cudaEventCreateWithFlags(&s->taken, cudaEventDisableTiming);
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();  // a wish: uploads take the other way
  if (s->block) (void)cudaFreeHost(s->block);
  *s = (cuda_staging){0};
}

void cuda_staging_close(cuda_staging *s) {
  if (!s->block) return;
  (void)cudaEventDestroy(s->taken);
  (void)cudaFreeHost(s->block);
  *s = (cuda_staging){0};
}

bool cuda_staging_fits(const cuda_staging *s, size_t bytes) {
  return s->block && bytes <= STAGING_BYTES;
}

cudaError_t cuda_staging_upload(cuda_staging *s, void *to, const void *from, size_t bytes,
                                cudaStream_t stream) {
  cudaError_t error = cudaEventSynchronize(s->taken);  // at once where nothing was recorded yet
  if (error != cudaSuccess) return error;
  memcpy(s->block, from, bytes);
  error = cudaMemcpyAsync(to, s->block, bytes, cudaMemcpyHostToDevice, stream);
  return error == cudaSuccess ? cudaEventRecord(s->taken, stream) : error;
}
