/// The replay of the agents: a log of what was shown and answered in each lane, a ring of time
/// steps. A transition is (lane, time, slot); the states around it are rebuilt from the log and the
/// user's real history, never stored. What a user did not look at is no transition and stands in no
/// history: that it was not liked says nothing of it. (SlateQ, Ie et al. 2019, likewise learns an
/// item's value from the items that were consumed alone.)
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
  // (n_row, capacity) of the session's entries, where a slate may leave fewer than it has: when
  // each was shown, the step that comes being 0. NULL: nobody asks, or all of a slate a step.
  int32_t *shown_at;
  // (n_row) number of the session in its episode, and the days before it. NULL: nobody asks.
  int32_t *number, *gap;
  int32_t capacity;
} state_view;

/// The users' histories as the world has them.
typedef struct real_histories {
  const int64_t *offset;  // (n_user + 1), or NULL: not masked
  const uint32_t *entry;  // packed
} real_histories;

/// The present state of a simulator's lanes. Row: a lane.
typedef struct lane_state_args {
  const uint32_t *history;      // (n_lane, capacity) ring
  const int32_t *count;         // (n_lane) ever written
  const int32_t *session_of;    // (n_lane) written before the session: sim_session_counts
  const int32_t *user;          // (n_lane)
  const int32_t *shown_at;      // (n_lane, capacity) ring of steps; NULL: all of a slate a step
  const int32_t *step;          // (n_lane)
  const int32_t *number, *gap;  // (n_lane) of the session, with state.number
  int32_t slate;
  state_view state;
} lane_state_args;

THRONG_ROW void lane_state_row(const lane_state_args *a, int64_t row) {
  int32_t capacity = a->state.capacity;
  history_view h = {a->history + row * capacity, capacity, a->count[row]};
  int32_t length = history_length(&h), session = a->count[row] - a->session_of[row];
  uint32_t *entry = a->state.entry + row * capacity;
  for (int32_t k = 0; k < length; ++k) entry[k] = history_entry(&h, k);
  if (session > length) session = length;
  for (int32_t k = 1; a->state.shown_at && k <= session; ++k)
    a->state.shown_at[row * capacity + length - k] =
        a->shown_at ? a->shown_at[row * capacity + (h.count - k) % capacity] - a->step[row]
                    : -1 - (k - 1) / a->slate;
  a->state.length[row] = length;
  a->state.session[row] = session;
  a->state.user[row] = a->user[row];
  if (!a->state.number) return;
  a->state.number[row] = a->number[row];
  a->state.gap[row] = a->gap[row];
}

/// What a log says beside throng_end: the user left by chance, where others leave by what they are
/// shown. Where none does, THRONG_END_LEFT says as much.
enum { LOG_LEFT_BY_CHANCE = THRONG_END_TRUNCATED + 1, LOG_ENDS };

/// Time t of the agent's own (steps that it has logged) is at place t % n_time.
typedef struct replay_log {
  uint32_t *entry;  // (n_lane, n_time, slate) packed item and answer
  float *reward;    // (n_lane, n_time) likes in the slate
  uint8_t *ended;   // (n_lane, n_time) throng_end or LOG_LEFT_BY_CHANCE
  int32_t *user;    // (n_lane, n_time) before the step
  int32_t *step;    // (n_lane, n_time) steps taken in the episode before this one
  // (n_lane, n_time, slate) did the user look at the item? NULL: at all of them.
  uint8_t *examined;
  // (n_lane, n_time) days after which the user came back: the next step begins a session of the
  // same episode; 0: it does not. NULL: an episode is one session.
  uint8_t *returned;
  // (n_lane, n_time) what the critic and the policy said of the step; NULL: nobody asks.
  float *value, *log_prob;
  // (n_lane, n_time) number of the session in its episode and days before it, both before the step.
  // NULL: nobody asks.
  int32_t *number, *gap;
  int64_t n_time;
  int32_t slate;
  // Which value of `ended` says that the user left by chance, with probability 1 - stay after every
  // step, and that nothing came of it. 0: none does, and stay is 1.
  uint8_t by_chance;
  float stay;
} replay_log;

/// May leaving by chance be folded into the discount of an agent? Nothing that an agent does
/// changes its probability p, so that the value r + gamma (1 - p) V(next), next being the state had
/// the user stayed, is what the session's likes are worth, and no draw of p stands in a target.
THRONG_ROW float log_stay(const replay_log *log, const int64_t *fold_leave, int64_t agent) {
  return fold_leave[agent] ? log->stay : 1.0f;
}
/// Does nothing follow what `ended` says?
THRONG_ROW int log_is_over(const replay_log *log, const int64_t *fold_leave, int64_t agent,
                           uint8_t ended) {
  if (fold_leave[agent] && log->by_chance && ended == log->by_chance) return 0;
  return ended == THRONG_END_LEFT || ended == LOG_LEFT_BY_CHANCE;
}

/// Items that the user looked at in the step logged at `at`, a place of (n_lane, n_time).
THRONG_ROW int32_t log_examined(const replay_log *log, int64_t at) {
  int32_t n = log->slate;
  if (log->examined)
    for (int32_t slot = 0; slot < log->slate; ++slot) n -= !log->examined[at * log->slate + slot];
  return n;
}

/// What must be kept before the simulator's step, which may start a new episode. Row: a lane.
typedef struct log_before_args {
  replay_log log;
  agent_clocks clock;
  const uint8_t *halted;  // (n_lane)
  int64_t agent_lanes;
  const int32_t *user, *step;
  const int32_t *number, *gap;  // with log.number
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
  if (!a->log.number) return;
  a->log.number[at] = a->number[row];
  a->log.gap[at] = a->gap[row];
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
  const uint8_t *left;        // (n_lane) throng_leave, or NULL
  const float *final_return;  // (n_lane)
  const uint8_t *examined;    // (n_lane, slate), with log.examined
  const int32_t *returned;    // (n_lane), with log.returned
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
  a->log.ended[at] = a->log.by_chance == LOG_LEFT_BY_CHANCE && a->ended[row] == THRONG_END_LEFT &&
                             a->left[row] == THRONG_LEAVE_CHANCE
                         ? LOG_LEFT_BY_CHANCE
                         : a->ended[row];
  for (int32_t k = 0; a->log.examined && k < a->log.slate; ++k)
    a->log.examined[at * a->log.slate + k] = a->examined[row * a->log.slate + k];
  if (a->log.returned) a->log.returned[at] = (uint8_t)a->returned[row];
  if (a->ended[row] == 0 || a->clock.state[agent] != AGENT_LEARNING) return;
  a->return_sum[row] += a->final_return[row];
  a->n_episode[row] += 1;
}

/// Times of an agent's log that are sampled from.
THRONG_ROW int64_t replay_times(int64_t buffer, int64_t agent_lanes) {
  return (buffer + agent_lanes - 1) / agent_lanes;
}

/// The range of an agent's times that are sampled from, and the oldest one that a log holds which
/// is no longer than the agent's own options ask for.
typedef struct log_window {
  int64_t first, last, oldest;
} log_window;

THRONG_ROW log_window log_window_of(int64_t logged, int64_t times, int64_t n_step, int64_t before) {
  log_window w;
  w.last = logged - n_step;
  w.first = w.last - times + 1;
  if (w.first < 0) w.first = 0;
  w.oldest = w.first > before ? w.first - before : 0;
  // None yet: a draw that nobody learns from.
  if (w.first > w.last) w.first = w.last = w.last > 0 ? w.last : 0;
  return w;
}

/// Uniform steps out of those whose states can be rebuilt and in which the user looked at
/// something, and of each one such item. Agents differ by their seeds alone, so that one of a
/// population draws as it would alone. Row: (agent, place in the batch).
typedef struct replay_sample_args {
  replay_log log;
  const uint32_t *seed;  // (n_agent)
  int64_t batch, agent_lanes;
  agent_clocks clock;
  const int32_t *used;    // (n_agent) of its batch, or NULL, see row_is_idle
  const int64_t *buffer;  // (n_agent) transitions that are sampled from, the newest ones
  const int64_t *n_step;  // (n_agent) the last time's successor is the newest state
  int64_t before;         // times that a log holds before those that are sampled from
  int32_t whole;          // sessions whose beginning the log has lost are not drawn from
  const int64_t *draw;    // number of this batch, or NULL: as many updates as the agent has made
  int32_t *lane;          // (n_agent, batch)
  int64_t *time;          // (n_agent, batch) of the agent's own
  int32_t *slot;          // (n_agent, batch)
} replay_sample_args;

/// Items of the step logged at `at`, of time `time`, that may be drawn. Where sessions are masked
/// and may be longer than a state, what the log no longer knows of a session could not be masked.
THRONG_ROW int32_t log_drawable(const replay_sample_args *a, int64_t at, int64_t time,
                                int64_t oldest) {
  if (a->whole && time - a->log.step[at] < oldest) return 0;
  return log_examined(&a->log, at);
}

/// The slot of the k-th item that was looked at in the step logged at `at`.
THRONG_ROW int32_t log_slot(const replay_log *log, int64_t at, int32_t k) {
  int32_t slot = 0;
  if (!log->examined) return k;
  for (; slot + 1 < log->slate; ++slot)
    if (log->examined[at * log->slate + slot] && k-- == 0) break;
  return slot;
}

enum { REPLAY_TRIES = 16 };  // steps drawn before the next one with something is looked for

THRONG_ROW void replay_sample_row(const replay_sample_args *a, int64_t row) {
  int64_t agent = row / a->batch, place = row % a->batch;
  if (row_is_idle(a->used, a->batch, row)) return;
  const log_window window =
      log_window_of(agent_logged(&a->clock, agent), replay_times(a->buffer[agent], a->agent_lanes),
                    a->n_step[agent], a->before);
  const int64_t first = window.first, oldest = window.oldest;
  uint64_t draw = (uint64_t)(a->draw ? a->draw[0] : a->clock.updates[agent]);
  const int64_t times = window.last - first + 1;
  int64_t lane = 0, time = first, at = 0;
  int32_t n = 0, k = 0;
  for (uint32_t attempt = 0; attempt < REPLAY_TRIES && n == 0; ++attempt) {
    random_words r = random_draw(a->seed[agent], RANDOM_REPLAY, (uint32_t)place, (uint32_t)draw,
                                 attempt, (uint32_t)(draw >> 32));
    lane = agent * a->agent_lanes + random_index(r.w[0], (uint32_t)a->agent_lanes);
    time = first + random_index(r.w[1], (uint32_t)times);
    at = lane * a->log.n_time + time % a->log.n_time;
    n = log_drawable(a, at, time, oldest);
    k = (int32_t)random_index(r.w[2], (uint32_t)(n > 0 ? n : 1));
  }
  // Steps in which something was looked at are rare: the next one of the lane. Where it has none,
  // the step stands for itself: what it showed earned nothing.
  for (int64_t t = 1; n == 0 && t < times; ++t) {
    const int64_t next = first + (time - first + t) % times;
    const int64_t there = lane * a->log.n_time + next % a->log.n_time;
    n = log_drawable(a, there, next, oldest);
    if (n == 0) continue;
    time = next;
    at = there;
  }
  a->lane[row] = (int32_t)lane;
  a->time[row] = time;
  a->slot[row] = log_slot(&a->log, at, k);
}

/// A sampled transition with both of its states, n steps apart or fewer where the episode ended.
typedef struct replay_gather_args {
  replay_log log;
  const int64_t *user_offset;          // (n_user + 1) of the real histories
  const uint32_t *history;             // (n_interaction) packed
  const float *gamma;                  // (n_agent)
  const float *reward_scale;           // (n_agent)
  const int64_t *fold_leave;           // (n_agent) see log_stay
  const int64_t *bootstrap_truncated;  // (n_agent) 0: nothing follows max_steps
  const int64_t *n_step;               // (n_agent)
  const int64_t *buffer;               // (n_agent)
  agent_clocks clock;
  const int32_t *used;  // (n_agent) of its batch, or NULL, see row_is_idle
  int64_t batch, agent_lanes;
  int64_t before;       // times that a log holds before those that are sampled from
  int32_t start_rows;   // a session begins with these, the oldest ones; 0: with all
  int64_t most_shown;   // items that a session can show before none is left; where none repeats
  const int32_t *lane;  // (n_agent, batch)
  const int64_t *time;
  const int32_t *slot;
  state_view state, next;
  state_view shown;  // all that the next state's session has shown; entry NULL: not wanted
  int32_t *action;   // (n_agent, batch)
  float *reward;     // (n_agent, batch) discounted sum, times reward_scale
  float *discount;   // (n_agent, batch) of the next state's value; 0 where nothing can follow
} replay_gather_args;

/// The newest entries of the real history's tail, as the simulator loads it at reset, before the
/// `session` entries of the episode.
THRONG_ROW void replay_load_real(const replay_gather_args *a, const state_view *out, int64_t row,
                                 int32_t user, int64_t session) {
  const int64_t *span = a->user_offset + user;
  int64_t real = history_oldest(a->start_rows, span[1] - span[0]);
  int64_t kept = real < out->capacity - session ? real : out->capacity - session;
  uint32_t *entry = out->entry + row * out->capacity;
  const uint32_t *tail = a->history + span[0] + real - kept;
  for (int64_t k = 0; k < kept; ++k) entry[k] = tail[k];
  out->length[row] = (int32_t)(kept + session);
  out->user[row] = user;
}

/// Of an episode of several sessions, or in which not all items were looked at: its entries before
/// `time` are counted from the newest on, and then written.
///   all: count what was not looked at, too, of the present session alone, and nothing real
THRONG_ROW void replay_rebuild_parts(const replay_gather_args *a, const state_view *out,
                                     int64_t row, int32_t lane, int64_t time, int64_t logged,
                                     int32_t user, int all) {
  const replay_log *log = &a->log;
  const int64_t capacity = out->capacity, slate = log->slate, base = lane * log->n_time;
  int64_t kept = 0, session = -1, steps = 0;
  for (; steps < logged && kept < capacity; ++steps) {
    const int64_t at = base + (time - 1 - steps) % log->n_time;
    if (session < 0 && log->returned && log->returned[at]) session = kept;
    if (all && session >= 0) break;
    kept += all ? slate : log_examined(log, at);
  }
  if (kept > capacity) kept = capacity;
  if (session < 0) session = kept;
  out->length[row] = (int32_t)kept;
  out->user[row] = user;
  if (!all) replay_load_real(a, out, row, user, kept);
  out->session[row] = (int32_t)session;
  uint32_t *entry = out->entry + row * capacity;
  int64_t left = kept, to = out->length[row];
  for (int64_t back = 0; back < steps && left > 0; ++back) {
    const int64_t at = (base + (time - 1 - back) % log->n_time) * slate;
    for (int64_t slot = slate - 1; slot >= 0 && left > 0; --slot) {
      if (!all && log->examined && !log->examined[at + slot]) continue;
      entry[--to] = log->entry[at + slot];
      if (out->shown_at) out->shown_at[row * capacity + to] = (int32_t)(-1 - back);
      --left;
    }
  }
}

/// The state before time `time`, `step` steps into the episode: the newest entries of the real
/// history's tail followed by the session's. Of a session that was under way when the log began,
/// only what the log has seen can be told.
THRONG_ROW void replay_rebuild(const replay_gather_args *a, const state_view *out, int64_t row,
                               int32_t lane, int64_t time, int32_t step, int32_t user) {
  int64_t capacity = out->capacity, slate = a->log.slate;
  int64_t logged = step < time ? step : time;
  if (a->log.examined || a->log.returned) {
    replay_rebuild_parts(a, out, row, lane, time, logged, user, 0);
    return;
  }
  int64_t session = logged * slate;
  int64_t kept = session < capacity ? session : capacity;
  replay_load_real(a, out, row, user, kept);
  out->session[row] = (int32_t)kept;
  uint32_t *entry = out->entry + row * capacity + (out->length[row] - kept);
  const int64_t ring = a->log.n_time * slate;
  const uint32_t *log = a->log.entry + lane * ring;
  int64_t at = ((time - logged) * slate + session - kept) % ring;
  for (int64_t k = 0; k < kept; ++k) {  // a division an entry would cost more than all else
    entry[k] = log[at];
    if (++at == ring) at = 0;
  }
}

/// The session of the state before the step logged at `at`, or of the one after it.
THRONG_ROW void replay_tell_session(const replay_log *log, const state_view *out, int64_t row,
                                    int64_t at, int after) {
  if (!out->number) return;
  const int32_t days = after ? log->returned[at] : 0;
  out->number[row] = log->number[at] + (days > 0);
  out->gap[row] = days > 0 ? days : log->gap[at];
}

THRONG_ROW void replay_gather_row(const replay_gather_args *a, int64_t row) {
  if (row_is_idle(a->used, a->batch, row)) return;
  int32_t lane = a->lane[row];
  const int64_t agent = row / a->batch, n_step = a->n_step[agent];
  int64_t time = a->time[row], base = lane * a->log.n_time, slate = a->log.slate;
  int64_t at = base + time % a->log.n_time;
  int32_t user = a->log.user[at], step = a->log.step[at];
  replay_rebuild(a, &a->state, row, lane, time, step, user);
  replay_tell_session(&a->log, &a->state, row, at, 0);
  uint32_t shown = a->log.entry[at * slate + a->slot[row]];
  a->action[row] = history_item(shown);
  // Each item of a slate is a transition of its own: its own answer, then the mean over those that
  // were looked at.
  const float gamma = a->gamma[agent] * log_stay(&a->log, a->fold_leave, agent);
  float reward = slate == 1 ? a->log.reward[at] : (float)history_like(shown), discount = gamma;
  int32_t passed = 1;
  uint8_t ended = a->log.ended[at];
  while (passed < n_step && !ended) {
    int64_t later = base + (time + passed) % a->log.n_time;
    const int32_t n = log_examined(&a->log, later);
    reward += discount * a->log.reward[later] / (float)(n > 0 ? n : 1);
    ended = a->log.ended[later];
    discount *= gamma;
    ++passed;
  }
  a->reward[row] = reward * a->reward_scale[agent];
  // After a user left nothing follows, unless by chance that the discount holds. A truncated
  // episode is worth its final state, unless all items were shown in it: then there is nothing left
  // to hope for either.
  int over = log_is_over(&a->log, a->fold_leave, agent, ended) ||
             (ended == THRONG_END_TRUNCATED && !a->bootstrap_truncated[agent]) ||
             (step + passed) * slate >= a->most_shown;
  a->discount[row] = over ? 0.0f : discount;
  replay_rebuild(a, &a->next, row, lane, time + passed, step + passed, user);
  replay_tell_session(&a->log, &a->next, row, base + (time + passed - 1) % a->log.n_time, 1);
  if (!a->shown.entry) return;
  const int64_t oldest =
      log_window_of(agent_logged(&a->clock, agent), replay_times(a->buffer[agent], a->agent_lanes),
                    n_step, a->before)
          .oldest;
  const int64_t logged = step < time - oldest ? step : time - oldest;
  replay_rebuild_parts(a, &a->shown, row, lane, time + passed, logged + passed, user, 1);
}

/// Sums of a lane's log, for the value that learning starts from, of agents before their first
/// update. Row: a lane.
typedef struct log_sum_args {
  replay_log log;
  agent_clocks clock;
  const int64_t *buffer, *n_step;  // (n_agent)
  const int64_t *fold_leave;       // (n_agent)
  int64_t agent_lanes;
  int64_t before;  // times that a log holds before those that are sampled from
  float *reward;   // (n_lane) mean reward of an item that was looked at
  float *left;     // (n_lane) share of steps after which the user left, but for what is folded
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
  int64_t examined = 0;
  for (int64_t t = 0; t < times; ++t) {
    const int64_t newest = t + (logged - 1 - t) / own * own;
    const int64_t at = row * n_time + newest % n_time;
    reward += a->log.reward[at];
    examined += log_examined(&a->log, at);
    left += log_is_over(&a->log, a->fold_leave, agent, a->log.ended[at]) ? 1.0f : 0.0f;
  }
  a->reward[row] = reward / (float)(examined > 0 ? examined : 1);
  a->left[row] = left / (float)times;
}

#endif
