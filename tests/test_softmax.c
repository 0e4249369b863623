/// The softmax over a catalogue: draws have its frequencies, log-probabilities, entropies and
/// gradients are those of sums that are made slowly and in double precision.
#include <math.h>
#include <stdlib.h>

#include "agent/network/softmax.h"
#include "support/agent_rig.h"

enum { WIDTH = 8, HISTORY = 10 };

/// A catalogue of random scores on a population's network.
typedef struct softmax_case {
  agent_rig rig;
  int64_t rows, n_item;
  float *query, *vector, *bias;
  uint32_t *seen;
  int64_t n_word;
  int32_t *step;
  uint32_t *number, *episode;
  tensor_set set;
  softmax_scores score;
  catalogue items;
  best_mask mask;
} softmax_case;

static throng_status open_case(softmax_case *c, int threads, int32_t n_agent, int64_t rows,
                               int32_t n_item, int32_t slate, float scale, double masked) {
  test_random r = {29, 0};
  *c = (softmax_case){.rows = rows, .n_item = n_item, .n_word = (n_item + 31) / 32};
  throng_sim_def sim = rig_sim_def(n_agent, HISTORY);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = n_agent;
  c->rig.world = small_world(7, 20, n_item, 6, 12);
  THRONG_TRY(backend_cpu_open(threads, &c->rig.backend));
  THRONG_TRY(throng_sim_create(c->rig.backend, &c->rig.world, NULL, &sim, &c->rig.sim));
  THRONG_TRY(throng_population_create(c->rig.sim, &def, 1000, &c->rig.agent));
  const int64_t all = rows * n_agent;
  c->query = test_numbers(&r, all * WIDTH, scale);
  c->vector = test_numbers(&r, (int64_t)n_agent * n_item * WIDTH, 1.0f);
  c->bias = test_numbers(&r, (int64_t)n_agent * n_item, scale);
  c->items = (catalogue){c->vector, c->bias};
  c->seen = calloc((size_t)(all * c->n_word), sizeof *c->seen);
  for (int64_t row = 0; row < all; ++row)
    for (int32_t i = 0; i < n_item; ++i)
      if ((double)test_unit(&r) < masked) c->seen[row * c->n_word + i / 32] |= 1u << i % 32;
  if (masked > 0) c->mask = (best_mask){.seen = c->seen, .n_seen_word = c->n_word};
  c->step = calloc((size_t)all, sizeof *c->step);
  c->number = calloc((size_t)all, sizeof *c->number);
  c->episode = calloc((size_t)all, sizeof *c->episode);
  for (int64_t row = 0; row < all; ++row) c->number[row] = (uint32_t)row;
  THRONG_TRY(softmax_register(&c->rig.agent->net, &c->set, &c->score, rows, slate, "score"));
  THRONG_TRY(tensors_allocate(&c->set, c->rig.backend, "scores"));
  return softmax_fill(&c->rig.agent->net, &c->score);
}

static void close_case(softmax_case *c) {
  tensors_free(&c->set);
  free(c->query);
  free(c->vector);
  free(c->bias);
  free(c->seen);
  free(c->step);
  free(c->number);
  free(c->episode);
  rig_free(&c->rig);
}

static bool is_masked(const softmax_case *c, int64_t row, int32_t item) {
  return c->mask.seen && (c->seen[row * c->n_word + item / 32] >> item % 32 & 1u);
}

static double score_of(const softmax_case *c, int64_t row, int32_t item) {
  const int64_t at = row / c->rows * c->n_item + item;
  double z = (double)c->bias[at];
  for (int k = 0; k < WIDTH; ++k)
    z += (double)c->query[row * WIDTH + k] * (double)c->vector[at * WIDTH + k];
  return z;
}

/// log of the sum of exponentials over a row's items that are neither masked nor in `gone`.
static double log_total(const softmax_case *c, int64_t row, const int32_t *gone, int n_gone) {
  double most = -INFINITY, sum = 0;
  for (int pass = 0; pass < 2; ++pass)
    for (int32_t i = 0; i < c->n_item; ++i) {
      bool left = !is_masked(c, row, i);
      for (int k = 0; k < n_gone; ++k) left = left && gone[k] != i;
      if (!left) continue;
      const double z = score_of(c, row, i);
      if (pass == 0) most = z > most ? z : most;
      if (pass == 1) sum += exp(z - most);
    }
  return most + log(sum);
}

static double slow_log_prob(const softmax_case *c, int64_t row, const int32_t *item, int slate) {
  double sum = 0;
  for (int k = 0; k < slate; ++k) sum += score_of(c, row, item[k]) - log_total(c, row, item, k);
  return sum;
}

static double slow_entropy(const softmax_case *c, int64_t row) {
  const double total = log_total(c, row, NULL, 0);
  double sum = 0;
  for (int32_t i = 0; i < c->n_item; ++i) {
    const double x = score_of(c, row, i) - total;
    if (!is_masked(c, row, i)) sum -= exp(x) * x;
  }
  return sum;
}

/// Slates that differ from row to row, of items that are not masked.
static int32_t *slates(const softmax_case *c, int64_t rows, int32_t slate) {
  int32_t *item = calloc((size_t)(rows * slate), sizeof *item);
  for (int64_t row = 0; row < rows; ++row) {
    int32_t next = (int32_t)(row * 37 % c->n_item);
    for (int32_t k = 0; k < slate; ++k) {
      while (is_masked(c, row, next)) next = (next + 1) % (int32_t)c->n_item;
      item[row * slate + k] = next;
      next = (next + 1) % (int32_t)c->n_item;
    }
  }
  return item;
}

static throng_status draw(softmax_case *c, int32_t top, int64_t number, float *value,
                          int32_t *item) {
  for (int64_t row = 0; row < c->rows; ++row) c->step[row] = (int32_t)number;
  const throng_population *a = c->rig.agent;
  const catalogue_noise noise = {a->option.seed, c->step, c->number, c->episode};
  return catalogue_draw(&a->net, &c->items, c->query, c->rows, &c->mask, &noise, top, NULL, value,
                        item);
}

/// All rows have the first row's scores: chi-square of a million draws, items of an expected count
/// below 10 put together.
static void compare_frequencies(int32_t n_item, int64_t draws) {
  enum { ROWS = 1000 };
  softmax_case c;
  ASSERT_OK(open_case(&c, 2, 1, ROWS, n_item, 1, 1.5f, 0.2));
  for (int64_t row = 1; row < ROWS; ++row) {
    memcpy(c.query + row * WIDTH, c.query, WIDTH * sizeof *c.query);
    memcpy(c.seen + row * c.n_word, c.seen, (size_t)c.n_word * sizeof *c.seen);
  }
  int64_t *count = calloc((size_t)n_item, sizeof *count);
  float value[ROWS];
  int32_t item[ROWS];
  for (int64_t n = 0; n < draws / ROWS; ++n) {
    ASSERT_OK(draw(&c, 1, n, value, item));
    for (int row = 0; row < ROWS; ++row) ++count[item[row]];
  }
  const double total = log_total(&c, 0, NULL, 0);
  double chi = 0, rare = 0, rare_seen = 0;
  int freedom = -1;
  for (int32_t i = 0; i < n_item; ++i) {
    if (is_masked(&c, 0, i)) {
      EXPECT_EQ(count[i], 0);
      continue;
    }
    const double expected = (double)draws * exp(score_of(&c, 0, i) - total);
    if (expected < 10) {
      rare += expected;
      rare_seen += (double)count[i];
      continue;
    }
    chi += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    ++freedom;
  }
  if (rare > 0) chi += (rare_seen - rare) * (rare_seen - rare) / rare, ++freedom;
  EXPECT_GT(freedom, 10);
  EXPECT_LT(chi, freedom + 4 * sqrt(2.0 * freedom));
  EXPECT_GT(chi, freedom - 4 * sqrt(2.0 * freedom));
  free(count);
  close_case(&c);
}

TEST(softmax, a_million_draws_have_its_frequencies_and_leave_masked_items_out) {
  compare_frequencies(37, 1000000);
}
TEST(softmax, draws_from_a_catalogue_of_several_tiles_have_its_frequencies) {
  compare_frequencies(2100, 40000);
}

TEST(softmax, slates_have_the_frequencies_of_plackett_and_luce) {
  enum { ROWS = 1000, DRAWS = 300000, ITEMS = 5, SLATE = 2 };
  softmax_case c;
  ASSERT_OK(open_case(&c, 1, 1, ROWS, ITEMS, SLATE, 1.0f, 0));
  for (int64_t row = 1; row < ROWS; ++row)
    memcpy(c.query + row * WIDTH, c.query, WIDTH * sizeof *c.query);
  int64_t count[ITEMS][ITEMS] = {{0}};
  static float value[ROWS * SLATE];
  static int32_t item[ROWS * SLATE];
  for (int64_t n = 0; n < DRAWS / ROWS; ++n) {
    ASSERT_OK(draw(&c, SLATE, n, value, item));
    for (int row = 0; row < ROWS; ++row) ++count[item[2 * row]][item[2 * row + 1]];
  }
  double chi = 0;
  for (int32_t i = 0; i < ITEMS; ++i)
    for (int32_t j = 0; j < ITEMS; ++j) {
      if (i == j) {
        EXPECT_EQ(count[i][j], 0);
        continue;
      }
      const double expected = DRAWS * exp(slow_log_prob(&c, 0, (const int32_t[]){i, j}, SLATE));
      chi += ((double)count[i][j] - expected) * ((double)count[i][j] - expected) / expected;
    }
  EXPECT_LT(chi, 19 + 4 * sqrt(2.0 * 19));
  close_case(&c);
}

TEST(softmax, noise_of_many_items_at_once_is_that_of_each_alone) {
  uint32_t word[4][RANDOM_SOME];
  const uint32_t bound = 1u << 25;  // so many that one of 64 words is below with a chance of 0.4
  for (uint32_t step = 0; step < 8; ++step) {
    uint32_t below = 0;
    const uint32_t told = random_draw_some(7, RANDOM_POLICY, 100, step, 9, 2, bound, word);
    for (uint32_t k = 0; k < 4 * RANDOM_SOME; ++k) {
      const uint32_t own = random_draw(7, RANDOM_POLICY, 100 + k / 4, step, 9, 2).w[k % 4];
      EXPECT_EQ(word[k % 4][k / 4], own);
      below |= (uint32_t)(own <= bound) << k / 4 / RANDOM_GROUP;
    }
    EXPECT_EQ(told, below);
  }
  // The tail of the noise is exact where uniform numbers near 1 would have no digits left.
  EXPECT_NEAR(gumbel_of(0), log(8589934592.0), 1e-4);
  EXPECT_NEAR(gumbel_of(1u << 31), -log(log(2.0)), 1e-5);
}

/// A state that nearly surely shows one item, and one whose scores are all alike.
static void compare_scores(int32_t n_agent, int64_t rows, int32_t n_item, int32_t slate) {
  softmax_case c;
  ASSERT_OK(open_case(&c, 2, n_agent, rows, n_item, slate, 2.0f, 0.3));
  for (int k = 0; k < WIDTH; ++k) c.query[k] *= 20.0f;
  if (rows > 1)
    for (int k = 0; k < WIDTH; ++k) c.query[WIDTH + k] = 0.0f;
  int32_t *item = slates(&c, rows * n_agent, slate);
  ASSERT_OK(catalogue_softmax(&c.rig.agent->net, &c.items, c.query, &c.mask, item, &c.score));
  for (int64_t row = 0; row < rows * n_agent; row += 1 + row / 8) {
    const double log_prob = slow_log_prob(&c, row, item + row * slate, slate);
    EXPECT_NEAR(c.score.log_prob[row], log_prob, 1e-5 * (2 + fabs(log_prob)));
    EXPECT_NEAR(c.score.entropy[row], slow_entropy(&c, row), 2e-5);
  }
  free(item);
  close_case(&c);
}

TEST(softmax, log_probabilities_and_entropies_are_those_of_slow_sums) {
  compare_scores(1, 300, 2100, 1);
  compare_scores(2, 40, 1300, 3);
  compare_scores(3, 1, 9, 4);
}

TEST(softmax, of_a_masked_item_and_of_no_items_are_no_numbers) {
  softmax_case c;
  ASSERT_OK(open_case(&c, 1, 1, 3, 9, 1, 1.0f, 1.0));
  c.seen[1] &= ~(1u << 4);
  const int32_t item[] = {4, 4, 4};
  c.seen[2] &= ~(1u << 3);
  ASSERT_OK(catalogue_softmax(&c.rig.agent->net, &c.items, c.query, &c.mask, item, &c.score));
  EXPECT_TRUE(isnan(c.score.log_prob[0]) && isnan(c.score.entropy[0]));
  EXPECT_NEAR(c.score.log_prob[1], 0, 1e-6);
  EXPECT_NEAR(c.score.entropy[1], 0, 1e-6);
  EXPECT_TRUE(c.score.log_prob[2] == -INFINITY);
  close_case(&c);
}

/// What gradients are asked of, in double.
static double objective(const softmax_case *c, const int32_t *item, int32_t slate, const float *dl,
                        const float *de) {
  double sum = 0;
  for (int64_t row = 0; row < c->rows * c->rig.agent->n_agent; ++row)
    sum += (double)dl[row] * slow_log_prob(c, row, item + row * slate, slate) +
           (double)de[row] * slow_entropy(c, row);
  return sum;
}

/// The scores of the first state's slate lie `apart`, one from the next: falling, or rising below
/// 0.
static void compare_gradients(int32_t n_agent, int64_t rows, int32_t n_item, int32_t slate,
                              float apart) {
  const double near = apart == 0 ? 3e-5 : 2e-4;  // numbers of this size have so many places
  test_random r = {5, 0};
  softmax_case c;
  ASSERT_OK(open_case(&c, 2, n_agent, rows, n_item, slate, 1.0f, slate < n_item ? 0.2 : 0));
  const int64_t all = rows * n_agent, n_vector = (int64_t)n_agent * n_item * WIDTH;
  int32_t *item = slates(&c, all, slate);
  for (int32_t k = 0; k < slate; ++k) c.bias[item[k]] -= apart * (float)k;
  float *dl = test_numbers(&r, all, 1), *de = test_numbers(&r, all, 1);
  float *d_query = test_numbers(&r, all * WIDTH, 1), *d_vector = test_numbers(&r, n_vector, 1);
  float *d_bias = test_numbers(&r, (int64_t)n_agent * n_item, 1);
  const catalogue d = {d_vector, d_bias};
  const network *n = &c.rig.agent->net;
  ASSERT_OK(catalogue_softmax(n, &c.items, c.query, &c.mask, item, &c.score));
  ASSERT_OK(catalogue_softmax_gradients(n, &c.items, c.query, &c.mask, item, &c.score, dl, de,
                                        d_query, &d));
  const struct {
    float *x;
    const float *gradient;
    int64_t size;
  } part[] = {{c.query, d_query, all * WIDTH},
              {c.vector, d_vector, n_vector},
              {c.bias, d_bias, (int64_t)n_agent * n_item}};
  for (int p = 0; p < 3; ++p)
    for (int64_t k = 0; k < 12; ++k) {
      float *at = &part[p].x[k * part[p].size / 12];
      const float before = *at, step = 1.0f / 256;
      *at = before + step;
      const double high = objective(&c, item, slate, dl, de);
      const float up = *at;
      *at = before - step;
      const double low = objective(&c, item, slate, dl, de), slope = (double)(up - *at);
      *at = before;
      EXPECT_NEAR(part[p].gradient[k * part[p].size / 12], (high - low) / slope, near);
    }
  free(item);
  free(dl);
  free(de);
  free(d_query);
  free(d_vector);
  free(d_bias);
  close_case(&c);
}

TEST(softmax, gradients_are_those_of_small_differences) {
  compare_gradients(2, 5, 43, 1, 0);
  compare_gradients(1, 4, 60, 3, 0);
}

/// Further than exponentials of 32 bits reach, in the order of their scores and against it; and
/// where a slate is all there is.
TEST(softmax, gradients_of_slates_hold_however_far_apart_their_scores_are) {
  compare_gradients(1, 3, 60, 4, 120);
  compare_gradients(1, 1, 60, 4, -120);
  compare_gradients(1, 1, 60, 3, -300);
  compare_gradients(1, 1, 5, 5, 100);
  compare_gradients(1, 1, 5, 5, -100);
}

TEST(softmax, gradients_over_several_tiles_are_those_of_small_differences) {
  compare_gradients(1, 3, 2100, 2, 0);
}

/// Sums over states and items are cut at the same places, whatever threads and neighbours there
/// are.
TEST(softmax, gradients_of_an_agent_are_the_same_bits_alone_and_with_any_threads) {
  enum { ROWS = 600, ITEMS = 1100 };
  softmax_case c[3];
  float *query[3], *vector[3], *bias[3];
  const int agents[] = {1, 1, 2}, threads[] = {1, 3, 2};
  for (int k = 0; k < 3; ++k) {
    const int64_t all = (int64_t)ROWS * agents[k];
    ASSERT_OK(open_case(&c[k], threads[k], agents[k], ROWS, ITEMS, 1, 1.0f, 0));
    memcpy(c[k].vector, c[0].vector, sizeof(float) * ITEMS * WIDTH);
    memcpy(c[k].bias, c[0].bias, sizeof(float) * ITEMS);
    memcpy(c[k].query, c[0].query, sizeof(float) * ROWS * WIDTH);
    int32_t *item = slates(&c[0], all, 1);
    float *ones = calloc((size_t)all, sizeof *ones);
    for (int64_t i = 0; i < all; ++i) ones[i] = 1.0f;
    query[k] = calloc((size_t)all * WIDTH, sizeof(float));
    vector[k] = calloc((size_t)agents[k] * ITEMS * WIDTH, sizeof(float));
    bias[k] = calloc((size_t)agents[k] * ITEMS, sizeof(float));
    const catalogue d = {vector[k], bias[k]};
    const network *n = &c[k].rig.agent->net;
    ASSERT_OK(catalogue_softmax(n, &c[k].items, c[k].query, &c[k].mask, item, &c[k].score));
    ASSERT_OK(catalogue_softmax_gradients(n, &c[k].items, c[k].query, &c[k].mask, item, &c[k].score,
                                          ones, ones, query[k], &d));
    EXPECT_EQ(memcmp(query[k], query[0], sizeof(float) * ROWS * WIDTH), 0);
    EXPECT_EQ(memcmp(vector[k], vector[0], sizeof(float) * ITEMS * WIDTH), 0);
    EXPECT_EQ(memcmp(bias[k], bias[0], sizeof(float) * ITEMS), 0);
    free(item);
    free(ones);
  }
  for (int k = 0; k < 3; ++k) {
    free(query[k]);
    free(vector[k]);
    free(bias[k]);
    close_case(&c[k]);
  }
}

/// Gradients are asked of what the softmax has come to, so that who asks too early is told wrong.
typedef struct asked {
  const softmax_scores *score;
  const float *dl, *de;
  float *d_log_prob, *d_entropy;
} asked;

static throng_status ask(void *context, throng_backend *backend, int64_t first, int64_t rows) {
  const asked *a = context;
  (void)backend;
  for (int64_t row = first; row < first + rows; ++row) {
    a->d_log_prob[row] = a->dl[row] * a->score->log_prob[row];
    a->d_entropy[row] = a->de[row] * a->score->entropy[row];
  }
  return THRONG_OK;
}

typedef struct gradients {
  float *query, *vector, *bias;
} gradients;

static gradients gradients_of(const softmax_case *c, int n_agent) {
  return (gradients){calloc((size_t)(c->rows * n_agent * WIDTH), sizeof(float)),
                     calloc((size_t)(c->n_item * n_agent * WIDTH), sizeof(float)),
                     calloc((size_t)(c->n_item * n_agent), sizeof(float))};
}

static void free_gradients(gradients *g) {
  free(g->query);
  free(g->vector);
  free(g->bias);
}

static void expect_equal(const softmax_case *c, int n_agent, const gradients *a,
                         const gradients *b) {
  const size_t rows = (size_t)(c->rows * n_agent), items = (size_t)(c->n_item * n_agent);
  EXPECT_EQ(memcmp(a->query, b->query, sizeof(float) * rows * WIDTH), 0);
  EXPECT_EQ(memcmp(a->vector, b->vector, sizeof(float) * items * WIDTH), 0);
  EXPECT_EQ(memcmp(a->bias, b->bias, sizeof(float) * items), 0);
}

/// In two walks; in two by one call; and in one, where scores are kept.
static void compare_at_once(int threads, int32_t n_agent, int64_t rows, int32_t n_item,
                            int32_t slate, int64_t most) {
  test_random r = {5, 0};
  softmax_case c;
  tensor_set set = {0};
  ASSERT_OK(open_case(&c, threads, n_agent, rows, n_item, slate, 1.0f, 0.2));
  const network *n = &c.rig.agent->net;
  const int64_t all = rows * n_agent;
  int32_t *item = slates(&c, all, slate);
  float *dl = test_numbers(&r, all, 1), *de = test_numbers(&r, all, 1);
  float *d_log_prob = test_numbers(&r, all, 1), *d_entropy = test_numbers(&r, all, 1);
  asked asks = {&c.score, dl, de, d_log_prob, d_entropy};
  const softmax_question question = {ask, &asks, d_log_prob, d_entropy, NULL};
  gradients g[3];
  for (int k = 0; k < 3; ++k) {
    g[k] = gradients_of(&c, n_agent);
    const catalogue d = {g[k].vector, g[k].bias};
    if (k == 0) {
      ASSERT_OK(catalogue_softmax(n, &c.items, c.query, &c.mask, item, &c.score));
      ASSERT_OK(ask(&asks, c.rig.backend, 0, all));
      ASSERT_OK(catalogue_softmax_gradients(n, &c.items, c.query, &c.mask, item, &c.score,
                                            d_log_prob, d_entropy, g[k].query, &d));
      continue;
    }
    if (k == 2) {
      ASSERT_OK(softmax_register_kept(n, &set, &c.score, most, "score"));
      ASSERT_OK(tensors_allocate(&set, c.rig.backend, "kept"));
      EXPECT_EQ(c.score.kept.score != NULL, threads <= 2);  // four would wait for two blocks
    }
    memset(d_log_prob, 0, sizeof(float) * (size_t)all);
    memset(d_entropy, 0, sizeof(float) * (size_t)all);
    ASSERT_OK(catalogue_softmax_and_gradients(n, &c.items, c.query, &c.mask, item, &c.score,
                                              &question, g[k].query, &d));
    expect_equal(&c, n_agent, &g[k], &g[0]);
  }
  for (int k = 0; k < 3; ++k) free_gradients(&g[k]);
  tensors_free(&set);
  free(item);
  free(dl);
  free(de);
  free(d_log_prob);
  free(d_entropy);
  close_case(&c);
}

TEST(softmax, scores_that_are_kept_give_the_bits_of_scores_made_again) {
  compare_at_once(1, 3, 300, 700, 2, CATALOGUE_KEPT);
  compare_at_once(2, 2, 256, 1300, 1, CATALOGUE_KEPT);
  compare_at_once(4, 1, 300, 1300, 1, CATALOGUE_KEPT);  // fewer blocks than threads
}
TEST(softmax, of_a_catalogue_that_is_kept_in_part_they_do_too) {
  compare_at_once(2, 1, 512, 2100, 1, (int64_t)3 * CATALOGUE_ROWS * CATALOGUE_COLUMNS * 4);
}

TEST(softmax, of_an_item_drawn_by_the_same_walk_is_that_of_the_item_given) {
  enum { ROWS = 600, ITEMS = 1300 };
  softmax_case c;
  ASSERT_OK(open_case(&c, 2, 1, ROWS, ITEMS, 1, 2.0f, 0.3));
  for (int k = 0; k < WIDTH; ++k) c.query[k] *= 20.0f;  // a state that nearly surely shows one
  static float value[ROWS], log_prob[ROWS], entropy[ROWS];
  static int32_t item[ROWS], own[ROWS];
  const throng_population *a = c.rig.agent;
  const catalogue_noise noise = {a->option.seed, c.step, c.number, c.episode};
  ASSERT_OK(draw(&c, 1, 3, value, item));
  ASSERT_OK(catalogue_softmax(&a->net, &c.items, c.query, &c.mask, item, &c.score));
  memcpy(log_prob, c.score.log_prob, sizeof log_prob);
  memcpy(entropy, c.score.entropy, sizeof entropy);
  ASSERT_TRUE(softmax_may_draw(&a->net, &c.score));
  ASSERT_OK(
      catalogue_draw_and_sums(&a->net, &c.items, c.query, &c.mask, &noise, value, own, &c.score));
  ASSERT_OK(catalogue_softmax_of_sums(&a->net, &c.items, c.query, &c.mask, own, &c.score));
  for (int row = 0; row < ROWS; ++row) {
    EXPECT_EQ(own[row], item[row]);
    EXPECT_NEAR(c.score.log_prob[row], log_prob[row], 1e-5 * (2 + fabs((double)log_prob[row])));
    EXPECT_NEAR(c.score.entropy[row], entropy[row], 2e-5);
  }
  close_case(&c);
}
