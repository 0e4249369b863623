/// Every evaluation of every trial as it comes: a row of metrics.jsonl and scalars in TensorBoard,
/// where trials are rows of the HParams table and seeds their sessions. Written before the round is
/// committed; what an earlier process wrote of rounds that were not is cut off or void.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/sweep_board.h"
#include "sweep/inside.h"

enum { MOST_VALUES = 64, TEXT_SIZE = 64 };

/// A trial's options as TensorBoard's hyperparameters; texts live in `text`.
typedef struct board_options {
  tensorboard_hparam hparam[SPACE_MOST];
  char text[SPACE_MOST][TEXT_SIZE];
  int64_t n;
} board_options;

static tensorboard_kind kind_of(const space_parameter *p) {
  if (p->kind != SPACE_CHOICE) return TENSORBOARD_NUMBER;
  bool numbers = true, booleans = true;
  for (int32_t k = 0; k < p->n_choice; ++k) {
    const char first = *p->choice[k];
    booleans = booleans && (first == 't' || first == 'f');
    numbers = numbers && !isnan(p->choice_number[k]) && first != 't' && first != 'f';
  }
  return booleans ? TENSORBOARD_BOOL : numbers ? TENSORBOARD_NUMBER : TENSORBOARD_STRING;
}

static void list_options(const space *space, const double *x, board_options *out) {
  out->n = 0;
  for (int32_t k = 0; k < space->n; ++k) {
    const space_parameter *p = &space->parameter[k];
    tensorboard_hparam *h = &out->hparam[out->n];
    *h = (tensorboard_hparam){.name = p->name, .kind = kind_of(p)};
    if (x && isnan(x[k])) continue;  // it does not apply
    ++out->n;
    if (!x) continue;  // what varies, without a value
    if (h->kind != TENSORBOARD_STRING) {
      h->number = p->kind == SPACE_CHOICE ? p->choice_number[(int32_t)x[k]] : x[k];
      continue;
    }
    char *text = out->text[out->n - 1];
    const char *choice = p->choice[(int32_t)x[k]];
    const bool quoted = *choice == '"';
    snprintf(text, TEXT_SIZE, "%.*s", (int)strlen(choice) - 2 * quoted, choice + quoted);
    h->text = text;
  }
}

static throng_status open_board(sweep *s) {
  char path[SWEEP_PATH_SIZE];
  const char *tags[SWEEP_MOST_OBJECTIVES];
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(board_options), "TensorBoard"));
  board_options *varies = block;
  list_options(s->space, NULL, varies);
  for (int32_t k = 0; k < s->n_objective; ++k) tags[k] = s->objective[k].tag;
  const sweep_board_def def = {.folder = sweep_path(s, "tensorboard", path),
                               .name = SWEEP_STUDY,
                               .hparam = varies->hparam,
                               .n_hparam = varies->n,
                               .metric = tags,
                               .n_metric = s->n_objective,
                               .rounds = s->past_rounds};
  throng_status status = sweep_board_open(&def, &s->board);
  free(varies);
  return status;
}

throng_status board_begin(sweep *s) {
  THRONG_TRY(rows_begin(s));
  return open_board(s);
}

static int64_t list_values(const sweep *s, const slot_report *r, run_value *value) {
  int64_t n = 0;
  value[n++] = (run_value){"slot", r->slot};
  value[n++] = (run_value){"step", (double)r->clock};
  value[n++] = (run_value){"seconds", sweep_seconds(s)};
  const char *name;
  for (int k = 0; (name = objective_name(k)) && n < MOST_VALUES; ++k)
    value[n++] = (run_value){name, objective_measure(k, r->full)};
  return n;
}

static throng_status start_run(sweep *s, const slot_report *r, int64_t before) {
  sweep_slot *slot = &s->slot[r->slot];
  if (slot->on_board) return THRONG_OK;
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(board_options), "TensorBoard"));
  board_options *options = block;
  list_options(s->space, trial_x(s, r->trial), options);
  throng_status status =
      sweep_board_trial_start(s->board, r->trial, r->seed, before, options->hparam, options->n);
  free(options);
  slot->on_board = status == THRONG_OK;
  return status;
}

/// `ended`: the slot's run, whatever becomes of the slot.
static throng_status add_report(sweep *s, const slot_report *r) {
  enum { OURS = 3 };  // slot, step and seconds are no scalars
  run_value value[MOST_VALUES];
  if (!r->full || r->dead) return THRONG_OK;
  THRONG_TRY(start_run(s, r, r->evaluation - !r->failed));
  if (r->failed) return THRONG_OK;
  const int64_t n = list_values(s, r, value);
  THRONG_TRY(rows_add(s, r, value, n));
  return sweep_board_report(s->board, r->trial, r->seed, r->evaluation, value + OURS, n - OURS);
}

throng_status board_reports(sweep *s) {
  for (int32_t i = 0; i < s->n_report; ++i) THRONG_TRY(add_report(s, &s->report[i]));
  return THRONG_OK;
}

throng_status board_round(sweep *s) {
  sweep_view view;
  sweep_look(s, &view);
  for (int32_t i = 0; i < s->n_report; ++i) {
    const slot_report *r = &s->report[i];
    const trial_state state = s->trial[r->trial].state;
    if (r->dead || (state == TRIAL_RUNNING && !r->seed_ended)) continue;
    THRONG_TRY(
        sweep_board_trial_end(s->board, r->trial, r->seed,
                              state == TRIAL_FAILED ? TENSORBOARD_END_FAILED : TENSORBOARD_END_OK));
  }
  const int64_t best = trial_best(s);
  if (best >= 0)
    THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/best", s->trial[best].value[0]));
  THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/user_steps", (double)s->user_steps));
  THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/slots_in_use", view.in_use));
  THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/trials", (double)s->n_trial));
  return rows_flush(s);
}

throng_status board_end(sweep *s) {
  throng_status status = rows_end(s);
  throng_status closed = sweep_board_close(s->board);
  s->board = NULL;
  return status == THRONG_OK ? closed : status;
}
