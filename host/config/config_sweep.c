/// The section "sweep" of a config as its space and its objectives.
#include "config/config_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/keys.h"
#include "config/read.h"

static bool find_option(void *context, const char *name, const field_table **table,
                        const field **field, const void **def) {
  config_key key;
  if (!config_find_key(name, &key)) return false;
  *table = key.table;
  *field = key.field;
  *def = config_def_of(context, &key);
  return true;
}

/// Valid until the next call of this thread.
static const char *nearest_option(void *context, const char *name) {
  static _Thread_local char nearest[sizeof((config_key *)0)->path];
  config_key key;
  (void)context;
  if (!config_nearest_key(name, FIELD_SWEEPABLE, &key)) return NULL;
  return strcpy(nearest, key.path);
}

static bool place_of(void *context, const char *name, char *text, size_t size) {
  const throng_config *config = context;
  config_key key;
  config_place at;
  config_find_key("sweep.space", &key);
  if (config->origin[key.index] != CONFIG_FILE || !config->space_source ||
      !config_member_place(config->space_source, config->place[key.index], name, &at))
    return false;
  snprintf(text, size, "%s:%d:%d: %s", config->source, at.line, at.column, key.path);
  return true;
}

/// The JSON of a key of this section, and where it stands; NULL where it is not given.
static throng_status json_of(const throng_config *config, const char *path, char *where,
                             size_t size, cJSON **out) {
  config_key key;
  *out = NULL;
  config_find_key(path, &key);
  config_place_text(config, &key, where, size);
  if (!*config_text_of(config, &key)) return THRONG_OK;
  *out = config_value_json(config, &key);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
}

space_options config_space_options(const throng_config *config) {
  return (space_options){find_option, nearest_option, place_of, (void *)(uintptr_t)config};
}

throng_status config_space(const throng_config *config, space **out) {
  char where[1024];
  cJSON *json;
  const space_options options = config_space_options(config);
  *out = NULL;
  THRONG_TRY(json_of(config, "sweep.space", where, sizeof where, &json));
  if (!json)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: sweep.space: missing; expected what varies: {\"agent.learning_rate\": "
                       "{\"min\": 1e-5, \"max\": 1e-2, \"log\": true}}",
                       config->source ? config->source : "config");
  throng_status status = space_read(json, where, &options, out);
  cJSON_Delete(json);
  return status;
}

static throng_status read_objective(const char *where, const cJSON *json, config_objective *out) {
  const cJSON *metric = cJSON_IsObject(json) ? NULL : json, *word;
  *out = (config_objective){0};
  for (word = cJSON_IsObject(json) ? json->child : NULL; word; word = word->next) {
    if (!strcmp(word->string, "metric")) {
      metric = word;
    } else if (strcmp(word->string, "direction") != 0) {
      return throng_fail(THRONG_ERROR_CONFIG,
                         "%s: %.60s: no such word; expected metric and direction", where,
                         word->string);
    } else {
      const char *text = cJSON_IsString(word) ? word->valuestring : "";
      out->directed = true;
      out->minimize = !strcmp(text, "minimize");
      if (!out->minimize && strcmp(text, "maximize") != 0)
        return throng_fail(THRONG_ERROR_CONFIG, "%s: direction: expected maximize or minimize",
                           where);
    }
  }
  if (!cJSON_IsString(metric) || !*metric->valuestring ||
      strlen(metric->valuestring) >= sizeof out->metric)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: expected the name of a metric, {\"metric\": .., \"direction\": ..} or "
                       "a list of these",
                       where);
  strcpy(out->metric, metric->valuestring);
  return THRONG_OK;
}

static throng_status read_objectives(const char *where, const cJSON *json, config_objective *out,
                                     int32_t *n) {
  const cJSON *one = cJSON_IsArray(json) ? json->child : json;
  const int given = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 1;
  if (given < 1 || given > SWEEP_MOST_OBJECTIVES)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: %d objectives; expected 1 to %d", where, given,
                       SWEEP_MOST_OBJECTIVES);
  for (*n = 0; *n < given; ++*n, one = one->next) {
    THRONG_TRY(read_objective(where, one, &out[*n]));
    for (int32_t k = 0; k < *n; ++k)
      if (!strcmp(out[k].metric, out[*n].metric))
        return throng_fail(THRONG_ERROR_CONFIG, "%s: %s stands there twice", where, out[k].metric);
  }
  return THRONG_OK;
}

throng_status config_objectives(const throng_config *config,
                                config_objective out[SWEEP_MOST_OBJECTIVES], int32_t *n) {
  char where[1024];
  cJSON *json;
  *n = 1;
  out[0] = (config_objective){.metric = "average_reward"};
  THRONG_TRY(json_of(config, "sweep.objective", where, sizeof where, &json));
  if (!json) return THRONG_OK;
  throng_status status = read_objectives(where, json, out, n);
  cJSON_Delete(json);
  return status;
}

// --- overrides -------------------------------------------------------------------------------

const char *config_space_member(const char *path) {
  static const char before[] = "sweep.space.";
  return strncmp(path, before, sizeof before - 1) ? NULL : path + sizeof before - 1;
}

throng_status config_set_member(throng_config *config, const char *name, const cJSON *value,
                                const char *where) {
  config_key key;
  config_find_key("sweep.space", &key);
  cJSON *all = config_value_json(config, &key);
  if (!cJSON_IsObject(all)) {
    cJSON_Delete(all);
    all = cJSON_CreateObject();
  }
  if (cJSON_IsNull(value))
    cJSON_DeleteItemFromObjectCaseSensitive(all, name);
  else if (cJSON_GetObjectItemCaseSensitive(all, name))
    cJSON_ReplaceItemInObjectCaseSensitive(all, name, cJSON_Duplicate(value, true));
  else
    cJSON_AddItemToObject(all, name, cJSON_Duplicate(value, true));
  throng_status status = config_assign(config, &key, all, CONFIG_OVERRIDE, where);
  cJSON_Delete(all);
  return status;
}
