/// Biased matrix factorisation against L-BFGS on the same objective
/// (tests/golden/make_fidelity.py).
#include "sim/biased_mf.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "support/golden.h"
#include "throng_test.h"

enum { MOST = 1000 };

typedef struct problem {
  int64_t offset[64];
  int32_t item[MOST];
  uint8_t like[MOST];
  mf_answers answers;
  biased_mf_def def;
} problem;

static double number(const cJSON *row, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(row, key)->valuedouble;
}

static void read_problem(const cJSON *row, problem *p) {
  const cJSON *user = cJSON_GetObjectItemCaseSensitive(row, "user");
  const int n = cJSON_GetArraySize(user), n_user = (int)number(row, "n_user");
  memset(p, 0, sizeof *p);
  for (int k = 0; k < n; ++k) {
    ++p->offset[cJSON_GetArrayItem(user, k)->valueint + 1];
    p->item[k] = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row, "item"), k)->valueint;
    p->like[k] =
        (uint8_t)cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(row, "like"), k)->valueint;
  }
  for (int u = 0; u < n_user; ++u) p->offset[u + 1] += p->offset[u];
  p->answers = (mf_answers){n_user, (int64_t)number(row, "n_item"), p->offset, p->item, p->like};
  p->def = (biased_mf_def){number(row, "ridge_bias"), number(row, "ridge_factor"), 400, 1};
}

TEST(biased_mf, biases_alone_are_the_ridge_regression_of_an_independent_solver) {
  static problem p;
  cJSON *json = golden_json("fidelity.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "factorisation"), 0);
  biased_mf mf;
  read_problem(row, &p);
  ASSERT_OK(biased_mf_fit(&p.answers, &p.def, &mf));
  EXPECT_NEAR(mf.m, number(row, "m"), 1e-12);
  EXPECT_NEAR(mf.loss, number(row, "loss"), 1e-4);
  const cJSON *score = cJSON_GetObjectItemCaseSensitive(row, "score");
  for (int k = 0; k < cJSON_GetArraySize(score); ++k)
    EXPECT_NEAR(biased_mf_score(&mf, (int32_t)(k / mf.n_item), (int32_t)(k % mf.n_item)),
                cJSON_GetArrayItem(score, k)->valuedouble, 1e-3);
  biased_mf_free(&mf);
  cJSON_Delete(json);
}

/// With factors there are several minima: ours is as low as the lowest of many descents.
TEST(biased_mf, with_factors_the_objective_is_as_low_as_the_best_of_many_descents) {
  static problem p;
  cJSON *json = golden_json("fidelity.json");
  ASSERT_TRUE(json != NULL);
  const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "factorisation"), 1);
  biased_mf mf, again, other;
  read_problem(row, &p);
  ASSERT_OK(biased_mf_fit(&p.answers, &p.def, &mf));
  EXPECT_LT(mf.loss, number(row, "loss") * 1.02);
  EXPECT_GT(mf.loss, number(row, "loss") * 0.98);
  ASSERT_OK(biased_mf_fit(&p.answers, &p.def, &again));
  EXPECT_EQ(memcmp(mf.user, again.user, (size_t)mf.n_user * BIASED_MF_SIZE * sizeof(double)), 0);
  p.def.sweeps = 1;
  ASSERT_OK(biased_mf_fit(&p.answers, &p.def, &other));
  EXPECT_GT(other.loss, mf.loss);  // a sweep never makes it worse
  biased_mf_free(&mf);
  biased_mf_free(&again);
  biased_mf_free(&other);
  cJSON_Delete(json);
}

TEST(biased_mf, who_never_answered_has_the_others_part_alone) {
  const int64_t offset[] = {0, 3, 3, 5};
  const int32_t item[] = {0, 1, 2, 0, 1};
  const uint8_t like[] = {1, 1, 0, 1, 0};
  const mf_answers answers = {3, 4, offset, item, like};
  const biased_mf_def def = biased_mf_default_def();
  biased_mf mf;
  ASSERT_OK(biased_mf_fit(&answers, &def, &mf));
  EXPECT_NEAR(biased_mf_score(&mf, 1, 3), 1 / (1 + exp(-mf.m)), 1e-12);
  EXPECT_NEAR(biased_mf_score(&mf, 1, 0), 1 / (1 + exp(-mf.m - mf.item[0])), 1e-12);
  EXPECT_GT(biased_mf_score(&mf, 1, 0), biased_mf_score(&mf, 1, 2));
  biased_mf_free(&mf);
}
