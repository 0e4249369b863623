/// The softmax over a catalogue, products and sums in one kernel as in best.cu: a block takes 128
/// states of an agent and a share of the items, and a thread keeps for each of its states the
/// greatest score and two sums. They are joined over threads, then over shares, in a fixed order:
/// within rounding of softmax_search_row (kernels/agent/softmax.h). And what else of a policy's
/// update takes more threads a row: a tile's gradients with a warp a state, sums over a batch or
/// an agent's lanes with a block each.
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "product.cuh"
#include "warp.cuh"

namespace {

enum { WORDS = SIDE / 32 };

/// Which of a tile's items each state leaves out.
struct hidden_items {
  uint32_t of[SIDE][WORDS];
};

struct thread_sums {
  float most[EACH][CUDA_ROW_THREADS], sum[EACH][CUDA_ROW_THREADS];
  float weighted[EACH][CUDA_ROW_THREADS];
};

__device__ void hide(hidden_items *hidden, int row, int32_t offset) {
  if (offset >= 0 && offset < SIDE) hidden->of[row][offset / 32] |= 1u << offset % 32;
}

/// A thread a state; the others have nothing to do.
__device__ void hide_items(const softmax_search_args *a, int32_t first, hidden_items *hidden) {
  const int row = (int)threadIdx.x;
  const int64_t state = (int64_t)blockIdx.x * SIDE + row;
  if (row >= SIDE) return;
  for (int word = 0; word < WORDS; ++word) hidden->of[row][word] = 0;
  if (state >= a->n_state) return;
  const int64_t at = blockIdx.z * a->n_state + state;
  if (a->seen) {
    for (int64_t word = 0; word < WORDS && first / 32 + word < a->n_seen_word; ++word)
      hidden->of[row][word] = a->seen[at * a->n_seen_word + first / 32 + word];
  } else if (a->shown.entry) {
    const uint32_t *entry = a->shown.entry + at * a->shown.capacity;
    const int32_t length = a->shown.length[at];
    for (int32_t k = length - a->shown.session[at]; k < length; ++k)
      hide(hidden, row, history_item(entry[k]) - first);
    const int64_t *span = a->real.offset ? a->real.offset + a->shown.user[at] : 0;
    for (int64_t k = span ? span[0] : 0; span && k < span[1]; ++k)
      hide(hidden, row, history_item(a->real.entry[k]) - first);
  }
  for (int32_t k = 0; a->item && k < a->slate; ++k)
    hide(hidden, row, a->item[at * a->slate + k] - first);
}

/// The thread's 8 x 8 into its sums.
__device__ void add(const softmax_search_args *a, int32_t first, int32_t end,
                    const hidden_items *hidden, float sum[EACH][EACH], thread_sums *own) {
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const float *bias = a->bias + blockIdx.z * a->n_item + first;
  UNROLL()
  for (int i = 0; i < EACH; ++i) {
    const uint32_t *out = hidden->of[place_of(row, i)];
    float most = own->most[i][threadIdx.x], z[EACH];
    const float before = most;
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      const int32_t offset = place_of(column, j);
      const bool there = offset < end - first && !(out[offset / 32] >> offset % 32 & 1u);
      z[j] = there ? sum[i][j] + bias[offset] : -INFINITY;
      most = z[j] > most ? z[j] : most;
    }
    float total = own->sum[i][threadIdx.x], weighted = own->weighted[i][threadIdx.x];
    if (most > before && before > -INFINITY) {
      const float fall = before - most, factor = exp_portable(fall);
      weighted = (weighted + total * fall) * factor;
      total *= factor;
    }
    const float top = most > -INFINITY ? most : 0.0f;
    UNROLL()
    for (int j = 0; j < EACH; ++j) {
      const float x = z[j] - top, bounded = x < SOFTMAX_LEAST ? SOFTMAX_LEAST : x;
      const float e = exp_to_88(bounded);
      total += e;
      weighted += e * bounded;
    }
    own->most[i][threadIdx.x] = most;
    own->sum[i][threadIdx.x] = total;
    own->weighted[i][threadIdx.x] = weighted;
  }
}

/// x and y as if their items had been added to one.
__device__ softmax_sums join(softmax_sums x, softmax_sums y) {
  const float most = x.most > y.most ? x.most : y.most;
  softmax_sums both = {0, 0, most, 0};
  softmax_sums *const part[2] = {&x, &y};
  for (int k = 0; k < 2; ++k) {
    if (!(part[k]->most > -INFINITY)) {  // nothing, or no numbers
      both.sum += part[k]->sum;
      both.weighted += part[k]->weighted;
      continue;
    }
    const float fall = part[k]->most - most;
    const double factor = (double)exp_portable(fall);
    both.sum += part[k]->sum * factor;
    both.weighted += (part[k]->weighted + part[k]->sum * (double)fall) * factor;
  }
  return both;
}

__device__ softmax_sums exchange(softmax_sums mine, int other) {
  softmax_sums theirs;
  theirs.sum = __shfl_xor_sync(WARP_ALL, mine.sum, other);
  theirs.weighted = __shfl_xor_sync(WARP_ALL, mine.weighted, other);
  theirs.most = __shfl_xor_sync(WARP_ALL, mine.most, other);
  theirs.unused = 0;
  return theirs;
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS, 1)
    softmax_tile(const softmax_search_args a, const int32_t share) {
  // No state of the block counts, see row_is_idle.
  if (a.used && (int64_t)blockIdx.x * SIDE >= a.used[blockIdx.z]) return;
  SHARED(stage, query, [2]);
  SHARED(stage, item, [2]);
  SHARED(thread_sums, owned, [1]);
  SHARED(hidden_items, hidden, [1]);
  thread_sums &own = owned[0];
  const int row = (int)threadIdx.x / ACROSS, column = (int)threadIdx.x % ACROSS;
  const int32_t begin = (int32_t)blockIdx.y * share;
  const int32_t end = begin + share < a.n_item ? begin + share : (int32_t)a.n_item;
  for (int i = 0; i < EACH; ++i) {
    own.most[i][threadIdx.x] = -INFINITY;
    own.sum[i][threadIdx.x] = own.weighted[i][threadIdx.x] = 0.0f;
  }
  for (int32_t first = begin; first < end; first += SIDE) {
    float sum[EACH][EACH] = {};
    hide_items(&a, first, hidden);
    product(&a, first, query, item, sum);
    __syncthreads();  // of a width of no slices too
    add(&a, first, end, hidden, sum, &own);
    __syncthreads();  // before the next tile's are written
  }
  for (int i = 0; i < EACH; ++i) {
    softmax_sums mine = {(double)own.sum[i][threadIdx.x], (double)own.weighted[i][threadIdx.x],
                         own.most[i][threadIdx.x], 0};
    for (int other = ACROSS / 2; other > 0; other /= 2) {
      const softmax_sums theirs = exchange(mine, other);
      // In the order of the threads, so that both sides come to the same bits.
      mine = column & other ? join(theirs, mine) : join(mine, theirs);
    }
    const int64_t state = (int64_t)blockIdx.x * SIDE + place_of(row, i);
    if (column == 0 && state < a.n_state)
      a.share[(blockIdx.y * (int64_t)a.n_agent + blockIdx.z) * a.n_state + state] = mine;
  }
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    softmax_join(const softmax_search_args a, const int64_t n_share, const int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t row = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; row < n_row; row += stride) {
    if (row_is_idle(a.used, a.n_state, row)) continue;
    softmax_sums sums = a.share[row];
    for (int64_t share = 1; share < n_share; ++share)
      sums = join(sums, a.share[share * n_row + row]);
    a.sums[row] = sums;
  }
}

/// A warp a state, neighbouring threads at neighbouring items: softmax_slope_row's bits.
__device__ void slope(const softmax_slope_args *a, int64_t row) {
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const tile_place *t = &a->place;
  const int64_t agent = tile_agent(t, row), state = tile_state(t, a->n_state, row);
  float *z = a->z + row * t->n_column;
  if (row_is_idle(a->used, a->n_state, state)) {
    for (int32_t i = thread; i < t->n_column; i += WARP_THREADS) z[i] = 0.0f;
    return;
  }
  const float *bias = a->bias + agent * a->n_item + t->column;
  const int64_t at = state * a->slate;
  const softmax_slope_rule r = softmax_slope_rule_of(a, state, a->slate - 1);
  for (int32_t i = thread; i < t->n_column; i += WARP_THREADS) {
    float x = softmax_slope_of(z[i] + bias[i] - r.from, r.by_log_prob, r.by_entropy, r.entropy);
    for (int32_t k = 0; k < a->slate; ++k)
      if (a->item[at + k] == t->column + i) x = softmax_slope_shown(a, state, k);
    z[i] = x;
  }
}

CUDA_WARP_ROW(softmax_slope, slope, 6)

/// Sums of a block's threads, two at a time, to thread 0.
template <int N>
__device__ void sum_block(double (*part)[CUDA_ROW_THREADS], double sum[N]) {
  const int thread = (int)threadIdx.x;
  for (int k = 0; k < N; ++k) part[k][thread] = sum[k];
  __syncthreads();
  for (int half = CUDA_ROW_THREADS / 2; half > 0; half /= 2) {
    if (thread < half)
      for (int k = 0; k < N; ++k) part[k][thread] += part[k][thread + half];
    __syncthreads();
  }
  for (int k = 0; k < N; ++k) sum[k] = part[k][0];
  __syncthreads();
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    batch_sum_block(const batch_sum_args a, const int64_t n_row) {
  SHARED(double, part, [2][CUDA_ROW_THREADS]);
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) {
    const int64_t agent = row / a.n_column, column = row % a.n_column;
    const float *x = a.x[column] + agent * a.batch;
    double sum[2] = {0, 0};
    for (int64_t i = threadIdx.x; i < a.used[agent]; i += CUDA_ROW_THREADS) {
      sum[0] += (double)x[i];
      sum[1] += (double)x[i] * (double)x[i];
    }
    sum_block<2>(part, sum);
    double *to = a.sum + (agent * POLICY_COLUMNS + column) * 2;
    if (threadIdx.x < 2) to[threadIdx.x] = sum[threadIdx.x];
  }
}

__global__ void __launch_bounds__(CUDA_ROW_THREADS)
    rollout_judge_block(const rollout_judge_args a, const int64_t n_row) {
  SHARED(double, part, [4][CUDA_ROW_THREADS]);
  for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x) {
    if (a.used[row] == 0) continue;
    double sum[4] = {0, 0, 0, 0};
    for (int64_t l = row * a.agent_lanes + threadIdx.x; l < (row + 1) * a.agent_lanes;
         l += CUDA_ROW_THREADS) {
      sum[0] += a.sums[l].target;
      sum[1] += a.sums[l].target_squares;
      sum[2] += a.sums[l].advantage;
      sum[3] += a.sums[l].advantage_squares;
    }
    sum_block<4>(part, sum);
    const advantage_sums all = {sum[0], sum[1], sum[2], sum[3]};
    if (threadIdx.x == 0) rollout_judge_by(&a, row, &all);
  }
}

}  // namespace

extern "C" cudaError_t cuda_softmax_search_launch(const void *args, int64_t n_row,
                                                  cudaStream_t stream) {
  const softmax_search_args *a = static_cast<const softmax_search_args *>(args);
  const dim3 threads(CUDA_ROW_THREADS), one(1);
  if (n_row == 0) {
    LAUNCH(softmax_tile, one, threads, stream, *a, SIDE);
    LAUNCH_ALONE(softmax_join, one, threads, stream, *a, 0, 0);
    return cudaGetLastError();
  }
  if (a->n_agent > MOST_AGENTS) return cuda_rows[KERNEL_softmax_search](args, n_row, stream);
  const int32_t share = (int32_t)best_search_tiles(a->n_agent, a->n_state, a->n_item) * SIDE;
  const int64_t n_share = softmax_search_shares(a->n_agent, a->n_state, a->n_item);
  const dim3 tiles((unsigned)((a->n_state + SIDE - 1) / SIDE), (unsigned)n_share,
                   (unsigned)a->n_agent);
  LAUNCH(softmax_tile, tiles, threads, stream, *a, share);
  LAUNCH_ALONE(softmax_join, dim3(cuda_blocks(n_row, CUDA_ROW_THREADS)), threads, stream, *a,
               n_share, n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_softmax_slope_launch(const void *args, int64_t n_row,
                                                 cudaStream_t stream) {
  return softmax_slope_warp_launch(args, n_row, stream);
}

extern "C" cudaError_t cuda_batch_sum_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  LAUNCH(batch_sum_block, cuda_blocks(n_row, 1), CUDA_ROW_THREADS, stream,
         *static_cast<const batch_sum_args *>(args), n_row);
  return cudaGetLastError();
}

extern "C" cudaError_t cuda_rollout_judge_launch(const void *args, int64_t n_row,
                                                 cudaStream_t stream) {
  LAUNCH(rollout_judge_block, cuda_blocks(n_row, 1), CUDA_ROW_THREADS, stream,
         *static_cast<const rollout_judge_args *>(args), n_row);
  return cudaGetLastError();
}
