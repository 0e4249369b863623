/// Agents trained in one simulator and judged in others: many seeds as one population.
#ifndef THRONG_EXPERIMENT_TRIAL_H
#define THRONG_EXPERIMENT_TRIAL_H

#include "experiment/experiment.h"

/// A mean over seeds and its standard error (NaN for one).
typedef struct trial_mean {
  double mean, error;
} trial_mean;

typedef struct trial {
  throng_session *session;
  int32_t count;         // agents
  throng_metrics *each;  // (count) scratch
} trial;

/// Train the config's agents on simulators that answer by `votes`, to the end of the run.
throng_status trial_train(const experiment_room *room, const throng_votes_def *votes, trial *out);
void trial_close(trial *t);
/// Sessions with users that answer by `votes`: return, and reward a step.
throng_status trial_judge(const experiment_room *room, trial *t, const throng_votes_def *votes,
                          trial_mean *average_reward, trial_mean *step_reward);
/// The same for a yardstick, whose error is that over sessions.
throng_status trial_yardstick(const experiment_room *room, const throng_votes_def *votes,
                              throng_yardstick yardstick, trial_mean *average_reward,
                              double *step_reward);
throng_population *trial_population(trial *t);
/// Mean and standard error of n numbers.
trial_mean trial_mean_of(int64_t n, const double *x);

#endif
