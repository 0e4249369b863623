/// The space of a sweep read from JSON: which option, over which values. Conditions are
/// conditions.c's.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/numbers.h"
#include "space/decimal.h"
#include "space/parts.h"

throng_status space_wrong(const space_reader *r, const char *name, const char *format, ...) {
  char cause[768], place[1024];
  const space_options *o = r->options;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cause, sizeof cause, format, arguments);
  va_end(arguments);
  const bool known = o->place && o->place(o->context, name, place, sizeof place);
  return throng_fail(THRONG_ERROR_CONFIG, "%s: %.120s: %s", known ? place : r->where, name, cause);
}

/// Blocks hang in a chain behind `owned`.
throng_status space_keep(space *s, size_t count, size_t size, void **out) {
  void **block;
  THRONG_TRY(throng_alloc((void **)&block, 1, 16 + count * size, "a sweep's space"));
  *block = s->owned;
  s->owned = block;
  *out = (char *)block + 16;
  return THRONG_OK;
}

void space_free(space *s) {
  if (!s) return;
  for (void *block = s->owned, *next; block; block = next) {
    next = *(void **)block;
    free(block);
  }
  free(s);
}

static throng_status keep_text(space *s, const char *text, const char **out) {
  char *copy;
  THRONG_TRY(space_keep(s, strlen(text) + 1, 1, (void **)&copy));
  *out = strcpy(copy, text);
  return THRONG_OK;
}

// --- the option ------------------------------------------------------------------------------

static throng_status cannot_vary(const space_reader *r, const char *name,
                                 const field_table *table) {
  char list[512] = "";
  size_t used = 0;
  for (const field *f = NULL; (f = fields_next(table, f, FIELD_SWEEPABLE));)
    if (used + strlen(f->name) + 4 < sizeof list)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", f->name);
  if (used)
    return space_wrong(r, name, "cannot be varied in a sweep; of %s these can: %s", table->section,
                       list);
  return space_wrong(r, name, "cannot be varied in a sweep, like all of the section %s",
                     table->section);
}

static throng_status find_option(space_reader *r, const char *name, space_parameter *p,
                                 const field_table **table, const void **def) {
  const space_options *o = r->options;
  if (!o->find(o->context, name, table, &p->field, def)) {
    const char *nearest = o->nearest ? o->nearest(o->context, name) : NULL;
    if (nearest) return space_wrong(r, name, "no such option; did you mean %s?", nearest);
    return space_wrong(r, name,
                       "no such option; expected one as --set has it: agent.learning_rate, ...");
  }
  if (!(p->field->flags & FIELD_SWEEPABLE)) return cannot_vary(r, name, *table);
  // Options of agents that are numbers on the backend may differ within a population; how long a
  // trial trains is nobody's shape.
  p->structural =
      !(p->field->flags & FIELD_PER_AGENT) && strncmp((*table)->section, "train", 5) != 0;
  return keep_text(r->space, name, &p->name);
}

/// The word for one of other tools, or NULL.
static const char *own_word(const char *word) {
  static const char *const words[][2] = {
      {"low", "min"},        {"high", "max"},      {"lower", "min"}, {"upper", "max"},
      {"choices", "values"}, {"log_scale", "log"}, {"q", "step"}};
  for (size_t k = 0; k < sizeof words / sizeof *words; ++k)
    if (!strcmp(word, words[k][0])) return words[k][1];
  return NULL;
}

/// The words of a parameter, each at most once.
static throng_status check_words(const space_reader *r, const char *name, const cJSON *object) {
  static const char *const words[] = {"min", "max", "log", "step", "values", "value", "when"};
  enum { N = sizeof words / sizeof *words };
  if (!cJSON_IsObject(object))
    return space_wrong(r, name,
                       "expected {\"min\": .., \"max\": ..} or {\"values\": [..]}, as an object");
  const cJSON *word, *other;
  cJSON_ArrayForEach(word, object) {
    const char *nearest = NULL;
    size_t best = 3;
    bool known = false;
    for (int k = 0; k < N && !known; ++k) {
      const size_t distance = edit_distance(word->string, words[k], best);
      known = distance == 0 && !strcmp(word->string, words[k]);
      if (distance < best) best = distance, nearest = words[k];
    }
    if (own_word(word->string)) nearest = own_word(word->string);
    if (!known && nearest)
      return space_wrong(r, name, "%.60s: no such word; did you mean %s?", word->string, nearest);
    if (!known)
      return space_wrong(r, name,
                         "%.60s: no such word; expected min, max, log, step, values, value or when",
                         word->string);
    for (other = object->child; other != word; other = other->next)
      if (!strcmp(other->string, word->string))
        return space_wrong(r, name, "%s: given twice", word->string);
  }
  return THRONG_OK;
}

// --- numbers ---------------------------------------------------------------------------------

static bool is_number(const field *f) {
  return f->count == 1 && f->kind != FIELD_KIND_BOOL && f->kind != FIELD_KIND_ENUM;
}

static bool is_whole(const field *f) {
  return f->kind == FIELD_KIND_I32 || f->kind == FIELD_KIND_U32 || f->kind == FIELD_KIND_I64;
}

static throng_status read_end(const space_reader *r, const char *name, const field *f,
                              const cJSON *object, const char *word, double *out) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, word);
  char expected[320], seen[40];
  field_expectation(f, expected, sizeof expected);
  if (!value)
    return space_wrong(r, name, "%s: missing; expected %s, or \"values\"", word, expected);
  if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble))
    return space_wrong(r, name, "%s: expected %s", word, expected);
  space_number_text(value->valuedouble, seen, sizeof seen);
  if (!field_holds(f, value->valuedouble))
    return space_wrong(r, name, "%s: expected %s, not %s", word, expected, seen);
  *out = value->valuedouble;
  return THRONG_OK;
}

static throng_status read_log(const space_reader *r, const cJSON *object, space_parameter *p) {
  const cJSON *log = cJSON_GetObjectItemCaseSensitive(object, "log");
  char low[40];
  if (!log) return THRONG_OK;
  if (!cJSON_IsBool(log)) return space_wrong(r, p->name, "log: expected true or false");
  p->log = cJSON_IsTrue(log);
  space_number_text(p->low, low, sizeof low);
  if (p->log && p->low <= 0)
    return space_wrong(r, p->name, "log: min is %s, which has no logarithm; expected a min above 0",
                       low);
  return THRONG_OK;
}

static throng_status read_step(const space_reader *r, const cJSON *object, space_parameter *p) {
  NUMBERS_WITHOUT_LOCALE;
  const cJSON *step = cJSON_GetObjectItemCaseSensitive(object, "step");
  const bool whole = p->kind == SPACE_INT;
  char seen[40], range[40];
  p->step = whole ? 1 : 0;
  if (!step) return THRONG_OK;
  if (!cJSON_IsNumber(step) || !isfinite(step->valuedouble))
    return space_wrong(r, p->name, "step: expected a number above 0");
  space_number_text(step->valuedouble, seen, sizeof seen);
  if (step->valuedouble <= 0)
    return space_wrong(r, p->name, "step: expected a number above 0, not %s", seen);
  if (whole && step->valuedouble != rint(step->valuedouble))
    return space_wrong(r, p->name, "step: expected an integer above 0, not %s", seen);
  const double least = whole ? 1 : SPACE_FINEST_STEP * fmax(fabs(p->low), fabs(p->high));
  snprintf(range, sizeof range, "%g", least);
  if (step->valuedouble < least)
    return space_wrong(r, p->name,
                       "step: %s is too small to tell values of this size apart; expected %s or "
                       "more, or no step",
                       seen, range);
  const double steps = whole ? floor((p->high - p->low) / step->valuedouble)
                             : decimal_steps(p->low, p->high, step->valuedouble);
  snprintf(range, sizeof range, "%g", p->high - p->low);
  if (steps < 1 && p->low < p->high)
    return space_wrong(r, p->name, "step: %s is above max - min, which is %s", seen, range);
  if (p->log && !(whole && step->valuedouble == 1))
    return space_wrong(r, p->name, "step: expected none beside log; give the values in \"values\"");
  if (p->low == p->high) return THRONG_OK;  // one value, whatever the step
  p->step = step->valuedouble;
  // The last value of the grid, as Optuna has it: 0.96 of 0.9, 0.9 + 0.06 that shall end at 0.99.
  p->high = whole ? p->low + steps * p->step : decimal_sum(p->low, p->step, steps);
  return THRONG_OK;
}

static throng_status read_range(const space_reader *r, const cJSON *object, space_parameter *p,
                                const void *def) {
  NUMBERS_WITHOUT_LOCALE;
  char low[40], high[40];
  if (!is_number(p->field))
    return space_wrong(r, p->name, "an option without a range; expected \"values\"");
  p->kind = is_whole(p->field) ? SPACE_INT : SPACE_FLOAT;
  THRONG_TRY(read_end(r, p->name, p->field, object, "min", &p->low));
  THRONG_TRY(read_end(r, p->name, p->field, object, "max", &p->high));
  space_number_text(p->low, low, sizeof low);
  space_number_text(p->high, high, sizeof high);
  if (p->low > p->high)
    return space_wrong(r, p->name, "min: %s is above max, which is %s", low, high);
  THRONG_TRY(read_log(r, object, p));
  THRONG_TRY(read_step(r, object, p));
  // Of a number in single precision the decimal that it was given as.
  char text[40];
  double own = field_get(p->field, def, 0);
  field_number_text(own, p->field->kind == FIELD_KIND_F32, text, sizeof text);
  if (!isnan(own)) own = strtod(text, NULL);
  p->initial = isnan(own) ? p->low : space_rounded(p, own);
  p->holds_initial = p->initial == own;
  return THRONG_OK;
}

// --- choices ---------------------------------------------------------------------------------

/// The value in the option's own form: as text, and as the number that it is. `scratch` is a Def.
static throng_status own_form(const space_reader *r, const char *name, const char *word,
                              const field *f, const cJSON *value, void *scratch, char **text,
                              double *number) {
  void *owned;
  if (cJSON_IsNull(value)) return space_wrong(r, name, "%s: null is no value", word);
  throng_status status = field_assign(f, scratch, value, word, &owned);
  if (status == THRONG_ERROR_CONFIG) {
    char cause[768];
    snprintf(cause, sizeof cause, "%s", throng_error_message());
    return space_wrong(r, name, "%s", cause);
  }
  THRONG_TRY(status);
  free(owned);
  cJSON *node = field_json(f, scratch);
  *text = node ? cJSON_PrintUnformatted(node) : NULL;
  cJSON_Delete(node);
  if (!*text) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", name);
  *number = f->count == 1 && f->kind != FIELD_KIND_ENUM ? strtod(*text, NULL) : (double)NAN;
  if (f->kind == FIELD_KIND_BOOL) *number = **text == 't';
  return THRONG_OK;
}

static int32_t find_choice(const space_parameter *p, int32_t n, const char *text) {
  for (int32_t k = 0; k < n; ++k)
    if (!strcmp(p->choice[k], text)) return k;
  return -1;
}

/// A Def of the option's table, for values to pass through. Caller frees.
static throng_status make_scratch(const space_reader *r, const char *name, void **out) {
  const field_table *table;
  const field *f;
  const void *def;
  if (!r->options->find(r->options->context, name, &table, &f, &def))
    return space_wrong(r, name, "no such option");
  return throng_alloc(out, 1, table->size, "an option");
}

throng_status space_choice_of(const space_reader *r, const char *name, const space_parameter *p,
                              const cJSON *value, int32_t *out) {
  void *scratch;
  char *text, word[160];
  double number;
  THRONG_TRY(make_scratch(r, p->name, &scratch));
  snprintf(word, sizeof word, "when: %.120s", p->name);
  throng_status status = own_form(r, name, word, p->field, value, scratch, &text, &number);
  free(scratch);
  THRONG_TRY(status);
  *out = find_choice(p, p->n_choice, text);
  cJSON_free(text);
  return THRONG_OK;
}

static throng_status add_choice(const space_reader *r, space_parameter *p, const cJSON *value,
                                void *scratch, const char **choice, double *numbers, int32_t k) {
  char *text;
  THRONG_TRY(own_form(r, p->name, "values", p->field, value, scratch, &text, &numbers[k]));
  bool twice = find_choice(p, k, text) >= 0;
  for (int32_t i = 0; i < k; ++i) twice |= numbers[i] == numbers[k];  // 0 and -0
  throng_status status = twice ? space_wrong(r, p->name, "values: %.60s stands there twice", text)
                               : keep_text(r->space, text, &choice[k]);
  cJSON_free(text);
  return status;
}

/// All names of an enum, false and true.
static cJSON *all_values(const field *f) {
  cJSON *all = cJSON_CreateArray();
  if (f->kind == FIELD_KIND_BOOL) {
    cJSON_AddItemToArray(all, cJSON_CreateFalse());
    cJSON_AddItemToArray(all, cJSON_CreateTrue());
  }
  for (const char *const *name = f->names; name && *name; ++name)
    cJSON_AddItemToArray(all, cJSON_CreateString(*name));
  return all;
}

/// The config's own choice; of numbers the nearest, else the first.
static throng_status initial_choice(space_parameter *p, const void *def) {
  cJSON *node = field_json(p->field, def);
  char *text = node ? cJSON_PrintUnformatted(node) : NULL;
  cJSON_Delete(node);
  if (!text) return throng_fail(THRONG_ERROR_MEMORY, "%s: out of memory", p->name);
  const int32_t own = find_choice(p, p->n_choice, text);
  p->holds_initial = own >= 0;
  p->initial = own >= 0 ? own : 0;
  const double x = own < 0 && is_number(p->field) ? strtod(text, NULL) : (double)NAN;
  for (int32_t k = 1; k < p->n_choice && !isnan(x); ++k)
    if (fabs(p->choice_number[k] - x) < fabs(p->choice_number[(int32_t)p->initial] - x))
      p->initial = k;
  cJSON_free(text);
  return THRONG_OK;
}

static throng_status read_choices(const space_reader *r, const cJSON *values, space_parameter *p,
                                  const void *def) {
  const char **choice;
  double *number;
  void *scratch;
  const int32_t n = cJSON_IsArray(values) ? cJSON_GetArraySize(values) : 0;
  if (n == 0) return space_wrong(r, p->name, "values: expected an array of one value at least");
  p->kind = SPACE_CHOICE;
  THRONG_TRY(space_keep(r->space, (size_t)n, sizeof *choice, (void **)&choice));
  THRONG_TRY(space_keep(r->space, (size_t)n, sizeof *number, (void **)&number));
  p->choice = choice;
  p->choice_number = number;
  THRONG_TRY(make_scratch(r, p->name, &scratch));
  throng_status status = THRONG_OK;
  p->ordered = true;
  const cJSON *value;
  cJSON_ArrayForEach(value, values) {
    const int32_t k = p->n_choice;
    THRONG_TRY_GOTO(add_choice(r, p, value, scratch, choice, number, k));
    if (isnan(number[k]) || (k > 0 && number[k] <= number[k - 1])) p->ordered = false;
    ++p->n_choice;
  }
  status = initial_choice(p, def);
done:
  free(scratch);
  return status;
}

// --- a parameter -----------------------------------------------------------------------------

static bool has(const cJSON *object, const char *word) {
  return cJSON_GetObjectItemCaseSensitive(object, word) != NULL;
}

static throng_status read_parameter(space_reader *r, const cJSON *object, space_parameter *p) {
  const field_table *table;
  const void *def;
  const char *name = object->string;
  p->parent = -1;
  THRONG_TRY(find_option(r, name, p, &table, &def));
  THRONG_TRY(check_words(r, name, object));
  const bool range =
      has(object, "min") || has(object, "max") || has(object, "log") || has(object, "step");
  if (has(object, "values") + has(object, "value") + range > 1)
    return space_wrong(r, name,
                       "expected either min and max, or values, or value: more than one is given");
  if (has(object, "values"))
    return read_choices(r, cJSON_GetObjectItemCaseSensitive(object, "values"), p, def);
  const bool all = p->field->count == 1 &&
                   (p->field->kind == FIELD_KIND_BOOL || p->field->kind == FIELD_KIND_ENUM);
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, "value");
  if (!value && (range || !all)) return read_range(r, object, p, def);
  cJSON *list = value ? cJSON_CreateArray() : all_values(p->field);
  if (value) cJSON_AddItemToArray(list, cJSON_Duplicate(value, true));
  throng_status status = read_choices(r, list, p, def);
  cJSON_Delete(list);
  return status;
}

static throng_status read_all(space_reader *r, const cJSON *json) {
  const cJSON *item, *other;
  if (!cJSON_IsObject(json))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: expected an object: {\"agent.learning_rate\": {\"min\": 1e-5, \"max\": "
                       "1e-2, \"log\": true}, ...}",
                       r->where);
  const int n = cJSON_GetArraySize(json);
  if (n < 1 || n > SPACE_MOST)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: %d parameters; expected 1 to %d", r->where, n,
                       SPACE_MOST);
  THRONG_TRY(
      space_keep(r->space, (size_t)n, sizeof(space_parameter), (void **)&r->space->parameter));
  cJSON_ArrayForEach(item, json) {
    for (other = json->child; other != item; other = other->next)
      if (!strcmp(other->string, item->string)) return space_wrong(r, item->string, "given twice");
    THRONG_TRY(read_parameter(r, item, &r->space->parameter[r->space->n]));
    ++r->space->n;
  }
  return space_read_conditions(r, json);
}

throng_status space_read(const cJSON *json, const char *where, const space_options *options,
                         space **out) {
  NUMBERS_WITHOUT_LOCALE;
  space_reader r = {.where = where, .options = options};
  *out = NULL;
  THRONG_TRY(throng_alloc((void **)&r.space, 1, sizeof *r.space, "a sweep's space"));
  throng_status status = read_all(&r, json);
  if (status == THRONG_OK)
    *out = r.space;
  else
    space_free(r.space);
  return status;
}
