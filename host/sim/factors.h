/// What users and items share beyond their effects, for f_cal (votes.factors): the factors of a
/// biased matrix factorisation of the world's histories (biased_mf.h). Its biases are not used:
/// f_cal has effects of its own. Ridges and sweeps are the yardstick's, so there is nothing to
/// choose; where answers are few the ridge leaves factors of 0, and with them the term.
#ifndef THRONG_SIM_FACTORS_H
#define THRONG_SIM_FACTORS_H

#include "sim/biased_mf.h"
#include "world/world_fits.h"

/// biased_mf_fit on all but each user's last `hidden` interactions. Errors: MEMORY.
throng_status factors_fit(const throng_world *world, int hidden, const biased_mf_def *def,
                          biased_mf *out);
/// <f_user, f_item>, in log-odds; 0 for who has no answer.
double factors_product(const biased_mf *mf, int32_t user, int32_t item);
/// For world_fit_take: a biased_mf by the usual Def, one for all simulators of a world.
extern const world_fit_kind factors_of_world;

#endif
