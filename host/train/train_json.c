/// Rows and JSON of a training run.
#include "train/train_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/numbers.h"
#include "evaluate/metrics.h"

_Static_assert((int)THRONG_YARDSTICK_COUNT <= THRONG_YARDSTICKS_MOST, "room in the report");

void train_row_add(train_row *row, const char *prefix, const char *name, double value) {
  if (row->n == TRAIN_ROW_VALUES) return;
  char *text = row->name[row->n];
  snprintf(text, TRAIN_NAME_SIZE, "%s/%s", prefix, name);
  row->value[row->n++] = (run_value){.name = text, .value = value};
}

void train_row_add_metrics(train_row *row, const char *player, const throng_metrics *m) {
  static const char *const third[3] = {"least_active", "middle", "most_active"};
  char prefix[40], name[40];
  snprintf(prefix, sizeof prefix, "evaluation/%s", player);
#define X(field) train_row_add(row, prefix, #field, m->field);
  METRICS(X)
#undef X
#define X(field)                                                \
  for (int k = 0; k < 3; ++k) {                                 \
    snprintf(name, sizeof name, "%s_%s", &#field[8], third[k]); \
    train_row_add(row, prefix, name, m->field[k]);              \
  }
  METRICS_TERCILES(X)  // "tercile_reward" is written as "reward_least_active", ...
#undef X
}

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

double train_gap_closed(const throng_train_report *report) {
  return metrics_gap_closed(&report->agent, &report->yardstick[THRONG_YARDSTICK_RANDOM],
                            &report->yardstick[THRONG_YARDSTICK_ORACLE]);
}

/// Nothing for a player that was not evaluated.
static bool add_player(cJSON *policies, const char *key, const throng_metrics *m) {
  cJSON *metrics;
  if (m->episodes <= 0) return true;
  return metrics_json(m, &metrics) == THRONG_OK && cJSON_AddItemToObject(policies, key, metrics);
}

throng_status train_report_json(const throng_train_report *report, cJSON **out) {
  cJSON *root = cJSON_CreateObject();
  bool good = root && add_number(root, "user_steps", (double)report->user_steps) &&
              add_number(root, "seconds", report->seconds) &&
              add_number(root, "user_steps_per_second", report->user_steps_per_second) &&
              add_number(root, "gap_closed", train_gap_closed(report));
  cJSON *policies = good ? cJSON_AddObjectToObject(root, "policies") : NULL;
  good = policies != NULL;
  good = good && add_player(policies, "agent", &report->agent);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT && good; ++k)
    good = add_player(policies, throng_yardstick_name((throng_yardstick)k), &report->yardstick[k]);
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
