/// The trials of a sweep: Optuna's tables, whole rounds, every number as it was, and errors that
/// lose nothing.
#include "trials/trials.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep_fixture.h"

enum { RATE, GAMMA, N_STEP, SHAPE, WIDTH, N_OPTION };

static const char *at(const char *name) {
  static char path[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
}

static trials_def def_of(const space *s, const char *path) {
  return (trials_def){.path = path,
                      .study = "sweep",
                      .space = s,
                      .n_objective = 1,
                      .metric = {"A.Rwd"},
                      .maximise = {true}};
}

static trials *make(const space *s, const char *path) {
  trials_def def = def_of(s, path);
  trials *t = NULL;
  EXPECT_OK(trials_open(&def, false, &t));
  return t;
}

/// Point k: a pair of trials of each head, the numbers such that no decimal is short.
static void point(int64_t k, double x[N_OPTION]) {
  x[RATE] = 1e-5 * pow(1000, (double)k / 1e4 + 1.0 / 3);
  x[GAMMA] = 0.5 + 0.1 / 3 + (double)k / 40000;
  x[N_STEP] = 1 + (double)(k % 8);
  x[SHAPE] = (double)(k % 2);
  x[WIDTH] = k % 2 ? 16 * (1 + (double)(k % 7)) : NAN;
}

static char *sql_text(const char *path, const char *sql) {
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

static long long sql_number(const char *path, const char *sql) {
  return strtoll(sql_text(path, sql), NULL, 10);
}

static void run_sql(const char *path, const char *sql) {
  sqlite3 *db;
  ASSERT_EQ(sqlite3_open(path, &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

TEST(trials, tables_are_those_that_optuna_makes_and_one_of_ours) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *path = at("trials.db");
  EXPECT_OK(trials_close(make(s, path)));
  char golden[16384] = "";
  FILE *file = fopen(TEST_SOURCE_DIR "/golden/optuna_schema.sql", "r");
  ASSERT_TRUE(file != NULL);
  golden[fread(golden, 1, sizeof golden - 1, file)] = '\0';
  fclose(file);
  char *version = strstr(golden, "-- schema_version");
  ASSERT_TRUE(version != NULL);
  char expected[128];
  snprintf(expected, sizeof expected, "-- schema_version %lld, alembic %s",
           sql_number(path, "SELECT schema_version FROM version_info"),
           sql_text(path, "SELECT version_num FROM alembic_version"));
  EXPECT_STREQ(version, expected);
  *version = '\0';
  EXPECT_STREQ(sql_text(path,
                        "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name "
                        "NOT LIKE 'throng%' ORDER BY rootpage"),
               golden);
  space_free(s);
}

TEST(trials, every_number_is_read_as_it_was_written_also_after_opening_again) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *path = at("trials.db");
  trials_def def = def_of(s, path);
  trials *t = make(s, path);
  ASSERT_TRUE(t != NULL);
  double x[N_OPTION];
  const double report[] = {0.1 + 0.2, -1e-310, 5, INFINITY, -INFINITY, NAN, 1 - 0x1p-53};
  const double finish[] = {1.0 / 3, -INFINITY, 1e300, 7};
  const trial_state state[] = {TRIAL_COMPLETE, TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_RUNNING};
  EXPECT_OK(trials_begin(t));
  for (int64_t k = 0; k < 4; ++k) {
    point(k, x);
    EXPECT_OK(trials_add(t, k, x));
    for (int64_t r = 0; r < 7; ++r) EXPECT_OK(trials_report(t, k, 1 + r, report[r]));
    if (state[k] != TRIAL_RUNNING) EXPECT_OK(trials_finish(t, k, state[k], &finish[k]));
  }
  EXPECT_OK(trials_set(t, 2, "rungs", "[1,4]"));
  EXPECT_OK(trials_set_number(t, 2, TRIALS_USER_STEPS, 1e12));
  EXPECT_OK(trials_set_number(t, 2, TRIALS_SECONDS, NAN));
  EXPECT_OK(trials_set_text(t, 2, TRIALS_CAUSE, "said \"no\"\n"));
  EXPECT_OK(trials_commit(t));
  for (int opening = 0; opening < 3; ++opening) {
    trials_list list;
    ASSERT_OK(trials_read(t, &list));
    ASSERT_EQ(list.n, 4);
    for (int64_t k = 0; k < 4; ++k) {
      const trial_row *row = &list.row[k];
      point(k, x);
      for (int p = 0; p < N_OPTION; ++p) EXPECT_TRUE(same(row->x[p], x[p]));
      EXPECT_EQ(row->state, state[k]);
      EXPECT_TRUE(same(row->value[0], state[k] == TRIAL_RUNNING ? NAN : finish[k]));
      ASSERT_EQ(row->n_report, 7);
      for (int64_t r = 0; r < 7; ++r) {
        EXPECT_EQ(row->report_step[r], 1 + r);
        EXPECT_TRUE(same(row->report_value[r], report[r]));
      }
      EXPECT_TRUE(row->started != NULL);
      EXPECT_EQ(row->ended != NULL, state[k] != TRIAL_RUNNING);
    }
    EXPECT_STREQ(list.row[1].attributes, "{}");
    EXPECT_STREQ(
        list.row[2].attributes,
        "{\"cause\":\"said \\\"no\\\"\\n\",\"rungs\":[1,4],\"seconds\":null,\"user_steps\":1e+12}");
    trials_list_free(&list);
    char *json;
    EXPECT_OK(trials_get(t, 2, "rungs", &json));
    EXPECT_STREQ(json, "[1,4]");
    free(json);
    EXPECT_OK(trials_get(t, 1, "rungs", &json));
    EXPECT_TRUE(json == NULL);
    EXPECT_OK(trials_get(t, -1, TRIALS_STEP, &json));
    EXPECT_STREQ(json, "\"evaluation\"");
    free(json);
    EXPECT_OK(trials_close(t));
    t = NULL;
    ASSERT_OK(opening == 0 ? trials_open(&def, true, &t)
                           : trials_open_to_read(path, &fixture_options, &t));
    EXPECT_STREQ(trials_get_def(t)->study, "sweep");
    EXPECT_STREQ(trials_get_def(t)->metric[0], "A.Rwd");
    EXPECT_TRUE(trials_get_def(t)->maximise[0]);
    EXPECT_EQ(trials_get_def(t)->space->n, N_OPTION);
  }
  EXPECT_OK(trials_close(t));
  // What cannot be a number in their column has its word there.
  EXPECT_STREQ(sql_text(path,
                        "SELECT DISTINCT intermediate_value_type FROM "
                        "trial_intermediate_values WHERE intermediate_value IS NULL"),
               "INF_POS\nINF_NEG\nNAN\n");
  EXPECT_EQ(sql_number(path, "SELECT count(*) FROM trial_params WHERE param_name = 'agent.width'"),
            2);
  space_free(s);
}

TEST(trials, times_are_utc_wherever_the_machine_stands) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *before = getenv("TZ");
  char zone[128];
  snprintf(zone, sizeof zone, "%s", before ? before : "");
  setenv("TZ", "America/New_York", 1);
  tzset();
  trials *t = make(s, at("trials.db"));
  double x[N_OPTION];
  point(0, x);
  EXPECT_OK(trials_add(t, 0, x));
  EXPECT_OK(trials_close(t));
  long long age = sql_number(at("trials.db"),
                             "SELECT strftime('%s', 'now') - strftime('%s', datetime_start) "
                             "FROM trials WHERE length(datetime_start) = 26");
  EXPECT_GE(age, 0);
  EXPECT_LT(age, 60);
  before ? setenv("TZ", zone, 1) : unsetenv("TZ");
  tzset();
  space_free(s);
}

TEST(trials, at_most_twenty_reports_of_a_trial_are_shown_and_all_are_read) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *path = at("trials.db");
  trials_def def = def_of(s, path);
  trials *t = make(s, path);
  double x[N_OPTION];
  point(0, x);
  EXPECT_OK(trials_add(t, 0, x));
  const int64_t n = 333;
  for (int64_t r = 0; r < n; ++r) {
    if (r == 25 || r == 150) {  // a resume
      EXPECT_OK(trials_close(t));
      ASSERT_OK(trials_open(&def, true, &t));
    }
    EXPECT_OK(trials_report(t, 0, 3 * r + 1, r % 7 == 3 ? NAN : r == 4 ? INFINITY : (double)r / 3));
    char all[256];
    snprintf(all, sizeof all,
             "SELECT count(*) <= 20 AND count(*) >= min(10, %lld) AND min(step) = 1 AND max(step) "
             "= %lld FROM trial_intermediate_values",
             (long long)r, (long long)(3 * r + 1));
    EXPECT_EQ(sql_number(path, all), 1);
  }
  // Evenly: every 32nd and the newest.
  EXPECT_STREQ(sql_text(path, "SELECT (step - 1) / 3 FROM trial_intermediate_values ORDER BY step"),
               "0\n32\n64\n96\n128\n160\n192\n224\n256\n288\n320\n332\n");
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  ASSERT_EQ(list.row[0].n_report, n);
  for (int64_t r = 0; r < n; ++r) {
    EXPECT_EQ(list.row[0].report_step[r], 3 * r + 1);
    EXPECT_TRUE(same(list.row[0].report_value[r], r % 7 == 3 ? NAN
                                                  : r == 4   ? INFINITY
                                                             : (double)r / 3));
  }
  trials_list_free(&list);
  EXPECT_OK(trials_close(t));
  space_free(s);
}

TEST(trials, a_report_again_is_the_same_row_and_another_value_is_refused) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *path = at("trials.db");
  trials *t = make(s, path);
  double x[N_OPTION];
  point(0, x);
  EXPECT_OK(trials_add(t, 0, x));
  for (int64_t r = 1; r <= 45; ++r) EXPECT_OK(trials_report(t, 0, 2 * r, (double)r));
  EXPECT_OK(trials_report(t, 0, 90, 45));
  EXPECT_OK(trials_report(t, 0, 4, 2));  // thinned long ago
  EXPECT_EQ(sql_number(path,
                       "SELECT (SELECT count(*) FROM trial_intermediate_values) + (SELECT "
                       "count(*) FROM throng_thinned_values)"),
            45);
  EXPECT_EQ(trials_report(t, 0, 4, 2.5), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "trial 0, step 4: 2.5, but it was 2 before");
  EXPECT_EQ(trials_report(t, 0, 5, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "trial 0: step 5 after step 90");
  EXPECT_EQ(trials_report(t, 0, 1LL << 31, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "expected evaluations, 0 to 2147483647");
  EXPECT_EQ(trials_report(t, 1, 1, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "no trial 1, expected 0 to 0");
  EXPECT_EQ(trials_add(t, 2, x), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "trial 2, expected 1 as the next");
  EXPECT_OK(trials_close(t));
  space_free(s);
}

TEST(trials, a_pruned_trial_has_its_last_report_as_value_and_a_complete_one_needs_a_number) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials *t = make(s, at("trials.db"));
  double x[N_OPTION], nothing = NAN;
  for (int64_t k = 0; k < 4; ++k) point(k, x), EXPECT_OK(trials_add(t, k, x));
  EXPECT_OK(trials_report(t, 0, 1, 0.25));
  EXPECT_OK(trials_report(t, 0, 2, 0.75));
  EXPECT_OK(trials_report(t, 1, 1, NAN));
  EXPECT_OK(trials_finish(t, 0, TRIAL_PRUNED, NULL));
  EXPECT_OK(trials_finish(t, 1, TRIAL_PRUNED, &nothing));
  EXPECT_OK(trials_finish(t, 2, TRIAL_FAILED, &nothing));
  EXPECT_EQ(trials_finish(t, 3, TRIAL_COMPLETE, &nothing), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "trial 3 is complete without a number for A.Rwd");
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  EXPECT_NEAR(list.row[0].value[0], 0.75, 0);
  EXPECT_TRUE(isnan(list.row[1].value[0]) && isnan(list.row[2].value[0]));
  EXPECT_EQ(list.row[2].state, TRIAL_FAILED);
  EXPECT_EQ(list.row[3].state, TRIAL_RUNNING);
  trials_list_free(&list);
  EXPECT_OK(trials_close(t));
  space_free(s);
}

TEST(trials, others_read_the_last_whole_round_while_one_is_written) {
  space *s = fixture_space(FIXTURE_SPACE);
  const char *path = at("trials.db");
  trials *t = make(s, path), *reader;
  double x[N_OPTION];
  point(0, x);
  EXPECT_OK(trials_begin(t));
  EXPECT_OK(trials_add(t, 0, x));
  EXPECT_OK(trials_commit(t));
  EXPECT_OK(trials_begin(t));
  EXPECT_OK(trials_add(t, 1, x));
  EXPECT_OK(trials_report(t, 0, 1, 0.5));
  ASSERT_OK(trials_open_to_read(path, &fixture_options, &reader));
  trials_list list;
  ASSERT_OK(trials_read(reader, &list));
  EXPECT_EQ(list.n, 1);
  EXPECT_EQ(list.row[0].n_report, 0);
  trials_list_free(&list);
  EXPECT_OK(trials_commit(t));
  ASSERT_OK(trials_read(reader, &list));
  EXPECT_EQ(list.n, 2);
  EXPECT_EQ(list.row[0].n_report, 1);
  trials_list_free(&list);
  EXPECT_EQ(trials_add(reader, 2, x), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "opened to be read");
  // What was not committed when the writer closes is gone.
  EXPECT_OK(trials_begin(t));
  EXPECT_OK(trials_add(t, 2, x));
  EXPECT_OK(trials_close(t));
  ASSERT_OK(trials_read(reader, &list));
  EXPECT_EQ(list.n, 2);
  trials_list_free(&list);
  EXPECT_OK(trials_close(reader));
  space_free(s);
}

/// Round r adds trial r, reports for it and all before, and says its number in an attribute.
static throng_status write_round(trials *t, int64_t r) {
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

TEST(trials, a_killed_writer_leaves_whole_rounds_and_all_that_it_said_were_committed) {
  space *s = fixture_space(FIXTURE_SPACE);
  for (int kills = 0; kills < 5; ++kills) {
    char name[32];
    snprintf(name, sizeof name, "kill-%d.db", kills);
    trials_def def = def_of(s, at(name));
    int ends[2];
    ASSERT_TRUE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
      trials *t;
      if (trials_open(&def, false, &t) != THRONG_OK) _exit(1);
      for (int64_t r = 0;; ++r)
        if (write_round(t, r) != THRONG_OK || write(ends[1], &r, sizeof r) != sizeof r) _exit(1);
    }
    close(ends[1]);
    int64_t told = -1;
    EXPECT_EQ(read(ends[0], &told, sizeof told), (long long)sizeof told);
    usleep(3000 + 23000 * (unsigned)kills);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(ends[0], &told, sizeof told) == sizeof told) {
    }
    close(ends[0]);
    trials *t;
    trials_list list;
    char *round = NULL;
    ASSERT_OK(trials_open(&def, true, &t));
    ASSERT_OK(trials_read(t, &list));
    ASSERT_OK(trials_get(t, -1, TRIALS_ROUND, &round));
    int64_t committed = round ? strtoll(round, NULL, 10) : -1;
    EXPECT_GE(committed, told);
    EXPECT_EQ(list.n, committed + 1);
    for (int64_t k = 0; k < list.n; ++k)
      EXPECT_EQ(list.row[k].n_report, committed - k < 50 ? committed - k + 1 : 50);
    free(round);
    trials_list_free(&list);
    EXPECT_OK(write_round(t, committed + 1));
    EXPECT_OK(trials_close(t));
  }
  space_free(s);
}

TEST(trials, a_disk_without_room_is_told_as_such_and_committed_rounds_stay) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("full.db"));
  int ends[2];
  ASSERT_TRUE(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    // A limit on files stands for the disk's end: SQLite meets EFBIG in place of ENOSPC.
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {400000, 400000};
    trials *t;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (trials_open(&def, false, &t) != THRONG_OK) _exit(2);
    for (int64_t r = 0; r < 10000; ++r) {
      if (write_round(t, r) == THRONG_OK) continue;
      char said[2048];
      snprintf(said, sizeof said, "%lld %s", (long long)r, throng_error_message());
      // Room again: the same round can be written whole.
      limit.rlim_cur = limit.rlim_max;
      _exit(write(ends[1], said, strlen(said)) == (ssize_t)strlen(said) ? 3 : 4);
    }
    _exit(5);
  }
  close(ends[1]);
  char said[2200] = "";
  ssize_t n = read(ends[0], said, sizeof said - 1);
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  ASSERT_TRUE(n > 0);
  EXPECT_CONTAINS(said, "no space is left for it on its disk");
  trials *t;
  trials_list list;
  ASSERT_OK(trials_open(&def, true, &t));
  ASSERT_OK(trials_read(t, &list));
  EXPECT_EQ(list.n, strtoll(said, NULL, 10));
  EXPECT_GT(list.n, 5);
  EXPECT_OK(write_round(t, list.n));
  trials_list_free(&list);
  EXPECT_OK(trials_close(t));
  space_free(s);
}

static sqlite3 *opened;
static int note_opened(sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
  (void)error;
  (void)api;
  opened = db;
  return SQLITE_OK;
}

TEST(trials, a_round_that_failed_can_be_written_again_by_the_same_writer) {
  space *s = fixture_space(FIXTURE_SPACE);
  sqlite3_auto_extension((void (*)(void))note_opened);
  trials *t = make(s, at("again.db"));
  sqlite3_reset_auto_extension();
  int64_t r = 0;
  for (; r < 5; ++r) EXPECT_OK(write_round(t, r));
  // SQLITE_FULL, which SQLite takes the whole transaction back for.
  ASSERT_EQ(sqlite3_exec(opened, "PRAGMA max_page_count = 1", NULL, NULL, NULL), SQLITE_OK);
  throng_status status = THRONG_OK;
  for (; status == THRONG_OK && r < 500; ++r) status = write_round(t, r);
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "no space is left for it on its disk");
  ASSERT_EQ(sqlite3_exec(opened, "PRAGMA max_page_count = 100000", NULL, NULL, NULL), SQLITE_OK);
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  EXPECT_EQ(list.n, r - 1);
  for (int64_t k = 0; k < list.n; ++k)
    EXPECT_EQ(list.row[k].n_report, list.n - k < 50 ? list.n - k : 50);
  trials_list_free(&list);
  EXPECT_OK(write_round(t, r - 1));
  EXPECT_OK(write_round(t, r));
  EXPECT_OK(trials_close(t));
  space_free(s);
}

TEST(trials, a_second_writer_is_refused_and_a_first_one_s_file_is_never_begun_anew) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path), *other;
  EXPECT_EQ(trials_open(&def, true, &other), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "is writing there");
  EXPECT_TRUE(other == NULL);
  EXPECT_OK(write_round(t, 0));
  EXPECT_OK(trials_close(t));
  EXPECT_EQ(trials_open(&def, false, &other), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "there are trials already");
  ASSERT_OK(trials_open(&def, true, &other));
  EXPECT_OK(write_round(other, 1));
  EXPECT_OK(trials_close(other));
  space_free(s);
}

TEST(trials, another_program_s_trial_in_the_file_is_an_error_that_loses_nothing) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path);
  EXPECT_OK(write_round(t, 0));
  run_sql(def.path, "INSERT INTO trials (number, study_id, state) VALUES (1, 1, 'WAITING')");
  EXPECT_EQ(write_round(t, 1), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "2 trials, expected the sweep's 1");
  run_sql(def.path, "DELETE FROM trials WHERE state = 'WAITING'");
  EXPECT_OK(write_round(t, 1));
  EXPECT_OK(trials_close(t));
  space_free(s);
}

/// The message of opening the file to go on with it.
static const char *refusal(const trials_def *def, throng_status expected) {
  trials *t;
  EXPECT_EQ(trials_open(def, true, &t), expected);
  EXPECT_TRUE(t == NULL);
  return throng_error_message();
}

TEST(trials, what_is_not_this_sweep_is_refused_with_what_differs) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db")), other;
  trials *t = make(s, def.path);
  EXPECT_OK(write_round(t, 0));
  EXPECT_OK(trials_close(t));

  other = def;
  other.study = "tuning";
  EXPECT_CONTAINS(refusal(&other, THRONG_ERROR_DATA), "the study \"sweep\", expected \"tuning\"");
  other = def;
  other.maximise[0] = false;
  EXPECT_CONTAINS(refusal(&other, THRONG_ERROR_DATA),
                  "1 objectives beginning with A.Rwd (maximised), expected 1 beginning with A.Rwd "
                  "(minimised)");
  other = def;
  other.n_objective = 2;
  other.metric[1] = "A.Cov";
  EXPECT_CONTAINS(refusal(&other, THRONG_ERROR_DATA), "expected 2 beginning with A.Rwd");
  space *wider = fixture_space(
      "{\"agent.learning_rate\": {\"min\": 1e-5, \"max\": 1e-2, \"log\": "
      "true}, \"agent.gamma\": {\"min\": 0.5, \"max\": 0.99}}");
  other = def_of(wider, def.path);
  const char *said = refusal(&other, THRONG_ERROR_DATA);
  EXPECT_CONTAINS(said, "the space has changed since these trials were made");
  EXPECT_CONTAINS(said, "agent.gamma");
  EXPECT_CONTAINS(said, "agent.epsilon");
  space_free(wider);

  run_sql(def.path, "UPDATE version_info SET schema_version = 13");
  EXPECT_CONTAINS(refusal(&def, THRONG_ERROR_DATA),
                  "Optuna's schema of version 13 (v3.2.0.a; last written by throng ");
  EXPECT_EQ(trials_open_to_read(def.path, &fixture_options, &t), THRONG_ERROR_DATA);
  run_sql(def.path, "UPDATE version_info SET schema_version = 12; DELETE FROM alembic_version");
  EXPECT_CONTAINS(refusal(&def, THRONG_ERROR_DATA), "of version 12 (none; ");
  run_sql(def.path, "INSERT INTO alembic_version VALUES ('v3.2.0.a')");
  EXPECT_OK(trials_open(&def, true, &t));
  EXPECT_OK(trials_close(t));
  run_sql(def.path, "UPDATE trials SET number = 5");
  EXPECT_CONTAINS(refusal(&def, THRONG_ERROR_DATA), "trial 5 where 0 is expected");
  space_free(s);
}

TEST(trials, files_of_another_kind_are_refused_and_left_as_they_are) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("text"));
  trials *t;
  bool found = true;
  FILE *file = fopen(def.path, "w");
  for (int i = 0; i < 1000; ++i) fputs("this is a text of many lines\n", file);
  fclose(file);
  EXPECT_EQ(trials_open(&def, false, &t), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "expected the trials of a sweep");
  EXPECT_EQ(trials_found(def.path, &found), THRONG_ERROR_DATA);
  EXPECT_FALSE(found);
  struct stat info;
  EXPECT_EQ(stat(def.path, &info), 0);
  EXPECT_EQ(info.st_size, 29000);
  def = def_of(s, at("other.db"));
  run_sql(def.path, "CREATE TABLE mine (x)");
  EXPECT_EQ(trials_open(&def, false, &t), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "a database, but not of a sweep");
  EXPECT_STREQ(sql_text(def.path, "SELECT name FROM sqlite_master"), "mine\n");
  def = def_of(s, at("absent.db"));
  EXPECT_OK(trials_found(def.path, &found));
  EXPECT_FALSE(found);
  EXPECT_CONTAINS(refusal(&def, THRONG_ERROR_DATA), "No such file or directory");
  EXPECT_EQ(trials_open_to_read(def.path, &fixture_options, &t), THRONG_ERROR_IO);
  // As a kill before the first commit leaves it: a sweep may begin there.
  run_sql(def.path, "PRAGMA journal_mode = WAL");
  EXPECT_OK(trials_found(def.path, &found));
  EXPECT_FALSE(found);
  ASSERT_OK(trials_open(&def, false, &t));
  EXPECT_OK(trials_found(def.path, &found));
  EXPECT_TRUE(found);
  EXPECT_OK(trials_close(t));
  EXPECT_EQ(trials_open_to_read("/nonexistent/trials.db", &fixture_options, &t), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nonexistent/trials.db: No such file");
  def = def_of(s, "/nonexistent/trials.db");
  EXPECT_EQ(trials_open(&def, false, &t), THRONG_ERROR_IO);
  space_free(s);
}

TEST(trials, damaged_bytes_anywhere_are_an_error_or_go_unnoticed_and_never_end_the_program) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path);
  for (int64_t r = 0; r < 60; ++r) EXPECT_OK(write_round(t, r));
  EXPECT_OK(trials_close(t));
  struct stat info;
  ASSERT_EQ(stat(def.path, &info), 0);
  size_t size = (size_t)info.st_size;
  unsigned char *whole = malloc(size), *bytes = malloc(size);
  FILE *file = fopen(def.path, "rb");
  ASSERT_EQ(fread(whole, 1, size, file), size);
  fclose(file);
  uint32_t random = 1;
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    memcpy(bytes, whole, size);
    size_t length = size;
    for (int k = 0; k < 1 + i % 40; ++k) {
      random = random * 1664525u + 1013904223u;
      bytes[(size_t)random % size] = (unsigned char)(random >> 24);
    }
    if (i % 10 == 9) length = (size_t)random % size;
    file = fopen(at("damaged.db"), "wb");
    fwrite(bytes, 1, length, file);
    fclose(file);
    trials_list list = {0};
    throng_status status = trials_open_to_read(at("damaged.db"), &fixture_options, &t);
    if (status == THRONG_OK) status = trials_read(t, &list);
    trials_list_free(&list);
    trials_close(t);
    refused += status != THRONG_OK;
    if (status != THRONG_OK) EXPECT_GT(strlen(throng_error_message()), 10);
  }
  EXPECT_GT(refused, 20);
  // To be written further it is looked through first.
  memcpy(bytes, whole, size);
  memset(bytes + size / 2, 0x5a, 4096);
  file = fopen(at("damaged.db"), "wb");
  fwrite(bytes, 1, size, file);
  fclose(file);
  def = def_of(s, at("damaged.db"));
  EXPECT_CONTAINS(refusal(&def, THRONG_ERROR_DATA), "damaged");
  free(whole);
  free(bytes);
  space_free(s);
}

TEST(trials, a_file_in_a_folder_that_cannot_be_written_is_read_and_not_written) {
  space *s = fixture_space(FIXTURE_SPACE);
  EXPECT_EQ(mkdir(at("closed"), 0755), 0);
  trials_def def = def_of(s, at("closed/trials.db"));
  trials *t = make(s, def.path);
  EXPECT_OK(write_round(t, 0));
  EXPECT_OK(trials_close(t));
  // As a writer leaves it that ends while others have the file open.
  run_sql(def.path, "PRAGMA journal_mode = WAL");
  chmod(def.path, 0444);
  chmod(at("closed"), 0555);
  chmod(throng_test_folder(), 0755);
  pid_t child = fork();
  if (child == 0) {
    // Root may write everywhere, so nobody tries.
    if (chdir(at("closed")) != 0 || (geteuid() == 0 && setuid(65534) != 0)) _exit(1);
    trials_list list;
    if (trials_open_to_read("trials.db", &fixture_options, &t) != THRONG_OK) _exit(2);
    if (trials_read(t, &list) != THRONG_OK || list.n != 1) _exit(3);
    trials_close(t);
    def = def_of(s, "trials.db");
    if (trials_open(&def, true, &t) != THRONG_ERROR_IO) _exit(4);
    _exit(strstr(throng_error_message(), "Permission denied") ? 0 : 5);
  }
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  chmod(at("closed"), 0755);
  space_free(s);
}

TEST(trials, the_csv_has_a_line_a_trial_and_is_quoted_where_it_must_be) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path);
  double x[N_OPTION] = {0.001, 0.975, 3, 1, 64}, value = -0.125;
  EXPECT_OK(trials_add(t, 0, x));
  x[SHAPE] = 0;
  x[WIDTH] = NAN;
  EXPECT_OK(trials_add(t, 1, x));
  EXPECT_OK(trials_report(t, 0, 5, -0.5));
  EXPECT_OK(trials_finish(t, 0, TRIAL_COMPLETE, &value));
  EXPECT_OK(trials_set_text(t, 1, TRIALS_CAUSE, "a \"word\", and more"));
  EXPECT_OK(trials_set(t, 1, TRIALS_SEEDS, "[1,2.5]"));
  run_sql(def.path,
          "UPDATE trials SET datetime_start = '2026-11-28 06:41:00.000000', "
          "datetime_complete = '2026-11-28 06:42:00.500000' WHERE number = 0; UPDATE "
          "trials SET datetime_start = NULL WHERE number = 1");
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  EXPECT_OK(trials_csv(&list, trials_get_def(t), at("trials.csv")));
  trials_list_free(&list);
  EXPECT_OK(trials_close(t));
  char text[2048] = "";
  FILE *file = fopen(at("trials.csv"), "r");
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  EXPECT_STREQ(text,
               "number,state,A.Rwd,agent.learning_rate,agent.gamma,agent.n_step,agent.epsilon,"
               "agent.width,started,ended,evaluations,cause,seed_values\n"
               "0,COMPLETE,-0.125,0.001,0.975,3,exponential,64,2026-11-28 06:41:00.000000,"
               "2026-11-28 06:42:00.500000,5,,\n"
               "1,RUNNING,,0.001,0.975,3,linear,,,,0,\"a \"\"word\"\", and more\",\"[1,2.5]\"\n");
  space_free(s);
}

TEST(trials, the_note_is_replaced_until_somebody_edits_it) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path);
  static const char sql[] =
      "SELECT value_json FROM study_system_attributes WHERE \"key\" = "
      "'dashboard:note_str:0'";
  EXPECT_OK(trials_note(t, "# one"));
  EXPECT_OK(trials_note(t, "# two"));
  EXPECT_STREQ(sql_text(def.path, sql), "\"# two\"\n");
  run_sql(def.path,
          "UPDATE study_system_attributes SET value_json = '2' WHERE \"key\" = "
          "'dashboard:note_ver'");
  EXPECT_OK(trials_note(t, "# three"));
  EXPECT_STREQ(sql_text(def.path, sql), "\"# two\"\n");
  EXPECT_EQ(trials_set(t, -1, "mine", "{not json"), THRONG_ERROR_ARGUMENT);
  EXPECT_OK(trials_close(t));
  space_free(s);
}

TEST(trials, ten_thousand_trials_of_twenty_reports_take_less_than_20_MB) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials_def def = def_of(s, at("trials.db"));
  trials *t = make(s, def.path);
  double x[N_OPTION];
  for (int64_t k = 0; k < 10000; ++k) {
    if (k % 100 == 0) EXPECT_OK(trials_begin(t));
    point(k, x);
    EXPECT_OK(trials_add(t, k, x));
    for (int64_t r = 1; r <= 20; ++r) EXPECT_OK(trials_report(t, k, r, sin((double)(k + r))));
    double value = sin((double)(k + 20));
    EXPECT_OK(trials_finish(t, k, TRIAL_COMPLETE, &value));
    EXPECT_OK(trials_set_number(t, k, TRIALS_USER_STEPS, 200000));
    EXPECT_OK(trials_set_number(t, k, TRIALS_SECONDS, 1.0 / 3));
    EXPECT_OK(trials_set_number(t, k, TRIALS_SLOT, (double)(k % 64)));
    if (k % 100 == 99) EXPECT_OK(trials_commit(t));
  }
  EXPECT_OK(trials_close(t));
  struct stat info;
  ASSERT_EQ(stat(def.path, &info), 0);
  EXPECT_LT(info.st_size, 20000000);
  ASSERT_OK(trials_open_to_read(def.path, &fixture_options, &t));
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  EXPECT_EQ(list.n, 10000);
  EXPECT_EQ(list.row[9999].n_report, 20);
  trials_list_free(&list);
  EXPECT_OK(trials_close(t));
  if (getenv("THRONG_KEEP_TRIALS")) rename(def.path, getenv("THRONG_KEEP_TRIALS"));
  space_free(s);
}
