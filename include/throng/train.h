/// A training run from a world to a folder of metrics and checkpoints, and the evaluation of agents
/// and yardsticks: A.Rwd, T.Rwd, Liking% and what stands beside them.
#ifndef THRONG_TRAIN_H
#define THRONG_TRAIN_H

#include "agent.h"
#include "base.h"
#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum throng_policy {
  THRONG_POLICY_AGENT = 0,     ///< the learned agent, greedy
  THRONG_POLICY_RANDOM,        ///< uniform over items
  THRONG_POLICY_POPULAR,       ///< most liked in the real histories
  THRONG_POLICY_MOST_SIMILAR,  ///< largest b+ - b- against the lane's history
  THRONG_POLICY_ORACLE,        ///< asks the simulator about every item first
  THRONG_POLICY_COUNT
} throng_policy;

/// One evaluation: `episodes` sessions, each lane plays one.
typedef struct throng_metrics {
  int64_t episodes;
  double average_reward;      ///< A.Rwd: mean return of an episode
  double average_reward_sem;  ///< its standard error over episodes
  double total_reward;        ///< T.Rwd: their sum
  double liking;              ///< Liking%: likes among the ten best items at episode start, 0-100
  double coverage;            ///< share of the catalogue shown at least once
  double gini;                ///< Gini coefficient of exposure over the catalogue
  double diversity;           ///< mean 1 - <e+,e+> over pairs of the ten best items
  double session_length;      ///< mean steps
  double tercile_reward[3];   ///< A.Rwd by user activity: least, middle, most active third
  double tercile_liking[3];
  double tercile_length[3];
} throng_metrics;

typedef struct throng_evaluation_def {
  int32_t episodes;  ///< 512
  uint32_t seed;     ///< 1,000,003; apart from training's
  int32_t top;       ///< 10; items that Liking% asks about
} throng_evaluation_def;

/// Play `policy` (agent: required for THRONG_POLICY_AGENT, else NULL) on fresh lanes.
THRONG_API throng_status throng_evaluate_policy(throng_backend *backend, const throng_world *world,
                                                const throng_sta *sta, const throng_sim_def *sim,
                                                const throng_evaluation_def *def,
                                                throng_policy policy, throng_population *agent,
                                                throng_metrics *out);

typedef struct throng_train_def {
  int64_t steps;             ///< 2,000,000 user-steps
  int64_t evaluate_every;    ///< 100,000 user-steps
  int64_t checkpoint_every;  ///< 500,000 user-steps
  throng_evaluation_def evaluation;
  bool yardsticks;          ///< true: evaluate random, popular, most-similar and oracle too
  bool resume;              ///< go on from the folder's last good checkpoint
  const char *out;          ///< run folder; made where missing
  const char *config_json;  ///< resolved config to write beside the results; may be NULL
  int32_t cookie;
} throng_train_def;

typedef struct throng_train_report {
  int64_t user_steps;
  double seconds;  ///< training alone
  double user_steps_per_second;
  throng_metrics policy[THRONG_POLICY_COUNT];  ///< filled where evaluated (episodes > 0)
} throng_train_report;

THRONG_API throng_train_def throng_default_train_def(void);

/// Train and write config.json, metrics.jsonl, TensorBoard events, checkpoints, summary.json.
/// Errors: ARGUMENT, MEMORY; IO (another process is writing into the folder, too); DATA (with
/// `resume`: checkpoints of another agent or simulator, or none that is whole); DIVERGED;
/// CANCELLED once the progress asked to stop, with the checkpoint that was saved.
THRONG_API throng_status throng_train(throng_backend *backend, const throng_world *world,
                                      const throng_sta *sta, const throng_sim_def *sim,
                                      const throng_agent_def *agent, const throng_train_def *def,
                                      const throng_progress *progress, throng_train_report *report);

#ifdef __cplusplus
}
#endif
#endif
