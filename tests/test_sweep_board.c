/// A sweep's metrics.jsonl and TensorBoard runs: rows of whole rounds, a run a trial and seed, and
/// no file that stays open. (tests/readers has TensorBoard itself read them.)
#include "report/sweep_board.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/sweep_rows.h"
#include "throng_test.h"

static const char *at(const char *name) {
  static char path[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
}

static const char *text_of(const char *path) {
  static char text[1 << 16];
  FILE *file = fopen(path, "rb");
  text[0] = '\0';
  if (!file) return text;
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static void add_round(sweep_rows *rows, int64_t round) {
  for (int64_t trial = 0; trial < 2; ++trial) {
    const run_value value[] = {{"average_reward", (double)round / 3},
                               {"loss", trial ? 0.0 / 0.0 : 2}};
    EXPECT_OK(sweep_rows_add(rows, round, trial, 0, round + 1, value, 2));
  }
}

TEST(sweep_rows, a_resumed_sweep_has_each_row_once) {
  sweep_rows *rows;
  ASSERT_OK(sweep_rows_open(at("m.jsonl"), 0, &rows));
  add_round(rows, 0);
  add_round(rows, 1);
  EXPECT_OK(sweep_rows_sync(rows));
  add_round(rows, 2);
  EXPECT_OK(sweep_rows_close(rows));
  char whole[4096];
  snprintf(whole, sizeof whole, "%s", text_of(at("m.jsonl")));
  EXPECT_CONTAINS(
      whole,
      "{\"round\": 1, \"trial\": 1, \"seed\": 0, \"evaluation\": 2, \"average_reward\": "
      "0.33333333333333331, \"loss\": null}\n");
  // A kill within a line of round 2, which was not committed; then within one of round 1.
  const char *second = strstr(whole, "{\"round\": 1, \"trial\": 1"), *end = strchr(second, '\n');
  for (int cut = 0; cut < 3; ++cut) {
    FILE *file = fopen(at("m.jsonl"), "wb");
    fwrite(whole, 1, cut == 0 ? strlen(whole) : (size_t)(end + (cut == 1 ? 20 : -5) - whole), file);
    fclose(file);
    ASSERT_OK(sweep_rows_open(at("m.jsonl"), cut == 2 ? 1 : 2, &rows));
    if (cut == 2) add_round(rows, 1);
    add_round(rows, 2);
    EXPECT_OK(sweep_rows_close(rows));
    EXPECT_STREQ(text_of(at("m.jsonl")), whole);
  }
  ASSERT_OK(sweep_rows_open(at("m.jsonl"), 0, &rows));
  EXPECT_OK(sweep_rows_close(rows));
  EXPECT_STREQ(text_of(at("m.jsonl")), "");
}

TEST(sweep_rows, a_path_that_cannot_be_opened_or_written_is_an_error) {
  sweep_rows *rows;
  EXPECT_EQ(sweep_rows_open("/no/such/folder/m.jsonl", 0, &rows), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/no/such/folder/m.jsonl: cannot open");
  EXPECT_TRUE(rows == NULL);
  // A limit on the file's size takes the place of a full disk.
  ASSERT_OK(sweep_rows_open(at("m.jsonl"), 0, &rows));
  struct rlimit before, tight;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  tight = before;
  tight.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  add_round(rows, 0);
  throng_status status = sweep_rows_sync(rows);
  char message[600];
  snprintf(message, sizeof message, "%s", throng_error_message());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(message, "m.jsonl: cannot write");
  (void)sweep_rows_close(rows);
}

static int files_in(const char *folder) {
  DIR *directory = opendir(folder);
  int n = 0;
  while (directory && readdir(directory)) ++n;
  if (directory) closedir(directory);
  return n - 2;
}

static sweep_board *open_board(int64_t rounds) {
  static const tensorboard_hparam varied[] = {{"agent.gamma", TENSORBOARD_NUMBER, NULL, 0},
                                              {"agent.loss", TENSORBOARD_STRING, NULL, 0}};
  static const char *const metric[] = {"average_reward"};
  sweep_board_def def = {.folder = at("board"),
                         .name = "sweep",
                         .hparam = varied,
                         .n_hparam = 2,
                         .metric = metric,
                         .n_metric = 1,
                         .rounds = rounds};
  sweep_board *board = NULL;
  EXPECT_OK(sweep_board_open(&def, &board));
  return board;
}

TEST(sweep_board, a_run_a_trial_and_seed_stands_in_a_folder_of_its_own) {
  sweep_board *board = open_board(0);
  ASSERT_TRUE(board != NULL);
  const tensorboard_hparam has[] = {{"agent.gamma", TENSORBOARD_NUMBER, NULL, 0.9}};
  const run_value value[] = {{"average_reward", 0.5}};
  EXPECT_OK(sweep_board_trial_start(board, 7, 0, 0, has, 1));
  EXPECT_OK(sweep_board_trial_start(board, 7, 1, 0, has, 1));
  EXPECT_EQ(sweep_board_trial_start(board, 7, 1, 0, has, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_OK(sweep_board_report(board, 7, 0, 1, value, 1));
  EXPECT_EQ(sweep_board_report(board, 8, 0, 1, value, 1), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "trial 8, seed 0 has not started");
  EXPECT_OK(sweep_board_trial_end(board, 7, 0, TENSORBOARD_END_OK));
  EXPECT_OK(sweep_board_trial_end(board, 9, 0, TENSORBOARD_END_OK));
  EXPECT_OK(sweep_board_scalar(board, 0, "best", 0.5));
  EXPECT_OK(sweep_board_close(board));
  EXPECT_EQ(files_in(at("board")), 2);
  EXPECT_EQ(files_in(at("board/00007")), 2);
  EXPECT_EQ(files_in(at("board/00007/seed-0")), 1);
  // A resumed sweep goes on in files of its own.
  board = open_board(1);
  EXPECT_OK(sweep_board_trial_start(board, 7, 1, 0, has, 1));
  EXPECT_OK(sweep_board_close(board));
  EXPECT_EQ(files_in(at("board/00007/seed-1")), 2);
}

TEST(sweep_board, a_thousand_runs_at_once_take_no_open_files) {
  sweep_board *board = open_board(0);
  struct rlimit before, tight;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  tight = before;
  tight.rlim_cur = 40;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  const tensorboard_hparam has[] = {{"agent.gamma", TENSORBOARD_NUMBER, NULL, 0.9}};
  const run_value value[] = {{"average_reward", 0.5}, {"loss", 0.25}};
  for (int64_t k = 0; k < 1024; ++k) EXPECT_OK(sweep_board_trial_start(board, k, 0, 0, has, 1));
  for (int64_t e = 1; e <= 3; ++e)
    for (int64_t k = 0; k < 1024; ++k) EXPECT_OK(sweep_board_report(board, k, 0, e, value, 2));
  EXPECT_OK(sweep_board_flush(board));
  for (int64_t k = 0; k < 1024; ++k)
    EXPECT_OK(sweep_board_trial_end(board, k, 0, TENSORBOARD_END_OK));
  EXPECT_OK(sweep_board_close(board));
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(files_in(at("board")), 1025);
}
