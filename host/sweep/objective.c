/// The numbers of a report by name.
#include "sweep/objective.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "evaluate/metrics.h"

/// A measure's place in a report. Names are those of metrics.jsonl; `short_name` is what stands
/// behind the last slash.
typedef struct measure {
  const char *name;
  size_t offset;
  bool integer, minimise;
} measure;

#define PLAYER "evaluation/agent/"
#define METRIC(field) {PLAYER #field, offsetof(crew_report, evaluation.field), false, false},
#define THIRD(name, field, k) \
  {PLAYER name, offsetof(crew_report, evaluation.field) + (k) * sizeof(double), false, false},
static const measure measures[] = {
    METRICS(METRIC) THIRD("reward_least_active", tercile_reward, 0) THIRD(
        "reward_middle", tercile_reward, 1) THIRD("reward_most_active", tercile_reward, 2)
        THIRD("liking_least_active", tercile_liking, 0) THIRD("liking_middle", tercile_liking, 1)
            THIRD("liking_most_active", tercile_liking, 2) THIRD(
                "length_least_active", tercile_length, 0) THIRD("length_middle", tercile_length, 1)
                THIRD("length_most_active", tercile_length, 2){
                    "train/loss", offsetof(crew_report, loss), false, true},
    {"train/q", offsetof(crew_report, q), false, false},
    {"train/grad_norm", offsetof(crew_report, grad_norm), false, true},
    {"train/epsilon", offsetof(crew_report, epsilon), false, false},
    {"train/updates", offsetof(crew_report, updates), true, true},
    {"train/episodes", offsetof(crew_report, episodes), true, false},
    {"train/mean_return", offsetof(crew_report, mean_return), false, false},
    {"train/user_steps", offsetof(crew_report, user_steps), true, true},
    {"train/seconds", offsetof(crew_report, seconds), false, true},
};
enum { N_MEASURE = sizeof measures / sizeof *measures };

static const char *short_name(const measure *m) { return strrchr(m->name, '/') + 1; }

static bool minimises(const measure *m) {
  return m->minimise || !strcmp(short_name(m), "gini") ||
         !strcmp(short_name(m), "average_reward_sem");
}

static const measure *find(const char *name) {
  for (int k = 0; k < N_MEASURE; ++k)
    if (!strcmp(name, measures[k].name) || !strcmp(name, short_name(&measures[k])))
      return &measures[k];
  return strcmp(name, "train/return") ? NULL : find("mean_return");
}

const char *objective_name(int k) { return k < N_MEASURE ? measures[k].name : NULL; }

static double read_measure(const measure *m, const crew_report *report) {
  const char *at = (const char *)report + m->offset;
  if (m->integer) {
    int64_t whole;
    memcpy(&whole, at, sizeof whole);
    return (double)whole;
  }
  double x;
  memcpy(&x, at, sizeof x);
  return strncmp(m->name, PLAYER, sizeof PLAYER - 1) == 0 && report->evaluation.episodes == 0
             ? (double)NAN
             : x;
}

double objective_measure(int k, const crew_report *report) {
  return read_measure(&measures[k], report);
}

double objective_value(const sweep_objective *objective, const crew_report *report) {
  const measure *m = find(objective->name);
  return m ? read_measure(m, report) : (double)NAN;
}

static throng_status unknown(const char *where, const char *name) {
  char list[1024] = "";
  size_t used = 0;
  const char *nearest = NULL;
  size_t best = edit_limit(name) + 1;
  for (int k = 0; k < N_MEASURE; ++k) {
    const char *known = short_name(&measures[k]);
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", known);
    const size_t distance = edit_distance(name, known, best);
    if (distance < best) best = distance, nearest = known;
  }
  if (nearest)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: no metric '%.80s' is ever reported; did you mean %s? There are %s",
                       where, name, nearest, list);
  return throng_fail(THRONG_ERROR_CONFIG, "%s: no metric '%.80s' is ever reported; there are %s",
                     where, name, list);
}

static throng_status read_direction(const cJSON *json, const char *where, bool *maximise) {
  if (!json) return THRONG_OK;
  const char *text = cJSON_IsString(json) ? json->valuestring : "";
  if (!strcmp(text, "maximize") || !strcmp(text, "maximise"))
    *maximise = true;
  else if (!strcmp(text, "minimize") || !strcmp(text, "minimise"))
    *maximise = false;
  else
    return throng_fail(THRONG_ERROR_CONFIG, "%s.direction: expected \"maximize\" or \"minimize\"",
                       where);
  return THRONG_OK;
}

static throng_status read_one(const cJSON *json, const char *where, sweep_objective *out) {
  const cJSON *metric =
      cJSON_IsObject(json) ? cJSON_GetObjectItemCaseSensitive(json, "metric") : json;
  if (!cJSON_IsString(metric))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: expected a metric's name, or {\"metric\": \"average_reward\", "
                       "\"direction\": \"maximize\"}",
                       where);
  const measure *m = find(metric->valuestring);
  if (!m) return unknown(where, metric->valuestring);
  *out = (sweep_objective){short_name(m), !minimises(m)};
  if (!cJSON_IsObject(json)) return THRONG_OK;
  const cJSON *member;
  cJSON_ArrayForEach(
      member, json) if (strcmp(member->string, "metric") &&
                        strcmp(member->string,
                               "direction")) return throng_fail(THRONG_ERROR_CONFIG,
                                                                "%s: no member '%.80s'; expected "
                                                                "metric and direction",
                                                                where, member->string);
  return read_direction(cJSON_GetObjectItemCaseSensitive(json, "direction"), where, &out->maximise);
}

throng_status objective_read(const cJSON *json, const char *where,
                             sweep_objective out[SWEEP_MOST_OBJECTIVES], int32_t *n) {
  *n = 1;
  if (!json || cJSON_IsNull(json)) {
    out[0] = (sweep_objective){"average_reward", true};
    return THRONG_OK;
  }
  if (!cJSON_IsArray(json)) return read_one(json, where, &out[0]);
  const int count = cJSON_GetArraySize(json);
  if (count < 1 || count > SWEEP_MOST_OBJECTIVES)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: expected 1 to %d objectives, not %d", where,
                       SWEEP_MOST_OBJECTIVES, count);
  for (int k = 0; k < count; ++k) {
    char place[160];
    snprintf(place, sizeof place, "%s[%d]", where, k);
    THRONG_TRY(read_one(cJSON_GetArrayItem(json, k), place, &out[k]));
    for (int j = 0; j < k; ++j)
      if (out[j].name == out[k].name)
        return throng_fail(THRONG_ERROR_CONFIG, "%s: %s is an objective already", place,
                           out[k].name);
  }
  *n = count;
  return THRONG_OK;
}
