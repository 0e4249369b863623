/// Training and judging.
#include "experiment/trial.h"

#include <math.h>
#include <stdlib.h>

#include "base/statistics.h"
#include "throng/train.h"

trial_mean trial_mean_of(int64_t n, const double *x) {
  const mean_error m = mean_with_error(n, x);
  return (trial_mean){m.mean, m.sem};
}

static throng_sim_def sim_with(const experiment_room *room, const throng_votes_def *votes) {
  throng_sim_def sim = room->config->sim;
  sim.votes = *votes;
  return sim;
}

throng_status trial_train(const experiment_room *room, const throng_votes_def *votes, trial *out) {
  const throng_sim_def sim = sim_with(room, votes);
  throng_train_def train = room->config->train;
  *out = (trial){.count = room->config->agent.count};
  train.yardsticks = false;
  train.evaluate_every = train.checkpoint_every = train.steps;
  throng_status status;
  uint32_t marks = 0;
  THRONG_TRY_GOTO(throng_session_create(room->backend, room->world, room->sta, &sim,
                                        &room->config->agent, &train, room->progress,
                                        &out->session));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->each, (size_t)out->count, sizeof *out->each, "evaluation"));
  while (!(marks & THRONG_MARK_END))
    THRONG_TRY_GOTO(throng_session_step(out->session, room->progress, &marks));
  return THRONG_OK;
done:
  trial_close(out);
  return status;
}

void trial_close(trial *t) {
  throng_session_close(t->session);
  free(t->each);
  *t = (trial){0};
}

throng_population *trial_population(trial *t) { return throng_session_get_population(t->session); }

throng_status trial_judge(const experiment_room *room, trial *t, const throng_votes_def *votes,
                          trial_mean *average_reward, trial_mean *step_reward) {
  const throng_sim_def sim = sim_with(room, votes);
  double *x;
  THRONG_TRY(throng_evaluate_population(room->backend, room->world, room->sta, &sim,
                                        &room->config->train.evaluation, trial_population(t),
                                        room->progress, t->each));
  THRONG_TRY(throng_alloc((void **)&x, 2 * (size_t)t->count, sizeof *x, "evaluation"));
  for (int32_t k = 0; k < t->count; ++k) {
    x[k] = t->each[k].average_reward;
    x[t->count + k] = t->each[k].average_reward / t->each[k].session_length;
  }
  *average_reward = trial_mean_of(t->count, x);
  *step_reward = trial_mean_of(t->count, x + t->count);
  free(x);
  return THRONG_OK;
}

throng_status trial_yardstick(const experiment_room *room, const throng_votes_def *votes,
                              throng_yardstick yardstick, trial_mean *average_reward,
                              double *step_reward) {
  const throng_sim_def sim = sim_with(room, votes);
  throng_metrics m;
  THRONG_TRY(throng_evaluate_yardstick(room->backend, room->world, room->sta, &sim,
                                       &room->config->train.evaluation, yardstick, room->progress,
                                       &m));
  *average_reward = (trial_mean){m.average_reward, m.average_reward_sem};
  *step_reward = m.average_reward / m.session_length;
  return THRONG_OK;
}
