/// JSON of a training run.
#include "train/train_json.h"

#include <math.h>
#include <string.h>

#include "base/numbers.h"
#include "base/status.h"
#include "evaluate/metrics.h"

static bool add_number(cJSON *object, const char *key, double value) {
  if (isfinite(value)) return cJSON_AddNumberToObject(object, key, value) != NULL;
  return cJSON_AddNullToObject(object, key) != NULL;
}

static bool add_three(cJSON *object, const char *key, const double *value) {
  cJSON *list = cJSON_AddArrayToObject(object, key);
  for (int k = 0; k < 3 && list; ++k) {
    cJSON *item = isfinite(value[k]) ? cJSON_CreateNumber(value[k]) : cJSON_CreateNull();
    if (!item || !cJSON_AddItemToArray(list, item)) return false;
  }
  return list != NULL;
}

static throng_status finish(cJSON *root, bool good, cJSON **out) {
  *out = good ? root : NULL;
  if (good) return THRONG_OK;
  cJSON_Delete(root);
  return throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its JSON");
}

throng_status metrics_json(const throng_metrics *m, cJSON **out) {
  cJSON *root = cJSON_CreateObject();
  bool good = root && add_number(root, "episodes", (double)m->episodes);
#define X(field) good = good && add_number(root, #field, m->field);
  METRICS(X)
#undef X
#define X(field) good = good && add_three(root, #field, m->field);
  METRICS_TERCILES(X)
#undef X
  return finish(root, good, out);
}

/// Nothing for a player that was not evaluated.
static bool add_player(cJSON *policies, const char *key, const throng_metrics *m) {
  cJSON *metrics;
  if (m->episodes <= 0) return true;
  return metrics_json(m, &metrics) == THRONG_OK && cJSON_AddItemToObject(policies, key, metrics);
}

static bool add_agent(cJSON *list, int32_t k, const train_agent *a) {
  cJSON *item = cJSON_CreateObject(), *metrics;
  if (!item || !cJSON_AddItemToArray(list, item)) return false;
  return cJSON_AddNumberToObject(item, "agent", k) &&
         cJSON_AddStringToObject(item, "state", train_state_name(a->state)) &&
         cJSON_AddNumberToObject(item, "user_steps", (double)a->user_steps) &&
         cJSON_AddNumberToObject(item, "updates", (double)a->updates) &&
         metrics_json(&a->metrics, &metrics) == THRONG_OK &&
         cJSON_AddItemToObject(item, "metrics", metrics);
}

throng_status train_agents_json(const train_result *result, cJSON **out) {
  cJSON *list = cJSON_CreateArray();
  bool good = list != NULL;
  for (int32_t k = 0; k < result->n_agent && good; ++k)
    good = add_agent(list, k, &result->agent[k]);
  return finish(list, good, out);
}

throng_status train_result_json(const train_result *result, cJSON **out) {
  const throng_train_report *report = &result->report;
  cJSON *root = cJSON_CreateObject();
  bool good = root && add_number(root, "user_steps", (double)report->user_steps) &&
              add_number(root, "seconds", report->seconds) &&
              add_number(root, "user_steps_per_second", report->user_steps_per_second) &&
              add_number(root, "gap_closed", train_gap_closed(report));
  cJSON *policies = good ? cJSON_AddObjectToObject(root, "policies") : NULL;
  good = policies && add_player(policies, "agent", &report->agent);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT && good; ++k)
    good = add_player(policies, throng_yardstick_name((throng_yardstick)k), &report->yardstick[k]);
  if (good && result->n_agent > 1) {
    cJSON *agents;
    good = train_agents_json(result, &agents) == THRONG_OK &&
           cJSON_AddItemToObject(root, "agents", agents);
  }
  return finish(root, good, out);
}

throng_status train_config_json(const throng_sim_def *sim, const throng_agent_def *agent,
                                const throng_train_def *train, char **out) {
  NUMBERS_WITHOUT_LOCALE;
  cJSON *root = cJSON_CreateObject();
  cJSON *s = cJSON_AddObjectToObject(root, "sim"), *v = cJSON_AddObjectToObject(root, "votes");
  cJSON *a = cJSON_AddObjectToObject(root, "agent"), *t = cJSON_AddObjectToObject(root, "train");
#define NUMBER(object, def, field) cJSON_AddNumberToObject(object, #field, (double)(def)->field)
#define BOOL(object, def, field) cJSON_AddBoolToObject(object, #field, (def)->field)
  NUMBER(s, sim, lanes);
  NUMBER(s, sim, history);
  NUMBER(s, sim, leave_probability);
  NUMBER(s, sim, max_steps);
  NUMBER(s, sim, slate_size);
  BOOL(s, sim, mask_seen);
  NUMBER(s, sim, seed);
  NUMBER(v, &sim->votes, semantics);
  NUMBER(v, &sim->votes, rule);
  NUMBER(v, &sim->votes, similarity);
  NUMBER(v, &sim->votes, weight_threshold);
  cJSON_AddStringToObject(a, "head", agent->head == THRONG_HEAD_FLAT ? "flat" : "two_tower");
  NUMBER(a, agent, count);
  NUMBER(a, agent, width);
  NUMBER(a, agent, user_width);
  NUMBER(a, agent, gamma);
  NUMBER(a, agent, learning_rate);
  NUMBER(a, agent, batch);
  NUMBER(a, agent, update_every);
  NUMBER(a, agent, updates);
  NUMBER(a, agent, buffer);
  NUMBER(a, agent, learning_starts);
  NUMBER(a, agent, n_step);
  BOOL(a, agent, double_dqn);
  cJSON_AddStringToObject(a, "loss", agent->loss == THRONG_LOSS_MSE ? "mse" : "huber");
  NUMBER(a, agent, max_grad_norm);
  NUMBER(a, agent, tau);
  NUMBER(a, agent, target_every);
  NUMBER(a, agent, epsilon_start);
  NUMBER(a, agent, epsilon_end);
  NUMBER(a, agent, epsilon_share);
  NUMBER(a, agent, seed);
  NUMBER(t, train, steps);
  NUMBER(t, train, evaluate_every);
  NUMBER(t, train, checkpoint_every);
#undef NUMBER
#undef BOOL
  *out = t ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "training: no memory for its config");
}
