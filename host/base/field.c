/// Defaults, limits and values of options by their rows; JSON is field_json.c's.
#include "base/field.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

static size_t element_size(field_kind kind) {
  switch (kind) {
    case FIELD_KIND_STRING:
    case FIELD_KIND_PATH:
    case FIELD_KIND_JSON: return sizeof(const char *);
    case FIELD_KIND_TEXTS: return sizeof(const char *const *);
    case FIELD_KIND_I64:
    case FIELD_KIND_F64: return 8;
    case FIELD_KIND_BOOL: return sizeof(bool);
    default: return 4;
  }
}

static char *element_at(const field *f, const void *def, int element) {
  return (char *)def + f->offset + (size_t)element * element_size(f->kind);
}

static int name_count(const char *const *names) {
  int n = 0;
  while (names[n]) ++n;
  return n;
}

double field_get(const field *f, const void *def, int element) {
  const void *at = element_at(f, def, element);
  switch (f->kind) {
    case FIELD_KIND_I32: return *(const int32_t *)at;
    case FIELD_KIND_U32: return *(const uint32_t *)at;
    case FIELD_KIND_I64: return (double)*(const int64_t *)at;
    case FIELD_KIND_F32: return (double)*(const float *)at;
    case FIELD_KIND_F64: return *(const double *)at;
    case FIELD_KIND_BOOL: return *(const bool *)at;
    case FIELD_KIND_ENUM: return *(const int *)at;
    default: return NAN;
  }
}

void field_write(const field *f, void *def, int element, double x) {
  void *at = element_at(f, def, element);
  switch (f->kind) {
    case FIELD_KIND_I32: *(int32_t *)at = (int32_t)x; break;
    case FIELD_KIND_U32: *(uint32_t *)at = (uint32_t)x; break;
    case FIELD_KIND_I64: *(int64_t *)at = (int64_t)x; break;
    case FIELD_KIND_F32: *(float *)at = (float)x; break;
    case FIELD_KIND_F64: *(double *)at = x; break;
    case FIELD_KIND_BOOL: *(bool *)at = x != 0; break;
    case FIELD_KIND_ENUM: *(int *)at = (int)x; break;
    default: break;
  }
}

/// Limits of single precision are compared as such: 1e-9 is none of its numbers.
bool field_holds(const field *f, double x) {
  if (f->flags & FIELD_AUTO && x == 0) return true;
  if (isnan(x)) return isnan(f->initial[0]) && f->kind == FIELD_KIND_F64;
  switch (f->kind) {
    case FIELD_KIND_F32: return (float)x >= (float)f->least && (float)x <= (float)f->most;
    case FIELD_KIND_F64: return x >= f->least && x <= f->most;
    case FIELD_KIND_ENUM: return x == floor(x) && x >= 0 && x < name_count(f->names);
    default: return x == floor(x) && x >= f->least && x <= f->most;
  }
}

bool field_is_text(const field *f) {
  return f->kind == FIELD_KIND_STRING || f->kind == FIELD_KIND_PATH;
}

const char *field_text(const field *f, const void *def) {
  return *(const char *const *)(const void *)element_at(f, def, 0);
}

const char *field_name(const field *f, const void *def) {
  return f->names[(int)field_get(f, def, 0)];
}

void field_reset(const field *f, void *def) {
  char *at = element_at(f, def, 0);
  if (field_is_text(f) || f->kind == FIELD_KIND_JSON)
    memcpy(at, &f->text, sizeof f->text);
  else if (f->kind == FIELD_KIND_TEXTS)
    memcpy(at, &f->texts, sizeof f->texts);
  else
    for (int k = 0; k < f->count; ++k) field_write(f, def, k, f->initial[k]);
}

void fields_default(const field_table *table, void *def) {
  memset(def, 0, table->size);
  for (int i = 0; i < table->count; ++i) field_reset(&table->row[i], def);
  if (table->type) *(def_head *)def = (def_head){(int32_t)table->size, THRONG_COOKIE};
}

void field_number_text(double x, bool single, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  char text[32] = "null";
  for (int digits = 1; !isnan(x) && digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    const double back = strtod(text, NULL);
    if (single ? (float)back == (float)x : back == x) break;
  }
  snprintf(buffer, size, "%s", text);
}

static void list_names(const char *const *names, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = '\0';
  for (int i = 0; names[i] && used < size; ++i) {
    const char *between = i == 0 ? "" : names[i + 1] ? ", " : " or ";
    used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, names[i]);
  }
}

void field_expectation(const field *f, char *buffer, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  char one[256];
  bool whole = f->kind != FIELD_KIND_F32 && f->kind != FIELD_KIND_F64;
  if (f->names)
    list_names(f->names, one, sizeof one);
  else if (f->kind == FIELD_KIND_STRING)
    snprintf(one, sizeof one, "a string");
  else if (f->kind == FIELD_KIND_PATH)
    snprintf(one, sizeof one, "a path, as a string");
  else if (f->kind == FIELD_KIND_TEXTS)
    snprintf(one, sizeof one, "an array of strings");
  else if (f->kind == FIELD_KIND_JSON)
    snprintf(one, sizeof one, "JSON");
  else if (f->kind == FIELD_KIND_BOOL)
    snprintf(one, sizeof one, "true or false");
  else
    snprintf(one, sizeof one, "%s in %.15g..%.15g", whole ? "an integer" : "a number", f->least,
             f->most);
  if (f->flags & FIELD_AUTO)
    snprintf(buffer, size, "%s or \"auto\"", one);
  else if (f->count == 1)
    snprintf(buffer, size, "%s", one);
  else if (f->fewest)
    snprintf(buffer, size, "an array of %d to %d, each %s", f->fewest, f->count, one);
  else
    snprintf(buffer, size, "an array of %d, each %s", f->count, one);
}

static throng_status out_of_range(const field_table *table, const field *f, int element, double x) {
  field one = *f;
  char expected[320], seen[40], place[16] = "";
  one.count = 1;
  field_expectation(&one, expected, sizeof expected);
  field_number_text(x, f->kind == FIELD_KIND_F32, seen, sizeof seen);
  if (x == rint(x) && fabs(x) < 1e15) snprintf(seen, sizeof seen, "%.0f", x);
  if (f->count > 1) snprintf(place, sizeof place, "[%d]", element);
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s.%s%s: expected %s, not %s", table->section, f->name,
                     place, expected, isnan(x) ? "NaN" : seen);
}

throng_status field_set(const field_table *table, const field *f, void *def, int element,
                        double x) {
  if (!field_holds(f, x)) return out_of_range(table, f, element, x);
  field_write(f, def, element, x);
  return THRONG_OK;
}

/// A Def of a caller that was compiled against the header of another version has another size: its
/// members are not where this library looks for them.
throng_status def_check(const void *def, size_t size, const char *type) {
  const def_head *head = def;
  if (!head || head->cookie != THRONG_COOKIE)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: start from throng_default_%s()", type,
                       type + strlen("throng_"));
  if (head->size != (int32_t)size)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "%s: it has %d bytes, and %zu in this library: its caller was compiled "
                       "against the headers of another version than %s",
                       type, head->size, size, throng_version());
  return THRONG_OK;
}

static throng_status check_text(const field_table *table, const field *f, const char *text) {
  char expected[320];
  if (!text || !f->names) return THRONG_OK;
  for (const char *const *name = f->names; *name; ++name)
    if (!strcmp(*name, text)) return THRONG_OK;
  field_expectation(f, expected, sizeof expected);
  return throng_fail(THRONG_ERROR_ARGUMENT, "%s.%s: expected %s, not \"%.60s\"", table->section,
                     f->name, expected, text);
}

throng_status fields_check(const field_table *table, const void *def) {
  if (table->type) THRONG_TRY(def_check(def, table->size, table->type));
  for (int i = 0; i < table->count; ++i) {
    const field *f = &table->row[i];
    if (f->kind == FIELD_KIND_TEXTS || f->kind == FIELD_KIND_JSON) continue;
    if (field_is_text(f)) {
      THRONG_TRY(check_text(table, f, field_text(f, def)));
      continue;
    }
    for (int k = 0; k < f->count; ++k) {
      double x = field_get(f, def, k);
      if (!field_holds(f, x)) return out_of_range(table, f, k, x);
    }
  }
  return THRONG_OK;
}

const field *fields_find(const field_table *table, const char *name) {
  for (int i = 0; i < table->count; ++i)
    if (!strcmp(table->row[i].name, name)) return &table->row[i];
  return NULL;
}

const field *fields_next(const field_table *table, const field *after, unsigned flags) {
  const field *f = after ? after + 1 : table->row;
  for (; f < table->row + table->count; ++f)
    if ((f->flags & flags) == flags) return f;
  return NULL;
}
