/// Rows of metrics.jsonl and of TensorBoard: what is measured at a mark, under which names. With
/// several agents the names of one agent's numbers are those of their mean, with agent_<k> in them.
#ifndef THRONG_TRAIN_TRAIN_ROW_H
#define THRONG_TRAIN_TRAIN_ROW_H

#include "report/run_folder.h"
#include "throng/train.h"

enum { TRAIN_NAME_SIZE = 96 };

/// A row that is being put together; names are its own.
typedef struct train_row {
  run_value *value;               // (most)
  char (*name)[TRAIN_NAME_SIZE];  // (most)
  int64_t n, most;
} train_row;

/// Room for all that is measured of `n_agent` agents at a mark. Errors: MEMORY.
throng_status train_row_create(int32_t n_agent, train_row *row);
void train_row_free(train_row *row);

/// "evaluation/<player>/average_reward" and so on.
void train_row_add_metrics(train_row *row, const char *player, const throng_metrics *m);
/// "evaluation/<player>/against_random", "against_random_sem" and so on, of what was compared.
void train_row_add_comparison(train_row *row, const char *player, const throng_comparison *c);
/// "evaluation/agent_<k>/average_reward" and so on, where there are several.
void train_row_add_agents(train_row *row, int32_t n_agent, const throng_metrics *each);
/// "train/loss", q, grad_norm, epsilon and updates, of what learns from rollouts entropy_loss,
/// policy_gradient_loss, value_loss, approx_kl, clip_fraction and explained_variance too: means
/// over the agents that learn; "train/episodes" and "train/return": their sessions that ended since
/// the last row, and those sessions' mean return. Where there are several also
/// "train/agent_<k>/state" (throng_agent_state), user_steps and the same numbers.
void train_row_add_stats(train_row *row, const throng_population_stats *stats);
/// "train/user_steps_per_second".
void train_row_add_rate(train_row *row, double user_steps_per_second);

#endif
