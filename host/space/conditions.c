/// "when": which parameter a parameter hangs on, and the order in which parents stand before their
/// children.
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "space/parts.h"

static int32_t find_parameter(const space *s, const char *name) {
  for (int32_t k = 0; k < s->n; ++k)
    if (!strcmp(s->parameter[k].name, name)) return k;
  return -1;
}

static throng_status no_such_parent(const space_reader *r, const char *name, const char *parent) {
  const char *nearest = NULL;
  size_t best = edit_limit(parent) + 1;
  for (int32_t k = 0; k < r->space->n; ++k) {
    const char *other = r->space->parameter[k].name;
    const size_t distance = edit_distance(parent, other, best);
    if (distance < best && strcmp(name, other) != 0) best = distance, nearest = other;
  }
  if (nearest)
    return space_wrong(r, name, "when: %.120s is not in the space; did you mean %s?", parent,
                       nearest);
  return space_wrong(r, name,
                     "when: %.120s is not in the space; give it there too, with \"value\" "
                     "if it does not vary",
                     parent);
}

// --- what the parent must be -----------------------------------------------------------------

static throng_status never(const space_reader *r, const char *name, const space_parameter *parent,
                           const cJSON *value) {
  char text[96];
  if (!cJSON_PrintPreallocated((cJSON *)(uintptr_t)value, text, sizeof text, 0)) *text = '\0';
  return space_wrong(r, name, "when: %s is never %s in this space", parent->name, text);
}

/// One value of the parent: its choice's index, or the number.
static throng_status read_value(const space_reader *r, const char *name,
                                const space_parameter *parent, const cJSON *value, double *out) {
  if (parent->kind == SPACE_CHOICE) {
    int32_t choice;
    THRONG_TRY(space_choice_of(r, name, parent, value, &choice));
    if (choice < 0) return never(r, name, parent, value);
    *out = choice;
    return THRONG_OK;
  }
  if (parent->step <= 0 && parent->low < parent->high)
    return space_wrong(r, name, "when: %s has no steps; expected {\"min\": .., \"max\": ..}",
                       parent->name);
  if (!cJSON_IsNumber(value))
    return space_wrong(r, name,
                       "when: expected a number, an array of numbers or {\"min\": .., "
                       "\"max\": ..} for %s",
                       parent->name);
  if (space_rounded(parent, value->valuedouble) != value->valuedouble)
    return never(r, name, parent, value);
  *out = value->valuedouble;
  return THRONG_OK;
}

static throng_status read_values(const space_reader *r, const char *name,
                                 const space_parameter *parent, const cJSON *value,
                                 space_parameter *p) {
  // The values of an option that is a list are lists themselves.
  const bool list = cJSON_IsArray(value) &&
                    (parent->field->count == 1 || !value->child || cJSON_IsArray(value->child));
  const int n = list ? cJSON_GetArraySize(value) : 1;
  const cJSON *at = list ? value->child : value;
  double *when;
  if (n == 0) return space_wrong(r, name, "when: expected one value at least");
  THRONG_TRY(space_keep(r->space, (size_t)n, sizeof *when, (void **)&when));
  for (int k = 0; k < n; ++k, at = at->next) THRONG_TRY(read_value(r, name, parent, at, &when[k]));
  p->when = when;
  p->n_when = n;
  return THRONG_OK;
}

/// Does the parent have a value between the ends?
static bool meets(const space_parameter *parent, double low, double high) {
  if (high < parent->low || low > parent->high) return false;
  if (!(parent->step > 0)) return true;
  const double at = fmax(low, parent->low), near = space_rounded(parent, at);
  // The nearest may lie below; then the next one is the first.
  const double first = near < low ? space_rounded(parent, near + parent->step) : near;
  return first >= low && first <= high;
}

static throng_status read_between(const space_reader *r, const char *name,
                                  const space_parameter *parent, const cJSON *object,
                                  space_parameter *p) {
  const cJSON *low = cJSON_GetObjectItemCaseSensitive(object, "min");
  const cJSON *high = cJSON_GetObjectItemCaseSensitive(object, "max");
  if (cJSON_GetArraySize(object) != (low != NULL) + (high != NULL) || (!low && !high) ||
      (low && !(cJSON_IsNumber(low) && isfinite(low->valuedouble))) ||
      (high && !(cJSON_IsNumber(high) && isfinite(high->valuedouble))))
    return space_wrong(r, name, "when: expected {\"min\": .., \"max\": ..} with numbers for %s",
                       parent->name);
  p->when_low = low ? low->valuedouble : -(double)INFINITY;
  p->when_high = high ? high->valuedouble : (double)INFINITY;
  if (p->when_low > p->when_high) return space_wrong(r, name, "when: its min is above its max");
  if (parent->kind != SPACE_CHOICE) {
    return meets(parent, p->when_low, p->when_high) ? THRONG_OK : never(r, name, parent, object);
  }
  double *when;
  THRONG_TRY(space_keep(r->space, (size_t)parent->n_choice, sizeof *when, (void **)&when));
  for (int32_t k = 0; k < parent->n_choice; ++k)
    if (parent->choice_number[k] >= p->when_low && parent->choice_number[k] <= p->when_high)
      when[p->n_when++] = k;
  p->when = when;
  return p->n_when ? THRONG_OK : never(r, name, parent, object);
}

static throng_status read_when(const space_reader *r, const cJSON *when, space_parameter *p) {
  const cJSON *one = cJSON_IsObject(when) ? when->child : NULL;
  if (!one || one->next)
    return space_wrong(r, p->name,
                       "when: expected one parameter and its value: {\"agent.head\": "
                       "\"two_tower\"}; one more condition can be on that parameter's own when");
  p->parent = find_parameter(r->space, one->string);
  if (p->parent < 0) return no_such_parent(r, p->name, one->string);
  const space_parameter *parent = &r->space->parameter[p->parent];
  if (parent == p) return space_wrong(r, p->name, "when: a condition on the parameter itself");
  return cJSON_IsObject(one) ? read_between(r, p->name, parent, one, p)
                             : read_values(r, p->name, parent, one, p);
}

// --- order -----------------------------------------------------------------------------------

/// As in the file, but that parents stand before their children.
static throng_status put_in_order(const space_reader *r) {
  space *s = r->space;
  int32_t place[SPACE_MOST];
  space_parameter *sorted;
  int32_t n = 0;
  THRONG_TRY(space_keep(s, (size_t)s->n, sizeof *sorted, (void **)&sorted));
  for (int32_t k = 0; k < s->n; ++k) place[k] = -1;
  while (n < s->n) {
    int32_t next = 0;
    while (next < s->n && (place[next] >= 0 || (s->parameter[next].parent >= 0 &&
                                                place[s->parameter[next].parent] < 0)))
      ++next;
    if (next == s->n) {
      for (next = 0; place[next] >= 0;) ++next;
      // Some may merely hang on a circle: so many steps up lead into it.
      for (int32_t k = 0; k < s->n; ++k) next = s->parameter[next].parent;
      return space_wrong(r, s->parameter[next].name, "when: the conditions form a circle, by %s",
                         s->parameter[s->parameter[next].parent].name);
    }
    sorted[n] = s->parameter[next];
    if (sorted[n].parent >= 0) sorted[n].parent = place[sorted[n].parent];
    place[next] = n++;
  }
  s->parameter = sorted;
  return THRONG_OK;
}

throng_status space_read_conditions(space_reader *r, const cJSON *json) {
  int32_t k = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    const cJSON *when = cJSON_GetObjectItemCaseSensitive(item, "when");
    if (when) THRONG_TRY(read_when(r, when, &r->space->parameter[k]));
    ++k;
  }
  return put_in_order(r);
}
