/// A Parzen estimator over some parameters of a space: a mixture of products of one kernel an
/// observation, and a wide one in the middle, the prior. As Optuna 5 has it (Watanabe 2023,
/// arXiv 2304.11127): truncated normals whose widths are the distances to the neighbours.
#ifndef THRONG_SUGGEST_PARZEN_H
#define THRONG_SUGGEST_PARZEN_H

#include "space/space.h"

typedef struct parzen_dimension {
  const space_parameter *parameter;
  int32_t index;       // of the parameter in the space
  double low, high;    // of what is drawn: half a step wider, in the logarithm where log
  double *mu, *sigma;  // (n_kernel); of choices mu alone, the observed one
  double *base;        // (n_kernel) less the logarithm of the normal's mass within the range
  int32_t *pair;       // (n_kernel) steps: which pair of mu and sigma
  double *pair_mass;   // (n_pair) room
  int32_t n_pair;
} parzen_dimension;

typedef struct parzen {
  int32_t n_dimension;
  int64_t n_kernel;  // observations, and the prior as the last
  parzen_dimension *dimension;
  double *log_weight, *cumulative;  // (n_kernel)
  double *room;                     // (n_kernel)
  void *block;
} parzen;

/// From `n` observations, rows of `x` (the points of a space with n_parameter columns) in the order
/// of their trials; `parameter` (n_dimension) says of which columns. Even weights: every
/// observation counts alike; otherwise those before the last 25 fade. Errors: MEMORY.
throng_status parzen_create(const space *s, int32_t n_dimension, const int32_t *parameter,
                            int64_t n, const int64_t *row, const double *x, bool even_weights,
                            parzen **out);
void parzen_free(parzen *p);
/// Draw values of the parameters into `x`, a point of the space. `uniform` (n_dimension + 1), each
/// in (0, 1): which kernel, then each dimension's place within it.
void parzen_draw(const parzen *p, const double *uniform, double *x);
/// Logarithm of the density at the point (of the mass where there are steps or choices).
double parzen_log_density(parzen *p, const double *x);

#endif
