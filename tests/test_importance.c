/// What matters in a study, against Optuna (tests/golden/make_importance.py).
#include "statistics/importance.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/golden.h"
#include "throng_test.h"

enum { COLUMNS = 7, MOST = 400 };

/// As in the script.
static space_parameter parameters[COLUMNS] = {
    {.name = "rate", .kind = SPACE_FLOAT, .low = 1e-5, .high = 1e-1, .log = true, .parent = -1},
    {.name = "gamma", .kind = SPACE_FLOAT, .low = 0.8, .high = 0.999, .parent = -1},
    {.name = "width", .kind = SPACE_INT, .low = 16, .high = 256, .step = 16, .parent = -1},
    {.name = "hidden",
     .kind = SPACE_INT,
     .low = 1,
     .high = 1000,
     .step = 1,
     .log = true,
     .parent = -1},
    {.name = "head", .kind = SPACE_CHOICE, .n_choice = 3, .parent = -1},
    {.name = "double", .kind = SPACE_CHOICE, .n_choice = 2, .parent = -1},
    {.name = "share", .kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.05, .parent = -1},
};
static const space all = {.n = COLUMNS, .parameter = parameters};

typedef struct study {
  int64_t n;
  double x[MOST * COLUMNS], value[MOST];
  double ped_anova[COLUMNS], fanova[COLUMNS];
} study;

static double number(const cJSON *item) {
  return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static void take(const cJSON *json, study *s) {
  const cJSON *row;
  s->n = 0;
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "rows")) {
    for (int i = 0; i < COLUMNS; ++i) s->x[s->n * COLUMNS + i] = number(cJSON_GetArrayItem(row, i));
    s->value[s->n++] = number(cJSON_GetArrayItem(row, COLUMNS));
  }
  for (int i = 0; i < COLUMNS; ++i) {
    s->ped_anova[i] =
        number(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "ped_anova"), i));
    s->fanova[i] = number(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "fanova"), i));
  }
}

TEST(importance, both_are_optunas) {
  cJSON *json = golden_json("importance.json");
  ASSERT_TRUE(json != NULL);
  static study s;
  const cJSON *one;
  int studies = 0;
  cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(json, "studies")) {
    double ped[COLUMNS], forest[COLUMNS], sum = 0;
    take(one, &s);
    const importance_data d = {.space = &all, .n = s.n, .x = s.x, .value = s.value};
    ASSERT_EQ(importance_ped_anova(&d, ped), THRONG_OK);
    ASSERT_EQ(importance_fanova(&d, 1, forest), THRONG_OK);
    for (int i = 0; i < COLUMNS; ++i) {
      EXPECT_NEAR(ped[i], s.ped_anova[i], 1e-9);
      EXPECT_EQ(isnan(forest[i]) != 0, isnan(s.fanova[i]) != 0);
      if (isnan(s.fanova[i])) continue;
      EXPECT_NEAR(forest[i], s.fanova[i], 0.05);
      sum += forest[i];
    }
    EXPECT_NEAR(sum, 1.0, 1e-9);
    ++studies;
  }
  EXPECT_EQ(studies, 3);
  cJSON_Delete(json);
}

TEST(importance, what_decides_alone_gets_nearly_all) {
  static double x[MOST * COLUMNS], value[MOST];
  for (int k = 0; k < MOST; ++k) {
    const double u = (k * 0.6180339887498949) - floor(k * 0.6180339887498949);
    const double v = (k * 0.7548776662466927) - floor(k * 0.7548776662466927);
    const double row[COLUMNS] = {1e-5 * pow(1e4, v), 0.8 + 0.199 * u, 16 * (1 + k % 16),
                                 1 + k % 1000,       k % 3,           k / 3 % 2,
                                 0.05 * (k % 21)};
    for (int i = 0; i < COLUMNS; ++i) x[k * COLUMNS + i] = row[i];
    value[k] = fabs(row[1] - 0.95);
  }
  const importance_data d = {.space = &all, .n = MOST, .x = x, .value = value};
  double ped[COLUMNS], forest[COLUMNS];
  ASSERT_EQ(importance_ped_anova(&d, ped), THRONG_OK);
  ASSERT_EQ(importance_fanova(&d, 1, forest), THRONG_OK);
  EXPECT_GT(ped[1], 0.7);
  EXPECT_GT(forest[1], 0.95);
}

TEST(importance, nothing_told_gives_equal_shares) {
  static double x[4 * COLUMNS], value[4];
  for (int i = 0; i < 4 * COLUMNS; ++i) x[i] = parameters[i % COLUMNS].low;
  const importance_data none = {.space = &all, .n = 0, .x = x, .value = value};
  const importance_data same = {.space = &all, .n = 4, .x = x, .value = value};
  double got[COLUMNS];
  ASSERT_EQ(importance_ped_anova(&none, got), THRONG_OK);
  for (int i = 0; i < COLUMNS; ++i) EXPECT_NEAR(got[i], 1.0 / COLUMNS, 1e-12);
  ASSERT_EQ(importance_fanova(&none, 1, got), THRONG_OK);
  EXPECT_TRUE(isnan(got[0]));
  ASSERT_EQ(importance_fanova(&same, 1, got), THRONG_OK);
  for (int i = 0; i < COLUMNS; ++i) EXPECT_NEAR(got[i], 1.0 / COLUMNS, 1e-12);
}
