/// Reading a config file. json_parse checks the text and builds the tree; a second, tiny walk over
/// the same text finds where each key stands, which the tree does not keep.
#include "config/read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/json.h"
#include "config/keys.h"
#include "data/stream.h"

enum { LARGEST_FILE = 1 << 20 };

typedef struct reader {
  throng_config *config;
  const char *name;
  const char *text;  // NUL-terminated
  size_t length;
  size_t at;
  config_origin origin;
} reader;

static config_place place_of(const reader *r, size_t at) {
  config_place place = {1, 1};
  for (size_t i = 0; i < at && i < r->length; ++i) {
    ++place.column;
    if (r->text[i] == '\n') ++place.line, place.column = 1;
  }
  return place;
}

static throng_status fail_at(const reader *r, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static throng_status fail_at(const reader *r, size_t at, const char *format, ...) {
  char cause[768];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cause, sizeof cause, format, arguments);
  va_end(arguments);
  config_place place = place_of(r, at);
  return throng_fail(THRONG_ERROR_CONFIG, "%s:%d:%d: %s", r->name, place.line, place.column, cause);
}

/// Space and comments; the text has passed json_parse.
static void skip_space(reader *r) {
  for (; r->at < r->length; ++r->at) {
    const char *at = r->text + r->at;
    if (at[0] == '/' && at[1] == '/') {
      const char *end = memchr(at, '\n', r->length - r->at);
      r->at = end ? (size_t)(end - r->text) : r->length;
    } else if (at[0] == '/') {
      const char *end = memmem(at + 2, r->length - r->at - 2, "*/", 2);
      r->at = end ? (size_t)(end - r->text) + 1 : r->length;
    } else if (!strchr(" \t\r\n", *at)) {
      return;
    }
  }
}

static void skip_string(reader *r) {
  for (++r->at; r->at < r->length && r->text[r->at] != '"'; ++r->at)
    if (r->text[r->at] == '\\') ++r->at;
  ++r->at;
}

/// Past one value.
static void skip_value(reader *r) {
  int depth = 0;
  for (skip_space(r); r->at < r->length; skip_space(r)) {
    char c = r->text[r->at];
    bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (depth == 0 && (closes || c == ',')) return;
    depth += opens - closes;
    if (c == '"')
      skip_string(r);
    else
      ++r->at;
  }
}

/// The names one level below the group `path` ("" for the sections), as far as there is room.
static void list_names(const char *path, char *list, size_t size) {
  size_t length = strlen(path), used = 0;
  char before[64] = "";
  config_key key;
  for (int i = 0; used + 64 < size && config_key_at(i, &key); ++i) {
    if (length && !config_key_within(&key, path)) continue;
    char *name = key.path + (length ? length + 1 : 0);
    name[strcspn(name, ".")] = '\0';
    if (!strcmp(name, before)) continue;
    used += (size_t)snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
    snprintf(before, sizeof before, "%s", name);
  }
}

static throng_status unknown_key(const reader *r, size_t at, const char *path) {
  config_key nearest;
  if (config_nearest_key(path, 0, &nearest))
    return fail_at(r, at, "%.120s: no such key; did you mean %s?", path, nearest.path);
  char group[128], list[768] = "";
  snprintf(group, sizeof group, "%.120s", path);
  char *point = strrchr(group, '.');
  if (point) *point = '\0';
  if (!point || !config_is_group(group)) *group = '\0';
  list_names(group, list, sizeof list);
  if (!*group) return fail_at(r, at, "%.120s: no such key; the sections are %s", path, list);
  return fail_at(r, at, "%.120s: no such key; %s has %s", path, group, list);
}

/// A copy of the value's own text.
static throng_status keep_source(const reader *r, size_t at) {
  reader end = *r;
  end.at = at;
  skip_value(&end);
  char *source = strndup(r->text + at, end.at - at);
  if (!source) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", r->name);
  THRONG_TRY(config_keep(r->config, source));
  r->config->space_source = source;
  return THRONG_OK;
}

bool config_member_place(const char *text, config_place from, const char *name, config_place *out) {
  reader r = {.text = text, .length = strlen(text)};
  const size_t length = strlen(name);
  if (*text != '{') return false;
  for (r.at = 1; r.at < r.length && text[r.at] != '}'; ++r.at) {
    skip_space(&r);
    if (text[r.at] != '"') return false;
    const char *key = text + r.at + 1;
    const bool found = !strncmp(key, name, length) && key[length] == '"';
    skip_string(&r);
    skip_space(&r);
    ++r.at;  // the colon
    skip_space(&r);
    if (found) {
      *out = place_of(&r, r.at);
      if (out->line == 1) out->column += from.column - 1;
      out->line += from.line - 1;
      return true;
    }
    skip_value(&r);
    if (r.at >= r.length || text[r.at] != ',') return false;
  }
  return false;
}

static throng_status assign(reader *r, const config_key *key, const cJSON *value, size_t at) {
  throng_status status = config_assign(r->config, key, value, r->origin, key->path);
  if (status == THRONG_ERROR_CONFIG) {
    char cause[768];
    snprintf(cause, sizeof cause, "%s", throng_error_message());
    return fail_at(r, at, "%s", cause);
  }
  // For what is found wrong only where the value is used.
  const bool json = key->field->kind == FIELD_KIND_JSON;
  if (status == THRONG_OK && (r->config->raw[key->index] || json))
    r->config->place[key->index] = place_of(r, at);
  if (status == THRONG_OK && r->origin == CONFIG_FILE && !strcmp(key->path, "sweep.space"))
    status = keep_source(r, at);
  return status;
}

static throng_status unset_group(reader *r, const char *group, const cJSON *null) {
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i)
    if (config_key_within(&key, group))
      THRONG_TRY(config_assign(r->config, &key, null, r->origin, group));
  return THRONG_OK;
}

/// Walk an object and its text side by side. Depth is bounded by the table: only known groups are
/// entered.
static throng_status read_object(reader *r, const cJSON *object, const char *prefix) {
  ++r->at;  // the brace
  for (const cJSON *value = object->child; value; value = value->next) {
    skip_space(r);
    size_t key_at = r->at;
    skip_string(r);
    skip_space(r);
    ++r->at;  // the colon
    skip_space(r);
    size_t value_at = r->at;
    char path[160];
    int size = snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", value->string);
    if (size < 0 || (size_t)size >= sizeof path) return unknown_key(r, key_at, path);
    for (const cJSON *other = object->child; other != value; other = other->next)
      if (!strcmp(other->string, value->string)) return fail_at(r, key_at, "%s: given twice", path);
    if (strchr(value->string, '.'))
      return fail_at(r, key_at, "%s: expected sections and keys as nested objects", path);
    config_key key;
    if (config_find_key(path, &key)) {
      THRONG_TRY(assign(r, &key, value, value_at));
      skip_value(r);
    } else if (config_is_group(path) && cJSON_IsNull(value)) {
      THRONG_TRY(unset_group(r, path, value));
      skip_value(r);
    } else if (config_is_group(path)) {
      if (!cJSON_IsObject(value))
        return fail_at(r, value_at, "%s: expected an object with its keys", path);
      THRONG_TRY(read_object(r, value, path));
    } else if (!*prefix && !strcmp(path, "$schema")) {
      skip_value(r);  // editors read it
    } else {
      return unknown_key(r, key_at, path);
    }
    skip_space(r);
    if (r->at < r->length && r->text[r->at] == ',') ++r->at;
  }
  skip_space(r);
  ++r->at;  // the closing brace
  return THRONG_OK;
}

throng_status config_read(throng_config *config, const char *text, size_t length, const char *name,
                          config_origin origin) {
  reader r = {.config = config, .name = name, .text = text, .length = length, .origin = origin};
  cJSON *tree = NULL;
  if (origin == CONFIG_FILE)
    THRONG_TRY(file_kind_expect(name, file_kind_of_bytes(text, length), FILE_KIND_CONFIG,
                                THRONG_ERROR_CONFIG));
  if (length > LARGEST_FILE)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: more than the %d bytes that a config may have",
                       name, LARGEST_FILE);
  throng_status status = json_parse(name, 1, text, length, JSON_COMMENTS | JSON_DUPLICATES, &tree);
  if (status == THRONG_ERROR_DATA) return THRONG_ERROR_CONFIG;  // the message stays
  if (status != THRONG_OK) return status;
  if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) r.at = 3;  // a byte order mark
  skip_space(&r);
  if (cJSON_IsObject(tree))
    status = read_object(&r, tree, "");
  else
    status = fail_at(&r, r.at, "expected an object of sections: { \"dataset\": {...}, ... }");
  cJSON_Delete(tree);
  return status;
}

throng_status config_read_file(const char *path, char **text, size_t *length) {
  *text = NULL;
  *length = 0;
  file_kind kind = file_kind_of(path);
  if (kind == FILE_KIND_FOLDER || kind == FILE_KIND_RUN)
    return file_kind_expect(path, kind, FILE_KIND_CONFIG, THRONG_ERROR_IO);
  FILE *file;
  THRONG_TRY(stream_open_file(path, "CONFIG", NULL, &file));
  throng_status status = throng_alloc((void **)text, LARGEST_FILE + 2, 1, path);
  if (status == THRONG_OK) {
    *length = fread(*text, 1, LARGEST_FILE + 1, file);
    if (ferror(file))
      status = throng_fail(THRONG_ERROR_IO, "%s: %s", stream_name(path), strerror(errno));
  }
  fclose(file);
  if (status != THRONG_OK) free(*text), *text = NULL;
  return status;
}
