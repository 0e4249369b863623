/// Measuring an f_sta (SASRec) on one held-out interaction of every user while it is fitted.
#ifndef THRONG_STA_EVALUATE_H
#define THRONG_STA_EVALUATE_H

#include "sta/sta_score.h"

typedef struct sta_measures {
  double auc, log_loss;  // label objective, else NaN
  double hr10, ndcg10;   // next-item objective, else NaN
  double low;            // of the 95 % interval of auc, or of hr10
} sta_measures;

/// HR@10 where the held-out item's place among 100 others is chance.
#define STA_CHANCE_HR10 (10.0 / 101)

typedef struct sta_evaluation {
  int64_t n;     // questions: users that have this interaction; twice as many where `sampled`
  bool sampled;  // the world has no dislikes: beside each like stands one for an unseen item
  throng_sta_objective objective;
  sta_scorer scorer;
  uint8_t *like, *answer;  // (n)
  float *p;                // (n)
  double *score;           // (n)
  int32_t *rank;           // (n)
} sta_evaluation;

/// `back` is SPLIT_TEST or SPLIT_VALIDATION (data/split.h): the place from the end. Ranking
/// leaves out users without a training interaction, as SASRec's evaluation does. Takes all memory;
/// sta_evaluation_free is due even on failure.
throng_status sta_evaluation_create(const throng_sta *sta, const throng_world *world, int back,
                                    sta_evaluation *e);
throng_status sta_evaluation_run(sta_evaluation *e, sta_measures *out);
void sta_evaluation_free(sta_evaluation *e);

#endif
