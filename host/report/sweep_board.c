/// Which run's records go where, and when.
#include "report/sweep_board.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct session {
  int64_t trial;
  int32_t seed;
  tensorboard *board;
} session;

struct sweep_board {
  char folder[PATH_MAX];
  tensorboard *root;
  session *open;  // (n_open) runs that have not ended
  size_t n_open, capacity;
};

static throng_status make_folder(const char *path) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: cannot make this folder: %s", path, strerror(errno));
}

static throng_status open_board(const char *folder, tensorboard **out) {
  tensorboard_def def = {.folder = folder,
                         .wall_time = -1,
                         .host = NULL,
                         .process = -1,
                         .serial = -1,
                         .in_memory = true};
  return tensorboard_open(&def, out);
}

throng_status sweep_board_open(const sweep_board_def *def, sweep_board **out) {
  *out = NULL;
  sweep_board *board;
  if (strlen(def->folder) >= PATH_MAX - 64)
    return throng_fail(THRONG_ERROR_IO, "%s: a path of %zu bytes is too long", def->folder,
                       strlen(def->folder));
  THRONG_TRY(throng_alloc((void **)&board, 1, sizeof *board, "TensorBoard runs"));
  snprintf(board->folder, sizeof board->folder, "%s", def->folder);
  throng_status status = make_folder(board->folder);
  if (status == THRONG_OK) status = open_board(board->folder, &board->root);
  // First of all: without it the table guesses its columns from the first runs.
  if (status == THRONG_OK)
    status = tensorboard_experiment(board->root, def->name, def->hparam, def->n_hparam, def->metric,
                                    def->n_metric);
  if (status == THRONG_OK && def->rounds > 0)
    status = tensorboard_restart(board->root, def->rounds);
  if (status == THRONG_OK) status = tensorboard_flush(board->root);
  if (status == THRONG_OK)
    *out = board;
  else
    sweep_board_close(board);
  return status;
}

static session *find(const sweep_board *board, int64_t trial, int32_t seed) {
  for (size_t k = 0; k < board->n_open; ++k)
    if (board->open[k].trial == trial && board->open[k].seed == seed) return &board->open[k];
  return NULL;
}

bool sweep_board_has(const sweep_board *board, int64_t trial, int32_t seed) {
  return find(board, trial, seed) != NULL;
}

throng_status sweep_board_trial_start(sweep_board *board, int64_t trial, int32_t seed,
                                      const char *group, int64_t evaluations,
                                      const tensorboard_hparam *hparam, int64_t n) {
  char folder[PATH_MAX + 64];
  if (find(board, trial, seed))
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: trial %" PRId64 ", seed %d has started already",
                       board->folder, trial, seed);
  THRONG_TRY(throng_grow((void **)&board->open, &board->capacity, board->n_open + 1,
                         sizeof *board->open, "TensorBoard runs"));
  snprintf(folder, sizeof folder, "%s/%05" PRId64, board->folder, trial);
  THRONG_TRY(make_folder(folder));
  size_t used = strlen(folder);
  snprintf(folder + used, sizeof folder - used, "/seed-%d", seed);
  THRONG_TRY(make_folder(folder));
  tensorboard *run;
  THRONG_TRY(open_board(folder, &run));
  // Evaluations are counted from 1; void is what comes after those that there are.
  throng_status status = tensorboard_restart(run, evaluations + 1);
  if (status == THRONG_OK) status = tensorboard_session_start(run, group, hparam, n);
  if (status != THRONG_OK) {
    tensorboard_close(run);
    return status;
  }
  board->open[board->n_open++] = (session){.trial = trial, .seed = seed, .board = run};
  return THRONG_OK;
}

throng_status sweep_board_report(sweep_board *board, int64_t trial, int32_t seed,
                                 int64_t evaluation, const run_value *value, int64_t n) {
  session *run = find(board, trial, seed);
  if (!run)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: trial %" PRId64 ", seed %d has not started",
                       board->folder, trial, seed);
  return tensorboard_scalars(run->board, evaluation, value, n);
}

throng_status sweep_board_trial_end(sweep_board *board, int64_t trial, int32_t seed,
                                    tensorboard_end end) {
  session *run = find(board, trial, seed);
  if (!run) return THRONG_OK;
  throng_status status = tensorboard_session_end(run->board, end);
  throng_status closed = tensorboard_close(run->board);
  *run = board->open[--board->n_open];
  return status == THRONG_OK ? closed : status;
}

throng_status sweep_board_scalar(sweep_board *board, int64_t round, const char *tag, double value) {
  return tensorboard_scalar(board->root, round, tag, value);
}

throng_status sweep_board_flush(sweep_board *board) {
  throng_status status = tensorboard_flush(board->root);
  for (size_t k = 0; k < board->n_open; ++k) {
    throng_status one = tensorboard_flush(board->open[k].board);
    if (status == THRONG_OK) status = one;
  }
  return status;
}

throng_status sweep_board_close(sweep_board *board) {
  if (!board) return THRONG_OK;
  throng_status status = tensorboard_close(board->root);
  for (size_t k = 0; k < board->n_open; ++k) {
    throng_status one = tensorboard_close(board->open[k].board);
    if (status == THRONG_OK) status = one;
  }
  free(board->open);
  free(board);
  return status;
}
