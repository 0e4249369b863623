/// f_pop's fit: smoothed like rates of every item and user over the training part of a world, and
/// the logistic regression that joins the two.
///   p(user, item) = sigmoid(w0 + w1 logit(rate of item) + w2 logit(rate of user))
/// It is computed anew from the world wherever it is asked (a second for millions of answers): the
/// same world gives the same bits, so nothing of it is stored but the weights' names in identities.
#ifndef THRONG_SIM_LIKE_RATES_H
#define THRONG_SIM_LIKE_RATES_H

#include "base/tensors.h"
#include "kernels/vote/like_rates.h"
#include "throng/world.h"

/// Answers that a rate's prior weighs: rate = (likes + PRIOR share) / (answers + PRIOR), the mean
/// of a Beta posterior, where `share` is that of likes among all training answers, (likes + 1) /
/// (answers + 2). Users and items without a training answer have the share.
#define LIKE_RATES_PRIOR 4.0
/// L2 on w1 and w2, as scikit-learn's LogisticRegression(C=1) has it: nothing beside some hundred
/// answers, and what keeps the weights finite where the rates tell the answers apart without error.
#define LIKE_RATES_RIDGE 1.0

typedef struct like_rates {
  double weight[3];          // w0, w1 of the item, w2 of the user
  double share;              // the prior's mean
  int64_t n, n_like;         // training answers
  double *item_rate;         // (n_item)
  double *user_rate;         // (n_user)
  int64_t *item_n, *user_n;  // answers behind each
  int64_t n_item, n_user;
  tensor_set on_backend;
  like_rates_view view;  // after like_rates_upload
} like_rates;

/// Fit on all but each user's last two interactions (data/split.h). Every row sees rates without
/// its own answer: an item with a single answer would otherwise hold the label that is to be
/// foretold, and the regression would learn to trust rates that nobody has outside the training
/// part. Errors: DATA (no training answers, or none of one kind: nothing to tell apart), MEMORY.
throng_status like_rates_fit(const throng_world *world, like_rates *out);
/// Put what kernels read of it on a backend: `out->view`. Errors: MEMORY, BACKEND.
throng_status like_rates_upload(like_rates *rates, throng_backend *backend);
/// A zeroed one is allowed.
void like_rates_free(like_rates *rates);

#endif
