/// f_sta's inference with a warp a lane (or a pair outside any lane), a channel a thread: the width
/// that it was made for, 32, one head, windows up to 64. Bit for bit what the rows give
/// (kernels/sta_token.h): every sum runs in the row function's chains. Other shapes take the row.
#include "kernels.h"
#include "launch.cuh"
#include "list.h"
#include "warp.cuh"

namespace {

enum { WIDTH = 32, MOST_WINDOW = 64 };

__device__ int channel() { return (int)(threadIdx.x % WARP_THREADS); }
__device__ float of(float x, int thread) { return __shfl_sync(WARP_ALL, x, thread); }

/// sta_sum over the channels.
__device__ float channel_sum(float x) {
  x += __shfl_xor_sync(WARP_ALL, x, 16);
  return half_warp_join(x);
}

__device__ float layer_norm(float x, const float *gain, const float *bias) {
  const int c = channel();
  const float centred = x - channel_sum(x) / (float)WIDTH;
  const float square = centred * centred;
  const float scale = 1.0f / sqrtf(channel_sum(square) / (float)WIDTH + STA_LAYER_NORM_EPSILON);
  return centred * scale * gain[c] + bias[c];
}

/// Channel's part of x W + bias, see sta_linear.
__device__ float linear(float x, const float *__restrict__ w, float bias) {
  const int c = channel();
  float s0 = bias, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
  UNROLL()
  for (int i = 0; i < WIDTH; i += 4) {
    s0 = fmaf(of(x, i), w[i * WIDTH + c], s0);
    s1 = fmaf(of(x, i + 1), w[(i + 1) * WIDTH + c], s1);
    s2 = fmaf(of(x, i + 2), w[(i + 2) * WIDTH + c], s2);
    s3 = fmaf(of(x, i + 3), w[(i + 3) * WIDTH + c], s3);
  }
  return (s0 + s1) + (s2 + s3);
}

/// q . x_t for this thread's token, a row of 32 floats, see sta_scores: 16 partial sums, joined by
/// halves. All threads take part, those whose row is NULL read nothing.
__device__ float score(float q, const float *row) {
  float s[THRONG_DOT_LANES];
  UNROLL()
  for (int k = 0; k < THRONG_DOT_LANES; ++k) s[k] = 0.0f;
  UNROLL()
  for (int i = 0; i < WIDTH; i += 4) {
    const float4 x = row ? *reinterpret_cast<const float4 *>(row + i) : float4{};
    float *sum = s + i % THRONG_DOT_LANES;
    sum[0] = fmaf(of(q, i), x.x, sum[0]);
    sum[1] = fmaf(of(q, i + 1), x.y, sum[1]);
    sum[2] = fmaf(of(q, i + 2), x.z, sum[2]);
    sum[3] = fmaf(of(q, i + 3), x.w, sum[3]);
  }
  UNROLL()
  for (int half = THRONG_DOT_LANES / 2; half > 0; half /= 2) {
    UNROLL()
    for (int k = 0; k < half; ++k) s[k] += s[k + half];
  }
  return s[0];
}

/// Channel's part of the n inputs mixed by the query's attention, see sta_attend; rows of `state`
/// are `stride` apart.
__device__ float attention(float q, const float *state, int32_t n, int64_t stride) {
  const int c = channel();
  const float near = score(q, c < n ? state + c * stride : nullptr);
  const float far =
      n > WARP_THREADS
          ? score(q, c + WARP_THREADS < n ? state + (c + WARP_THREADS) * stride : nullptr)
          : 0.0f;
  float largest = c < n ? near : -INFINITY;
  if (c + WARP_THREADS < n && far > largest) largest = far;
  for (int other = 16; other > 0; other /= 2) {
    const float y = __shfl_xor_sync(WARP_ALL, largest, other);
    largest = y > largest ? y : largest;
  }
  const float weight = c < n ? exp_portable(near - largest) : 0.0f;
  const float weight_far = c + WARP_THREADS < n ? exp_portable(far - largest) : 0.0f;
  const int k = c % STA_BLOCK;
  float sum = of(weight, k) + of(weight, k + STA_BLOCK);
  sum += of(weight_far, k);
  sum += of(weight_far, k + STA_BLOCK);
  sum = half_warp_join(sum);
  float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
  int32_t t = 0;
  for (; t + 4 <= n; t += 4) {
    const float from = t < WARP_THREADS ? weight : weight_far;  // 4 divides 32
    const float *r = state + t * stride + c;
    s0 = fmaf(of(from, t % WARP_THREADS), r[0], s0);
    s1 = fmaf(of(from, t % WARP_THREADS + 1), r[stride], s1);
    s2 = fmaf(of(from, t % WARP_THREADS + 2), r[2 * stride], s2);
    s3 = fmaf(of(from, t % WARP_THREADS + 3), r[3 * stride], s3);
  }
  for (; t < n; ++t) {
    const float from = t < WARP_THREADS ? weight : weight_far;
    s0 = fmaf(of(from, t % WARP_THREADS), state[t * stride + c], s0);
  }
  return ((s0 + s1) + (s2 + s3)) * (1.0f / sum);
}

/// See sta_token; returns the channel of z, where `last` asks for it.
__device__ float token(const sta_view *v, float *state, int32_t position, uint32_t entry,
                       bool last) {
  const int c = channel();
  const int64_t stride = (int64_t)v->layers * WIDTH;
  float x = v->item[(int64_t)history_item(entry) * WIDTH + c] * sqrtf((float)WIDTH) +
            v->position[(int64_t)position * WIDTH + c];
  if (v->labels) x += v->label[history_like(entry) * WIDTH + c];
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int64_t row = (int64_t)layer * WIDTH, matrix = row * WIDTH;
    float *cached = state + row;
    float normal = layer_norm(x, v->ln1_gain + row, v->ln1_bias + row);
    cached[position * stride + c] = normal;
    if (!last && layer + 1 == v->layers) break;
    const float q = linear(normal, v->query_matrix + matrix, v->query_bias[row + c]);
    __syncwarp();  // inputs are written by channel and read by token
    const float mixed = attention(q, cached, position + 1, stride);
    x += linear(mixed, v->value_matrix + matrix, v->value_bias[row + c]);
    normal = layer_norm(x, v->ln2_gain + row, v->ln2_bias + row);
    float a = linear(normal, v->w1 + matrix, v->b1[row + c]);
    a = a > 0.0f ? a : 0.0f;
    x += linear(a, v->w2 + matrix, v->b2[row + c]);
  }
  return last ? layer_norm(x, v->lnf_gain, v->lnf_bias) : 0.0f;
}

/// See sta_read_out; an empty history has no state.
__device__ float read_out(const sta_view *v, float z, bool empty, int32_t user) {
  const float user_part = v->read_user[(int64_t)user * WIDTH + channel()];
  return empty ? user_part : linear(z, v->read_matrix, user_part);
}

/// Channel's part of the query after entries `from` .. the last of a history, see sta_cache.h.
__device__ float encode(const sta_view *v, float *state, int32_t user, const history_view *h,
                        int32_t from) {
  const int32_t oldest = h->count - history_length(h);
  const int32_t start = sta_window_start(h->count, v->window);
  float z = 0.0f;
  for (int32_t n = from; n < h->count; ++n)
    z = token(v, state, n - start, history_entry(h, n - oldest), n + 1 == h->count);
  return read_out(v, z, from == h->count, user);
}

__device__ void advance(const sim_sta_args *a, int64_t lane) {
  if (sim_idle(&a->sim, lane)) return;
  const sta_view *v = &a->view;
  const history_view h = sim_history(&a->sim, lane);
  const int32_t encoded = a->cache.encoded[lane];
  if (encoded > 0 && encoded == h.count) return;
  a->cache.query[lane * WIDTH + channel()] =
      encode(v, a->cache.state + lane * sta_cache_size(v), a->sim.user[lane], &h,
             sta_cache_first(v, encoded, h.count));
  __syncwarp();  // everybody has read what was encoded
  if (channel() == 0) a->cache.encoded[lane] = h.count;
}

/// The query of a pair outside any lane, see sta_pairs_query.
__device__ float pair_query(const sta_pairs_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const history_view h = {a->history + a->begin[row], a->count[row], a->count[row]};
  return encode(v, a->scratch + row * sta_pairs_scratch(v), a->user[row], &h,
                sta_window_start(h.count, v->window));
}

/// query . E(item) in the order of dot_product, the same in every thread.
__device__ float product(const sta_view *v, float query, int32_t item) {
  const float x = 0.0f + query * v->item[(int64_t)item * WIDTH + channel()];
  return half_warp_join(x + __shfl_xor_sync(WARP_ALL, x, 16));
}

__device__ void score_pair(const sta_pairs_args *a, int64_t row) {
  const float logit = product(&a->view, pair_query(a, row), a->candidate[row]);
  if (channel() == 0) a->p[row] = sta_probability(logit + a->view.out_bias[0]);
}

__device__ void rank_pair(const sta_rank_args *a, int64_t row) {
  const sta_view *v = &a->pairs.view;
  const float query = pair_query(&a->pairs, row);
  const float score = product(v, query, a->pairs.candidate[row]);
  int32_t rank = 0;
  for (int32_t k = 0; k < a->n_other; ++k)
    rank += !(product(v, query, a->other[row * a->n_other + k]) < score);
  if (channel() == 0) a->rank[row] = rank;
}

CUDA_WARP_ROW(sim_sta_advance, advance, 2)
CUDA_WARP_ROW(sta_pairs, score_pair, 2)
CUDA_WARP_ROW(sta_rank, rank_pair, 2)

bool fits(const sta_view *v) {
  return v->width == WIDTH && v->heads == 1 && v->window <= MOST_WINDOW;
}

}  // namespace

/// The variant where the shape is the one it was written for, else the row.
#define STA_LAUNCH(name, view_of)                                              \
  extern "C" cudaError_t cuda_##name##_launch(const void *args, int64_t n_row, \
                                              cudaStream_t stream) {           \
    if (!fits(&static_cast<const name##_args *>(args)->view_of))               \
      return cuda_rows[KERNEL_##name](args, n_row, stream);                    \
    return name##_warp_launch(args, n_row, stream);                            \
  }
STA_LAUNCH(sim_sta_advance, view)
STA_LAUNCH(sta_pairs, view)
STA_LAUNCH(sta_rank, pairs.view)
