/// What fidelity_report adds to fidelity's JSON: nothing of that is renamed or moved.
#include <math.h>

#include "base/json.h"
#include "evaluate/fidelity_report.h"

static bool add_value(cJSON *object, const char *name, const measured_value *v) {
  if (isnan(v->value)) return cJSON_AddNullToObject(object, name) != NULL;
  cJSON *inner = cJSON_AddObjectToObject(object, name);
  return inner && json_add_number(inner, "value", v->value) &&
         json_add_number(inner, "low", v->low) && json_add_number(inner, "high", v->high) &&
         json_add_number(inner, "minus_ensemble", v->minus) &&
         json_add_number(inner, "minus_ensemble_low", v->minus_low) &&
         json_add_number(inner, "minus_ensemble_high", v->minus_high);
}

static bool add_values(cJSON *object, const char *name, const measured_value *value) {
  cJSON *inner = cJSON_AddObjectToObject(object, name);
  bool good = inner != NULL;
  for (int k = 0; k < MEASURE_COUNT && good; ++k)
    good = add_value(inner, measure_names[k], &value[k]);
  return good;
}

static bool add_reliability(cJSON *object, const reliability_bin *bin) {
  cJSON *list = cJSON_AddArrayToObject(object, "reliability");
  bool good = list != NULL;
  for (int b = 0; b < RELIABILITY_BINS && good; ++b) {
    if (bin[b].n == 0) continue;
    cJSON *one = cJSON_CreateObject();
    good = one && cJSON_AddItemToArray(list, one) && json_add_number(one, "n", (double)bin[b].n) &&
           json_add_number(one, "said", bin[b].said) && json_add_number(one, "real", bin[b].real) &&
           json_add_number(one, "low", bin[b].low) && json_add_number(one, "high", bin[b].high);
  }
  return good;
}

static bool add_contender(cJSON *object, const fidelity_report *r, int contender) {
  const contender_report *c = &r->contender[contender];
  if (c->same_as >= 0)
    return cJSON_AddStringToObject(object, "answers_as", contender_name(c->same_as)) != NULL;
  bool good = add_values(object, "measures", c->all) && add_reliability(object, c->bin);
  cJSON *groups = good ? cJSON_AddObjectToObject(object, "strata") : NULL;
  good = groups != NULL;
  for (int g = 0; g < STRATUM_COUNT && good; ++g)
    good = r->groups.n[g] ? add_values(groups, stratum_names[g], c->stratum[g])
                          : cJSON_AddNullToObject(groups, stratum_names[g]) != NULL;
  return good;
}

/// Where fidelity_json has put a contender; yardsticks are new.
static cJSON *place_of(cJSON *root, cJSON *yardsticks, int contender) {
  const char *name = contender_name(contender);
  switch (contender_kind_of(contender)) {
    case CONTENDER_YARDSTICK: return cJSON_AddObjectToObject(yardsticks, name);
    case CONTENDER_VOTE:
      return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "votes"),
                                              name);
    case CONTENDER_RULE:
      return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "rules"),
                                              name);
    default: return cJSON_GetObjectItemCaseSensitive(root, name);
  }
}

static bool add_groups(cJSON *root, const strata *s) {
  cJSON *groups = cJSON_AddObjectToObject(root, "strata");
  bool good = groups != NULL;
  for (int g = 0; g < STRATUM_COUNT && good; ++g) {
    cJSON *one = cJSON_AddObjectToObject(groups, stratum_names[g]);
    good = one && json_add_number(one, "questions", (double)s->n[g]) &&
           json_add_number(one, "users", (double)s->users[g]) &&
           json_add_number(one, "likes", (double)s->likes[g]);
  }
  return good;
}

throng_status fidelity_report_json(const fidelity_report *r, cJSON **out) {
  static const char *const split[] = {"test", "validation", "later"};
  THRONG_TRY(fidelity_json(&r->basic, out));
  cJSON *root = *out, *yardsticks = cJSON_AddObjectToObject(root, "yardsticks");
  bool good = yardsticks && cJSON_AddStringToObject(root, "split", split[r->def.split]) &&
              json_add_number(root, "resamples", r->def.resamples) &&
              json_add_number(root, "ranked", (double)r->ranked) && add_groups(root, &r->groups);
  for (int c = 0; c < CONTENDER_COUNT && good; ++c) {
    if (!r->contender[c].measured) continue;
    cJSON *object = place_of(root, yardsticks, c);
    good = object && add_contender(object, r, c);
  }
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "evaluate: no memory for its JSON");
}
