/// Two softmaxes over the catalogue side by side, by tiles that are made anew and never stored: the
/// KL divergence of one from the other, and the Fisher matrix of one times a derivative.
#ifndef THRONG_AGENT_FISHER_H
#define THRONG_AGENT_FISHER_H

#include "agent/network/softmax.h"

/// Queries and catalogue of one of them, for `rows` states of every agent.
typedef struct softmax_side {
  const float *query;  // (n_agent, rows, width)
  const catalogue *catalogue;
  const float *total;  // (n_agent, rows) of its softmax, see catalogue_softmax
} softmax_side;

/// `tile`, as n->tile, holds the second scores (catalogue_register_tile).
/// kl (n_agent, rows) = sum over items of p (log p - log p'), p being that of `from`, p' of `to`.
throng_status catalogue_divergence(const network *n, float *tile, int64_t rows,
                                   const best_mask *mask, const softmax_side *from,
                                   const softmax_side *to, double *kl);

/// The Fisher matrix of the softmax of `at` times the derivative of its scores: query' . vector +
/// query . vector' + bias'. Mean over states weighed by `weight` (n_agent).
typedef struct fisher_product {
  softmax_side at;
  softmax_side along;   // query' and catalogue'; total: not used
  const float *weight;  // (n_agent)
  const float *ones;    // softmax_scores.ones
  double *mean;         // (n_agent, rows) scratch
  float *d_query;       // (n_agent, rows, width) the result
  const catalogue *d_catalogue;
} fisher_product;

throng_status catalogue_fisher(const network *n, float *tile, int64_t rows, const best_mask *mask,
                               const fisher_product *product);

#endif
