/// Updates with many threads a row: a row function's thread would walk a thousand numbers one after
/// the other, far from its neighbours'. Adam with its soft target takes a block a row, a number a
/// thread, and gives the row functions' bits; so do the norm's squares, eight threads a row. Sums
/// over a batch are cut into slices that are joined in order: the same on every run, and within
/// rounding of the row functions' (kernels/agent/optimizer.h, clock.h, base/elementwise.h,
/// sta_adam.h).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

enum { SLICES = CUDA_ROW_THREADS / WARP_THREADS, SQUARE_THREADS = 8 };

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    adam_block(const adam_args a, const int64_t n_row) {
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) {
    const int64_t agent = row / a.n_block, begin = row % a.n_block * ADAM_BLOCK;
    const int64_t n = a.size - begin < ADAM_BLOCK ? a.size - begin : (int64_t)ADAM_BLOCK;
    if (!a.learns[agent] || adam_rests(&a, agent, row % a.n_block)) continue;
    const adam_scale s = a.scale[agent];
    const float b1 = a.beta1[agent], b2 = a.beta2[agent], epsilon = a.epsilon[agent];
    const float tau = a.target ? a.tau[agent] : 1.0f;
    for (int64_t i = threadIdx.x; i < n; i += CUDA_ROW_THREADS) {
      const int64_t at = agent * a.size + begin + i;
      float weight = a.weight[at];
      if (a.rms && a.rms[agent])
        rms_element(&weight, &a.moment2[at], a.gradient[at] * s.clip, b2, s.step_size, epsilon);
      else
        adam_element(&weight, &a.moment1[at], &a.moment2[at], a.gradient[at] * s.clip, b1, b2,
                     s.step_size, s.root, epsilon);
      a.weight[at] = weight;
      if (tau < 1.0f) a.target[at] += tau * (weight - a.target[at]);
    }
  }
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    sta_adam_block(const sta_adam_args a, const int64_t n_row) {
  const float step = a.learning_rate / a.correction1;
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) {
    const int64_t begin = row * STA_ADAM_CHUNK;
    const int64_t n = a.n - begin < STA_ADAM_CHUNK ? a.n - begin : (int64_t)STA_ADAM_CHUNK;
    for (int64_t i = begin + threadIdx.x; i < begin + n; i += CUDA_ROW_THREADS)
      adam_element(&a.x[i], &a.m[i], &a.v[i], a.grad[i] + a.weight_decay * a.x[i], a.beta1, a.beta2,
                   step, a.correction2, a.epsilon);
  }
}

/// Eight threads a row, each with one of square_sum_row's eight sums.
__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    square_sum_eight(const square_sum_args a, const int64_t n_row) {
  const int64_t rows = (int64_t)gridDim.x * (CUDA_ROW_THREADS / SQUARE_THREADS);
  const int64_t first =
      (int64_t)blockIdx.x * (CUDA_ROW_THREADS / SQUARE_THREADS) + threadIdx.x / SQUARE_THREADS;
  const int k = (int)(threadIdx.x % SQUARE_THREADS);
  // All threads of a warp stay for its exchanges, those past the last row too.
  for (int64_t turn = 0; turn * rows < n_row; ++turn) {
    const int64_t row = first + turn * rows;
    double sum = 0;
    if (row < n_row) {
      const int64_t agent = row / a.n_block, begin = row % a.n_block * ADAM_BLOCK;
      const int64_t n = a.size - begin < ADAM_BLOCK ? a.size - begin : (int64_t)ADAM_BLOCK;
      const float *g = a.gradient + agent * a.size + begin;
      for (int64_t i = k; i < n; i += SQUARE_THREADS) sum += (double)g[i] * (double)g[i];
    }
    sum += __shfl_xor_sync(WARP_ALL, sum, 4);
    sum += __shfl_xor_sync(WARP_ALL, sum, 1);
    sum += __shfl_xor_sync(WARP_ALL, sum, 2);
    if (row < n_row && k == 0)
      a.partial[row / a.n_block * a.n_partial + a.first + row % a.n_block] = sum;
  }
}

/// A block takes 32 columns of one agent, a warp a slice of the rows.
__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    column_sum_slices(const column_sum_args a, const int64_t n_agent, const int64_t n_group) {
  SHARED(float, part, [SLICES][WARP_THREADS]);
  const int thread = (int)(threadIdx.x % WARP_THREADS), slice = (int)(threadIdx.x / WARP_THREADS);
  for (int64_t task = blockIdx.x; task < n_agent * n_group; task += gridDim.x) {
    const int64_t agent = task / n_group, column = task % n_group * WARP_THREADS + thread;
    float sum = 0;
    if (column < a.width) {
      const float *x = a.x + agent * a.rows * a.width + column;
      const int64_t end = a.rows * (slice + 1) / SLICES;
      for (int64_t i = a.rows * slice / SLICES; i < end; ++i) sum += x[i * a.width];
    }
    part[slice][thread] = sum;
    __syncthreads();
    if (slice == 0 && column < a.width) {
      for (int k = 1; k < SLICES; ++k) sum += part[k][thread];
      a.sum[agent * a.width + column] = sum;
    }
    __syncthreads();
  }
}

/// A block an agent; each thread sums every 256th place.
__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    batch_mean_block(const batch_mean_args a, const int64_t n_row) {
  SHARED(float, part, [2][CUDA_ROW_THREADS]);
  const int thread = (int)threadIdx.x;
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) {
    if (!a.learns[row]) continue;
    const int64_t batch = a.used ? a.used[row] : a.batch;
    float loss = 0, q = 0;
    for (int64_t j = thread; j < batch; j += CUDA_ROW_THREADS) {
      loss += a.loss[row * a.batch + j];
      q += a.q[row * a.batch + j];
    }
    part[0][thread] = loss;
    part[1][thread] = q;
    __syncthreads();
    for (int half = CUDA_ROW_THREADS / 2; half > 0; half /= 2) {
      if (thread < half) {
        part[0][thread] += part[0][thread + half];
        part[1][thread] += part[1][thread + half];
      }
      __syncthreads();
    }
    if (thread == 0) {
      a.batch_loss[row] = part[0][0] / (float)batch;
      a.loss_sum[row] += part[0][0] / (float)batch;
      a.q_sum[row] += part[1][0] / (float)batch;
      a.n_sum[row] += 1;
    }
    __syncthreads();
  }
}

}  // namespace

extern "C" cudaError_t cuda_adam_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  LAUNCH_ALONE(adam_block, cuda_blocks(n_row, 1), CUDA_ROW_THREADS, stream,
               *static_cast<const adam_args *>(args), n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_sta_adam_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  LAUNCH_ALONE(sta_adam_block, cuda_blocks(n_row, 1), CUDA_ROW_THREADS, stream,
               *static_cast<const sta_adam_args *>(args), n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_square_sum_launch(const void *args, int64_t n_row,
                                              cudaStream_t stream) {
  LAUNCH(square_sum_eight, cuda_blocks(n_row, CUDA_ROW_THREADS / SQUARE_THREADS), CUDA_ROW_THREADS,
         stream, *static_cast<const square_sum_args *>(args), n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_column_sum_launch(const void *args, int64_t n_row,
                                              cudaStream_t stream) {
  const column_sum_args *a = static_cast<const column_sum_args *>(args);
  const int64_t n_agent = n_row ? n_row / a->width : 0;
  const int64_t n_group = (a->width + WARP_THREADS - 1) / WARP_THREADS;
  LAUNCH(column_sum_slices, cuda_blocks(n_agent * n_group, 1), CUDA_ROW_THREADS, stream, *a,
         n_agent, n_group);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_batch_mean_launch(const void *args, int64_t n_row,
                                              cudaStream_t stream) {
  LAUNCH(batch_mean_block, cuda_blocks(n_row, 1), CUDA_ROW_THREADS, stream,
         *static_cast<const batch_mean_args *>(args), n_row);
  return cudaGetLastError();
}
