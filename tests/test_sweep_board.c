/// A sweep's metrics.jsonl and TensorBoard runs: rows of whole rounds, a run a trial and seed, and
/// no file that stays open. (tests/readers has TensorBoard itself read them.)
#include "report/sweep_board.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "throng_test.h"

static const char *at(const char *name) {
  static char path[4][512];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
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
  EXPECT_OK(sweep_board_trial_start(board, 7, 0, "a", 0, has, 1));
  EXPECT_OK(sweep_board_trial_start(board, 7, 1, "a", 0, has, 1));
  EXPECT_EQ(sweep_board_trial_start(board, 7, 1, "a", 0, has, 1), THRONG_ERROR_ARGUMENT);
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
  EXPECT_OK(sweep_board_trial_start(board, 7, 1, "a", 0, has, 1));
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
  for (int64_t k = 0; k < 1024; ++k)
    EXPECT_OK(sweep_board_trial_start(board, k, 0, "a", 0, has, 1));
  for (int64_t e = 1; e <= 3; ++e)
    for (int64_t k = 0; k < 1024; ++k) EXPECT_OK(sweep_board_report(board, k, 0, e, value, 2));
  EXPECT_OK(sweep_board_flush(board));
  for (int64_t k = 0; k < 1024; ++k)
    EXPECT_OK(sweep_board_trial_end(board, k, 0, TENSORBOARD_END_OK));
  EXPECT_OK(sweep_board_close(board));
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(files_in(at("board")), 1025);
}
