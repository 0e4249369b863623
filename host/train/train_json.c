/// JSON of a training run.
#include "train/train_json.h"

#include <math.h>
#include <string.h>

#include "agent/agent_fields.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/status.h"
#include "evaluate/evaluation_fields.h"
#include "evaluate/metrics.h"
#include "sim/sim_fields.h"
#include "sta/sta.h"
#include "sta/sta_fields.h"
#include "train/train_fields.h"
#include "world/world.h"

static bool add_three(cJSON *object, const char *key, const double *value) {
  cJSON *list = cJSON_AddArrayToObject(object, key);
  for (int k = 0; k < 3 && list; ++k) {
    cJSON *item = isfinite(value[k]) ? cJSON_CreateNumber(value[k]) : cJSON_CreateNull();
    if (!item || !cJSON_AddItemToArray(list, item)) return false;
  }
  return list != NULL;
}

/// Nothing where there was nobody to compare with.
static bool add_paired(cJSON *object, const char *key, const throng_paired *p) {
  if (p->sessions == 0) return true;
  cJSON *item = cJSON_AddObjectToObject(object, key);
  return item && json_add_number(item, "sessions", (double)p->sessions) &&
         json_add_number(item, "mean", p->mean) && json_add_number(item, "sem", p->sem) &&
         json_add_number(item, "low", p->low) && json_add_number(item, "high", p->high);
}

static throng_status finish(cJSON *root, bool good, cJSON **out) {
  *out = good ? root : NULL;
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  return throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its JSON");
}

throng_status metrics_json(const throng_metrics *m, const throng_comparison *c, cJSON **out) {
  cJSON *root = cJSON_CreateObject();
  bool good = root && json_add_number(root, "episodes", (double)m->episodes);
#define X(field) good = good && json_add_number(root, #field, m->field);
  METRICS(X)
#undef X
#define X(field) good = good && add_three(root, #field, m->field);
  METRICS_TERCILES(X)
#undef X
#define X(field) good = good && add_paired(root, "against_" #field, &c->field);
  COMPARISONS(X)
#undef X
#define X(field) good = good && (!isfinite(m->field) || json_add_number(root, #field, m->field));
  METRICS_PUBLISHED(X)
#undef X
  return finish(root, good, out);
}

/// Nothing for a player that was not evaluated.
static bool add_player(cJSON *policies, const char *key, const throng_metrics *m,
                       const throng_comparison *c) {
  cJSON *metrics;
  if (m->episodes <= 0) return true;
  return metrics_json(m, c, &metrics) == THRONG_OK && cJSON_AddItemToObject(policies, key, metrics);
}

static bool add_agent(cJSON *list, int32_t k, const train_result *result) {
  const train_agent *a = &result->agent[k];
  const throng_comparison against = train_comparison(result, k);
  cJSON *item = cJSON_CreateObject(), *metrics;
  if (!item || !cJSON_AddItemToArray(list, item)) return false;
  return cJSON_AddNumberToObject(item, "agent", k) &&
         cJSON_AddStringToObject(item, "state", train_state_name(a->state)) &&
         cJSON_AddNumberToObject(item, "user_steps", (double)a->user_steps) &&
         cJSON_AddNumberToObject(item, "updates", (double)a->updates) &&
         metrics_json(&a->metrics, &against, &metrics) == THRONG_OK &&
         cJSON_AddItemToObject(item, "metrics", metrics);
}

throng_status train_agents_json(const train_result *result, cJSON **out) {
  cJSON *list = cJSON_CreateArray();
  bool good = list != NULL;
  for (int32_t k = 0; k < result->n_agent && good; ++k) good = add_agent(list, k, result);
  return finish(list, good, out);
}

throng_status train_result_json(const train_result *result, cJSON **out) {
  const throng_train_report *report = &result->report;
  cJSON *root = cJSON_CreateObject();
  bool good = root && json_add_number(root, "user_steps", (double)report->user_steps) &&
              json_add_number(root, "seconds", report->seconds) &&
              json_add_number(root, "user_steps_per_second", report->user_steps_per_second) &&
              json_add_number(root, "gap_closed", train_gap_closed(report));
  cJSON *policies = good ? cJSON_AddObjectToObject(root, "policies") : NULL;
  good = policies && add_player(policies, "agent", &report->agent, &report->agent_against);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT && good; ++k)
    good = add_player(policies, throng_yardstick_name((throng_yardstick)k), &report->yardstick[k],
                      &report->yardstick_against[k]);
  if (good && result->n_agent > 1) {
    cJSON *agents;
    good = train_agents_json(result, &agents) == THRONG_OK &&
           cJSON_AddItemToObject(root, "agents", agents);
  }
  return finish(root, good, out);
}

/// Where the world and the weights were read from; weights that were fitted here are fitted again.
static bool put_inputs(const throng_world *world, const throng_sta *sta, cJSON *root) {
  const char *weights = sta ? sta->path : NULL;
  return (!world->path || field_put(root, "world.file", field_path_json(world->path))) &&
         (!sta || fields_put(&sta_fields, &sta->def, root)) &&
         (!weights || field_put(root, "sta.file", field_path_json(weights)));
}

throng_status train_config_json(const throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_sim_def *sim,
                                const throng_agent_def *agent, const throng_train_def *train,
                                char **out) {
  NUMBERS_WITHOUT_LOCALE;
  *out = NULL;  // what is printed by its name is one: enumerations index their names
  THRONG_TRY(fields_check(&sim_fields, sim));
  THRONG_TRY(fields_check(&votes_fields, &sim->votes));
  THRONG_TRY(fields_check(&users_fields, &sim->users));
  THRONG_TRY(fields_check(&agent_fields, agent));
  THRONG_TRY(fields_check(&train_fields, train));
  THRONG_TRY(fields_check(&evaluation_fields, &train->evaluation));
  cJSON *root = cJSON_CreateObject();
  const char *name = throng_backend_name(backend);
  bool good = root && put_inputs(world, sta, root) &&
              field_put(root, "backend.name", cJSON_CreateString(name)) &&
              fields_put(&votes_fields, &sim->votes, root) &&
              fields_put(&users_fields, &sim->users, root) && fields_put(&sim_fields, sim, root) &&
              fields_put(&agent_fields, agent, root) && fields_put(&train_fields, train, root) &&
              fields_put(&evaluation_fields, &train->evaluation, root);
  *out = good ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its config");
}
