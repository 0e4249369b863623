/// f_sta's cached inference with a warp a lane, a channel a thread: the width that the cache was
/// made for, 32, one head, windows up to 64. Bit for bit what sim_sta_advance_row gives
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
    s0 += of(x, i) * w[i * WIDTH + c];
    s1 += of(x, i + 1) * w[(i + 1) * WIDTH + c];
    s2 += of(x, i + 2) * w[(i + 2) * WIDTH + c];
    s3 += of(x, i + 3) * w[(i + 3) * WIDTH + c];
  }
  return (s0 + s1) + (s2 + s3);
}

/// q . K(:, t) for this thread's t; K (width, window). All threads take part, those below n read.
__device__ float score(float q, const float *key, int32_t t, int32_t n, int32_t window) {
  float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
  const bool reads = t < n;
  UNROLL(4)
  for (int d = 0; d < WIDTH; d += 4) {
    const float q0 = of(q, d), q1 = of(q, d + 1), q2 = of(q, d + 2), q3 = of(q, d + 3);
    if (!reads) continue;
    const float *r = key + (int64_t)d * window + t;
    s0 += q0 * r[0];
    s1 += q1 * r[window];
    s2 += q2 * r[2 * window];
    s3 += q3 * r[3 * window];
  }
  return (s0 + s1) + (s2 + s3);
}

/// Attention of channel's query over n tokens, see sta_attention_scores and the two after it.
__device__ float attention(float q, const float *key, const float *value, int32_t n,
                           int32_t window) {
  const int c = channel();
  const float near = score(q, key, c, n, window);
  const float far = n > WARP_THREADS ? score(q, key, c + WARP_THREADS, n, window) : 0.0f;
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
    const float *r = value + (int64_t)t * WIDTH + c;
    s0 += of(from, t % WARP_THREADS) * r[0];
    s1 += of(from, t % WARP_THREADS + 1) * r[WIDTH];
    s2 += of(from, t % WARP_THREADS + 2) * r[2 * WIDTH];
    s3 += of(from, t % WARP_THREADS + 3) * r[3 * WIDTH];
  }
  for (; t < n; ++t) {
    const float from = t < WARP_THREADS ? weight : weight_far;
    s0 += of(from, t % WARP_THREADS) * value[(int64_t)t * WIDTH + c];
  }
  return ((s0 + s1) + (s2 + s3)) * (1.0f / sum);
}

/// See sta_token; returns the channel of z, where `last` asks for it.
__device__ float token(const sta_view *v, float *key, float *value, int32_t position,
                       uint32_t entry, bool last) {
  const int c = channel();
  const int32_t window = v->window;
  const float query_scale = 1.0f / sqrtf((float)WIDTH);
  float x = v->item[(int64_t)history_item(entry) * WIDTH + c] * sqrtf((float)WIDTH) +
            v->position[(int64_t)position * WIDTH + c];
  if (v->labels) x += v->label[history_like(entry) * WIDTH + c];
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int64_t row = (int64_t)layer * WIDTH, matrix = row * WIDTH;
    float *layer_key = key + row * window, *layer_value = value + row * window;
    float normal = layer_norm(x, v->ln1_gain + row, v->ln1_bias + row);
    layer_key[(int64_t)c * window + position] = linear(normal, v->wk + matrix, v->bk[row + c]);
    layer_value[(int64_t)position * WIDTH + c] = linear(normal, v->wv + matrix, v->bv[row + c]);
    if (!last && layer + 1 == v->layers) break;
    const float q = linear(normal, v->wq + matrix, v->bq[row + c]) * query_scale;
    __syncwarp();  // keys are written by channel and read by token
    const float b = attention(q, layer_key, layer_value, position + 1, window);
    x += linear(b, v->wo + matrix, v->bo[row + c]);
    normal = layer_norm(x, v->ln2_gain + row, v->ln2_bias + row);
    float a = linear(normal, v->w1 + matrix, v->b1[row + c]);
    a = a > 0.0f ? a : 0.0f;
    x += linear(a, v->w2 + matrix, v->b2[row + c]);
  }
  return last ? layer_norm(x, v->lnf_gain, v->lnf_bias) : 0.0f;
}

__device__ float read_out(const sta_view *v, float z, int32_t user) {
  const int c = channel();
  const float u = v->user[(int64_t)user * WIDTH + c];
  const float user_part = linear(u, v->mix + WIDTH * WIDTH, 0.0f);
  return v->out_weight[c] * linear(z, v->mix, user_part);
}

/// See sta_cache_advance.
__device__ void advance(const sim_sta_args *a, int64_t lane) {
  if (sim_idle(&a->sim, lane)) return;
  const sta_view *v = &a->view;
  const history_view h = sim_history(&a->sim, lane);
  const int64_t size = sta_cache_size(v);
  const int32_t encoded = a->cache.encoded[lane];
  if (encoded > 0 && encoded == h.count) return;
  const int32_t start = sta_window_start(h.count, v->window);
  const bool anew =
      encoded <= 0 || encoded > h.count || sta_window_start(encoded, v->window) != start;
  const int32_t from = anew ? start : encoded, oldest = h.count - history_length(&h);
  float z = 0.0f;
  for (int32_t n = from; n < h.count; ++n)
    z = token(v, a->cache.key + lane * size, a->cache.value + lane * size, n - start,
              history_entry(&h, n - oldest), n + 1 == h.count);
  a->cache.query[lane * WIDTH + channel()] = read_out(v, z, a->sim.user[lane]);
  __syncwarp();  // everybody has read what was encoded
  if (channel() == 0) a->cache.encoded[lane] = h.count;
}

CUDA_WARP_ROW(sim_sta_advance, advance, 2)

}  // namespace

extern "C" cudaError_t cuda_sim_sta_advance_launch(const void *args, int64_t n_row,
                                                   cudaStream_t stream) {
  const sim_sta_args *a = static_cast<const sim_sta_args *>(args);
  if (a->view.width != WIDTH || a->view.heads != 1 || a->view.window > MOST_WINDOW)
    return cuda_rows[KERNEL_sim_sta_advance](args, n_row, stream);
  return sim_sta_advance_warp_launch(args, n_row, stream);
}
