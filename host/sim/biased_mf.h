/// Biased matrix factorisation of likes (Koren, Bell & Volinsky 2009), the yardstick that every
/// recommender is held against:
///   p(user, item) = sigmoid(m + b_user + b_item + <f_user, f_item>)
/// which minimises
///   - sum log p(answer) + ridge_bias / 2 (|b_user|^2 + |b_item|^2)
///                       + ridge_factor / 2 (|f_user|^2 + |f_item|^2)
/// over all answers, with m the log-odds of their share of likes. Users and items are solved for in
/// turn, each by Newton's method, as alternating least squares does for squared errors.
#ifndef THRONG_SIM_BIASED_MF_H
#define THRONG_SIM_BIASED_MF_H

#include "base/status.h"

enum { BIASED_MF_FACTORS = 8, BIASED_MF_SIZE = BIASED_MF_FACTORS + 1 };

/// Answers as lists: those of user u are offset[u] .. offset[u + 1] - 1.
typedef struct mf_answers {
  int64_t n_user, n_item;
  const int64_t *offset;  // (n_user + 1)
  const int32_t *item;
  const uint8_t *like;
} mf_answers;

typedef struct biased_mf_def {
  double ridge_bias, ridge_factor;
  int sweeps;
  uint32_t seed;
} biased_mf_def;

typedef struct biased_mf {
  int64_t n_user, n_item;
  double m;
  double *user;  // (n_user, BIASED_MF_SIZE) bias, factors; zeros of users without an answer
  double *item;  // (n_item, BIASED_MF_SIZE)
  double loss;   // the objective at the end
} biased_mf;

/// Ridges and sweeps that hold on all sets of the README.
biased_mf_def biased_mf_default_def(void);
/// The same answers and seed give the same bits. Errors: MEMORY.
throng_status biased_mf_fit(const mf_answers *answers, const biased_mf_def *def, biased_mf *out);
double biased_mf_score(const biased_mf *mf, int32_t user, int32_t item);
void biased_mf_free(biased_mf *mf);

#endif
