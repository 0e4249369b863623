/// A rollout as JSON.
#include <math.h>

#include "base/json.h"
#include "evaluate/rollout.h"

static bool add_value(cJSON *object, const char *name, const rollout_value *v) {
  if (isnan(v->value)) return cJSON_AddNullToObject(object, name) != NULL;
  cJSON *inner = cJSON_AddObjectToObject(object, name);
  return inner && json_add_number(inner, "value", v->value) &&
         json_add_number(inner, "low", v->low) && json_add_number(inner, "high", v->high);
}

static bool add_values(cJSON *root, const char *name, const rollout_value *value) {
  cJSON *object = cJSON_AddObjectToObject(root, name);
  bool good = object != NULL;
  for (int k = 0; k < ROLLOUT_MEASURE_COUNT && good; ++k)
    good = add_value(object, rollout_measure_names[k], &value[k]);
  return good;
}

static bool add_position(cJSON *list, int number, const rollout_position *p) {
  cJSON *one = cJSON_CreateObject();
  bool good = one && cJSON_AddItemToArray(list, one) && json_add_number(one, "position", number) &&
              json_add_number(one, "users", (double)p->users) &&
              json_add_number(one, "real", p->real);
  for (int m = 0; m < ROLLOUT_MODES && good; ++m) {
    cJSON *mode = cJSON_AddObjectToObject(one, rollout_mode_names[m]);
    good = mode && json_add_number(mode, "like_rate", p->simulated[m]) &&
           json_add_number(mode, "auc", p->auc[m]);
  }
  return good;
}

throng_status rollout_json(const rollout *r, cJSON **out) {
  cJSON *root = *out = cJSON_CreateObject();
  bool good = root && cJSON_AddStringToObject(root, "rule", throng_rule_name(r->rule)) &&
              cJSON_AddBoolToObject(root, "has_time", r->has_time) &&
              json_add_number(root, "users", (double)r->users) &&
              json_add_number(root, "answers", (double)r->answers) &&
              json_add_number(root, "resamples", r->def.resamples);
  cJSON *real = good ? cJSON_AddObjectToObject(root, "real") : NULL;
  good = real && add_value(real, "like_rate", &r->real_like_rate) &&
         add_value(real, "alike", &r->real_alike);
  for (int m = 0; m < ROLLOUT_MODES && good; ++m)
    good = add_values(root, rollout_mode_names[m], r->mode[m]);
  good = good && add_values(root, "free_minus_forced", r->free_minus_forced);
  cJSON *positions = good ? cJSON_AddArrayToObject(root, "positions") : NULL;
  good = positions != NULL;
  for (int k = 0; k < LATER_MOST && good && r->position[k].users > 0; ++k)
    good = add_position(positions, k + 1, &r->position[k]);
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "rollout: no memory for its JSON");
}
