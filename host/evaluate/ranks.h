/// Ranking: does a contender put an item that its user will like before others that the user never
/// met? HitRate@10 and NDCG@10 of the liked item among RANKED_OTHERS drawn ones, as Kang & McAuley
/// (2018, section IV-C) rank the next item; here it is one that was liked.
#ifndef THRONG_EVALUATE_RANKS_H
#define THRONG_EVALUATE_RANKS_H

#include "evaluate/contenders.h"

enum { RANKED_OTHERS = 100, RANKED_TOP = 10, RANKED_MOST = 1000 };

typedef struct ranks {
  int64_t
      n;  // questions that are ranked: each user's first liked one, of RANKED_MOST users at most
  int64_t *row;       // (n) which
  float *hit, *gain;  // (CONTENDER_COUNT, n) NaN where the contender was not measured
} ranks;

/// Others are drawn evenly from the items that anyone rated and the user met nowhere, later part
/// included. Ties are worth what a random order among them is. Errors: MEMORY, CANCELLED, those of
/// throng_votes_evaluate.
throng_status ranks_make(const contender_task *task, const throng_progress *progress, ranks *out);
void ranks_free(ranks *r);

#endif
