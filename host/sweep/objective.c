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

static throng_status unknown(const throng_config *config, const char *name) {
  const char *nearest = NULL, *source = config->source ? config->source : "config";
  char list[1024] = "", hint[120] = "";
  size_t used = 0, best = edit_limit(name) + 1;
  for (int k = 0; k < N_MEASURE; ++k) {
    const char *known = short_name(&measures[k]);
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", known);
    const size_t distance = edit_distance(name, known, best);
    if (distance < best) best = distance, nearest = known;
  }
  if (nearest) snprintf(hint, sizeof hint, "did you mean %s? There are ", nearest);
  return throng_fail(THRONG_ERROR_CONFIG,
                     "%s: sweep.objective: no metric '%s' is ever reported; %s%s", source, name,
                     *hint ? hint : "there are ", list);
}

throng_status objectives_find(const throng_config *config, bool any,
                              config_objective given[SWEEP_MOST_OBJECTIVES],
                              sweep_objective out[SWEEP_MOST_OBJECTIVES], int32_t *n) {
  THRONG_TRY(config_objectives(config, given, n));
  for (int32_t k = 0; k < *n; ++k) {
    const measure *m = find(given[k].metric);
    if (!m && !any) return unknown(config, given[k].metric);
    const bool minimise = given[k].directed ? given[k].minimize : m && minimises(m);
    out[k] = (sweep_objective){m ? short_name(m) : given[k].metric, !minimise};
    for (int32_t j = 0; j < k; ++j)
      if (out[j].name == out[k].name)
        return throng_fail(THRONG_ERROR_CONFIG, "sweep.objective: %s stands there twice",
                           out[k].name);
  }
  return THRONG_OK;
}
