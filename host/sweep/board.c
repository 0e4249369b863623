/// A sweep in TensorBoard: a run a trial and seed, with all that metrics.jsonl has of it.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sweep/inside.h"

enum { MOST_MEASURES = 64, TEXT = 64 };

/// What TensorBoard's table shows of an option: NULL `x`: its kind alone. False: it does not apply.
static bool describe(const space_parameter *p, const double *x, char text[TEXT],
                     tensorboard_hparam *out) {
  *out = (tensorboard_hparam){.name = p->name, .kind = TENSORBOARD_NUMBER, .number = x ? *x : 0};
  if (x && isnan(*x)) return false;
  if (p->kind != SPACE_CHOICE) return true;
  space_value_text(p, x ? *x : 0, text, TEXT);
  if (p->ordered && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
    if (x) out->number = p->choice_number[(int32_t)*x];
    return true;
  }
  const bool is_text = *text == '"' || *text == '[';
  out->kind = is_text ? TENSORBOARD_STRING : TENSORBOARD_BOOL;
  out->number = !strcmp(text, "true");
  const size_t n = strlen(text);
  if (*text == '"' && n > 1 && text[n - 1] == '"') {  // names stand without quotes
    memmove(text, text + 1, n - 2);
    text[n - 2] = '\0';
  }
  out->text = text;
  return true;
}

throng_status board_begin(sweep *s) {
  char path[SWEEP_PATH_SIZE], text[SPACE_MOST][TEXT];
  tensorboard_hparam varied[SPACE_MOST];
  const char *measure[MOST_MEASURES];
  int64_t n = 0;
  for (int32_t p = 0; p < s->space->n; ++p)
    describe(&s->space->parameter[p], NULL, text[p], &varied[p]);
  for (const char *name; n < MOST_MEASURES && (name = objective_name((int)n)); ++n)
    measure[n] = name;
  const sweep_board_def def = {.folder = sweep_path(s, "tensorboard", path),
                               .name = SWEEP_STUDY,
                               .hparam = varied,
                               .n_hparam = s->space->n,
                               .metric = measure,
                               .n_metric = n,
                               .rounds = s->past_rounds};
  return sweep_board_open(&def, &s->board);
}

/// How the trial's clock goes; that of the config where its own cannot be had.
static trial_clock clock_of(const sweep *s, int64_t trial) {
  trial_clock at;
  return setup_clock(s, trial_x(s, trial), &at) == THRONG_OK ? at : s->clock;
}

static throng_status start(sweep *s, const slot_report *r, int64_t evaluations) {
  char text[SPACE_MOST][TEXT], group[TEXT];
  tensorboard_hparam has[SPACE_MOST];
  int64_t n = 0;
  // Seeds that it was chosen by, and fresh ones, are apart.
  snprintf(group, sizeof group,
           r->seed < SWEEP_FIRST_TEST ? "trial %05" PRId64 : "test seeds of trial %05" PRId64,
           r->trial);
  for (int32_t p = 0; p < s->space->n; ++p)
    n += describe(&s->space->parameter[p], trial_x(s, r->trial) + p, text[p], &has[n]);
  return sweep_board_trial_start(s->board, r->trial, r->seed, group, evaluations, has, n);
}

static throng_status add(sweep *s, const slot_report *r) {
  run_value value[MOST_MEASURES];
  int64_t n = 0, evaluation = 0;  // of the run, this one too
  if (r->dead) return THRONG_OK;
  const trial_clock at = clock_of(s, r->trial);
  for (int64_t now = 0; now < r->clock; now = clock_next(&at, now)) ++evaluation;
  if (!sweep_board_has(s->board, r->trial, r->seed))
    THRONG_TRY(start(s, r, evaluation > 0 && !r->failed ? evaluation - 1 : evaluation));
  if (r->failed) return sweep_board_trial_end(s->board, r->trial, r->seed, TENSORBOARD_END_FAILED);
  const char *name;
  for (int k = 0; r->full && k < MOST_MEASURES && (name = objective_name(k)); ++k) {
    const double x = objective_measure(k, r->full);
    if (isfinite(x)) value[n++] = (run_value){name, x};
  }
  THRONG_TRY(sweep_board_report(s->board, r->trial, r->seed, evaluation, value, n));
  const bool ends = r->clock >= at.steps ||
                    (r->seed < SWEEP_FIRST_TEST && s->trial[r->trial].state != TRIAL_RUNNING);
  if (!ends) return THRONG_OK;
  return sweep_board_trial_end(s->board, r->trial, r->seed, TENSORBOARD_END_OK);
}

throng_status board_add(sweep *s) {
  for (int32_t i = 0; i < s->n_report; ++i) THRONG_TRY(add(s, &s->report[i]));
  if (!s->testing) {
    const int64_t best = trial_best(s);
    THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/trials", (double)s->n_trial));
    THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/slots_in_use", slots_in_use(s)));
    if (best >= 0)
      THRONG_TRY(sweep_board_scalar(s->board, s->round, "sweep/best", s->trial[best].value[0]));
  }
  return sweep_board_flush(s->board);
}

throng_status board_end(sweep *s) {
  throng_status status = sweep_board_close(s->board);
  s->board = NULL;
  return status;
}
