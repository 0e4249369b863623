/// The stages of a simulator's step, row = lane: logical votes, answer, transition; and the start
/// of an episode. The statistical vote's stages are in sim_sta.h.
#ifndef THRONG_KERNELS_SIM_STEP_H
#define THRONG_KERNELS_SIM_STEP_H

#include "kernels/sim/published_env.h"
#include "kernels/sim/users_appetite.h"
#include "kernels/sim/users_choice.h"
#include "kernels/sim/users_return.h"
#include "kernels/vote/logical.h"

/// Whom episodes begin with: a start is a user with a history. Usually the world's users, as they
/// are; throng_sim_set_starts gives others.
typedef struct sim_start_view {
  int32_t count;
  int32_t by_lane;          // a lane keeps its start; else each episode draws one
  const int32_t *user;      // (count), or NULL: start k is user k
  const int64_t *offset;    // (count + 1) into `history`, or NULL: the users' real histories
  const uint32_t *history;  // (offset[count]) packed
} sim_start_view;

/// The start of an episode, `lane` being its number in the random stream.
THRONG_ROW int32_t sim_start_of(const sim_start_view *s, uint32_t seed, uint32_t lane,
                                uint32_t episode) {
  if (s->by_lane) return (int32_t)(lane % (uint32_t)s->count);
  return (int32_t)random_index(random_draw(seed, RANDOM_USER, 0, 0, lane, episode).w[0],
                               (uint32_t)s->count);
}

/// What is kept where users need not look at all of a slate; NULLs where they always do.
typedef struct sim_slates {
  uint8_t *examined;  // (n_lane, slate_size) was the item of the last step looked at?
  float *chance;      // (n_lane, slate_size) of a like, had it been looked at
  int32_t *shown_at;  // (n_lane, n_history) step of the episode that showed an entry of the ring
} sim_slates;

/// What is kept where a user's episode may have several sessions; NULLs where it is one. (n_lane)
typedef struct sim_sessions {
  int32_t *session;      // number of the present one
  int32_t *first_step;   // steps of the episode before it
  int32_t *first_count;  // entries written before it
  float *first_return;   // the episode's return before it
  int32_t *gap;          // days before it; 0: the episode's first
  int32_t *returned;     // the same, where it has just begun; else 0
} sim_sessions;

/// Everything that the stages share; arrays are those of throng_sim (host/sim/sim.h).
typedef struct sim_args {
  world_view world;
  const uint32_t *table;  // (2, n_item, n_item) or NULL
  vote_rule rule;
  uint32_t seed;
  const uint32_t *number;  // (n_lane) in the random stream: what is drawn depends on no other place
  const uint8_t *halted;   // (n_lane) stands still, by a bit
  int32_t n_history, slate_size, max_steps;
  int32_t autoreset, mask_seen;
  int32_t mask_history;  // what a lane has seen begins with its episode's real history
  float leave_probability;
  int64_t n_seen_word;
  int32_t *user, *step, *count, *initial_count;
  uint32_t *episode, *history;
  float *running_return;
  const int32_t *action;
  float *reward;
  uint8_t *ended;
  throng_vote *vote;                    // (n_lane, slate_size)
  float *further[THRONG_VOTE_FURTHER];  // (n_lane, slate_size) scores, each NULL where not asked
  int32_t *final_user, *final_step, *final_count;
  uint32_t *final_history;
  float *final_return;
  uint32_t *seen;
  int32_t *sta_encoded;
  int32_t *preference;  // (n_lane, 2, dim) or NULL
  uint32_t *evicted;    // (n_lane, slate_size), with preference
  sim_start_view start;
  users_view users;
  uint8_t *left;  // (n_lane) throng_leave, where users.on
  sim_slates slates;
  sim_sessions sessions;
  published_env_view published;
} sim_args;

/// A lane that is halted, or one that ended and does not start again by itself.
THRONG_ROW int sim_idle(const sim_args *a, int64_t lane) {
  return a->halted[lane] || (!a->autoreset && a->ended[lane] != THRONG_END_NONE);
}

THRONG_ROW history_view sim_history(const sim_args *a, int64_t lane) {
  history_view h = {a->history + lane * a->n_history, a->n_history, a->count[lane]};
  return h;
}

/// The session so far.
THRONG_ROW users_session sim_session(const sim_args *a, int64_t lane) {
  const int32_t shown = a->count[lane] - a->initial_count[lane];
  users_session s = users_session_of(sim_history(a, lane), shown, a->slate_size);
  if (a->sessions.session) {
    const int32_t own = a->count[lane] - a->sessions.first_count[lane];
    s.kept = own < s.of_episode ? own : s.of_episode;
  }
  if (!a->slates.shown_at) return s;
  s.shown_at = a->slates.shown_at + lane * a->n_history;
  s.step = a->step[lane];
  return s;
}

/// The answer to `item`, after what the session has done to the user; `like` is the rule's.
THRONG_ROW uint8_t sim_modulate(const sim_args *a, int64_t lane, const vote_stream *s, int32_t item,
                                uint8_t like) {
  if (!a->users.modulates) return like;
  const users_session session = sim_session(a, lane);
  const users_terms t = users_terms_of(&a->users, &a->world, &session, a->user[lane], item);
  return users_answer(&t, s, like);
}

/// Chance of the answer that sim_modulate gives, `chance` being the rule's.
THRONG_ROW float sim_modulated_chance(const sim_args *a, int64_t lane, int32_t item, float chance) {
  if (!a->users.modulates) return chance;
  const users_session session = sim_session(a, lane);
  const users_terms t = users_terms_of(&a->users, &a->world, &session, a->user[lane], item);
  return chance * users_keep(&t) + (1.0f - chance) * users_turn(&t);
}

THRONG_ROW const int32_t *sim_preference_of(const sim_args *a, int64_t lane) {
  return a->preference ? a->preference + lane * 2 * a->world.dim : 0;
}

THRONG_ROW vote_stream sim_stream(const sim_args *a, int64_t lane, int32_t slot) {
  vote_stream s = {a->seed, (uint32_t)slot, (uint32_t)a->step[lane], a->number[lane],
                   a->episode[lane]};
  return s;
}

/// The user's session number `session` of this episode begins, after `gap` days.
THRONG_ROW void sim_begin_session(const sim_args *a, int64_t lane, int32_t session, int32_t gap) {
  const sim_sessions *s = &a->sessions;
  if (!s->session) return;
  s->session[lane] = session;
  s->first_step[lane] = a->step[lane];
  s->first_count[lane] = a->count[lane];
  s->first_return[lane] = a->running_return[lane];
  s->gap[lane] = s->returned[lane] = gap;
}

/// f_mat and f_sim of an item that is shown to a lane, after the history that counts there.
THRONG_ROW void sim_vote_logical(const sim_args *a, int64_t lane, const vote_stream *s,
                                 int32_t item, throng_vote *v) {
  const history_view h = sim_history(a, lane);
  const vote_sums sums =
      a->published.reviewer
          ? published_gather(&a->world, a->table, &a->published, &h, item)
          : vote_gather(&a->world, a->table, &a->rule, sim_preference_of(a, lane), &h, item);
  vote_decide_logical(&sums, a->rule.semantics, s, v);
  // One coin for both: with f_sta's 1 beside them the majority then says what the coin says.
  if (published_is_coin(&a->published, item)) v->f_mat = v->f_sim = vote_coin(s, RANDOM_ANSWER);
}

/// Whom the lane's episode begins with: a user and entries begin .. end - 1 of `history`.
typedef struct sim_start_span {
  int32_t user;
  const uint32_t *history;
  int64_t begin, end;
} sim_start_span;

THRONG_ROW sim_start_span sim_start_of_lane(const sim_args *a, int64_t lane) {
  const sim_start_view *s = &a->start;
  const int32_t start = sim_start_of(s, a->seed, a->number[lane], a->episode[lane]);
  sim_start_span span;
  span.user = s->user ? s->user[start] : start;
  const int64_t *offset = s->offset ? s->offset + start : a->world.user_offset + span.user;
  span.history = s->offset ? s->history : a->world.history;
  span.begin = offset[0];
  span.end = offset[1];
  if (!s->offset)
    span.end = span.begin + history_oldest(a->published.start_rows, span.end - span.begin);
  return span;
}

/// A new user with the newest entries of the history; the lane's session is empty, but for what it
/// has seen: see sim_forget_seen.
THRONG_ROW void sim_begin_episode(const sim_args *a, int64_t lane) {
  const sim_start_span start = sim_start_of_lane(a, lane);
  const uint32_t *history = start.history;
  int64_t begin = start.begin, end = start.end;
  if (end - begin > a->n_history) begin = end - a->n_history;
  uint32_t *ring = a->history + lane * a->n_history;
  for (int64_t k = begin; k < end; ++k) ring[k - begin] = history[k];
  for (int64_t k = end - begin; k < a->n_history; ++k) ring[k] = 0;
  a->user[lane] = start.user;
  a->step[lane] = 0;
  a->count[lane] = a->initial_count[lane] = (int32_t)(end - begin);
  a->running_return[lane] = 0;
  a->sta_encoded[lane] = 0;
  sim_begin_session(a, lane, 0, 0);
}

/// Words first, first + by, .. of what a lane has seen: a bit an item of the catalogue, so that a
/// device shares them out (cuda/seen.cu). What is left is the real history, where that is masked.
THRONG_ROW void sim_forget_seen(const sim_args *a, int64_t lane, int64_t first, int64_t by) {
  if (!a->mask_seen) return;
  uint32_t *seen = a->seen + lane * a->n_seen_word;
  for (int64_t k = first; k < a->n_seen_word; k += by) seen[k] = 0;
  if (!a->mask_history) return;
  const sim_start_span start = sim_start_of_lane(a, lane);
  for (int64_t k = start.begin; k < start.end; ++k) {
    const int32_t item = history_item(start.history[k]);
    if (item / 32 % by == first) seen[item / 32] |= 1u << (item % 32);
  }
}

typedef sim_args sim_begin_args;
THRONG_ROW void sim_begin_lane(const sim_begin_args *a, int64_t lane) {
  a->episode[lane] = 0;
  a->ended[lane] = THRONG_END_NONE;
  a->reward[lane] = 0;
  if (a->users.on) a->left[lane] = THRONG_LEAVE_NONE;
  sim_begin_episode(a, lane);
}
THRONG_ROW void sim_begin_row(const sim_begin_args *a, int64_t lane) {
  sim_begin_lane(a, lane);
  sim_forget_seen(a, lane, 0, 1);
}

/// Row = lane: begin the next episode now, as where one ended; the others stay as they are.
typedef struct sim_restart_args {
  sim_args sim;
  const uint8_t *chosen;  // (n_lane) 1: those lanes
} sim_restart_args;
THRONG_ROW void sim_restart_row(const sim_restart_args *a, int64_t lane) {
  const sim_args *s = &a->sim;
  if (!a->chosen[lane] || s->halted[lane]) {
    if (s->preference) s->evicted[lane * s->slate_size] = PREFERENCE_IDLE;
    return;
  }
  s->episode[lane] += 1;
  s->ended[lane] = THRONG_END_NONE;
  s->reward[lane] = 0;
  if (s->users.on) s->left[lane] = THRONG_LEAVE_NONE;
  sim_begin_episode(s, lane);
  sim_forget_seen(s, lane, 0, 1);
}

/// Row = lane: is one of its actions no item? For actions that the host has not seen.
typedef struct sim_action_args {
  const int32_t *action;  // (n_lane, slate_size)
  int32_t slate_size, n_item;
  uint8_t *wrong;  // (n_lane)
} sim_action_args;
THRONG_ROW void sim_action_row(const sim_action_args *a, int64_t lane) {
  int wrong = 0;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    const int32_t item = a->action[lane * a->slate_size + slot];
    wrong |= item < 0 || item >= a->n_item;
  }
  a->wrong[lane] = (uint8_t)wrong;
}

typedef sim_args sim_vote_args;
THRONG_ROW void sim_vote_row(const sim_vote_args *a, int64_t lane) {
  if (sim_idle(a, lane)) return;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    int64_t at = lane * a->slate_size + slot;
    vote_stream s = sim_stream(a, lane, slot);
    sim_vote_logical(a, lane, &s, a->action[at], &a->vote[at]);
  }
}

/// Which of the slate's items the user looks at. The others are not answered: no like, and no
/// dislike either.
THRONG_ROW void sim_examine(const sim_args *a, int64_t lane) {
  const vote_stream s = sim_stream(a, lane, 0);
  const int64_t first = lane * a->slate_size;
  throng_vote *vote = a->vote + first;
  uint8_t *examined = a->slates.examined + first;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) examined[slot] = 0;
  if (a->users.choice == THRONG_CHOICE_EACH || a->users.choice == THRONG_CHOICE_CASCADE)
    choice_scan(&a->users, &s, vote, a->slate_size, examined);
  else
    choice_race(&a->users, &s, a->slates.chance + first, a->slate_size, examined);
  a->reward[lane] = 0;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    vote[slot].like &= examined[slot];
    a->reward[lane] += (float)vote[slot].like;
  }
}

/// Join the votes; the slate's likes are the reward. `changes`: a->users.on, a constant where it is
/// called, so that a launch asks once and users who do not change cost what they did before.
typedef sim_args sim_respond_args;
THRONG_INLINE void sim_respond_lane(const sim_args *a, int64_t lane, const int changes) {
  if (a->halted[lane]) return;
  a->reward[lane] = 0;
  if (sim_idle(a, lane)) return;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    int64_t at = lane * a->slate_size + slot;
    throng_vote *v = &a->vote[at];
    vote_stream s = sim_stream(a, lane, slot);
    vote_further further = vote_score_further(&a->rule, v, a->user[lane], a->action[at]);
    for (int32_t k = 0; k < THRONG_VOTE_FURTHER; ++k)
      if (a->further[k]) a->further[k][at] = further.score[k];
    v->like = rule_answer(&a->rule, &s, v, &further);
    if (changes) v->like = sim_modulate(a, lane, &s, a->action[at], v->like);
    if (changes && a->slates.examined)
      a->slates.chance[at] =
          sim_modulated_chance(a, lane, a->action[at], rule_chance(&a->rule, v, &further));
    a->reward[lane] += (float)v->like;
  }
  if (changes && a->slates.examined) sim_examine(a, lane);
}
THRONG_ROW void sim_respond_row(const sim_respond_args *a, int64_t lane) {
  if (a->users.on)
    sim_respond_lane(a, lane, 1);
  else
    sim_respond_lane(a, lane, 0);
}
THRONG_ROW void sim_respond_span(const sim_respond_args *a, int64_t begin, int64_t end) {
  if (a->users.on)
    for (int64_t lane = begin; lane < end; ++lane) sim_respond_lane(a, lane, 1);
  else
    for (int64_t lane = begin; lane < end; ++lane) sim_respond_lane(a, lane, 0);
}

/// Was the item in this place of (n_lane, slate_size) looked at?
THRONG_ROW int sim_examined(const sim_args *a, int64_t at) {
  return !a->slates.examined || a->slates.examined[at];
}

/// Does an item that was looked at repeat a topic too soon? Asked before the slate is appended.
THRONG_ROW int sim_repeats(const sim_args *a, int64_t lane) {
  if (a->users.repeat_window == 0) return 0;
  const users_session session = sim_session(a, lane);
  int32_t topic;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    const int64_t at = lane * a->slate_size + slot;
    if (sim_examined(a, at) && users_repeats(&a->users, &a->world, &session, a->action[at],
                                             &topic) > a->users.repeat_threshold)
      return 1;
  }
  return 0;
}
/// Why the user leaves, after the slate was appended; `chance` and `repeats`: whether by these.
THRONG_ROW int sim_leave(const sim_args *a, int64_t lane, int chance, int repeats) {
  if (repeats) return THRONG_LEAVE_REPETITION;
  if (a->users.temper > 0.0f) {
    const users_session session = sim_session(a, lane);
    if (users_mood(&a->users, &session) < 1.0f) return THRONG_LEAVE_MOOD;
  }
  return chance ? THRONG_LEAVE_CHANCE : THRONG_LEAVE_NONE;
}

/// Append the answers. What the user did not look at stands in no history, and counts as seen all
/// the same: it was shown. `changes` as in sim_respond_lane.
THRONG_INLINE void sim_append(const sim_args *a, int64_t lane, const int changes) {
  uint32_t *ring = a->history + lane * a->n_history;
  for (int32_t slot = 0; slot < a->slate_size; ++slot) {
    const int64_t at = lane * a->slate_size + slot;
    const int32_t item = a->action[at], place = a->count[lane] % a->n_history;
    if (a->mask_seen) a->seen[lane * a->n_seen_word + item / 32] |= 1u << (item % 32);
    if (changes && !sim_examined(a, at)) {
      if (a->preference) a->evicted[at] = PREFERENCE_UNSEEN;
      continue;
    }
    if (a->preference)
      a->evicted[at] = a->count[lane] < a->n_history ? PREFERENCE_NONE : ring[place];
    ring[place] = history_pack(item, a->vote[at].like);
    if (changes && a->slates.shown_at)
      a->slates.shown_at[lane * a->n_history + place] = a->step[lane];
    a->count[lane] += 1;
  }
}

/// May the user come back, were the session over after `step` steps of the episode?
THRONG_ROW int sim_may_return(const sim_args *a, int64_t lane, int32_t step) {
  return a->sessions.session && a->sessions.session[lane] + 1 < a->users.sessions &&
         step < a->max_steps;
}
/// The chance of it on any one day, `likes` being those of the episode.
THRONG_ROW float sim_return_chance(const sim_args *a, int64_t lane, int32_t step, float likes) {
  const sim_sessions *s = &a->sessions;
  const int64_t *span = a->world.user_offset + a->user[lane];
  const float shown = (float)(step - s->first_step[lane]) * (float)a->slate_size;
  return return_chance(&a->users, span[1] - span[0], (likes - s->first_return[lane]) / shown);
}

/// A session is over. Does another one of the same user begin?
THRONG_ROW int sim_comes_back(const sim_args *a, int64_t lane) {
  const int32_t step = a->step[lane];
  if (!sim_may_return(a, lane, step)) return 0;
  const random_words r =
      random_draw(a->seed, RANDOM_RETURN, 0, (uint32_t)step - 1, a->number[lane], a->episode[lane]);
  const float chance = sim_return_chance(a, lane, step, a->running_return[lane]);
  const int32_t days = return_day(&a->users, chance, random_uniform(r.w[0]));
  if (days == 0)
    a->left[lane] = THRONG_LEAVE_NO_RETURN;
  else
    sim_begin_session(a, lane, a->sessions.session[lane] + 1, days);
  return days > 0;
}

/// Append the answers, let the user leave, and start the next session or episode on the same step.
/// Did one start? Then what the lane has seen is to be forgotten. `changes` as in sim_respond_lane.
typedef sim_args sim_transition_args;
THRONG_INLINE int sim_transition_lane(const sim_args *a, int64_t lane, const int changes) {
  if (a->halted[lane]) return 0;
  if (sim_idle(a, lane)) {
    if (a->preference) a->evicted[lane * a->slate_size] = PREFERENCE_IDLE;
    return 0;
  }
  const uint32_t *ring = a->history + lane * a->n_history;
  const int repeats = changes ? sim_repeats(a, lane) : 0;
  sim_append(a, lane, changes);
  a->running_return[lane] += a->reward[lane];
  uint32_t word = random_draw_inline(a->seed, RANDOM_LEAVE, 0, (uint32_t)a->step[lane],
                                     a->number[lane], a->episode[lane])
                      .w[0];
  a->step[lane] += 1;
  int leaves = random_bernoulli(word, a->leave_probability);
  if (changes) {
    a->left[lane] = (uint8_t)sim_leave(a, lane, leaves, repeats);
    leaves = a->left[lane] != THRONG_LEAVE_NONE;
  }
  if (changes && a->sessions.session) a->sessions.returned[lane] = 0;
  const int back = changes && leaves && sim_comes_back(a, lane);
  leaves = leaves && !back;
  int end = leaves                          ? THRONG_END_LEFT
            : a->step[lane] >= a->max_steps ? THRONG_END_TRUNCATED
                                            : THRONG_END_NONE;
  a->ended[lane] = (uint8_t)end;
  if (end == THRONG_END_NONE) return back;
  a->final_user[lane] = a->user[lane];
  a->final_step[lane] = a->step[lane];
  a->final_count[lane] = a->count[lane];
  a->final_return[lane] = a->running_return[lane];
  for (int32_t k = 0; k < a->n_history; ++k) a->final_history[lane * a->n_history + k] = ring[k];
  if (!a->autoreset) return 0;
  a->episode[lane] += 1;
  sim_begin_episode(a, lane);
  return 1;
}
THRONG_INLINE void sim_move_lane(const sim_args *a, int64_t lane, const int changes) {
  if (sim_transition_lane(a, lane, changes)) sim_forget_seen(a, lane, 0, 1);
}
THRONG_ROW void sim_transition_row(const sim_transition_args *a, int64_t lane) {
  if (a->users.on)
    sim_move_lane(a, lane, 1);
  else
    sim_move_lane(a, lane, 0);
}
THRONG_ROW void sim_transition_span(const sim_transition_args *a, int64_t begin, int64_t end) {
  if (a->users.on)
    for (int64_t lane = begin; lane < end; ++lane) sim_move_lane(a, lane, 1);
  else
    for (int64_t lane = begin; lane < end; ++lane) sim_move_lane(a, lane, 0);
}

#endif
