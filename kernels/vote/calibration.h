/// f_cal, the calibrated vote: the scores of the other votes and the terms of user and item, joined
/// by a logistic regression.
///   z = user + item + mat logit((a+ + k m) / (a+ + a- + k)) + sim tanh(3 (b+ - b-)) + sta logit(p)
///       + <f_user, f_item>
/// with k keywords' weight of prior m, and p that of f_sta, whose term is 0 where there is none, as
/// that of the factors is.
/// Fitted on the host (host/sim/calibration.h); constants are folded into the user's term, and the
/// factors' weight into the user's.
#ifndef THRONG_KERNELS_VOTE_CALIBRATION_H
#define THRONG_KERNELS_VOTE_CALIBRATION_H

#include "kernels/base/exponential.h"
#include "throng/types.h"

enum { CALIBRATION_FACTORS = 8 };

typedef struct calibration_view {
  const float *user;           // (n_user); NULL where the rule does not ask f_cal
  const float *item;           // (n_item)
  const float *user_factor;    // (n_user, CALIBRATION_FACTORS); NULL: no such term
  const float *item_factor;    // (n_item, CALIBRATION_FACTORS)
  float mat, sim, sta;         // weights
  float prior_pos, prior_neg;  // k m and k (1 - m)
  float threshold;             // of the probability, for votes.answer "threshold"
} calibration_view;

#define CALIBRATION_LEAST 1e-6f  // f_sta's p and 1 - p are no less here, so that logits are numbers

/// The votes' evidence as log-odds, before its weights.
THRONG_ROW float calibration_mat(const calibration_view *c, const throng_vote *v) {
  return log_portable(((float)v->alpha_pos + c->prior_pos) / ((float)v->alpha_neg + c->prior_neg));
}
/// tanh(3 (b+ - b-)): what is near 2 says only that a side is empty (its b is -1), and no more than
/// a clear difference does.
THRONG_ROW float calibration_sim(const throng_vote *v) {
  return 1.0f - 2.0f / (1.0f + exp_portable(6.0f * (v->beta_pos - v->beta_neg)));
}
THRONG_ROW float calibration_sta(const throng_vote *v) {
  const float p = v->p_like, rest = 1.0f - p;
  return log_portable((p < CALIBRATION_LEAST ? CALIBRATION_LEAST : p) /
                      (rest < CALIBRATION_LEAST ? CALIBRATION_LEAST : rest));
}

/// What user and item share, weighed; 0 where that is not asked.
THRONG_ROW float calibration_factors(const calibration_view *c, int32_t user, int32_t item) {
  float sum = 0.0f;
  if (!c->user_factor) return sum;
  const float *u = c->user_factor + (int64_t)user * CALIBRATION_FACTORS;
  const float *i = c->item_factor + (int64_t)item * CALIBRATION_FACTORS;
  for (int d = 0; d < CALIBRATION_FACTORS; ++d) sum += u[d] * i[d];
  return sum;
}

/// Probability of a like.
THRONG_ROW float calibration_score(const calibration_view *c, const throng_vote *v, int has_sta,
                                   int32_t user, int32_t item) {
  const float z = c->user[user] + c->item[item] + c->mat * calibration_mat(c, v) +
                  c->sim * calibration_sim(v) + (has_sta ? c->sta * calibration_sta(v) : 0.0f) +
                  calibration_factors(c, user, item);
  return 1.0f / (1.0f + exp_portable(-z));
}

#endif
