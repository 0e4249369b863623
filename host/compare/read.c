/// Folders of runs and sweeps, as what was measured at their ends.
#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/numbers.h"
#include "compare/compare.h"

/// "FOLDER/name", parsed.
static throng_status read_json(const char *folder, const char *name, cJSON **out) {
  char path[PATH_MAX];
  *out = NULL;
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
    return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", folder);
  return json_read_object(path, out);
}

static throng_status no_memory(void) {
  return throng_fail(THRONG_ERROR_MEMORY, "comparison: out of memory");
}

static const char *bare(const char *metric) {
  static const char prefix[] = "evaluation/agent/";
  return strncmp(metric, prefix, sizeof prefix - 1) ? metric : metric + sizeof prefix - 1;
}

static double number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/// Is it there, a number or null? Else: which are.
static throng_status require(const cJSON *metrics, const char *metric, const char *path) {
  char names[512] = "";
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(metrics, bare(metric));
  if (cJSON_IsNumber(item) || cJSON_IsNull(item)) return THRONG_OK;
  cJSON_ArrayForEach(item, metrics) {
    const size_t used = strlen(names);
    if (cJSON_IsNumber(item) && used + strlen(item->string) + 3 < sizeof names)
      snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", item->string);
  }
  return throng_fail(THRONG_ERROR_DATA, "%s: no metric '%s'; there are %s", path, metric, names);
}

/// What says nothing about how an agent learns: seeds, files, and what is only told or kept.
static const char *const left_out[] = {
    "$schema",      "agent.count", "agent.seed", "sim.seed",     "sim.first_lane",
    "sweep",        "train.seed",  "train.out",  "train.resume", "train.checkpoint_every",
    "backend",      "world.file",  "sta.file",   "llm",          "train.yardsticks",
    "train.report",
};

static void leave_out(cJSON *config, const char *path) {
  const char *dot = strchr(path, '.');
  char section[64];
  if (!dot) {
    cJSON_DeleteItemFromObjectCaseSensitive(config, path);
    return;
  }
  snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
  cJSON *object = cJSON_GetObjectItemCaseSensitive(config, section);
  cJSON_DeleteItemFromObjectCaseSensitive(object, dot + 1);
}

/// Lanes an agent instead of lanes in all, so that an agent of many equals one alone.
static void share_lanes(cJSON *config, double count) {
  cJSON *lanes =
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(config, "sim"), "lanes");
  cJSON *train = cJSON_GetObjectItemCaseSensitive(config, "train");
  cJSON *each[] = {lanes, cJSON_GetObjectItemCaseSensitive(train, "steps"),
                   cJSON_GetObjectItemCaseSensitive(train, "evaluate_every")};
  for (size_t k = 0; k < sizeof each / sizeof *each; ++k)
    if (cJSON_IsNumber(each[k]) && count > 1)
      cJSON_SetNumberValue(each[k], each[k]->valuedouble / count);
}

static throng_status add(compare_runs *runs, const char *name, const char *config, const char *seed,
                         double value) {
  if (runs->n == runs->capacity) {
    const int64_t capacity = runs->capacity ? 2 * runs->capacity : 16;
    void *grown = realloc(runs->run, (size_t)capacity * sizeof *runs->run);
    if (!grown) return no_memory();
    runs->run = grown;
    runs->capacity = capacity;
  }
  compare_run *r = &runs->run[runs->n];
  *r = (compare_run){strdup(name), strdup(config), strdup(seed), value};
  ++runs->n;
  return r->name && r->config && r->seed ? THRONG_OK : no_memory();
}

typedef struct folder {
  const char *path, *metric;
  cJSON *config, *summary;
  double agent_seed, sim_seed, first_lane, count, lanes;
} folder;

/// A run of one agent, or each of many.
static throng_status read_run(folder *f, compare_runs *runs) {
  NUMBERS_WITHOUT_LOCALE;
  char *config, seed[120], name[PATH_MAX];
  const cJSON *policies = cJSON_GetObjectItemCaseSensitive(f->summary, "policies");
  const cJSON *alone = cJSON_GetObjectItemCaseSensitive(policies, "agent"), *one;
  const cJSON *agents = cJSON_GetObjectItemCaseSensitive(f->summary, "agents");
  if (!alone)
    return throng_fail(THRONG_ERROR_DATA, "%s/summary.json: no policies.agent: not a run's summary",
                       f->path);
  THRONG_TRY(require(alone, f->metric, f->path));
  share_lanes(f->config, f->count);
  if (!(config = cJSON_PrintUnformatted(f->config))) return no_memory();
  throng_status status = THRONG_OK;
  int k = 0;
  cJSON_ArrayForEach(one, agents) {
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(one, "metrics");
    const cJSON *state = cJSON_GetObjectItemCaseSensitive(one, "state");
    const bool good = !cJSON_IsString(state) || strcmp(state->valuestring, "diverged") != 0;
    snprintf(name, sizeof name, "%s, agent %d", f->path, k);
    snprintf(seed, sizeof seed, "agent %.0f, users %.0f from %.0f", f->agent_seed + k, f->sim_seed,
             f->first_lane + k * f->lanes / f->count);
    if (status == THRONG_OK)
      status = add(runs, name, config, seed, good ? number(metrics, bare(f->metric)) : (double)NAN);
    ++k;
  }
  snprintf(seed, sizeof seed, "agent %.0f, users %.0f from %.0f", f->agent_seed, f->sim_seed,
           f->first_lane);
  if (k == 0) status = add(runs, f->path, config, seed, number(alone, bare(f->metric)));
  free(config);
  return status;
}

/// "agent.gamma": its value in the config becomes `value`.
static bool put_option(cJSON *config, const char *path, const cJSON *value) {
  const char *dot = strchr(path, '.');
  char section[64];
  if (!dot) return false;
  snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
  cJSON *object = cJSON_GetObjectItemCaseSensitive(config, section);
  if (!object) object = cJSON_AddObjectToObject(config, section);
  cJSON_DeleteItemFromObjectCaseSensitive(object, dot + 1);
  return cJSON_AddItemToObject(object, dot + 1, cJSON_Duplicate(value, true));
}

/// One trial that a sweep trained again: a run for each of its test seeds.
static throng_status read_trial(const folder *f, const cJSON *trial, double first,
                                compare_runs *runs) {
  NUMBERS_WITHOUT_LOCALE;
  char name[PATH_MAX], seed[120], *text = NULL;
  cJSON *config = cJSON_Duplicate(f->config, true);
  const cJSON *value;
  const cJSON *options = cJSON_GetObjectItemCaseSensitive(trial, "options");
  bool good = config != NULL;
  cJSON_ArrayForEach(value, options) good = good && put_option(config, value->string, value);
  if (good) text = cJSON_PrintUnformatted(config);
  const double lanes = number(cJSON_GetObjectItemCaseSensitive(config, "sim"), "lanes");
  cJSON_Delete(config);
  if (!text) return no_memory();
  throng_status status = THRONG_OK;
  double j = first;
  cJSON_ArrayForEach(value, cJSON_GetObjectItemCaseSensitive(trial, "test_values")) {
    snprintf(name, sizeof name, "%s, trial %.0f", f->path, number(trial, "trial"));
    snprintf(seed, sizeof seed, "agent %.0f, users %.0f from %.0f", f->agent_seed + j, f->sim_seed,
             f->first_lane + j * lanes);
    if (status == THRONG_OK)
      status =
          add(runs, name, text, seed, cJSON_IsNumber(value) ? value->valuedouble : (double)NAN);
    ++j;
  }
  free(text);
  return status;
}

/// The trials that a sweep confirmed. Its metric is the one that it sought.
static throng_status read_sweep(folder *f, const cJSON *confirmation, compare_runs *runs) {
  const char *sought =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(confirmation, "metric"));
  const cJSON *trial, *all = cJSON_GetObjectItemCaseSensitive(confirmation, "trials");
  const double first = number(confirmation, "first_seed");
  if (!sought || strcmp(bare(sought), bare(f->metric)) != 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: its trials were confirmed by '%s', not by '%s'; expected --metric %s",
                       f->path, sought ? sought : "nothing", f->metric, sought ? sought : "");
  if (!cJSON_GetArraySize(all))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: no trial of this sweep was trained again on fresh seeds yet", f->path);
  cJSON *train = cJSON_GetObjectItemCaseSensitive(f->config, "train");
  cJSON *seed = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(train, "evaluation"), "seed");
  if (cJSON_IsNumber(seed)) cJSON_SetNumberValue(seed, seed->valuedouble + first);
  throng_status status = THRONG_OK;
  cJSON_ArrayForEach(trial, all) {
    if (status == THRONG_OK) status = read_trial(f, trial, first, runs);
  }
  return status;
}

static throng_status read_folder(folder *f, compare_runs *runs) {
  THRONG_TRY(read_json(f->path, "config.json", &f->config));
  THRONG_TRY(read_json(f->path, "summary.json", &f->summary));
  const cJSON *agent = cJSON_GetObjectItemCaseSensitive(f->config, "agent");
  const cJSON *sim = cJSON_GetObjectItemCaseSensitive(f->config, "sim");
  f->agent_seed = number(agent, "seed");
  f->count = fmax(1, number(agent, "count"));
  f->sim_seed = number(sim, "seed");
  f->first_lane = number(sim, "first_lane");
  f->lanes = number(sim, "lanes");
  for (size_t k = 0; k < sizeof left_out / sizeof *left_out; ++k) leave_out(f->config, left_out[k]);
  const cJSON *confirmation = cJSON_GetObjectItemCaseSensitive(f->summary, "confirmation");
  if (confirmation) return read_sweep(f, confirmation, runs);
  if (cJSON_HasObjectItem(f->summary, "trials"))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: this sweep has confirmed no trial yet (sweep.top, sweep.test_seeds)",
                       f->path);
  return read_run(f, runs);
}

throng_status compare_read(const char *path, const char *metric, compare_runs *runs) {
  folder f = {.path = path, .metric = metric};
  throng_status status = read_folder(&f, runs);
  cJSON_Delete(f.config);
  cJSON_Delete(f.summary);
  return status;
}

void compare_runs_free(compare_runs *runs) {
  for (int64_t k = 0; k < runs->n; ++k) {
    free(runs->run[k].name);
    free(runs->run[k].config);
    free(runs->run[k].seed);
  }
  free(runs->run);
  *runs = (compare_runs){0};
}
