/// State features with a warp a state: threads share out an item's numbers, so that rows of the
/// catalogue are read side by side and sums stay in registers. Bit for bit what state_features_row
/// gives (kernels/agent/agent_features.h): each number is summed by one thread, newest entry first.
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

enum { EACH = AGENT_MAX_DIRECTION / WARP_THREADS };  // numbers of a block that a thread sums
static_assert((int)AGENT_MAX_DIRECTION == (int)AGENT_MAX_CATEGORY, "one layout for both");

/// Sums over the history of numbers thread, thread + 32 of each block of the state's features.
struct sums {
  float share[2][EACH], recent[2][EACH];  // [liked 0, disliked 1]
  float category_liked[EACH], category_disliked[EACH], category_recent[EACH];
};

__device__ void add(const state_features_args *a, uint32_t entry, float weight, sums *s) {
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const int32_t nd = a->n_direction, nc = a->n_category;
  const bool like = history_like(entry);
  const float *x = a->item + (int64_t)history_item(entry) * a->n_feature;
  const float *e = like ? x : x + nd;
  UNROLL()
  for (int k = 0; k < EACH; ++k) {
    const int32_t i = thread + k * WARP_THREADS;
    const float v = i < nd ? e[i] : 0.0f, c = i < nc ? x[2 * nd + i] : 0.0f;
    if (like) {
      s->share[0][k] += v;
      s->recent[0][k] += weight * v;
      s->category_liked[k] += c;
      s->category_recent[k] += weight * c;
    } else {
      s->share[1][k] += v;
      s->recent[1][k] += weight * v;
      s->category_disliked[k] += c;
      s->category_recent[k] += -weight * c;
    }
  }
}

__device__ void write(const state_features_args *a, int64_t row, const sums *s, int32_t likes,
                      int32_t length) {
  const int thread = (int)(threadIdx.x % WARP_THREADS);
  const int32_t nd = a->n_direction, nc = a->n_category;
  float *direction = a->feature + row * a->stride;
  float *category = direction + STATE_DIRECTION_BLOCKS * nd;
  const float per_like = likes ? 1.0f / (float)likes : 0.0f;
  const float per_dislike = length > likes ? 1.0f / (float)(length - likes) : 0.0f;
  const float per_entry = length ? 1.0f / (float)length : 0.0f;
  const float recent = 1.0f - AGENT_RECENCY;
  UNROLL()
  for (int k = 0; k < EACH; ++k) {
    const int32_t i = thread + k * WARP_THREADS;
    if (i < nd) {
      direction[STATE_LIKED_MEAN * nd + i] = s->share[0][k] * per_like;
      direction[STATE_DISLIKED_MEAN * nd + i] = s->share[1][k] * per_dislike;
      direction[STATE_LIKED_SHARE * nd + i] = s->share[0][k] * per_entry;
      direction[STATE_DISLIKED_SHARE * nd + i] = s->share[1][k] * per_entry;
      direction[STATE_LIKED_RECENT * nd + i] = s->recent[0][k] * recent;
      direction[STATE_DISLIKED_RECENT * nd + i] = s->recent[1][k] * recent;
    }
    if (i < nc) {
      const float liked = s->category_liked[k], disliked = s->category_disliked[k];
      category[STATE_CATEGORY_SIGN * nc + i] = (liked - disliked) / (liked + disliked + 1.0f);
      category[STATE_CATEGORY_LIKED * nc + i] = liked / (liked + 1.0f);
      category[STATE_CATEGORY_DISLIKED * nc + i] = disliked / (disliked + 1.0f);
      category[STATE_CATEGORY_RECENT * nc + i] = s->category_recent[k] * recent;
    }
  }
}

__device__ void features(const state_features_args *a, int64_t row) {
  if (row_is_idle(a->used, a->rows, row)) return;
  const int32_t length = a->state.length[row], session = a->state.session[row];
  const uint32_t *entry = a->state.entry + row * a->state.capacity;
  sums s = {};
  int32_t likes = 0, session_likes = 0;
  float weight = 1.0f, recent_likes = 0.0f;
  for (int32_t k = length - 1; k >= 0; --k) {
    const int like = history_like(entry[k]);
    add(a, entry[k], weight, &s);
    likes += like;
    session_likes += like && k >= length - session;
    recent_likes += like ? weight : 0.0f;
    weight *= AGENT_RECENCY;
  }
  write(a, row, &s, likes, length);
  if (threadIdx.x % WARP_THREADS != 0) return;
  float *fact = a->feature + row * a->stride + STATE_DIRECTION_BLOCKS * a->n_direction +
                STATE_CATEGORY_BLOCKS * a->n_category;
  const float per_entry = length ? 1.0f / (float)length : 0.0f;
  fact[0] = (float)likes * per_entry;
  fact[1] = recent_likes * (1.0f - AGENT_RECENCY);
  fact[2] = (float)length / (float)a->state.capacity;
  fact[3] = (float)session / (float)a->state.capacity;
  fact[4] = session ? (float)session_likes / (float)session : 0.0f;
  fact[5] = length ? (history_like(entry[length - 1]) ? 1.0f : -1.0f) : 0.0f;
}

CUDA_WARP_ROW(state_features, features, 5)

}  // namespace

extern "C" cudaError_t cuda_state_features_launch(const void *args, int64_t n_row,
                                                  cudaStream_t stream) {
  return state_features_warp_launch(args, n_row, stream);
}
