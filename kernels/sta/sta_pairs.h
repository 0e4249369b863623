/// f_sta's answers outside any lane: histories are read once each, and then asked about any number
/// of candidates: probabilities, and a candidate's rank among sampled items. Row = history.
#ifndef THRONG_KERNELS_STA_PAIRS_H
#define THRONG_KERNELS_STA_PAIRS_H

#include "kernels/sta/sta_cache.h"

typedef struct sta_pairs_args {
  sta_view view;
  const int32_t *user;       // (n)
  const int64_t *begin;      // (n) first entry of the history
  const int32_t *count;      // (n) its entries
  const int64_t *question;   // (n + 1) the first of the candidates that it is asked about
  const int32_t *candidate;  // (question[n])
  const uint32_t *history;   // packed entries, oldest first
  float *scratch;            // (n, sta_cache_size + width)
  float *p;                  // (question[n])
} sta_pairs_args;

THRONG_ROW int64_t sta_pairs_scratch(const sta_view *v) { return sta_cache_size(v) + v->width; }

/// The history's query, in its part of the scratch memory.
THRONG_ROW const float *sta_pairs_query(const sta_pairs_args *a, int64_t row) {
  const sta_view *v = &a->view;
  const history_view h = {a->history + a->begin[row], a->count[row], a->count[row]};
  float *scratch = a->scratch + row * sta_pairs_scratch(v);
  float *query = scratch + sta_cache_size(v);
  sta_encode(v, a->user[row], &h, scratch, query);
  return query;
}

THRONG_ROW void sta_pairs_row(const sta_pairs_args *a, int64_t row) {
  const float *query = sta_pairs_query(a, row);
  for (int64_t k = a->question[row]; k < a->question[row + 1]; ++k)
    a->p[k] = sta_score(&a->view, query, a->user[row], a->candidate[k]);
}

/// Where each candidate stands among `n_other` other items: the others that score as high or
/// higher.
typedef struct sta_rank_args {
  sta_pairs_args pairs;
  int32_t n_other;
  const int32_t *other;  // (question[n], n_other)
  int32_t *rank;         // (question[n]) 0: the candidate comes first
} sta_rank_args;

THRONG_ROW void sta_rank_row(const sta_rank_args *a, int64_t row) {
  const sta_view *v = &a->pairs.view;
  const float *query = sta_pairs_query(&a->pairs, row);
  for (int64_t k = a->pairs.question[row]; k < a->pairs.question[row + 1]; ++k) {
    const float *candidate = v->item + (int64_t)a->pairs.candidate[k] * v->width;
    const float score = dot_product(query, candidate, v->width);
    int32_t rank = 0;
    for (int32_t j = 0; j < a->n_other; ++j) {
      const float *item = v->item + (int64_t)a->other[k * a->n_other + j] * v->width;
      rank += !(dot_product(query, item, v->width) < score);
    }
    a->rank[k] = rank;
  }
}

#endif
