/// CUDA's variants of an update's kernels against the row functions: Adam, the soft target and the
/// squares of the norm bit for bit, sums over a batch within rounding and the same on every run.
#include "cuda_parity.h"
#include "kernels/list.h"

typedef struct pair {
  float *cpu, *cuda;
} pair;

/// `n` numbers of both signs on both backends.
static pair numbers(const parity *p, int64_t n, uint32_t seed, bool positive) {
  const size_t bytes = (size_t)n * sizeof(float);
  float *x = malloc(bytes);
  void *cpu = NULL, *cuda = NULL;
  for (int64_t i = 0; i < n; ++i) {
    x[i] = random_uniform(random_draw(seed, 9999, (uint32_t)i, 0, 0, 0).w[0]);
    if (!positive) x[i] -= 0.5f;
  }
  EXPECT_OK(p->cpu->ops->alloc(p->cpu, bytes, "test", &cpu));
  EXPECT_OK(p->cuda->ops->alloc(p->cuda, bytes, "test", &cuda));
  EXPECT_OK(p->cpu->ops->upload(p->cpu, cpu, x, bytes));
  EXPECT_OK(p->cuda->ops->upload(p->cuda, cuda, x, bytes));
  free(x);
  return (pair){cpu, cuda};
}

static void release(const parity *p, pair x) {
  p->cpu->ops->release(p->cpu, x.cpu);
  p->cuda->ops->release(p->cuda, x.cuda);
}

/// Largest difference, relative to the larger of 1 and the value.
static double difference(const parity *p, pair x, int64_t n) {
  double worst = 0;
  float *copy = malloc((size_t)n * sizeof *copy);
  EXPECT_OK(p->cuda->ops->download(p->cuda, copy, x.cuda, (size_t)n * sizeof *copy));
  for (int64_t i = 0; i < n; ++i) {
    const double size = fabs((double)x.cpu[i]) > 1 ? fabs((double)x.cpu[i]) : 1;
    const double d = fabs((double)x.cpu[i] - (double)copy[i]) / size;
    if (!(d <= worst)) worst = d;
  }
  free(copy);
  return worst;
}

enum { STANDS = 1 };  // the agent that does not learn

/// 1 for the agents that learn, 0 for the one that does not.
static pair flags(const parity *p) {
  int32_t learns[] = {1, 1, 1};
  pair out = numbers(p, 3, 1, true);
  learns[STANDS] = 0;
  EXPECT_OK(p->cpu->ops->upload(p->cpu, out.cpu, learns, sizeof learns));
  EXPECT_OK(p->cuda->ops->upload(p->cuda, out.cuda, learns, sizeof learns));
  return out;
}

static const int64_t sizes[] = {1, 7, 1024, 1025, 5000};
enum { SIZES = sizeof sizes / sizeof *sizes, AGENTS = 3 };

TEST(cuda_update, adam_and_the_soft_target_move_every_weight_as_the_rows_do) {
  parity p;
  if (!parity_open(&p)) return;
  for (int s = 0; s < SIZES; ++s) {
    const int64_t n = sizes[s] * AGENTS, n_block = (sizes[s] + ADAM_BLOCK - 1) / ADAM_BLOCK;
    pair w = numbers(&p, n, 1, false), m = numbers(&p, n, 2, false), v = numbers(&p, n, 3, true);
    pair g = numbers(&p, n, 4, false), t = numbers(&p, n, 5, false);
    pair scale = numbers(&p, 4 * AGENTS, 6, true), hyper = numbers(&p, AGENTS, 7, true);
    pair learns = flags(&p);
    pair tau = numbers(&p, AGENTS, 8, true), moves = numbers(&p, (n_block + 1) * AGENTS, 9, true);
    pair partial = numbers(&p, 2 * (n_block + 1) * AGENTS, 10, true);
    const float whole = 1.0f;  // an agent that copies its target
    const double none[] = {0, 0};
    ASSERT_OK(p.cpu->ops->upload(p.cpu, tau.cpu + 2, &whole, sizeof whole));
    ASSERT_OK(p.cuda->ops->upload(p.cuda, tau.cuda + 2, &whole, sizeof whole));
    // The first agent's first block has no gradient and rests, its second one moves.
    ASSERT_OK(p.cpu->ops->upload(p.cpu, moves.cpu + 1, none, sizeof(float)));
    ASSERT_OK(p.cuda->ops->upload(p.cuda, moves.cuda + 1, none, sizeof(float)));
    const size_t resting = (n_block > 1 ? 2 : 1) * sizeof *none;
    ASSERT_OK(p.cpu->ops->upload(p.cpu, partial.cpu + 2, none, resting));
    ASSERT_OK(p.cuda->ops->upload(p.cuda, partial.cuda + 2, none, resting));
    const float kept = w.cpu[0], moved = n_block > 1 ? w.cpu[ADAM_BLOCK] : 0;
    for (int side = 0; side < 2; ++side) {
      throng_backend *b = side ? p.cuda : p.cpu;
#define ON(x) (side ? (x).cuda : (x).cpu)
      const adam_args adam = {.weight = ON(w),
                              .moment1 = ON(m),
                              .moment2 = ON(v),
                              .gradient = ON(g),
                              .target = ON(t),
                              .scale = (const adam_scale *)(const void *)ON(scale),
                              .learns = (const int32_t *)(const void *)ON(learns),
                              .beta1 = ON(hyper),
                              .beta2 = ON(hyper),
                              .epsilon = ON(hyper),
                              .tau = ON(tau),
                              .partial = (const double *)(const void *)ON(partial),
                              .moves = ON(moves),
                              .size = sizes[s],
                              .n_block = n_block,
                              .n_partial = n_block + 1,
                              .first = 1};
      for (int turn = 0; turn < 3; ++turn)
        ASSERT_OK(BACKEND_LAUNCH(b, adam, n_block * AGENTS, &adam));
    }
    const double allowed = PARITY_EXACT ? 0 : 1e-5;
    EXPECT_TRUE(difference(&p, w, n) <= allowed);
    EXPECT_TRUE(difference(&p, t, n) <= allowed);
    EXPECT_TRUE(difference(&p, m, n) <= allowed);
    EXPECT_TRUE(difference(&p, v, n) <= allowed);
    EXPECT_TRUE(difference(&p, moves, (n_block + 1) * AGENTS) == 0);
    EXPECT_TRUE(w.cpu[0] == kept);
    if (n_block > 1) EXPECT_TRUE(w.cpu[ADAM_BLOCK] != moved);
    release(&p, tau), release(&p, moves), release(&p, partial);
    release(&p, w);
    release(&p, m);
    release(&p, v);
    release(&p, g);
    release(&p, t);
    release(&p, scale);
    release(&p, hyper);
    release(&p, learns);
  }
  parity_close(&p);
}

TEST(cuda_update, adam_of_f_sta_moves_every_weight_as_the_rows_do) {
  parity p;
  if (!parity_open(&p)) return;
  for (int k = 0; k < SIZES; ++k) {
    const int64_t n = sizes[k];
    pair x = numbers(&p, n, 1, false), m = numbers(&p, n, 2, false), v = numbers(&p, n, 3, true);
    pair g = numbers(&p, n, 4, false);
    for (int side = 0; side < 2; ++side) {
      throng_backend *b = side ? p.cuda : p.cpu;
      const sta_adam_args flat = {.n = n,
                                  .x = ON(x),
                                  .m = ON(m),
                                  .v = ON(v),
                                  .grad = ON(g),
                                  .learning_rate = 0.01f,
                                  .beta1 = 0.9f,
                                  .beta2 = 0.98f,
                                  .epsilon = 1e-8f,
                                  .weight_decay = 1e-3f,
                                  .correction1 = 0.1f,
                                  .correction2 = 0.2f};
      ASSERT_OK(BACKEND_LAUNCH(b, sta_adam, (n + STA_ADAM_CHUNK - 1) / STA_ADAM_CHUNK, &flat));
    }
    const double allowed = PARITY_EXACT ? 0 : 1e-5;
    EXPECT_TRUE(difference(&p, x, n) <= allowed);
    EXPECT_TRUE(difference(&p, m, n) <= allowed);
    EXPECT_TRUE(difference(&p, v, n) <= allowed);
    release(&p, x), release(&p, m), release(&p, v), release(&p, g);
  }
  parity_close(&p);
}

TEST(cuda_update, squares_of_the_gradient_are_summed_to_the_same_bits) {
  parity p;
  if (!parity_open(&p)) return;
  for (int s = 0; s < SIZES; ++s) {
    enum { FIRST = 2, MOST = 8 };
    const int64_t n_block = (sizes[s] + ADAM_BLOCK - 1) / ADAM_BLOCK;
    pair g = numbers(&p, sizes[s] * AGENTS, 4, false),
         sum = numbers(&p, 2 * AGENTS * MOST, 9, false);
    double got[AGENTS * MOST], expected[AGENTS * MOST];
    for (int side = 0; side < 2; ++side) {
      throng_backend *b = side ? p.cuda : p.cpu;
      const square_sum_args square = {
          ON(g), (double *)(void *)ON(sum), NULL, sizes[s], n_block, MOST, FIRST, {NULL, 1}};
      ASSERT_OK(BACKEND_LAUNCH(b, square_sum, n_block * AGENTS, &square));
      ASSERT_OK(b->ops->download(b, side ? got : expected, ON(sum), sizeof got));
    }
    for (int agent = 0; agent < AGENTS; ++agent)
      for (int64_t k = 0; k < n_block; ++k) {
        EXPECT_TRUE(expected[agent * MOST + FIRST + k] > 0);
        EXPECT_TRUE(got[agent * MOST + FIRST + k] == expected[agent * MOST + FIRST + k]);
      }
    release(&p, g);
    release(&p, sum);
  }
  parity_close(&p);
}

TEST(cuda_update, sums_over_a_batch_are_near_the_rows_and_repeat_bit_for_bit) {
  parity p;
  if (!parity_open(&p)) return;
  const int64_t widths[] = {1, 31, 64, 70}, rows[] = {1, 5, 300, 1000};
  for (int s = 0; s < 4; ++s) {
    const int64_t n = rows[s] * widths[s] * AGENTS, out = widths[s] * AGENTS;
    pair x = numbers(&p, n, 11, false), sum = numbers(&p, out, 12, false);
    pair again = numbers(&p, out, 13, false), mean = numbers(&p, AGENTS, 14, false);
    pair loss_sum = numbers(&p, AGENTS, 15, false), q_sum = numbers(&p, AGENTS, 16, false);
    pair learns = flags(&p), n_sum = flags(&p);
    for (int side = 0; side < 2; ++side) {
      throng_backend *b = side ? p.cuda : p.cpu;
      const column_sum_args columns = {ON(x), ON(sum), NULL, rows[s], (int32_t)widths[s]};
      ASSERT_OK(BACKEND_LAUNCH(b, column_sum, out, &columns));
      const column_sum_args repeat = {ON(x), ON(again), NULL, rows[s], (int32_t)widths[s]};
      ASSERT_OK(BACKEND_LAUNCH(b, column_sum, out, &repeat));
      const batch_mean_args batch = {ON(x),
                                     ON(x),
                                     NULL,
                                     (const int32_t *)(const void *)ON(learns),
                                     ON(mean),
                                     ON(loss_sum),
                                     ON(q_sum),
                                     (int32_t *)(void *)ON(n_sum),
                                     rows[s] * widths[s]};
      ASSERT_OK(BACKEND_LAUNCH(b, batch_mean, AGENTS, &batch));
    }
    EXPECT_TRUE(difference(&p, sum, out) <= 1e-5);
    EXPECT_TRUE(difference(&p, mean, AGENTS) <= 1e-5);
    const int32_t *counted = (const int32_t *)(const void *)n_sum.cpu;
    int32_t on_cuda[AGENTS];
    ASSERT_OK(p.cuda->ops->download(p.cuda, on_cuda, n_sum.cuda, sizeof on_cuda));
    for (int i = 0; i < AGENTS; ++i) {
      EXPECT_EQ(counted[i], i == STANDS ? 0 : 2);
      EXPECT_EQ(on_cuda[i], counted[i]);
    }
    EXPECT_TRUE(difference(&p, loss_sum, AGENTS) <= 1e-5);
    EXPECT_TRUE(difference(&p, q_sum, AGENTS) <= 1e-5);
    float *first = malloc(sizeof(float) * (size_t)out),
          *second = malloc(sizeof(float) * (size_t)out);
    ASSERT_OK(p.cuda->ops->download(p.cuda, first, sum.cuda, sizeof(float) * (size_t)out));
    ASSERT_OK(p.cuda->ops->download(p.cuda, second, again.cuda, sizeof(float) * (size_t)out));
    EXPECT_EQ(memcmp(first, second, sizeof(float) * (size_t)out), 0);
    free(first);
    free(second);
    release(&p, x);
    release(&p, sum);
    release(&p, again);
    release(&p, mean);
    release(&p, learns);
    release(&p, n_sum);
    release(&p, loss_sum);
    release(&p, q_sum);
  }
  parity_close(&p);
}

/// Whole numbers below `most`, and -1 for about a tenth of them.
static pair indices(const parity *p, int64_t n, int32_t most, uint32_t seed) {
  pair out = numbers(p, n, seed, true);
  int32_t *x = malloc((size_t)n * sizeof *x);
  for (int64_t i = 0; i < n; ++i) {
    const random_words r = random_draw(seed, 9999, (uint32_t)i, 1, 0, 0);
    x[i] = r.w[1] % 10 == 0 ? -1 : (int32_t)random_index(r.w[0], (uint32_t)most);
    if (r.w[1] % 10 > 6) x[i] = most / 2;  // a key with many positions
  }
  EXPECT_OK(p->cpu->ops->upload(p->cpu, out.cpu, x, (size_t)n * sizeof *x));
  EXPECT_OK(p->cuda->ops->upload(p->cuda, out.cuda, x, (size_t)n * sizeof *x));
  free(x);
  return out;
}

TEST(cuda_update, sums_by_key_are_the_rows_and_what_they_wrote_is_cleared_before_others_are_made) {
  parity p;
  if (!parity_open(&p)) return;
  enum { N = 300, KEYS = 40 };
  const int32_t width[] = {1, 32, 45, 64}, repeat[] = {1, 3};
  for (int w = 0; w < 4; ++w)
    for (int at = 0; at < 4; ++at) {
      const int k = at % 2, whole = at / 2;  // whole: zeros where there are no positions
      pair from = numbers(&p, N * width[w], 1, false), scale = numbers(&p, N, 2, false);
      pair to = numbers(&p, KEYS * width[w], 3, false), order = numbers(&p, N, 4, false);
      const float kept = to.cpu[0];
      for (int side = 0; side < 2; ++side)  // as training begins: nothing was written
        for (int round = 0; round < 2; ++round) {
          throng_backend *b = side ? p.cuda : p.cpu;
          pair key = indices(&p, N, KEYS - 3, 5 + (uint32_t)round);
          const int32_t *keys = (const int32_t *)(const void *)(side ? key.cuda : key.cpu);
          int32_t *places = (int32_t *)(void *)(side ? order.cuda : order.cpu);
          const group_args g = {.n = N, .n_key = KEYS, .key = keys, .order = places};
          ASSERT_OK(b->ops->group(b, &g));
          segment_sum_args sum = {keys,
                                  places,
                                  k ? (side ? scale.cuda : scale.cpu) : NULL,
                                  side ? from.cuda : from.cpu,
                                  side ? to.cuda : to.cpu,
                                  N,
                                  width[w],
                                  repeat[k],
                                  width[w],
                                  whole ? KEYS : 0,
                                  1,
                                  NULL,
                                  NULL};
          ASSERT_OK(BACKEND_LAUNCH(b, segment_sum, N, &sum));
          segment_clear_args clear = {keys, places, sum.to, width[w]};
          if (round == 0) ASSERT_OK(BACKEND_LAUNCH(b, segment_clear, N, &clear));
          release(&p, key);
        }
      EXPECT_EQ(difference(&p, to, KEYS * width[w]), 0);
      EXPECT_TRUE(to.cpu[0] != kept);                       // a key with positions
      EXPECT_EQ(to.cpu[KEYS * width[w] - 1] != 0, !whole);  // one without is left alone, or not
      release(&p, from), release(&p, scale), release(&p, to), release(&p, order);
    }
  parity_close(&p);
}
