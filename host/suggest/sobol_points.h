/// Points of Sobol's sequence, each coordinate 32 bits of a fraction.
#ifndef THRONG_SUGGEST_SOBOL_POINTS_H
#define THRONG_SUGGEST_SOBOL_POINTS_H

#include <stdint.h>

#include "space/space.h"

typedef struct sobol_directions {
  uint32_t v[SPACE_MOST][32];
} sobol_directions;

void sobol_directions_make(sobol_directions *out);
/// The coordinate, as 2^32 times its value, of the point with this number in Gray code order
/// (Antonov and Saleev 1979): the sequence as scipy gives it.
uint32_t sobol_coordinate(const sobol_directions *d, int dimension, uint32_t number);
/// The same nested uniformly scrambled (Owen 1998): whether a bit is turned is drawn for each
/// combination of the bits above it.
uint32_t sobol_scramble(uint32_t x, uint32_t seed, int dimension);

#endif
