/// Trials to write and read, and a look at their file from outside.
#ifndef THRONG_TESTS_TRIALS_FIXTURE_H
#define THRONG_TESTS_TRIALS_FIXTURE_H

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>

#include "sweep_fixture.h"
#include "trials/trials.h"

enum { RATE, GAMMA, N_STEP, SHAPE, WIDTH, N_OPTION };

static inline const char *at(const char *name) {
  static char path[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
}

static inline trials_def def_of(const space *s, const char *path) {
  return (trials_def){.path = path,
                      .study = "sweep",
                      .space = s,
                      .n_objective = 1,
                      .metric = {"A.Rwd"},
                      .maximise = {true}};
}

static inline trials *make(const space *s, const char *path) {
  trials_def def = def_of(s, path);
  trials *t = NULL;
  EXPECT_OK(trials_open(&def, false, &t));
  return t;
}

/// Point k: a pair of trials of each head, the numbers such that no decimal is short.
static inline void point(int64_t k, double x[N_OPTION]) {
  x[RATE] = 1e-5 * pow(1000, (double)k / 2e4 + 1.0 / 3);
  x[GAMMA] = 0.5 + 0.1 / 3 + (double)k / 40000;
  x[N_STEP] = 1 + (double)(k % 8);
  x[SHAPE] = (double)(k % 2);
  x[WIDTH] = k % 2 ? 16 * (1 + (double)(k % 7)) : NAN;
}

static inline char *sql_text(const char *path, const char *sql) {
  static char text[4][16384];
  static int next;
  next = (next + 1) % 4;
  sqlite3 *db;
  sqlite3_stmt *q = NULL;
  size_t used = 0;
  text[next][0] = '\0';
  EXPECT_EQ(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
  while (q && sqlite3_step(q) == SQLITE_ROW) {
    const char *one = (const char *)sqlite3_column_text(q, 0);
    used += (size_t)snprintf(text[next] + used, sizeof text[next] - used, "%s\n", one ? one : "-");
  }
  sqlite3_finalize(q);
  sqlite3_close(db);
  return text[next];
}

static inline long long sql_number(const char *path, const char *sql) {
  return strtoll(sql_text(path, sql), NULL, 10);
}

static inline void run_sql(const char *path, const char *sql) {
  sqlite3 *db;
  ASSERT_EQ(sqlite3_open(path, &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static inline bool same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

/// Round r adds trial r, reports for it and all before, and says its number in an attribute.
static inline throng_status write_round(trials *t, int64_t r) {
  double x[N_OPTION];
  char text[24];
  point(r, x);
  snprintf(text, sizeof text, "%lld", (long long)r);
  THRONG_TRY(trials_begin(t));
  THRONG_TRY(trials_add(t, r, x));
  for (int64_t k = 0; k <= r; ++k)
    if (r - k < 50) THRONG_TRY(trials_report(t, k, r - k + 1, (double)r));
  THRONG_TRY(trials_set(t, -1, TRIALS_ROUND, text));
  return trials_commit(t);
}

#endif
