/// A round into the database: what was reported, who ended, who began, in one transaction.
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"
#include "sweep/inside.h"

/// [value, ...] of the finished seeds; [[value, ...], ...] where there are several objectives.
static throng_status write_seeds(const sweep *s, int64_t number) {
  cJSON *list = cJSON_CreateArray();
  for (int32_t j = 0; j < s->trial[number].n_seed; ++j) {
    const double *value = trial_seed_value(s, number, j);
    cJSON_AddItemToArray(list, s->n_objective > 1 ? cJSON_CreateDoubleArray(value, s->n_objective)
                                                  : cJSON_CreateNumber(*value));
  }
  char *text = cJSON_PrintUnformatted(list);
  cJSON_Delete(list);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "trial %" PRId64 ": out of memory", number);
  throng_status status = trials_set(s->db, number, TRIALS_SEEDS, text);
  free(text);
  return status;
}

static throng_status write_end(const sweep *s, int64_t number) {
  const sweep_trial *t = &s->trial[number];
  THRONG_TRY(trials_set_number(s->db, number, TRIALS_USER_STEPS, (double)t->user_steps));
  THRONG_TRY(trials_set_number(s->db, number, TRIALS_SECONDS, t->seconds));
  if (t->cause) THRONG_TRY(trials_set_text(s->db, number, TRIALS_CAUSE, t->cause));
  return trials_finish(s->db, number, t->state, t->value);
}

static throng_status write_report(const sweep *s, const slot_report *r) {
  const sweep_trial *t = &s->trial[r->trial];
  if (r->dead) return THRONG_OK;
  if (!r->failed) THRONG_TRY(trials_report(s->db, r->trial, t->n_report, r->value[0]));
  if (r->seed_ended && s->def.seeds > 1) THRONG_TRY(write_seeds(s, r->trial));
  return t->state == TRIAL_RUNNING ? THRONG_OK : write_end(s, r->trial);
}

static throng_status write_new(const sweep *s, int64_t number) {
  const sweep_trial *t = &s->trial[number];
  THRONG_TRY(trials_add(s->db, number, trial_x(s, number)));
  THRONG_TRY(trials_set_number(s->db, number, SWEEP_ROUND, (double)t->first_round));
  THRONG_TRY(trials_set_number(s->db, number, TRIALS_SLOT, t->slot));
  if (t->parent < 0) return THRONG_OK;
  THRONG_TRY(trials_set_number(s->db, number, TRIALS_PARENT, (double)t->parent));
  return trials_set_number(s->db, number, SWEEP_PARENT_STEPS, (double)t->parent_steps);
}

static throng_status write_all(sweep *s) {
  for (int32_t i = 0; i < s->n_report; ++i) THRONG_TRY(write_report(s, &s->report[i]));
  for (int64_t k = s->n_written; k < s->n_trial; ++k) THRONG_TRY(write_new(s, k));
  THRONG_TRY(trials_set_number(s->db, -1, SWEEP_SECONDS, sweep_seconds(s)));
  THRONG_TRY(trials_set(s->db, -1, SWEEP_ENDED, s->ended ? "true" : "false"));
  return trials_set_number(s->db, -1, TRIALS_ROUND, (double)s->round);
}

throng_status write_round(sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  THRONG_TRY(trials_begin(s->db));
  THRONG_TRY(write_all(s));
  THRONG_TRY(trials_commit(s->db));
  s->n_written = s->n_trial;
  return THRONG_OK;
}
