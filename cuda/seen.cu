/// Starting, answering and moving lanes, a thread each. What a lane has seen is forgotten by its
/// whole warp: a bit an item is 31,250 words for a million of them, and one thread would write them
/// one after the other while 31 wait. Where users do not change, kernels that know nothing of it
/// run: fewer registers, no question a lane (n_row 0 loads both). Bit for bit sim_begin_row,
/// sim_respond_row and sim_transition_row (kernels/sim/sim_step.h).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

__device__ __forceinline__ bool begin(const sim_args *a, int64_t lane) {
  sim_begin_lane(a, lane);
  return true;
}
/// CHANGES: users.on, which the launch knows.
template <int CHANGES>
__device__ __forceinline__ bool move(const sim_args *a, int64_t lane) {
  return sim_transition_lane(a, lane, CHANGES) != 0;
}

/// BY_LANE(args, lane): did an episode start? The grid is whole warps, and strides by whole warps.
template <bool BY_LANE(const sim_args *, int64_t)>
__device__ __forceinline__ void lanes(const sim_args *a, int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row - thread < n_row;
       row += stride) {
    const bool starts = row < n_row && BY_LANE(a, row);
    unsigned left = __ballot_sync(WARP_ALL, starts && a->mask_seen);
    __syncwarp();  // what a lane's own thread wrote comes first
    for (; left; left &= left - 1)
      sim_forget_seen(a, row - thread + __ffs((int)left) - 1, thread, WARP_THREADS);
  }
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS, 4)
    sim_begin_seen(const sim_args args, const int64_t n_row) {
  lanes<begin>(&args, n_row);
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS, 4)
    sim_transition_seen(const sim_args args, const int64_t n_row) {
  lanes<move<0>>(&args, n_row);
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS, 4)
    sim_transition_users(const sim_args args, const int64_t n_row) {
  lanes<move<1>>(&args, n_row);
}

/// Joining the votes, a thread a lane: see sim_respond_row.
template <int CHANGES>
__device__ __forceinline__ void answers(const sim_args *a, int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride)
    sim_respond_lane(a, row, CHANGES);
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    sim_respond_votes(const sim_args args, const int64_t n_row) {
  answers<0>(&args, n_row);
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    sim_respond_users(const sim_args args, const int64_t n_row) {
  answers<1>(&args, n_row);
}

}  // namespace

extern "C" cudaError_t cuda_sim_begin_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  LAUNCH(sim_begin_seen, dim3(cuda_blocks(n_row, CUDA_ROW_THREADS)), dim3(CUDA_ROW_THREADS), stream,
         *static_cast<const sim_args *>(args), n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_sim_transition_launch(const void *args, int64_t n_row,
                                                  cudaStream_t stream) {
  const sim_args *a = static_cast<const sim_args *>(args);
  const dim3 grid(cuda_blocks(n_row, CUDA_ROW_THREADS)), block(CUDA_ROW_THREADS);
  if (a->users.on || n_row == 0) LAUNCH(sim_transition_users, grid, block, stream, *a, n_row);
  if (!a->users.on || n_row == 0) LAUNCH(sim_transition_seen, grid, block, stream, *a, n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_sim_respond_launch(const void *args, int64_t n_row,
                                               cudaStream_t stream) {
  const sim_args *a = static_cast<const sim_args *>(args);
  const unsigned grid = cuda_blocks(n_row, CUDA_ROW_THREADS);
  if (a->users.on || n_row == 0)
    LAUNCH_ALONE(sim_respond_users, grid, CUDA_ROW_THREADS, stream, *a, n_row);
  if (!a->users.on || n_row == 0)
    LAUNCH_ALONE(sim_respond_votes, grid, CUDA_ROW_THREADS, stream, *a, n_row);
  return cudaGetLastError();
}
