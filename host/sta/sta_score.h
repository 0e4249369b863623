/// Scoring many questions with one SASRec, each history read once however many candidates it is
/// asked about: memory is taken once, then it may be run again and again (the fit does so after
/// every epoch).
#ifndef THRONG_STA_SCORE_H
#define THRONG_STA_SCORE_H

#include "sta/sta.h"

typedef struct sta_scorer {
  int64_t n, n_question;  // histories, and the candidates that they are asked about
  int32_t n_other;
  sta_view view;
  tensor_set tensors;
  int32_t *user;       // (n)
  int64_t *begin;      // (n) first entry in `history`
  int32_t *count;      // (n) entries
  int64_t *question;   // (n + 1) first candidate
  int32_t *candidate;  // (n_question)
  int32_t *other;      // (n_question, n_other) items that the candidate is ranked among
  uint32_t *history;   // (n_entry) packed
  float *p, *scratch;
  int32_t *rank;
} sta_scorer;

/// Take memory; the caller uploads what questions are made of. sta_scorer_free is due even on
/// failure.
throng_status sta_scorer_create(throng_backend *backend, const sta_view *view, int64_t n,
                                int64_t n_question, int64_t n_entry, int32_t n_other,
                                sta_scorer *s);
/// p (n_question) and rank (n_question) on the host; either may be NULL.
throng_status sta_scorer_run(sta_scorer *s, float *p, int32_t *rank);
void sta_scorer_free(sta_scorer *s);

#endif
