/// What a policy would earn, told from what another one showed: estimators over logged rows whose
/// propensities are known. Of one step in the states that the log visited, not of whole sessions,
/// whose weights would be products over their steps.
#ifndef THRONG_EPISODES_OFF_POLICY_H
#define THRONG_EPISODES_OFF_POLICY_H

#include "base/status.h"

/// With w = target / logged of a row and w' = min(w, clip):
typedef enum off_policy_estimator {
  OFF_POLICY_IPS = 0,        // mean w r (Horvitz and Thompson 1952): unbiased where logged > 0
  OFF_POLICY_IPS_CLIPPED,    // mean w' r
  OFF_POLICY_SNIPS,          // sum w r / sum w (Swaminathan and Joachims, NeurIPS 2015)
  OFF_POLICY_SNIPS_CLIPPED,  // with w'
  OFF_POLICY_DM,             // mean model_target: the reward model alone
  OFF_POLICY_DR,             // mean model_target + w (r - model_logged) (Dudik et al., ICML 2011)
  OFF_POLICY_DR_CLIPPED,     // with w'
  OFF_POLICY_SNDR,           // mean model_target + sum w (r - model_logged) / sum w
  OFF_POLICY_COUNT
} off_policy_estimator;

/// "ips", "ips_clipped", ...
extern const char *const off_policy_names[OFF_POLICY_COUNT];

typedef struct off_policy_log {
  int64_t n;
  const double *reward;        // (n)
  const double *logged;        // (n) propensity of what was shown under the logging policy, above 0
  const double *target;        // (n) under the policy that is asked about, 0 or more
  const double *model_logged;  // (n) the reward model's answer for what was shown; NULL: no model
  const double *model_target;  // (n) and its mean over what the target would show; NULL: no model
  const int64_t *cluster;      // (n) rows that are resampled together follow one another with the
                               // same number (a session's, a user's); NULL: each row alone
} off_policy_log;

typedef struct off_policy_def {
  double clip;        // the most that a clipped weight is, above 0
  double level;       // of the intervals, in (0, 1)
  int32_t resamples;  // of the bootstrap, 1 or more
  uint32_t seed;
} off_policy_def;

/// Weights up to 10, 95 % intervals of 2,000 resamples, seed 1.
off_policy_def off_policy_default_def(void);

typedef struct off_policy_result {
  double value[OFF_POLICY_COUNT];  // NaN without a model, and of sums over weights that are 0
  /// Percentile bootstrap over the clusters.
  double low[OFF_POLICY_COUNT], high[OFF_POLICY_COUNT];
  double mean_reward;       // of the log: the logging policy's own
  double mean_weight;       // near 1 where propensities are right and the log covers the target
  double effective_sample;  // (sum w)^2 / sum w^2 (Kish 1965)
  double most_weight;
  double clipped;  // share of rows whose weight is above clip
} off_policy_result;

/// Errors: ARGUMENT (an empty log; a number that is none; a logged propensity that is not above 0,
/// or one above 1; a field of `def`), MEMORY.
throng_status off_policy_estimate(const off_policy_log *log, const off_policy_def *def,
                                  off_policy_result *out);

#endif
