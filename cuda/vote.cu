/// The logical votes with a warp a lane: threads share out the history's entries, and where there
/// is no item-item table, half a warp takes an embedding's numbers side by side. Bit for bit what
/// sim_vote_row gives (kernels/vote/logical.h): integers in any order, floats in dot_product's.
#include "kernels.h"
#include "kernels/sim/sim_step.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

enum { HALF = 16 };

/// Sums of all threads, the same in each.
__device__ void join(vote_sums *sums) {
  for (int side = 0; side < 2; ++side)
    for (int scope = 0; scope < 2; ++scope) {
      sums->count[side][scope] = warp_sum(sums->count[side][scope]);
      sums->matches[side][scope] = warp_sum(sums->matches[side][scope]);
      sums->nearest[side][scope] = warp_max(sums->nearest[side][scope]);
    }
}

/// A 4-byte record an entry; neighbouring threads read neighbouring entries.
__device__ void gather_table(vote_sums *sums, const sim_args *a, const uint32_t *entry, int32_t n,
                             int32_t candidate) {
  const uint32_t *pos = pair_table_at(a->table, a->world.n_item, PAIR_POS, candidate);
  const int64_t to_neg = (int64_t)a->world.n_item * a->world.n_item;
  for (int32_t k = (int32_t)(threadIdx.x % WARP_THREADS); k < n; k += WARP_THREADS) {
    const uint32_t e = entry[k];
    if (a->rule.leaves_own && history_item(e) == candidate) continue;
    const uint32_t record = pos[(history_like(e) ? 0 : to_neg) + history_item(e)];
    vote_add(sums, &e, &record, 1);
  }
  join(sums);
}

/// <e(candidate), e(item)> by half a warp, in the order of dot_product. `wanted` halves read.
__device__ float half_dot(const float *a, const float *b, int32_t dim, bool wanted) {
  float sum = 0.0f;
  if (wanted)
    for (int32_t i = (int32_t)(threadIdx.x % HALF); i < dim; i += HALF) sum += a[i] * b[i];
  return half_warp_join(sum);
}

/// Embeddings of the entries that count, two entries at a time. All threads come here together.
__device__ void gather_nearest(vote_sums *sums, const world_view *w, uint32_t entry, bool counts,
                               int32_t scope, int32_t candidate) {
  const int thread = (int)(threadIdx.x % WARP_THREADS), half = thread / HALF;
  for (int first = 0; first < WARP_THREADS; first += 2) {
    const uint32_t e = __shfl_sync(WARP_ALL, entry, first + half);
    const bool wanted = __shfl_sync(WARP_ALL, (int)counts, first + half) != 0;
    const int of = __shfl_sync(WARP_ALL, scope, first + half);
    if (__ballot_sync(WARP_ALL, wanted) == 0) continue;
    const int side = history_like(e) ? PAIR_POS : PAIR_NEG;
    const float *row = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
    const float dot = half_dot(row + (int64_t)candidate * w->dim,
                               row + (int64_t)history_item(e) * w->dim, w->dim, wanted);
    const int32_t near = pair_quantise(dot);
    if (wanted && near > sums->nearest[side][of]) sums->nearest[side][of] = near;
  }
}

/// See vote_gather_direct.
__device__ void gather_direct(vote_sums *sums, const sim_args *a, const uint32_t *entry, int32_t n,
                              int32_t candidate) {
  const world_view *w = &a->world;
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const int32_t left_out = a->rule.leaves_own ? candidate : -1;
  for (int32_t k = thread; k < n; k += WARP_THREADS) {
    if (history_item(entry[k]) == left_out) continue;
    const int side = history_like(entry[k]) ? PAIR_POS : PAIR_NEG;
    sums->count[side][0] += 1;
    sums->count[side][1] += pair_share_category(w, candidate, history_item(entry[k]));
  }
  join(sums);
  const vote_scope scope = vote_choose_scope(sums, a->rule.semantics);
  const int empty_equal = a->rule.semantics == THRONG_SEMANTICS_PUBLISHED_CODE;
  vote_sums own = {
      {{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}, {{-PAIR_UNIT, -PAIR_UNIT}, {-PAIR_UNIT, -PAIR_UNIT}}};
  for (int32_t begin = 0; begin < n; begin += WARP_THREADS) {
    const int32_t k = begin + thread;
    const uint32_t e = k < n ? entry[k] : 0;
    const int side = history_like(e) ? PAIR_POS : PAIR_NEG, of = scope.of[side];
    const bool counts = k < n && history_item(e) != left_out &&
                        (!of || pair_share_category(w, candidate, history_item(e)) != 0);
    if (counts)
      own.matches[side][of] += pair_count_matches(w, side, empty_equal, candidate, history_item(e));
    if (a->rule.similarity == THRONG_SIMILARITY_MAX)
      gather_nearest(&own, w, e, counts, of, candidate);
  }
  join(&own);
  for (int side = 0; side < 2; ++side)
    for (int of = 0; of < 2; ++of) {
      sums->matches[side][of] = own.matches[side][of];
      sums->nearest[side][of] = own.nearest[side][of];
    }
}

/// Similarity to the lane's preference vectors: a side for each half of the warp.
__device__ void gather_mean(vote_sums *sums, const sim_args *a, const int32_t *preference,
                            const uint32_t *entry, int32_t n, int32_t candidate) {
  const world_view *w = &a->world;
  const int thread = (int)(threadIdx.x % WARP_THREADS), side = thread / HALF;
  const float *e = side == PAIR_POS ? w->embedding_pos : w->embedding_neg;
  const int32_t own = vote_count_own(&a->rule, entry, n, side, candidate);
  float partial = 0.0f;
  for (int32_t i = thread % HALF; i < w->dim; i += HALF) {
    const float of = e[(int64_t)candidate * w->dim + i];
    const int32_t sum = preference[(int64_t)side * w->dim + i];
    partial += of * (float)(own > 0 ? sum - own * preference_quantise(of) : sum);
  }
  const float total = half_warp_join(partial);
  for (int of = 0; of < 2; ++of) {
    const float sum = __shfl_sync(WARP_ALL, total, of * HALF);
    const int32_t count = sums->count[of][0];
    if (count == 0) continue;
    sums->nearest[of][0] = sums->nearest[of][1] =
        pair_quantise(sum / ((float)count * (float)PREFERENCE_UNIT));
  }
}

__device__ vote_sums gather(const sim_args *a, int64_t lane, int32_t candidate) {
  vote_sums sums = {
      {{0, 0}, {0, 0}}, {{0, 0}, {0, 0}}, {{-PAIR_UNIT, -PAIR_UNIT}, {-PAIR_UNIT, -PAIR_UNIT}}};
  const history_view h = sim_history(a, lane);
  const int32_t n = history_length(&h);
  if (a->table)
    gather_table(&sums, a, h.entry, n, candidate);
  else
    gather_direct(&sums, a, h.entry, n, candidate);
  if (a->rule.similarity == THRONG_SIMILARITY_MEAN)
    gather_mean(&sums, a, sim_preference_of(a, lane), h.entry, n, candidate);
  return sums;
}

__device__ void vote(const sim_vote_args *a, int64_t lane) {
  if (sim_idle(a, lane)) return;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    const int64_t at = lane * a->slate_size + slot;
    const vote_sums sums = gather(a, lane, a->action[at]);
    if (threadIdx.x % WARP_THREADS != 0) continue;
    const vote_stream stream = sim_stream(a, lane, slot);
    vote_decide_logical(&sums, a->rule.semantics, &stream, &a->vote[at]);
  }
}

CUDA_WARP_ROW(sim_vote, vote, 4)

/// The released environment's, a thread a lane as in sim_vote_row: a kernel of its own, for inlined
/// beside the warp's it spilled the registers of both.
__global__ void __launch_bounds__(CUDA_ROW_THREADS, 2)
    sim_vote_published(const sim_vote_args args, const int64_t n_row) {
  const int64_t stride = (int64_t)gridDim.x * blockDim.x;
  for (int64_t lane = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; lane < n_row; lane += stride)
    sim_vote_row(&args, lane);
}

cudaError_t published_launch(const sim_vote_args *args, int64_t n_row, cudaStream_t stream) {
  LAUNCH_ALONE(sim_vote_published, cuda_blocks(n_row, CUDA_ROW_THREADS), CUDA_ROW_THREADS, stream,
               *args, n_row);
  return cudaGetLastError();
}

}  // namespace

/// On no rows both are launched, to load them.
extern "C" cudaError_t cuda_sim_vote_launch(const void *args, int64_t n_row, cudaStream_t stream) {
  const sim_vote_args *a = static_cast<const sim_vote_args *>(args);
  if (a->published.reviewer) return published_launch(a, n_row, stream);
  const cudaError_t loaded = n_row == 0 ? published_launch(a, 0, stream) : cudaSuccess;
  return loaded == cudaSuccess ? sim_vote_warp_launch(args, n_row, stream) : loaded;
}
