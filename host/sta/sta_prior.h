/// What f_sta says of users and items that its fit can learn nothing of, and in worlds where there
/// is too little to fit at all.
#ifndef THRONG_STA_STA_PRIOR_H
#define THRONG_STA_STA_PRIOR_H

#include "sta/sta.h"

/// Answers that a fit learns from: below so many it is no better than like rates, which take its
/// place.
enum { STA_FEWEST_ANSWERS = 50 };
/// Answers that the prior of a like rate weighs, as f_pop's (host/sim/like_rates.h).
#define STA_RATES_PRIOR 4.0

/// Answers that each user and each item is learned from.
typedef struct sta_answers {
  int32_t *user, *item;  // (n_user), (n_item)
  int64_t n, n_like;
} sta_answers;

/// Count the answers of each user's history but for the last `held_out`. sta_answers_free is due
/// even on failure.
throng_status sta_answers_count(const throng_world *world, int held_out, sta_answers *out);
void sta_answers_free(sta_answers *answers);

/// Users and items without an answer get the mean of those that have some, each answer weighing
/// alike: of an average user about an average item, p is what was learned of the others.
throng_status sta_prior_fill(throng_sta *sta, const sta_answers *answers);

/// Like rates in place of a fit, in the shape of `def` with biases and the label objective:
///   p = sigmoid(logit(share) + (logit(user's rate) - logit(share)) + (the same of the item))
/// with rate = (likes + prior share) / (answers + prior) and share = (likes + 1) / (answers + 2)
/// over all but each user's last `held_out` answers. Errors: MEMORY, BACKEND.
throng_status sta_rates_create(throng_backend *backend, const throng_world *world,
                               const throng_sta_def *def, int held_out, throng_sta **out);
/// Are these such rates? No fit leaves all items' embeddings at 0. Errors: MEMORY, BACKEND.
throng_status sta_is_rates(const throng_sta *sta, bool *out);

#endif
