/// f_cal: its fit against scipy (tests/golden/make_calibration.py), what it must refuse, the vote
/// in a simulator, and its place in the weights' file.
#include "sim/calibration.h"

#include <stdio.h>

#include "sim/logistic.h"
#include "sim/sim.h"
#include "sta/sta_prior.h"
#include "support/calibration_golden.h"
#include "support/cpu_backend.h"
#include "support/history_world.h"
#include "support/small_sim.h"
#include "throng/explain.h"
#include "throng_test.h"

// ---- the fit -----------------------------------------------------------------------------------

TEST(calibration, weights_effects_and_probabilities_are_those_of_scipy) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "calibration");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  throng_backend *backend = open_cpu();
  sta_calibration fitted;
  calibration c;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, false, &fitted));
  const double found[] = {fitted.intercept, fitted.mat,           fitted.sim,
                          fitted.sta,       fitted.item,          fitted.user,
                          fitted.smoothing, fitted.user_variance, fitted.threshold};
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(found[k], g.fitted[k], 1e-4);
  ASSERT_OK(calibration_make(&w, &fitted, 0, &c));
  ASSERT_OK(calibration_upload(&c, backend));
  const effects *e = c.effects;
  EXPECT_NEAR(e->mean, g.effects[0], 1e-4);
  EXPECT_NEAR(e->user_variance, g.effects[1], 1e-4);
  EXPECT_NEAR(e->item_variance, g.effects[2], 1e-4);
  for (int k = 0; k < EFFECTS_POINTS; ++k) EXPECT_NEAR(e->prior[k], g.prior[k], 1e-4);
  for (int64_t i = 0; i < g.n_item; ++i) EXPECT_NEAR(e->item[i], g.item_effect[i], 1e-4);
  for (int64_t u = 0; u < g.n_user; ++u) EXPECT_NEAR(e->user[u], g.user_effect[u], 1e-4);
  int64_t row = 0;
  for (int64_t u = 0; u < g.n_user; ++u) {
    if (g.offset[u + 1] - g.offset[u] < 2) continue;
    const int32_t item = g.item[g.offset[u + 1] - 2];
    EXPECT_NEAR(calibration_score(&c.view, &g.vote[row], 1, (int32_t)u, item), g.p[row], 1e-4);
    ++row;
  }
  EXPECT_EQ(row, g.n_row);
  double others = 0;  // who has no answer is like the others
  for (int k = 0; k < EFFECTS_POINTS; ++k) others += e->prior[k] * (-6 + 0.3 * k);
  EXPECT_NEAR(e->user[9], others, 1e-9);
  EXPECT_EQ(e->item[g.n_item - 1], 0);  // nor is an item that nobody met
  calibration_free(&c);
  throng_backend_close(backend);
  calibration_golden_close(&g);
}

TEST(calibration, weights_never_see_the_last_answer_and_hidden_effects_do_not_either) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "calibration");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  sta_calibration first, second;
  calibration before, after, open;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, false, &first));
  ASSERT_OK(calibration_make(&w, &first, 1, &before));
  for (int64_t u = 0; u < g.n_user; ++u)
    if (g.offset[u + 1] > g.offset[u]) g.like[g.offset[u + 1] - 1] ^= 1;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, false, &second));
  EXPECT_EQ(memcmp(&first, &second, sizeof first), 0);
  ASSERT_OK(calibration_make(&w, &second, 1, &after));
  ASSERT_OK(calibration_make(&w, &second, 0, &open));
  const size_t items = (size_t)g.n_item * sizeof(double), users = (size_t)g.n_user * sizeof(double);
  EXPECT_EQ(memcmp(before.effects->item, after.effects->item, items), 0);
  EXPECT_EQ(memcmp(before.effects->user, after.effects->user, users), 0);
  EXPECT_TRUE(memcmp(open.effects->item, after.effects->item, items) != 0);
  calibration_free(&before);
  calibration_free(&after);
  calibration_free(&open);
  calibration_golden_close(&g);
}

TEST(calibration, without_f_sta_its_term_has_no_weight) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "calibration");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  sta_calibration fitted;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, false, false, &fitted));
  EXPECT_NEAR(fitted.sta, 0, 1e-12);
  EXPECT_GT(fabs(fitted.mat), 0.1);
  calibration_golden_close(&g);
}

TEST(calibration, the_answers_that_weights_are_fitted_on_are_not_in_the_effects_beside_them) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "calibration");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  effects before, after;
  ASSERT_OK(effects_fit(&w, 2, &before));
  for (int64_t u = 0; u < g.n_user; ++u)
    for (int64_t k = 1; k <= 2 && k <= g.offset[u + 1] - g.offset[u]; ++k)
      g.like[g.offset[u + 1] - k] ^= 1;
  ASSERT_OK(effects_fit(&w, 2, &after));
  EXPECT_EQ(memcmp(before.user, after.user, (size_t)g.n_user * sizeof(double)), 0);
  EXPECT_EQ(memcmp(before.item, after.item, (size_t)g.n_item * sizeof(double)), 0);
  EXPECT_EQ(before.n, g.offset[g.n_user] - 2 * g.n_user + 3);  // one user has one row, one has none
  effects_free(&before);
  effects_free(&after);
  calibration_golden_close(&g);
}

TEST(calibration, a_vote_that_says_the_opposite_of_the_answers_has_no_weight) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "calibration");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  sta_calibration with, without;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, false, false, &without));
  for (int64_t k = 0; k < g.n_row; ++k) g.vote[k].p_like = 1 - g.vote[k].p_like;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, false, &with));
  EXPECT_EQ(memcmp(&with, &without, sizeof with), 0);
  calibration_golden_close(&g);
}

TEST(effects, users_who_all_answer_one_way_are_not_drawn_to_the_middle) {
  // 600 users with three answers each: nine of ten like everything, the others nothing.
  enum { USERS = 600, EACH = 3, KINDS = 50 };
  static int64_t offset[USERS + 1];
  static int32_t item[USERS * EACH];
  static uint8_t like[USERS * EACH];
  for (int u = 0; u < USERS; ++u)
    for (int k = 0; k < EACH; ++k) {
      item[u * EACH + k] = (u * 7 + k * 11) % KINDS;
      like[u * EACH + k] = u % 10 != 0;
      offset[u + 1] = (u + 1) * EACH;
    }
  throng_world w = history_world(USERS, KINDS, offset, item, like, 1);
  effects e;
  ASSERT_OK(effects_fit(&w, 0, &e));
  for (int u = 0; u < USERS; ++u) {
    const double z = e.mean + e.user[u];
    EXPECT_TRUE(u % 10 ? z > 3 : z < -1);  // a normal prior has some of the latter at +1
  }
  effects_free(&e);
}

TEST(effects, answers_of_one_kind_have_none) {
  int64_t offset[] = {0, 2, 3};
  int32_t item[] = {0, 1, 1};
  uint8_t like[] = {1, 1, 1};
  throng_world w = history_world(2, 2, offset, item, like, 1);
  effects e;
  ASSERT_OK(effects_fit(&w, 0, &e));
  EXPECT_NEAR(e.mean, log(4), 1e-12);
  EXPECT_EQ(e.user[0], 0);
  EXPECT_EQ(e.item[1], 0);
  effects_free(&e);
  ASSERT_OK(effects_fit(&w, 3, &e));  // nobody has so many
  EXPECT_EQ(e.n, 0);
  EXPECT_EQ(e.mean, 0);
  effects_free(&e);
}

TEST(calibration, rows_of_one_kind_in_a_world_of_both_leave_the_answer_to_the_effects) {
  int64_t offset[] = {0, 3, 6};
  int32_t item[] = {0, 1, 1, 1, 0, 0};
  uint8_t like[] = {0, 1, 1, 1, 1, 0};
  throng_vote vote[2] = {{0}};
  sta_calibration fitted;
  throng_world w = history_world(2, 2, offset, item, like, 1);
  ASSERT_OK(calibration_fit_votes(&w, vote, true, false, &fitted));
  EXPECT_EQ(fitted.item, 1);
  EXPECT_EQ(fitted.user, 1);
  EXPECT_NEAR(fitted.intercept, 0, 1e-9);  // of one like and one dislike
  EXPECT_EQ(fitted.mat, 0);
  EXPECT_EQ(fitted.sta, 0);
  EXPECT_EQ(fitted.threshold, 0.5);
}

TEST(calibration, what_tells_nothing_apart_is_refused_with_its_numbers) {
  int64_t offset[] = {0, 2, 4};
  int32_t item[] = {0, 1, 1, 0};
  uint8_t like[] = {1, 1, 1, 1};
  throng_vote vote[2] = {{0}};
  sta_calibration fitted;
  throng_world w = history_world(2, 2, offset, item, like, 1);
  EXPECT_EQ(calibration_fit_votes(&w, vote, false, false, &fitted), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "all of the 2 answers that its weights are fitted on");
  int64_t short_offset[] = {0, 1, 1};
  w = history_world(2, 2, short_offset, item, like, 1);
  EXPECT_EQ(calibration_fit_votes(&w, vote, false, false, &fitted), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "none of 2 users has 2 interactions");
}

// ---- the vote ----------------------------------------------------------------------------------
enum { ITEMS = 150 };

/// What users answer over some steps: p by f_cal, likes, and the error of the terms' sum.
static void play(throng_answer answer, double *p, double *likes, double threshold_of[1]) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_CALIBRATED);
  def.votes.answer = answer;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  *threshold_of = sim->models.calibration.fitted.threshold;
  *p = *likes = 0;
  for (uint32_t step = 0; step < 60; ++step) {
    throng_outcome out;
    int32_t action[RULE_LANES * RULE_SLATE];
    rule_choose(action, step, ITEMS);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int k = 0; k < RULE_LANES * RULE_SLATE; ++k) {
      const float score = out.further[THRONG_VOTE_F_CAL - THRONG_VOTE_IN_RECORD][k];
      EXPECT_TRUE(score > 0 && score < 1);
      if (answer == THRONG_ANSWER_THRESHOLD)
        EXPECT_EQ(out.vote[k].like, score >= (float)*threshold_of);
      *p += (double)score / (60 * RULE_LANES * RULE_SLATE);
      *likes += out.vote[k].like / (60.0 * RULE_LANES * RULE_SLATE);
    }
  }
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_cal, answers_are_drawn_with_its_probability_or_reach_its_threshold) {
  double p, likes, threshold;
  play(THRONG_ANSWER_DRAW, &p, &likes, &threshold);
  EXPECT_NEAR(likes, p, 0.025);  // 5,760 draws: four standard errors
  play(THRONG_ANSWER_THRESHOLD, &p, &likes, &threshold);
  EXPECT_TRUE(likes > 0.05 && likes < 0.95);
}

TEST(f_cal, an_earlier_entry_of_the_candidate_is_no_evidence) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_votes_def def = throng_default_votes_def();
  def.rule = THRONG_RULE_CALIBRATED;
  const int32_t user[] = {3, 3, 3}, candidate[] = {5, 5, 5};
  // The same other entries, with the candidate liked, disliked, and not there.
  const int64_t offset[] = {0, 4, 8, 11};
  const int32_t item[] = {1, 5, 2, 9, 1, 5, 2, 9, 1, 2, 9};
  const uint8_t like[] = {1, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1};
  const throng_pairs pairs = {3, user, candidate, offset, item, like};
  for (int similarity = 0; similarity < 2; ++similarity) {
    throng_vote vote[3];
    def.similarity = (throng_similarity)similarity;
    float score[3], *further[THRONG_VOTE_FURTHER] = {NULL};
    further[THRONG_VOTE_F_CAL - THRONG_VOTE_IN_RECORD] = score;
    ASSERT_OK(throng_votes_evaluate(backend, &w, NULL, &def, 1, &pairs, vote, further));
    for (int k = 0; k < 2; ++k) {
      EXPECT_EQ(vote[k].alpha_pos, vote[2].alpha_pos);
      EXPECT_EQ(vote[k].alpha_neg, vote[2].alpha_neg);
      EXPECT_NEAR(vote[k].beta_pos, vote[2].beta_pos, 0);
      EXPECT_NEAR(vote[k].beta_neg, vote[2].beta_neg, 0);
      EXPECT_NEAR(score[k], score[2], 0);
    }
    def.rule = THRONG_RULE_LOGICAL;  // which counts it
    ASSERT_OK(throng_votes_evaluate(backend, &w, NULL, &def, 1, &pairs, vote, NULL));
    EXPECT_TRUE(vote[0].beta_pos > vote[2].beta_pos);
    def.rule = THRONG_RULE_CALIBRATED;
  }
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_cal, is_explained_by_terms_that_sum_to_its_log_odds) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_CALIBRATED);
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  for (int32_t item = 0; item < 20; ++item) {
    throng_explanation *why;
    ASSERT_OK(throng_sim_explain(sim, item, item * 7, &why));
    ASSERT_TRUE(why->calibrated != NULL);
    const throng_calibrated *c = why->calibrated;
    double sum = 0;
    for (int32_t k = 0; k < c->n; ++k) sum += c->term[k].log_odds;
    EXPECT_NEAR(c->p, 1 / (1 + exp(-sum)), 1e-12);
    EXPECT_NEAR(why->votes[THRONG_VOTE_F_CAL].score, c->p, 1e-5);
    throng_explanation_free(why);
  }
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_cal, stands_in_the_weights_file_and_tells_weights_and_simulators_apart) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.width = 8;
  sta_def.window = 8;
  throng_sta *sta, *again;
  throng_calibration c;
  uint64_t plain, with, read;
  char path[512];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  throng_votes_def votes = throng_default_votes_def();
  ASSERT_OK(throng_sta_create(backend, &w, &sta_def, &sta));
  ASSERT_OK(throng_sta_hash(sta, &plain));
  ASSERT_OK(throng_calibrate(sta, &w, &votes, &c));
  ASSERT_OK(throng_sta_hash(sta, &with));
  EXPECT_TRUE(plain != with);
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_open(backend, &w, path, &again));
  ASSERT_OK(throng_sta_hash(again, &read));
  EXPECT_TRUE(read == with);
  EXPECT_EQ(memcmp(&again->calibration, &sta->calibration, sizeof sta->calibration), 0);
  // What is stored is what is used, and other votes fit their own.
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_CALIBRATED);
  again->calibration.mat += 1;
  ASSERT_OK(throng_sim_create(backend, &w, again, &def, &sim));
  EXPECT_NEAR(sim->models.calibration.fitted.mat, c.mat + 1, 1e-12);
  char lanes[512];
  snprintf(lanes, sizeof lanes, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_OK(throng_sim_save(sim, lanes));
  throng_sim_close(sim);
  ASSERT_OK(throng_sim_create(backend, &w, sta, &def, &sim));
  EXPECT_EQ(throng_sim_restore(sim, lanes), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has f_cal ");
  throng_sim_close(sim);
  def.votes.similarity = THRONG_SIMILARITY_MEAN;
  ASSERT_OK(throng_sim_create(backend, &w, again, &def, &sim));
  EXPECT_TRUE(sim->models.calibration.fitted.mat < c.mat + 0.9);
  throng_sim_close(sim);
  throng_sta_close(again);
  sta->calibration.threshold = 2;
  ASSERT_OK(throng_sta_save(sta, path));
  EXPECT_EQ(throng_sta_open(backend, &w, path, &again), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'calibration' holds what no fit gives");
  throng_sta_close(sta);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_cal, numbers_of_older_weights_are_kept_and_not_used) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.width = 8;
  sta_def.window = 8;
  throng_sta *sta, *old;
  throng_calibration c;
  uint64_t saved, read;
  char path[512];
  snprintf(path, sizeof path, "%s/old.safetensors", throng_test_folder());
  throng_votes_def votes = throng_default_votes_def();
  ASSERT_OK(throng_sta_create(backend, &w, &sta_def, &sta));
  ASSERT_OK(throng_calibrate(sta, &w, &votes, &c));
  sta->calibration.terms = 1;  // as it was written once: without this number
  sta->calibration.item = -3;
  ASSERT_OK(throng_sta_save(sta, path));
  ASSERT_OK(throng_sta_hash(sta, &saved));
  safetensors_file *file;
  ASSERT_OK(safetensors_open(path, &file));
  EXPECT_EQ(safetensors_find(file, "calibration")->elements, 11);
  safetensors_close(file);
  ASSERT_OK(throng_sta_open(backend, &w, path, &old));
  ASSERT_OK(throng_sta_hash(old, &read));
  EXPECT_TRUE(read == saved);
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_CALIBRATED);
  ASSERT_OK(throng_sim_create(backend, &w, old, &def, &sim));
  EXPECT_NEAR(sim->models.calibration.fitted.item, c.item, 1e-12);
  throng_sim_close(sim);
  throng_sta_close(old);
  throng_sta_close(sta);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(f_cal, fall_back_rates_do_not_hold_the_answers_that_weights_are_fitted_on) {
  throng_world w = small_world(21, 12, 40, 24, 5);  // too few answers to fit f_sta
  throng_backend *backend = open_cpu();
  throng_sta_def def = throng_default_sta_def();
  throng_votes_def votes = throng_default_votes_def();
  throng_sta *given, *blind;
  bool rates;
  ASSERT_OK(throng_sta_fit(backend, &w, &def, NULL, &given, NULL));
  ASSERT_OK(sta_is_rates(given, &rates));
  EXPECT_TRUE(rates);
  ASSERT_OK(sta_rates_create(backend, &w, &def, 2, &blind));
  // The rates that are used hold what the weights' rates do not: those of a fit that sees nothing
  // of the answers give the same weights.
  sta_calibration first, second;
  ASSERT_OK(calibration_fit(backend, &w, given, &votes, &first));
  ASSERT_OK(calibration_fit(backend, &w, blind, &votes, &second));
  EXPECT_EQ(memcmp(&first, &second, sizeof first), 0);
  // Of all but the last answer, as they stand in `given`, the weight would be another.
  float p_given, p_blind;
  const int64_t none[] = {0, 0};
  const int32_t user = 0, candidate = w.history_item[w.user_offset[1] - 2];
  ASSERT_OK(throng_sta_score(given, 1, &user, &candidate, none, NULL, NULL, &p_given));
  ASSERT_OK(throng_sta_score(blind, 1, &user, &candidate, none, NULL, NULL, &p_blind));
  EXPECT_TRUE(fabsf(p_given - p_blind) > 0.01f);
  throng_sta_close(given);
  throng_sta_close(blind);
  throng_sta *fresh;
  ASSERT_OK(throng_sta_create(backend, &w, &def, &fresh));
  ASSERT_OK(sta_is_rates(fresh, &rates));
  EXPECT_FALSE(rates);
  throng_sta_close(fresh);
  throng_backend_close(backend);
  small_world_free(&w);
}
