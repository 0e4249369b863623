/// The replay of the agents: a log of what was shown and answered in each lane, a ring of time
/// steps. A transition is (lane, time, slot); the states around it are rebuilt from the log and the
/// user's real history, never stored.
#ifndef THRONG_KERNELS_AGENT_REPLAY_H
#define THRONG_KERNELS_AGENT_REPLAY_H

#include "kernels/agent/clock.h"
#include "kernels/base/elementwise.h"
#include "kernels/base/history.h"
#include "kernels/base/portable.h"
#include "kernels/base/random.h"
#include "throng/types.h"

/// States as the encoders read them: a lane's history unrolled, oldest first.
typedef struct state_view {
  uint32_t *entry;   // (n_row, capacity) packed, see history.h
  int32_t *length;   // (n_row) entries kept
  int32_t *session;  // (n_row) of which this session wrote: the newest ones
  int32_t *user;     // (n_row)
  int32_t capacity;
} state_view;

/// The present state of a simulator's lanes. Row: a lane.
typedef struct lane_state_args {
  const uint32_t *history;    // (n_lane, capacity) ring
  const int32_t *count;       // (n_lane) ever written
  const int32_t *session_of;  // (n_lane) initial_count: written from the real history
  const int32_t *user;        // (n_lane)
  state_view state;
} lane_state_args;

THRONG_ROW void lane_state_row(const lane_state_args *a, int64_t row) {
  int32_t capacity = a->state.capacity;
  history_view h = {a->history + row * capacity, capacity, a->count[row]};
  int32_t length = history_length(&h), session = a->count[row] - a->session_of[row];
  uint32_t *entry = a->state.entry + row * capacity;
  for (int32_t k = 0; k < length; ++k) entry[k] = history_entry(&h, k);
  a->state.length[row] = length;
  a->state.session[row] = session < length ? session : length;
  a->state.user[row] = a->user[row];
}

/// Time t of the agent's own (steps that it has logged) is at place t % n_time.
typedef struct replay_log {
  uint32_t *entry;  // (n_lane, n_time, slate) packed item and answer
  float *reward;    // (n_lane, n_time) likes in the slate
  uint8_t *ended;   // (n_lane, n_time) throng_end
  int32_t *user;    // (n_lane, n_time) before the step
  int32_t *step;    // (n_lane, n_time) steps taken in the episode before this one
  int64_t n_time;
  int32_t slate;
} replay_log;

/// What must be kept before the simulator's step, which may start a new episode. Row: a lane.
typedef struct log_before_args {
  replay_log log;
  agent_clocks clock;
  const uint8_t *halted;  // (n_lane)
  int64_t agent_lanes;
  const int32_t *user, *step;
} log_before_args;

/// Where the present step of a lane is logged.
THRONG_ROW int64_t log_place(const replay_log *log, const agent_clocks *clock, int64_t lane,
                             int64_t agent) {
  return lane * log->n_time + agent_logged(clock, agent) % log->n_time;
}

THRONG_ROW void log_before_row(const log_before_args *a, int64_t row) {
  if (a->halted[row]) return;
  int64_t at = log_place(&a->log, &a->clock, row, row / a->agent_lanes);
  a->log.user[at] = a->user[row];
  a->log.step[at] = a->step[row];
}

/// What the step gave. Row: a lane.
typedef struct log_after_args {
  replay_log log;
  agent_clocks clock;
  const uint8_t *halted;      // (n_lane)
  const int32_t *action;      // (n_lane, slate)
  const throng_vote *vote;    // (n_lane, slate)
  const float *reward;        // (n_lane)
  const uint8_t *ended;       // (n_lane)
  const float *final_return;  // (n_lane)
  int64_t agent_lanes;
  float *return_sum;   // (n_lane) of the episodes that ended while the agent was learning
  int32_t *n_episode;  // (n_lane) how many they were
} log_after_args;

THRONG_ROW void log_after_row(const log_after_args *a, int64_t row) {
  if (a->halted[row]) return;
  const int64_t agent = row / a->agent_lanes;
  int64_t at = log_place(&a->log, &a->clock, row, agent);
  for (int32_t k = 0; k < a->log.slate; ++k)
    a->log.entry[at * a->log.slate + k] =
        history_pack(a->action[row * a->log.slate + k], a->vote[row * a->log.slate + k].like);
  a->log.reward[at] = a->reward[row];
  a->log.ended[at] = a->ended[row];
  if (a->ended[row] == 0 || a->clock.state[agent] != AGENT_LEARNING) return;
  a->return_sum[row] += a->final_return[row];
  a->n_episode[row] += 1;
}

/// Times of an agent's log that are sampled from.
THRONG_ROW int64_t replay_times(int64_t buffer, int64_t agent_lanes) {
  return (buffer + agent_lanes - 1) / agent_lanes;
}

/// Uniform transitions out of those whose states can be rebuilt. Agents differ by their seeds
/// alone, so that one of a population draws as it would alone. Row: (agent, place in the batch).
typedef struct replay_sample_args {
  const uint32_t *seed;  // (n_agent)
  int64_t batch, agent_lanes;
  agent_clocks clock;
  const int32_t *used;    // (n_agent) of its batch, or NULL, see row_is_idle
  const int64_t *buffer;  // (n_agent) transitions that are sampled from, the newest ones
  const int64_t *n_step;  // (n_agent) the last time's successor is the newest state
  int32_t slate;
  const int64_t *draw;  // number of this batch, or NULL: as many updates as the agent has made
  int32_t *lane;        // (n_agent, batch)
  int64_t *time;        // (n_agent, batch) of the agent's own
  int32_t *slot;        // (n_agent, batch)
} replay_sample_args;

THRONG_ROW void replay_sample_row(const replay_sample_args *a, int64_t row) {
  int64_t agent = row / a->batch, place = row % a->batch;
  if (row_is_idle(a->used, a->batch, row)) return;
  int64_t last = agent_logged(&a->clock, agent) - a->n_step[agent];
  int64_t first = last - replay_times(a->buffer[agent], a->agent_lanes) + 1;
  if (first < 0) first = 0;
  if (first > last) first = last = last > 0 ? last : 0;  // none yet: a draw that nobody learns from
  uint64_t draw = (uint64_t)(a->draw ? a->draw[0] : a->clock.updates[agent]);
  random_words r = random_draw(a->seed[agent], RANDOM_REPLAY, (uint32_t)place, (uint32_t)draw, 0,
                               (uint32_t)(draw >> 32));
  a->lane[row] = (int32_t)(agent * a->agent_lanes + random_index(r.w[0], (uint32_t)a->agent_lanes));
  a->time[row] = first + random_index(r.w[1], (uint32_t)(last - first + 1));
  a->slot[row] = (int32_t)random_index(r.w[2], (uint32_t)a->slate);
}

/// A sampled transition with both of its states, n steps apart or fewer where the episode ended.
typedef struct replay_gather_args {
  replay_log log;
  const int64_t *user_offset;  // (n_user + 1) of the real histories
  const uint32_t *history;     // (n_interaction) packed
  const float *gamma;          // (n_agent)
  const int64_t *n_step;       // (n_agent)
  const int32_t *used;         // (n_agent) of its batch, or NULL, see row_is_idle
  int64_t batch;
  int32_t start_rows;   // a session begins with these, the oldest ones; 0: with all
  int64_t most_shown;   // items that a session can show before none is left; where none repeats
  const int32_t *lane;  // (n_agent, batch)
  const int64_t *time;
  const int32_t *slot;
  state_view state, next;
  int32_t *action;  // (n_agent, batch)
  float *reward;    // (n_agent, batch) discounted sum
  float *discount;  // (n_agent, batch) of the next state's value; 0 where nothing can follow
} replay_gather_args;

/// The state before time `time`, `step` steps into the episode: the newest entries of the real
/// history's tail (as the simulator loads it at reset) followed by the session's. Of a session that
/// was under way when the log began, only what the log has seen can be told.
THRONG_ROW void replay_rebuild(const replay_gather_args *a, const state_view *out, int64_t row,
                               int32_t lane, int64_t time, int32_t step, int32_t user) {
  int64_t capacity = out->capacity, slate = a->log.slate;
  const int64_t *span = a->user_offset + user;
  int64_t real = history_oldest(a->start_rows, span[1] - span[0]);
  int64_t logged = step < time ? step : time;
  int64_t session = logged * slate;
  int64_t kept_session = session < capacity ? session : capacity;
  int64_t kept_real = real < capacity ? real : capacity;
  if (kept_real > capacity - kept_session) kept_real = capacity - kept_session;
  uint32_t *entry = out->entry + row * capacity;
  const uint32_t *tail = a->history + span[0] + real - kept_real;
  for (int64_t k = 0; k < kept_real; ++k) entry[k] = tail[k];
  const uint32_t *log = a->log.entry + lane * a->log.n_time * slate;
  int64_t begin = session - kept_session;
  for (int64_t k = 0; k < kept_session; ++k) {
    int64_t at = (time - logged + (begin + k) / slate) % a->log.n_time;
    entry[kept_real + k] = log[at * slate + (begin + k) % slate];
  }
  out->length[row] = (int32_t)(kept_real + kept_session);
  out->session[row] = (int32_t)kept_session;
  out->user[row] = user;
}

THRONG_ROW void replay_gather_row(const replay_gather_args *a, int64_t row) {
  if (row_is_idle(a->used, a->batch, row)) return;
  int32_t lane = a->lane[row];
  int64_t n_step = a->n_step[row / a->batch];
  int64_t time = a->time[row], base = lane * a->log.n_time, slate = a->log.slate;
  int64_t at = base + time % a->log.n_time;
  int32_t user = a->log.user[at], step = a->log.step[at];
  replay_rebuild(a, &a->state, row, lane, time, step, user);
  uint32_t shown = a->log.entry[at * slate + a->slot[row]];
  a->action[row] = history_item(shown);
  // Each item of a slate is a transition of its own: its own answer, then the slate's mean.
  float gamma = a->gamma[row / a->batch];
  float reward = slate == 1 ? a->log.reward[at] : (float)history_like(shown), discount = gamma;
  int32_t passed = 1;
  uint8_t ended = a->log.ended[at];
  while (passed < n_step && !ended) {
    int64_t later = base + (time + passed) % a->log.n_time;
    reward += discount * a->log.reward[later] / (float)slate;
    ended = a->log.ended[later];
    discount *= gamma;
    ++passed;
  }
  a->reward[row] = reward;
  // After a user left nothing follows. A truncated episode is worth its final state, unless all
  // items were shown in it: then there is nothing left to hope for either.
  int over = ended == THRONG_END_LEFT || (step + passed) * slate >= a->most_shown;
  a->discount[row] = over ? 0.0f : discount;
  replay_rebuild(a, &a->next, row, lane, time + passed, step + passed, user);
}

/// Sums of a lane's log, for the value that learning starts from, of agents before their first
/// update. Row: a lane.
typedef struct log_sum_args {
  replay_log log;
  agent_clocks clock;
  const int64_t *buffer, *n_step;  // (n_agent)
  int64_t agent_lanes;
  int64_t before;  // times that a log holds before those that are sampled from
  float *reward;   // (n_lane) mean reward of an item
  float *left;     // (n_lane) share of steps after which the user left
} log_sum_args;

/// As in a log that holds no more than the agent's own options ask for, a ring whose places are
/// summed in their order.
THRONG_ROW void log_sum_row(const log_sum_args *a, int64_t row) {
  const agent_clocks *c = &a->clock;
  const int64_t agent = row / a->agent_lanes, n_time = a->log.n_time;
  if (!c->learns[agent] || c->updates[agent] > 0) return;
  const int64_t own = replay_times(a->buffer[agent], a->agent_lanes) + a->before + a->n_step[agent];
  const int64_t logged = agent_logged(c, agent), times = logged < own ? logged : own;
  float reward = 0, left = 0;
  for (int64_t t = 0; t < times; ++t) {
    const int64_t newest = t + (logged - 1 - t) / own * own;
    const int64_t at = row * n_time + newest % n_time;
    reward += a->log.reward[at];
    left += a->log.ended[at] == THRONG_END_LEFT ? 1.0f : 0.0f;
  }
  a->reward[row] = reward / (float)(times * a->log.slate);
  a->left[row] = left / (float)times;
}

#endif
