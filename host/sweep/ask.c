/// Ask and tell: the same sampler, scheduler and database for callers that train themselves. There
/// are no rounds; every call is a transaction.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/inside.h"

/// The study's attribute that keeps `throng sweep` off: such trials have no rounds to go through.
#define ASKED "throng:asked"

throng_status ask_check(const sweep *s, bool asked) {
  char *json;
  THRONG_TRY(trials_get(s->db, -1, ASKED, &json));
  const bool was = json != NULL;
  free(json);
  if (was == asked) return THRONG_OK;
  return throng_fail(
      THRONG_ERROR_DATA,
      was ? "%s: its trials were asked for and told (throng_sweep_ask); a sweep that "
            "trains them itself cannot go on with them"
          : "%s: its trials were trained by the sweep itself; they cannot be asked "
            "for and told",
      s->folder);
}

/// The scheduler's word on a report.
static throng_status ask_scheduler(sweep *s, int64_t number, int64_t user_steps, double value,
                                   bool *stop) {
  const scheduler_report report = {
      .trial = number,
      .steps = user_steps < s->clock.steps ? user_steps : s->clock.steps,
      .value = objective_signed(&s->objective[0], value),
      .x = trial_x(s, number)};
  schedule_decision decision = {.action = SCHEDULE_GO_ON, .from = -1, .rung = -1};
  THRONG_TRY(scheduler_round(s->scheduler, 1, &report, &decision));
  *stop = decision.action == SCHEDULE_PRUNE;
  return THRONG_OK;
}

static throng_status count(sweep *s, int64_t number, int64_t user_steps, double value) {
  sweep_trial *t = &s->trial[number];
  s->user_steps += user_steps - t->user_steps;
  t->user_steps = user_steps;
  t->last = value;
  ++t->n_report;
  return THRONG_OK;
}

static throng_status end(sweep *s, int64_t number, trial_state state, const double *value,
                         const char *cause) {
  if (state == TRIAL_COMPLETE) {
    memcpy(trial_seed_value(s, number, 0), value, (size_t)s->n_objective * sizeof *value);
    s->trial[number].n_seed = 1;
  }
  return trial_end(s, number, state, cause);
}

/// Steps of the reports are not kept, evaluations are: one a period.
static throng_status tell_again(sweep *s, int64_t k) {
  const trial_row *row = &s->past.row[k];
  int64_t number;
  bool stop;
  THRONG_TRY(trial_add(s, row->x, 0, 0, &number));
  for (int64_t i = 0; i < row->n_report; ++i) {
    const int64_t steps = s->clock.every * row->report_step[i];
    THRONG_TRY(count(s, k, steps, row->report_value[i]));
    THRONG_TRY(ask_scheduler(s, k, steps, row->report_value[i], &stop));
  }
  if (row->state != TRIAL_RUNNING) return end(s, k, row->state, row->value, NULL);
  THRONG_TRY(trials_set_text(s->db, k, TRIALS_CAUSE, "its process ended before it"));
  THRONG_TRY(end(s, k, TRIAL_FAILED, NULL, "its process ended before it"));
  return trials_finish(s->db, k, TRIAL_FAILED, s->trial[k].value);
}

throng_status sweep_ask_begin(sweep *s, const char *folder, bool resume) {
  if (s->population)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "sweep.scheduler: %s copies agents, which a caller that trains them cannot "
                       "be asked for",
                       scheduler_name(s->def.scheduler));
  THRONG_TRY(sweep_check(s, folder, resume));
  s->started = clock_now();
  s->def.seeds = 1;
  THRONG_TRY(sweep_make_judges(s));
  THRONG_TRY(sweep_write_file(s, "config.json", s->config_text));
  THRONG_TRY(sweep_open_trials(s, resume));
  if (resume) THRONG_TRY(ask_check(s, true));
  THRONG_TRY(trials_set(s->db, -1, ASKED, "true"));
  THRONG_TRY(trials_set_text(s->db, -1, TRIALS_STEP, "evaluation"));
  THRONG_TRY(trials_set_number(s->db, -1, TRIALS_PERIOD, (double)s->clock.every));
  THRONG_TRY(trials_read(s->db, &s->past));
  for (int64_t k = 0; k < s->past.n; ++k) THRONG_TRY(tell_again(s, k));
  return THRONG_OK;
}

throng_status sweep_ask(sweep *s, int64_t *number, bool *done) {
  void *block;
  *done = s->exhausted || (s->def.max_trials > 0 && s->n_trial >= s->def.max_trials);
  if (*done) return THRONG_OK;
  THRONG_TRY(throng_alloc(&block, (size_t)s->space->n, sizeof(double), "trial"));
  double *x = block;
  throng_status status = THRONG_OK;
  if (s->n_trial == 0)
    space_initial(s->space, x);
  else
    status = sampler_suggest(s->sampler, s->n_trial, x, &s->exhausted);
  *done = s->exhausted;
  // First written down: what the sampler was told of must be there after a kill, too.
  if (status == THRONG_OK && !*done) status = trials_add(s->db, s->n_trial, x);
  if (status == THRONG_OK && !*done) status = trial_add(s, x, 0, 0, number);
  free(x);
  return status;
}

static throng_status require_running(const sweep *s, int64_t number) {
  if (number < 0 || number >= s->n_trial)
    return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 ": there is none", number);
  if (s->trial[number].state == TRIAL_RUNNING) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 ": it has ended", number);
}

static throng_status write_end(sweep *s, int64_t number) {
  const sweep_trial *t = &s->trial[number];
  THRONG_TRY(trials_set_number(s->db, number, TRIALS_USER_STEPS, (double)t->user_steps));
  if (t->cause) THRONG_TRY(trials_set_text(s->db, number, TRIALS_CAUSE, t->cause));
  return trials_finish(s->db, number, t->state, t->value);
}

throng_status sweep_tell(sweep *s, int64_t number, int64_t user_steps, double value, bool *stop) {
  *stop = false;
  THRONG_TRY(require_running(s, number));
  if (user_steps <= s->trial[number].user_steps)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "trial %" PRId64 ": expected more than %" PRId64 " user-steps, not %" PRId64,
                       number, s->trial[number].user_steps, user_steps);
  THRONG_TRY(count(s, number, user_steps, value));
  THRONG_TRY(ask_scheduler(s, number, user_steps, value, stop));
  THRONG_TRY(trials_begin(s->db));
  THRONG_TRY(trials_report(s->db, number, s->trial[number].n_report, value));
  if (*stop) {
    THRONG_TRY(end(s, number, TRIAL_PRUNED, NULL, NULL));
    THRONG_TRY(write_end(s, number));
  }
  return trials_commit(s->db);
}

throng_status sweep_tell_end(sweep *s, int64_t number, trial_state state, const double *value,
                             const char *cause) {
  THRONG_TRY(require_running(s, number));
  if (state != TRIAL_COMPLETE && state != TRIAL_FAILED)
    return throng_fail(THRONG_ERROR_ARGUMENT, "trial %" PRId64 ": expected COMPLETE or FAILED",
                       number);
  for (int32_t k = 0; k < s->n_objective && state == TRIAL_COMPLETE; ++k)
    if (!value || isnan(value[k]))
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "trial %" PRId64 ": %s: expected a number of a complete trial", number,
                         s->objective[k].name);
  THRONG_TRY(end(s, number, state, value, cause));
  THRONG_TRY(trials_begin(s->db));
  THRONG_TRY(write_end(s, number));
  return trials_commit(s->db);
}
