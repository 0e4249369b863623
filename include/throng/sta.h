/// f_sta, the statistical model: SASRec (Kang & McAuley, ICDM 2018) over a user's history, read out
/// with the user's embedding as p = sigmoid(w . (W [z; u] o E(c)) + b), and where biases are asked
/// for + b_user + b_item inside. Fitting, loading, scoring.
#ifndef THRONG_STA_H
#define THRONG_STA_H

#include "base.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Fitted weights on a backend. Threads: as its backend, from one at a time.
typedef struct throng_sta throng_sta;

/// What the fit makes small.
typedef enum throng_sta_objective {
  THRONG_STA_LABEL = 0,  ///< binary cross-entropy on the real 0/1 answers (the paper)
  THRONG_STA_NEXT_ITEM,  ///< the next item against sampled negatives (SASRec)
} throng_sta_objective;

/// What early stopping watches on the validation answers (label objective).
typedef enum throng_sta_stop_on {
  THRONG_STA_STOP_AUC = 0,   ///< how well likes stand before dislikes
  THRONG_STA_STOP_LOG_LOSS,  ///< how far p is from the answers: order and calibration
} throng_sta_stop_on;

/// Shape of the model and how it is fitted.
typedef struct throng_sta_def {
  int32_t size, cookie;            ///< set by throng_default_sta_def(); do not touch
  int32_t width;                   ///< 32; length of every embedding
  int32_t layers;                  ///< 2; blocks of attention and feed-forward
  int32_t heads;                   ///< 1; of attention, divides width
  int32_t window;                  ///< 50; history entries that the model reads, even
  bool labels;                     ///< true: the model sees whether a past item was liked
  bool scale_labels;               ///< true: that answer's embedding times sqrt(width), as items'
  bool biases;                     ///< false: a bias a user and a bias an item (label objective)
  throng_sta_objective objective;  ///< label
  float dropout;                   ///< 0 (the paper's code); SASRec uses 0.5 on sparse sets
  float learning_rate;             ///< 0.001; Adam's step size
  float weight_decay;              ///< 5e-6; L2, added to the gradient as torch.optim.Adam does
  float beta1, beta2;              ///< 0.9, 0.999 (SASRec: 0.98); Adam's decays
  int32_t batch;                   ///< 128; windows a step
  int32_t epochs;                  ///< 30 at most
  int32_t patience;                ///< 3; epochs without a better validation before stopping
  throng_sta_stop_on stop_on;      ///< auc; next_item: always NDCG@10
  /// -1; unseen items, drawn anew for every epoch, that stand as dislikes beside each like (label
  /// objective). -1: 1 where the world has no dislikes, else 0.
  int32_t negatives;
  float threshold;  ///< 0.5; f_sta votes 1 where p >= threshold
  uint32_t seed;    ///< 1; of starts, order, negatives and dropout
} throng_sta_def;

/// What a fit came to. What its objective does not measure is NaN.
typedef struct throng_sta_report {
  int32_t epochs;                             ///< run, the best one kept
  int32_t best_epoch;                         ///< the one that was kept, from 1
  double train_loss;                          ///< at the best epoch, mean per example
  double validation_auc;                      ///< at the best epoch; label objective
  double validation_log_loss, test_log_loss;  ///< label objective, mean per answer
  double validation_hr10, validation_ndcg10;  ///< next-item objective, 100 random negatives
  double test_auc, test_hr10, test_ndcg10;    ///< the same on each user's last interaction
  double seconds_per_epoch;                   ///< mean
  /// The 95 % interval of validation_auc (Hanley & McNeil 1982) or validation_hr10 (Wilson 1927)
  /// holds what chance alone gives, or there was nothing to measure. A note says what may help.
  bool near_chance;
  /// There was too little to fit on: p = sigmoid(b + b_user + b_item), like rates of user and item
  /// smoothed by a prior of 4 average answers (weights of the label objective with biases).
  bool like_rates;
} throng_sta_report;

/// Every field with its usual value.
THRONG_API throng_sta_def throng_default_sta_def(void);

/// Fit on all but each user's last two interactions, stop early on the one before the last. Users
/// and items without one get the mean embedding of the others. Where fewer than 50 answers are left
/// like rates take the fit's place, and a note says so. `progress` and `report` may be NULL.
/// Errors: ARGUMENT (a Def field), DIVERGED (the loss is
/// no number; lower learning_rate), MEMORY (with sizes), BACKEND, CANCELLED.
THRONG_API throng_status throng_sta_fit(throng_backend *backend, const throng_world *world,
                                        const throng_sta_def *def, const throng_progress *progress,
                                        throng_sta **out, throng_sta_report *report);
/// Weights with fresh random values and no fitting; for tests and benchmarks.
/// Errors: ARGUMENT (a Def field), MEMORY, BACKEND.
THRONG_API throng_status throng_sta_create(throng_backend *backend, const throng_world *world,
                                           const throng_sta_def *def, throng_sta **out);
/// Read weights; the world must be the one that they were fitted on (by its hash).
/// Errors: IO; DATA (a damaged file, another world's, a weight past 1e4); MEMORY; BACKEND.
THRONG_API throng_status throng_sta_open(throng_backend *backend, const throng_world *world,
                                         const char *path, throng_sta **out);
/// Write weights as safetensors, atomically. Errors: IO; DATA (a weight that is no finite number;
/// nothing is written then); MEMORY; BACKEND.
THRONG_API throng_status throng_sta_save(const throng_sta *sta, const char *path);
/// Give everything back. NULL is allowed.
THRONG_API void throng_sta_close(throng_sta *sta);
/// The Def that the weights were made with.
THRONG_API throng_sta_def throng_sta_get_def(const throng_sta *sta);

/// 64-bit hash of weights and threshold: where it is equal, so are all votes on one kind of
/// arithmetic. Errors: MEMORY, BACKEND.
THRONG_API throng_status throng_sta_hash(const throng_sta *sta, uint64_t *hash);

/// p for `n` candidates, each after its own history. History r is entries
/// offset[r] .. offset[r+1]-1 of `item` and `like`, oldest first; only the window is read.
///   user (n), candidate (n), offset (n+1), item and like (offset[n]), p (n), all host memory.
/// Errors: ARGUMENT (a user, item, like or offset out of range, with its row), MEMORY, BACKEND.
THRONG_API throng_status throng_sta_score(const throng_sta *sta, int64_t n, const int32_t *user,
                                          const int32_t *candidate, const int64_t *offset,
                                          const int32_t *item, const uint8_t *like, float *p);

#ifdef __cplusplus
}
#endif
#endif
