/// The measures of one contender on some questions, each with what it is on every resample of the
/// users (a bootstrap by clusters: answers of one user are not independent). Resamples are the same
/// for every contender and every group of questions, so that differences are paired.
#ifndef THRONG_EVALUATE_MEASURES_H
#define THRONG_EVALUATE_MEASURES_H

#include "base/workers.h"
#include "statistics/statistics.h"

/// X(ID, name, help)
#define FIDELITY_MEASURES(X)                                                                       \
  X(AUC, "auc", "area under the ROC curve of the scores, ties count half")                         \
  X(WITHIN_AUC, "within_user_auc",                                                                 \
    "AUC within each user who gave both answers, mean over users weighted by their questions")     \
  X(ANSWER_AUC, "answer_auc", "AUC of the answers alone, which are 0 or 1")                        \
  X(ANSWER_WITHIN_AUC, "answer_within_user_auc", "the answers' AUC within users: of the reward")   \
  X(LOG_LOSS, "log_loss", "mean -log p of the real answer, p kept off 0 and 1 by DBL_EPSILON")     \
  X(BRIER, "brier", "mean squared difference of p and the real answer")                            \
  X(ECE, "ece", "expected calibration error over RELIABILITY_BINS bins of equal mass")             \
  X(LIKE_RATE_SAID, "like_rate_said", "mean p")                                                    \
  X(LIKE_RATE_ANSWERED, "like_rate_answered", "share of answers that are likes")                   \
  X(LIKE_RATE_GAP, "like_rate_gap", "the same minus the real share")                               \
  X(ACCURACY, "accuracy", "share of answers that are the real ones")                               \
  X(MACRO_F1, "macro_f1", "F1, mean of both answers'")                                             \
  X(MAE, "mae", "mean absolute error of the expected rating, see FIDELITY_RATING")                 \
  X(RMSE, "rmse", "root of the mean squared error of the expected rating")                         \
  X(HIT_RATE, "hit_rate_10", "share of liked items that rank in the first 10 of 101, see ranks.h") \
  X(NDCG, "ndcg_10", "the same, discounted by place")

typedef enum measure_id {
#define X(ID, name, help) MEASURE_##ID,
  FIDELITY_MEASURES(X)
#undef X
      MEASURE_COUNT
} measure_id;
extern const char *const measure_names[MEASURE_COUNT];

enum { RELIABILITY_BINS = 15 };

/// Questions with what a contender said to them.
typedef struct measured_answers {
  int64_t n;                // those of a user follow one another
  int64_t n_user;           // users who are resampled
  const int32_t *slot;      // (n) which of them asked
  const uint8_t *label;     // (n)
  const float *rating;      // (n) NaN where there is none
  const double *score;      // (n) in 0..1
  const uint8_t *answer;    // (n)
  const float *hit, *gain;  // (n) of the ranking, NaN where it was not ranked; NULL: nothing was
  double rating_of[2];  // expected rating of p is (1 - p) rating_of[0] + p rating_of[1]; NaN: none
} measured_answers;

/// One bin of the reliability curve: what was said, what was real, and the interval of the latter.
typedef struct reliability_bin {
  int64_t n;  // questions; 0: ties left none for it
  double said, real, low, high;
} reliability_bin;

typedef struct measures {
  double value[MEASURE_COUNT];
  double *sample;  // (MEASURE_COUNT, resamples); NULL without
  reliability_bin bin[RELIABILITY_BINS];
} measures;

/// Of the questions `row` (n_row, rising); NULL: all of them. NaN is what cannot be measured. Bins
/// are scikit-learn's calibration_curve(strategy="quantile"). Errors: MEMORY.
throng_status measures_take(const measured_answers *answers, int64_t n_row, const int32_t *row,
                            int32_t resamples, uint32_t seed, workers *pool, measures *out);
void measures_free(measures *m);

#endif
