/// A configuration as JSON, and the JSON Schema of all of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "config/keys.h"

/// The object in which the key stands, made on the way: "dataset.columns.user" -> columns.
/// With a schema every object's members are under "properties".
static cJSON *object_for(cJSON *root, const char *path, bool schema, const char **leaf) {
  cJSON *object = root;
  const char *at = path;
  for (const char *dot; (dot = strchr(at, '.')); at = dot + 1) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(dot - at), at);
    cJSON *members = schema ? cJSON_GetObjectItemCaseSensitive(object, "properties") : object;
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(members, name);
    if (!inner) {
      inner = cJSON_AddObjectToObject(members, name);
      if (inner && schema) {
        cJSON *types = cJSON_AddArrayToObject(inner, "type");
        cJSON_AddItemToArray(types, cJSON_CreateString("object"));
        cJSON_AddItemToArray(types, cJSON_CreateString("null"));
        for (int i = 0; i < config_section_count; ++i)
          if (object == root && !strcmp(config_sections[i].name, name))
            cJSON_AddStringToObject(inner, "description", config_sections[i].help);
        cJSON_AddFalseToObject(inner, "additionalProperties");
        cJSON_AddObjectToObject(inner, "properties");
      }
    }
    if (!inner) return NULL;
    object = inner;
  }
  *leaf = at;
  return schema ? cJSON_GetObjectItemCaseSensitive(object, "properties") : object;
}

static throng_status finish(cJSON *root, bool complete, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  *out = complete ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  if (!*out) return throng_fail(THRONG_ERROR_MEMORY, "printing a configuration: out of memory");
  return THRONG_OK;
}

static const char *string_of(const throng_config *config, const config_key *key) {
  return *(const char *const *)(const void *)((const char *)config + key->offset);
}

/// null is read as the default: where that is a text, having none is said as "".
static bool print_text(const throng_config *config, const throng_config *defaults,
                       const config_key *key, cJSON *object, const char *leaf) {
  const char *string = string_of(config, key);
  char *path = NULL;
  if (!string && string_of(defaults, key)) return cJSON_AddStringToObject(object, leaf, "");
  if (!string) return cJSON_AddNullToObject(object, leaf);
  if (key->kind == KEY_PATH && config_path_print(config, key, &path) != THRONG_OK) return false;
  bool added = cJSON_AddStringToObject(object, leaf, path ? path : string);
  free(path);
  return added;
}

throng_status config_print(const throng_config *config, char **out) {
  throng_config defaults;
  config_defaults(&defaults);
  cJSON *root = cJSON_CreateObject();
  bool complete = root != NULL;
  for (int i = 0; i < config_key_count && complete; ++i) {
    const config_key *key = &config_keys[i];
    const char *leaf;
    if (key->formats && !(key->formats >> config->dataset.format & 1u)) continue;
    // Where a world comes from is told by which of these sections is there.
    if (!strncmp(key->path, "dataset.", 8) && !config_has_section(config, "dataset")) continue;
    if (!strncmp(key->path, "synth.", 6) && !config_has_section(config, "synth")) continue;
    cJSON *object = object_for(root, key->path, false, &leaf);
    if (key->kind == KEY_STRING || key->kind == KEY_PATH) {
      complete = object && print_text(config, &defaults, key, object, leaf);
      continue;
    }
    if (key->kind == KEY_TEXTS) {
      cJSON *array = config_texts_json(config, key);
      complete = object && array && cJSON_AddItemToObject(object, leaf, array);
      if (!complete) cJSON_Delete(array);
      continue;
    }
    char text[256];
    config_value_text(config, key, text, sizeof text);
    complete = object && cJSON_AddRawToObject(object, leaf, text);
  }
  return finish(root, complete, out);
}

static const char *schema_type(key_kind kind) {
  switch (kind) {
    case KEY_STRING:
    case KEY_PATH:
    case KEY_ENUM: return "string";
    case KEY_BOOL: return "boolean";
    case KEY_F32:
    case KEY_F64: return "number";
    default: return "integer";
  }
}

static bool describe_element(cJSON *node, const config_key *key, bool nullable) {
  const char *type = schema_type(key->kind);
  bool text = key->kind == KEY_STRING || key->kind == KEY_PATH;
  if (nullable) {
    cJSON *types = cJSON_AddArrayToObject(node, "type");
    cJSON_AddItemToArray(types, cJSON_CreateString(type));
    cJSON_AddItemToArray(types, cJSON_CreateString("null"));
  } else {
    cJSON_AddStringToObject(node, "type", type);
  }
  if (key->kind == KEY_ENUM) {
    cJSON *names = cJSON_AddArrayToObject(node, "enum");
    for (int i = 0; key->names[i]; ++i)
      cJSON_AddItemToArray(names, cJSON_CreateString(key->names[i]));
    if (nullable) cJSON_AddItemToArray(names, cJSON_CreateNull());
  } else if (!text && key->kind != KEY_BOOL) {
    cJSON_AddNumberToObject(node, "minimum", key->minimum);
    cJSON_AddNumberToObject(node, "maximum", key->maximum);
  }
  return true;
}

throng_status config_schema(char **out) {
  throng_config defaults;
  config_defaults(&defaults);
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
  for (int i = 0; i < config_key_count && complete; ++i) {
    const config_key *key = &config_keys[i];
    char text[1024];
    const char *leaf;
    cJSON *object = object_for(root, key->path, true, &leaf);
    cJSON *node = object ? cJSON_AddObjectToObject(object, leaf) : NULL;
    config_value_text(&defaults, key, text, sizeof text);
    complete = node && cJSON_AddStringToObject(node, "description", key->help);
    if (!complete) break;
    if (key->kind == KEY_TEXTS) {
      cJSON *types = cJSON_AddArrayToObject(node, "type");
      cJSON_AddItemToArray(types, cJSON_CreateString("array"));
      cJSON_AddItemToArray(types, cJSON_CreateString("null"));
      cJSON *items = cJSON_AddObjectToObject(node, "items");
      complete = items && cJSON_AddStringToObject(items, "type", "string");
    } else if (key->count > 1) {
      cJSON *types = cJSON_AddArrayToObject(node, "type");
      cJSON_AddItemToArray(types, cJSON_CreateString("array"));
      cJSON_AddItemToArray(types, cJSON_CreateString("null"));
      cJSON_AddNumberToObject(node, "minItems", key->fewest ? key->fewest : key->count);
      cJSON_AddNumberToObject(node, "maxItems", key->count);
      cJSON *items = cJSON_AddObjectToObject(node, "items");
      complete = items && describe_element(items, key, false);
    } else {
      complete = describe_element(node, key, true);  // null unsets it
    }
    complete = complete && cJSON_AddRawToObject(node, "default", text);
  }
  return finish(root, complete, out);
}
