/// What a lane's user would answer now, with every reason; nothing moves.
#ifndef THRONG_KERNELS_SIM_SIM_ASK_H
#define THRONG_KERNELS_SIM_SIM_ASK_H

#include "kernels/sim/sim_sta.h"

/// `item` as if it were shown in `slot` of the next step, with the answer of the votes' rule.
/// `sta_query` (n_lane, width).
THRONG_ROW throng_vote sim_ask_rule(const sim_args *s, const sta_view *sta, const float *sta_query,
                                    int64_t lane, int32_t slot, int32_t item,
                                    vote_further *further) {
  vote_stream stream = sim_stream(s, lane, slot);
  throng_vote v;
  sim_vote_logical(s, lane, &stream, item, &v);
  float p =
      s->rule.has_sta ? sta_score(sta, sta_query + lane * sta->width, s->user[lane], item) : 0.5f;
  vote_decide_sta(&s->rule, p, &v);
  *further = vote_score_further(&s->rule, &v, s->user[lane], item);
  v.like = rule_answer(&s->rule, &stream, &v, further);
  return v;
}
/// The same with what the session has done to the user.
THRONG_ROW throng_vote sim_ask_item(const sim_args *s, const sta_view *sta, const float *sta_query,
                                    int64_t lane, int32_t slot, int32_t item,
                                    vote_further *further) {
  const vote_stream stream = sim_stream(s, lane, slot);
  throng_vote v = sim_ask_rule(s, sta, sta_query, lane, slot, item, further);
  v.like = sim_modulate(s, lane, &stream, item, v.like);
  return v;
}

/// Row = question.
typedef struct sim_ask_args {
  sim_sta_args of;
  const int32_t *lane, *item;  // (n)
  throng_vote *vote;           // (n)
  vote_further *further;       // (n)
} sim_ask_args;

THRONG_ROW void sim_ask_row(const sim_ask_args *a, int64_t row) {
  a->vote[row] = sim_ask_item(&a->of.sim, &a->of.view, a->of.cache.query, a->lane[row], 0,
                              a->item[row], &a->further[row]);
}

/// What a session has made of a lane's user, and would of one more item.
typedef struct users_asked {
  int32_t shown;  // entries that are remembered
  users_terms terms;
  float mood, mood_after[2];       // budget that is left: now, and after a dislike or a like
  int32_t repeats, repeats_topic;  // see users_repeats
  int32_t leaves[2];               // throng_leave after a dislike or a like, apart from chance
  int32_t rule_like;               // what the votes' rule answers
  int32_t number, gap;             // of the session in its episode; days before it
  float returns[2];  // chance to come back on a day, were it over after a dislike or a like; or 0
} users_asked;

/// Row = question.
typedef struct sim_users_ask_args {
  sim_sta_args of;
  const int32_t *lane, *item;  // (n)
  users_asked *asked;          // (n)
} sim_users_ask_args;

THRONG_ROW void sim_users_ask_row(const sim_users_ask_args *a, int64_t row) {
  const sim_args *s = &a->of.sim;
  const int64_t lane = a->lane[row];
  const int32_t item = a->item[row];
  const users_view *v = &s->users;
  const users_session session = sim_session(s, lane);
  vote_further further;
  users_asked x;
  x.shown = session.kept;
  x.terms = users_terms_of(v, &s->world, &session, s->user[lane], item);
  x.mood = users_mood(v, &session);
  x.repeats_topic = -1;
  x.repeats =
      v->repeat_window > 0 ? users_repeats(v, &s->world, &session, item, &x.repeats_topic) : 0;
  x.rule_like = sim_ask_rule(s, &a->of.view, a->of.cache.query, lane, 0, item, &further).like;
  x.number = s->sessions.session ? s->sessions.session[lane] : 0;
  x.gap = s->sessions.session ? s->sessions.gap[lane] : 0;
  for (int like = 0; like < 2; ++like) {
    const int32_t step = s->step[lane] + 1;
    const float likes = s->running_return[lane] + (float)(like * s->slate_size);
    x.returns[like] =
        sim_may_return(s, lane, step) ? sim_return_chance(s, lane, step, likes) : 0.0f;
    // The slate's mean cost, were all of it answered alike; what falls out of the ring is
    // forgotten.
    users_session after = session;
    const int32_t room = session.history.capacity - s->slate_size;
    after.kept = session.kept < room ? session.kept : room;
    x.mood_after[like] = users_mood(v, &after) - (like ? v->temper_like : v->temper_dislike);
    x.leaves[like] = v->repeat_window > 0 && x.repeats > v->repeat_threshold
                         ? THRONG_LEAVE_REPETITION
                     : v->temper > 0.0f && x.mood_after[like] < 1.0f ? THRONG_LEAVE_MOOD
                                                                     : THRONG_LEAVE_NONE;
  }
  a->asked[row] = x;
}

#endif
