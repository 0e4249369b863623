/// Yardsticks: every ranking against a slow one that asks about each item by itself.
#include "evaluate/yardsticks.h"

#include <stdlib.h>

#include "evaluate/probe.h"
#include "kernels/list.h"
#include "sta_reference.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { N_USER = 60, N_ITEM = 700, LANES = 24, TOP = 10 };  // two tiles, the second a short one

typedef struct fixture {
  throng_backend *backend;
  throng_world world;
  throng_sim *sim;
  yardsticks *p;
} fixture;

static throng_sta sta;  // random parameters on the CPU; kept for the whole program

static bool set_up(fixture *f, throng_sim_def def, bool with_sta) {
  throng_backend_def backend_def = throng_default_backend_def();
  backend_def.name = "cpu";  // the test reads its memory
  *f = (fixture){.world = small_world(31, N_USER, N_ITEM, 16, 40)};
  EXPECT_OK(throng_backend_open(&backend_def, &f->backend));
  if (!sta.view.item) {
    sta = (throng_sta){.n_user = N_USER, .n_item = N_ITEM};
    sta.def.width = 8;
    sta.def.layers = 1;
    sta.def.window = 16;
    sta.def.threshold = 0.5f;
    sta.view = reference_view(5, N_USER, N_ITEM, 8, 1, 1, 16, 1);
  }
  sta.backend = f->backend;
  def.lanes = LANES;
  def.history = 32;
  def.leave_probability = 0;
  throng_status status =
      throng_sim_create(f->backend, &f->world, with_sta ? &sta : NULL, &def, &f->sim);
  EXPECT_OK(status);
  if (status == THRONG_OK) status = yardsticks_create(f->sim, TOP, &f->p);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void tear_down(fixture *f) {
  yardsticks_free(f->p);
  throng_sim_close(f->sim);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

/// Some steps, so that rings wrap and sessions have items of their own.
static void walk(fixture *f, int steps) {
  for (int k = 0; k < steps; ++k) {
    EXPECT_OK(yardsticks_act(f->p, THRONG_YARDSTICK_RANDOM));
    EXPECT_OK(sim_step_on_backend(f->sim));
  }
}

/// Chance of a like by playing all coins through the rule itself.
static double slow_chance(const throng_votes_def *def, const vote_rule *rule,
                          const throng_vote *vote, const vote_further *further, bool tie_mat,
                          bool tie_sim) {
  double sum = 0;
  int n = 0;
  for (int mat = 0; mat < 2; ++mat)
    for (int sim = 0; sim < 2; ++sim) {
      if (!tie_mat && mat != vote->f_mat) continue;
      if (!tie_sim && sim != vote->f_sim) continue;
      throng_vote v = *vote;
      v.f_mat = (uint8_t)mat;
      v.f_sim = (uint8_t)sim;
      ++n;
      if (def->rule == THRONG_RULE_CALIBRATED) {
        const float p = further->score[THRONG_VOTE_F_CAL - THRONG_VOTE_IN_RECORD];
        sum += (double)p;
      } else if (def->rule == THRONG_RULE_PROBABILITY) {
        const float *w = def->weights;
        const int met = v.alpha_pos + v.alpha_neg;
        const float score_mat = met ? (float)v.alpha_pos / (float)met : 0.5f;
        const float score_sim = (v.beta_pos - v.beta_neg + 2) / 4;
        sum += (double)((w[0] * score_mat + w[1] * score_sim + w[2] * v.p_like +
                         w[3] * further->score[0]) /
                        (w[0] + w[1] + w[2] + w[3]));
      } else if (def->rule == THRONG_RULE_LOGICAL && mat != sim) {
        sum += def->semantics == THRONG_SEMANTICS_PUBLISHED_CODE ? 0 : 0.5;
      } else {
        vote_stream stream = {0};
        sum += rule_answer(rule, &stream, &v, further);
      }
    }
  return sum / n;
}

typedef struct slow_value {
  double expected, ensemble;
  int32_t item;
} slow_value;

static slow_value slow_ask(const fixture *f, throng_yardstick yardstick, int64_t lane,
                           int32_t item) {
  sim_args a = sim_make_args(f->sim);
  history_view h = sim_history(&a, lane);
  vote_stream stream = {0};
  throng_vote v = {0};
  vote_sums sums = vote_gather(&a.world, NULL, &a.rule, NULL, &h, item);
  vote_decide_logical(&sums, a.rule.semantics, &stream, &v);
  float p = f->sim->sta
                ? sta_score(&f->sim->sta->view, f->sim->sta_query + lane * 8, a.user[lane], item)
                : 0.5f;
  vote_decide_sta(&a.rule, p, &v);
  if (yardstick == THRONG_YARDSTICK_MOST_SIMILAR)
    return (slow_value){(double)(v.beta_pos - v.beta_neg), 0, item};
  bool paper = a.rule.semantics == THRONG_SEMANTICS_PAPER;
  const vote_further further = vote_score_further(&a.rule, &v, f->sim->user[lane], item);
  const double chance =
      slow_chance(&f->sim->def.votes, &a.rule, &v, &further, paper && v.alpha_pos == v.alpha_neg,
                  paper && v.beta_pos == v.beta_neg);
  const users_session session = sim_session(&a, lane);
  const users_terms t = users_terms_of(&a.users, &a.world, &session, f->sim->user[lane], item);
  const double keep = (double)users_keep(&t), turn = (double)users_turn(&t);
  const int met = v.alpha_pos + v.alpha_neg;
  const float mat = met ? (float)v.alpha_pos / (float)met : 0.5f;
  const float sim = (v.beta_pos - v.beta_neg + 2) / 4;
  return (slow_value){chance * keep + (1 - chance) * turn, (double)((mat + sim + v.p_like) / 3),
                      item};
}

static int best_first(const void *a, const void *b) {
  const slow_value *x = a, *y = b;
  if (fabs(x->expected - y->expected) > 1e-7) return x->expected < y->expected ? 1 : -1;
  if (x->ensemble != y->ensemble) return x->ensemble < y->ensemble ? 1 : -1;
  return (x->item > y->item) - (x->item < y->item);
}

static bool seen(const fixture *f, int64_t lane, int32_t item) {
  if (!f->sim->def.mask_seen) return false;
  return f->sim->seen[lane * f->sim->n_seen_word + item / 32] >> (item % 32) & 1;
}

static void compare_with_slow(throng_sim_def def, bool with_sta, throng_yardstick yardstick) {
  fixture f;
  if (set_up(&f, def, with_sta)) {
    walk(&f, 12);
    int32_t *best;
    EXPECT_OK(yardsticks_rank(f.p, yardstick, TOP, &best));
    int differences = 0;
    for (int64_t lane = 0; lane < LANES; ++lane) {
      slow_value value[N_ITEM];
      int n = 0;
      for (int32_t i = 0; i < N_ITEM; ++i)
        if (!seen(&f, lane, i)) value[n++] = slow_ask(&f, yardstick, lane, i);
      qsort(value, (size_t)n, sizeof *value, best_first);
      for (int k = 0; k < TOP; ++k) differences += best[lane * TOP + k] != value[k].item;
    }
    EXPECT_EQ(differences, 0);
  }
  tear_down(&f);
}

TEST(myopic, ranks_as_one_that_asks_item_by_item_under_every_rule_with_the_table) {
  for (int rule = 0; rule < THRONG_RULE_COUNT; ++rule) {
    throng_sim_def def = throng_default_sim_def();
    def.votes.rule = (throng_rule)rule;
    def.votes.weights[THRONG_VOTE_F_SIM] = 0.75f;
    def.votes.weights[THRONG_VOTE_F_POP] = 0.5f;
    compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
  }
}

TEST(myopic, ranks_as_one_that_asks_item_by_item_without_the_table) {
  throng_sim_def def = throng_default_sim_def();
  def.votes.table_bytes = 0;
  compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
  def.votes.rule = THRONG_RULE_LOGICAL;
  compare_with_slow(def, false, THRONG_YARDSTICK_MYOPIC);
}

TEST(myopic, ranks_as_one_that_asks_item_by_item_in_published_code) {
  throng_sim_def def = throng_default_sim_def();
  def.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
  def.votes.rule = THRONG_RULE_LOGICAL;
  def.votes.table_bytes = 0;
  compare_with_slow(def, false, THRONG_YARDSTICK_MYOPIC);
}

TEST(myopic, leaves_seen_items_out_where_they_are_masked) {
  throng_sim_def def = throng_default_sim_def();
  def.mask_seen = true;
  compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
}

TEST(myopic, knows_what_the_session_has_done_to_the_user) {
  throng_sim_def def = throng_default_sim_def();
  def.leave_probability = 0;
  def.users.bored_likes = 2;
  compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
  def.users.bored_deaf = true;
  def.users.satiation = 0.4f;
  compare_with_slow(def, true, THRONG_YARDSTICK_MYOPIC);
  def.votes.table_bytes = 0;
  def.votes.rule = THRONG_RULE_LOGICAL;
  compare_with_slow(def, false, THRONG_YARDSTICK_MYOPIC);
}

TEST(most_similar, ranks_by_the_difference_of_the_nearest_sides) {
  throng_sim_def def = throng_default_sim_def();
  compare_with_slow(def, true, THRONG_YARDSTICK_MOST_SIMILAR);
  def.votes.table_bytes = 0;
  def.votes.rule = THRONG_RULE_F_SIM;
  def.mask_seen = true;
  compare_with_slow(def, false, THRONG_YARDSTICK_MOST_SIMILAR);
}

TEST(myopic, is_liked_wherever_its_expectation_is_certain) {
  throng_sim_def def = throng_default_sim_def();
  fixture f;
  if (set_up(&f, def, true)) {
    int certain = 0, liked = 0;
    for (int step = 0; step < 10; ++step) {
      EXPECT_OK(yardsticks_act(f.p, THRONG_YARDSTICK_MYOPIC));
      bool sure[LANES];
      for (int64_t lane = 0; lane < LANES; ++lane)
        sure[lane] =
            slow_ask(&f, THRONG_YARDSTICK_MYOPIC, lane, f.sim->action[lane]).expected == 1.0;
      EXPECT_OK(sim_step_on_backend(f.sim));
      for (int64_t lane = 0; lane < LANES; ++lane) {
        certain += sure[lane];
        liked += sure[lane] && f.sim->reward[lane] == 1.0f;
      }
    }
    EXPECT_EQ(liked, certain);
    EXPECT_LT(LANES * 5, certain);
  }
  tear_down(&f);
}

TEST(popular, shows_the_most_liked_items_in_order_and_skips_masked_ones) {
  throng_sim_def def = throng_default_sim_def();
  def.mask_seen = true;
  def.votes.rule = THRONG_RULE_LOGICAL;
  fixture f;
  if (set_up(&f, def, false)) {
    int likes[N_ITEM] = {0};
    for (int64_t k = 0; k < f.world.n_interaction; ++k)
      likes[f.world.history_item[k]] += f.world.history_like[k];
    for (int step = 0; step < 5; ++step) {
      int32_t *best;
      EXPECT_OK(yardsticks_rank(f.p, THRONG_YARDSTICK_POPULAR, TOP, &best));
      for (int64_t lane = 0; lane < LANES; ++lane) {
        const int32_t *list = best + lane * TOP;
        for (int k = 0; k < TOP; ++k) {
          EXPECT_FALSE(seen(&f, lane, list[k]));
          if (k > 0)
            EXPECT_TRUE(likes[list[k - 1]] > likes[list[k]] ||
                        (likes[list[k - 1]] == likes[list[k]] && list[k - 1] < list[k]));
        }
        // Nothing that was left out is liked more than the last one shown.
        for (int32_t i = 0; i < N_ITEM; ++i) {
          bool listed = seen(&f, lane, i);
          for (int k = 0; k < TOP; ++k) listed = listed || list[k] == i;
          if (!listed && likes[i] > likes[list[TOP - 1]]) EXPECT_EQ(i, -1);
        }
      }
      EXPECT_OK(yardsticks_act(f.p, THRONG_YARDSTICK_POPULAR));
      EXPECT_OK(sim_step_on_backend(f.sim));
    }
  }
  tear_down(&f);
}

TEST(random, shows_every_item_equally_often_and_none_twice_in_a_list) {
  throng_sim_def def = throng_default_sim_def();
  def.votes.rule = THRONG_RULE_LOGICAL;
  fixture f;
  if (set_up(&f, def, false)) {
    static int count[N_ITEM];
    enum { STEPS = 150 };
    int64_t repeated = 0;
    for (int step = 0; step < STEPS; ++step) {
      int32_t *best;
      EXPECT_OK(yardsticks_rank(f.p, THRONG_YARDSTICK_RANDOM, TOP, &best));
      for (int64_t lane = 0; lane < LANES; ++lane)
        for (int k = 0; k < TOP; ++k) {
          count[best[lane * TOP + k]] += 1;
          for (int j = 0; j < k; ++j) repeated += best[lane * TOP + k] == best[lane * TOP + j];
        }
      walk(&f, 1);
    }
    EXPECT_EQ(repeated, 0);
    double expected = (double)STEPS * LANES * TOP / N_ITEM, chi = 0;
    for (int i = 0; i < N_ITEM; ++i)
      chi += (count[i] - expected) * (count[i] - expected) / expected;
    // Chi-square with 699 degrees of freedom: mean 699, standard deviation 37.4.
    EXPECT_NEAR(chi, 699, 5 * 37.4);
  }
  tear_down(&f);
}

TEST(random, finds_the_last_item_that_is_not_masked) {
  throng_sim_def def = throng_default_sim_def();
  def.votes.rule = THRONG_RULE_LOGICAL;
  def.mask_seen = true;
  fixture f;
  if (set_up(&f, def, false)) {
    for (int64_t k = 0; k < LANES * f.sim->n_seen_word; ++k) f.sim->seen[k] = 0xffffffffu;
    for (int64_t lane = 0; lane < LANES; ++lane)
      f.sim->seen[lane * f.sim->n_seen_word + (13 * lane) / 32] ^= 1u << (13 * lane % 32);
    EXPECT_OK(yardsticks_act(f.p, THRONG_YARDSTICK_RANDOM));
    for (int64_t lane = 0; lane < LANES; ++lane) EXPECT_EQ(f.sim->action[lane], 13 * lane);
  }
  tear_down(&f);
}

TEST(probe, answers_as_a_slate_of_the_same_items_would_and_leaves_the_lanes_alone) {
  throng_sim_def def = throng_default_sim_def();
  def.slate_size = TOP;
  fixture f;
  if (set_up(&f, def, true)) {
    walk(&f, 2);
    int32_t *best;
    uint8_t like[LANES * TOP];
    probe *p;
    ASSERT_OK(probe_create(f.sim, TOP, &p));
    uint64_t before, after;
    EXPECT_OK(yardsticks_rank(f.p, THRONG_YARDSTICK_RANDOM, TOP, &best));
    EXPECT_OK(throng_sim_hash(f.sim, &before));
    EXPECT_OK(probe_ask(p, best, like));
    EXPECT_OK(throng_sim_hash(f.sim, &after));
    EXPECT_TRUE(before == after);
    EXPECT_OK(throng_sim_step(f.sim, best));
    throng_outcome outcome;
    EXPECT_OK(throng_sim_outcome(f.sim, &outcome));
    int likes = 0;
    for (int k = 0; k < LANES * TOP; ++k) {
      EXPECT_EQ(like[k], outcome.vote[k].like);
      likes += like[k];
    }
    EXPECT_LT(0, likes);
    EXPECT_LT(likes, LANES * TOP);
    probe_free(p);
  }
  tear_down(&f);
}

TEST(yardsticks, rankings_longer_than_the_catalogue_are_refused) {
  throng_sim_def def = throng_default_sim_def();
  def.votes.rule = THRONG_RULE_LOGICAL;
  fixture f;
  if (set_up(&f, def, false)) {
    yardsticks *p;
    EXPECT_EQ(yardsticks_create(f.sim, N_ITEM + 1, &p), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "701 items asked of a catalogue of 700");
    int32_t *best;
    EXPECT_EQ(yardsticks_rank(f.p, THRONG_YARDSTICK_RANDOM, TOP + 1, &best), THRONG_ERROR_ARGUMENT);
    EXPECT_EQ(yardsticks_act(f.p, THRONG_YARDSTICK_COUNT), THRONG_ERROR_ARGUMENT);
  }
  tear_down(&f);
}
