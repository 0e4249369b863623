/// Writing and comparing lines of options.
#include "base/identity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

enum { VALUE_SIZE = 160 };

static bool counts(const field *f) {
  return !(f->flags & FIELD_NOT_IDENTITY) && !field_is_text(f) && f->kind != FIELD_KIND_TEXTS;
}

static bool same_number(const field *f, double a, double b) {
  if (f->kind == FIELD_KIND_F32) return (float)a == (float)b;
  return a == b || (isnan(a) && isnan(b));
}

/// Lines are as they were before there was such an option, unless it is used.
static bool is_unsaid(const field *f, const void *def) {
  if (!(f->flags & FIELD_UNSAID)) return false;
  for (int k = 0; k < f->count; ++k)
    if (!same_number(f, f->initial[k], field_get(f, def, k))) return false;
  return true;
}

/// Nine digits tell all floats apart.
static void value_text(const field *f, const void *def, char *text) {
  NUMBERS_WITHOUT_LOCALE;
  size_t used = 0;
  *text = '\0';
  for (int k = 0; k < f->count && used < VALUE_SIZE; ++k) {
    double x = field_get(f, def, k);
    int digits = f->kind == FIELD_KIND_F32 ? 9 : 17;
    if (f->kind == FIELD_KIND_ENUM)
      snprintf(text, VALUE_SIZE, "%s", f->names[(int)x]);
    else
      used += (size_t)snprintf(text + used, VALUE_SIZE - used, "%s%.*g", k ? " " : "", digits, x);
  }
}

throng_status identity_text(const identity *mine, char **out) {
  char value[VALUE_SIZE];
  size_t size;
  const char *before = "";
  *out = NULL;
  FILE *to = open_memstream(out, &size);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "identity: out of memory");
  for (const identity_part *p = mine->part; p->table; ++p)
    for (const field *f = NULL; (f = fields_next(p->table, f, 0));) {
      if (!counts(f) || is_unsaid(f, p->def)) continue;
      value_text(f, p->def, value);
      fprintf(to, "%s%s %s", before, f->name, value);
      before = ", ";
    }
  for (const identity_fact *fact = mine->fact; fact->name; ++fact) {
    fprintf(to, "%s%s %s", before, fact->name, fact->value);
    before = ", ";
  }
  bool whole = !ferror(to);
  if (fclose(to) == 0 && whole) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "identity: out of memory");
}

/// Past the comma and the space after an option; NULL after the last.
static const char *next_option(const char *option) {
  const char *comma = strstr(option, ", ");
  return comma ? comma + 2 : NULL;
}

static size_t option_length(const char *option) {
  const char *comma = strstr(option, ", ");
  return comma ? (size_t)(comma - option) : strlen(option);
}

const char *identity_value(const char *line, const char *name, size_t *length) {
  size_t n = strlen(name);
  for (const char *at = *line ? line : NULL; at; at = next_option(at)) {
    if (strncmp(at, name, n) != 0 || at[n] != ' ') continue;
    *length = option_length(at) - n - 1;
    return at + n + 1;
  }
  return NULL;
}

/// One element of a value; enums had their number in files of old versions.
static bool same_element(const field *f, const char *text, const char **rest, double x) {
  char *end;
  if (f->kind == FIELD_KIND_ENUM) {
    const char *name = f->names[(int)x];
    size_t n = strcspn(text, " ");
    *rest = text + n;
    if (strlen(name) == n && !strncmp(text, name, n)) return true;
  }
  double found = strtod(text, &end);
  *rest = end;
  return end != text && same_number(f, found, x);
}

/// Elements that a value lacks have their defaults, as options that a line lacks do.
static bool same_value(const field *f, const void *def, const char *value, size_t length) {
  NUMBERS_WITHOUT_LOCALE;
  char text[VALUE_SIZE];
  if (length >= sizeof text) return false;
  snprintf(text, sizeof text, "%.*s", (int)length, value ? value : "");
  const char *at = text;
  for (int k = 0; k < f->count; ++k) {
    double x = field_get(f, def, k);
    at += strspn(at, " ");
    if (*at ? !same_element(f, at, &at, x) : !same_number(f, f->initial[k], x)) return false;
  }
  return !*at;
}

static int enum_value(const field *f, const char *text, size_t length) {
  for (int k = 0; f->names[k]; ++k)
    if (strlen(f->names[k]) == length && !strncmp(f->names[k], text, length)) return k;
  return -1;
}

void identity_read(const field_table *table, const char *line, void *def) {
  NUMBERS_WITHOUT_LOCALE;
  fields_default(table, def);
  for (const field *f = NULL; (f = fields_next(table, f, 0));) {
    size_t length = 0;
    const char *at = counts(f) ? identity_value(line, f->name, &length) : NULL;
    const char *end = at ? at + length : NULL;
    for (int k = 0; k < f->count && at && at < end; ++k) {
      char *rest = (char *)(uintptr_t)end;
      const double x = f->kind == FIELD_KIND_ENUM ? enum_value(f, at, length) : strtod(at, &rest);
      if (rest == at || rest > end || !field_holds(f, x)) break;
      field_write(f, def, k, x);
      at = rest;
    }
  }
}

static throng_status differs(const char *path, const char *what, const char *name,
                             const char *theirs, size_t length, const char *ours) {
  char found[VALUE_SIZE];
  snprintf(found, sizeof found, "%s%s%.*s", theirs ? name : "no ", theirs ? " " : name,
           theirs ? (int)length : 0, theirs ? theirs : "");
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: written by another %s: it has %s, this one has %s %s; give the same "
                     "options and files as then, or start a new run",
                     path, what, found, name, ours);
}

static bool is_known(const identity *mine, const char *option, size_t length) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)length, option);
  for (const identity_part *p = mine->part; p->table; ++p) {
    const field *f = fields_find(p->table, name);
    if (f && counts(f)) return true;
  }
  for (const identity_fact *fact = mine->fact; fact->name; ++fact)
    if (!strcmp(fact->name, name)) return true;
  return false;
}

/// Of the facts that lead, or of the others.
static throng_status compare_facts(const identity *mine, bool lead, const char *path,
                                   const char *what, const char *found) {
  size_t length = 0;
  for (const identity_fact *fact = mine->fact; fact->name; ++fact) {
    const char *theirs = identity_value(found, fact->name, &length);
    if (fact->leads != lead) continue;
    if (!theirs && fact->usual) theirs = fact->usual, length = strlen(theirs);
    if (theirs && strlen(fact->value) == length && !strncmp(theirs, fact->value, length)) continue;
    return differs(path, what, fact->name, theirs, length, fact->value);
  }
  return THRONG_OK;
}

throng_status identity_compare(const identity *mine, const char *path, const char *what,
                               const char *found) {
  size_t length = 0;
  THRONG_TRY(compare_facts(mine, true, path, what, found));
  for (const identity_part *p = mine->part; p->table; ++p)
    for (const field *f = NULL; (f = fields_next(p->table, f, 0));) {
      char ours[VALUE_SIZE];
      if (!counts(f)) continue;
      const char *theirs = identity_value(found, f->name, &length);
      if (same_value(f, p->def, theirs, theirs ? length : 0)) continue;
      value_text(f, p->def, ours);
      return differs(path, what, f->name, theirs, length, ours);
    }
  THRONG_TRY(compare_facts(mine, false, path, what, found));
  for (const char *at = *found ? found : NULL; at; at = next_option(at))
    if (!is_known(mine, at, strcspn(at, " ")))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: written by another %s: it has %.*s, which this version does not "
                         "know; start a new run",
                         path, what, (int)option_length(at), at);
  return THRONG_OK;
}
