/// Walks over tiles of two sets of scores.
#include "agent/network/fisher.h"

#include "kernels/agent/trust_region.h"
#include "kernels/list.h"

typedef struct fisher_walk {
  float *second;  // tile of scores
  int64_t rows;
  softmax_side at, to;
  bool derivative;  // `to` is one of `at`: its catalogue's part is added to the tile
  tile_mask_args mask;
  softmax_mean_args mean;
  fisher_slope_args slope;
  const fisher_product *product;
} fisher_walk;

static fisher_walk walk_of(const network *n, float *tile, int64_t rows, const best_mask *mask,
                           const softmax_side *at, const softmax_side *to) {
  return (fisher_walk){.second = tile,
                       .rows = rows,
                       .at = *at,
                       .to = *to,
                       .mask = {.seen = mask->seen,
                                .shown = mask->shown,
                                .real = mask->real,
                                .used = n->used,
                                .n_state = rows,
                                .n_seen_word = mask->n_seen_word},
                       .mean = {.bias = at->catalogue->bias,
                                .total = at->total,
                                .other_bias = to->catalogue->bias,
                                .used = n->used,
                                .n_state = rows,
                                .n_item = n->n_item}};
}

/// Both tiles of scores, the first one masked.
static throng_status score(const fisher_walk *w, const catalogue_tile *t) {
  float *first = t->n->tile, *second = w->second + t->place;
  tile_mask_args mask = w->mask;
  THRONG_TRY(catalogue_score_tile(t, w->at.catalogue, w->at.query, w->rows, 0.0f, first));
  const catalogue *of = w->derivative ? w->at.catalogue : w->to.catalogue;
  THRONG_TRY(catalogue_score_tile(t, of, w->to.query, w->rows, 0.0f, second));
  if (w->derivative)
    THRONG_TRY(catalogue_score_tile(t, w->to.catalogue, w->at.query, w->rows, 1.0f, second));
  mask.z = first;
  mask.place = catalogue_place(t);
  return BACKEND_LAUNCH(t->n->backend, tile_mask, t->agents * t->states, &mask);
}

static throng_status mean(void *context, const catalogue_tile *t) {
  const fisher_walk *w = context;
  softmax_mean_args means = w->mean;
  THRONG_TRY(score(w, t));
  means.z = t->n->tile;
  means.other = w->second + t->place;
  means.place = catalogue_place(t);
  return BACKEND_LAUNCH(t->n->backend, softmax_mean, t->agents * t->states, &means);
}

static throng_status slope(void *context, const catalogue_tile *t) {
  const fisher_walk *w = context;
  const fisher_product *p = w->product;
  fisher_slope_args slopes = w->slope;
  THRONG_TRY(score(w, t));
  slopes.z = t->n->tile;
  slopes.other = w->second + t->place;
  slopes.place = catalogue_place(t);
  THRONG_TRY(BACKEND_LAUNCH(t->n->backend, fisher_slope, t->agents * t->states, &slopes));
  const softmax_slopes to = {p->at.catalogue, p->at.query, w->rows,
                             p->ones,         p->d_query,  p->d_catalogue};
  return catalogue_add_slopes(&to, t);
}

throng_status catalogue_divergence(const network *n, float *tile, int64_t rows,
                                   const best_mask *mask, const softmax_side *from,
                                   const softmax_side *to, double *kl) {
  fisher_walk walk = walk_of(n, tile, rows, mask, from, to);
  walk.mean.other_total = to->total;
  walk.mean.mean = kl;
  return catalogue_walk(n, rows, true, mean, &walk);
}

throng_status catalogue_fisher(const network *n, float *tile, int64_t rows, const best_mask *mask,
                               const fisher_product *product) {
  fisher_walk walk = walk_of(n, tile, rows, mask, &product->at, &product->along);
  walk.derivative = true;
  walk.product = product;
  walk.mean.mean = product->mean;
  THRONG_TRY(catalogue_walk(n, rows, true, mean, &walk));
  walk.slope = (fisher_slope_args){.bias = product->at.catalogue->bias,
                                   .total = product->at.total,
                                   .other_bias = product->along.catalogue->bias,
                                   .mean = product->mean,
                                   .weight = product->weight,
                                   .used = n->used,
                                   .n_state = rows,
                                   .n_item = n->n_item};
  return catalogue_walk(n, rows, true, slope, &walk);
}
