/// The statistical vote inside the simulator, row = lane: score the shown items with the lane's
/// cached query, and bring the cache up to the history after a transition.
#ifndef THRONG_KERNELS_SIM_STA_H
#define THRONG_KERNELS_SIM_STA_H

#include "kernels/sim/sim_step.h"
#include "kernels/sta/sta_cache.h"

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
    float p = s->rule.has_sta ? sta_score(&a->view, a->cache.query + lane * a->view.width,
                                          s->user[lane], s->action[at])
                              : 0.5f;
    vote_decide_sta(&s->rule, p, &s->vote[at]);
  }
}

/// Prefetch list for the next lanes: their caches, their user's row, their newest item's embedding.
THRONG_ROW void sim_sta_ahead(const sim_sta_args *a, int64_t begin, int64_t end, sta_ahead *next) {
  const sim_args *s = &a->sim;
  const int32_t width = a->view.width;
  for (int64_t lane = begin; lane < end && next->n < STA_AHEAD_RANGES; ++lane) {
    const history_view h = sim_history(s, lane);
    sta_cache_ahead(&a->view, &a->cache, lane, next);
    THRONG_PREFETCH(a->view.read_user + (int64_t)s->user[lane] * width);
    if (h.count > 0)
      THRONG_PREFETCH(a->view.item +
                      (int64_t)history_item(h.entry[(h.count - 1) % h.capacity]) * width);
  }
}

/// Bring the caches of lanes begin .. end - 1 up to their histories.
typedef sim_sta_args sim_sta_advance_args;
THRONG_ROW void sim_sta_advance_span(const sim_sta_advance_args *a, int64_t begin, int64_t end) {
  const sim_args *s = &a->sim;
  sta_lanes lanes;
  lanes.n = 0;
  for (int64_t lane = begin; lane < end; ++lane) {
    if (!sim_idle(s, lane)) {
      const history_view h = sim_history(s, lane);
      sta_cache_begin(&a->view, &a->cache, lane, s->user[lane], &h, &lanes);
    }
    if (lanes.n < STA_TOGETHER && lane + 1 < end) continue;
    sta_ahead next;
    next.n = next.which = next.at = 0;
    sim_sta_ahead(a, lane + 1, end, &next);
    sta_cache_finish(&a->view, &a->cache, &lanes, &next);
  }
}
THRONG_ROW void sim_sta_advance_row(const sim_sta_advance_args *a, int64_t lane) {
  sim_sta_advance_span(a, lane, lane + 1);
}

#endif
