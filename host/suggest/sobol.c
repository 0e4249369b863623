/// Sobol's sequence, scrambled: points that fill the space more evenly than uniform ones. The
/// construction is that of Bratley and Fox (Algorithm 659, 1988), the numbers those of Joe and Kuo.
#include <stdlib.h>

#include "suggest/samplers.h"
#include "suggest/sobol_numbers.h"
#include "suggest/sobol_points.h"

_Static_assert(sizeof sobol_numbers / sizeof *sobol_numbers == SPACE_MOST, "dimensions");

static int degree_of(uint32_t polynomial) {
  int degree = -1;
  for (; polynomial; polynomial >>= 1) ++degree;
  return degree;
}

void sobol_directions_make(sobol_directions *out) {
  for (int j = 0; j < 32; ++j) out->v[0][j] = 1u << (31 - j);
  for (int d = 1; d < SPACE_MOST; ++d) {
    uint32_t *v = out->v[d];
    const uint32_t polynomial = sobol_numbers[d].polynomial;
    const int degree = degree_of(polynomial);
    for (int j = 0; j < degree; ++j) v[j] = sobol_numbers[d].number[j] << (31 - j);
    for (int j = degree; j < 32; ++j) {
      v[j] = v[j - degree] ^ (v[j - degree] >> degree);
      for (int k = 1; k < degree; ++k)
        if (polynomial >> (degree - k) & 1) v[j] ^= v[j - k];
    }
  }
}

uint32_t sobol_coordinate(const sobol_directions *d, int dimension, uint32_t number) {
  uint32_t x = 0, gray = number ^ (number >> 1);
  for (int j = 0; gray; ++j, gray >>= 1)
    if (gray & 1) x ^= d->v[dimension][j];
  return x;
}

uint32_t sobol_scramble(uint32_t x, uint32_t seed, int dimension) {
  uint32_t turned = 0;
  for (uint32_t level = 0; level < 32; ++level) {
    const uint32_t above = level ? x >> (32 - level) : 0;
    const random_words r =
        random_draw(seed, RANDOM_SUGGEST, (uint32_t)dimension, above, level, SAMPLER_SCRAMBLE);
    turned |= (r.w[0] & 1) << (31 - level);
  }
  return x ^ turned;
}

static throng_status create(const sampler_def *def, void **own) {
  (void)def;
  THRONG_TRY(throng_alloc(own, 1, sizeof(sobol_directions), "Sobol's sequence"));
  sobol_directions_make(*own);
  return THRONG_OK;
}

static throng_status suggest(void *own, const sampler_history *history, int64_t number, double *x,
                             bool *end) {
  const sampler_def *def = history->def;
  (void)end;
  // The sequence begins with trial 1, because a net needs its first point too (Owen 2020) and
  // trial 0 is the config itself.
  if (number == 0) return sampler_draw(def, number, x), THRONG_OK;
  for (int32_t k = 0; k < def->space->n; ++k) {
    const uint32_t bits =
        sobol_scramble(sobol_coordinate(own, k, (uint32_t)(number - 1)), def->seed, k);
    x[k] = space_from_unit(&def->space->parameter[k], ((double)bits + 0.5) * 0x1p-32);
  }
  return THRONG_OK;
}

const sampler_ops sampler_sobol = {"sobol", create, free, sampler_hear_nothing, suggest};
