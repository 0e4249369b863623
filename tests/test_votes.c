/// The logical votes and the rules: every equation by a hand-computed example, then thousands of
/// random cases against a slow reference that is written straight from the specification.
#include "kernels/vote/logical.h"

#include "base/backend.h"
#include "sim/rule.h"
#include "support/small_world.h"
#include "throng/explain.h"
#include "throng_test.h"
#include "world/world_device.h"

// ---- a world by hand: five items, two categories ---------------------------------------------
//   item  C    P          N        e+        e-
//   0     {0}  {1,2,3}    {7}      (1,0)     (0,1)
//   1     {0}  {2,3}      {7,8}    (.6,.8)   (.8,.6)
//   2     {1}  {1,2,3,4}  {7,8,9}  (0,1)     (1,0)
//   3     {}   {}         {}       (0,0)     (0,0)
//   4     {1}  {5}        {}       (-1,0)    (0,0)
static const int64_t category_offset[] = {0, 1, 2, 3, 3, 4};
static const int32_t category[] = {0, 0, 1, 1};
static const uint64_t category_mask[] = {1, 1, 2, 0, 2};
static const int64_t pos_offset[] = {0, 3, 5, 9, 9, 10};
static const int32_t pos[] = {1, 2, 3, 2, 3, 1, 2, 3, 4, 5};
static const int64_t neg_offset[] = {0, 1, 3, 6, 6, 6};
static const int32_t neg[] = {7, 7, 8, 7, 8, 9};
static const float embedding_pos[] = {1, 0, 0.6f, 0.8f, 0, 1, 0, 0, -1, 0};
static const float embedding_neg[] = {0, 1, 0.8f, 0.6f, 1, 0, 0, 0, 0, 0};

static const world_view by_hand = {
    .n_user = 1,
    .n_item = 5,
    .n_category = 2,
    .dim = 2,
    .category_mask = category_mask,
    .category_offset = category_offset,
    .category = category,
    .pos_offset = pos_offset,
    .pos = pos,
    .neg_offset = neg_offset,
    .neg = neg,
    .embedding_pos = embedding_pos,
    .embedding_neg = embedding_neg,
};

enum { LIKED = 1, DISLIKED = 0 };

static throng_vote vote_by_hand(int semantics, int32_t candidate, const uint32_t *entry, int n) {
  history_view h = {entry, n > 0 ? n : 1, n};
  vote_stream stream = {1, 0, 0, 0, 0};
  throng_vote v = {0};
  vote_sums sums =
      vote_gather(&by_hand, NULL, &(vote_rule){.semantics = semantics}, NULL, &h, candidate);
  vote_decide_logical(&sums, semantics, &stream, &v);
  return v;
}

#define ENTRY(item, like) (((uint32_t)(item) << 1) | (like))
#define VOTE(semantics, candidate, ...)                               \
  vote_by_hand(semantics, candidate, (const uint32_t[]){__VA_ARGS__}, \
               (int)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

TEST(votes, keyword_vote_counts_shared_keywords_of_liked_and_disliked_items) {
  // Both of category 0: P(0) with P(1) shares {2,3}; N(0) with N(1) shares {7}.
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(1, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 2);
  EXPECT_EQ(v.alpha_neg, 1);
  EXPECT_EQ(v.f_mat, 1);
}

TEST(votes, keyword_vote_sums_over_every_entry) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(1, DISLIKED),
                       ENTRY(1, DISLIKED), ENTRY(0, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 2);
  EXPECT_EQ(v.alpha_neg, 3);
  EXPECT_EQ(v.f_mat, 0);
}

TEST(votes, categories_that_share_a_bit_of_the_mask_are_told_apart_by_their_lists) {
  static const int64_t offset[] = {0, 1, 2, 4, 5};
  static const int32_t list[] = {3, 67, 3, 70, 5};
  static const uint64_t mask[] = {1 << 3, 1 << 3, 1 << 3 | 1 << 6, 1 << 5};
  const world_view w = {.n_item = 4,
                        .n_category = 71,
                        .category_mask = mask,
                        .category_offset = offset,
                        .category = list};
  EXPECT_FALSE(pair_share_category(&w, 0, 1));
  EXPECT_TRUE(pair_share_category(&w, 0, 2));
  EXPECT_FALSE(pair_share_category(&w, 1, 2));
  EXPECT_FALSE(pair_share_category(&w, 2, 3));
  EXPECT_TRUE(pair_share_category(&w, 1, 1));
}

TEST(votes, similarity_vote_takes_the_nearest_item_of_each_side) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(1, DISLIKED));
  EXPECT_NEAR(v.beta_pos, 0.6, 1e-6);
  EXPECT_NEAR(v.beta_neg, 0.6, 1e-6);
  v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(0, LIKED), ENTRY(1, DISLIKED));
  EXPECT_NEAR(v.beta_pos, 1.0, 0.0);
  EXPECT_EQ(v.f_sim, 1);
  v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(0, DISLIKED));
  EXPECT_NEAR(v.beta_neg, 1.0, 0.0);
  EXPECT_EQ(v.f_sim, 0);
}

TEST(votes, entries_of_other_categories_do_not_count_where_one_shares_a_category) {
  // Item 2 (category 1) is disliked and shares much, but item 1 is of the candidate's category.
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(1, LIKED), ENTRY(2, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 2);
  EXPECT_EQ(v.alpha_neg, 0);
  EXPECT_NEAR(v.beta_neg, -1.0, 0.0);
}

TEST(votes, all_entries_count_where_none_shares_a_category) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 0, ENTRY(2, LIKED), ENTRY(2, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 3);
  EXPECT_EQ(v.alpha_neg, 1);
  EXPECT_NEAR(v.beta_pos, 0.0, 1e-7);
  // A candidate without any category shares none with anything, itself included.
  v = VOTE(THRONG_SEMANTICS_PAPER, 3, ENTRY(3, LIKED), ENTRY(0, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 0);
  EXPECT_NEAR(v.beta_pos, 0.0, 1e-7);
  EXPECT_NEAR(v.beta_neg, 0.0, 1e-7);
}

TEST(votes, an_empty_side_is_minus_one) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PAPER, 4, ENTRY(0, LIKED));
  EXPECT_NEAR(v.beta_pos, -1.0, 0.0);  // <e+(4), e+(0)> happens to be -1 as well
  EXPECT_NEAR(v.beta_neg, -1.0, 0.0);
  v = VOTE(THRONG_SEMANTICS_PAPER, 1, ENTRY(0, DISLIKED));
  EXPECT_NEAR(v.beta_pos, -1.0, 0.0);
  EXPECT_NEAR(v.beta_neg, 0.6, 1e-6);
  EXPECT_EQ(v.f_sim, 0);
}

TEST(votes, ties_are_fair_coins_that_differ_between_votes) {
  history_view empty = {(const uint32_t[]){0}, 1, 0};
  int mat = 0, sim = 0, both = 0;
  enum { N = 20000 };
  for (uint32_t lane = 0; lane < N; ++lane) {
    vote_stream stream = {5, 0, 3, lane, 2};
    throng_vote v = {0};
    vote_sums sums = vote_gather(&by_hand, NULL, &(vote_rule){0}, NULL, &empty, 0);
    vote_decide_logical(&sums, THRONG_SEMANTICS_PAPER, &stream, &v);
    mat += v.f_mat;
    sim += v.f_sim;
    both += v.f_mat && v.f_sim;
  }
  // Four standard deviations of a fair coin.
  EXPECT_NEAR(mat / (double)N, 0.5, 4 * 0.5 / sqrt(N));
  EXPECT_NEAR(sim / (double)N, 0.5, 4 * 0.5 / sqrt(N));
  EXPECT_NEAR(both / (double)N, 0.25, 4 * 0.434 / sqrt(N));
}

TEST(votes, published_code_answers_one_without_likes_and_zero_without_dislikes) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PUBLISHED_CODE, 0, ENTRY(1, DISLIKED));
  EXPECT_EQ(v.f_mat, 1);
  EXPECT_EQ(v.f_sim, 1);
  v = VOTE(THRONG_SEMANTICS_PUBLISHED_CODE, 0, ENTRY(1, LIKED));
  EXPECT_EQ(v.f_mat, 0);
  EXPECT_EQ(v.f_sim, 0);
}

TEST(votes, published_code_falls_back_for_each_side_apart_and_loses_ties) {
  // Likes: item 1 shares the category. Dislikes: none does, so item 2 counts.
  throng_vote v = VOTE(THRONG_SEMANTICS_PUBLISHED_CODE, 0, ENTRY(1, LIKED), ENTRY(2, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 2);
  EXPECT_EQ(v.alpha_neg, 1);
  EXPECT_EQ(v.f_mat, 1);
  EXPECT_NEAR(v.beta_neg, 0.0, 1e-7);
  v = VOTE(THRONG_SEMANTICS_PUBLISHED_CODE, 0, ENTRY(1, LIKED), ENTRY(1, DISLIKED));
  EXPECT_EQ(v.f_sim, 0);  // 0.6 against 0.6
}

TEST(votes, published_code_lets_two_empty_lists_share_a_keyword) {
  throng_vote v = VOTE(THRONG_SEMANTICS_PUBLISHED_CODE, 3, ENTRY(0, LIKED), ENTRY(4, DISLIKED));
  EXPECT_EQ(v.alpha_pos, 0);
  EXPECT_EQ(v.alpha_neg, 1);  // N(3) and N(4) are empty
  v = VOTE(THRONG_SEMANTICS_PAPER, 3, ENTRY(0, LIKED), ENTRY(4, DISLIKED));
  EXPECT_EQ(v.alpha_neg, 0);
}

// ---- rules -----------------------------------------------------------------------------------
static uint8_t answer(throng_rule rule, throng_semantics semantics, int votes) {
  throng_votes_def def = throng_default_sim_def().votes;
  def.semantics = semantics;
  def.rule = rule;
  memcpy(def.weights, (float[THRONG_VOTE_COUNT]){1, 2, 4, 0.5f}, sizeof def.weights);
  def.weight_threshold = 4.5f;
  const vote_rule r = vote_make_rule(&def, NULL, NULL);
  const throng_vote v = {.f_mat = votes & 1, .f_sim = votes >> 1 & 1, .f_sta = votes >> 2 & 1};
  const vote_further further = {{votes >> 3 & 1 ? 0.5f : 0.4999f}};
  const vote_stream stream = {1, 0, 0, 0, 0};
  return rule_answer(&r, &stream, &v, &further);
}

TEST(votes, rules_join_the_votes_as_named) {
  for (int k = 0; k < 16; ++k) {
    const int mat = k & 1, sim = k >> 1 & 1, sta = k >> 2 & 1, pop = k >> 3 & 1;
    for (int s = 0; s < 2; ++s) {
      const throng_semantics semantics = s ? THRONG_SEMANTICS_PUBLISHED_CODE : 0;
      EXPECT_EQ(answer(THRONG_RULE_MAJORITY, semantics, k), mat + sim + sta >= 2);
      EXPECT_EQ(answer(THRONG_RULE_F_MAT, semantics, k), mat);
      EXPECT_EQ(answer(THRONG_RULE_F_SIM, semantics, k), sim);
      EXPECT_EQ(answer(THRONG_RULE_F_STA, semantics, k), sta);
      EXPECT_EQ(answer(THRONG_RULE_F_POP, semantics, k), pop);
      EXPECT_EQ(answer(THRONG_RULE_WEIGHTED, semantics, k),
                mat + 2 * sim + 4 * sta + 0.5 * pop >= 4.5);
      if (mat == sim) EXPECT_EQ(answer(THRONG_RULE_LOGICAL, semantics, k), mat);
      if (mat != sim && s) EXPECT_EQ(answer(THRONG_RULE_LOGICAL, semantics, k), 0);
    }
  }
}

TEST(votes, a_rule_asks_the_votes_that_its_answer_hangs_on) {
  enum { MAT = 1, SIM = 2, STA = 4, POP = 8, CAL = 16 };
  throng_votes_def def = throng_default_sim_def().votes;
  const struct {
    throng_rule rule;
    unsigned paper, published;
  } expected[] = {
      {THRONG_RULE_MAJORITY, MAT | SIM | STA, MAT | SIM},
      {THRONG_RULE_F_MAT, MAT, MAT},
      {THRONG_RULE_F_SIM, SIM, SIM},
      {THRONG_RULE_F_STA, STA, 0},
      {THRONG_RULE_F_POP, POP, POP},
      {THRONG_RULE_CALIBRATED, CAL, CAL},
      {THRONG_RULE_LOGICAL, MAT | SIM, MAT | SIM},
      {THRONG_RULE_WEIGHTED, SIM | STA | POP, SIM | POP},
      {THRONG_RULE_PROBABILITY, SIM | STA | POP, SIM | STA | POP},
  };
  EXPECT_EQ((int)(sizeof expected / sizeof *expected), THRONG_RULE_COUNT);
  memcpy(def.weights, (float[THRONG_VOTE_COUNT]){0, 2, 4, 0.5f}, sizeof def.weights);
  for (size_t k = 0; k < sizeof expected / sizeof *expected; ++k) {
    def.rule = expected[k].rule;
    def.semantics = THRONG_SEMANTICS_PAPER;
    EXPECT_EQ(rule_asks(&def), expected[k].paper);
    def.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
    EXPECT_EQ(rule_asks(&def), expected[k].published);
  }
}

TEST(votes, probability_rule_likes_as_often_as_the_weighted_score_says) {
  vote_rule r = {.draws = 1, .weights = {1, 1, 2, 4}, .has_sta = 1};
  throng_vote v = {
      .alpha_pos = 3, .alpha_neg = 1, .beta_pos = 0.5f, .beta_neg = 0.1f, .p_like = 0.2f};
  const vote_further further = {{0.9f}};
  double expected = (0.75 + (0.5 - 0.1 + 2) / 4 + 2 * 0.2 + 4 * 0.9) / 8;
  int likes = 0;
  enum { N = 40000 };
  for (uint32_t lane = 0; lane < N; ++lane) {
    vote_stream stream = {9, 0, 1, lane, 0};
    likes += rule_answer(&r, &stream, &v, &further);
  }
  EXPECT_NEAR(likes / (double)N, expected, 4 * 0.5 / sqrt(N));
}

TEST(votes, statistical_vote_crosses_its_threshold_and_is_always_one_in_published_code) {
  vote_rule r = {.sta_threshold = 0.6f, .has_sta = 1};
  throng_vote v = {0};
  vote_decide_sta(&r, 0.6f, &v);
  EXPECT_EQ(v.f_sta, 1);
  vote_decide_sta(&r, 0.5999f, &v);
  EXPECT_EQ(v.f_sta, 0);
  r.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  vote_decide_sta(&r, 0.0f, &v);
  EXPECT_EQ(v.f_sta, 1);
  EXPECT_NEAR(v.p_like, 0.5, 1e-7);
}

// ---- the slow reference ------------------------------------------------------------------------
static bool share_category(const throng_world *w, int32_t a, int32_t b) {
  for (int64_t i = w->category_offset[a]; i < w->category_offset[a + 1]; ++i)
    for (int64_t j = w->category_offset[b]; j < w->category_offset[b + 1]; ++j)
      if (w->category[i] == w->category[j]) return true;
  return false;
}

static int shared_keywords(const int64_t *offset, const int32_t *list, int32_t a, int32_t b,
                           bool published) {
  if (published && offset[a] == offset[a + 1] && offset[b] == offset[b + 1]) return 1;
  int n = 0;
  for (int64_t i = offset[a]; i < offset[a + 1]; ++i)
    for (int64_t j = offset[b]; j < offset[b + 1]; ++j) n += list[i] == list[j];
  return n;
}

static double cosine(const float *e, int dim, int32_t a, int32_t b) {
  double sum = 0;
  for (int d = 0; d < dim; ++d) sum += (double)e[a * dim + d] * (double)e[b * dim + d];
  return sum;
}

typedef struct reference {
  int alpha[2];  // liked, disliked
  double beta[2];
  int likes, dislikes;
} reference;

static reference slow_votes(const throng_world *w, const uint32_t *entry, int n, int32_t c,
                            bool published) {
  reference r = {{0, 0}, {-1, -1}, 0, 0};
  bool shared[2] = {false, false};
  for (int k = 0; k < n; ++k) {
    bool liked = entry[k] & 1;
    *(liked ? &r.likes : &r.dislikes) += 1;
    if (share_category(w, c, (int32_t)(entry[k] >> 1))) shared[liked ? 0 : 1] = true;
  }
  if (!published) shared[0] = shared[1] = shared[0] || shared[1];
  for (int k = 0; k < n; ++k) {
    int side = entry[k] & 1 ? 0 : 1;
    int32_t item = (int32_t)(entry[k] >> 1);
    if (shared[side] && !share_category(w, c, item)) continue;
    r.alpha[side] += side == 0 ? shared_keywords(w->pos_offset, w->pos, c, item, published)
                               : shared_keywords(w->neg_offset, w->neg, c, item, published);
    double s = cosine(side == 0 ? w->embedding_pos : w->embedding_neg, w->dim, c, item);
    if (s > r.beta[side]) r.beta[side] = s;
  }
  return r;
}

static void compare_with_reference(bool published) {
  enum { DIM = 20, CASES = 4000, LONGEST = 150 };  // longer than a block of the gather
  throng_world w = small_world(published ? 11 : 12, 50, 120, DIM, 30);
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = "cpu";  // the test reads its memory
  throng_backend *backend;
  ASSERT_OK(throng_backend_open(&backend_def, &backend));
  world_device device;
  ASSERT_OK(world_device_acquire(backend, &w, INT64_MAX, published, &device));
  ASSERT_TRUE(device.table != NULL);
  int semantics = published ? THRONG_SEMANTICS_PUBLISHED_CODE : THRONG_SEMANTICS_PAPER;
  test_random r = {77, 0};
  int decided = 0;
  for (int k = 0; k < CASES; ++k) {
    uint32_t entry[LONGEST];
    int n = (int)test_below(&r, LONGEST);
    for (int j = 0; j < n; ++j) entry[j] = test_below(&r, 240);
    int32_t c = (int32_t)test_below(&r, 120);
    history_view h = {entry, LONGEST, n};
    vote_stream stream = {3, 0, 0, (uint32_t)k, 0};
    vote_rule rule = {.semantics = semantics};
    throng_vote direct = {0}, table = {0};
    vote_sums sums = vote_gather(&device.view, NULL, &rule, NULL, &h, c);
    vote_decide_logical(&sums, semantics, &stream, &direct);
    sums = vote_gather(&device.view, device.table, &rule, NULL, &h, c);
    vote_decide_logical(&sums, semantics, &stream, &table);
    EXPECT_EQ(memcmp(&direct, &table, sizeof direct), 0);
    reference slow = slow_votes(&w, entry, n, c, published);
    EXPECT_EQ(direct.alpha_pos, slow.alpha[0]);
    EXPECT_EQ(direct.alpha_neg, slow.alpha[1]);
    EXPECT_NEAR(direct.beta_pos, slow.beta[0], 1e-6);
    EXPECT_NEAR(direct.beta_neg, slow.beta[1], 1e-6);
    bool one_sided = published && (slow.likes == 0 || slow.dislikes == 0);
    if (one_sided) {
      EXPECT_EQ(direct.f_mat, slow.likes == 0);
      EXPECT_EQ(direct.f_sim, slow.likes == 0);
    } else {
      if (slow.alpha[0] != slow.alpha[1] || published)
        EXPECT_EQ(direct.f_mat, slow.alpha[0] > slow.alpha[1]);
      if (fabs(slow.beta[0] - slow.beta[1]) > 1e-5)
        EXPECT_EQ(direct.f_sim, slow.beta[0] > slow.beta[1]);
      decided += slow.alpha[0] != slow.alpha[1];
    }
  }
  EXPECT_GT(decided, CASES / 4);  // the cases are not all ties
  world_device_release(&device);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(votes, paper_semantics_agree_with_a_slow_reference_with_and_without_the_table) {
  compare_with_reference(false);
}
TEST(votes, published_code_agrees_with_a_slow_reference_with_and_without_the_table) {
  compare_with_reference(true);
}

TEST(votes, a_pair_record_keeps_what_was_packed) {
  for (int q = -PAIR_UNIT; q <= PAIR_UNIT; q += 65537) {
    uint32_t record = pair_pack(q & 1, q & 127, q);
    EXPECT_EQ(pair_quantised(record), q);
    EXPECT_EQ(pair_matches(record), q & 127);
    EXPECT_EQ(pair_overlap(record), q & 1);
  }
  EXPECT_TRUE(pair_similarity(pair_quantise(1.0f)) == 1.0f);
  EXPECT_TRUE(pair_similarity(pair_quantise(-1.5f)) == -1.0f);
}

/// Weights of a world of the same sizes would answer without a word about other items.
TEST(votes, weights_of_another_world_are_refused) {
  throng_backend *backend;
  throng_backend_def anywhere = throng_default_backend_def();
  anywhere.name = "cpu";
  anywhere.threads = 1;
  ASSERT_OK(throng_backend_open(&anywhere, &backend));
  throng_world world = small_world(1, 6, 5, 8, 4), other = small_world(2, 6, 5, 8, 4);
  world.hash = 1;
  other.hash = 2;
  throng_sta_def def = throng_default_sta_def();
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(backend, &world, &def, &sta));
  throng_sim_def sim_def = throng_default_sim_def();
  throng_sim *sim = NULL;
  sim_def.lanes = 2;
  EXPECT_EQ(throng_sim_create(backend, &other, sta, &sim_def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "fitted on world 0000000000000001, but this world is");
  const int32_t user = 0, item = 1;
  const int64_t offset[] = {0, 0};
  const throng_pairs pair = {.n = 1, .user = &user, .candidate = &item, .offset = offset};
  const throng_votes_def votes = throng_default_votes_def();
  throng_vote vote;
  throng_explanation *explanation = NULL;
  EXPECT_EQ(throng_votes_evaluate(backend, &other, sta, &votes, 1, &pair, &vote, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(throng_explain(backend, &other, sta, &votes, 1, &pair, &explanation),
            THRONG_ERROR_ARGUMENT);
  EXPECT_TRUE(sim == NULL && explanation == NULL);
  EXPECT_OK(throng_votes_evaluate(backend, &world, sta, &votes, 1, &pair, &vote, NULL));
  throng_sta_close(sta);
  small_world_free(&world);
  small_world_free(&other);
  throng_backend_close(backend);
}
