/// The softmax over a catalogue on CUDA against the row functions: draws by noise, sums, and what
/// takes more threads a row.
#include "cuda_parity.h"
#include "kernels/list.h"
#include "support/small_world.h"

enum { WIDTH = 12, CAPACITY = 6, SLATE = 2 };

enum { QUERY, VECTOR, BIAS, SEEN, ENTRY, LENGTH, ITEM, STEP, NUMBER, EPISODE, SEED, ARRAYS };

/// The same arrays on both sides.
typedef struct softmax_case {
  parity p;
  int n_agent, n_state, n_item;
  size_t n_row;
  void *on[ARRAYS][2];
  size_t bytes[ARRAYS];
  uint32_t *content[ARRAYS];
} softmax_case;

static bool open_case(softmax_case *c, int n_agent, int n_state, int n_item) {
  test_random r = {(uint32_t)(n_state + n_item), 0};
  *c = (softmax_case){.n_agent = n_agent, .n_state = n_state, .n_item = n_item};
  if (!parity_open(&c->p)) return false;
  const size_t n_row = c->n_row = (size_t)(n_agent * n_state);
  const size_t n_vector = (size_t)(n_agent * n_item), words = (size_t)(n_item + 31) / 32;
  const size_t size[ARRAYS] = {
      n_row * WIDTH,  n_vector * WIDTH, n_vector, n_row * words, n_row * CAPACITY,
      n_row,          n_row * SLATE,    n_row,    n_row,         n_row,
      (size_t)n_agent};
  for (int k = 0; k < ARRAYS; ++k) {
    uint32_t *x = c->content[k] = calloc(size[k], sizeof *x);
    for (size_t i = 0; i < size[k]; ++i) {
      const float number = 2.0f * test_unit(&r) - 1.0f;
      if (k <= BIAS)
        memcpy(&x[i], &number, sizeof number);
      else if (k == SEEN) {
        x[i] = test_below(&r, 1u << 31);
        x[i] &= test_below(&r, 1u << 31);  // a quarter of the bits
      } else
        x[i] = test_below(&r, k == ENTRY    ? 2 * (uint32_t)n_item
                              : k == LENGTH ? CAPACITY + 1
                              : k == ITEM   ? (uint32_t)n_item
                                            : 1000);
    }
    c->bytes[k] = size[k] * sizeof *x;
    c->on[k][0] = parity_twice(&c->p, x, c->bytes[k], &c->on[k][1]);
  }
  return true;
}

static void close_case(softmax_case *c) {
  for (int k = 0; k < ARRAYS; ++k) {
    parity_release(&c->p, c->on[k][0], c->on[k][1]);
    free(c->content[k]);
  }
  parity_close(&c->p);
}

static state_view shown_of(const softmax_case *c, int side) {
  return (state_view){.entry = c->on[ENTRY][side],
                      .length = c->on[LENGTH][side],
                      .session = c->on[LENGTH][side],
                      .capacity = CAPACITY};
}

/// Draws on both sides: the same items, or such whose noisy scores are the same within rounding.
static void compare_draws(int n_agent, int n_state, int n_item, int top, int mask) {
  softmax_case c;
  if (!open_case(&c, n_agent, n_state, n_item)) return;
  const size_t n = c.n_row * (size_t)top;
  const size_t scratch = 8 * (size_t)best_search_scratch(n_agent, n_state, n_item, top);
  void *value[2], *item[2], *packed[2];
  value[0] = parity_twice(&c.p, NULL, n * 4, &value[1]);
  item[0] = parity_twice(&c.p, NULL, n * 4, &item[1]);
  packed[0] = parity_twice(&c.p, NULL, scratch, &packed[1]);
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? c.p.cuda : c.p.cpu;
    best_search_args a = {
        .query = c.on[QUERY][side],
        .vector = c.on[VECTOR][side],
        .bias = c.on[BIAS][side],
        .seen = mask == 1 ? c.on[SEEN][side] : NULL,
        .value = value[side],
        .item = item[side],
        .packed = packed[side],
        .noise = {c.on[SEED][side], c.on[STEP][side], c.on[NUMBER][side], c.on[EPISODE][side]},
        .n_state = n_state,
        .n_item = n_item,
        .n_seen_word = (n_item + 31) / 32,
        .n_agent = n_agent,
        .width = WIDTH,
        .top = top};
    if (mask == 2) a.shown = shown_of(&c, side);
    ASSERT_OK(BACKEND_LAUNCH(backend, best_search, (int64_t)c.n_row, &a));
  }
  const int32_t *slow = item[0];
  int32_t *fast = calloc(n, sizeof *fast);
  float *score = calloc(n, sizeof *score);
  ASSERT_OK(c.p.cuda->ops->download(c.p.cuda, fast, item[1], n * 4));
  ASSERT_OK(c.p.cuda->ops->download(c.p.cuda, score, value[1], n * 4));
  size_t other = 0, low = 0;
  for (size_t k = 0; k < n; ++k) {
    other += fast[k] != slow[k];
    low += fast[k] == 0;
    if (fast[k] >= 0) EXPECT_NEAR(score[k], ((const float *)value[0])[k], 2e-5);
  }
  EXPECT_LE(other, n / 100);
  EXPECT_LE(low, n / 2);  // noise moves the choice
  free(fast);
  free(score);
  parity_release(&c.p, value[0], value[1]);
  parity_release(&c.p, item[0], item[1]);
  parity_release(&c.p, packed[0], packed[1]);
  close_case(&c);
}

TEST(cuda_softmax, draws_are_the_rows) {
  compare_draws(2, 140, 300, 1, 0);
  compare_draws(1, 60, 700, 1, 1);
  compare_draws(2, 33, 90, 1, 2);
}
TEST(cuda_softmax, slates_are_the_rows) {
  compare_draws(1, 140, 300, 4, 0);
  compare_draws(2, 20, 700, 3, 1);
  compare_draws(1, 33, 90, 5, 2);
}

/// Sums of the same scores by both, as log-probabilities would see them.
static void compare_sums(int n_agent, int n_state, int n_item, int mask, bool slate) {
  softmax_case c;
  if (!open_case(&c, n_agent, n_state, n_item)) return;
  const int64_t n_share = softmax_search_shares(n_agent, n_state, n_item);
  void *sums[2], *share[2];
  sums[0] = parity_twice(&c.p, NULL, c.n_row * sizeof(softmax_sums), &sums[1]);
  share[0] = parity_twice(&c.p, NULL, c.n_row * (size_t)n_share * sizeof(softmax_sums), &share[1]);
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? c.p.cuda : c.p.cpu;
    softmax_search_args a = {.query = c.on[QUERY][side],
                             .vector = c.on[VECTOR][side],
                             .bias = c.on[BIAS][side],
                             .seen = mask == 1 ? c.on[SEEN][side] : NULL,
                             .item = slate ? c.on[ITEM][side] : NULL,
                             .sums = sums[side],
                             .share = share[side],
                             .n_state = n_state,
                             .n_item = n_item,
                             .n_seen_word = (n_item + 31) / 32,
                             .n_agent = n_agent,
                             .width = WIDTH,
                             .slate = SLATE};
    if (mask == 2) a.shown = shown_of(&c, side);
    ASSERT_OK(BACKEND_LAUNCH(backend, softmax_search, (int64_t)c.n_row, &a));
  }
  const softmax_sums *slow = sums[0];
  softmax_sums *fast = calloc(c.n_row, sizeof *fast);
  ASSERT_OK(c.p.cuda->ops->download(c.p.cuda, fast, sums[1], c.n_row * sizeof *fast));
  for (size_t row = 0; row < c.n_row; ++row) {
    EXPECT_NEAR(fast[row].most, slow[row].most, 1e-5);
    EXPECT_NEAR(fast[row].most + log(fast[row].sum), slow[row].most + log(slow[row].sum), 1e-5);
    EXPECT_NEAR(fast[row].most + fast[row].weighted / fast[row].sum,
                slow[row].most + slow[row].weighted / slow[row].sum, 2e-5);
  }
  free(fast);
  parity_release(&c.p, sums[0], sums[1]);
  parity_release(&c.p, share[0], share[1]);
  close_case(&c);
}

TEST(cuda_softmax, sums_are_the_rows) {
  compare_sums(2, 140, 300, 0, false);
  compare_sums(1, 60, 700, 1, true);
  compare_sums(2, 33, 90, 2, true);
  compare_sums(1, 3, 2000, 0, true);
}

TEST(cuda_softmax, gradients_of_a_tile_are_the_rows) {
  enum { ROWS = 5, ITEMS = 75 };
  softmax_case c;
  if (!open_case(&c, 1, ROWS * ITEMS, ITEMS)) return;  // numbers enough
  float zero[ROWS] = {0}, times[ROWS * SLATE];
  for (int k = 0; k < ROWS * SLATE; ++k) times[k] = 1.0f + 0.5f * (float)(k % SLATE);
  void *z[2], *total[2], *lefts[2], *many[2], *used[2];
  float left[ROWS * SLATE];
  for (int k = 0; k < ROWS * SLATE; ++k) left[k] = -0.75f * (float)(k % SLATE);
  const int32_t some = ROWS - 1;
  z[0] = parity_twice(&c.p, c.content[QUERY], ROWS * ITEMS * 4, &z[1]);
  total[0] = parity_twice(&c.p, zero, sizeof zero, &total[1]);
  lefts[0] = parity_twice(&c.p, left, sizeof left, &lefts[1]);
  many[0] = parity_twice(&c.p, times, sizeof times, &many[1]);
  used[0] = parity_twice(&c.p, &some, sizeof some, &used[1]);
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? c.p.cuda : c.p.cpu;
    softmax_slope_args a = {.z = z[side],
                            .bias = c.on[BIAS][side],
                            .total = total[side],
                            .entropy = c.on[QUERY][side],
                            .own = c.on[VECTOR][side],
                            .left = lefts[side],
                            .times = many[side],
                            .item = c.on[ITEM][side],
                            .d_log_prob = c.on[BIAS][side],
                            .d_entropy = c.on[VECTOR][side],
                            .used = used[side],
                            .place = {.rows = ROWS, .n_column = ITEMS},
                            .n_state = ROWS,
                            .n_item = ITEMS,
                            .slate = SLATE};
    ASSERT_OK(BACKEND_LAUNCH(backend, softmax_slope, ROWS, &a));
  }
  EXPECT_TRUE(parity_same(&c.p, z[0], z[1], ROWS * ITEMS));
  for (int k = 0; k < ITEMS; ++k) EXPECT_EQ(((const float *)z[0])[some * ITEMS + k], 0.0f);
  parity_release(&c.p, z[0], z[1]);
  parity_release(&c.p, total[0], total[1]);
  parity_release(&c.p, lefts[0], lefts[1]);
  parity_release(&c.p, many[0], many[1]);
  parity_release(&c.p, used[0], used[1]);
  close_case(&c);
}

TEST(cuda_softmax, sums_over_a_batch_and_over_lanes_are_the_rows) {
  enum { AGENTS = 2, BATCH = 700, LANES = 300 };
  softmax_case c;
  if (!open_case(&c, AGENTS, BATCH, 60)) return;
  const int32_t rows[AGENTS] = {BATCH, 431};
  const int64_t steps[AGENTS] = {4, 9};
  double lane[AGENTS * LANES][4];
  for (int k = 0; k < AGENTS * LANES; ++k)
    for (int j = 0; j < 4; ++j) lane[k][j] = (j % 2 ? 30 : 1) * (1 + sin(k + j));
  void *sum[2], *used[2], *n[2], *sums[2], *cause[2], *explained[2], *count[2];
  sum[0] = parity_twice(&c.p, NULL, AGENTS * POLICY_COLUMNS * 16, &sum[1]);
  used[0] = parity_twice(&c.p, rows, sizeof rows, &used[1]);
  n[0] = parity_twice(&c.p, steps, sizeof steps, &n[1]);
  sums[0] = parity_twice(&c.p, lane, sizeof lane, &sums[1]);
  cause[0] = parity_twice(&c.p, NULL, AGENTS * 4, &cause[1]);
  explained[0] = parity_twice(&c.p, NULL, AGENTS * 4, &explained[1]);
  count[0] = parity_twice(&c.p, NULL, AGENTS * 4, &count[1]);
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? c.p.cuda : c.p.cpu;
    batch_sum_args a = {.x = {c.on[QUERY][side], c.on[VECTOR][side]},
                        .sum = sum[side],
                        .used = used[side],
                        .batch = BATCH,
                        .n_column = 2};
    ASSERT_OK(BACKEND_LAUNCH(backend, batch_sum, AGENTS * 2, &a));
    rollout_judge_args judge = {.sums = sums[side],
                                .n_steps = n[side],
                                .used = used[side],
                                .cause = cause[side],
                                .explained = explained[side],
                                .n = count[side],
                                .agent_lanes = LANES};
    ASSERT_OK(BACKEND_LAUNCH(backend, rollout_judge, AGENTS, &judge));
  }
  double fast[AGENTS * POLICY_COLUMNS * 2];
  float told[AGENTS];
  ASSERT_OK(c.p.cuda->ops->download(c.p.cuda, fast, sum[1], sizeof fast));
  ASSERT_OK(c.p.cuda->ops->download(c.p.cuda, told, explained[1], sizeof told));
  for (int agent = 0; agent < AGENTS; ++agent) {
    for (int k = 0; k < 4; ++k) {
      const int at = agent * POLICY_COLUMNS * 2 + k;
      EXPECT_NEAR(fast[at], ((const double *)sum[0])[at], 1e-9);
    }
    EXPECT_TRUE(((const float *)explained[0])[agent] != 0.0f);
    EXPECT_NEAR(told[agent], ((const float *)explained[0])[agent], 1e-6);
  }
  void *const *const both[] = {sum, used, n, sums, cause, explained, count};
  for (size_t k = 0; k < sizeof both / sizeof *both; ++k)
    parity_release(&c.p, both[k][0], both[k][1]);
  close_case(&c);
}
