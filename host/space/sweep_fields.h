/// The table of a sweep's options, and the lists of its samplers and schedulers.
#ifndef THRONG_SPACE_SWEEP_FIELDS_H
#define THRONG_SPACE_SWEEP_FIELDS_H

#include "base/field.h"

/// X(NAME, name): all that there are, each THRONG_SAMPLER_NAME, "name" in configs, and sampler_name
/// in name.c.
#define SWEEP_SAMPLERS(X) \
  X(GRID, grid)           \
  X(RANDOM, random)       \
  X(SOBOL, sobol)         \
  X(TPE, tpe)             \
  X(GP, gp)

/// X(NAME, name): all that there are, "name" in configs.
#define SWEEP_SCHEDULERS(X) \
  X(NONE, none)             \
  X(ASHA, asha)             \
  X(HYPERBAND, hyperband)   \
  X(PBT, pbt)               \
  X(MF_PBT, mf_pbt)

enum { SWEEP_MOST_OBJECTIVES = 4 };

extern const field_table sweep_fields;

#endif
