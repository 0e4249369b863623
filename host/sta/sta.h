/// The inside of throng_sta, f_sta (SASRec): parameters on a backend as one list of tensors.
#ifndef THRONG_STA_STA_H
#define THRONG_STA_STA_H

#include <stddef.h>

#include "base/tensors.h"
#include "kernels/sta/sta_products.h"
#include "throng/sta.h"

/// X(name, fresh values, shape): normal numbers of that deviation, or all 0 (ZEROS), all 1 (ONES).
/// The shape is in terms of n_item, n_user, window, layers, width. The read-out comes last, so that
/// what the next-item objective fits is the block's beginning.
#define STA_PARAMETERS(X)                   \
  X(item, EMBEDDING, n_item, width)         \
  X(position, EMBEDDING, window, width)     \
  X(label, EMBEDDING, 2, width)             \
  X(ln1_gain, ONES, layers, width)          \
  X(ln1_bias, ZEROS, layers, width)         \
  X(wq, MATRIX, layers, width, width)       \
  X(wk, MATRIX, layers, width, width)       \
  X(wv, MATRIX, layers, width, width)       \
  X(wo, MATRIX, layers, width, width)       \
  X(bq, ZEROS, layers, width)               \
  X(bk, ZEROS, layers, width)               \
  X(bv, ZEROS, layers, width)               \
  X(bo, ZEROS, layers, width)               \
  X(ln2_gain, ONES, layers, width)          \
  X(ln2_bias, ZEROS, layers, width)         \
  X(w1, MATRIX, layers, width, width)       \
  X(w2, MATRIX, layers, width, width)       \
  X(b1, ZEROS, layers, width)               \
  X(b2, ZEROS, layers, width)               \
  X(lnf_gain, ONES, width)                  \
  X(lnf_bias, ZEROS, width)                 \
  X(user, EMBEDDING, n_user, width)         \
  X(mix, MATRIX, 2 * (int64_t)width, width) \
  X(out_weight, ONES, width)                \
  X(out_bias, ZEROS, 1)

/// After them, where sta_has_biases.
#define STA_BIASES(X)         \
  X(user_bias, ZEROS, n_user) \
  X(item_bias, ZEROS, n_item)

/// Largest weight that a file may hold. Within it every answer is a number whatever the shape
/// (width 128 and 4 layers at most): inputs of a layer stay below 1.3e5, attention's scores below
/// 3e23, the residual below 2e18, of which the variance alone may overflow, and then the token
/// reads as its bias. What is fitted stays below 100.
#define STA_WEIGHT_MOST 1e4

/// One writable array a parameter: the parameters themselves, their gradients, their moments.
typedef struct sta_arrays {
#define X(name, fresh, ...) float *name;
  STA_PARAMETERS(X)
  STA_BIASES(X)  // NULL where there are none
#undef X
} sta_arrays;

/// X(number): what fits f_cal, the calibrated vote (host/sim/calibration.h), to a world; it stands
/// beside f_sta's weights in their file, as one tensor in this order. First the weights; smoothing
/// is the keywords that f_mat's prior weighs, user_variance that of users' effects, threshold the
/// probability that as many reach as really like; then the votes' throng_semantics and
/// throng_similarity, and which terms they weigh: STA_CALIBRATION_TERMS, with votes.factors one
/// more, whose weight is the last number and stands nowhere else. The oldest files have neither of
/// the last two, and what they weigh is no longer made: f_cal is fitted anew beside such ones,
/// which keep their numbers and with them their hash.
#define STA_CALIBRATION(X) \
  X(intercept)             \
  X(mat)                   \
  X(sim)                   \
  X(sta)                   \
  X(item)                  \
  X(user)                  \
  X(smoothing)             \
  X(user_variance)         \
  X(threshold)             \
  X(semantics)             \
  X(similarity)            \
  X(terms)                 \
  X(factors)
enum { STA_CALIBRATION_TERMS = 2, STA_CALIBRATION_WITH_FACTORS = 3 };
typedef struct sta_calibration {
#define X(number) double number;
  STA_CALIBRATION(X)
#undef X
} sta_calibration;
/// Bytes of it that are stored and hashed.
static inline size_t sta_calibration_size(const sta_calibration *c) {
  if (c->terms == STA_CALIBRATION_WITH_FACTORS) return sizeof *c;
  return c->terms == STA_CALIBRATION_TERMS ? offsetof(sta_calibration, factors)
                                           : offsetof(sta_calibration, terms);
}

/// An epoch of a fit, as its validation saw it; what the objective does not measure is NaN.
#define STA_EPOCH(X) \
  X(train_loss) X(validation_log_loss) X(validation_auc) X(validation_hr10) X(validation_ndcg10)
typedef struct sta_epoch {
#define X(number) double number;
  STA_EPOCH(X)
#undef X
} sta_epoch;

struct throng_sta {
  throng_sta_def def;
  throng_backend *backend;
  int64_t n_user, n_item, n_cold;  // n_cold: of the items, the last ones, which nobody rated
  uint64_t world_hash;
  char *path;             // the file it was read from; NULL: none
  tensor_set parameters;  // names as in sta_view
  sta_arrays arrays;
  tensor_set products_set;  // what inference reads of the matrices' products
  sta_products products;
  sta_view view;
  sta_epoch *epoch;  // (n_epoch) of the fit, in order; the file has them, older ones have none
  int32_t n_epoch;
  bool calibrated;  // f_cal is fitted
  sta_calibration calibration;
};

/// Errors: ARGUMENT, naming the field and its range.
throng_status sta_check_def(const throng_sta_def *def);
/// Weights of this world? Errors: ARGUMENT.
throng_status sta_check_world(const throng_sta *sta, const throng_world *world);
/// Next-item scores have no read-out, and so no biases.
bool sta_has_biases(const throng_sta_def *def);
/// Register every parameter's name and shape in `set`; pointers will be put into `arrays`.
throng_status sta_register(const throng_sta_def *def, int64_t n_user, int64_t n_item,
                           tensor_set *set, sta_arrays *arrays);
/// Floats at the block's beginning that this objective fits.
int64_t sta_fitted_size(const throng_sta *sta);
/// Bring what is made of the parameters up to them: due after every change that inference shall
/// see.
throng_status sta_products_make(throng_sta *sta);
throng_status sta_products_allocate(throng_sta *sta);
/// A model of zeros for this world; errors: ARGUMENT, MEMORY.
throng_status sta_allocate(throng_backend *backend, const throng_world *world,
                           const throng_sta_def *def, throng_sta **out);

#endif
