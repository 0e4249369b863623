/// Rollouts of the log's newest steps, their advantages (generalised advantage estimation, Schulman
/// et al., ICLR 2016), minibatches of them, and the losses of PPO (Schulman et al. 2017) and A2C
/// (Mnih et al., ICML 2016) as Stable-Baselines3 computes them.
#ifndef THRONG_KERNELS_AGENT_POLICY_GRADIENT_H
#define THRONG_KERNELS_AGENT_POLICY_GRADIENT_H

#include "kernels/agent/clock.h"
#include "kernels/agent/replay.h"
#include "kernels/agent/shuffle.h"
#include "kernels/base/elementwise.h"
#include "kernels/base/exponential.h"

/// Why an agent has diverged, besides what its loss says.
enum policy_cause {
  POLICY_SOUND = 0,
  POLICY_NO_ADVANTAGE,   // the advantages of a rollout are all 0
  POLICY_BAD_ADVANTAGE,  // or no numbers
  POLICY_BAD_ITEM,  // a log-probability or an entropy is no number: nothing left to choose from
  POLICY_FAR,       // the KL divergence is above POLICY_MOST_KL
};
#define POLICY_MOST_KL 1000.0

/// What a rollout goes by. A rollout ends at the agent's newest step.
typedef struct rollout_view {
  agent_clocks clock;
  const int64_t *n_steps;   // (n_agent) steps of each lane
  const int64_t *n_epochs;  // (n_agent), or NULL: one
  const int64_t *batch;     // (n_agent) steps of a minibatch, or NULL: all
  int32_t *turn, *left;     // (n_agent) minibatches of this rollout: taken, and to be taken
  int32_t *stopped;         // (n_agent) 1: those left are not learned from
  int32_t *cause;           // (n_agent) policy_cause
  int32_t *lanes;           // (n_agent) agent_lanes where a rollout has ended, else 0
  int32_t *items;           // (n_agent) n_item where the agent takes the update, else 0
  int64_t agent_lanes, n_item;
} rollout_view;

THRONG_ROW int64_t rollout_batch_of(const rollout_view *r, int64_t agent) {
  return r->batch ? r->batch[agent] : r->n_steps[agent] * r->agent_lanes;
}

THRONG_SIZE int64_t rollout_minibatches(int64_t steps, int64_t batch) {
  return (steps + batch - 1) / batch;
}

/// Whose rollout has ended with this step. Row: an agent.
typedef struct rollout_begin_args {
  rollout_view rollout;
  const uint8_t *halted;  // (n_lane)
} rollout_begin_args;

THRONG_ROW void rollout_begin_row(const rollout_begin_args *a, int64_t row) {
  const rollout_view *r = &a->rollout;
  const agent_clocks *c = &r->clock;
  const int64_t steps = r->n_steps[row] * r->agent_lanes;
  const int due = !a->halted[row * r->agent_lanes] &&
                  rollout_is_due(c->state[row], c->steps[row], agent_logged(c, row), c->mark[row],
                                 r->agent_lanes, r->n_steps[row]);
  r->turn[row] = r->left[row] = r->lanes[row] = 0;
  c->learns[row] = c->rows[row] = r->items[row] = 0;
  if (!due) return;
  r->stopped[row] = r->cause[row] = 0;
  c->mark[row] = c->steps[row] * r->agent_lanes;
  r->lanes[row] = (int32_t)r->agent_lanes;
  r->left[row] = (int32_t)((r->n_epochs ? r->n_epochs[row] : 1) *
                           rollout_minibatches(steps, rollout_batch_of(r, row)));
}

/// Who takes the next minibatch, and of how many steps. Row: an agent.
typedef struct rollout_next_args {
  rollout_view rollout;
} rollout_next_args;

THRONG_ROW void rollout_next_row(const rollout_next_args *a, int64_t row) {
  const rollout_view *r = &a->rollout;
  const agent_clocks *c = &r->clock;
  c->learns[row] = c->rows[row] = r->items[row] = 0;
  if (r->left[row] == 0 || c->state[row] != AGENT_LEARNING) return;
  const int64_t steps = r->n_steps[row] * r->agent_lanes, batch = rollout_batch_of(r, row);
  const int64_t begin = r->turn[row] % rollout_minibatches(steps, batch) * batch;
  r->turn[row] += 1;
  r->left[row] -= 1;
  c->updates[row] += 1;
  if (r->stopped[row]) return;
  c->learns[row] = 1;
  c->rows[row] = (int32_t)(steps - begin < batch ? steps - begin : batch);
  r->items[row] = (int32_t)r->n_item;
}

/// What the policy and the critic said beside a step, where the step will be logged. Row: a lane.
typedef struct rollout_log_args {
  replay_log log;
  agent_clocks clock;
  const uint8_t *halted;  // (n_lane)
  int64_t agent_lanes;
  const float *value, *log_prob;  // (n_lane) log_prob NULL: nobody asks
} rollout_log_args;

THRONG_ROW void rollout_log_row(const rollout_log_args *a, int64_t row) {
  if (a->halted[row]) return;
  const int64_t at = log_place(&a->log, &a->clock, row, row / a->agent_lanes);
  a->log.value[at] = a->value[row];
  if (a->log_prob) a->log.log_prob[at] = a->log_prob[row];
}

/// The steps of a minibatch: of each epoch an order of its own. Row: (agent, place in the batch).
typedef struct rollout_place_args {
  rollout_view rollout;
  const uint32_t *seed;  // (n_agent)
  const int32_t *used;   // (n_agent) of its batch, see row_is_idle
  int64_t batch;         // room
  int32_t *lane;         // (n_agent, batch)
  int64_t *time;         // (n_agent, batch) of the agent's own
} rollout_place_args;

/// What the places of an agent's minibatch share.
typedef struct rollout_places {
  int64_t first, oldest;  // of the epoch's steps is the minibatch's first; the rollout's first time
  shuffle order;
} rollout_places;

THRONG_ROW rollout_places rollout_places_of(const rollout_place_args *a, int64_t agent) {
  const rollout_view *r = &a->rollout;
  const int64_t steps = r->n_steps[agent] * r->agent_lanes, batch = rollout_batch_of(r, agent);
  const int64_t n = rollout_minibatches(steps, batch), turn = (r->turn[agent] - 1) % n;
  rollout_places p;
  p.first = turn * batch;
  p.oldest = agent_logged(&r->clock, agent) - r->n_steps[agent];
  // Epochs are numbered by the update that began them.
  p.order = shuffle_of(steps, a->seed[agent], (uint64_t)(r->clock.updates[agent] - 1 - turn));
  return p;
}

THRONG_ROW void rollout_put(const rollout_place_args *a, const rollout_places *p, int64_t row,
                            int64_t at) {
  const int64_t lanes = a->rollout.agent_lanes;
  a->lane[row] = (int32_t)(row / a->batch * lanes + at % lanes);
  a->time[row] = p->oldest + at / lanes;
}

THRONG_ROW void rollout_place_row(const rollout_place_args *a, int64_t row) {
  if (row_is_idle(a->used, a->batch, row)) return;
  const rollout_places p = rollout_places_of(a, row / a->batch);
  const int64_t at = p.first + row % a->batch;
  rollout_put(a, &p, row, a->rollout.batch ? shuffled(&p.order, at) : at);
}

THRONG_ROW void rollout_place_span(const rollout_place_args *a, int64_t begin, int64_t end) {
  uint32_t word[SHUFFLE_WORDS];
  for (int64_t row = begin, next; row < end; row = next) {
    const int64_t agent = row / a->batch, behind = (agent + 1) * a->batch;
    next = behind < end ? behind : end;
    if (row_is_idle(a->used, a->batch, row)) continue;
    rollout_places p = rollout_places_of(a, agent);
    if (a->rollout.batch) shuffle_draw_words(&p.order, next - row, word);
    for (; row < next && !row_is_idle(a->used, a->batch, row); ++row) {
      const int64_t at = p.first + row % a->batch;
      rollout_put(a, &p, row, a->rollout.batch ? shuffled(&p.order, at) : at);
    }
  }
}

/// All of a minibatch but what its states are made into. Row: (agent, place in the batch).
typedef struct rollout_gather_args {
  replay_gather_args from;  // lane, time, state and shown; log and histories; batch and used
  agent_clocks clock;
  const int64_t *n_steps;  // (n_agent)
  const float *advantage;  // (n_lane, most_steps)
  int64_t most_steps;
  int32_t *action;                                   // (n_agent, batch, slate)
  float *taken, *old_value, *target, *old_log_prob;  // (n_agent, batch); taken: the advantage
} rollout_gather_args;

THRONG_ROW void rollout_gather_row(const rollout_gather_args *a, int64_t row) {
  const replay_gather_args *from = &a->from;
  const replay_log *log = &from->log;
  if (row_is_idle(from->used, from->batch, row)) return;
  const int64_t agent = row / from->batch, time = from->time[row];
  const int32_t lane = from->lane[row];
  const int64_t at = lane * log->n_time + time % log->n_time;
  const int32_t user = log->user[at], step = log->step[at];
  replay_rebuild(from, &from->state, row, lane, time, step, user);
  replay_tell_session(log, &from->state, row, at, 0);
  if (from->shown.entry)
    replay_rebuild_parts(from, &from->shown, row, lane, time, step < time ? step : time, user, 1);
  for (int32_t k = 0; k < log->slate; ++k)
    a->action[row * log->slate + k] = history_item(log->entry[at * log->slate + k]);
  const int64_t place = time - (agent_logged(&a->clock, agent) - a->n_steps[agent]);
  a->taken[row] = a->advantage[lane * a->most_steps + place];
  a->old_value[row] = log->value[at];
  a->target[row] = a->taken[row] + log->value[at];
  if (log->log_prob) a->old_log_prob[row] = log->log_prob[at];
}

/// Which ends of episodes are worth the state that they led to.
typedef struct rollout_beyond {
  const int64_t *bootstrap_truncated, *fold_leave;  // (n_agent)
  int64_t most_shown, max_steps;
} rollout_beyond;

/// Is the step logged at `at` worth more than its reward, though it ended an episode? One that was
/// cut off is, where the agent has it so; one that the user left by chance is, had they stayed,
/// where leaving stands in the discount. Where all items were shown there is nothing to hope for.
THRONG_ROW int rollout_is_beyond(const rollout_beyond *b, const replay_log *log, int64_t agent,
                                 int64_t at) {
  const int64_t steps = log->step[at] + 1;
  const uint8_t ended = log->ended[at];
  if (!ended || log_is_over(log, b->fold_leave, agent, ended)) return 0;
  const int truncated = ended == THRONG_END_TRUNCATED || steps >= b->max_steps;
  return (!truncated || b->bootstrap_truncated[agent]) && steps * log->slate < b->most_shown;
}

/// The state that a lane's episode number `turn` of a rollout ended in, of those that are worth it;
/// of a lane without one any state. Row: a lane.
typedef struct rollout_ends_args {
  replay_gather_args from;  // state; log and histories; most_shown; used of agent_lanes = batch
  agent_clocks clock;
  rollout_beyond beyond;
  const int64_t *n_steps;  // (n_agent)
  int64_t turn;
  int32_t *place;  // (n_lane) in the rollout, or -1: there is none
} rollout_ends_args;

THRONG_ROW void rollout_ends_row(const rollout_ends_args *a, int64_t row) {
  const replay_gather_args *from = &a->from;
  const replay_log *log = &from->log;
  if (row_is_idle(from->used, from->batch, row)) return;
  const int64_t agent = row / from->batch, n = a->n_steps[agent];
  const int64_t begin = agent_logged(&a->clock, agent) - n, base = row * log->n_time;
  int64_t place = 0, turn = a->turn;
  for (; place < n; ++place)
    if (rollout_is_beyond(&a->beyond, log, agent, base + (begin + place) % log->n_time) &&
        turn-- == 0)
      break;
  a->place[row] = place < n ? (int32_t)place : -1;
  if (place == n) --place;
  const int64_t time = begin + place, at = base + time % log->n_time;
  replay_rebuild(from, &from->state, row, (int32_t)row, time + 1, log->step[at] + 1, log->user[at]);
  replay_tell_session(log, &from->state, row, at, 1);
}

/// What such a state is worth, kept where the step's advantage will be. Row: a lane.
typedef struct rollout_after_args {
  const int32_t *place;  // (n_lane)
  const int32_t *used;   // (n_agent) its lanes, or 0
  const float *value;    // (n_lane)
  float *advantage;      // (n_lane, most_steps)
  int64_t agent_lanes, most_steps;
} rollout_after_args;

THRONG_ROW void rollout_after_row(const rollout_after_args *a, int64_t row) {
  if (row_is_idle(a->used, a->agent_lanes, row) || a->place[row] < 0) return;
  a->advantage[row * a->most_steps + a->place[row]] = a->value[row];
}

/// Sums over a rollout's steps, for what the critic explained of the returns.
typedef struct advantage_sums {
  double target, target_squares, advantage, advantage_squares;
} advantage_sums;

/// Generalised advantages of a lane's rollout (Schulman et al., ICLR 2016, equation 16). After a
/// user left nothing follows, see rollout_is_beyond. Where leaving by chance, of probability
/// 1 - stay, stands in the discount, errors are those of a user who never leaves so and whose
/// discount is gamma stay; as error k steps on is met with probability stay^k, its weight is
/// (gamma lambda)^k and no power of stay: in the mean it is (gamma stay lambda)^k. Row: a lane.
typedef struct advantage_args {
  replay_log log;
  agent_clocks clock;
  const int64_t *n_steps;                          // (n_agent)
  const float *gamma, *gae_lambda, *reward_scale;  // (n_agent)
  rollout_beyond beyond;
  const int32_t *used;   // (n_agent) its lanes, or 0
  const float *value;    // (n_lane) of the present state
  float *advantage;      // (n_lane, most_steps) holds what rollout_after wrote
  advantage_sums *sums;  // (n_lane)
  int64_t agent_lanes, most_steps;
} advantage_args;

THRONG_ROW void advantage_row(const advantage_args *a, int64_t row) {
  if (row_is_idle(a->used, a->agent_lanes, row)) return;
  const replay_log *log = &a->log;
  const int64_t agent = row / a->agent_lanes, n = a->n_steps[agent];
  const int64_t begin = agent_logged(&a->clock, agent) - n, base = row * log->n_time;
  const float lambda = a->gamma[agent] * a->gae_lambda[agent];
  const float gamma = a->gamma[agent] * log_stay(log, a->beyond.fold_leave, agent);
  float *advantage = a->advantage + row * a->most_steps;
  float next = a->value[row], sum = 0;
  const float scale = a->reward_scale[agent];
  advantage_sums s = {0, 0, 0, 0};
  for (int64_t place = n - 1; place >= 0; --place) {
    const int64_t at = base + (begin + place) % log->n_time;
    const uint8_t ended = log->ended[at];
    float reward = scale * log->reward[at];
    if (rollout_is_beyond(&a->beyond, log, agent, at)) reward += gamma * advantage[place];
    if (ended) next = sum = 0;
    const float value = log->value[at], error = reward + gamma * next - value;
    sum = error + lambda * sum;
    advantage[place] = sum;
    next = value;
    const double target = (double)(sum + value);
    s.target += target;
    s.target_squares += target * target;
    s.advantage += (double)sum;
    s.advantage_squares += (double)sum * (double)sum;
  }
  a->sums[row] = s;
}

enum { POLICY_STATS = 5, POLICY_COLUMNS = 7 };

/// What the critic explained of a rollout's returns, 1 - Var(target - value) / Var(target), and
/// whether there is anything to learn. Row: an agent.
typedef struct rollout_judge_args {
  const advantage_sums *sums;  // (n_lane)
  const int64_t *n_steps;      // (n_agent)
  const int32_t *used;         // (n_agent)
  int32_t *cause;              // (n_agent)
  float *explained;            // (n_agent) sum since the statistics were read
  int32_t *n;                  // (n_agent) rollouts in it
  int64_t agent_lanes;
} rollout_judge_args;

THRONG_ROW void rollout_judge_by(const rollout_judge_args *a, int64_t row,
                                 const advantage_sums *s) {
  const double n = (double)(a->n_steps[row] * a->agent_lanes);
  const double all = s->target_squares / n - s->target / n * (s->target / n);
  const double left = s->advantage_squares / n - s->advantage / n * (s->advantage / n);
  if (all > 0) {
    a->explained[row] += (float)(1.0 - left / all);
    a->n[row] += 1;
  }
  if (s->advantage_squares == 0) a->cause[row] = POLICY_NO_ADVANTAGE;
  if (!(s->advantage_squares < (double)INFINITY)) a->cause[row] = POLICY_BAD_ADVANTAGE;
}

THRONG_ROW void rollout_judge_row(const rollout_judge_args *a, int64_t row) {
  if (a->used[row] == 0) return;
  advantage_sums s = {0, 0, 0, 0};
  for (int64_t l = row * a->agent_lanes; l < (row + 1) * a->agent_lanes; ++l) {
    s.target += a->sums[l].target;
    s.target_squares += a->sums[l].target_squares;
    s.advantage += a->sums[l].advantage;
    s.advantage_squares += a->sums[l].advantage_squares;
  }
  rollout_judge_by(a, row, &s);
}

/// Sums, and of squares, over each agent's batch. Row: (agent, column).
typedef struct batch_sum_args {
  const float *x[POLICY_COLUMNS];  // (n_agent, batch) each
  double *sum;                     // (n_agent, POLICY_COLUMNS, 2)
  const int32_t *used;             // (n_agent) of its batch
  int64_t batch;
  int32_t n_column;  // of them
} batch_sum_args;

THRONG_ROW void batch_sum_row(const batch_sum_args *a, int64_t row) {
  const int64_t agent = row / a->n_column, column = row % a->n_column;
  const float *x = a->x[column] + agent * a->batch;
  double sum[8] = {0}, squares[8] = {0};
  for (int64_t i = 0; i < a->used[agent]; ++i) {
    sum[i % 8] += (double)x[i];
    squares[i % 8] += (double)x[i] * (double)x[i];
  }
  double *to = a->sum + (agent * POLICY_COLUMNS + column) * 2;
  to[0] = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  to[1] = ((squares[0] + squares[4]) + (squares[1] + squares[5])) +
          ((squares[2] + squares[6]) + (squares[3] + squares[7]));
}

/// Loss and gradients of a minibatch, by the means of which all are. Row: (agent, place in the
/// batch). Rows that do not count get gradients of 0.
typedef struct policy_loss_args {
  const float *advantage, *target, *old_value, *old_log_prob;  // (n_agent, batch)
  const float *log_prob, *entropy, *value;
  const double *moments;  // (n_agent, POLICY_COLUMNS, 2) of the advantages
  const float *clip_range, *clip_range_vf, *ent_coef, *vf_coef;  // (n_agent)
  const int64_t *normalize_advantage;                            // (n_agent)
  const int32_t *used;                                           // (n_agent) of its batch
  int64_t batch;
  int64_t first;    // of the launch's rows in (n_agent, batch)
  int32_t clipped;  // PPO's ratio; 0: A2C's log-probability, with which nothing is old
  float *loss, *policy, *squares, *kl, *beyond;  // (n_agent, batch)
  float *d_log_prob, *d_entropy, *d_value;       // of the means
} policy_loss_args;

THRONG_ROW void policy_loss_row(const policy_loss_args *a, int64_t launched) {
  const int64_t row = a->first + launched;
  a->d_log_prob[row] = a->d_entropy[row] = a->d_value[row] = 0.0f;
  if (row_is_idle(a->used, a->batch, row)) return;
  const int64_t agent = row / a->batch;
  const float n = (float)a->used[agent];
  float advantage = a->advantage[row];
  if (a->normalize_advantage[agent] && a->used[agent] > 1) {
    const double *moments = a->moments + agent * POLICY_COLUMNS * 2, count = (double)n;
    const double mean = moments[0] / count;
    double variance = (moments[1] - moments[0] * mean) / (count - 1.0);
    variance = variance > 0 ? variance : 0;
    advantage = (advantage - (float)mean) / ((float)sqrt(variance) + 1e-8f);
  }
  float policy, slope;
  a->kl[row] = a->beyond[row] = 0.0f;
  if (a->clipped) {
    const float change = a->log_prob[row] - a->old_log_prob[row], range = a->clip_range[agent];
    const float ratio = change > 88.0f ? INFINITY : exp_portable(change);
    const float bounded = ratio < 1.0f - range   ? 1.0f - range
                          : ratio > 1.0f + range ? 1.0f + range
                                                 : ratio;
    const float free = advantage * ratio, held = advantage * bounded;
    policy = free < held || free != free ? -free : -held;
    slope = ratio == bounded || free < held ? -advantage * ratio : 0.0f;
    a->kl[row] = (ratio - 1.0f) - change;
    a->beyond[row] = fabsf(ratio - 1.0f) > range ? 1.0f : 0.0f;
  } else {
    policy = -advantage * a->log_prob[row];
    slope = -advantage;
  }
  const float range = a->clip_range_vf[agent], old = a->old_value[row];
  float value = a->value[row], moves = 1.0f;
  if (range > 0.0f && fabsf(value - old) > range) {
    value = value > old ? old + range : old - range;
    moves = 0.0f;
  }
  const float error = value - a->target[row];
  a->policy[row] = policy;
  a->squares[row] = error * error;
  a->loss[row] =
      policy - a->ent_coef[agent] * a->entropy[row] + a->vf_coef[agent] * (error * error);
  a->d_log_prob[row] = slope / n;
  a->d_entropy[row] = -a->ent_coef[agent] / n;
  a->d_value[row] = moves * a->vf_coef[agent] * 2.0f * error / n;
}

/// Columns of batch_sum after policy_loss.
enum policy_column {
  POLICY_LOSS = 0,
  POLICY_ENTROPY,
  POLICY_GRADIENT_LOSS,
  POLICY_VALUE_LOSS,
  POLICY_KL,
  POLICY_BEYOND,
  POLICY_VALUE,
};

/// The minibatch's means into the statistics, and whether the agent takes its step. Row: an agent.
typedef struct policy_judge_args {
  const double *sum;       // (n_agent, POLICY_COLUMNS, 2)
  const float *target_kl;  // (n_agent) 0: none; or NULL
  agent_clocks clock;
  int32_t *cause, *stopped;  // (n_agent)
  float *batch_loss;         // (n_agent) of this update; NaN where there is a cause
  float *loss_sum, *q_sum;   // (n_agent) since the statistics were read
  float *stats;              // (n_agent, POLICY_STATS) likewise: entropy .. beyond
  int32_t *n_sum;            // (n_agent)
} policy_judge_args;

THRONG_ROW void policy_judge_row(const policy_judge_args *a, int64_t row) {
  const agent_clocks *c = &a->clock;
  if (!c->learns[row]) return;
  const double n = (double)c->rows[row], *sum = a->sum + row * POLICY_COLUMNS * 2;
  const double kl = sum[2 * POLICY_KL] / n, entropy = sum[2 * POLICY_ENTROPY];
  const float loss = (float)(sum[2 * POLICY_LOSS] / n);
  a->loss_sum[row] += loss;
  a->q_sum[row] += (float)(sum[2 * POLICY_VALUE] / n);
  for (int32_t k = 0; k < POLICY_STATS; ++k)
    a->stats[row * POLICY_STATS + k] += (float)(sum[2 * (POLICY_ENTROPY + k)] / n);
  a->n_sum[row] += 1;
  if (!(fabs(entropy) < (double)INFINITY) || kl != kl)
    a->cause[row] = POLICY_BAD_ITEM;
  else if (!(kl <= POLICY_MOST_KL))
    a->cause[row] = POLICY_FAR;
  a->batch_loss[row] = a->cause[row] ? NAN : loss;
  if (a->cause[row] || !a->target_kl || !(a->target_kl[row] > 0.0f)) return;
  if (kl <= 1.5 * (double)a->target_kl[row]) return;
  a->stopped[row] = 1;
  c->learns[row] = 0;
}

#endif
