/// The trials of a sweep: Optuna's tables, whole rounds, every number as it was.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/database.h"
#include "trials_fixture.h"

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
    trials_list_free(&list);
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

TEST(trials, attributes_are_read_as_they_were_written) {
  space *s = fixture_space(FIXTURE_SPACE);
  trials *t = make(s, at("trials.db"));
  double x[N_OPTION];
  for (int64_t k = 0; k < 3; ++k) point(k, x), EXPECT_OK(trials_add(t, k, x));
  EXPECT_OK(trials_set(t, 1, "rungs", "[1]"));
  EXPECT_OK(trials_set(t, 1, "rungs", "[1,4]"));
  EXPECT_OK(trials_set_number(t, 1, TRIALS_USER_STEPS, 1e12));
  EXPECT_OK(trials_set_number(t, 1, TRIALS_SECONDS, NAN));
  EXPECT_OK(trials_set_text(t, 1, TRIALS_CAUSE, "said \"no\"\n"));
  trials_list list;
  ASSERT_OK(trials_read(t, &list));
  EXPECT_STREQ(list.row[0].attributes, "{}");
  EXPECT_STREQ(list.row[1].attributes,
               "{\"cause\":\"said "
               "\\\"no\\\"\\n\",\"rungs\":[1,4],\"seconds\":null,\"user_steps\":1000000000000}");
  EXPECT_STREQ(list.row[2].attributes, "{}");
  trials_list_free(&list);
  char *json;
  EXPECT_OK(trials_get(t, 1, "rungs", &json));
  EXPECT_STREQ(json, "[1,4]");
  free(json);
  EXPECT_OK(trials_get(t, 0, "rungs", &json));
  EXPECT_TRUE(json == NULL);
  EXPECT_OK(trials_get(t, -1, TRIALS_STEP, &json));
  EXPECT_STREQ(json, "\"evaluation\"");
  free(json);
  EXPECT_OK(trials_close(t));
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

TEST(trials, that_another_program_holds_are_told_with_what_to_do) {
  char path[] = "trials.db";
  const database held = {.path = path};
  EXPECT_EQ(database_fail(&held, SQLITE_BUSY, "preparing"), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "trials.db: preparing: database is locked; another");
}
