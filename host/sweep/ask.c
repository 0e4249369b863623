/// Ask and tell: the same sampler, scheduler and database for callers that train themselves. There
/// are no rounds; every call is a transaction.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "sweep/inside.h"

/// The study's attribute that keeps `throng sweep` off: such trials have no rounds to go through.
#define ASKED "throng:asked"
/// A trial's attribute: [user-steps of each report], where they are not whole evaluation periods.
#define TOLD "told_steps"

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

/// The database's steps count reports: where one does not end a period, all are written down.
static throng_status keep_steps(const sweep *s, int64_t number, int64_t user_steps) {
  const int64_t n = s->trial[number].n_report;
  char *before, *after = NULL;
  NUMBERS_WITHOUT_LOCALE;
  THRONG_TRY(trials_get(s->db, number, TOLD, &before));
  if (!before && user_steps == s->clock.every * n) return THRONG_OK;
  cJSON *list = before ? cJSON_Parse(before) : cJSON_CreateArray();
  free(before);
  for (int64_t i = cJSON_GetArraySize(list) + 1; i <= n; ++i)
    cJSON_AddItemToArray(list,
                         cJSON_CreateNumber((double)(i < n ? s->clock.every * i : user_steps)));
  after = cJSON_GetArraySize(list) == n ? cJSON_PrintUnformatted(list) : NULL;
  cJSON_Delete(list);
  if (!after) return throng_fail(THRONG_ERROR_MEMORY, "steps of a trial: out of memory");
  throng_status status = trials_set(s->db, number, TOLD, after);
  cJSON_free(after);
  return status;
}

static cJSON *kept_steps(const trial_row *row) {
  cJSON *all = row->attributes ? cJSON_Parse(row->attributes) : NULL;
  cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(all, TOLD);
  cJSON_Delete(all);
  return list;
}

/// The user-steps that a report was told after.
static int64_t told_after(const sweep *s, const trial_row *row, const cJSON *kept, int64_t i) {
  const cJSON *steps = cJSON_GetArrayItem(kept, (int)i);
  const double most = 0x1p53;
  if (cJSON_IsNumber(steps) && steps->valuedouble >= 1 && steps->valuedouble < most)
    return (int64_t)steps->valuedouble;
  return s->clock.every * row->report_step[i];
}

static throng_status report_again(sweep *s, int64_t k) {
  const trial_row *row = &s->past.row[k];
  cJSON *kept = kept_steps(row);
  throng_status status = THRONG_OK;
  bool stop;
  for (int64_t i = 0; i < row->n_report && status == THRONG_OK; ++i) {
    const int64_t steps = told_after(s, row, kept, i);
    status = count(s, k, steps, row->report_value[i]);
    if (status == THRONG_OK) status = ask_scheduler(s, k, steps, row->report_value[i], &stop);
  }
  cJSON_Delete(kept);
  return status;
}

static throng_status tell_again(sweep *s, int64_t k) {
  const trial_row *row = &s->past.row[k];
  int64_t number;
  THRONG_TRY(past_check(s, k));
  THRONG_TRY(trial_add(s, row->x, 0, 0, &number));
  THRONG_TRY(report_again(s, k));
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
  THRONG_TRY(keep_steps(s, number, user_steps));
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
