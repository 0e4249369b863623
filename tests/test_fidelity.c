/// Leave-one-out fidelity against a recount that asks about one user at a time.
#include "evaluate/fidelity.h"

#include <math.h>
#include <stdlib.h>

#include "support/cpu_backend.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { N_USER = 90, N_ITEM = 120 };

/// AUC by comparing all pairs.
static double slow_auc(int n, const double *score, const int *label) {
  double wins = 0, pairs = 0;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      if (label[i] && !label[j]) {
        ++pairs;
        wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
      }
  return wins / pairs;
}

static void compare_with_recount(fidelity_split split) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, N_USER, N_ITEM, 8, 12);
  throng_votes_def votes = throng_default_sim_def().votes;
  fidelity f;
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, split, NULL, &f));
  double score[3][N_USER];
  int label[N_USER], n = 0, likes = 0, users_short = 0;
  int back = split == FIDELITY_VALIDATION;
  votes.rule = THRONG_RULE_LOGICAL;
  for (int32_t u = 0; u < N_USER; ++u) {
    int64_t begin = w.user_offset[u], last = w.user_offset[u + 1] - 1 - back;
    if (last - begin < 1) {
      ++users_short;
      continue;
    }
    int32_t item[16];
    uint8_t like[16];
    int64_t offset[2] = {0, 0};
    for (int64_t k = begin; k < last; ++k)
      if (w.history_item[k] != w.history_item[last]) {
        item[offset[1]] = w.history_item[k];
        like[offset[1]++] = w.history_like[k];
      }
    throng_vote v;
    const throng_pairs pair = {1, &u, &w.history_item[last], offset, item, like};
    ASSERT_OK(throng_votes_evaluate(backend, &w, NULL, &votes, 1, &pair, &v, NULL));
    int sum = v.alpha_pos + v.alpha_neg;
    score[0][n] = sum ? (double)v.alpha_pos / sum : 0.5;
    score[1][n] = ((double)v.beta_pos - (double)v.beta_neg + 2) / 4;
    score[2][n] = (score[0][n] + score[1][n]) / 2;
    label[n] = w.history_like[last];
    likes += label[n++];
  }
  EXPECT_EQ(f.users, n);
  EXPECT_EQ(f.users_short, users_short);
  EXPECT_LT(0, users_short);
  EXPECT_EQ(f.likes, likes);
  EXPECT_EQ(f.interactions, w.n_interaction);
  EXPECT_FALSE(f.measured[THRONG_VOTE_F_STA]);
  EXPECT_NEAR(f.vote[0].auc, slow_auc(n, score[0], label), 1e-12);
  EXPECT_NEAR(f.vote[1].auc, slow_auc(n, score[1], label), 1e-12);
  EXPECT_NEAR(f.ensemble.auc, slow_auc(n, score[2], label), 1e-12);
  small_world_free(&w);
  throng_backend_close(backend);
}

TEST(fidelity, test_split_is_that_of_a_recount) { compare_with_recount(FIDELITY_TEST); }
TEST(fidelity, validation_split_is_that_of_a_recount) { compare_with_recount(FIDELITY_VALIDATION); }

TEST(fidelity, held_out_answers_are_never_seen) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, N_USER, N_ITEM, 8, 12);
  throng_votes_def votes = throng_default_sim_def().votes;
  fidelity before, after;
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &before));
  for (int u = 0; u < N_USER; ++u)
    if (w.user_offset[u] < w.user_offset[u + 1]) w.history_like[w.user_offset[u + 1] - 1] ^= 1;
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &after));
  // Every score stays, every label turns: the order of pairs turns round.
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(after.vote[k].auc, 1 - before.vote[k].auc, 1e-12);
    EXPECT_NEAR(after.vote[k].accuracy, 1 - before.vote[k].accuracy, 1e-12);
  }
  EXPECT_NEAR(after.ensemble.auc, 1 - before.ensemble.auc, 1e-12);
  small_world_free(&w);
  throng_backend_close(backend);
}

TEST(fidelity, every_vote_and_rule_is_measured_with_f_sta_and_written_by_name) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, N_USER, N_ITEM, 8, 12);
  throng_votes_def votes = throng_default_sim_def().votes;
  throng_sta_def def = throng_default_sta_def();
  def.width = 8;
  def.window = 8;
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(backend, &w, &def, &sta));
  fidelity f;
  ASSERT_OK(fidelity_evaluate(backend, &w, sta, &votes, 1, FIDELITY_TEST, NULL, &f));
  cJSON *json;
  ASSERT_OK(fidelity_json(&f, &json));
  EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(json, "users")->valuedouble, f.users, 0);
  const cJSON *in_votes = cJSON_GetObjectItemCaseSensitive(json, "votes");
  const cJSON *in_rules = cJSON_GetObjectItemCaseSensitive(json, "rules");
  EXPECT_EQ(cJSON_GetArraySize(in_votes), THRONG_VOTE_COUNT);
  EXPECT_EQ(cJSON_GetArraySize(in_rules), THRONG_RULE_COUNT);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const cJSON *vote =
        cJSON_GetObjectItemCaseSensitive(in_votes, throng_vote_name((throng_vote_id)k));
    ASSERT_TRUE(cJSON_IsObject(vote));
    EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(vote, "auc")->valuedouble, f.vote[k].auc, 1e-15);
    const cJSON *macro = cJSON_GetObjectItemCaseSensitive(vote, "macro");
    EXPECT_NEAR(cJSON_GetObjectItemCaseSensitive(macro, "f1")->valuedouble, f.vote[k].macro.f1,
                1e-15);
  }
  for (int k = 0; k < THRONG_RULE_COUNT; ++k) {
    const cJSON *rule =
        cJSON_GetObjectItemCaseSensitive(in_rules, throng_rule_name((throng_rule)k));
    ASSERT_TRUE(cJSON_IsObject(rule));
    double accuracy = cJSON_GetObjectItemCaseSensitive(rule, "accuracy")->valuedouble;
    EXPECT_NEAR(accuracy, f.rule[k].accuracy, 1e-15);
    EXPECT_EQ(f.rule[k].n, f.users);
  }
  // A vote and the rule that asks it alone give the same answers.
  for (int k = 0; k < 3; ++k) EXPECT_NEAR(f.rule[1 + k].accuracy, f.vote[k].accuracy, 0);
  EXPECT_NEAR(f.rule[THRONG_RULE_F_POP].accuracy, f.vote[THRONG_VOTE_F_POP].accuracy, 0);
  cJSON_Delete(json);

  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &f));
  ASSERT_OK(fidelity_json(&f, &json));
  in_rules = cJSON_GetObjectItemCaseSensitive(json, "rules");
  EXPECT_TRUE(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(in_rules, "majority")));
  EXPECT_TRUE(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(in_rules, "logical")));
  cJSON_Delete(json);
  throng_sta_close(sta);
  small_world_free(&w);
  throng_backend_close(backend);
}

TEST(fidelity, a_world_without_dislikes_is_asked_about_as_many_unseen_items) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, N_USER, N_ITEM, 8, 12);
  throng_votes_def votes = throng_default_sim_def().votes;
  fidelity with, f, again;
  cJSON *json = NULL;
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &with));
  EXPECT_EQ(with.sampled, 0);
  for (int64_t k = 0; k < w.n_interaction; ++k) w.history_like[k] = 1;
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &f));
  ASSERT_OK(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &again));
  EXPECT_EQ(f.users, with.users);
  EXPECT_EQ(f.likes, f.users);
  EXPECT_EQ(f.sampled, f.users);
  EXPECT_EQ(f.vote[0].n, 2 * f.users);
  EXPECT_STREQ(with.missing[0], "");
  EXPECT_TRUE(with.measured[THRONG_VOTE_F_POP] && !f.measured[THRONG_VOTE_F_POP]);
  EXPECT_CONTAINS(f.missing[0], "are likes");
  EXPECT_TRUE(isfinite(f.vote[0].auc) && isfinite(f.ensemble.auc));
  EXPECT_TRUE(f.vote[0].auc == again.vote[0].auc && f.ensemble.auc == again.ensemble.auc);
  ASSERT_OK(fidelity_json(&f, &json));
  EXPECT_EQ((int64_t)cJSON_GetObjectItemCaseSensitive(json, "sampled_dislikes")->valuedouble,
            f.sampled);
  cJSON_Delete(json);
  small_world_free(&w);
  throng_backend_close(backend);
}

TEST(fidelity, world_without_anyone_to_hold_out_is_an_error) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, 20, N_ITEM, 8, 1);
  throng_votes_def votes = throng_default_sim_def().votes;
  fidelity f;
  EXPECT_EQ(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, NULL, &f),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "no user of 20 has 2 interactions");
  small_world_free(&w);
  throng_backend_close(backend);
}

static bool stop_at_once(void *context, const char *stage, int64_t done, int64_t total,
                         const char *unit) {
  (void)context, (void)stage, (void)done, (void)total, (void)unit;
  return false;
}

TEST(fidelity, can_be_cancelled) {
  throng_backend *backend = open_cpu();
  throng_world w = small_world(7, N_USER, N_ITEM, 8, 12);
  throng_votes_def votes = throng_default_sim_def().votes;
  const throng_progress progress = {.report = stop_at_once};
  fidelity f;
  EXPECT_EQ(fidelity_evaluate(backend, &w, NULL, &votes, 1, FIDELITY_TEST, &progress, &f),
            THRONG_ERROR_CANCELLED);
  small_world_free(&w);
  throng_backend_close(backend);
}
