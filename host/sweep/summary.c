/// What a sweep came to: summary.json, trials.csv, report.html.
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"
#include "sweep/inside.h"
#include "sweep/lineage.h"

static void add_interval(cJSON *object, const char *name, const statistics_interval *i) {
  cJSON *at = cJSON_AddObjectToObject(object, name);
  json_add_number(at, "point", i->point);
  json_add_number(at, "low", i->low);
  json_add_number(at, "high", i->high);
}

void options_json(cJSON *object, const sweep *s, int64_t trial) {
  cJSON *options = cJSON_AddObjectToObject(object, "options");
  for (int32_t k = 0; k < s->space->n; ++k) {
    char text[512];
    if (isnan(trial_x(s, trial)[k])) continue;
    space_value_text(&s->space->parameter[k], trial_x(s, trial)[k], text, sizeof text);
    cJSON_AddRawToObject(options, s->space->parameter[k].name, text);
  }
}

static const char *const state_names[] = {"running", "complete", "pruned", "failed", "waiting"};

static cJSON *trial_json(const sweep *s, int64_t trial) {
  const sweep_trial *t = &s->trial[trial];
  cJSON *object = cJSON_CreateObject();
  cJSON_AddNumberToObject(object, "trial", (double)trial);
  cJSON_AddStringToObject(object, "state", state_names[t->state]);
  cJSON *values = cJSON_AddObjectToObject(object, "values");
  for (int32_t k = 0; k < s->n_objective; ++k)
    json_add_number(values, s->objective[k].name, t->value[k]);
  cJSON_AddNumberToObject(object, "user_steps", (double)t->user_steps);
  options_json(object, s, trial);
  return object;
}

static cJSON *contender_json(const sweep *s, const sweep_tested *c) {
  cJSON *object = trial_json(s, c->trial);
  cJSON_AddBoolToObject(object, "is_config", c->trial == 0);
  cJSON_AddNumberToObject(object, "seeds_done", c->n);
  cJSON_AddNumberToObject(object, "seeds_failed", c->n_failed);
  cJSON_AddItemToObject(object, "test_values", cJSON_CreateDoubleArray(c->score, c->n));
  json_add_number(object, "test_mean", statistics_mean(c->n, c->score));
  json_add_number(object, "test_mean_standard_error", statistics_standard_error(c->n, c->score));
  add_interval(object, "test_iqm", &c->iqm);
  if (c->trial != 0) add_interval(object, "probability_of_improvement", &c->improvement);
  cJSON *profile = cJSON_AddArrayToObject(object, "profile");
  for (int32_t k = 0; k < s->n_tau; ++k) {
    cJSON *point = cJSON_CreateObject();
    json_add_number(point, "above", s->tau[k]);
    add_interval(point, "share", &c->profile[k]);
    cJSON_AddItemToArray(profile, point);
  }
  return object;
}

static void add_confirmation(cJSON *root, const sweep *s) {
  if (s->n_tested == 0) return;
  cJSON *all = cJSON_AddObjectToObject(root, "confirmation");
  cJSON_AddStringToObject(all, "note",
                          "test values are of fresh seeds and other users; the values that a sweep "
                          "chose its best by are biased upwards, because it chose them");
  cJSON_AddNumberToObject(all, "first_seed", SWEEP_FIRST_TEST);
  cJSON_AddNumberToObject(all, "seeds", s->def.test_seeds);
  cJSON_AddStringToObject(all, "metric", s->objective[0].name);
  cJSON_AddNumberToObject(all, "level", SWEEP_LEVEL);
  cJSON *list = cJSON_AddArrayToObject(all, "trials");
  for (int32_t k = 0; k < s->n_tested; ++k)
    cJSON_AddItemToArray(list, contender_json(s, &s->tested[k]));
}

static void add_head(cJSON *root, const sweep *s) {
  sweep_view view;
  sweep_look(s, &view);
  cJSON_AddStringToObject(root, "folder", s->folder);
  cJSON_AddStringToObject(root, "sampler", sampler_name(s->def.sampler));
  cJSON_AddStringToObject(root, "scheduler", scheduler_name(s->def.scheduler));
  cJSON *objectives = cJSON_AddArrayToObject(root, "objectives");
  for (int32_t k = 0; k < s->n_objective; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "metric", s->objective[k].name);
    cJSON_AddStringToObject(one, "direction", s->objective[k].maximise ? "maximize" : "minimize");
    cJSON_AddItemToArray(objectives, one);
  }
  cJSON *trials = cJSON_AddObjectToObject(root, "trials");
  cJSON_AddNumberToObject(trials, "total", (double)view.n_trial);
  for (int k = 0; k < 4; ++k)
    cJSON_AddNumberToObject(trials, state_names[k], (double)view.count[k]);
  cJSON_AddBoolToObject(root, "finished", view.finished);
  cJSON_AddNumberToObject(root, "user_steps", (double)view.user_steps);
  cJSON_AddNumberToObject(root, "seconds", view.seconds);
  cJSON_AddNumberToObject(root, "slots", view.slots);
  cJSON_AddNumberToObject(root, "rounds", (double)view.round);
  // Agent-rounds that trained, of those that the slots asked for would have had.
  json_add_number(
      root, "slots_in_use",
      view.rounds_slots > 0 ? (double)view.rounds_used / (double)view.rounds_slots : (double)NAN);
}

throng_status sweep_summary(const sweep *s, char **out) {
  enum { BEST = 10 };
  NUMBERS_WITHOUT_LOCALE;
  int64_t best[BEST];
  const int32_t n = sweep_best(s, best, BEST);
  cJSON *root = cJSON_CreateObject();
  add_head(root, s);
  cJSON *list = cJSON_AddArrayToObject(root, s->n_objective > 1 ? "pareto_front" : "best");
  for (int32_t k = 0; k < n; ++k) cJSON_AddItemToArray(list, trial_json(s, best[k]));
  if (s->n_trial > 0) cJSON_AddItemToObject(root, "config", trial_json(s, 0));
  add_confirmation(root, s);
  *out = cJSON_Print(root);
  cJSON_Delete(root);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "summary.json: out of memory");
}

throng_status sweep_finish(sweep *s) {
  char path[SWEEP_PATH_SIZE], *text;
  if (!s->db) return throng_fail(THRONG_ERROR_ARGUMENT, "sweep: no folder was opened");
  THRONG_TRY(sweep_summary(s, &text));
  throng_status status = sweep_write_file(s, "summary.json", text);
  free(text);
  THRONG_TRY(status);
  trials_list list;
  THRONG_TRY(trials_read(s->db, &list));
  status = trials_csv(&list, trials_get_def(s->db), sweep_path(s, "trials.csv", path));
  if (status == THRONG_OK) status = report_write(s, &list);
  trials_list_free(&list);
  if (status == THRONG_OK && s->population) status = lineage_write(s);
  return status == THRONG_OK ? note_write(s) : status;
}
