/// What the further votes go by (those that do not stand in throng_vote), for one world on one
/// backend: made where a rule asks them, and only then. To add a vote with something to fit or to
/// upload, give it a member, and its lines in vote_models.c.
#ifndef THRONG_SIM_VOTE_MODELS_H
#define THRONG_SIM_VOTE_MODELS_H

#include "kernels/vote/vote_rule.h"
#include "sim/calibration.h"
#include "sim/like_rates.h"

typedef struct vote_models {
  unsigned asked;           // a VOTE_BIT for each vote that this was made for
  like_rates rates;         // f_pop
  calibration calibration;  // f_cal
} vote_models;

/// For the votes of `asked`. f_cal's weights are those of `sta` (NULL: no f_sta), where it has some
/// for such votes, else they are fitted; its rates count all but each user's last `hidden`
/// interactions. Errors: those of like_rates_fit and calibration_fit, MEMORY, BACKEND.
throng_status vote_models_make(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_votes_def *def, unsigned asked,
                               int hidden, vote_models *out);
/// A zeroed one is allowed.
void vote_models_free(vote_models *models);

/// Put what kernels read into a rule.
void vote_models_show(const vote_models *models, vote_rule *rule);
/// What tells two models of the further vote `k` (from 0) apart; "no" where it is not asked.
void vote_models_identity(const vote_models *models, int k, char *text, size_t size);

#endif
