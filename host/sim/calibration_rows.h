/// What f_cal's fit and its tables share: counts of a world, and users' effects under them.
#ifndef THRONG_SIM_CALIBRATION_ROWS_H
#define THRONG_SIM_CALIBRATION_ROWS_H

#include <stdbool.h>

#include "throng/world.h"

typedef struct calibration_counts {
  const throng_world *world;
  int hidden;                   // of each user's last interactions, not counted
  double share;                 // of likes, a little towards 1/2
  bool one_kind;                // there are only likes, or only dislikes
  int64_t *item_n, *item_like;  // (n_item)
  double *offered;  // (n_interaction) of counted rows: logit of the item's rate without that answer
} calibration_counts;

/// Errors: MEMORY.
throng_status calibration_count(const throng_world *world, int hidden, calibration_counts *c);
void calibration_counts_free(calibration_counts *c);
/// Of interaction `k`, counted: logit of its item's rate without its own answer.
double calibration_item_logit(const calibration_counts *c, int64_t k);

/// The most probable b with answers ~ sigmoid(offered + b) on the user's rows before `end` and
/// b ~ normal(0, variance); `*curvature` is one over its posterior variance (Laplace).
double calibration_user_effect(const calibration_counts *c, int64_t user, int64_t end,
                               double variance, double start, double *curvature);
/// That variance by expectation maximisation over all users. Errors: MEMORY.
throng_status calibration_user_variance(const calibration_counts *c, double *out);

#endif
