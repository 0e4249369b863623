/// Names and order of what is measured.
#include "train/train_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "evaluate/metrics.h"

/// Values of a row that holds everything: means, and each agent's own.
enum { ROW_VALUES = 64, AGENT_VALUES = 48 };

throng_status train_row_create(int32_t n_agent, train_row *row) {
  *row = (train_row){.most = ROW_VALUES + (n_agent > 1 ? (int64_t)n_agent * AGENT_VALUES : 0)};
  THRONG_TRY(throng_alloc((void **)&row->value, (size_t)row->most, sizeof *row->value,
                          "a row of metrics"));
  return throng_alloc((void **)&row->name, (size_t)row->most, sizeof *row->name,
                      "a row of metrics");
}

void train_row_free(train_row *row) {
  free(row->value);
  free(row->name);
  *row = (train_row){0};
}

static void add(train_row *row, const char *prefix, const char *name, double value) {
  if (row->n == row->most) return;
  char *text = row->name[row->n];
  snprintf(text, TRAIN_NAME_SIZE, "%s/%s", prefix, name);
  row->value[row->n++] = (run_value){.name = text, .value = value};
}

/// What every player has, and what a released environment adds.
static void add_player(train_row *row, const char *prefix, const throng_metrics *m) {
#define X(field) add(row, prefix, #field, m->field);
  METRICS(X)
#undef X
#define X(field) \
  if (m->episodes > 0 && isfinite(m->field)) add(row, prefix, #field, m->field);
  METRICS_PUBLISHED(X)
#undef X
}

void train_row_add_comparison(train_row *row, const char *player, const throng_comparison *c) {
  char prefix[40];
  snprintf(prefix, sizeof prefix, "evaluation/%s", player);
#define X(field)                                              \
  if (c->field.sessions > 0) {                                \
    add(row, prefix, "against_" #field, c->field.mean);       \
    add(row, prefix, "against_" #field "_sem", c->field.sem); \
  }
  COMPARISONS(X)
#undef X
}

void train_row_add_metrics(train_row *row, const char *player, const throng_metrics *m) {
  static const char *const third[3] = {"least_active", "middle", "most_active"};
  char prefix[40], name[40];
  snprintf(prefix, sizeof prefix, "evaluation/%s", player);
  add_player(row, prefix, m);
#define X(field)                                                \
  for (int k = 0; k < 3; ++k) {                                 \
    snprintf(name, sizeof name, "%s_%s", &#field[8], third[k]); \
    add(row, prefix, name, m->field[k]);                        \
  }
  METRICS_TERCILES(X)  // "tercile_reward" is written as "reward_least_active", ...
#undef X
}

void train_row_add_agents(train_row *row, int32_t n_agent, const throng_metrics *each) {
  for (int32_t k = 0; k < n_agent && n_agent > 1; ++k) {
    char prefix[40];
    snprintf(prefix, sizeof prefix, "evaluation/agent_%d", k);
    add_player(row, prefix, &each[k]);
  }
}

/// Numbers of throng_population_stats of which a row holds means.
#define STATS(X) X(loss) X(q) X(grad_norm) X(epsilon) X(updates)
/// Those of what learns from rollouts.
#define ROLLOUT_STATS(X) \
  X(entropy_loss)        \
  X(policy_gradient_loss) X(value_loss) X(approx_kl) X(clip_fraction) X(explained_variance)

/// Sessions of training that ended since the last row, and their mean return; NaN without one.
static void add_sessions(train_row *row, const char *prefix, int64_t episodes, double total) {
  add(row, prefix, "episodes", (double)episodes);
  add(row, prefix, "return", episodes > 0 ? total / (double)episodes : (double)NAN);
}

static double total_return(const throng_population_stats *stats, int32_t agent) {
  return (double)stats->mean_return[agent] * (double)stats->episodes[agent];
}

static void add_all_sessions(train_row *row, const throng_population_stats *stats) {
  int64_t episodes = 0;
  double total = 0;
  for (int32_t k = 0; k < stats->count; ++k) {
    if (stats->state[k] != THRONG_AGENT_LEARNING) continue;
    episodes += stats->episodes[k];
    total += total_return(stats, k);
  }
  add_sessions(row, "train", episodes, total);
}

void train_row_add_stats(train_row *row, const throng_population_stats *stats) {
#define X(field)                                              \
  if (stats->field) {                                         \
    double sum = 0;                                           \
    int32_t n = 0;                                            \
    for (int32_t k = 0; k < stats->count; ++k) {              \
      if (stats->state[k] != THRONG_AGENT_LEARNING) continue; \
      sum += (double)stats->field[k];                         \
      ++n;                                                    \
    }                                                         \
    add(row, "train", #field, n > 0 ? sum / n : (double)NAN); \
  }
  STATS(X)
  ROLLOUT_STATS(X)
#undef X
  add_all_sessions(row, stats);
  for (int32_t k = 0; k < stats->count && stats->count > 1; ++k) {
    char prefix[40];
    snprintf(prefix, sizeof prefix, "train/agent_%d", k);
    add(row, prefix, "state", (double)stats->state[k]);
    add(row, prefix, "user_steps", (double)stats->user_steps[k]);
#define X(field) \
  if (stats->field) add(row, prefix, #field, (double)stats->field[k]);
    STATS(X)
    ROLLOUT_STATS(X)
#undef X
    add_sessions(row, prefix, stats->episodes[k], total_return(stats, k));
  }
}

void train_row_add_rate(train_row *row, double user_steps_per_second) {
  add(row, "train", "user_steps_per_second", user_steps_per_second);
}
