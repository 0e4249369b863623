/// What a lane's user would answer now, with every reason; nothing moves.
#ifndef THRONG_KERNELS_SIM_SIM_ASK_H
#define THRONG_KERNELS_SIM_SIM_ASK_H

#include "kernels/sim/sim_sta.h"

/// `item` as if it were shown in `slot` of the next step. `sta_query` (n_lane, width).
THRONG_ROW throng_vote sim_ask_item(const sim_args *s, const sta_view *sta, const float *sta_query,
                                    int64_t lane, int32_t slot, int32_t item,
                                    vote_further *further) {
  vote_stream stream = sim_stream(s, lane, slot);
  throng_vote v;
  sim_vote_logical(s, lane, &stream, item, &v);
  float p =
      s->rule.has_sta ? sta_score(sta, sta_query + lane * sta->width, s->user[lane], item) : 0.5f;
  vote_decide_sta(&s->rule, p, &v);
  *further = vote_score_further(&s->rule, &v, s->user[lane], item);
  v.like = sim_modulate(s, lane, &stream, item, rule_answer(&s->rule, &stream, &v, further));
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

#endif
