/// A configuration loaded from text and overrides, and checked across keys; and its end.
#include "config/config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/nearest.h"
#include "base/numbers.h"
#include "config/keys.h"
#include "config/read.h"
#include "data/dataset_read.h"
#include "data/stream.h"

void config_free(throng_config *config) {
  for (size_t i = 0; i < config->n_owned; ++i) free(config->owned[i]);
  free(config->owned);
  free(config->text);
  memset(config, 0, sizeof *config);
}

bool config_has_key(const throng_config *config, const char *path) {
  config_key key;
  return config_find_key(path, &key) && config->origin[key.index] != CONFIG_DEFAULT;
}

bool config_has_section(const throng_config *config, const char *section) {
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i)
    if (config->origin[i] != CONFIG_DEFAULT && config_key_within(&key, section)) return true;
  return false;
}

/// "section={...}" and "section=null", as the file would say it.
static throng_status override_group(throng_config *config, const char *path, const char *value) {
  char name[160];
  cJSON *alone;  // a whole value, not the end of one and the beginning of the next
  snprintf(name, sizeof name, "--set %s", path);
  throng_status status =
      json_parse(name, 1, value, strlen(value), JSON_COMMENTS | JSON_DUPLICATES, &alone);
  if (status == THRONG_ERROR_DATA) return THRONG_ERROR_CONFIG;  // the message stays
  if (status != THRONG_OK) return status;
  cJSON_Delete(alone);
  size_t length = strlen(value), depth = 1;
  for (const char *dot = path; (dot = strchr(dot, '.')); ++dot) ++depth;
  char *text, *to;
  THRONG_TRY(throng_alloc((void **)&text, 1, strlen(path) + length + 8 * depth + 8, "--set"));
  to = text;
  for (const char *at = path; at;) {
    size_t n = strcspn(at, ".");
    to += sprintf(to, "{\"%.*s\":", (int)n, at);
    at = at[n] ? at + n + 1 : NULL;
  }
  memcpy(to, value, length);
  memset(to + length, '}', depth);
  status = config_read(config, text, strlen(text), name, CONFIG_OVERRIDE);
  free(text);
  return status;
}

static throng_status no_such_key(const char *path) {
  config_key nearest;
  if (config_nearest_key(path, 0, &nearest))
    return throng_fail(THRONG_ERROR_CONFIG, "--set %s: no such key; did you mean %s?", path,
                       nearest.path);
  return throng_fail(THRONG_ERROR_CONFIG,
                     "--set %s: no such key; `throng config --keys` lists them", path);
}

/// "a,b" as an array of strings.
static cJSON *split_list(const char *text) {
  cJSON *array = cJSON_CreateArray();
  for (const char *at = text; array;) {
    size_t n = strcspn(at, ",");
    char *one = strndup(at, n);
    cJSON_AddItemToArray(array, one ? cJSON_CreateString(one) : NULL);
    free(one);
    if (!at[n]) break;
    at += n + 1;
  }
  return array;
}

/// JSON, or a bare word as a string.
static throng_status parse_json(const char *where, const char *value, cJSON **out) {
  *out = NULL;
  if (!strchr("{[\"", *value) && strcmp(value, "null") != 0) {
    *out = cJSON_CreateString(value);
    return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  }
  throng_status status =
      json_parse(where, 1, value, strlen(value), JSON_COMMENTS | JSON_DUPLICATES, out);
  return status == THRONG_ERROR_DATA ? THRONG_ERROR_CONFIG : status;  // the message stays
}

/// "sweep.space.agent.gamma={...}" and "sweep.objective=average_reward".
static throng_status override_json(throng_config *config, const config_key *key, const char *path,
                                   const char *value) {
  char where[160];
  cJSON *node;
  snprintf(where, sizeof where, "--set %s", path);
  THRONG_TRY(parse_json(where, value, &node));
  const char *member = config_space_member(path);
  throng_status status = member ? config_set_member(config, member, node, where)
                                : config_assign(config, key, node, CONFIG_OVERRIDE, where);
  cJSON_Delete(node);
  return status;
}

/// "a.b=c": strings, paths and names are taken as they stand, anything else is read as JSON.
static throng_status override(throng_config *config, const char *text) {
  NUMBERS_WITHOUT_LOCALE;
  char path[128], where[160];
  const char *equals = strchr(text, '=');
  const size_t valid = utf8_valid_prefix(text, strlen(text));
  // A run's config.json would hold it, and could not be read.
  if (text[valid])
    return throng_fail(
        THRONG_ERROR_CONFIG, "--set %.*s: byte 0x%02X is not UTF-8, in which configs are written",
        (int)(equals && equals - text < 80 ? equals - text : 0), text, (unsigned char)text[valid]);
  size_t length = equals ? (size_t)(equals - text) : 0;
  if (!equals || length == 0 || length >= sizeof path)
    return throng_fail(THRONG_ERROR_CONFIG, "--set %.80s: expected section.key=value", text);
  memcpy(path, text, length);
  path[length] = '\0';
  const char *value = equals + 1;
  config_key key;
  if (config_space_member(path)) return override_json(config, NULL, path, value);
  if (!config_find_key(path, &key))
    return config_is_group(path) ? override_group(config, path, value) : no_such_key(path);
  if (key.field->kind == FIELD_KIND_JSON) return override_json(config, &key, path, value);
  snprintf(where, sizeof where, "--set %s", path);
  cJSON *node = NULL;
  if (!strcmp(value, "null")) {
    node = cJSON_CreateNull();
  } else if (field_is_text(key.field) || key.field->kind == FIELD_KIND_ENUM) {
    node = cJSON_CreateString(value);
  } else if (key.field->kind == FIELD_KIND_TEXTS && *value != '[') {
    node = split_list(value);
  } else {
    char wrapped[512];
    bool bare = key.field->count > 1 && *value != '[';
    int size = snprintf(wrapped, sizeof wrapped, bare ? "[%s]" : "%s", value);
    if (size > 0 && (size_t)size < sizeof wrapped) node = cJSON_ParseWithOpts(wrapped, NULL, 1);
    if (!node) node = cJSON_CreateString(value);  // the refusal then quotes it
  }
  if (!node) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  throng_status status = config_assign(config, &key, node, CONFIG_OVERRIDE, where);
  cJSON_Delete(node);
  return status;
}

/// One seed for a whole run: whoever was not told otherwise at the same place follows train.seed.
static void spread_seed(throng_config *config) {
  config_key key;
  config_find_key("train.seed", &key);
  int given = config->origin[key.index];
  if (given == CONFIG_DEFAULT) return;
  for (int i = 0; config_key_at(i, &key); ++i)
    if (key.field->flags & FIELD_FOLLOWS_SEED && config->origin[i] < given)
      field_write(key.field, config_def_of(config, &key), 0, config->seed);
}

/// The preset gives whatever was not told otherwise at the same place.
static void spread_preset(throng_config *config) {
  config_key key;
  config_find_key("users.preset", &key);
  const int given = config->origin[key.index];
  const bool dynamic = config->sim.users.preset == THRONG_USERS_DYNAMIC;
  const throng_users_def preset = dynamic ? throng_dynamic_users_def() : throng_default_users_def();
  for (int i = 0; config_key_at(i, &key); ++i)
    if (config_key_within(&key, "users") && config->origin[i] < given)
      for (int k = 0; k < key.field->count; ++k)
        field_write(key.field, &config->sim.users, k, field_get(key.field, &preset, k));
}

/// Options of the agents that nobody gave have their algorithm's usual values.
static void spread_algorithm(throng_config *config) {
  config_key key;
  const throng_agent_def usual = throng_algorithm_agent_def(config->agent.algorithm);
  for (int i = 0; config_key_at(i, &key); ++i)
    if (config_key_within(&key, "agent") && config->origin[i] == CONFIG_DEFAULT)
      for (int k = 0; k < key.field->count; ++k)
        field_write(key.field, &config->agent, k, field_get(key.field, &usual, k));
}

static throng_status wrong(const throng_config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static throng_status wrong(const throng_config *config, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (!config->source) return throng_fail(THRONG_ERROR_CONFIG, "%s", text);
  return throng_fail(THRONG_ERROR_CONFIG, "%s: %s", config->source, text);
}

/// A file key of another format is a mistake worth stopping at: the file would be left unread.
static throng_status check_formats(const throng_config *config) {
  const char *const *names = dataset_format_names;
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    unsigned formats = config_key_formats(&key);
    if (!formats || config->origin[i] == CONFIG_DEFAULT) continue;
    if (field_is_text(key.field) && !*config_text_of(config, &key)) continue;
    if (formats >> config->dataset.format & 1u) continue;
    char uses[128] = "";
    for (int f = 0; names[f]; ++f) {
      if (!(formats >> f & 1u)) continue;
      size_t used = strlen(uses);
      snprintf(uses + used, sizeof uses - used, "%s%s", used ? " and " : "", names[f]);
    }
    return wrong(config,
                 "%s: dataset.format %s does not use it (%s %s); --set %s=null leaves it out",
                 key.path, names[config->dataset.format], uses,
                 strstr(uses, " and ") ? "do" : "does", key.path);
  }
  return THRONG_OK;
}

static throng_status check(const throng_config *config) {
  THRONG_TRY(config_check_paths(config));
  if (config_has_section(config, "dataset")) THRONG_TRY(check_formats(config));
  if (config->sta.width % config->sta.heads)
    return wrong(config, "sta.heads: %d does not divide sta.width, which is %d", config->sta.heads,
                 config->sta.width);
  if (config->sta.window % 2)
    return wrong(config, "sta.window: %d is odd; expected an even number", config->sta.window);
  if (config->agent.count > 0 && config->sim.lanes % config->agent.count)
    return wrong(config, "agent.count: %d does not divide sim.lanes, which is %d",
                 config->agent.count, config->sim.lanes);
  if (!isnan(config->dataset.rating_min) && !isnan(config->dataset.rating_max) &&
      config->dataset.rating_min > config->dataset.rating_max)
    return wrong(config, "dataset.rating_min: %g is above dataset.rating_max, which is %g",
                 config->dataset.rating_min, config->dataset.rating_max);
  if (config->agent.epsilon_end > config->agent.epsilon_start)
    return wrong(config, "agent.epsilon_end: %g is above agent.epsilon_start, which is %g",
                 (double)config->agent.epsilon_end, (double)config->agent.epsilon_start);
  return THRONG_OK;
}

throng_status config_check_dataset(throng_config *config) {
  THRONG_TRY(check_formats(config));
  const char *missing = dataset_missing_key(&config->dataset);
  if (missing)
    return wrong(config, "%s: missing; dataset.format %s needs it", missing,
                 dataset_format_names[config->dataset.format]);
  if (config->keywords.provider == KEYWORDS_FILE && !config->keywords.file)
    return wrong(config, "keywords.file: missing; keywords.provider file needs it");
  if (config->keywords.provider != KEYWORDS_FILE && config->keywords.file)
    return wrong(config, "keywords.file: given, but keywords.provider is not file");
  if (config->keywords.provider == KEYWORDS_LLM) {
    throng_status status = llm_check(&config->llm);
    if (status == THRONG_ERROR_CONFIG && config->source)
      return throng_fail_context(status, "%s", config->source);
    if (status != THRONG_OK) return status;
  }
  if (config->embedding.provider == EMBEDDING_SERVER && !config->embedding.model)
    return wrong(config, "embedding.model: missing; embedding.provider server needs it");
  if (config->embedding.provider != EMBEDDING_SERVER &&
      (config->embedding.model || config->embedding.url))
    return wrong(config, "embedding.%s: given, but embedding.provider is not server",
                 config->embedding.model ? "model" : "url");
  if (config->embedding.provider == EMBEDDING_FILE &&
      (!config->embedding.file || !config->embedding.vocabulary))
    return wrong(config, "embedding.%s: missing; embedding.provider file needs it",
                 config->embedding.file ? "vocabulary" : "file");
  if (config->embedding.provider != EMBEDDING_FILE && config->embedding.file)
    return wrong(config, "embedding.file: given, but embedding.provider is not file");
  return config_use_data(config);
}

throng_status config_load_text(const char *text, size_t length, const char *name,
                               const char *const *overrides, throng_config *out) {
  config_defaults(out);
  throng_status status = THRONG_OK;
  if (text) {
    char *source = strdup(name);
    if (!source) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", name);
    out->source = source;
    THRONG_TRY_GOTO(
        throng_grow((void **)&out->owned, &out->owned_capacity, 1, sizeof *out->owned, name));
    out->owned[out->n_owned++] = source;
    THRONG_TRY_GOTO(config_read(out, text, length, name, CONFIG_FILE));
  }
  for (const char *const *o = overrides; o && *o; ++o) THRONG_TRY_GOTO(override(out, *o));
  spread_algorithm(out);
  spread_seed(out);
  spread_preset(out);
  THRONG_TRY_GOTO(check(out));
  return THRONG_OK;
done:
  if (out->n_owned == 0) free((char *)out->source);
  config_free(out);
  return status;
}

throng_status config_load(const char *path, const char *const *overrides, throng_config *out) {
  if (!path) return config_load_text(NULL, 0, NULL, overrides, out);
  char *text = NULL;
  size_t length = 0;
  THRONG_TRY(config_read_file(path, &text, &length));
  throng_status status = config_load_text(text, length, stream_name(path), overrides, out);
  free(text);
  return status;
}
