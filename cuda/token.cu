/// f_sta's inference with a warp a lane (or a history outside any lane), the channels shared out
/// among its threads: any number of heads, windows of any length, widths up to 128. Bit for bit
/// what the rows give (kernels/sta/sta_token.h): every sum runs in the row function's chains. Usual
/// widths have code of their own.
///
/// What all threads must see of a vector they read from shared memory, four numbers a load, where a
/// shuffle would bring one. A block is one warp: registers are free again as soon as its lane is
/// done, and does not wait for the slowest of eight (one lane in fifteen reads a whole window
/// anew).
#include "kernels.h"
#include "kernels/list.h"
#include "launch.cuh"
#include "warp.cuh"

namespace {

/// What the warp's threads tell each other.
struct alignas(16) board {
  float vector[STA_MAX_WIDTH];
  float weight[STA_MAX_WINDOW];
};

__device__ int thread() { return (int)(threadIdx.x % WARP_THREADS); }

/// A shape: its width where it is known to the compiler (else 0), the channels of a thread, whether
/// there is one head alone, and how many warps shall fit on a multiprocessor: 16 leave a thread 128
/// registers, 12 leave 168, 8 all that there are.
template <int WIDTH_, int EACH_, bool ONE_HEAD_, int RESIDENT_>
struct shape {
  static constexpr int WIDTH = WIDTH_, EACH = EACH_, RESIDENT = RESIDENT_;
  static constexpr bool ONE_HEAD = ONE_HEAD_;
  static constexpr int AHEAD = EACH > 2 ? 2 : 8;  // times four rows of a matrix, asked for together
  static __device__ int32_t width(const sta_view *v) { return WIDTH > 0 ? WIDTH : v->width; }
  static __device__ int32_t heads(const sta_view *v) { return ONE_HEAD ? 1 : v->heads; }
  /// Does the thread have a channel number k? Its place; where it has none, the last channel's.
  static __device__ bool has(int k, int32_t width) {
    return (k + 1) * WARP_THREADS <= WIDTH || thread() + k * WARP_THREADS < width;
  }
  static __device__ int32_t place(int k, int32_t width) {
    return has(k, width) ? thread() + k * WARP_THREADS : width - 1;
  }
};

/// A thread's channels thread, thread + 32, ...; those past the width are 0.
template <class S>
struct channels {
  float of[S::EACH];
};

template <class S>
__device__ channels<S> load(const float *from, int32_t width) {
  channels<S> x;
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) x.of[k] = S::has(k, width) ? from[S::place(k, width)] : 0.0f;
  return x;
}

template <class S>
__device__ void store(float *to, const channels<S> &x, int32_t width) {
  UNROLL()
  for (int k = 0; k < S::EACH; ++k)
    if (S::has(k, width)) to[S::place(k, width)] = x.of[k];
}

/// Let all threads see a vector. Whatever they read before they have read.
template <class S>
__device__ void show(board *b, const channels<S> &x) {
  __syncwarp();
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) b->vector[thread() + k * WARP_THREADS] = x.of[k];
  __syncwarp();
}

/// sta_sum over the channels: partial sum k takes channels k, k + 16, ... in their order.
template <class S>
__device__ float channel_sum(const channels<S> &x) {
  const bool low = thread() < THRONG_DOT_LANES;
  float sum = 0.0f;
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) {
    const float other = __shfl_xor_sync(WARP_ALL, x.of[k], THRONG_DOT_LANES);
    sum += low ? x.of[k] : other;
    sum += low ? other : x.of[k];
  }
  return half_warp_join(sum);
}

template <class S>
__device__ channels<S> layer_norm(channels<S> x, const float *gain, const float *bias,
                                  int32_t width) {
  const float mean = channel_sum(x) / (float)width;
  channels<S> square;
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) {
    x.of[k] = S::has(k, width) ? x.of[k] - mean : 0.0f;
    square.of[k] = x.of[k] * x.of[k];
  }
  const float scale = 1.0f / sqrtf(channel_sum(square) / (float)width + STA_LAYER_NORM_EPSILON);
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) {
    const int32_t at = S::place(k, width);
    x.of[k] = S::has(k, width) ? x.of[k] * scale * gain[at] + bias[at] : 0.0f;
  }
  return x;
}

/// Four chains a channel, see sta_linear and sta_mix.
template <class S>
struct chains {
  float of[S::EACH][4];
};

template <class S>
__device__ channels<S> join(const chains<S> &s, int32_t width) {
  channels<S> y;
  UNROLL()
  for (int k = 0; k < S::EACH; ++k)
    y.of[k] = S::has(k, width) ? (s.of[k][0] + s.of[k][1]) + (s.of[k][2] + s.of[k][3]) : 0.0f;
  return y;
}

/// Rows of `matrix`, `stride` apart, each times a number that all threads see, onto the chains.
template <class S>
__device__ void add_rows(chains<S> *s, const float *number, int32_t n, const float *matrix,
                         int64_t stride, int32_t width) {
  int32_t at[S::EACH];
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) at[k] = S::place(k, width);
  int32_t i = 0;
  UNROLL(S::AHEAD)
  for (; i + 4 <= n; i += 4) {
    const float4 x = *reinterpret_cast<const float4 *>(number + i);
    const float *r = matrix + i * stride;
    UNROLL()
    for (int k = 0; k < S::EACH; ++k) {
      s->of[k][0] = fmaf(x.x, r[at[k]], s->of[k][0]);
      s->of[k][1] = fmaf(x.y, r[stride + at[k]], s->of[k][1]);
      s->of[k][2] = fmaf(x.z, r[2 * stride + at[k]], s->of[k][2]);
      s->of[k][3] = fmaf(x.w, r[3 * stride + at[k]], s->of[k][3]);
    }
  }
  for (; i < n; ++i) {
    UNROLL()
    for (int k = 0; k < S::EACH; ++k)
      s->of[k][0] = fmaf(number[i], matrix[i * stride + at[k]], s->of[k][0]);
  }
}

/// x W + bias, see sta_linear.
template <class S>
__device__ channels<S> linear(board *b, const channels<S> &x, const float *w,
                              const channels<S> &bias, int32_t width) {
  chains<S> s = {};
  show(b, x);
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) s.of[k][0] = bias.of[k];
  add_rows(&s, b->vector, width, w, width, width);
  return join(s, width);
}

/// q . x_t for one token's row, q on the board, see sta_scores: 16 partial sums, joined by halves.
template <class S>
__device__ float score(const board *b, const float *row, int32_t width) {
  float s[THRONG_DOT_LANES] = {};
  if (S::WIDTH > 0 && S::WIDTH % 4 == 0) {  // rows are whole and aligned
    UNROLL()
    for (int32_t i = 0; i < S::WIDTH; i += 4) {
      const float4 x = *reinterpret_cast<const float4 *>(row + i);
      const float4 q = *reinterpret_cast<const float4 *>(b->vector + i);
      float *sum = s + i % THRONG_DOT_LANES;
      sum[0] = fmaf(q.x, x.x, sum[0]);
      sum[1] = fmaf(q.y, x.y, sum[1]);
      sum[2] = fmaf(q.z, x.z, sum[2]);
      sum[3] = fmaf(q.w, x.w, sum[3]);
    }
    return join_lanes(s);
  }
  int32_t i = 0;
  for (; i + THRONG_DOT_LANES <= width; i += THRONG_DOT_LANES) {
    UNROLL()
    for (int k = 0; k < THRONG_DOT_LANES; ++k) s[k] = fmaf(b->vector[i + k], row[i + k], s[k]);
  }
  UNROLL()
  for (int k = 0; k < THRONG_DOT_LANES; ++k)
    if (i + k < width) s[k] = fmaf(b->vector[i + k], row[i + k], s[k]);
  return join_lanes(s);
}

/// The n inputs mixed by the query's attention, see sta_attend; rows of `state` are `stride` apart.
template <class S>
__device__ channels<S> attention(board *b, const channels<S> &query, const float *state, int32_t n,
                                 int64_t stride, int32_t width) {
  show(b, query);
  float largest = -INFINITY;
  for (int32_t t = thread(); t < n; t += WARP_THREADS) {
    const float own = score<S>(b, state + t * stride, width);
    b->weight[t] = own;
    largest = own > largest ? own : largest;
  }
  for (int other = 16; other > 0; other /= 2) {
    const float y = __shfl_xor_sync(WARP_ALL, largest, other);
    largest = y > largest ? y : largest;
  }
  for (int32_t t = thread(); t < n; t += WARP_THREADS)
    b->weight[t] = exp_portable(b->weight[t] - largest);
  __syncwarp();
  float sum = 0.0f;
  for (int32_t t = thread() % STA_BLOCK; t < n; t += STA_BLOCK) sum += b->weight[t];
  sum = half_warp_join(sum);
  chains<S> s = {};
  add_rows(&s, b->weight, n, state, stride, width);
  channels<S> mixed = join(s, width);
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) mixed.of[k] *= 1.0f / sum;
  return mixed;
}

/// What attention adds to the residual, over all heads.
template <class S>
__device__ channels<S> attend(const sta_view *v, board *b, const channels<S> &normal, int32_t layer,
                              const float *cached, int32_t n, int64_t stride) {
  const int32_t width = S::width(v), heads = S::heads(v);
  channels<S> out = load<S>(v->value_bias + (int64_t)layer * width, width);
  for (int32_t head = 0; head < heads; ++head) {
    const int64_t row = ((int64_t)layer * heads + head) * width, matrix = row * width;
    const channels<S> query =
        linear(b, normal, v->query_matrix + matrix, load<S>(v->query_bias + row, width), width);
    const channels<S> mixed = attention(b, query, cached, n, stride, width);
    out = linear(b, mixed, v->value_matrix + matrix, out, width);
  }
  return out;
}

/// See sta_tokens; returns z, where `last` asks for it.
template <class S>
__device__ channels<S> token(const sta_view *v, board *b, float *state, int32_t position,
                             uint32_t entry, bool last) {
  const int32_t width = S::width(v);
  const int64_t stride = (int64_t)v->layers * width;
  const float scale = sqrtf((float)width);
  channels<S> x = load<S>(v->item + (int64_t)history_item(entry) * width, width);
  const channels<S> at = load<S>(v->position + (int64_t)position * width, width);
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) x.of[k] = x.of[k] * scale + at.of[k];
  if (v->labels) {
    const channels<S> label = load<S>(v->label + history_like(entry) * width, width);
    UNROLL()
    for (int k = 0; k < S::EACH; ++k) x.of[k] += label.of[k] * v->label_scale;
  }
  for (int32_t layer = 0; layer < v->layers; ++layer) {
    const int64_t row = (int64_t)layer * width, matrix = row * width;
    float *cached = state + row;
    channels<S> normal = layer_norm(x, v->ln1_gain + row, v->ln1_bias + row, width);
    store(cached + position * stride, normal, width);
    // Of the last layer later tokens read the input alone.
    if (!last && layer + 1 == v->layers) break;
    // Inputs are written by channel and read by token: show() waits in between.
    const channels<S> attended = attend(v, b, normal, layer, cached, position + 1, stride);
    UNROLL()
    for (int k = 0; k < S::EACH; ++k) x.of[k] += attended.of[k];
    normal = layer_norm(x, v->ln2_gain + row, v->ln2_bias + row, width);
    channels<S> a = linear(b, normal, v->w1 + matrix, load<S>(v->b1 + row, width), width);
    UNROLL()
    for (int k = 0; k < S::EACH; ++k) a.of[k] = a.of[k] > 0.0f ? a.of[k] : 0.0f;
    a = linear(b, a, v->w2 + matrix, load<S>(v->b2 + row, width), width);
    UNROLL()
    for (int k = 0; k < S::EACH; ++k) x.of[k] += a.of[k];
  }
  return last ? layer_norm(x, v->lnf_gain, v->lnf_bias, width) : channels<S>{};
}

/// The query after entries `from` .. the last of a history, see sta_cache.h. An empty history has
/// no state.
template <class S>
__device__ channels<S> encode(const sta_view *v, board *b, float *state, int32_t user,
                              const history_view *h, int32_t from) {
  const int32_t width = S::width(v);
  const int32_t oldest = h->count - history_length(h);
  const int32_t start = sta_window_start(h->count, v->window);
  channels<S> z = {};
  for (int32_t n = from; n < h->count; ++n)
    z = token<S>(v, b, state, n - start, history_entry(h, n - oldest), n + 1 == h->count);
  const channels<S> own = load<S>(v->read_user + (int64_t)user * width, width);
  return from == h->count ? own : linear(b, z, v->read_matrix, own, width);
}

template <class S>
__device__ void advance(const sim_sta_args *a, board *b, int64_t lane) {
  if (sim_idle(&a->sim, lane)) return;
  const sta_view *v = &a->view;
  const history_view h = sim_history(&a->sim, lane);
  const int32_t encoded = a->cache.encoded[lane], width = S::width(v);
  if (encoded > 0 && encoded == h.count) return;
  const channels<S> query = encode<S>(v, b, a->cache.state + lane * sta_cache_size(v),
                                      a->sim.user[lane], &h, sta_cache_first(v, encoded, h.count));
  store(a->cache.query + lane * width, query, width);
  __syncwarp();  // everybody has read what was encoded
  if (thread() == 0) a->cache.encoded[lane] = h.count;
}

/// The query after a history outside any lane, see sta_pairs_query.
template <class S>
__device__ channels<S> pair_query(const sta_pairs_args *a, board *b, int64_t row) {
  const sta_view *v = &a->view;
  const history_view h = {a->history + a->begin[row], a->count[row], a->count[row]};
  return encode<S>(v, b, a->scratch + row * sta_pairs_scratch(v), a->user[row], &h,
                   sta_window_start(h.count, v->window));
}

/// query . E(item) in the order of dot_product, the same in every thread.
template <class S>
__device__ float product(const sta_view *v, const channels<S> &query, int32_t item) {
  channels<S> x = load<S>(v->item + (int64_t)item * S::width(v), S::width(v));
  UNROLL()
  for (int k = 0; k < S::EACH; ++k) x.of[k] *= query.of[k];
  return channel_sum(x);
}

template <class S>
__device__ void score_pairs(const sta_pairs_args *a, board *b, int64_t row) {
  const channels<S> query = pair_query<S>(a, b, row);
  for (int64_t k = a->question[row]; k < a->question[row + 1]; ++k) {
    const float logit = product(&a->view, query, a->candidate[k]);
    if (thread() == 0)
      a->p[k] = sta_probability(logit + sta_bias(&a->view, a->user[row], a->candidate[k]));
  }
}

template <class S>
__device__ void rank_pairs(const sta_rank_args *a, board *b, int64_t row) {
  const sta_view *v = &a->pairs.view;
  const channels<S> query = pair_query<S>(&a->pairs, b, row);
  for (int64_t k = a->pairs.question[row]; k < a->pairs.question[row + 1]; ++k) {
    const float score = product(v, query, a->pairs.candidate[k]);
    int32_t rank = 0;
    for (int32_t j = 0; j < a->n_other; ++j)
      rank += !(product(v, query, a->other[k * a->n_other + j]) < score);
    if (thread() == 0) a->rank[k] = rank;
  }
}

constexpr int fewer(int x, int y) { return x < y ? x : y; }

using width32 = shape<32, 1, true, 16>;  // f_sta's own
using width50 = shape<50, 2, true, 12>;  // SASRec's
using width64 = shape<64, 2, true, 12>;
using narrow = shape<0, 2, false, 12>;
using wide = shape<0, STA_MAX_WIDTH / WARP_THREADS, false, 8>;

}  // namespace

/// Kernel and launcher of BY_WARP<shape>(args, board, row), of which at most MOST warps shall fit
/// on a multiprocessor. Without rows every shape is loaded.
#define STA_KERNEL(name, by_warp, view_of, most)                                                   \
  namespace {                                                                                      \
  template <class S>                                                                               \
  __global__ void __launch_bounds__(WARP_THREADS, fewer(S::RESIDENT, most)) name                   \
      ##_warp(const name##_args args, const int64_t n_row) {                                       \
    SHARED(board, shared, [1]);                                                                    \
    for (int64_t row = blockIdx.x; row < n_row; row += gridDim.x)                                  \
      by_warp<S>(&args, &shared[0], row);                                                          \
  }                                                                                                \
  template <class S>                                                                               \
  void name##_launch_as(const name##_args *args, int64_t n_row, cudaStream_t stream) {             \
    LAUNCH(name##_warp<S>, dim3(cuda_blocks(n_row, 1)), dim3(WARP_THREADS), stream, *args, n_row); \
  }                                                                                                \
  }                                                                                                \
  extern "C" cudaError_t cuda_##name##_launch(const void *args, int64_t n_row,                     \
                                              cudaStream_t stream) {                               \
    const name##_args *a = static_cast<const name##_args *>(args);                                 \
    const sta_view *v = &a->view_of;                                                               \
    const bool one = v->heads == 1, all = n_row == 0;                                              \
    if (all || (one && v->width == 32)) name##_launch_as<width32>(a, n_row, stream);               \
    if (all || (one && v->width == 50)) name##_launch_as<width50>(a, n_row, stream);               \
    if (all || (one && v->width == 64)) name##_launch_as<width64>(a, n_row, stream);               \
    const bool own = one && (v->width == 32 || v->width == 50 || v->width == 64);                  \
    if (all || (!own && v->width <= 64)) name##_launch_as<narrow>(a, n_row, stream);               \
    if (all || v->width > 64) name##_launch_as<wide>(a, n_row, stream);                            \
    return cudaGetLastError();                                                                     \
  }
STA_KERNEL(sim_sta_advance, advance, view, 16)
STA_KERNEL(sta_pairs, score_pairs, view, 12)
STA_KERNEL(sta_rank, rank_pairs, pairs.view, 12)
