/// votes.factors: the calibrated vote's term of factors against L-BFGS and scipy
/// (tests/golden/make_calibration.py), what it must not have seen, and its place in files and
/// explanations.
#include "sim/factors.h"

#include <math.h>
#include <stdio.h>

#include "sim/calibration.h"
#include "sim/sim.h"
#include "support/calibration_golden.h"
#include "support/cpu_backend.h"
#include "support/history_world.h"
#include "support/small_sim.h"
#include "throng/explain.h"
#include "throng_test.h"

TEST(factors, weights_products_and_probabilities_are_those_of_independent_solvers) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "factors");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  throng_backend *backend = open_cpu();
  sta_calibration fitted;
  calibration c;
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, true, &fitted));
  const double found[] = {fitted.intercept, fitted.mat,    fitted.sim,       fitted.sta,
                          fitted.item,      fitted.user,   fitted.smoothing, fitted.user_variance,
                          fitted.threshold, fitted.factors};
  for (int k = 0; k < 10; ++k) EXPECT_NEAR(found[k], g.fitted[k], 1e-3);
  EXPECT_GT(fitted.factors, 0.4);
  ASSERT_OK(calibration_make(&w, &fitted, 0, &c));
  ASSERT_OK(calibration_upload(&c, backend));
  double *product = golden_array(g.file, "products", NULL);
  int64_t row = 0;
  double largest = 0;
  for (int32_t u = 0; u < g.n_user; ++u) {
    if (g.offset[u + 1] - g.offset[u] < 2) continue;
    const int32_t item = g.item[g.offset[u + 1] - 2];
    EXPECT_NEAR(factors_product(c.factors, u, item), product[row], 2e-3);
    EXPECT_NEAR(calibration_score(&c.view, &g.vote[row], 1, u, item), g.p[row], 1e-3);
    largest = fmax(largest, fabs(product[row]));
    ++row;
  }
  EXPECT_EQ(row, g.n_row);
  EXPECT_GT(largest, 0.5);
  EXPECT_EQ(factors_product(c.factors, 9, 0), 0);  // who has no answer
  free(product);
  calibration_free(&c);
  throng_backend_close(backend);
  calibration_golden_close(&g);
}

TEST(factors, what_is_hidden_is_not_in_them_and_the_weight_never_sees_the_last_answer) {
  calibration_golden g = {0};
  calibration_golden_open(&g, "factors");
  throng_world w = history_world(g.n_user, g.n_item, g.offset, g.item, g.like, 1);
  const biased_mf_def def = biased_mf_default_def();
  biased_mf before, after, open;
  sta_calibration first, second;
  ASSERT_OK(factors_fit(&w, 1, &def, &before));
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, true, &first));
  for (int64_t u = 0; u < g.n_user; ++u)
    if (g.offset[u + 1] > g.offset[u]) g.like[g.offset[u + 1] - 1] ^= 1;
  ASSERT_OK(factors_fit(&w, 1, &def, &after));
  ASSERT_OK(factors_fit(&w, 0, &def, &open));
  ASSERT_OK(calibration_fit_votes(&w, g.vote, true, true, &second));
  const size_t bytes = (size_t)g.n_item * BIASED_MF_SIZE * sizeof(double);
  EXPECT_EQ(memcmp(before.item, after.item, bytes), 0);
  EXPECT_TRUE(memcmp(before.item, open.item, bytes) != 0);
  EXPECT_EQ(memcmp(&first, &second, sizeof first), 0);
  biased_mf_free(&before);
  biased_mf_free(&after);
  biased_mf_free(&open);
  calibration_golden_close(&g);
}

enum { USERS = 120, ITEMS = 150, LONGEST = 140 };

typedef struct rig {
  throng_world world;
  throng_backend *backend;
  throng_sta *sta;
  throng_sim_def def;
} rig;

/// Users who take sides, and some f_sta that was not trained.
static void rig_open(rig *r) {
  r->world = small_world(21, USERS, ITEMS, 24, LONGEST);
  small_world_take_sides(&r->world);
  r->backend = open_cpu();
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.width = 8;
  sta_def.window = 8;
  ASSERT_OK(throng_sta_create(r->backend, &r->world, &sta_def, &r->sta));
  r->def = rule_def(THRONG_RULE_CALIBRATED);
  r->def.votes.factors = true;
}

static void rig_close(rig *r) {
  throng_sta_close(r->sta);
  throng_backend_close(r->backend);
  small_world_free(&r->world);
}

/// How often f_cal's side of 1/2 is what the planted taste says, over all pairs.
static double agreement(const rig *r, bool factors) {
  static int32_t user[USERS * ITEMS], candidate[USERS * ITEMS];
  static int64_t offset[USERS * ITEMS + 1];
  static throng_vote vote[USERS * ITEMS];
  static float score[USERS * ITEMS];
  float *further[THRONG_VOTE_FURTHER] = {NULL};
  throng_votes_def def = r->def.votes;
  double agree = 0;
  def.factors = factors;
  for (int k = 0; k < USERS * ITEMS; ++k) {
    user[k] = k / ITEMS;
    candidate[k] = k % ITEMS;
  }
  const throng_pairs pairs = {USERS * ITEMS, user, candidate, offset, NULL, NULL};
  further[THRONG_VOTE_F_CAL - THRONG_VOTE_IN_RECORD] = score;
  EXPECT_OK(throng_votes_evaluate(r->backend, &r->world, r->sta, &def, 1, &pairs, vote, further));
  for (int k = 0; k < USERS * ITEMS; ++k)
    agree += (score[k] > 0.5f) == ((user[k] + candidate[k]) % 2 == 1);
  return agree / (USERS * ITEMS);
}

TEST(factors, a_taste_that_effects_cannot_say_is_told_by_them) {
  rig r;
  rig_open(&r);
  EXPECT_LT(agreement(&r, false), 0.65);
  EXPECT_GT(agreement(&r, true), 0.9);
  rig_close(&r);
}

TEST(factors, are_a_term_of_the_explanation_only_where_they_are_asked) {
  rig r;
  rig_open(&r);
  for (int asked = 0; asked < 2; ++asked) {
    throng_sim *sim;
    throng_explanation *why;
    r.def.votes.factors = asked;
    ASSERT_OK(throng_sim_create(r.backend, &r.world, r.sta, &r.def, &sim));
    ASSERT_OK(throng_sim_explain(sim, 3, 8, &why));
    const throng_calibrated *c = why->calibrated;
    double sum = 0;
    ASSERT_EQ(c->n, asked ? 7 : 6);
    for (int32_t k = 0; k < c->n; ++k) sum += c->term[k].log_odds;
    EXPECT_NEAR(c->p, 1 / (1 + exp(-sum)), 1e-12);
    EXPECT_NEAR(why->votes[THRONG_VOTE_F_CAL].score, c->p, 1e-5);
    if (asked) EXPECT_STREQ(c->term[6].name, "factors");
    if (asked) EXPECT_GT(fabs(c->term[6].log_odds), 0.5);
    throng_explanation_free(why);
    throng_sim_close(sim);
  }
  rig_close(&r);
}

TEST(factors, stand_in_the_weights_file_and_a_fit_of_other_terms_is_not_taken) {
  rig r;
  rig_open(&r);
  throng_calibration with, without;
  throng_votes_def plain = r.def.votes;
  throng_sta *again;
  throng_sim *sim;
  safetensors_file *file;
  uint64_t saved, read;
  char path[512];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  plain.factors = false;
  ASSERT_OK(throng_calibrate(r.sta, &r.world, &r.def.votes, &with));
  EXPECT_GT(with.factors, 0.1);
  ASSERT_OK(throng_sta_save(r.sta, path));
  ASSERT_OK(throng_sta_hash(r.sta, &saved));
  ASSERT_OK(safetensors_open(path, &file));
  EXPECT_EQ(safetensors_find(file, "calibration")->elements, 13);
  safetensors_close(file);
  ASSERT_OK(throng_sta_open(r.backend, &r.world, path, &again));
  ASSERT_OK(throng_sta_hash(again, &read));
  EXPECT_TRUE(read == saved);
  EXPECT_NEAR(again->calibration.factors, with.factors, 0);
  // Votes without factors fit their own.
  r.def.votes = plain;
  ASSERT_OK(throng_sim_create(r.backend, &r.world, again, &r.def, &sim));
  EXPECT_EQ(sim->models.calibration.fitted.factors, 0);
  EXPECT_TRUE(sim->models.calibration.factors == NULL);
  throng_sim_close(sim);
  throng_sta_close(again);
  // A file of before, which knows of no factors, opens with the hash that it had, and votes that
  // ask for them fit their own.
  ASSERT_OK(throng_calibrate(r.sta, &r.world, &plain, &without));
  EXPECT_EQ(without.factors, 0);
  ASSERT_OK(throng_sta_save(r.sta, path));
  ASSERT_OK(throng_sta_hash(r.sta, &saved));
  ASSERT_OK(safetensors_open(path, &file));
  EXPECT_EQ(safetensors_find(file, "calibration")->elements, 12);
  safetensors_close(file);
  ASSERT_OK(throng_sta_open(r.backend, &r.world, path, &again));
  ASSERT_OK(throng_sta_hash(again, &read));
  EXPECT_TRUE(read == saved);
  r.def.votes.factors = true;
  ASSERT_OK(throng_sim_create(r.backend, &r.world, again, &r.def, &sim));
  EXPECT_NEAR(sim->models.calibration.fitted.factors, with.factors, 1e-12);
  throng_sim_close(sim);
  throng_sta_close(again);
  rig_close(&r);
}
