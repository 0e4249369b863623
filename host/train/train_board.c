/// Events of a run that are none of its rows.
#include "train/train_board.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "evaluate/evaluator.h"
#include "sta/sta.h"
#include "world/world.h"

throng_status train_board_begin(tensorboard *board, const throng_sta *sta) {
  static const tensorboard_chart chart[] = {
      {"return", "A.Rwd and its yardsticks", {"^return/"}},
      {"return", "Liking%", {"^evaluation/agent/liking$"}},
      {"training", "loss", {"^train/loss$"}},
      {"training", "epsilon, entropy", {"^train/epsilon$", "^train/entropy_loss$"}},
      {"training", "return of training's sessions", {"^train/return$"}},
      {"f_sta by epoch", "losses", {"^sta/train_loss$", "^sta/validation_log_loss$"}},
      {"f_sta by epoch", "validation", {"^sta/validation_(auc|hr10|ndcg10)$"}},
  };
  THRONG_TRY(tensorboard_layout(board, chart, (int)(sizeof chart / sizeof *chart)));
  for (int32_t k = 0; sta && k < sta->n_epoch; ++k) {
#define X(number)                   \
  if (!isnan(sta->epoch[k].number)) \
    THRONG_TRY(tensorboard_scalar(board, k + 1, "sta/" #number, sta->epoch[k].number));
    STA_EPOCH(X)
#undef X
  }
  return THRONG_OK;
}

static throng_status put_returns(tensorboard *board, int64_t step,
                                 const throng_train_report *report, double best) {
  char tag[64];
  if (report->agent.episodes > 0)
    THRONG_TRY(tensorboard_scalar(board, step, "return/agent", report->agent.average_reward));
  if (!isnan(best)) THRONG_TRY(tensorboard_scalar(board, step, "return/best", best));
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k) {
    if (report->yardstick[k].episodes == 0) continue;
    snprintf(tag, sizeof tag, "return/%s", throng_yardstick_name((throng_yardstick)k));
    THRONG_TRY(tensorboard_scalar(board, step, tag, report->yardstick[k].average_reward));
  }
  return THRONG_OK;
}

/// What the agent makes of the catalogue at the start of the first sessions. `q` has room for
/// `n_state` rows of it.
static throng_status score_starts(throng_session *session, const evaluator *e, int32_t agent,
                                  int64_t n_state, float *q) {
  const throng_world *world = evaluator_world(e);
  const int32_t *user = evaluator_users(e);
  int64_t *offset, n = 0;
  int32_t *item = NULL;
  uint8_t *like = NULL;
  for (int64_t k = 0; k < n_state; ++k)
    n += world->user_offset[user[k] + 1] - world->user_offset[user[k]];
  throng_status status =
      throng_alloc((void **)&offset, (size_t)n_state + 1, sizeof *offset, "histogram");
  THRONG_TRY(status);
  THRONG_TRY_GOTO(throng_alloc((void **)&item, (size_t)n + 1, sizeof *item, "histogram"));
  THRONG_TRY_GOTO(throng_alloc((void **)&like, (size_t)n + 1, sizeof *like, "histogram"));
  for (int64_t k = 0, at = 0; k < n_state; ++k) {
    for (int64_t h = world->user_offset[user[k]]; h < world->user_offset[user[k] + 1]; ++h) {
      item[at] = world->history_item[h];
      like[at++] = world->history_like[h];
    }
    offset[k + 1] = at;
  }
  throng_states states = {.n = n_state, .user = user, .offset = offset, .item = item, .like = like};
  THRONG_TRY_GOTO(
      throng_population_scores(throng_session_get_population(session), agent, &states, q));
done:
  free(offset);
  free(item);
  free(like);
  return status;
}

static throng_status put_scores(tensorboard *board, int64_t step, throng_session *session,
                                const evaluator *e, int32_t agent) {
  enum { STATES = 16, MOST = 1 << 20 };
  const int64_t n_item = evaluator_world(e)->n_item;
  int64_t n_state = n_item * STATES > MOST ? MOST / n_item : STATES;
  if (n_state < 1) n_state = 1;
  if (n_state > evaluator_episodes(e)) n_state = evaluator_episodes(e);
  histogram h;
  float *q;
  THRONG_TRY(throng_alloc((void **)&q, (size_t)(n_state * n_item), sizeof *q, "histogram"));
  throng_status status = score_starts(session, e, agent, n_state, q);
  if (status == THRONG_OK) {
    const bool policy = throng_session_get_stats(session).entropy_loss != NULL;
    histogram_of_values(n_state * n_item, q, &h);
    status = tensorboard_histogram(board, step, policy ? "histogram/logits" : "histogram/q", &h);
  }
  free(q);
  return status;
}

static throng_status put_sessions(tensorboard *board, int64_t step, const evaluator *e,
                                  int32_t agent) {
  const int32_t n = evaluator_episodes(e);
  double *returns;
  float *value;
  histogram h;
  THRONG_TRY(throng_alloc((void **)&returns, (size_t)n, 2 * sizeof *returns, "histogram"));
  value = (float *)(returns + n);
  evaluator_copy_returns(e, agent, returns);
  for (int32_t k = 0; k < n; ++k) value[k] = (float)returns[k];
  histogram_of_values(n, value, &h);
  free(returns);
  THRONG_TRY(tensorboard_histogram(board, step, "histogram/return", &h));
  for (int side = 0; side < 2; ++side) {
    histogram_of_counts(EVALUATOR_HITS, evaluator_hits(e, side), &h);
    if (h.most > 0)  // else the rule asks for no keywords
      THRONG_TRY(tensorboard_histogram(
          board, step, side == 0 ? "histogram/keywords_liked" : "histogram/keywords_disliked", &h));
  }
  return THRONG_OK;
}

throng_status train_board_evaluation(tensorboard *board, throng_session *session, double best) {
  throng_train_report report;
  const evaluator *e = session_evaluator(session);
  const int64_t step = session_user_steps(session);
  const int32_t agent = evaluator_watched(e);
  throng_session_get_report(session, &report);
  THRONG_TRY(put_returns(board, step, &report, best));
  if (agent < 0) return THRONG_OK;
  THRONG_TRY(put_sessions(board, step, e, agent));
  return put_scores(board, step, session, e, agent);
}
