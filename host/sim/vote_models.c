/// The further votes' models: making them, and saying which they are.
#include "sim/vote_models.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "throng/sim.h"

static throng_status make_calibration(throng_backend *backend, const throng_world *world,
                                      const throng_sta *sta, const throng_votes_def *def,
                                      int hidden, calibration *out) {
  sta_calibration fitted;
  if (sta && sta->calibrated && calibration_suits(&sta->calibration, def))
    fitted = sta->calibration;
  else if (backend->planning)
    fitted = (sta_calibration){.user_variance = 1,  // what is planned is its size
                               .terms = def->factors ? STA_CALIBRATION_WITH_FACTORS : 0,
                               .factors = 1};
  else
    THRONG_TRY(calibration_fit(backend, world, sta, def, &fitted));
  THRONG_TRY(calibration_make(world, &fitted, hidden, out));
  return calibration_upload(out, backend);
}

throng_status vote_models_make(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_votes_def *def, unsigned asked,
                               int hidden, vote_models *out) {
  *out = (vote_models){.asked = asked};
  throng_status status = THRONG_OK;
  if (asked & VOTE_BIT(THRONG_VOTE_F_POP)) {
    THRONG_TRY_GOTO(like_rates_fit(world, &out->rates));
    THRONG_TRY_GOTO(like_rates_upload(&out->rates, backend));
  }
  if (asked & VOTE_BIT(THRONG_VOTE_F_CAL))
    THRONG_TRY_GOTO(make_calibration(backend, world, sta, def, hidden, &out->calibration));
done:
  if (status != THRONG_OK) vote_models_free(out);
  return status;
}

void vote_models_free(vote_models *models) {
  like_rates_free(&models->rates);
  calibration_free(&models->calibration);
  models->asked = 0;
}

void vote_models_show(const vote_models *models, vote_rule *rule) {
  rule->rates = models->rates.view;
  rule->calibration = models->calibration.view;
}

void vote_models_identity(const vote_models *models, int k, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  const double *w = models->rates.weight;
  snprintf(text, size, "no");
  if (!(models->asked & VOTE_BIT(k + THRONG_VOTE_IN_RECORD))) return;
  if (k == FURTHER_F_POP) snprintf(text, size, "%.17g %.17g %.17g", w[0], w[1], w[2]);
  const sta_calibration *fitted = &models->calibration.fitted;
  if (k == FURTHER_F_CAL)
    snprintf(text, size, "%016" PRIx64, hash64(fitted, sta_calibration_size(fitted), 0));
}
