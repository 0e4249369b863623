/// Options from JSON, to JSON and as JSON Schema.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "base/json.h"
#include "base/numbers.h"

// --- from JSON -------------------------------------------------------------------------------

static const char *kind_of(const cJSON *value) {
  if (cJSON_IsString(value)) return "a string";
  if (cJSON_IsNumber(value)) return "a number";
  if (cJSON_IsBool(value)) return "a boolean";
  if (cJSON_IsNull(value)) return "null";
  if (cJSON_IsArray(value)) return "an array";
  return "an object";
}

static throng_status refuse(const field *f, const cJSON *value, const char *where) {
  NUMBERS_WITHOUT_LOCALE;
  char expected[320], seen[96];
  field_expectation(f, expected, sizeof expected);
  if (cJSON_IsNumber(value))
    snprintf(seen, sizeof seen, "%.15g", value->valuedouble);
  else if (cJSON_IsString(value))
    snprintf(seen, sizeof seen, "\"%.60s\"", value->valuestring);
  else if (!cJSON_IsArray(value) ||
           !cJSON_PrintPreallocated((cJSON *)(uintptr_t)value, seen, sizeof seen, 0))
    snprintf(seen, sizeof seen, "%s", kind_of(value));
  return throng_fail(THRONG_ERROR_CONFIG, "%s: expected %s, not %s", where, expected, seen);
}

static int name_index(const char *const *names, const char *name) {
  for (int i = 0; names[i]; ++i)
    if (!strcmp(names[i], name)) return i;
  return -1;
}

/// "" is no text.
static throng_status assign_text(const field *f, char *at, const cJSON *value, const char *where,
                                 void **owned) {
  char *text = NULL;
  if (!cJSON_IsString(value)) return refuse(f, value, where);
  if (*value->valuestring) {
    if (f->names && name_index(f->names, value->valuestring) < 0) return refuse(f, value, where);
    text = strdup(value->valuestring);
    if (!text) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  }
  *owned = text;
  memcpy(at, &text, sizeof text);
  return THRONG_OK;
}

static throng_status assign_json(char *at, const cJSON *value, const char *where, void **owned) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *copy = cJSON_Duplicate(value, true);
  char *text = json_keep_digits(copy) ? cJSON_PrintUnformatted(copy) : NULL;
  cJSON_Delete(copy);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", where);
  *owned = text;
  memcpy(at, &text, sizeof text);
  return THRONG_OK;
}

/// The list's pointers and its texts in one block.
static throng_status assign_texts(const field *f, char *at, const cJSON *value, const char *where,
                                  void **owned) {
  size_t n = 0, bytes = sizeof(char *);
  const cJSON *element;
  if (!cJSON_IsArray(value)) return refuse(f, value, where);
  cJSON_ArrayForEach(element, value) {
    if (!cJSON_IsString(element)) return refuse(f, element, where);
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
  *owned = list;
  memcpy(at, &list, sizeof list);
  return THRONG_OK;
}

static throng_status number_of(const field *f, const cJSON *value, const char *where, double *x) {
  if (f->kind == FIELD_KIND_BOOL) {
    if (!cJSON_IsBool(value)) return refuse(f, value, where);
    *x = cJSON_IsTrue(value);
    return THRONG_OK;
  }
  if (f->kind == FIELD_KIND_ENUM) {
    int index = cJSON_IsString(value) ? name_index(f->names, value->valuestring) : -1;
    if (index < 0) return refuse(f, value, where);
    *x = index;
    return THRONG_OK;
  }
  if (f->flags & FIELD_AUTO && cJSON_IsString(value) && !strcmp(value->valuestring, "auto"))
    return *x = 0, THRONG_OK;
  if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) ||
      !field_holds(f, value->valuedouble))
    return refuse(f, value, where);
  *x = value->valuedouble;
  return THRONG_OK;
}

/// All elements are looked at before one is written.
static throng_status assign_numbers(const field *f, void *def, const cJSON *value,
                                    const char *where) {
  const cJSON *first = f->count > 1 ? value->child : value, *element = first;
  const int given = f->count == 1 ? 1 : cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 0;
  double x;
  if (given > f->count || given < (f->fewest ? f->fewest : f->count))
    return refuse(f, value, where);
  for (int k = 0; k < given; ++k, element = element->next)
    THRONG_TRY(number_of(f, element, where, &x));
  field_reset(f, def);
  element = first;
  for (int k = 0; k < given; ++k, element = element->next) {
    THRONG_TRY(number_of(f, element, where, &x));
    field_write(f, def, k, x);
  }
  return THRONG_OK;
}

throng_status field_assign(const field *f, void *def, const cJSON *value, const char *where,
                           void **owned) {
  char *at = (char *)def + f->offset;
  *owned = NULL;
  if (cJSON_IsNull(value)) return field_reset(f, def), THRONG_OK;
  if (field_is_text(f)) return assign_text(f, at, value, where, owned);
  if (f->kind == FIELD_KIND_TEXTS) return assign_texts(f, at, value, where, owned);
  if (f->kind == FIELD_KIND_JSON) return assign_json(at, value, where, owned);
  return assign_numbers(f, def, value, where);
}

// --- to JSON ---------------------------------------------------------------------------------

cJSON *field_path_json(const char *text) {
  size_t length = strlen(text) + 3;
  for (const char *at = text; (at = strstr(at, "${")); at += 2) ++length;
  char *escaped = malloc(length), *to = escaped;
  if (!escaped) return NULL;
  if (!strcmp(text, "~") || !strncmp(text, "~/", 2)) to = stpcpy(to, "./");
  for (const char *at = text; *at; ++at) {
    if (!strncmp(at, "${", 2)) *to++ = '$';
    *to++ = *at;
  }
  *to = '\0';
  cJSON *node = cJSON_CreateString(escaped);
  free(escaped);
  return node;
}

/// null is read as the default: where that is a text, having none is said as "".
static cJSON *text_json(const field *f, const char *text) {
  if (!text) return f->text ? cJSON_CreateString("") : cJSON_CreateNull();
  return f->kind == FIELD_KIND_PATH ? field_path_json(text) : cJSON_CreateString(text);
}

static cJSON *texts_json(const char *const *list) {
  cJSON *array = cJSON_CreateArray();
  for (; array && list && *list; ++list) cJSON_AddItemToArray(array, cJSON_CreateString(*list));
  return array;
}

static cJSON *element_json(const field *f, double x) {
  char text[40];
  if (f->flags & FIELD_AUTO && x == 0) return cJSON_CreateString("auto");
  if (f->kind == FIELD_KIND_BOOL) return cJSON_CreateBool(x != 0);
  if (f->kind == FIELD_KIND_ENUM) return cJSON_CreateString(f->names[(int)x]);
  if (f->kind == FIELD_KIND_F32 || f->kind == FIELD_KIND_F64)
    field_number_text(x, f->kind == FIELD_KIND_F32, text, sizeof text);
  else
    snprintf(text, sizeof text, "%lld", (long long)x);
  return cJSON_CreateRaw(text);
}

static cJSON *parsed_json(const char *text) {
  NUMBERS_WITHOUT_LOCALE;
  return text ? cJSON_Parse(text) : cJSON_CreateNull();
}

cJSON *field_json(const field *f, const void *def) {
  if (f->kind == FIELD_KIND_JSON) return parsed_json(field_text(f, def));
  if (field_is_text(f)) return text_json(f, field_text(f, def));
  if (f->kind == FIELD_KIND_TEXTS)
    return texts_json(*(const char *const *const *)(const void *)((const char *)def + f->offset));
  if (f->count == 1) return element_json(f, field_get(f, def, 0));
  cJSON *array = cJSON_CreateArray();
  for (int k = 0; array && k < f->count; ++k)
    cJSON_AddItemToArray(array, element_json(f, field_get(f, def, k)));
  return array;
}

bool field_put(cJSON *root, const char *path, cJSON *value) {
  cJSON *object = root;
  const char *at = path;
  for (const char *dot; object && (dot = strchr(at, '.')); at = dot + 1) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(dot - at), at);
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, name);
    object = inner ? inner : cJSON_AddObjectToObject(object, name);
  }
  if (object && value && cJSON_AddItemToObject(object, at, value)) return true;
  cJSON_Delete(value);
  return false;
}

bool fields_put(const field_table *table, const void *def, cJSON *root) {
  for (int i = 0; i < table->count; ++i) {
    char path[96];
    snprintf(path, sizeof path, "%s.%s", table->section, table->row[i].name);
    if (!field_put(root, path, field_json(&table->row[i], def))) return false;
  }
  return true;
}

// --- schema ----------------------------------------------------------------------------------

static const char *schema_type(field_kind kind) {
  switch (kind) {
    case FIELD_KIND_STRING:
    case FIELD_KIND_PATH:
    case FIELD_KIND_TEXTS:
    case FIELD_KIND_ENUM: return "string";
    case FIELD_KIND_BOOL: return "boolean";
    case FIELD_KIND_F32:
    case FIELD_KIND_F64: return "number";
    default: return "integer";
  }
}

/// null unsets a key.
static void add_type(cJSON *node, const char *type, bool nullable) {
  if (!nullable) {
    cJSON_AddStringToObject(node, "type", type);
    return;
  }
  cJSON *types = cJSON_AddArrayToObject(node, "type");
  cJSON_AddItemToArray(types, cJSON_CreateString(type));
  cJSON_AddItemToArray(types, cJSON_CreateString("null"));
}

static void describe_element(cJSON *node, const field *f, bool nullable) {
  if (f->flags & FIELD_AUTO) {
    cJSON *any = cJSON_AddArrayToObject(node, "anyOf"), *word = cJSON_CreateObject();
    cJSON_AddStringToObject(word, "const", "auto");
    cJSON_AddItemToArray(any, word);
    cJSON_AddItemToArray(any, node = cJSON_CreateObject());
  }
  add_type(node, schema_type(f->kind), nullable);
  if (f->names) {
    cJSON *names = cJSON_AddArrayToObject(node, "enum");
    for (int i = 0; f->names[i]; ++i) cJSON_AddItemToArray(names, cJSON_CreateString(f->names[i]));
    if (nullable) cJSON_AddItemToArray(names, cJSON_CreateNull());
  } else if (f->initial && f->kind != FIELD_KIND_BOOL) {
    cJSON_AddNumberToObject(node, "minimum", f->least);
    cJSON_AddNumberToObject(node, "maximum", f->most);
  }
}

static cJSON *default_json(const field *f) {
  if (f->kind == FIELD_KIND_JSON) return cJSON_CreateNull();
  if (field_is_text(f)) return f->text ? cJSON_CreateString(f->text) : cJSON_CreateNull();
  if (f->kind == FIELD_KIND_TEXTS) return texts_json(f->texts);
  if (f->count == 1) return element_json(f, f->initial[0]);
  cJSON *array = cJSON_CreateArray();
  for (int k = 0; array && k < f->count; ++k)
    cJSON_AddItemToArray(array, element_json(f, f->initial[k]));
  return array;
}

cJSON *field_schema(const field *f) {
  cJSON *node = cJSON_CreateObject();
  bool list = f->kind == FIELD_KIND_TEXTS || f->count > 1;
  cJSON_AddStringToObject(node, "description", f->help);
  if (list) {
    add_type(node, "array", true);
    if (f->count > 1) {
      cJSON_AddNumberToObject(node, "minItems", f->fewest ? f->fewest : f->count);
      cJSON_AddNumberToObject(node, "maxItems", f->count);
    }
    cJSON *items = cJSON_AddObjectToObject(node, "items");
    if (items) describe_element(items, f, false);
  } else if (f->kind != FIELD_KIND_JSON) {
    describe_element(node, f, true);
  }
  if (node && cJSON_AddItemToObject(node, "default", default_json(f))) return node;
  cJSON_Delete(node);
  return NULL;
}
