/// The agents' clocks. They are kept where the kernels run, so that a step of training has the same
/// arguments every time and may be recorded once and replayed; and each agent has its own, so that
/// one can begin anew while the others go on.
#ifndef THRONG_KERNELS_AGENT_CLOCK_H
#define THRONG_KERNELS_AGENT_CLOCK_H

#include "kernels/base/portable.h"

/// Same numbers as throng_agent_state.
enum { AGENT_LEARNING = 0, AGENT_STOPPED = 1, AGENT_DIVERGED = 2 };

typedef struct agent_clocks {
  int64_t *time;       // (1) simulator steps logged
  int64_t *steps;      // (n_agent) simulator steps of the agent's own
  int64_t *log_start;  // (n_agent) the time of the log's first step: what lies before is not its
  int64_t *updates;    // (n_agent)
  int64_t *mark;       // (n_agent) own user-steps at the algorithm's last mark
  int32_t *state;      // (n_agent)
  int32_t *learns;     // (n_agent) takes the next update
  int32_t *rows;       // (n_agent) of that update's batch; 0 where the agent does not take it
} agent_clocks;

/// How many steps an agent's log holds, with those that were overwritten.
THRONG_ROW int64_t agent_logged(const agent_clocks *c, int64_t agent) {
  return c->time[0] - c->log_start[agent];
}

/// A simulator step was logged, of all agents but those whose lanes are halted. Row: an agent.
typedef struct agent_tick_args {
  agent_clocks clock;
  const uint8_t *halted;  // (n_lane)
  int64_t agent_lanes;
} agent_tick_args;

THRONG_ROW void agent_tick_row(const agent_tick_args *a, int64_t row) {
  if (row == 0) a->clock.time[0] += 1;
  if (a->halted[row * a->agent_lanes])
    a->clock.log_start[row] += 1;
  else if (a->clock.state[row] == AGENT_LEARNING)
    a->clock.steps[row] += 1;
}

/// Is an update of this agent due? The host asks the same of its copies of the clocks.
THRONG_ROW int agent_is_due(int32_t state, int64_t steps, int64_t logged, int64_t agent_lanes,
                            int64_t learning_starts, int64_t update_every, int64_t n_step) {
  return state == AGENT_LEARNING && steps * agent_lanes >= learning_starts &&
         steps % update_every == 0 && logged >= n_step;
}

/// Has the agent made a rollout of n_steps since the mark? The host asks the same of its copies.
THRONG_ROW int rollout_is_due(int32_t state, int64_t steps, int64_t logged, int64_t mark,
                              int64_t agent_lanes, int64_t n_steps) {
  return state == AGENT_LEARNING && (steps - n_steps) * agent_lanes >= mark && logged >= n_steps;
}

/// Who takes update number `turn` of this step, counted from 0, and with how large a batch. Row: an
/// agent.
typedef struct agent_due_args {
  agent_clocks clock;
  const int64_t *learning_starts, *update_every, *updates, *batch, *n_step;  // (n_agent)
  const uint8_t *halted;                                                     // (n_lane)
  int64_t agent_lanes, turn;
} agent_due_args;

THRONG_ROW void agent_due_row(const agent_due_args *a, int64_t row) {
  const agent_clocks *c = &a->clock;
  c->learns[row] = !a->halted[row * a->agent_lanes] && a->turn < a->updates[row] &&
                   agent_is_due(c->state[row], c->steps[row], agent_logged(c, row), a->agent_lanes,
                                a->learning_starts[row], a->update_every[row], a->n_step[row]);
  c->rows[row] = c->learns[row] ? (int32_t)a->batch[row] : 0;
}

/// An agent whose loss or gradient is no number takes neither this step nor a later one: its
/// weights stay what they were. Row: an agent.
typedef struct agent_judge_args {
  agent_clocks clock;
  const float *loss;  // (n_agent) of this update
  const float *norm;  // (n_agent, stride) of its gradient
  int32_t *stale;     // (n_agent) 1 where the weights' tables will be of before
  int64_t stride;
} agent_judge_args;

THRONG_ROW void agent_judge_row(const agent_judge_args *a, int64_t row) {
  const agent_clocks *c = &a->clock;
  if (!c->learns[row]) return;
  const float loss = a->loss[row], norm = a->norm[row * a->stride];
  if (fabsf(loss) < INFINITY && norm < INFINITY) {  // neither holds for NaN
    a->stale[row] = 1;
    return;
  }
  c->state[row] = AGENT_DIVERGED;
  c->learns[row] = 0;
}

/// What is no number becomes 0, so that a diverged agent's arrays can be kept in a file. Row: a
/// block of one.
enum { SCRUB_BLOCK = 1024 };
typedef struct scrub_args {
  float *x;  // (n)
  int64_t n;
} scrub_args;

THRONG_ROW void scrub_row(const scrub_args *a, int64_t row) {
  const int64_t begin = row * SCRUB_BLOCK;
  const int64_t end = begin + SCRUB_BLOCK < a->n ? begin + SCRUB_BLOCK : a->n;
  for (int64_t i = begin; i < end; ++i)
    if (!(fabsf(a->x[i]) < INFINITY)) a->x[i] = 0.0f;
}

/// Mean loss and Q of the batch, added to the running sums. Row: an agent.
typedef struct batch_mean_args {
  const float *loss, *q;    // (n_agent, batch)
  const int32_t *used;      // (n_agent) of its batch, or NULL, see row_is_idle
  const int32_t *learns;    // (n_agent)
  float *batch_loss;        // (n_agent) of this update
  float *loss_sum, *q_sum;  // (n_agent) since the statistics were last read
  int32_t *n_sum;           // (n_agent) updates in the sums
  int64_t batch;
} batch_mean_args;

THRONG_ROW void batch_mean_row(const batch_mean_args *a, int64_t row) {
  if (!a->learns[row]) return;
  const int64_t batch = a->used ? a->used[row] : a->batch;
  float loss = 0, q = 0;
  for (int64_t j = 0; j < batch; ++j) {
    loss += a->loss[row * a->batch + j];
    q += a->q[row * a->batch + j];
  }
  a->batch_loss[row] = loss / (float)batch;
  a->loss_sum[row] += loss / (float)batch;
  a->q_sum[row] += q / (float)batch;
  a->n_sum[row] += 1;
}

#endif
