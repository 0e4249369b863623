/// f_cal's fit: what the other votes say, how well the item is liked and how generous the user is,
/// joined by a logistic regression.
///   z = w0 + w_mat logit((a+ + k m) / (a+ + a- + k)) + w_sim tanh(3 (b+ - b-)) + w_sta logit(p)
///       + w_item (effect of the item) + w_user (effect of the user) + w_factors <f_user, f_item>
/// with m the share of likes among all answers. Weights are fitted on each user's last but one
/// interaction, which neither keywords nor f_sta have seen, beside effects (effects.h) and, with
/// votes.factors, factors (factors.h) that have not seen it either. No weight is below 0: votes
/// that say like never make one less likely.
#ifndef THRONG_SIM_CALIBRATION_H
#define THRONG_SIM_CALIBRATION_H

#include "base/tensors.h"
#include "kernels/vote/calibration.h"
#include "sim/effects.h"
#include "sim/factors.h"
#include "sta/sta.h"
#include "throng/sim.h"

/// Ridge on all weights but w0, centred on what the effects alone would say: w_item = w_user = 1,
/// the others 0. Nothing beside thousands of rows, and a sane answer where there are few.
#define CALIBRATION_RIDGE 10.0
/// The smoothing k is one of 1, 2, 4, .. 32 keywords: that of the least penalised loss.
#define CALIBRATION_SMOOTHINGS 6

/// A world's effects under given weights.
typedef struct calibration {
  sta_calibration fitted;
  world_fit *fit;            // a share of the world's
  const effects *effects;    // what it holds
  world_fit *factors_fit;    // with votes.factors
  const biased_mf *factors;  // NULL: without
  tensor_set on_backend;
  calibration_view view;  // after calibration_upload
} calibration;

/// Fit the weights, asking f_mat, f_sim and, where `sta` is given, f_sta as `def` says (its rule
/// does not matter). Errors: DATA (nobody with two interactions, or answers of one kind alone),
/// MEMORY, BACKEND, those of throng_votes_evaluate.
throng_status calibration_fit(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_votes_def *def,
                              sta_calibration *out);
/// The same from the votes on the rows that are fitted on, (users with two interactions or more).
throng_status calibration_fit_votes(const throng_world *world, const throng_vote *vote,
                                    bool has_sta, bool has_factors, sta_calibration *out);
/// Is this fit one for votes of this Def, and of today's terms?
bool calibration_suits(const sta_calibration *fitted, const throng_votes_def *def);

/// Take the world's effects, and its factors where they are weighed: fitted on all but each user's
/// last `hidden` interactions, 0 for what is simulated, more for what is measured on those. Errors:
/// MEMORY.
throng_status calibration_make(const throng_world *world, const sta_calibration *fitted, int hidden,
                               calibration *out);
/// Put what kernels read of it on a backend: `out->view`. Errors: MEMORY, BACKEND.
throng_status calibration_upload(calibration *c, throng_backend *backend);
/// A zeroed one is allowed.
void calibration_free(calibration *c);

#endif
