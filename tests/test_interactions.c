/// Tests of rows: duplicates, k-core against a slow reference, order.
#include "data/interactions.h"

#include <stdio.h>
#include <stdlib.h>

#include "throng_test.h"

static throng_status add(interactions *list, int user, int item, int64_t time, int64_t line) {
  char u[16], i[16];
  int nu = snprintf(u, sizeof u, "u%d", user), ni = snprintf(i, sizeof i, "i%d", item);
  return interactions_add(list, u, (size_t)nu, i, (size_t)ni, 1, true, time, line);
}

enum { USERS = 60, ITEMS = 40, ROWS = 900 };

/// Rows with a skewed popularity, so that cores of several sizes differ.
static void fill(interactions *list, bool held[USERS][ITEMS]) {
  uint32_t state = 12345;
  memset(held, 0, sizeof(bool[USERS][ITEMS]));
  for (int64_t line = 1; line <= ROWS; line++) {
    state = state * 1664525 + 1013904223;
    int user = (int)((uint64_t)(state >> 8) * USERS >> 24);
    state = state * 1664525 + 1013904223;
    double share = (state >> 8) / 16777216.0;
    int item = (int)(share * share * ITEMS);
    EXPECT_OK(add(list, user, item, 1000 - line, line));
    held[user][item] = true;
  }
}

/// Remove offenders one by one until there is none: slow and plain.
static int reference_core(bool held[USERS][ITEMS], int k) {
  for (bool changed = true; changed;) {
    changed = false;
    for (int u = 0; u < USERS; u++) {
      int n = 0;
      for (int i = 0; i < ITEMS; i++) n += held[u][i];
      for (int i = 0; i < ITEMS && n < k; i++) changed |= held[u][i], held[u][i] = false;
    }
    for (int i = 0; i < ITEMS; i++) {
      int n = 0;
      for (int u = 0; u < USERS; u++) n += held[u][i];
      for (int u = 0; u < USERS && n < k; u++) changed |= held[u][i], held[u][i] = false;
    }
  }
  int n = 0;
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) n += held[u][i];
  return n;
}

TEST(interactions, core_is_the_one_of_a_slow_reference) {
  static bool held[USERS][ITEMS];
  for (int k = 0; k <= 14; k++) {
    interactions list;
    ASSERT_OK(interactions_init(&list, DATASET_REPEATED_FIRST));
    fill(&list, held);
    int64_t before = list.n, dropped;
    ASSERT_OK(interactions_core(&list, k, &dropped));
    EXPECT_EQ(list.n, reference_core(held, k));
    EXPECT_EQ(before - dropped, list.n);
    for (int64_t i = 0; i < list.n; i++) {
      int u = atoi(strings_get(interner_strings(list.users), list.row[i].user) + 1);
      int j = atoi(strings_get(interner_strings(list.items), list.row[i].item) + 1);
      EXPECT_TRUE(held[u][j]);
    }
    interactions_free(&list);
  }
}

TEST(interactions, earliest_of_repeated_pairs_survives_growth) {
  interactions list;
  static bool held[USERS][ITEMS];
  ASSERT_OK(interactions_init(&list, DATASET_REPEATED_FIRST));
  fill(&list, held);
  int64_t pairs = 0;
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) pairs += held[u][i];
  EXPECT_EQ(list.n, pairs);
  EXPECT_EQ(list.duplicates, ROWS - pairs);
  EXPECT_LT(100, list.duplicates);
  // Times fall along the file, so the last line of each pair is the earliest.
  int64_t n = list.n;
  for (int64_t i = 0; i < n; i++) EXPECT_EQ(list.row[i].time, 1000 - list.row[i].line);
  ASSERT_OK(add(&list, 0, 0, -5, ROWS + 1));
  ASSERT_OK(add(&list, 0, 0, -5, ROWS + 2));
  int64_t found = 0;
  for (int64_t i = 0; i < list.n; i++) found += list.row[i].line == ROWS + 1;
  EXPECT_EQ(found, 1);
  interactions_free(&list);
}

/// Ratings 1, 2, 4 of one pair at times 20, 10, 20: what stays, and on which line.
static interaction kept_of(dataset_repeated repeated, bool has_time) {
  interactions list;
  EXPECT_OK(interactions_init(&list, repeated));
  const float rating[] = {1, 2, 4};
  const int64_t time[] = {20, 10, 20};
  for (int k = 0; k < 3; k++) {
    EXPECT_OK(interactions_add(&list, "u", 1, "i", 1, rating[k], has_time, time[k], k + 1));
    EXPECT_OK(interactions_add(&list, "u", 1, "j", 1, 5, has_time, 0, 10));
  }
  interactions_settle(&list);
  EXPECT_EQ(list.duplicates, 4);
  EXPECT_EQ(list.n, 2);
  EXPECT_EQ(list.row[1].rating, 5);
  interaction row = list.row[0];
  interactions_free(&list);
  return row;
}

TEST(interactions, first_last_or_mean_of_repeated_ratings_counts_by_time_or_line) {
  EXPECT_EQ(kept_of(DATASET_REPEATED_FIRST, true).rating, 2);
  EXPECT_EQ(kept_of(DATASET_REPEATED_FIRST, false).rating, 1);
  EXPECT_EQ(kept_of(DATASET_REPEATED_LAST, true).rating, 4);
  EXPECT_EQ(kept_of(DATASET_REPEATED_LAST, true).line, 3);
  EXPECT_EQ(kept_of(DATASET_REPEATED_LAST, false).rating, 4);
  EXPECT_NEAR(kept_of(DATASET_REPEATED_MEAN, true).rating, 7.0 / 3, 1e-6);
  EXPECT_EQ(kept_of(DATASET_REPEATED_MEAN, true).line, 3);
  EXPECT_EQ(kept_of(DATASET_REPEATED_MEAN, true).time, 20);
}

TEST(interactions, order_is_by_user_then_time_then_line) {
  interactions list;
  static bool held[USERS][ITEMS];
  ASSERT_OK(interactions_init(&list, DATASET_REPEATED_FIRST));
  fill(&list, held);
  string_table users = {0}, items = {0};
  int32_t *new_item;
  ASSERT_OK(interactions_renumber(&list, &users, &items, &new_item));
  int64_t *offset, *place;
  ASSERT_OK(interactions_order(&list, users.n, true, &offset, &place));
  EXPECT_EQ(offset[0], 0);
  EXPECT_EQ(offset[users.n], list.n);
  for (int64_t u = 0; u < users.n; u++)
    for (int64_t i = offset[u]; i < offset[u + 1]; i++) {
      EXPECT_EQ(list.row[place[i]].user, u);
      if (i > offset[u]) EXPECT_LE(list.row[place[i - 1]].time, list.row[place[i]].time);
    }
  free(offset);
  free(place);
  // Without times: in the order of the lines.
  ASSERT_OK(interactions_order(&list, users.n, false, &offset, &place));
  for (int64_t u = 0; u < users.n; u++)
    for (int64_t i = offset[u] + 1; i < offset[u + 1]; i++) EXPECT_LT(place[i - 1], place[i]);
  free(offset);
  free(place);
  free(new_item);
  strings_free(&users);
  strings_free(&items);
  interactions_free(&list);
}
