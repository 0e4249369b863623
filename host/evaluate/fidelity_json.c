/// Fidelity as JSON, in the layout that `throng evaluate --json` promises.
#include <math.h>

#include "base/json.h"
#include "evaluate/fidelity.h"

static bool add_averages(cJSON *object, const char *key, precision_recall value) {
  cJSON *inner = cJSON_AddObjectToObject(object, key);
  return inner && json_add_number(inner, "precision", value.precision) &&
         json_add_number(inner, "recall", value.recall) && json_add_number(inner, "f1", value.f1);
}

static bool add_measures(cJSON *object, const char *key, const classification *c) {
  if (c->n == 0) return cJSON_AddNullToObject(object, key) != NULL;
  cJSON *inner = cJSON_AddObjectToObject(object, key);
  return inner && json_add_number(inner, "auc", c->auc) &&
         json_add_number(inner, "log_loss", c->log_loss) &&
         json_add_number(inner, "accuracy", c->accuracy) &&
         add_averages(inner, "micro", c->micro) && add_averages(inner, "macro", c->macro) &&
         add_averages(inner, "weighted", c->weighted);
}

throng_status fidelity_json(const fidelity *f, cJSON **out) {
  *out = cJSON_CreateObject();
  cJSON *root = *out;
  bool good = root && json_add_number(root, "users", (double)f->users) &&
              json_add_number(root, "users_short", (double)f->users_short) &&
              json_add_number(root, "interactions", (double)f->interactions) &&
              json_add_number(root, "questions", (double)f->questions) &&
              json_add_number(root, "likes", (double)f->likes) &&
              json_add_number(root, "sampled_dislikes", (double)f->sampled);
  cJSON *votes = good ? cJSON_AddObjectToObject(root, "votes") : NULL;
  good = votes != NULL;
  for (int k = 0; k < THRONG_VOTE_COUNT && good; ++k)
    good = add_measures(votes, throng_vote_name((throng_vote_id)k), &f->vote[k]);
  cJSON *rules = good ? cJSON_AddObjectToObject(root, "rules") : NULL;
  good = good && rules;
  for (int k = 0; k < THRONG_RULE_COUNT && good; ++k)
    good = add_measures(rules, throng_rule_name((throng_rule)k), &f->rule[k]);
  good = good && add_measures(root, "ensemble", &f->ensemble);
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "evaluate: no memory for its JSON");
}
