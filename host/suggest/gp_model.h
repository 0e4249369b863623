/// Gaussian process regression: Matern 5/2 with a lengthscale for each input, a scale and noise
/// (Rasmussen & Williams 2006). Knows neither spaces nor sweeps.
#ifndef THRONG_SUGGEST_GP_MODEL_H
#define THRONG_SUGGEST_GP_MODEL_H

#include "base/status.h"

/// An input is a number within an interval of length 1, or a choice's index: two numbers are
/// |a - b| apart, two choices 1 where they differ (one-hot columns would be sqrt(2)).
enum { GP_MOST_INPUT = 80 };

/// Natural logarithms, in the order in which gradients have them.
typedef struct gp_theta {
  double scale;                  // of the variance of the function
  double noise;                  // of the variance of the noise
  double length[GP_MOST_INPUT];  // of the lengthscales
} gp_theta;

/// k(a, b) without noise.
double gp_kernel(const gp_theta *theta, int32_t n_input, const double *a, const double *b);

/// Log marginal likelihood of y (n) at inputs (n, n_input), and its gradient by theta's first
/// 2 + n_input numbers; NULL for none. `scratch` (n^2 + n). -INFINITY where the matrix is not
/// positive definite. Call it between blas_begin and blas_end.
double gp_likelihood(const gp_theta *theta, int32_t n_input, int64_t n, const double *input,
                     const double *y, double *gradient, double *scratch);

/// Normal priors of theta's numbers.
typedef struct gp_prior {
  gp_theta mean, sd;
} gp_prior;
/// For outputs of mean 0 and variance 1; lengthscales grow with the number of inputs (Hvarfner et
/// al. 2024, "Vanilla Bayesian Optimization Performs Great in High Dimensions").
gp_prior gp_usual_prior(int32_t n_input);
/// Maximise likelihood times prior from `theta` on by L-BFGS, `evaluations` of the gradient at
/// most. Errors: MEMORY.
throng_status gp_fit(gp_theta *theta, const gp_prior *prior, int32_t n_input, int64_t n,
                     const double *input, const double *y, int evaluations);

/// The Cholesky factor of K + noise for a list of inputs. A list that begins like the last one
/// costs only what is new; the bits are those of a fresh one all the same.
typedef struct gp_factor gp_factor;
throng_status gp_factor_create(int32_t n_input, int64_t capacity, gp_factor **out);
void gp_factor_free(gp_factor *factor);
/// Errors: MEMORY; DATA (not positive definite: an input that is no number).
throng_status gp_factor_set(gp_factor *factor, const gp_theta *theta, int64_t n,
                            const double *input);
/// Means of the first `n_y` inputs of the list, with noise taken out: y (n_y) in, `weight` (n_y)
/// and `fitted` (n_y) out, NULL for none. Errors: MEMORY.
throng_status gp_factor_weigh(const gp_factor *factor, int64_t n_y, const double *y, double *weight,
                              double *fitted);
/// Means at the hallucinated ones, inputs `n_y` .. n - 1 of the list: out (n - n_y).
void gp_factor_pending(const gp_factor *factor, int64_t n_y, const double *weight, double *out);
/// Mean and variance of the function at points (m, n_input). The mean sees the first `n_y` of the
/// list, the variance all: those beyond are hallucinated, their outcome being the mean (Desautels
/// et al. 2014). `scratch` (capacity * m).
throng_status gp_factor_predict(const gp_factor *factor, int64_t n_y, const double *weight,
                                int64_t m, const double *point, double *mean, double *variance,
                                double *scratch);

#endif
