/// Agents trained on one simulator's answers and judged by another's: in whole sessions, and by
/// off-policy estimators on logged first steps, whose truth is known by playing them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "episodes/episodes.h"
#include "episodes/off_policy.h"
#include "experiment/trial.h"
#include "experiment/variants.h"

enum {
  OWN_STEP,
  RETURN,
  RETURN_ERROR,
  STEP,
  RANDOM_STEP,
  FIRST,
  IPS,
  IPS_LOW,
  IPS_HIGH,
  SNIPS,
  SNIPS_LOW,
  SNIPS_HIGH,
  DR,
  DR_LOW,
  DR_HIGH,
  EFFECTIVE
};
enum { LOG_SESSIONS = 64, MOST_LANES = 4096 };  // logged first steps for a session of evaluations
static const double few = 5;  // answers of the mean that an item's own are shrunk by

/// Simulators whose answers are compared; those that cannot be asked here are left out.
static const char *const simulators[] = {"logical", "majority", "ensemble", "f_pop", "calibrated"};
enum { N_SIMULATOR = sizeof simulators / sizeof *simulators };

/// Rows of a log in the order in which sessions ended.
typedef struct first_steps {
  int64_t n, most;
  int32_t *item, *target_best;
  double *reward, *logged, *target, *model_logged, *model_target;
  double *sum, *count;  // (2, n_item) likes and rows of the even and of the odd ones
} first_steps;

static throng_status take_step(void *context, const episodes_row *row, int32_t n) {
  first_steps *f = context;
  if (n != 1 || f->n == f->most)
    return throng_fail(THRONG_ERROR_ARGUMENT, "transfer: not a first step");
  f->item[f->n] = row->item;
  f->target_best[f->n] = row->target_best;
  f->reward[f->n] = row->like;
  f->logged[f->n] = episodes_propensity(row->item, row->best, row->eligible, 1);
  f->target[f->n] = episodes_propensity(row->item, row->target_best, row->eligible, 0);
  ++f->n;
  return THRONG_OK;
}

static throng_status take_reward(void *context, const episodes_row *row, int32_t n) {
  (void)n;
  double *sum = context;
  *sum += row->like;
  return THRONG_OK;
}

/// An item's mean answer, shrunk to that of all; of even rows for odd ones and the other way round,
/// so that no answer foretells itself.
static void fit_model(first_steps *f, int64_t n_item) {
  double all[2] = {0}, rows[2] = {0};
  for (int64_t k = 0; k < f->n; ++k) {
    const int half = (int)(k % 2);
    f->sum[half * n_item + f->item[k]] += f->reward[k];
    f->count[half * n_item + f->item[k]] += 1;
    all[half] += f->reward[k];
    rows[half] += 1;
  }
  for (int64_t k = 0; k < f->n; ++k) {
    const int other = 1 - (int)(k % 2);
    const double mean = rows[other] > 0 ? all[other] / rows[other] : 0.5;
    const double *sum = f->sum + other * n_item, *count = f->count + other * n_item;
    const int32_t a = f->item[k], b = f->target_best[k];
    f->model_logged[k] = (sum[a] + few * mean) / (count[a] + few);
    f->model_target[k] = (sum[b] + few * mean) / (count[b] + few);
  }
}

static void first_steps_free(first_steps *f) {
  free(f->item);
  free(f->target_best);
  free(f->reward);
  free(f->logged);
  free(f->target);
  free(f->model_logged);
  free(f->model_target);
  free(f->sum);
  free(f->count);
}

static throng_status first_steps_take(first_steps *f, int64_t most, int64_t n_item) {
  f->most = most;
#define TAKE(name, n) \
  THRONG_TRY(throng_alloc((void **)&f->name, (size_t)(n), sizeof *f->name, "log"))
  TAKE(item, most);
  TAKE(target_best, most);
  TAKE(reward, most);
  TAKE(logged, most);
  TAKE(target, most);
  TAKE(model_logged, most);
  TAKE(model_target, most);
  TAKE(sum, 2 * n_item);
  TAKE(count, 2 * n_item);
#undef TAKE
  return THRONG_OK;
}

/// Random first steps logged in the simulator, what they say of the agent, and what it really gets.
static throng_status judge_by_log(const experiment_room *room, trial *t,
                                  const throng_votes_def *votes, experiment_row *row) {
  const int64_t n_item = throng_world_get_info(room->world).n_item;
  const int64_t sessions = (int64_t)LOG_SESSIONS * room->config->train.evaluation.episodes;
  throng_sim_def sim = room->config->sim;
  sim.votes = *votes;
  sim.max_steps = 1;
  const episodes_def def = {.sessions = sessions,
                            .lanes = sessions < MOST_LANES ? (int32_t)sessions : MOST_LANES,
                            .seed = room->config->train.evaluation.seed};
  const episodes_policy random = {.yardstick = THRONG_YARDSTICK_RANDOM};
  const episodes_policy agent = {.population = trial_population(t)};
  const int32_t count = t->count;
  episodes_def part = def;
  if (count > 1) part.lanes = def.lanes / count > 0 ? def.lanes / count : 1;
  first_steps f = {0};
  double truth = 0;
  off_policy_result r;
  const off_policy_def bootstrap = off_policy_default_def();
  throng_status status;
  THRONG_TRY_GOTO(first_steps_take(&f, sessions, n_item));
  THRONG_TRY_GOTO(episodes_play(room->backend, room->world, room->sta, &sim, &part, &random, &agent,
                                room->progress, take_step, &f));
  THRONG_TRY_GOTO(episodes_play(room->backend, room->world, room->sta, &sim, &part, &agent, NULL,
                                room->progress, take_reward, &truth));
  fit_model(&f, n_item);
  const off_policy_log log = {f.n, f.reward, f.logged, f.target, f.model_logged, f.model_target,
                              NULL};
  THRONG_TRY_GOTO(off_policy_estimate(&log, &bootstrap, &r));
  row->value[FIRST] = truth / (double)sessions;
  row->value[EFFECTIVE] = r.effective_sample;
  static const struct {
    int column;
    off_policy_estimator estimator;
  } put[] = {{IPS, OFF_POLICY_IPS}, {SNIPS, OFF_POLICY_SNIPS}, {DR, OFF_POLICY_DR}};
  for (int k = 0; k < 3; ++k) {
    row->value[put[k].column] = r.value[put[k].estimator];
    row->value[put[k].column + 1] = r.low[put[k].estimator];
    row->value[put[k].column + 2] = r.high[put[k].estimator];
  }
done:
  first_steps_free(&f);
  return status;
}

static throng_status judge(experiment_room *room, trial *t, double own, const char *trained,
                           const char *by) {
  const throng_votes_def votes =
      experiment_variant_votes(experiment_variant_find(by), &room->config->sim.votes);
  experiment_row row = experiment_row_of(trained, by, NULL);
  trial_mean reward, step, random;
  if (experiment_table_has(room->table, &row)) return THRONG_OK;
  THRONG_TRY(
      trial_yardstick(room, &votes, THRONG_YARDSTICK_RANDOM, &random, &row.value[RANDOM_STEP]));
  THRONG_TRY(trial_judge(room, t, &votes, &reward, &step));
  row.value[OWN_STEP] = own;
  row.value[RETURN] = reward.mean;
  row.value[RETURN_ERROR] = reward.error;
  row.value[STEP] = step.mean;
  THRONG_TRY(judge_by_log(room, t, &votes, &row));
  return experiment_table_add(room->table, &row);
}

/// One simulator's agents before all of them.
static throng_status train_and_judge(experiment_room *room, const char *trained,
                                     const bool *possible) {
  const throng_votes_def votes =
      experiment_variant_votes(experiment_variant_find(trained), &room->config->sim.votes);
  trial t;
  trial_mean reward, step;
  bool all = true;
  for (int k = 0; k < N_SIMULATOR; ++k) {
    const experiment_row row = experiment_row_of(trained, simulators[k], NULL);
    all &= !possible[k] || experiment_table_has(room->table, &row);
  }
  if (all) return THRONG_OK;
  THRONG_TRY(trial_train(room, &votes, &t));
  throng_status status = trial_judge(room, &t, &votes, &reward, &step);
  for (int k = 0; k < N_SIMULATOR && status == THRONG_OK; ++k)
    if (possible[k]) status = judge(room, &t, step.mean, trained, simulators[k]);
  trial_close(&t);
  return status;
}

throng_status experiment_transfer(experiment_room *room) {
  bool possible[N_SIMULATOR];
  questions q = {0};
  throng_status status;
  THRONG_TRY_GOTO(experiment_questions(room, room->world, room->sta, &q));
  for (int k = 0; k < N_SIMULATOR; ++k)
    possible[k] = experiment_variant_possible(room, experiment_variant_find(simulators[k]), &q);
  for (int k = 0; k < N_SIMULATOR; ++k)
    if (possible[k]) THRONG_TRY_GOTO(train_and_judge(room, simulators[k], possible));
done:
  questions_free(&q);
  return status;
}
