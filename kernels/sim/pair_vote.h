/// Votes outside any lane, what `throng votes`, `explain` and `evaluate` ask: each pair after its
/// own history.
#ifndef THRONG_KERNELS_SIM_PAIR_VOTE_H
#define THRONG_KERNELS_SIM_PAIR_VOTE_H

#include "kernels/vote/logical.h"

/// Row = pair.
typedef struct pair_vote_args {
  world_view world;
  vote_rule rule;
  uint32_t seed;
  const int32_t *user;                  // (n)
  const int32_t *candidate;             // (n)
  const int64_t *offset;                // (n + 1)
  const uint32_t *history;              // (offset[n]) packed
  const float *p;                       // (n)
  throng_vote *vote;                    // (n)
  float *further[THRONG_VOTE_FURTHER];  // (n) scores, each NULL where not asked
} pair_vote_args;

THRONG_ROW void pair_vote_row(const pair_vote_args *a, int64_t row) {
  int32_t length = (int32_t)(a->offset[row + 1] - a->offset[row]);
  history_view h = {a->history + a->offset[row], length, length};
  vote_stream s = {a->seed, 0, 0, (uint32_t)row, (uint32_t)(row >> 32)};
  throng_vote *v = &a->vote[row];
  vote_sums sums = vote_gather(&a->world, 0, &a->rule, 0, &h, a->candidate[row]);
  vote_decide_logical(&sums, a->rule.semantics, &s, v);
  vote_decide_sta(&a->rule, a->p[row], v);
  vote_further further = vote_score_further(&a->rule, v, a->user[row], a->candidate[row]);
  for (int32_t k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (a->further[k]) a->further[k][row] = further.score[k];
  v->like = rule_answer(&a->rule, &s, v, &further);
}

#endif
