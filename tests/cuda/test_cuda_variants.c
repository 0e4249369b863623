/// CUDA's variants of row functions against the row functions on the CPU: votes, f_sta's cache,
/// state features, folds and yardsticks bit for bit.
#include "cuda_parity.h"
#include "evaluate/yardsticks.h"
#include "kernels/agent/agent_list.h"
#include "kernels/list.h"
#include "sim/sim.h"
#include "sta/sta_score.h"
#include "support/agent_rig.h"
#include "support/small_world.h"

enum { USERS = 24, ITEMS = 300, MANY_ITEMS = 3000, LANES = 5, STEPS = 45 };

typedef struct variation {
  throng_rule rule;
  throng_semantics semantics;
  throng_similarity similarity;
  bool table, labels;
  int slate, history, window, layers, width, heads;
  bool autoreset, mask;
} variation;

/// A step's outcomes on both backends, lane by lane; on a device a lane that a near-tie has led
/// elsewhere is looked at no longer. Returns the lanes that went the same way.
static int compare_step(const variation *v, const throng_outcome out[2], bool apart[LANES]) {
  int same_lanes = 0;
  for (int lane = 0; lane < LANES; ++lane) {
    for (int k = 0; k < v->slate && !apart[lane]; ++k) {
      const int at = lane * v->slate + k;
      EXPECT_TRUE(parity_votes(&out[0].vote[at], &out[1].vote[at], 0.5f, &apart[lane]));
    }
    if (!apart[lane]) EXPECT_EQ(out[0].ended[lane], out[1].ended[lane]);
    same_lanes += !apart[lane];
  }
  return same_lanes;
}

/// Simulators of the variation on both backends go the same way.
static void follow(const variation *v) {
  parity p;
  if (!parity_open(&p)) return;
  const int n_item = v->mask ? MANY_ITEMS : ITEMS;  // words of bits for every thread of a warp
  throng_world world = small_world(17, USERS, n_item, 24, 90);
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.window = v->window;
  sta_def.layers = v->layers;
  sta_def.labels = v->labels;
  sta_def.width = v->width;
  sta_def.heads = v->heads;
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = v->history;
  def.leave_probability = 0.08f;
  def.max_steps = 70;
  def.slate_size = v->slate;
  def.autoreset = v->autoreset;
  def.mask_seen = v->mask;
  def.votes.rule = v->rule;
  def.votes.semantics = v->semantics;
  def.votes.similarity = v->similarity;
  if (!v->table) def.votes.table_bytes = 0;
  throng_sta *sta[2];
  throng_sim *sim[2];
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? p.cuda : p.cpu;
    ASSERT_OK(throng_sta_create(backend, &world, &sta_def, &sta[side]));
    ASSERT_OK(throng_sim_create(backend, &world, sta[side], &def, &sim[side]));
  }
  bool apart[LANES] = {false};
  int together = 0;
  for (uint32_t step = 0; step < STEPS; ++step) {
    int32_t action[LANES * 4];
    for (int k = 0; k < LANES * v->slate; ++k)
      action[k] =
          (int32_t)random_index(random_draw(4, 77, step, (uint32_t)k, 0, 0).w[0], (uint32_t)n_item);
    throng_outcome out[2];
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(throng_sim_step(sim[side], action));
      ASSERT_OK(throng_sim_outcome(sim[side], &out[side]));
    }
    together += compare_step(v, out, apart);
  }
  EXPECT_GT(together, STEPS * LANES / 2);  // margins below 1e-5 are rare
  if (PARITY_EXACT) {
    uint64_t hash[2];
    for (int side = 0; side < 2; ++side) ASSERT_OK(throng_sim_hash(sim[side], &hash[side]));
    EXPECT_EQ(hash[0], hash[1]);
  }
  for (int side = 0; side < 2; ++side) {
    throng_sim_close(sim[side]);
    throng_sta_close(sta[side]);
  }
  small_world_free(&world);
  parity_close(&p);
}

static const variation common = {.table = true,
                                 .slate = 1,
                                 .history = 64,
                                 .window = 50,
                                 .layers = 2,
                                 .width = 32,
                                 .heads = 1,
                                 .autoreset = true};

TEST(cuda_variants, votes_from_the_table_and_a_cached_f_sta_are_the_rows) { follow(&common); }

TEST(cuda_variants, votes_without_a_table_are_the_rows) {
  variation v = common;
  v.table = false;
  follow(&v);
  v.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  follow(&v);
}

TEST(cuda_variants, published_semantics_slates_and_idle_lanes_are_the_rows) {
  variation v = common;
  v.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  v.slate = 3;
  v.autoreset = false;
  follow(&v);
}

TEST(cuda_variants, similarity_to_the_mean_is_the_rows) {
  variation v = common;
  v.similarity = THRONG_SIMILARITY_MEAN;
  follow(&v);
  v.table = false;
  v.slate = 4;
  follow(&v);
}

TEST(cuda_variants, windows_of_any_length_that_fits_and_labels_are_the_rows) {
  for (int window = 2; window <= 64; window += window < 10 ? 16 : 46) {
    variation v = common;
    v.window = window;
    v.history = window < 40 ? 40 : 100;
    v.layers = window % 3 + 1;
    v.labels = window % 4 == 2;
    follow(&v);
  }
}

TEST(cuda_variants, f_sta_of_any_width_and_heads_over_long_windows_is_the_rows) {
  // Widths with code of their own, between them, below and above; whole vectors and none.
  const int shape[][3] = {{16, 1, 30}, {16, 4, 70},  {24, 2, 200}, {32, 2, 100}, {32, 1, 200},
                          {40, 4, 50}, {50, 1, 200}, {50, 2, 34},  {63, 3, 40},  {64, 1, 66},
                          {64, 4, 98}, {6, 2, 20},   {100, 4, 40}, {128, 1, 24}};
  const size_t by = PARITY_STEPS(10) < 10 ? 3 : 1;  // under AddressSanitizer some of them
  for (size_t k = 0; k < sizeof shape / sizeof *shape; k += by) {
    variation v = common;
    v.width = shape[k][0];
    v.heads = shape[k][1];
    v.window = shape[k][2];
    v.history = v.window + (int)(k % 2) * 7;
    v.layers = k % 3 == 0 ? 1 : 2;
    v.labels = k % 2 == 0;
    follow(&v);
  }
}

TEST(cuda_variants, lanes_that_start_again_have_forgotten_what_they_saw) {
  variation v = common;
  v.mask = true;
  v.table = false;
  follow(&v);
  v.slate = 4;
  v.autoreset = false;
  follow(&v);
}

/// Probabilities and ranks of candidates, of which one history has none, one three.
static void rank_pairs(int width, int heads, int window) {
  parity p;
  if (!parity_open(&p)) return;
  enum { PAIRS = 12, HISTORIES = 11, OTHERS = 7, ENTRIES = 400 };
  throng_world world = small_world(23, USERS, ITEMS, 24, 90);
  int32_t user[PAIRS], candidate[PAIRS], count[PAIRS], other[PAIRS * OTHERS];
  int64_t begin[PAIRS], question[HISTORIES + 1];
  uint32_t history[ENTRIES];
  for (uint32_t k = 0; k < ENTRIES; ++k)
    history[k] = random_draw(9, 77, 0, k, 0, 0).w[0] % (2 * ITEMS);
  for (uint32_t k = 0; k < PAIRS; ++k) {
    const random_words r = random_draw(9, 77, 1, k, 0, 0);
    user[k] = (int32_t)(r.w[0] % USERS);
    candidate[k] = (int32_t)(r.w[1] % ITEMS);
    count[k] = k < 2 ? (int32_t)k : (int32_t)(11 * k - 9);  // none, one, and up to two hops
    begin[k] = r.w[2] % (ENTRIES - 120);
  }
  for (int k = 0; k <= HISTORIES; ++k) question[k] = k < 4 ? k : k < 6 ? 4 : k + 1;
  for (uint32_t k = 0; k < PAIRS * OTHERS; ++k)
    other[k] = k % OTHERS == 0 ? candidate[k / OTHERS]  // as high as the candidate counts as higher
                               : (int32_t)(random_draw(9, 77, 2, k, 0, 0).w[0] % ITEMS);
  float answer[2][PAIRS], user_bias[USERS], item_bias[ITEMS];
  int32_t rank[2][PAIRS], above = 0;
  for (int k = 0; k < USERS; ++k) user_bias[k] = (float)(k % 5) - 2;
  for (int k = 0; k < ITEMS; ++k) item_bias[k] = (float)(k % 7) / 4;
  for (int side = 0; side < 2; ++side) {
    throng_backend *backend = side ? p.cuda : p.cpu;
    const backend_ops *ops = backend->ops;
    throng_sta_def def = throng_default_sta_def();
    def.width = width;
    def.heads = heads;
    def.window = window;
    def.biases = heads == 2;
    throng_sta *sta;
    sta_scorer s;
    ASSERT_OK(throng_sta_create(backend, &world, &def, &sta));
    if (def.biases) {
      ASSERT_OK(ops->upload(backend, sta->arrays.user_bias, user_bias, sizeof user_bias));
      ASSERT_OK(ops->upload(backend, sta->arrays.item_bias, item_bias, sizeof item_bias));
    }
    ASSERT_OK(sta_scorer_create(backend, &sta->view, HISTORIES, PAIRS, ENTRIES, OTHERS, &s));
    ASSERT_OK(ops->upload(backend, s.question, question, sizeof question));
    ASSERT_OK(ops->upload(backend, s.user, user, HISTORIES * sizeof *user));
    ASSERT_OK(ops->upload(backend, s.candidate, candidate, sizeof candidate));
    ASSERT_OK(ops->upload(backend, s.begin, begin, HISTORIES * sizeof *begin));
    ASSERT_OK(ops->upload(backend, s.count, count, HISTORIES * sizeof *count));
    ASSERT_OK(ops->upload(backend, s.other, other, sizeof other));
    ASSERT_OK(ops->upload(backend, s.history, history, sizeof history));
    ASSERT_OK(sta_scorer_run(&s, answer[side], rank[side]));
    sta_scorer_free(&s);
    throng_sta_close(sta);
  }
  for (int k = 0; k < PAIRS; ++k) {
    EXPECT_TRUE(parity_near(answer[0][k], answer[1][k], 1e-5));
    if (PARITY_EXACT) EXPECT_EQ(rank[0][k], rank[1][k]);
    EXPECT_GE(rank[1][k], 1);
    above += rank[1][k] > 1;
  }
  EXPECT_GT(above, 0);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_variants, pairs_outside_any_lane_and_their_ranks_are_the_rows) {
  const int shape[][3] = {{32, 1, 50}, {50, 2, 90}, {64, 1, 20}, {50, 1, 64}, {80, 2, 30}};
  const size_t by = PARITY_STEPS(10) < 10 ? 2 : 1;  // under AddressSanitizer some of them
  for (size_t k = 0; k < sizeof shape / sizeof *shape; k += by)
    rank_pairs(shape[k][0], shape[k][1], shape[k][2]);
}

/// Embeddings of a world that has nothing else, and its table on both backends.
static void compare_tables(int n_item, int dim) {
  parity p;
  if (!parity_open(&p)) return;
  test_random r = {(uint32_t)(n_item * 1000 + dim), 0};
  const size_t n = (size_t)n_item * (size_t)dim, n_pair = 2 * (size_t)n_item * (size_t)n_item;
  float *e = calloc(n, sizeof *e);
  uint32_t *table = calloc(n_pair, sizeof *table);
  pair_table_similarity_args a[2];
  void *on[3][2];
  for (int side = 0; side < 2; ++side) {
    for (size_t k = 0; k < n; ++k) e[k] = (test_unit(&r) - 0.5f) * 4.0f / sqrtf((float)dim);
    on[side][0] = parity_twice(&p, e, n * sizeof *e, &on[side][1]);
  }
  on[2][0] = parity_twice(&p, NULL, n_pair * sizeof *table, &on[2][1]);
  for (int side = 0; side < 2; ++side) {
    a[side] = (pair_table_similarity_args){
        .world = {.n_item = n_item, .dim = dim, .embedding_pos = on[0][side]},
        .table = on[2][side]};
    a[side].world.embedding_neg = on[1][side];
    const int64_t n_tile = (n_item + PAIR_TABLE_TILE - 1) / PAIR_TABLE_TILE;
    ASSERT_OK(BACKEND_LAUNCH(side ? p.cuda : p.cpu, pair_table_similarity, 2 * n_tile, &a[side]));
  }
  ASSERT_OK(p.cuda->ops->download(p.cuda, table, on[2][1], n_pair * sizeof *table));
  const uint32_t *expected = on[2][0];
  size_t wrong = 0;
  for (size_t k = 0; k < n_pair; ++k)  // products and sums alone: a device rounds them alike
    wrong += table[k] != expected[k];
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(pair_quantised(expected[0]), 0);
  for (int k = 0; k < 3; ++k) parity_release(&p, on[k][0], on[k][1]);
  free(e);
  free(table);
  parity_close(&p);
}

TEST(cuda_variants, the_item_item_table_is_the_rows_at_sizes_that_fill_no_tile) {
  const int size[][2] = {{1, 1}, {2, 16}, {31, 17}, {32, 32}, {33, 384}, {65, 15}, {100, 50}};
  for (size_t k = 0; k < sizeof size / sizeof *size; ++k) compare_tables(size[k][0], size[k][1]);
}

TEST(cuda_variants, state_features_are_the_rows) {
  enum { ROWS = 37, CAPACITY = 20, ND = 40, NC = 64, FEATURES = 2 * ND + NC + AGENT_ITEM_FACTS };
  parity p;
  if (!parity_open(&p)) return;
  test_random r = {3, 0};
  static float item[ITEMS * FEATURES];
  static uint32_t entry[ROWS * CAPACITY];
  int32_t length[ROWS], session[ROWS], user[ROWS] = {0};
  for (int k = 0; k < ITEMS * FEATURES; ++k) item[k] = test_unit(&r) - 0.5f;
  for (int k = 0; k < ROWS * CAPACITY; ++k) entry[k] = test_below(&r, 2 * ITEMS);
  for (int k = 0; k < ROWS; ++k) {
    length[k] = (int32_t)test_below(&r, CAPACITY + 1);
    session[k] = (int32_t)test_below(&r, (uint32_t)length[k] + 1);
  }
  const int64_t stride = state_feature_count(ND, NC, 5);
  state_features_args a[2];
  for (int side = 0; side < 2; ++side)
    a[side] = (state_features_args){.state = {.capacity = CAPACITY},
                                    .rows = ROWS,
                                    .n_feature = FEATURES,
                                    .n_direction = ND,
                                    .n_category = NC,
                                    .stride = stride};
  const size_t n = (size_t)(ROWS * stride);
  a[0].item = parity_twice(&p, item, sizeof item, &a[1].item);
  a[0].state.entry = parity_twice(&p, entry, sizeof entry, &a[1].state.entry);
  a[0].state.length = parity_twice(&p, length, sizeof length, &a[1].state.length);
  a[0].state.session = parity_twice(&p, session, sizeof session, &a[1].state.session);
  a[0].state.user = parity_twice(&p, user, sizeof user, &a[1].state.user);
  a[0].feature = parity_twice(&p, NULL, n * sizeof(float), &a[1].feature);
  ASSERT_OK(BACKEND_LAUNCH(p.cpu, state_features, ROWS, &a[0]));
  ASSERT_OK(BACKEND_LAUNCH(p.cuda, state_features, ROWS, &a[1]));
  EXPECT_TRUE(parity_same(&p, a[0].feature, a[1].feature, n));
  parity_release(&p, (void *)a[0].item, (void *)a[1].item);
  parity_release(&p, a[0].state.entry, a[1].state.entry);
  parity_release(&p, a[0].state.length, a[1].state.length);
  parity_release(&p, a[0].state.session, a[1].state.session);
  parity_release(&p, a[0].state.user, a[1].state.user);
  parity_release(&p, a[0].feature, a[1].feature);
  parity_close(&p);
}

TEST(cuda_variants, folds_keep_the_same_list_with_ties_and_masks) {
  enum { ROWS = 9, TOP = 5, COLUMNS = 205, WORDS = (COLUMNS + 50) / 32 + 1 };
  parity p;
  if (!parity_open(&p)) return;
  test_random r = {5, 0};
  static float q[ROWS * COLUMNS], bias[COLUMNS + 50];
  uint32_t seen[ROWS * WORDS];
  for (int k = 0; k < ROWS * COLUMNS; ++k)  // few values, so that many are equal
    q[k] = test_below(&r, 40) == 0 ? NAN : (float)test_below(&r, 12);
  for (int k = 0; k < COLUMNS + 50; ++k) bias[k] = (float)test_below(&r, 3);
  for (int k = 0; k < ROWS * WORDS; ++k) seen[k] = test_below(&r, 1u << 31);
  best_fold_args a[2];
  for (int masked = 0; masked < 2; ++masked) {
    for (int side = 0; side < 2; ++side)
      a[side] = (best_fold_args){.place = {.rows = ROWS, .column = 50, .n_column = COLUMNS},
                                 .n_state = ROWS,
                                 .n_item = COLUMNS + 50,
                                 .n_seen_word = WORDS,
                                 .top = TOP};
    a[0].q = parity_twice(&p, q, sizeof q, &a[1].q);
    a[0].bias = parity_twice(&p, bias, sizeof bias, &a[1].bias);
    a[0].seen = parity_twice(&p, seen, sizeof seen, &a[1].seen);
    a[0].value = parity_twice(&p, NULL, ROWS * TOP * sizeof(float), &a[1].value);
    a[0].item = parity_twice(&p, NULL, ROWS * TOP * sizeof(int32_t), &a[1].item);
    void *mask[2] = {(void *)a[0].seen, (void *)a[1].seen};
    if (!masked) a[0].seen = a[1].seen = NULL;
    for (int side = 0; side < 2; ++side) {
      throng_backend *backend = side ? p.cuda : p.cpu;
      best_reset_args reset = {a[side].value, a[side].item, TOP};
      ASSERT_OK(BACKEND_LAUNCH(backend, best_reset, ROWS, &reset));
      ASSERT_OK(BACKEND_LAUNCH(backend, best_fold, ROWS, &a[side]));
    }
    int32_t item[ROWS * TOP];
    ASSERT_OK(p.cuda->ops->download(p.cuda, item, a[1].item, sizeof item));
    EXPECT_EQ(memcmp(item, a[0].item, sizeof item), 0);
    EXPECT_TRUE(parity_same(&p, a[0].value, a[1].value, ROWS * TOP));
    parity_release(&p, (void *)a[0].q, (void *)a[1].q);
    parity_release(&p, (void *)a[0].bias, (void *)a[1].bias);
    parity_release(&p, mask[0], mask[1]);
    parity_release(&p, a[0].value, a[1].value);
    parity_release(&p, a[0].item, a[1].item);
  }
  parity_close(&p);
}

TEST(cuda_variants, yardsticks_rank_the_catalogue_as_the_rows_do) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(19, USERS, 700, 12, 40);
  for (int kind = 0; kind < 4; ++kind) {
    throng_sim_def def = throng_default_sim_def();
    def.lanes = 6;
    def.history = 30;
    def.max_steps = 20;
    def.mask_seen = kind % 2 == 1;
    def.votes.rule = kind == 3 ? THRONG_RULE_PROBABILITY : THRONG_RULE_LOGICAL;
    def.votes.weights[2] = 0;
    if (kind == 2) def.votes.table_bytes = 0;
    if (kind == 3) def.votes.similarity = THRONG_SIMILARITY_MEAN;
    throng_sim *sim[2];
    yardsticks *policy[2];
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(throng_sim_create(side ? p.cuda : p.cpu, &world, NULL, &def, &sim[side]));
      ASSERT_OK(yardsticks_create(sim[side], 10, &policy[side]));
    }
    for (int step = 0; step < 3; ++step)
      for (int which = THRONG_YARDSTICK_MOST_SIMILAR; which <= THRONG_YARDSTICK_MYOPIC; ++which) {
        int32_t *best[2], item[6 * 10];
        for (int side = 0; side < 2; ++side)
          ASSERT_OK(yardsticks_rank(policy[side], (throng_yardstick)which, 10, &best[side]));
        ASSERT_OK(p.cuda->ops->download(p.cuda, item, best[1], sizeof item));
        if (PARITY_EXACT) EXPECT_EQ(memcmp(item, best[0], sizeof item), 0);
        for (int side = 0; side < 2; ++side) {
          ASSERT_OK(yardsticks_act(policy[side], THRONG_YARDSTICK_RANDOM));
          ASSERT_OK(sim_step_on_backend(sim[side]));
        }
      }
    for (int side = 0; side < 2; ++side) {
      yardsticks_free(policy[side]);
      throng_sim_close(sim[side]);
    }
  }
  small_world_free(&world);
  parity_close(&p);
}
