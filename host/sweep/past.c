/// What the database of an earlier process says of the rounds that it has: they are gone through
/// again without training. A report stands in the round that follows from its trial's first and
/// from its place among the trial's reports; a trial that failed did so in the round after its
/// last.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "sweep/inside.h"

static double attribute(const trial_row *row, const char *name, double otherwise) {
  cJSON *all = row->attributes ? cJSON_Parse(row->attributes) : NULL;
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(all, name);
  const double x = cJSON_IsNumber(value) ? value->valuedouble : otherwise;
  cJSON_Delete(all);
  return x;
}

static throng_status damaged(const sweep *s, int64_t number, const char *what) {
  return throng_fail(THRONG_ERROR_DATA,
                     "%s/trials.db: trial %" PRId64 ": %s; was it changed by another program?",
                     s->folder, number, what);
}

throng_status past_check(const sweep *s, int64_t number) {
  const double *x = s->past.row[number].x;
  for (int32_t p = 0; p < s->space->n; ++p)
    if (space_applies(s->space, x, p) == isnan(x[p]))
      return throng_fail(
          THRONG_ERROR_DATA,
          "%s/trials.db: trial %" PRId64 ": %s %s; was it changed by another program?", s->folder,
          number, s->space->parameter[p].name, isnan(x[p]) ? "is missing" : "does not apply");
  return THRONG_OK;
}

throng_status past_read(sweep *s) {
  NUMBERS_WITHOUT_LOCALE;
  char *json;
  THRONG_TRY(trials_get(s->db, -1, TRIALS_ROUND, &json));
  s->past_rounds = json ? (int64_t)strtod(json, NULL) : 0;
  free(json);
  THRONG_TRY(trials_get(s->db, -1, SWEEP_SECONDS, &json));
  s->earlier_seconds = json ? strtod(json, NULL) : 0;
  free(json);
  THRONG_TRY(trials_read(s->db, &s->past));
  s->n_written = s->past.n;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)s->past.n + 1, sizeof *s->past_trial, "trials"));
  s->past_trial = block;
  for (int64_t k = 0; k < s->past.n; ++k) {
    const trial_row *row = &s->past.row[k];
    past_trial *p = &s->past_trial[k];
    p->first_round = (int64_t)attribute(row, SWEEP_ROUND, -1);
    p->slot = (int32_t)attribute(row, TRIALS_SLOT, -1);
    p->parent = (int64_t)attribute(row, TRIALS_PARENT, -1);
    if (p->first_round < 0) return damaged(s, k, "no round");
    THRONG_TRY(past_check(s, k));
    if (p->slot >= s->n_slot) return damaged(s, k, "a slot that there is not");
  }
  return THRONG_OK;
}

/// Which of its trial's reports falls into the round, from 0.
static int64_t place(const sweep *s, int64_t trial, int64_t round) {
  return round - s->past_trial[trial].first_round;
}

throng_status past_report(const sweep *s, int32_t k, int64_t round, slot_report *out) {
  const sweep_slot *slot = &s->slot[k];
  const trial_row *row = &s->past.row[slot->trial];
  const int64_t i = place(s, slot->trial, round);
  *out = (slot_report){.slot = k, .clock = clock_next(&slot->at, slot->clock)};
  for (int32_t o = 0; o < s->n_objective; ++o) out->value[o] = (double)NAN;
  if (i >= row->n_report) {
    if (row->state != TRIAL_FAILED) return damaged(s, slot->trial, "reports are missing");
    out->failed = true;
    // It stood somewhere between two evaluations.
    const int64_t all = (int64_t)attribute(row, TRIALS_USER_STEPS, 0);
    out->clock = slot->clock + all - s->trial[slot->trial].user_steps;
    return THRONG_OK;
  }
  out->value[0] = row->report_value[i];
  return THRONG_OK;
}

bool past_ended(const sweep *s, int64_t trial, int64_t round, trial_state *state) {
  const trial_row *row = &s->past.row[trial];
  *state = row->state;
  if (row->state == TRIAL_RUNNING) return false;
  return place(s, trial, round) == row->n_report - (row->state != TRIAL_FAILED);
}

bool past_begun(const sweep *s, int64_t round, int64_t number) {
  return number < s->past.n && s->past_trial[number].first_round == round;
}

bool past_needs(const sweep *s, int32_t k, int64_t next_round) {
  const sweep_slot *slot = &s->slot[k];
  if (!past_knows(s, next_round) || s->population) return true;
  const trial_row *row = &s->past.row[slot->trial];
  if (row->state != TRIAL_RUNNING) return false;
  return slot->seed == row->n_report / clock_reports(&slot->at);
}

throng_status past_seed_value(const sweep *s, int64_t trial, int32_t seed, double *value) {
  const trial_row *row = &s->past.row[trial];
  cJSON *all = row->attributes ? cJSON_Parse(row->attributes) : NULL;
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(all, TRIALS_SEEDS);
  const cJSON *of_seed = cJSON_GetArrayItem(list, seed);
  throng_status status = THRONG_OK;
  for (int32_t o = 0; o < s->n_objective; ++o) {
    const cJSON *one = s->n_objective > 1 ? cJSON_GetArrayItem(of_seed, o) : of_seed;
    value[o] = cJSON_IsNumber(one) ? one->valuedouble : (double)NAN;
  }
  if (!of_seed) {
    if (row->state == TRIAL_COMPLETE && s->def.seeds == 1)
      memcpy(value, row->value, (size_t)s->n_objective * sizeof *value);
    else
      status = damaged(s, trial, "the values of its seeds are missing");
  }
  cJSON_Delete(all);
  return status;
}

char *past_cause(const sweep *s, int64_t trial) {
  const char *attributes = s->past.row[trial].attributes;
  cJSON *all = attributes ? cJSON_Parse(attributes) : NULL;
  const cJSON *cause = cJSON_GetObjectItemCaseSensitive(all, TRIALS_CAUSE);
  char *text = cJSON_IsString(cause) ? strdup(cause->valuestring) : NULL;
  cJSON_Delete(all);
  return text;
}
