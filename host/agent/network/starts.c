/// Where weights begin, by the agents' seeds.
#include <stdlib.h>

#include "agent/network/network.h"
#include "base/blas.h"
#include "kernels/list.h"

/// `normal` (rows, columns), standard normal numbers, becomes `gain` times a matrix whose columns
/// (rows, where they are fewer) are orthonormal: of all such, each is as likely, as in
/// torch.nn.init.orthogonal_ (Saxe et al., ICLR 2014). `work`: rows columns + the lesser's square.
static throng_status make_orthogonal(float *normal, int64_t rows, int64_t columns, float gain,
                                     double *work) {
  const bool turned = rows < columns;
  const int64_t n = turned ? columns : rows, l = turned ? rows : columns;
  double *q = work, *r = work + n * l;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < l; ++j)
      q[i * l + j] = (double)normal[turned ? j * columns + i : i * columns + j];
  THRONG_TRY(blas_orthonormalise(q, n, l, r, "agent.ortho_init"));
  // The factorisation's signs are its own; by those of r's diagonal the basis is any as likely.
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < l; ++j) {
      const double signed_gain = r[j * l + j] < 0 ? -(double)gain : (double)gain;
      normal[turned ? j * columns + i : i * columns + j] = (float)(signed_gain * q[i * l + j]);
    }
  return THRONG_OK;
}

/// The same of n agents, on the backend.
static throng_status orthogonalise(throng_backend *backend, const network_parameter *of,
                                   float *weight, int32_t n) {
  const int64_t least = of->rows < of->columns ? of->rows : of->columns;
  const int64_t size = of->rows * of->columns;
  const size_t bytes = sizeof(float) * (size_t)size;
  void *host = NULL, *work = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&host, (size_t)size, sizeof(float), "agent.ortho_init"));
  THRONG_TRY_GOTO(
      throng_alloc(&work, (size_t)(size + least * least), sizeof(double), "agent.ortho_init"));
  // Takes time, and no more memory: a plan asks about tens of thousands of agents.
  for (int32_t i = 0; i < n && !backend->planning; ++i) {
    float *own = weight + i * size;
    THRONG_TRY_GOTO(backend->ops->download(backend, host, own, bytes));
    THRONG_TRY_GOTO(make_orthogonal(host, of->rows, of->columns, of->gain, work));
    THRONG_TRY_GOTO(backend->ops->upload(backend, own, host, bytes));
  }
done:
  free(host);
  free(work);
  return status;
}

throng_status parameter_start(throng_backend *backend, const network_parameter *of, uint32_t number,
                              const uint32_t *seed, float *weight, int32_t n) {
  const int64_t size = of->rows * of->columns;
  if (of->all != 0.0f) {
    fill_args fill = {weight, of->all};
    return BACKEND_LAUNCH(backend, fill, n * size, &fill);
  }
  if (of->uniform == 0.0f && of->normal == 0.0f && of->gain == 0.0f)
    return backend->ops->zero(backend, weight, sizeof(float) * (size_t)(n * size));
  weight_start_args start = {seed,   weight,      size,
                             number, of->uniform, of->gain > 0.0f ? 1.0f : of->normal};
  THRONG_TRY(BACKEND_LAUNCH(backend, weight_start, n * size, &start));
  return of->gain > 0.0f ? orthogonalise(backend, of, weight, n) : THRONG_OK;
}

throng_status network_start_weights(const network *net, const parameter_set *w,
                                    const uint32_t *seed, int32_t first, int32_t n) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    if (!net->size[p]) continue;
    THRONG_TRY(parameter_start(net->backend, &net->parameter[p], (uint32_t)p, seed + first,
                               w->at[p] + first * net->size[p], n));
  }
  return THRONG_OK;
}
