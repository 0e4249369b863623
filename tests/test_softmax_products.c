/// The gradients that kernels of ours make of tiles as they lie are those of a library's products
/// and of slopes made one by one, and their bits do not depend on threads or memory.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/network/softmax.h"
#include "kernels/list.h"
#include "support/agent_rig.h"

enum { HISTORY = 10 };

/// A catalogue of random scores on a population's network, and what is asked of its softmax.
typedef struct products_case {
  agent_rig rig;
  network net;
  int64_t rows, all;
  float *query, *vector, *bias, *d_log_prob, *d_entropy, *beside;
  uint32_t *seen;
  int32_t *item, *used;
  tensor_set set;
  softmax_scores score;
  catalogue items;
  best_mask mask;
} products_case;

typedef struct gradients {
  float *query, *vector, *bias, *log_prob, *entropy;
} gradients;

/// Every tenth state has no gradient. Agents of an odd number ask for the entropy too.
static void ask_for(products_case *c, test_random *r) {
  c->d_log_prob = test_numbers(r, c->all, 1.0f);
  c->d_entropy = test_numbers(r, c->all, 1.0f);
  c->beside = calloc((size_t)c->net.n_agent, sizeof *c->beside);
  for (int64_t row = 0; row < c->all; ++row) {
    if (row % 10 == 3) c->d_log_prob[row] = 0.0f;
    if (row / c->rows % 2 == 0) c->d_entropy[row] = 0.0f;
  }
  for (int32_t agent = 0; agent < c->net.n_agent; ++agent) c->beside[agent] = (float)(agent % 2);
}

/// A fifth of the items masked, but the one shown; of a state the whole first tile and more.
static void mask_some(products_case *c, test_random *r) {
  const int32_t n_item = (int32_t)c->net.n_item, n_word = (n_item + 31) / 32;
  c->seen = calloc((size_t)(c->all * n_word), sizeof *c->seen);
  c->item = calloc((size_t)c->all, sizeof *c->item);
  for (int64_t row = 0; row < c->all; ++row) {
    c->item[row] = (int32_t)(row * 37 % n_item);
    for (int32_t i = 0; i < n_item; ++i) {
      const bool masked = test_unit(r) < 0.2f || (row % 7 == 2 && i < 520);
      if (masked && i != c->item[row]) c->seen[row * n_word + i / 32] |= 1u << i % 32;
    }
  }
  c->mask = (best_mask){.seen = c->seen, .n_seen_word = n_word};
}

static throng_status open_case(products_case *c, int threads, int32_t n_agent, int64_t rows,
                               int32_t n_item, int64_t width, float scale, int64_t kept) {
  test_random r = {31, 0};
  *c = (products_case){.rows = rows, .all = rows * n_agent};
  throng_sim_def sim = rig_sim_def(n_agent, HISTORY);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = n_agent;
  c->rig.world = small_world(7, 20, n_item, 6, 12);
  THRONG_TRY(backend_cpu_open(threads, &c->rig.backend));
  THRONG_TRY(throng_sim_create(c->rig.backend, &c->rig.world, NULL, &sim, &c->rig.sim));
  THRONG_TRY(throng_population_create(c->rig.sim, &def, 1000, &c->rig.agent));
  c->net = c->rig.agent->net;
  c->net.width = width;
  c->query = test_numbers(&r, c->all * width, scale);
  c->vector = test_numbers(&r, (int64_t)n_agent * n_item * width, 1.0f);
  c->bias = test_numbers(&r, (int64_t)n_agent * n_item, scale);
  c->items = (catalogue){c->vector, c->bias};
  mask_some(c, &r);
  ask_for(c, &r);
  c->used = calloc((size_t)n_agent, sizeof *c->used);
  for (int32_t agent = 0; agent < n_agent; ++agent) c->used[agent] = (int32_t)(rows - 5 * agent);
  c->net.used = c->used;
  THRONG_TRY(softmax_register(&c->net, &c->set, &c->score, rows, 1, "score"));
  THRONG_TRY(softmax_register_kept(&c->net, &c->set, &c->score, kept, "score"));
  THRONG_TRY(tensors_allocate(&c->set, c->rig.backend, "scores"));
  return softmax_fill(&c->net, &c->score);
}

static void close_case(products_case *c) {
  tensors_free(&c->set);
  free(c->query);
  free(c->vector);
  free(c->bias);
  free(c->d_log_prob);
  free(c->d_entropy);
  free(c->beside);
  free(c->seen);
  free(c->item);
  free(c->used);
  rig_free(&c->rig);
}

/// Gradients by kernels of ours, or where nobody knows that entropies are not asked for.
static throng_status make(products_case *c, bool ours, gradients *g) {
  const int64_t items = c->net.n_item * c->net.n_agent;
  *g = (gradients){calloc((size_t)(c->all * c->net.width), sizeof(float)),
                   calloc((size_t)(items * c->net.width), sizeof(float)),
                   calloc((size_t)items, sizeof(float)), calloc((size_t)c->all, sizeof(float)),
                   calloc((size_t)c->all, sizeof(float))};
  const catalogue d = {g->vector, g->bias};
  const softmax_question question = {NULL, NULL, c->d_log_prob, c->d_entropy,
                                     ours ? c->beside : NULL};
  THRONG_TRY(catalogue_softmax_and_gradients(&c->net, &c->items, c->query, &c->mask, c->item,
                                             &c->score, &question, g->query, &d));
  memcpy(g->log_prob, c->score.log_prob, sizeof(float) * (size_t)c->all);
  memcpy(g->entropy, c->score.entropy, sizeof(float) * (size_t)c->all);
  return THRONG_OK;
}

static void free_gradients(gradients *g) {
  free(g->query);
  free(g->vector);
  free(g->bias);
  free(g->log_prob);
  free(g->entropy);
}

static void expect_near(const char *what, const float *x, const float *y, int64_t n) {
  double most = 0, worst = 0;
  for (int64_t i = 0; i < n; ++i) {
    most = fmax(most, fabs((double)y[i]));
    worst = fmax(worst, fabs((double)x[i] - (double)y[i]));
    if (isnan(x[i])) worst = NAN;
  }
  if (!(worst <= 1e-5 * most) || most == 0)
    throng_test_fail(__FILE__, __LINE__, "%s differ by %g of %g", what, worst, most);
}

static void compare(int threads, int32_t n_agent, int64_t rows, int32_t n_item, int64_t width,
                    float scale, int64_t kept) {
  products_case c;
  gradients g[2];
  ASSERT_OK(open_case(&c, threads, n_agent, rows, n_item, width, scale, kept));
  if (c.rig.backend->products) EXPECT_TRUE(c.score.weight != NULL);
  for (int ours = 0; ours < 2; ++ours) ASSERT_OK(make(&c, ours, &g[ours]));
  expect_near("log-probabilities", g[1].log_prob, g[0].log_prob, c.all);
  expect_near("entropies", g[1].entropy, g[0].entropy, c.all);
  expect_near("gradients of queries", g[1].query, g[0].query, c.all * width);
  expect_near("gradients of vectors", g[1].vector, g[0].vector, n_agent * n_item * width);
  expect_near("gradients of biases", g[1].bias, g[0].bias, n_agent * n_item);
  free_gradients(&g[0]);
  free_gradients(&g[1]);
  close_case(&c);
}

TEST(softmax_products, are_the_librarys_and_the_slopes) {
  compare(1, 1, 300, 1300, 64, 1.0f, CATALOGUE_KEPT);
  compare(1, 3, 70, 1111, 16, 1.0f, CATALOGUE_KEPT);
  compare(2, 2, 256, 1303, 80, 0.1f, 0);
}
TEST(softmax_products, of_states_that_nearly_surely_show_one_item_too) {
  compare(1, 2, 130, 1300, 32, 20.0f, CATALOGUE_KEPT);
}

static void expect_same_bits(const products_case *c, const gradients *a, const gradients *b) {
  const size_t items = (size_t)(c->net.n_item * c->net.n_agent), width = (size_t)c->net.width;
  EXPECT_EQ(memcmp(a->query, b->query, sizeof(float) * (size_t)c->all * width), 0);
  EXPECT_EQ(memcmp(a->vector, b->vector, sizeof(float) * items * width), 0);
  EXPECT_EQ(memcmp(a->bias, b->bias, sizeof(float) * items), 0);
  EXPECT_EQ(memcmp(a->log_prob, b->log_prob, sizeof(float) * (size_t)c->all), 0);
}

static void compare_ways(float scale) {
  const struct {
    int threads;
    int64_t kept;
    const char *isa;
    bool far;  // past the caches
  } way[] = {{1, CATALOGUE_KEPT, "v4", false},
             {2, CATALOGUE_KEPT, "v4", true},
             {2, 0, "v4", false},
             {3, 0, "v3", false},
             {2, CATALOGUE_KEPT, "v3", false},
             {1, (int64_t)1 << 20, "v4", true},
             {2, CATALOGUE_KEPT, "v3", true}};
  enum { WAYS = sizeof way / sizeof *way };
  products_case c[WAYS];
  gradients g[WAYS];
  for (int k = 0; k < WAYS; ++k) {
    setenv("THRONG_ISA", way[k].isa, 1);
    ASSERT_OK(open_case(&c[k], way[k].threads, 2, 500, 1300, 64, scale, way[k].kept));
    c[k].score.kept.far = way[k].far;
    ASSERT_OK(make(&c[k], true, &g[k]));
    expect_same_bits(&c[k], &g[k], &g[0]);
  }
  unsetenv("THRONG_ISA");
  for (int k = 0; k < WAYS; ++k) {
    free_gradients(&g[k]);
    close_case(&c[k]);
  }
}

TEST(softmax_products, have_the_same_bits_whatever_threads_memory_and_instruction_set) {
  compare_ways(1.0f);
}
/// Scores of a tile are then far above those of its first panel, so that it is begun again.
TEST(softmax_products, have_the_same_bits_where_scores_rise_far_too) { compare_ways(20.0f); }

/// Which draws are made, is the same for any number of threads: each takes some of the states.
TEST(softmax_products, draw_the_same_items_whatever_the_threads) {
  enum { ROWS = 300, ITEMS = 1300 };
  int32_t first[ROWS], item[ROWS], step[ROWS] = {0};
  uint32_t number[ROWS];
  float value[ROWS];
  for (int row = 0; row < ROWS; ++row) number[row] = (uint32_t)row;
  for (int threads = 1; threads <= 3; ++threads) {
    products_case c;
    ASSERT_OK(open_case(&c, threads, 1, ROWS, ITEMS, 64, 1.0f, 0));
    c.net.used = NULL;
    const catalogue_noise noise = {c.rig.agent->option.seed, step, number, number};
    ASSERT_OK(
        catalogue_draw_and_sums(&c.net, &c.items, c.query, &c.mask, &noise, value, item, &c.score));
    if (threads == 1) memcpy(first, item, sizeof item);
    EXPECT_EQ(memcmp(first, item, sizeof item), 0);
    close_case(&c);
  }
}

TEST(softmax_products, powers_of_two_are_within_a_unit_of_the_last_place) {
  double worst = 0;
  for (int i = 0; i <= 1000000; ++i) {
    const float x = -126.0f + (float)i * 0.00025f;
    const double e = exp2((double)x);
    worst = fmax(worst, fabs((double)exp2_fused(x) - e) / e);
  }
  EXPECT_LT(worst, 1.2e-7);
  EXPECT_EQ(exp2_fused(-126.1f), 0.0f);
  EXPECT_EQ(exp2_fused(-1e30f), 0.0f);
  EXPECT_EQ(exp2_fused(-INFINITY), 0.0f);
  EXPECT_TRUE(exp2_fused(1e30f) > 1e38f);
  EXPECT_TRUE(isnan(exp2_fused(NAN)));
}

/// Panels of the catalogue lie turned round, of whole blocks of 16 and of what is left.
TEST(softmax_products, panels_are_turned_round_whatever_their_size) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(1, &backend));
  static const int32_t width[] = {16, 48, 64, 20, 7};
  enum { ITEMS = 200, COLUMN = 50, COLUMNS = ITEMS - COLUMN, PANELS = 3, MOST = 64 };
  test_random r = {5, 0};
  float *x = test_numbers(&r, ITEMS * MOST, 1.0f),
        *turned = calloc(PANELS * PRODUCT_PANEL * MOST, sizeof *x);
  for (int k = 0; k < 5; ++k) {
    const tile_turn_args args = {.vector = x,
                                 .turned = turned,
                                 .place = {.column = COLUMN, .n_column = COLUMNS},
                                 .n_item = ITEMS,
                                 .width = width[k]};
    ASSERT_OK(BACKEND_LAUNCH(backend, tile_turn, PANELS, &args));
    for (int32_t item = 0; item < COLUMNS; ++item)
      for (int32_t c = 0; c < width[k]; ++c)
        EXPECT_EQ(
            turned[(item / PRODUCT_PANEL * width[k] + c) * PRODUCT_PANEL + item % PRODUCT_PANEL],
            x[(COLUMN + item) * width[k] + c]);
  }
  free(x);
  free(turned);
  throng_backend_close(backend);
}
