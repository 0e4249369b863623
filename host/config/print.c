/// A configuration as JSON, and the JSON Schema of all of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"
#include "config/keys.h"

static throng_status finish(cJSON *root, bool complete, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  *out = complete && json_keep_digits(root) ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  if (!*out) return throng_fail(THRONG_ERROR_MEMORY, "printing a configuration: out of memory");
  return THRONG_OK;
}

/// Is agent.algorithm one of a sweep's parameters?
static bool varies_algorithm(const throng_config *config) {
  cJSON *space = config->sweep_space ? cJSON_Parse(config->sweep_space) : NULL;
  const bool varies = cJSON_GetObjectItemCaseSensitive(space, "agent.algorithm") != NULL;
  cJSON_Delete(space);
  return varies;
}

/// Where a world comes from is told by which of these sections is there.
static bool is_left_out(const throng_config *config, const config_key *key) {
  unsigned formats = config_key_formats(key);
  if (formats && !(formats >> config->dataset.format & 1u)) return true;
  if (config_key_within(key, "dataset")) return !config_has_section(config, "dataset");
  if (config_key_within(key, "sweep")) return !config_has_section(config, "sweep");
  return config_key_within(key, "synth") && !config_has_section(config, "synth");
}

throng_status config_print(const throng_config *config, char **out) {
  cJSON *root = cJSON_CreateObject();
  bool complete = root != NULL;
  const bool varies = varies_algorithm(config);
  config_key key;
  for (int i = 0; complete && config_key_at(i, &key); ++i) {
    // What nobody gave each algorithm has its own values for.
    const bool usual = varies && config->origin[i] == CONFIG_DEFAULT &&
                       key.field->flags & FIELD_SWEEPABLE && config_key_within(&key, "agent") &&
                       strcmp(key.field->name, "algorithm") != 0;
    if (!usual && !is_left_out(config, &key))
      complete = field_put(root, key.path, config_value_json(config, &key));
  }
  return finish(root, complete, out);
}

static const char *section_help(const char *name) {
  for (int i = 0; i < config_section_count; ++i)
    if (!strcmp(config_sections[i].name, name)) return config_sections[i].help;
  return NULL;
}

/// The schema of a group of keys within `object`, made where it is not there yet.
static cJSON *group_schema(cJSON *object, const char *name, const char *help) {
  cJSON *members = cJSON_GetObjectItemCaseSensitive(object, "properties");
  cJSON *group = cJSON_GetObjectItemCaseSensitive(members, name);
  if (group) return group;
  group = cJSON_AddObjectToObject(members, name);
  cJSON *types = cJSON_AddArrayToObject(group, "type");
  cJSON_AddItemToArray(types, cJSON_CreateString("object"));
  cJSON_AddItemToArray(types, cJSON_CreateString("null"));
  if (help) cJSON_AddStringToObject(group, "description", help);
  cJSON_AddFalseToObject(group, "additionalProperties");
  cJSON_AddObjectToObject(group, "properties");
  return group;
}

static bool add_key_schema(cJSON *root, const config_key *key) {
  cJSON *object = root;
  cJSON *node =
      key->field->kind == FIELD_KIND_JSON ? config_json_schema(key) : field_schema(key->field);
  const char *at = key->path;
  for (const char *dot; object && (dot = strchr(at, '.')); at = dot + 1) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(dot - at), at);
    object = group_schema(object, name, object == root ? section_help(name) : NULL);
  }
  cJSON *members = cJSON_GetObjectItemCaseSensitive(object, "properties");
  if (members && node && cJSON_AddItemToObject(members, at, node)) return true;
  cJSON_Delete(node);
  return false;
}

throng_status config_schema(char **out) {
  cJSON *root = cJSON_CreateObject();
  bool complete = root != NULL;
  if (complete) {
    cJSON_AddStringToObject(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(root, "title", "throng configuration");
    cJSON_AddStringToObject(root, "type", "object");
    cJSON_AddFalseToObject(root, "additionalProperties");
    cJSON *properties = cJSON_AddObjectToObject(root, "properties");
    cJSON *schema = cJSON_AddObjectToObject(properties, "$schema");
    complete = schema && cJSON_AddStringToObject(schema, "type", "string");
  }
  config_key key;
  for (int i = 0; complete && config_key_at(i, &key); ++i) complete = add_key_schema(root, &key);
  return finish(root, complete, out);
}
