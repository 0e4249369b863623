/// f_sta's probabilities for (user, candidate) pairs outside any lane, each after its own history.
#ifndef THRONG_KERNELS_STA_PAIRS_H
#define THRONG_KERNELS_STA_PAIRS_H

#include "sta_token.h"

typedef struct sta_pairs_args {
  sta_view view;
  const int32_t *user;       // (n)
  const int32_t *candidate;  // (n)
  const int64_t *offset;     // (n + 1) into `history`
  const uint32_t *history;   // packed entries of all pairs, oldest first
  float *scratch;            // (n, 2 * sta_cache_size + width)
  float *p;                  // (n)
} sta_pairs_args;

THRONG_ROW void sta_pairs_row(const sta_pairs_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const int32_t count = (int32_t)(a->offset[row + 1] - a->offset[row]);
  const history_view h = {a->history + a->offset[row], count, count};
  float *scratch = a->scratch + row * (2 * sta_cache_size(v) + v->width);
  float *query = scratch + 2 * sta_cache_size(v);
  sta_encode(v, a->user[row], &h, scratch, query);
  a->p[row] = sta_score(v, query, a->candidate[row]);
}

#endif
