/// Explanations: what they name adds up to the votes, and a lane's is what its next step answers.
#include "throng/explain.h"

#include "sim/sim.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { N_USER = 40, N_ITEM = 150, LANES = 32, LONGEST = 30 };

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
  throng_sta *sta;
} fixture;

static bool open_fixture(fixture *f) {
  memset(f, 0, sizeof *f);
  f->world = small_world(21, N_USER, N_ITEM, 24, LONGEST);
  throng_backend_def def = throng_default_backend_def();
  throng_sta_def sta = throng_default_sta_def();
  def.name = "cpu";
  sta.width = 16;
  sta.window = 12;
  EXPECT_OK(throng_backend_open(&def, &f->backend));
  EXPECT_OK(throng_sta_create(f->backend, &f->world, &sta, &f->sta));
  return f->backend && f->sta;
}

static void close_fixture(fixture *f) {
  throng_sta_close(f->sta);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

TEST(explain, pairs_that_are_none_are_refused_with_their_place) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  const throng_votes_def def = throng_default_votes_def();
  int32_t user[] = {0, 1}, candidate[] = {2, 3}, item[] = {4, 5, 6};
  int64_t offset[] = {0, 1, 3};
  uint8_t like[] = {1, 0, 1};
  float p[2];
  throng_vote vote[2];
  throng_pairs pairs = {2, user, candidate, offset, item, like};
#define REFUSED(change, back, part)                                                           \
  do {                                                                                        \
    change;                                                                                   \
    EXPECT_EQ(throng_votes_evaluate(f.backend, &f.world, f.sta, &def, 1, &pairs, vote, NULL), \
              THRONG_ERROR_ARGUMENT);                                                         \
    EXPECT_CONTAINS(throng_error_message(), part);                                            \
    EXPECT_EQ(throng_sta_score(f.sta, pairs.n, pairs.user, pairs.candidate, pairs.offset,     \
                               pairs.item, pairs.like, p),                                    \
              THRONG_ERROR_ARGUMENT);                                                         \
    back;                                                                                     \
  } while (0)
  REFUSED(like[2] = 2, like[2] = 1, "history entry 2: like is 2, expected 0 or 1");
  REFUSED(item[0] = -1, item[0] = 4, "history entry 0: item -1");
  REFUSED(offset[1] = 4, offset[1] = 1, "pair 1: its history runs from 4 to 3");
  REFUSED(pairs.like = NULL, pairs.like = like, "both items and likes");
  REFUSED(pairs.item = NULL, pairs.item = item, "both items and likes");
  REFUSED(pairs.user = NULL, pairs.user = user, "users, candidates and offsets are needed");
  REFUSED(pairs.candidate = NULL, pairs.candidate = candidate, "users, candidates and offsets");
  REFUSED(pairs.offset = NULL, pairs.offset = offset, "users, candidates and offsets are needed");
#undef REFUSED
  ASSERT_OK(throng_votes_evaluate(f.backend, &f.world, f.sta, &def, 1, &pairs, vote, NULL));
  const throng_pairs none = {0};
  EXPECT_OK(throng_votes_evaluate(f.backend, &f.world, f.sta, &def, 1, &none, NULL, NULL));
  EXPECT_EQ(throng_votes_evaluate(f.backend, &f.world, f.sta, NULL, 1, &none, NULL, NULL),
            THRONG_ERROR_ARGUMENT);
  const int64_t empty[] = {0, 0, 0};
  pairs = (throng_pairs){2, user, candidate, empty, NULL, NULL};
  EXPECT_OK(throng_votes_evaluate(f.backend, &f.world, f.sta, &def, 1, &pairs, vote, NULL));
  close_fixture(&f);
}

/// Is it a keyword of both items on that side?
static bool keyword_of(const throng_world *w, int side, int32_t item, const char *keyword) {
  const int64_t *offset = side == 0 ? w->pos_offset : w->neg_offset;
  const int32_t *list = side == 0 ? w->pos : w->neg;
  for (int64_t k = offset[item]; k < offset[item + 1]; ++k)
    if (strings_get(&w->keyword, list[k]) == keyword) return true;
  return false;
}

static void check_side(const throng_world *w, const throng_explanation *e, int side,
                       const throng_evidence *evidence, int32_t alpha, float beta) {
  EXPECT_EQ(evidence->n_shared, alpha);
  for (int64_t k = 0; k < evidence->n_shared; ++k) {
    const throng_shared_keyword *one = &evidence->shared[k];
    if (one->keyword) {
      EXPECT_TRUE(keyword_of(w, side, e->candidate, one->keyword));
      EXPECT_TRUE(keyword_of(w, side, one->item, one->keyword));
    } else {
      EXPECT_EQ((int)e->semantics, (int)THRONG_SEMANTICS_PUBLISHED_CODE);
    }
  }
  EXPECT_TRUE(evidence->similarity == beta);
  if (evidence->nearest < 0) EXPECT_TRUE(beta == -1.0f);
}

TEST(explain, shared_keywords_and_nearest_items_are_those_of_the_votes) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  int64_t named = 0, coins = 0;
  for (int semantics = 0; semantics < 2; ++semantics)
    for (int32_t user = 0; user < N_USER; ++user)
      for (int32_t candidate = user % 7; candidate < N_ITEM; candidate += 31) {
        throng_votes_def def = throng_default_sim_def().votes;
        def.semantics = (throng_semantics)semantics;
        const int64_t begin = f.world.user_offset[user];
        const int64_t offset[] = {0, f.world.user_offset[user + 1] - begin};
        const throng_pairs pair = {1,
                                   &user,
                                   &candidate,
                                   offset,
                                   f.world.history_item + begin,
                                   f.world.history_like + begin};
        throng_explanation *e;
        throng_vote vote;
        ASSERT_OK(throng_explain(f.backend, &f.world, f.sta, &def, 5, &pair, &e));
        ASSERT_OK(throng_votes_evaluate(f.backend, &f.world, f.sta, &def, 5, &pair, &vote, NULL));
        ASSERT_EQ(memcmp(&vote, &e->vote, sizeof vote), 0);
        check_side(&f.world, e, 0, &e->liked, vote.alpha_pos, vote.beta_pos);
        check_side(&f.world, e, 1, &e->disliked, vote.alpha_neg, vote.beta_neg);
        EXPECT_EQ(e->liked.n_past + e->disliked.n_past, offset[1]);
        const uint8_t hard[] = {vote.f_mat, vote.f_sim, vote.f_sta};
        for (int k = 0; k < 3; ++k) {
          EXPECT_EQ(e->votes[k].vote, hard[k]);
          coins += e->votes[k].coin;
          if (semantics || e->votes[k].coin) continue;
          if (k < 2) EXPECT_EQ(e->votes[k].vote, e->votes[k].margin > 0);
          if (k == 2) EXPECT_EQ(e->votes[k].vote, e->votes[k].margin >= 0);
        }
        EXPECT_FALSE(e->votes[THRONG_VOTE_F_POP].made);
        EXPECT_TRUE(e->like_rates == NULL);
        if (!semantics) EXPECT_EQ(vote.like, e->score > 0.5);  // the majority of three
        named += e->liked.n_shared + e->disliked.n_shared;
        throng_explanation_free(e);
      }
  EXPECT_GT(named, 100);
  EXPECT_GT(coins, 5);
  close_fixture(&f);
}

/// Explain some item in every lane, step with it, and compare.
static void follow(fixture *f, const throng_sim_def *def) {
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f->backend, &f->world, f->sta, def, &sim));
  for (uint32_t step = 0; step < 12; ++step) {
    int32_t action[LANES];
    throng_vote said[LANES];
    for (int32_t lane = 0; lane < LANES; ++lane) {
      throng_explanation *e;
      action[lane] =
          (int32_t)random_index(random_draw(4, 77, step, (uint32_t)lane, 0, 0).w[0], N_ITEM);
      ASSERT_OK(throng_sim_explain(sim, lane, action[lane], &e));
      said[lane] = e->vote;
      if (def->votes.similarity == THRONG_SIMILARITY_MAX) {
        check_side(&f->world, e, 0, &e->liked, e->vote.alpha_pos, e->vote.beta_pos);
        check_side(&f->world, e, 1, &e->disliked, e->vote.alpha_neg, e->vote.beta_neg);
      }
      throng_explanation_free(e);
    }
    throng_outcome out;
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int lane = 0; lane < LANES; ++lane)
      ASSERT_EQ(memcmp(&said[lane], &out.vote[lane], sizeof said[lane]), 0);
  }
  throng_sim_close(sim);
}

TEST(explain, a_lane_is_told_what_its_next_step_answers_coins_and_draws_included) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = 16;
  def.leave_probability = 0.1f;
  follow(&f, &def);
  def.votes.rule = THRONG_RULE_PROBABILITY;
  def.votes.weights[THRONG_VOTE_F_POP] = 2;
  follow(&f, &def);
  def.votes.similarity = THRONG_SIMILARITY_MEAN;
  def.votes.table_bytes = 0;
  follow(&f, &def);
  close_fixture(&f);
}

TEST(explain, f_pop_is_told_with_both_rates_and_the_weights) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  throng_votes_def def = throng_default_sim_def().votes;
  def.rule = THRONG_RULE_F_POP;
  like_rates fitted;
  ASSERT_OK(like_rates_fit(&f.world, &fitted));
  for (int32_t user = 0; user < N_USER; ++user) {
    const int32_t candidate = user * 3;
    const int64_t offset[] = {0, 0};
    const throng_pairs pair = {1, &user, &candidate, offset, NULL, NULL};
    throng_explanation *e;
    ASSERT_OK(throng_explain(f.backend, &f.world, NULL, &def, 1, &pair, &e));
    const throng_like_rates *r = e->like_rates;
    ASSERT_TRUE(r != NULL);
    EXPECT_NEAR(r->item.rate, fitted.item_rate[candidate], 0);
    EXPECT_NEAR(r->user.rate, fitted.user_rate[user], 0);
    EXPECT_EQ(r->user.answers, fitted.user_n[user]);
    const double z = r->weight[0] + r->weight[1] * r->item.logit + r->weight[2] * r->user.logit;
    EXPECT_NEAR(r->p, 1 / (1 + exp(-z)), 1e-12);
    EXPECT_NEAR((double)e->votes[THRONG_VOTE_F_POP].score, r->p, 1e-6);
    EXPECT_TRUE(e->votes[THRONG_VOTE_F_POP].asked && !e->votes[THRONG_VOTE_F_MAT].asked);
    EXPECT_EQ(e->vote.like, e->votes[THRONG_VOTE_F_POP].vote);
    EXPECT_FALSE(e->votes[THRONG_VOTE_F_STA].made);
    throng_explanation_free(e);
  }
  like_rates_free(&fitted);
  close_fixture(&f);
}

TEST(explain, lanes_items_and_pairs_that_are_not_there_are_refused) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f));
  throng_sim *sim;
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  throng_explanation *e;
  EXPECT_EQ(throng_sim_explain(sim, LANES, 0, &e), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lane 32 is not in 0..31");
  EXPECT_TRUE(e == NULL);
  EXPECT_EQ(throng_sim_explain(sim, 0, N_ITEM, &e), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "item 150 is not in 0..149");
  const int32_t user = 0, candidate = -1;
  const int64_t offset[] = {0, 0};
  throng_pairs pair = {1, &user, &candidate, offset, NULL, NULL};
  EXPECT_EQ(throng_explain(f.backend, &f.world, f.sta, &def.votes, 1, &pair, &e),
            THRONG_ERROR_ARGUMENT);
  pair.n = 2;
  EXPECT_EQ(throng_explain(f.backend, &f.world, f.sta, &def.votes, 1, &pair, &e),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "one pair is explained, not 2");
  throng_explanation_free(NULL);
  throng_sim_close(sim);
  close_fixture(&f);
}
