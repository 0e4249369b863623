/// A space as JSON in one canonical form, and what differs between two of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "space/parts.h"

static void add_number(cJSON *object, const char *word, double x) {
  char text[40];
  space_number_text(x, text, sizeof text);
  cJSON_AddRawToObject(object, word, text);
}

static cJSON *when_json(const space_parameter *p, const space_parameter *parent) {
  cJSON *when = cJSON_CreateObject(), *values;
  char text[40];
  if (p->n_when) {
    values = cJSON_AddArrayToObject(when, parent->name);
    for (int32_t k = 0; k < p->n_when; ++k) {
      space_number_text(p->when[k], text, sizeof text);
      cJSON_AddItemToArray(
          values, cJSON_CreateRaw(parent->kind == SPACE_CHOICE ? parent->choice[(int32_t)p->when[k]]
                                                               : text));
    }
    return when;
  }
  values = cJSON_AddObjectToObject(when, parent->name);
  if (isfinite(p->when_low)) add_number(values, "min", p->when_low);
  if (isfinite(p->when_high)) add_number(values, "max", p->when_high);
  return when;
}

static cJSON *parameter_json(const space *s, const space_parameter *p) {
  cJSON *object = cJSON_CreateObject();
  if (p->kind == SPACE_CHOICE) {
    cJSON *values = cJSON_AddArrayToObject(object, "values");
    for (int32_t k = 0; k < p->n_choice; ++k)
      cJSON_AddItemToArray(values, cJSON_CreateRaw(p->choice[k]));
  } else {
    add_number(object, "min", p->low);
    add_number(object, "max", space_end(p));
    if (p->step > (p->kind == SPACE_INT ? 1 : 0)) add_number(object, "step", p->step);
    if (p->log) cJSON_AddTrueToObject(object, "log");
  }
  if (p->parent >= 0) cJSON_AddItemToObject(object, "when", when_json(p, &s->parameter[p->parent]));
  return object;
}

throng_status space_print(const space *s, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *root = cJSON_CreateObject();
  for (int32_t k = 0; k < s->n; ++k)
    cJSON_AddItemToObject(root, s->parameter[k].name, parameter_json(s, &s->parameter[k]));
  *out = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  if (!*out) return throng_fail(THRONG_ERROR_MEMORY, "printing a space: out of memory");
  return THRONG_OK;
}

// --- differences -----------------------------------------------------------------------------

static void print_word(FILE *to, const cJSON *value) {
  char *text = value ? cJSON_PrintUnformatted(value) : NULL;
  fputs(text ? text : "none", to);
  cJSON_free(text);
}

static void compare_words(FILE *to, const char *name, const cJSON *before, const cJSON *after) {
  static const char *const words[] = {"min", "max", "step", "log", "values", "when"};
  for (size_t k = 0; k < sizeof words / sizeof *words; ++k) {
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(before, words[k]);
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(after, words[k]);
    if ((!a && !b) || (a && b && cJSON_Compare(a, b, true))) continue;
    fprintf(to, "%s: %s ", name, words[k]);
    print_word(to, a);
    fputs(" -> ", to);
    print_word(to, b);
    fputc('\n', to);
  }
}

static bool same_order(const cJSON *before, const cJSON *after) {
  const cJSON *a = before->child, *b = after->child;
  for (; a && b && !strcmp(a->string, b->string); a = a->next) b = b->next;
  return !a && !b;
}

static void compare(FILE *to, const cJSON *before, const cJSON *after) {
  const cJSON *a, *b;
  bool all = true;
  cJSON_ArrayForEach(a, before) {
    b = cJSON_GetObjectItemCaseSensitive(after, a->string);
    if (b)
      compare_words(to, a->string, a, b);
    else
      all = false, fprintf(to, "%s: removed\n", a->string);
  }
  cJSON_ArrayForEach(b, after) {
    if (cJSON_GetObjectItemCaseSensitive(before, b->string)) continue;
    all = false;
    fprintf(to, "%s: added\n", b->string);
  }
  // Which random numbers a parameter draws follows from its place.
  if (all && !same_order(before, after)) fprintf(to, "the parameters stand in another order\n");
}

throng_status space_difference(const char *before, const char *after, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  size_t size;
  *out = NULL;
  cJSON *a = cJSON_Parse(before), *b = cJSON_Parse(after);
  if (!cJSON_IsObject(a) || !cJSON_IsObject(b)) {
    cJSON_Delete(a);
    cJSON_Delete(b);
    return throng_fail(THRONG_ERROR_DATA, "comparing spaces: one of them is not what was printed");
  }
  FILE *to = open_memstream(out, &size);
  if (to) {
    compare(to, a, b);
    if (fclose(to) != 0) free(*out), *out = NULL, to = NULL;
  }
  cJSON_Delete(a);
  cJSON_Delete(b);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "comparing spaces: out of memory");
  if (!**out) free(*out), *out = NULL;
  return THRONG_OK;
}
