/// Walks over tiles of two sets of scores.
#include "agent/network/fisher.h"

#include "kernels/agent/trust_region.h"
#include "kernels/list.h"

typedef struct fisher_walk {
  const network *n;
  network other;  // the same with the second tile
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
  fisher_walk w = {.n = n,
                   .other = *n,
                   .rows = rows,
                   .at = *at,
                   .to = *to,
                   .mask = {.z = n->tile,
                            .seen = mask->seen,
                            .shown = mask->shown,
                            .real = mask->real,
                            .used = n->used,
                            .n_state = rows,
                            .n_seen_word = mask->n_seen_word},
                   .mean = {.z = n->tile,
                            .bias = at->catalogue->bias,
                            .total = at->total,
                            .other = tile,
                            .other_bias = to->catalogue->bias,
                            .used = n->used,
                            .n_state = rows,
                            .n_item = n->n_item}};
  w.other.tile = tile;
  return w;
}

/// Both tiles of scores, the first one masked.
static throng_status score(fisher_walk *w, const catalogue_tile *t) {
  throng_backend *backend = w->n->backend;
  THRONG_TRY(catalogue_score_tile(w->n, w->at.catalogue, w->at.query, w->rows, t, 0.0f));
  const catalogue *second = w->derivative ? w->at.catalogue : w->to.catalogue;
  THRONG_TRY(catalogue_score_tile(&w->other, second, w->to.query, w->rows, t, 0.0f));
  if (w->derivative)
    THRONG_TRY(catalogue_score_tile(&w->other, w->to.catalogue, w->at.query, w->rows, t, 1.0f));
  w->mask.place = catalogue_place(t);
  return BACKEND_LAUNCH(backend, tile_mask, t->agents * t->states, &w->mask);
}

static throng_status mean(void *context, const catalogue_tile *t) {
  fisher_walk *w = context;
  THRONG_TRY(score(w, t));
  w->mean.place = catalogue_place(t);
  return BACKEND_LAUNCH(w->n->backend, softmax_mean, t->agents * t->states, &w->mean);
}

static throng_status slope(void *context, const catalogue_tile *t) {
  fisher_walk *w = context;
  const fisher_product *p = w->product;
  THRONG_TRY(score(w, t));
  w->slope.place = catalogue_place(t);
  THRONG_TRY(BACKEND_LAUNCH(w->n->backend, fisher_slope, t->agents * t->states, &w->slope));
  const softmax_slopes to = {p->at.catalogue, p->at.query, w->rows,
                             p->ones,         p->d_query,  p->d_catalogue};
  return catalogue_add_slopes(w->n, &to, t);
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
  walk.slope = (fisher_slope_args){.z = n->tile,
                                   .bias = product->at.catalogue->bias,
                                   .total = product->at.total,
                                   .other = tile,
                                   .other_bias = product->along.catalogue->bias,
                                   .mean = product->mean,
                                   .weight = product->weight,
                                   .used = n->used,
                                   .n_state = rows,
                                   .n_item = n->n_item};
  return catalogue_walk(n, rows, true, slope, &walk);
}
