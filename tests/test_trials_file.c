/// The file of a sweep's trials: who may open it, what is refused with which words, damage, size,
/// CSV.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trials_fixture.h"

/// The message of opening the file to go on with it.
static const char *refusal(const trials_def *def, throng_status expected) {
  trials *t;
  EXPECT_EQ(trials_open(def, true, &t), expected);
  EXPECT_TRUE(t == NULL);
  return throng_error_message();
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

/// trials_read after a statement on a copy of the file.
static throng_status read_after(const char *sql) {
  trials *t;
  trials_list list = {0};
  char copy[1600];
  snprintf(copy, sizeof copy,
           "ATTACH '%s' AS other; DELETE FROM other.trial_params; INSERT INTO "
           "other.trial_params SELECT * FROM main.trial_params; DETACH other",
           at("changed.db"));
  run_sql(at("trials.db"), copy);
  run_sql(at("changed.db"), sql);
  EXPECT_OK(trials_open_to_read(at("changed.db"), &fixture_options, &t));
  throng_status status = trials_read(t, &list);
  trials_list_free(&list);
  trials_close(t);
  return status;
}

TEST(trials, a_value_that_the_space_does_not_have_is_damage) {
  static const char *const wrong[] = {
      "= 99 WHERE param_name = 'agent.epsilon'",   "= -1 WHERE param_name = 'agent.epsilon'",
      "= 0.5 WHERE param_name = 'agent.epsilon'",  "= 'x' WHERE param_name = 'agent.epsilon'",
      "= NULL WHERE param_name = 'agent.epsilon'", "= 9e999 WHERE param_name = 'agent.n_step'",
      "= 2.5 WHERE param_name = 'agent.n_step'",   "= 0.1 WHERE param_name = 'agent.gamma'"};
  space *s = fixture_space(FIXTURE_SPACE);
  const char *const names[] = {"trials.db", "changed.db"};
  for (int k = 0; k < 2; ++k) {
    const trials_def def = def_of(s, at(names[k]));
    trials *t = make(s, def.path);
    EXPECT_OK(write_round(t, 0));
    EXPECT_OK(trials_close(t));
  }
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
    char sql[200];
    snprintf(sql, sizeof sql, "UPDATE trial_params SET param_value %s", wrong[k]);
    EXPECT_EQ(read_after(sql), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "damaged: agent.");
  }
  EXPECT_OK(
      read_after("UPDATE trial_params SET param_value = 2 WHERE param_name = 'agent.n_step'"));
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
  double x[N_OPTION] = {0.001, 0.975, 3, 1, 64}, value = 20;
  EXPECT_OK(trials_add(t, 0, x));
  x[SHAPE] = 0;
  x[WIDTH] = NAN;
  EXPECT_OK(trials_add(t, 1, x));
  EXPECT_OK(trials_report(t, 0, 5, -0.5));
  EXPECT_OK(trials_finish(t, 0, TRIAL_COMPLETE, &value));
  EXPECT_OK(trials_set_text(t, 1, TRIALS_CAUSE, "a \"word\", and more"));
  EXPECT_OK(trials_set(t, 1, TRIALS_SEEDS, "[1,2.5]"));
  EXPECT_OK(trials_set_number(t, 0, TRIALS_USER_STEPS, 800));
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
               "agent.width,started,ended,evaluations,user_steps,cause,seed_values\n"
               "0,COMPLETE,20,0.001,0.975,3,exponential,64,2026-11-28 06:41:00.000000,"
               "2026-11-28 06:42:00.500000,5,800,,\n"
               "1,RUNNING,,0.001,0.975,3,linear,,,,0,,\"a \"\"word\"\", and more\",\"[1,2.5]\"\n");
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
