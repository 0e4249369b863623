/// What a run tells whoever watches it, beside its progress: yardsticks and evaluations as they
/// come. Watching changes nothing of the run.
#ifndef THRONG_TRAIN_TRAIN_WATCH_H
#define THRONG_TRAIN_TRAIN_WATCH_H

#include "throng/train.h"

/// An evaluation, and training since the one before. Numbers that the agents do not have are NaN.
typedef struct train_evaluation {
  const char *title;              // what tables call the agents: "DQN"
  int32_t n_agent;                // all of them
  int64_t user_steps, steps;      // taken over all agents, and of all
  double seconds;                 // of training, with those of earlier processes of a resumed run
  double user_steps_per_second;   // of training in this process; 0 before the first step
  const throng_metrics *agent;    // the mean over the agents that learn
  double best;                    // A.Rwd of the best agent that learns
  double loss, epsilon, entropy;  // means over the agents that learn
} train_evaluation;

/// Members may be NULL. Called from the thread that trains.
typedef struct train_watch {
  /// `kept`: taken from an earlier run; else played, in `seconds`.
  void (*yardstick)(void *context, throng_yardstick yardstick, const throng_metrics *metrics,
                    bool kept, double seconds);
  void (*evaluation)(void *context, const train_evaluation *evaluation);
  void *context;
} train_watch;

#endif
