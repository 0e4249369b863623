/// The whole report on worlds whose truth is known: yardsticks, groups, differences, JSON.
#include "evaluate/fidelity_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/cpu_backend.h"
#include "synth/synth.h"
#include "throng_test.h"
#include "world/world.h"

static throng_world *planted(double later_share) {
  throng_synth_def def = throng_default_synth_def();
  throng_world *w = NULL;
  def.n_user = 300;
  def.n_item = 200;
  def.n_keyword = 256;
  def.n_taste = 8;
  def.n_category = 8;
  def.dim = 16;
  def.history_mean = 30;
  def.later_share = later_share;
  EXPECT_OK(synth_build(&def, NULL, &w));
  return w;
}

static fidelity_report *report_of(throng_backend *backend, const throng_world *w,
                                  fidelity_split split, int64_t users) {
  const throng_votes_def votes = throng_default_votes_def();
  const fidelity_report_def def = {split, .resamples = 200, .users = users, .seed = 1};
  fidelity_report *r = NULL;
  EXPECT_OK(fidelity_report_make(backend, w, NULL, &votes, &def, NULL, &r));
  return r;
}

static const measured_value *of(const fidelity_report *r, int contender, measure_id k) {
  return &r->contender[contender].all[k];
}

TEST(fidelity_report, yardsticks_that_know_little_tell_little_where_tastes_are_planted) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  fidelity_report *r = report_of(backend, w, FIDELITY_LATER, 0);
  const int f_sim = CONTENDER_OF_VOTES + THRONG_VOTE_F_SIM;
  EXPECT_EQ(r->basic.questions, r->groups.n[STRATUM_ACTIVITY_LOW] +
                                    r->groups.n[STRATUM_ACTIVITY_MIDDLE] +
                                    r->groups.n[STRATUM_ACTIVITY_HIGH]);
  EXPECT_EQ(of(r, FIDELITY_RANDOM, MEASURE_AUC)->value, 0.5);
  EXPECT_EQ(of(r, FIDELITY_USER_MEAN, MEASURE_WITHIN_AUC)->value, 0.5);
  EXPECT_GT(of(r, f_sim, MEASURE_WITHIN_AUC)->low,
            of(r, FIDELITY_ITEM_MEAN, MEASURE_WITHIN_AUC)->high);
  EXPECT_LT(of(r, FIDELITY_ITEM_MEAN, MEASURE_AUC)->minus_high, 0);
  EXPECT_NEAR(of(r, FIDELITY_RANDOM, MEASURE_HIT_RATE)->value, 10.0 / 101, 1e-6);
  EXPECT_GT(of(r, f_sim, MEASURE_HIT_RATE)->value, 0.2);
  EXPECT_GT(r->ranked, 100);
  // Expected ratings are between the classes' means, so their error is below the distance of these.
  EXPECT_LT(of(r, f_sim, MEASURE_MAE)->value, of(r, FIDELITY_RANDOM, MEASURE_MAE)->value);
  for (int k = 0; k < MEASURE_COUNT; ++k)
    if (!isnan(of(r, CONTENDER_OF_ENSEMBLE, (measure_id)k)->value)) {
      EXPECT_EQ(of(r, CONTENDER_OF_ENSEMBLE, (measure_id)k)->minus, 0);
      EXPECT_EQ(of(r, CONTENDER_OF_ENSEMBLE, (measure_id)k)->minus_high, 0);
    }
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, differences_are_those_of_the_values_and_of_narrower_intervals) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  fidelity_report *r = report_of(backend, w, FIDELITY_LATER, 0);
  const measured_value *v = of(r, CONTENDER_OF_VOTES + THRONG_VOTE_F_SIM, MEASURE_AUC);
  const measured_value *e = of(r, CONTENDER_OF_ENSEMBLE, MEASURE_AUC);
  EXPECT_NEAR(v->minus, v->value - e->value, 1e-15);
  EXPECT_TRUE(v->low < v->value && v->value < v->high);
  EXPECT_LT(v->minus_high - v->minus_low, v->high - v->low);  // they are paired
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, groups_are_thirds_and_what_is_new) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  fidelity_report *r = report_of(backend, w, FIDELITY_LATER, 0);
  const strata *g = &r->groups;
  for (int k = STRATUM_ACTIVITY_LOW; k <= STRATUM_ACTIVITY_HIGH; ++k) {
    EXPECT_GT(g->users[k], r->basic.users / 4);
    EXPECT_LT(g->users[k], r->basic.users * 5 / 12);
  }
  const int64_t popular = g->n[STRATUM_POPULARITY_LOW] + g->n[STRATUM_POPULARITY_MIDDLE] +
                          g->n[STRATUM_POPULARITY_HIGH];
  EXPECT_EQ(popular, r->basic.questions);
  EXPECT_TRUE(g->n[STRATUM_ITEM_UNKNOWN] <= g->n[STRATUM_ITEM_NEW]);
  // An item that nobody answered has no rate: the item mean cannot tell one from another.
  const measured_value *v =
      &r->contender[FIDELITY_ITEM_MEAN].stratum[STRATUM_ITEM_UNKNOWN][MEASURE_AUC];
  EXPECT_TRUE(isnan(v->value) || v->value == 0.5);
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, leave_one_out_has_no_auc_within_users_and_says_what_fidelity_says) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0);
  const throng_votes_def votes = throng_default_votes_def();
  fidelity_report *r = report_of(backend, w, FIDELITY_TEST, 0);
  fidelity f;
  ASSERT_OK(fidelity_evaluate(backend, w, NULL, &votes, 1, FIDELITY_TEST, NULL, &f));
  EXPECT_EQ(r->basic.users, f.users);
  EXPECT_TRUE(isnan(of(r, CONTENDER_OF_ENSEMBLE, MEASURE_WITHIN_AUC)->value));
  EXPECT_NEAR(of(r, CONTENDER_OF_ENSEMBLE, MEASURE_AUC)->value, f.ensemble.auc, 1e-12);
  EXPECT_NEAR(of(r, CONTENDER_OF_ENSEMBLE, MEASURE_LOG_LOSS)->value, f.ensemble.log_loss, 1e-12);
  const int logical = CONTENDER_OF_RULES + THRONG_RULE_LOGICAL;
  EXPECT_NEAR(of(r, logical, MEASURE_ACCURACY)->value, f.rule[THRONG_RULE_LOGICAL].accuracy, 1e-12);
  EXPECT_EQ(r->contender[CONTENDER_OF_RULES + THRONG_RULE_F_MAT].same_as,
            CONTENDER_OF_VOTES + THRONG_VOTE_F_MAT);
  EXPECT_FALSE(r->contender[CONTENDER_OF_VOTES + THRONG_VOTE_F_STA].measured);
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, as_many_users_as_are_wanted_are_asked) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  fidelity_report *r = report_of(backend, w, FIDELITY_LATER, 37);
  EXPECT_EQ(r->basic.users, 37);
  free(r);
  r = report_of(backend, w, FIDELITY_TEST, 1000000);
  EXPECT_EQ(r->basic.users + r->basic.users_short, 300);
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, a_world_without_a_later_part_is_refused_with_what_would_help) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0);
  const throng_votes_def votes = throng_default_votes_def();
  const fidelity_report_def def = {FIDELITY_LATER, .resamples = 10, .seed = 1};
  fidelity_report *r;
  EXPECT_EQ(fidelity_report_make(backend, w, NULL, &votes, &def, NULL, &r), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "dataset.later_share");
  EXPECT_TRUE(r == NULL);
  throng_world_close(w);
  throng_backend_close(backend);
}

TEST(fidelity_report, json_keeps_fidelitys_keys_and_adds_to_them) {
  throng_backend *backend = open_cpu();
  throng_world *w = planted(0.5);
  fidelity_report *r = report_of(backend, w, FIDELITY_LATER, 60);
  cJSON *json;
  ASSERT_OK(fidelity_report_json(r, &json));
  const cJSON *votes = cJSON_GetObjectItemCaseSensitive(json, "votes");
  const cJSON *f_sim = cJSON_GetObjectItemCaseSensitive(votes, "f_sim");
  EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(f_sim, "auc")->valuedouble,
              r->basic.vote[THRONG_VOTE_F_SIM].auc, 1e-15);
  const cJSON *measures = cJSON_GetObjectItemCaseSensitive(f_sim, "measures");
  EXPECT_EQ(cJSON_GetArraySize(measures), MEASURE_COUNT);
  const cJSON *auc = cJSON_GetObjectItemCaseSensitive(measures, "auc");
  EXPECT_TRUE(cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(auc, "minus_ensemble_low")));
  EXPECT_TRUE(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(f_sim, "reliability")) > 2);
  EXPECT_EQ(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(f_sim, "strata")), STRATUM_COUNT);
  const cJSON *yardsticks = cJSON_GetObjectItemCaseSensitive(json, "yardsticks");
  EXPECT_EQ(cJSON_GetArraySize(yardsticks), FIDELITY_YARDSTICK_COUNT);
  EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(votes, "f_sta")));
  const cJSON *rules = cJSON_GetObjectItemCaseSensitive(json, "rules");
  const cJSON *alone = cJSON_GetObjectItemCaseSensitive(rules, "f_sim");
  EXPECT_STREQ(cJSON_GetObjectItemCaseSensitive(alone, "answers_as")->valuestring, "f_sim");
  cJSON_Delete(json);
  free(r);
  throng_world_close(w);
  throng_backend_close(backend);
}

/// What yardsticks learn of a world where each user's answer `back` from the end is the opposite.
static learned_rates learned(throng_world *w, fidelity_split split, int back) {
  learned_rates rates;
  for (int64_t u = 0; u < w->n_user; ++u)
    if (w->user_offset[u + 1] - w->user_offset[u] >= back)
      w->history_like[w->user_offset[u + 1] - back] ^= 1;
  EXPECT_OK(learned_rates_make(w, split, 1, &rates));
  return rates;
}

TEST(contenders, yardsticks_learn_all_that_came_before_what_is_asked_about_and_no_more) {
  throng_world *w = planted(0);
  const size_t bytes = (size_t)w->n_item * sizeof(double);
  for (int split = FIDELITY_TEST; split <= FIDELITY_VALIDATION; ++split) {
    const int hidden = split == FIDELITY_TEST ? 1 : 2;
    learned_rates plain, same, other;
    EXPECT_OK(learned_rates_make(w, (fidelity_split)split, 1, &plain));
    same = learned(w, (fidelity_split)split, hidden);
    other = learned(w, (fidelity_split)split, hidden + 1);
    EXPECT_EQ(memcmp(plain.item_rate, same.item_rate, bytes), 0);
    EXPECT_TRUE(memcmp(plain.item_rate, other.item_rate, bytes) != 0);
    EXPECT_TRUE(plain.mf.loss == same.mf.loss);
    EXPECT_TRUE(plain.mf.loss != other.mf.loss);
    learned_rates_free(&plain);
    learned_rates_free(&same);
    learned_rates_free(&other);
  }
  throng_world_close(w);
}
