/// One key's value: from JSON into its field with range checks, and back to text.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "config/keys.h"

static char *field_of(const throng_config *config, const config_key *key) {
  return (char *)config + key->offset;
}

throng_status config_keep(throng_config *config, char *text) {
  throng_status status =
      throng_grow((void **)&config->owned, &config->owned_capacity, config->n_owned + 1,
                  sizeof *config->owned, "configuration strings");
  if (status != THRONG_OK) {
    free(text);
    return status;
  }
  config->owned[config->n_owned++] = text;
  return THRONG_OK;
}

static const char *kind_of(const cJSON *value) {
  if (cJSON_IsString(value)) return "a string";
  if (cJSON_IsNumber(value)) return "a number";
  if (cJSON_IsBool(value)) return "a boolean";
  if (cJSON_IsNull(value)) return "null";
  if (cJSON_IsArray(value)) return "an array";
  return "an object";
}

static void number_text(double x, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  snprintf(buffer, size, "%.15g", x);
}

static void names_text(const char *const *names, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (int i = 0; names[i] && used < size; ++i) {
    const char *between = i == 0 ? "" : names[i + 1] ? ", " : " or ";
    used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, names[i]);
  }
}

void config_expectation(const config_key *key, char *buffer, size_t size) {
  char low[40], high[40], one[256];
  number_text(key->minimum, low, sizeof low);
  number_text(key->maximum, high, sizeof high);
  switch (key->kind) {
    case KEY_STRING: snprintf(one, sizeof one, "a string"); break;
    case KEY_PATH: snprintf(one, sizeof one, "a path, as a string"); break;
    case KEY_TEXTS: snprintf(one, sizeof one, "an array of strings"); break;
    case KEY_BOOL: snprintf(one, sizeof one, "true or false"); break;
    case KEY_ENUM: names_text(key->names, one, sizeof one); break;
    case KEY_F32:
    case KEY_F64: snprintf(one, sizeof one, "a number in %s..%s", low, high); break;
    default: snprintf(one, sizeof one, "an integer in %s..%s", low, high); break;
  }
  if (key->count == 1)
    snprintf(buffer, size, "%s", one);
  else if (key->fewest)
    snprintf(buffer, size, "an array of %d to %d, each %s", key->fewest, key->count, one);
  else
    snprintf(buffer, size, "an array of %d, each %s", key->count, one);
}

static throng_status refuse(const config_key *key, const cJSON *value, const char *where) {
  char expected[320], seen[96];
  config_expectation(key, expected, sizeof expected);
  if (cJSON_IsNumber(value))
    number_text(value->valuedouble, seen, sizeof seen);
  else if (cJSON_IsString(value))
    snprintf(seen, sizeof seen, "\"%.60s\"", value->valuestring);
  else
    snprintf(seen, sizeof seen, "%s", kind_of(value));
  return throng_fail(THRONG_ERROR_CONFIG, "%s: expected %s, not %s", where, expected, seen);
}

static throng_status assign_text(throng_config *config, const config_key *key, const cJSON *value,
                                 const char *where) {
  const char **field = (const char **)(void *)field_of(config, key);
  if (!cJSON_IsString(value)) return refuse(key, value, where);
  config->raw[key - config_keys] = false;
  if (!*value->valuestring) return *field = NULL, THRONG_OK;
  char *text = strdup(value->valuestring);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  THRONG_TRY(config_keep(config, text));
  *field = text;
  config->raw[key - config_keys] = key->kind == KEY_PATH && config_path_is_raw(text);
  return THRONG_OK;
}

/// The list's pointers and its texts in one block.
static throng_status assign_texts(throng_config *config, const config_key *key, const cJSON *value,
                                  const char *where) {
  char *field = field_of(config, key);
  size_t n = 0, bytes = sizeof(char *);
  const cJSON *element;
  if (!cJSON_IsArray(value)) return refuse(key, value, where);
  cJSON_ArrayForEach(element, value) {
    if (!cJSON_IsString(element)) return refuse(key, element, where);
    bytes += sizeof(char *) + strlen(element->valuestring) + 1;
    n++;
  }
  char **list = calloc(1, bytes);
  if (!list) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  char *text = (char *)(list + n + 1);
  n = 0;
  cJSON_ArrayForEach(element, value) {
    list[n++] = strcpy(text, element->valuestring);
    text += strlen(text) + 1;
  }
  THRONG_TRY(config_keep(config, (char *)list));
  memcpy(field, &list, sizeof(void *));
  return THRONG_OK;
}

cJSON *config_texts_json(const throng_config *config, const config_key *key) {
  const char *const *list = *(const char *const *const *)(const void *)field_of(config, key);
  cJSON *array = cJSON_CreateArray();
  for (; array && list && *list; ++list) cJSON_AddItemToArray(array, cJSON_CreateString(*list));
  return array;
}

static throng_status assign_element(const config_key *key, char *field, const cJSON *value,
                                    const char *where) {
  if (key->kind == KEY_BOOL) {
    if (!cJSON_IsBool(value)) return refuse(key, value, where);
    bool truth = cJSON_IsTrue(value);
    memcpy(field, &truth, sizeof truth);
    return THRONG_OK;
  }
  if (key->kind == KEY_ENUM) {
    for (int i = 0; cJSON_IsString(value) && key->names[i]; ++i)
      if (!strcmp(key->names[i], value->valuestring)) return memcpy(field, &i, sizeof i), THRONG_OK;
    return refuse(key, value, where);
  }
  if (!cJSON_IsNumber(value)) return refuse(key, value, where);
  double x = value->valuedouble;
  if (!isfinite(x) || x < key->minimum || x > key->maximum) return refuse(key, value, where);
  bool whole = key->kind != KEY_F32 && key->kind != KEY_F64;
  if (whole && x != floor(x)) return refuse(key, value, where);
  switch (key->kind) {
    case KEY_I32: memcpy(field, &(int32_t){(int32_t)x}, sizeof(int32_t)); break;
    case KEY_U32: memcpy(field, &(uint32_t){(uint32_t)x}, sizeof(uint32_t)); break;
    case KEY_I64: memcpy(field, &(int64_t){(int64_t)x}, sizeof(int64_t)); break;
    case KEY_F32: memcpy(field, &(float){(float)x}, sizeof(float)); break;
    default: memcpy(field, &x, sizeof x); break;
  }
  return THRONG_OK;
}

static size_t element_size(const config_key *key) {
  switch (key->kind) {
    case KEY_I64:
    case KEY_F64: return 8;
    case KEY_BOOL: return sizeof(bool);
    default: return 4;
  }
}

/// The value that the key has where nobody gives one.
static throng_status unset(throng_config *config, const config_key *key, const char *where) {
  throng_config *defaults = malloc(sizeof *defaults);
  if (!defaults) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  config_defaults(defaults);
  bool text = key->kind == KEY_STRING || key->kind == KEY_PATH || key->kind == KEY_TEXTS;
  size_t size = text ? sizeof(char *) : element_size(key) * (size_t)key->count;
  memcpy(field_of(config, key), field_of(defaults, key), size);
  free(defaults);
  config->origin[key - config_keys] = CONFIG_DEFAULT;
  config->raw[key - config_keys] = false;
  return THRONG_OK;
}

throng_status config_assign(throng_config *config, const config_key *key, const cJSON *value,
                            config_origin origin, const char *where) {
  if (cJSON_IsNull(value)) return unset(config, key, where);
  if (key->kind == KEY_STRING || key->kind == KEY_PATH) {
    THRONG_TRY(assign_text(config, key, value, where));
  } else if (key->kind == KEY_TEXTS) {
    THRONG_TRY(assign_texts(config, key, value, where));
  } else if (key->count == 1) {
    THRONG_TRY(assign_element(key, field_of(config, key), value, where));
  } else {
    const int n = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
    if (n > key->count || n < (key->fewest ? key->fewest : key->count))
      return refuse(key, value, where);
    if (n < key->count) THRONG_TRY(unset(config, key, where));
    char *field = field_of(config, key);
    for (const cJSON *element = value->child; element; element = element->next) {
      THRONG_TRY(assign_element(key, field, element, where));
      field += element_size(key);
    }
  }
  config->origin[key - config_keys] = (uint8_t)origin;
  return THRONG_OK;
}

/// The shortest decimal that reads back to the same float: 0.025, not 0.0250000004.
static void float_text(double x, bool single, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  for (int digits = 1; digits <= 17; ++digits) {
    snprintf(buffer, size, "%.*g", digits, x);
    double back = strtod(buffer, NULL);
    if (single ? (float)back == (float)x : back == x) return;
  }
}

static void element_text(const config_key *key, const char *field, char *buffer, size_t size) {
  switch (key->kind) {
    case KEY_BOOL: snprintf(buffer, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case KEY_ENUM:
      snprintf(buffer, size, "\"%s\"", key->names[*(const int *)(const void *)field]);
      break;
    case KEY_I32: snprintf(buffer, size, "%d", *(const int32_t *)(const void *)field); break;
    case KEY_U32: snprintf(buffer, size, "%u", *(const uint32_t *)(const void *)field); break;
    case KEY_I64:
      snprintf(buffer, size, "%lld", (long long)*(const int64_t *)(const void *)field);
      break;
    case KEY_F32: float_text(*(const float *)(const void *)field, true, buffer, size); break;
    default: {
      double x = *(const double *)(const void *)field;
      if (isnan(x))
        snprintf(buffer, size, "null");
      else
        float_text(x, false, buffer, size);
    }
  }
}

static void numbers_text(const throng_config *config, const config_key *key, char *buffer,
                         size_t size) {
  const char *field = field_of(config, key);
  if (key->count == 1) {
    element_text(key, field, buffer, size);
    return;
  }
  size_t used = (size_t)snprintf(buffer, size, "[");
  for (int i = 0; i < key->count && used < size; ++i) {
    char one[64];
    element_text(key, field + (size_t)i * element_size(key), one, sizeof one);
    used += (size_t)snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", one);
  }
  if (used < size) snprintf(buffer + used, size - used, "]");
}

cJSON *config_value_json(const throng_config *config, const config_key *key) {
  char text[256];
  if (key->kind == KEY_TEXTS) return config_texts_json(config, key);
  if (key->kind == KEY_STRING || key->kind == KEY_PATH) {
    const char *string = *(const char *const *)(const void *)field_of(config, key);
    return string ? cJSON_CreateString(string) : cJSON_CreateNull();
  }
  numbers_text(config, key, text, sizeof text);
  return cJSON_CreateRaw(text);
}

void config_value_text(const throng_config *config, const config_key *key, char *buffer,
                       size_t size) {
  cJSON *node = config_value_json(config, key);
  char *printed = node ? cJSON_PrintUnformatted(node) : NULL;
  snprintf(buffer, size, "%s", printed ? printed : "null");
  cJSON_free(printed);
  cJSON_Delete(node);
}
