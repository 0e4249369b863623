/// Folding a tile of Q with a warp a state: neighbouring threads look at neighbouring items, and
/// what is better goes into the list in the items' order. Bit for bit what best_fold_row gives
/// (kernels/agent/agent_act.h).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

__device__ void fold(const best_fold_args *a, int64_t row) {
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  if (row_is_idle(a->used, a->n_state, state)) return;
  const float *q = a->q + row * t->n_column;
  const float *bias = a->bias + agent * a->n_item + t->column;
  float *value = a->value + state * a->top;
  int32_t *item = a->item + state * a->top;
  float least = value[a->top - 1];
  for (int32_t begin = 0; begin < t->n_column; begin += WARP_THREADS) {
    const int32_t i = begin + thread;
    float sum = i < t->n_column ? q[i] + bias[i] : -INFINITY;
    if (a->noise.seed && i < t->n_column) {
      const uint32_t candidate = (uint32_t)(t->column + i);
      sum += gumbel_of(noise_words(&a->noise, agent, state, candidate / 4).w[candidate % 4]);
    }
    const bool better = sum > least && !best_masked(a, state, t->column + i);
    for (unsigned left = __ballot_sync(WARP_ALL, better); left; left &= left - 1) {
      const int winner = __ffs((int)left) - 1;
      const float v = __shfl_sync(WARP_ALL, sum, winner);
      if (!(v > least)) continue;
      if (thread == 0) best_insert(value, item, a->top, v, t->column + begin + winner);
      __syncwarp();
      least = value[a->top - 1];
      __syncwarp();
    }
  }
}

CUDA_WARP_ROW(best_fold, fold, 6)

}  // namespace

extern "C" cudaError_t cuda_best_fold_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  return best_fold_warp_launch(args, n_row, stream);
}
