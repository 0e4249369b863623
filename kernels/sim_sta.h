/// The statistical vote inside the simulator, row = lane: score the shown items with the lane's
/// cached query, and bring the cache up to the history after a transition.
#ifndef THRONG_KERNELS_SIM_STA_H
#define THRONG_KERNELS_SIM_STA_H

#include "sim_step.h"
#include "sta_token.h"

typedef struct sim_sta_args {
  sim_args sim;
  sta_view view;
  sta_cache cache;
} sim_sta_args;

typedef sim_sta_args sim_sta_vote_args;
THRONG_ROW void sim_sta_vote_row(const sim_sta_vote_args *a, int64_t lane) {
  const sim_args *s = &a->sim;
  if (sim_idle(s, lane)) return;
  for (int32_t slot = 0; slot < s->slate_size; ++slot) {
    int64_t at = lane * s->slate_size + slot;
    float p = s->rule.has_sta
                  ? sta_score(&a->view, a->cache.query + lane * a->view.width, s->action[at])
                  : 0.5f;
    vote_decide_sta(&s->rule, p, &s->vote[at]);
  }
}

typedef sim_sta_args sim_sta_advance_args;
THRONG_ROW void sim_sta_advance_row(const sim_sta_advance_args *a, int64_t lane) {
  const sim_args *s = &a->sim;
  if (sim_idle(s, lane)) return;
  history_view h = sim_history(s, lane);
  sta_cache_advance(&a->view, &a->cache, lane, s->user[lane], &h);
}

#endif
