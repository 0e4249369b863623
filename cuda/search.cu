/// The yardsticks' search over the catalogue with a thread a candidate: a history entry's row of
/// the item-item table is read side by side, and sums stay in registers. The best of a tile are
/// found by one arg-max after the other. Bit for bit what yardstick_search_row gives
/// (kernels/yardstick/yardstick_search.h).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

enum { EACH = YARDSTICK_TILE / CUDA_ROW_THREADS };  // candidates of a thread
static_assert((int)YARDSTICK_TILE % CUDA_ROW_THREADS == 0, "whole candidates");

struct ranked {
  yardstick_value value;
  int32_t item;  // -1: none
};

__device__ bool better(const ranked &a, const ranked &b) {
  return a.item >= 0 && yardstick_better(a.value, a.item, b.value, b.item);
}

/// See yardstick_gather and yardstick_sums_of.
__device__ vote_sums gather(const yardstick_search_args *a, int64_t lane, int32_t candidate) {
  const sim_args *s = &a->sim;
  const history_view h = sim_history(s, lane);
  if (yardstick_asks_published(a))
    return published_gather(&s->world, s->table, &s->published, &h, candidate);
  const int32_t *preference = sim_preference_of(s, lane);
  if (!s->table) return vote_gather(&s->world, 0, &s->rule, preference, &h, candidate);
  vote_sums sums = {
      {{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}, {{-PAIR_UNIT, -PAIR_UNIT}, {-PAIR_UNIT, -PAIR_UNIT}}};
  const int32_t length = history_length(&h);
  for (int32_t k = 0; k < length; ++k) {
    if (s->rule.leaves_own && history_item(h.entry[k]) == candidate) continue;
    const int side = history_like(h.entry[k]) ? PAIR_POS : PAIR_NEG;
    const uint32_t record =
        pair_table_at(s->table, s->world.n_item, side, history_item(h.entry[k]))[candidate];
    vote_add(&sums, &h.entry[k], &record, 1);
  }
  if (s->rule.similarity == THRONG_SIMILARITY_MEAN)
    vote_gather_mean(&sums, &s->world, &s->rule, preference, h.entry, length, candidate);
  return sums;
}

/// The block's best of what its threads offer; every thread gets it.
__device__ ranked block_best(ranked own, ranked *shared) {
  shared[threadIdx.x] = own;
  __syncthreads();
  for (unsigned half = CUDA_ROW_THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half && better(shared[threadIdx.x + half], shared[threadIdx.x]))
      shared[threadIdx.x] = shared[threadIdx.x + half];
    __syncthreads();
  }
  const ranked best = shared[0];
  __syncthreads();  // before the next round writes
  return best;
}

__device__ void search(const yardstick_search_args *a, int64_t row, ranked *shared) {
  const sim_args *s = &a->sim;
  const int64_t lane = row / a->n_tile;
  const int32_t begin = (int32_t)(row % a->n_tile) * YARDSTICK_TILE;
  const bool idle = sim_idle(s, lane);
  ranked own[EACH];
  for (int k = 0; k < EACH; ++k) {
    const int32_t item = begin + k * CUDA_ROW_THREADS + (int32_t)threadIdx.x;
    own[k] = {{0.0f, 0.0f}, -1};
    if (idle || item >= s->world.n_item || yardstick_masked(s, lane, item)) continue;
    const vote_sums sums = gather(a, lane, item);
    own[k] = {yardstick_value_of(a, lane, &sums, item), item};
  }
  for (int32_t rank = 0; rank < a->top; ++rank) {
    ranked offer = own[0];
    for (int k = 1; k < EACH; ++k)
      if (better(own[k], offer)) offer = own[k];
    const ranked best = block_best(offer, shared);
    for (int k = 0; k < EACH; ++k)
      if (own[k].item == best.item) own[k].item = -1;
    if (threadIdx.x != 0) continue;
    a->item[row * a->top + rank] = best.item;
    if (best.item >= 0) a->value[row * a->top + rank] = best.value;
  }
}

/// Two blocks a multiprocessor: three, which is what the compiler aims at, spill.
__global__ void __launch_bounds__(CUDA_ROW_THREADS, 2)
    yardstick_search_block(const yardstick_search_args args, const int64_t n_row) {
  SHARED(ranked, shared, [CUDA_ROW_THREADS]);
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) search(&args, row, shared);
}

}  // namespace

extern "C" cudaError_t cuda_yardstick_search_launch(const void *args, int64_t n_row,
                                                    cudaStream_t stream) {
  LAUNCH(yardstick_search_block, dim3(cuda_blocks(n_row, 1)), dim3(CUDA_ROW_THREADS), stream,
         *static_cast<const yardstick_search_args *>(args), n_row);
  return cudaGetLastError();
}
