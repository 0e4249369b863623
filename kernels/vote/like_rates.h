/// f_pop, the vote that knows two rates: how often the item is liked, and how often the user likes.
///   p = sigmoid(w0 + w1 logit(rate of the item) + w2 logit(rate of the user))
/// Rates and weights are fitted on the host (host/sim/like_rates.h); what is left of them here is a
/// number an item and a number a user.
#ifndef THRONG_KERNELS_VOTE_LIKE_RATES_H
#define THRONG_KERNELS_VOTE_LIKE_RATES_H

#include "kernels/base/portable.h"

typedef struct like_rates_view {
  const float *item;  // (n_item) w1 logit(rate); NULL where the rule does not ask f_pop
  const float *user;  // (n_user) w0 + w2 logit(rate)
} like_rates_view;

THRONG_ROW float like_rates_score(const like_rates_view *rates, int32_t user, int32_t item) {
  return sigmoid(rates->user[user] + rates->item[item]);
}

#endif
