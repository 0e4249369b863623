/// Weights that agents start from, each element a function of the agent's seed, the parameter and
/// its own number: so they may be drawn anywhere, in any order.
#ifndef THRONG_KERNELS_AGENT_WEIGHT_START_H
#define THRONG_KERNELS_AGENT_WEIGHT_START_H

#include "kernels/base/portable.h"
#include "kernels/base/random.h"

/// Row: (agent, element).
typedef struct weight_start_args {
  const uint32_t *seed;   // (n_agent)
  float *weight;          // (n_agent, size)
  int64_t size;           // elements of an agent's
  uint32_t parameter;     // which one: of the random stream
  float uniform, normal;  // in -uniform .. uniform where normal is 0; else a standard deviation
} weight_start_args;

THRONG_ROW void weight_start_row(const weight_start_args *a, int64_t row) {
  const int64_t agent = row / a->size, i = row % a->size;
  const random_words r = random_draw(a->seed[agent], RANDOM_INIT, (uint32_t)i, a->parameter, 0,
                                     (uint32_t)((uint64_t)i >> 32));
  a->weight[row] = a->normal > 0.0f ? a->normal * random_normal(r.w[0], r.w[1])
                                    : a->uniform * (2.0f * random_uniform(r.w[0]) - 1.0f);
}

#endif
