/// Policies over a catalogue against PyTorch (tests/golden/make_policy.py): log-probabilities,
/// entropies, slates, every gradient, Fisher-vector products; and the sampler against the
/// probabilities that it should draw with.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/network/fisher.h"
#include "base/safetensors.h"
#include "cpu/backend_cpu.h"
#include "kernels/list.h"
#include "throng_test.h"

/// A catalogue and states of one agent, without a population.
typedef struct policy_rig {
  throng_backend *backend;
  network net;
  tensor_set set;
  safetensors_file *file;
  softmax_scores score;
  uint32_t *seen;
  best_mask mask;
  catalogue items, d_items;
  float *query, *d_query, *tile;
  int32_t *item;
  int64_t rows;
} policy_rig;

/// A whole tensor of the golden file, as floats of its own memory.
static void *fetch(const policy_rig *r, const char *part, const char *name) {
  char full[64];
  snprintf(full, sizeof full, "%s.%s", part, name);
  const safetensors_tensor *t = safetensors_find(r->file, full);
  if (!t) throng_test_fail(__FILE__, __LINE__, "golden file has no '%s'", full);
  void *to = calloc(t ? t->bytes : 1, 1);
  if (t) EXPECT_OK(safetensors_read(r->file, t, 0, to, t->bytes));
  return to;
}

static void take(const policy_rig *r, const char *part, const char *name, void *to, size_t bytes) {
  void *from = fetch(r, part, name);
  memcpy(to, from, bytes);
  free(from);
}

static void set_mask(policy_rig *r, const char *part) {
  uint8_t *masked = fetch(r, part, "masked");
  for (int64_t i = 0; i < r->rows; ++i)
    for (int64_t k = 0; k < r->net.n_item; ++k)
      if (masked[i * r->net.n_item + k])
        r->seen[i * r->mask.n_seen_word + k / 32] |= 1u << (k % 32);
  free(masked);
}

static throng_status rig_open(policy_rig *r, const char *part, int32_t slate) {
  enum { ROWS = 24, ITEMS = 301, WIDTH = 7, WORDS = (ITEMS + 31) / 32 };
  char path[512];
  *r = (policy_rig){.rows = ROWS};
  snprintf(path, sizeof path, "%s/golden/policy.safetensors", TEST_SOURCE_DIR);
  THRONG_TRY(safetensors_open(path, &r->file));
  THRONG_TRY(backend_cpu_open(2, &r->backend));
  r->net = (network){.backend = r->backend, .n_agent = 1, .n_item = ITEMS, .width = WIDTH};
  tensor_set *set = &r->set;
  THRONG_TRY(catalogue_register_tile(&r->net, set, &r->net.tile, "tile"));
  THRONG_TRY(catalogue_register_tile(&r->net, set, &r->tile, "other"));
  THRONG_TRY(softmax_register(&r->net, set, &r->score, ROWS, slate, "score"));
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &r->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ADD(query, F32, ROWS, WIDTH);
  ADD(d_query, F32, ROWS, WIDTH);
  ADD(items.vector, F32, ITEMS, WIDTH);
  ADD(items.bias, F32, ITEMS);
  ADD(d_items.vector, F32, ITEMS, WIDTH);
  ADD(d_items.bias, F32, ITEMS);
  ADD(item, I32, ROWS, slate);
  ADD(seen, U32, ROWS, WORDS);
#undef ADD
  THRONG_TRY(tensors_allocate(set, r->backend, "golden policy"));
  THRONG_TRY(softmax_fill(&r->net, &r->score));
  r->mask = (best_mask){.seen = r->seen, .n_seen_word = WORDS};
  set_mask(r, part);
  take(r, part, "query", r->query, sizeof(float) * ROWS * WIDTH);
  take(r, part, "vector", r->items.vector, sizeof(float) * ITEMS * WIDTH);
  take(r, part, "bias", r->items.bias, sizeof(float) * ITEMS);
  return THRONG_OK;
}

static void rig_close(policy_rig *r) {
  tensors_free(&r->set);
  throng_backend_close(r->backend);
  safetensors_close(r->file);
}

/// Largest difference, relative where numbers are above 1.
static void expect_close(const policy_rig *r, const char *part, const char *name, const float *x,
                         int64_t n, double most) {
  float *expected = fetch(r, part, name);
  double worst = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double size = fabs((double)expected[i]);
    const double off = fabs((double)x[i] - (double)expected[i]) / (size > 1 ? size : 1);
    if (!(off <= worst)) worst = off;
  }
  if (!(worst <= most))
    throng_test_fail(__FILE__, __LINE__, "%s.%s is off by %g", part, name, worst);
  free(expected);
}

static void compare_choices(const char *part, int32_t slate) {
  policy_rig r;
  ASSERT_OK(rig_open(&r, part, slate));
  take(&r, part, "item", r.item, sizeof(int32_t) * (size_t)(r.rows * slate));
  ASSERT_OK(catalogue_softmax(&r.net, &r.items, r.query, &r.mask, r.item, &r.score));
  expect_close(&r, part, "logp", r.score.log_prob, r.rows, 1e-5);
  float *d_log_prob = fetch(&r, part, "c_logp");
  float *d_entropy = calloc((size_t)r.rows, sizeof *d_entropy);
  if (slate == 1) {
    expect_close(&r, part, "entropy", r.score.entropy, r.rows, 1e-5);
    take(&r, part, "c_entropy", d_entropy, sizeof(float) * (size_t)r.rows);
  }
  ASSERT_OK(catalogue_softmax_gradients(&r.net, &r.items, r.query, &r.mask, r.item, &r.score,
                                        d_log_prob, d_entropy, r.d_query, &r.d_items));
  expect_close(&r, part, "d_query", r.d_query, r.rows * r.net.width, 1e-5);
  expect_close(&r, part, "d_vector", r.d_items.vector, r.net.n_item * r.net.width, 1e-5);
  expect_close(&r, part, "d_bias", r.d_items.bias, r.net.n_item, 1e-5);
  free(d_log_prob);
  free(d_entropy);
  rig_close(&r);
}

TEST(policy, log_probabilities_entropies_and_their_gradients_are_pytorch_s) {
  compare_choices("choice", 1);
}

TEST(policy, slates_have_plackett_and_luce_s_log_probability_and_its_gradients) {
  compare_choices("slate", 3);
}

TEST(policy, the_fisher_matrix_times_a_vector_is_the_second_derivative_of_the_divergence) {
  policy_rig r;
  ASSERT_OK(rig_open(&r, "fisher", 1));
  for (int64_t i = 0; i < r.rows; ++i)  // any item that may be shown
    while (r.seen[i * r.mask.n_seen_word + r.item[i] / 32] >> (r.item[i] % 32) & 1u) ++r.item[i];
  ASSERT_OK(catalogue_softmax(&r.net, &r.items, r.query, &r.mask, r.item, &r.score));
  const catalogue along = {fetch(&r, "fisher", "along_vector"), fetch(&r, "fisher", "along_bias")};
  float *query = fetch(&r, "fisher", "along_query"), weight = 1.0f / (float)r.rows;
  double *mean = calloc((size_t)r.rows, sizeof *mean);
  const fisher_product product = {.at = {r.query, &r.items, r.score.total},
                                  .along = {query, &along, NULL},
                                  .weight = &weight,
                                  .ones = r.score.ones,
                                  .mean = mean,
                                  .d_query = r.d_query,
                                  .d_catalogue = &r.d_items};
  ASSERT_OK(catalogue_fisher(&r.net, r.tile, r.rows, &r.mask, &product));
  // One state's scores and their derivatives reach 100, of which single precision loses 1e-5.
  expect_close(&r, "fisher", "to_query", r.d_query, r.rows * r.net.width, 1e-4);
  expect_close(&r, "fisher", "to_vector", r.d_items.vector, r.net.n_item * r.net.width, 1e-4);
  expect_close(&r, "fisher", "to_bias", r.d_items.bias, r.net.n_item, 1e-5);
  // The divergence of a softmax from itself is nothing, of another one that is near half v . F v.
  const softmax_side at = product.at;
  ASSERT_OK(catalogue_divergence(&r.net, r.tile, r.rows, &r.mask, &at, &at, mean));
  for (int64_t i = 0; i < r.rows; ++i) EXPECT_NEAR(mean[i], 0, 1e-12);
  free(mean);
  free(query);
  free(along.vector);
  free(along.bias);
  rig_close(&r);
}

enum { DRAW_ROWS = 4096, DRAWS = 2442, DRAW_ITEMS = 50, MASKED_ITEM = 17 };  // 10^7 and a few

/// Scores of 50 items, one of which is masked, and the probabilities that they stand for.
static void make_odds(float *bias, double *odds) {
  double sum = 0;
  for (int k = 0; k < DRAW_ITEMS; ++k) {
    bias[k] = 2.0f * sinf(0.7f * (float)k) - (k % 7 == 0 ? 4.0f : 0.0f);
    odds[k] = k == MASKED_ITEM ? 0 : exp((double)bias[k]);
    sum += odds[k];
  }
  for (int k = 0; k < DRAW_ITEMS; ++k) odds[k] /= sum;
}

TEST(policy, ten_million_draws_have_the_softmax_s_frequencies) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(2, &backend));
  network net = {.backend = backend, .n_agent = 1, .n_item = DRAW_ITEMS, .width = 1};
  tensor_set set = {0};
  catalogue items;
  float *query, *value;
  int32_t *item, *step;
  uint32_t *seed, *number, *episode, *seen;
#define ADD(slot, type, ...) \
  ASSERT_OK(tensors_add(&set, &(slot), TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), #slot))
  ASSERT_OK(catalogue_register_tile(&net, &set, &net.tile, "tile"));
  ADD(items.vector, F32, DRAW_ITEMS);
  ADD(items.bias, F32, DRAW_ITEMS);
  ADD(query, F32, DRAW_ROWS);
  ADD(value, F32, DRAW_ROWS);
  ADD(item, I32, DRAW_ROWS);
  ADD(step, I32, DRAW_ROWS);
  ADD(number, U32, DRAW_ROWS);
  ADD(episode, U32, DRAW_ROWS);
  ADD(seed, U32, 1);
  ADD(seen, U32, DRAW_ROWS, 2);
#undef ADD
  ASSERT_OK(tensors_allocate(&set, backend, "draws"));
  double odds[DRAW_ITEMS], statistic = 0;
  int64_t count[DRAW_ITEMS] = {0};
  make_odds(items.bias, odds);
  *seed = 7;
  for (int64_t i = 0; i < DRAW_ROWS; ++i) {
    number[i] = (uint32_t)i;
    seen[2 * i] = 1u << MASKED_ITEM;
  }
  const best_mask mask = {.seen = seen, .n_seen_word = 2};
  const catalogue_noise noise = {seed, step, number, episode};
  for (int32_t t = 0; t < DRAWS; ++t) {
    for (int64_t i = 0; i < DRAW_ROWS; ++i) step[i] = t;
    ASSERT_OK(catalogue_draw(&net, &items, query, DRAW_ROWS, &mask, &noise, 1, NULL, value, item));
    for (int64_t i = 0; i < DRAW_ROWS; ++i) ++count[item[i]];
  }
  EXPECT_EQ(count[MASKED_ITEM], 0);
  for (int k = 0; k < DRAW_ITEMS; ++k) {
    const double expected = odds[k] * DRAWS * DRAW_ROWS;
    if (k != MASKED_ITEM) statistic += pow((double)count[k] - expected, 2) / expected;
  }
  // 48 degrees of freedom: 88.5 is passed by chance once in 3,000 times, 21.5 not reached as
  // rarely.
  EXPECT_LT(statistic, 88.5);
  EXPECT_GT(statistic, 21.5);
  tensors_free(&set);
  throng_backend_close(backend);
}
