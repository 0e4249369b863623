/// Agents of two populations compared: to the bit, or how far apart their weights are.
#ifndef TESTS_AGENTS_DIFFER_H
#define TESTS_AGENTS_DIFFER_H

#include "agent_rig.h"

/// Part `i` of `n` of an array in host memory; the caller frees.
static inline void *part_of_tensor(const tensor_set *set, const tensor *t, int i, int n) {
  const size_t bytes = tensor_bytes(t) / (size_t)n;
  void *part = malloc(bytes + 1);
  EXPECT_OK(
      set->backend->ops->download(set->backend, part, (char *)t->data + bytes * (size_t)i, bytes));
  return part;
}

/// Part `i` of `n` of every array of one set against part `j` of `m` of another's: how many differ.
static inline int sets_differ(const tensor_set *x, int i, int n, const tensor_set *y, int j,
                              int m) {
  int differ = x->count != y->count;
  for (size_t k = 0; k < x->count && k < y->count; ++k) {
    const size_t bytes = tensor_bytes(&x->tensor[k]) / (size_t)n;
    if (bytes != tensor_bytes(&y->tensor[k]) / (size_t)m) return 1000;
    void *a = part_of_tensor(x, &x->tensor[k], i, n), *b = part_of_tensor(y, &y->tensor[k], j, m);
    differ += memcmp(a, b, bytes) != 0;
    free(a);
    free(b);
  }
  return differ;
}

/// Weights, moments, target and lanes of agent i here and agent j there.
static inline int agents_differ(const agent_rig *x, int i, const agent_rig *y, int j) {
  const throng_population *a = x->agent, *b = y->agent;
  return sets_differ(&a->weights, i, a->n_agent, &b->weights, j, b->n_agent) +
         sets_differ(&a->sim->lanes, i, a->n_agent, &b->sim->lanes, j, b->n_agent) +
         (a->host.steps[i] != b->host.steps[j]) + (a->host.updates[i] != b->host.updates[j]);
}

/// The largest difference between two agents' weights, moments and targets, relative to the larger
/// of 1 and the value.
static inline double agents_apart(const agent_rig *x, int i, const agent_rig *y, int j) {
  const tensor_set *a = &x->agent->weights, *b = &y->agent->weights;
  double worst = 0;
  for (size_t k = 0; k < a->count; ++k) {
    float *u = part_of_tensor(a, &a->tensor[k], i, x->agent->n_agent);
    float *v = part_of_tensor(b, &b->tensor[k], j, y->agent->n_agent);
    const int64_t n = tensor_elements(&a->tensor[k]) / x->agent->n_agent;
    for (int64_t e = 0; e < n; ++e) {
      const double size = fmax(1, fabs((double)v[e]));
      const double difference = fabs((double)u[e] - (double)v[e]) / size;
      if (!(difference <= worst)) worst = difference;
    }
    free(u);
    free(v);
  }
  return worst;
}

static inline throng_status train(throng_population *a, int steps) {
  for (int t = 0; t < steps; ++t) THRONG_TRY(throng_population_train_step(a));
  return THRONG_OK;
}

#endif
