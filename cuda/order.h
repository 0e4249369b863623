/// One stream's work after another's, without the host waiting for either.
#ifndef THRONG_CUDA_ORDER_H
#define THRONG_CUDA_ORDER_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

/// `before`: what the stream of this number is given from now on comes after all that `own` has
/// queued; or the other way. CUDA's numbers of its two default streams are cudaStream_t already.
static inline cudaError_t cuda_order_streams(cudaStream_t own, uint64_t number, bool before) {
  const cudaStream_t other = (cudaStream_t)(uintptr_t)number;
  cudaEvent_t done;
  cudaError_t error = cudaEventCreateWithFlags(&done, cudaEventDisableTiming);
  if (error != cudaSuccess) return error;
  error = cudaEventRecord(done, before ? own : other);
  if (error == cudaSuccess) error = cudaStreamWaitEvent(before ? other : own, done, 0);
  (void)cudaEventDestroy(done);  // CUDA keeps it until it has come
  return error;
}

#endif
