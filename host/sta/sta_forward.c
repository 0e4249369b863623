/// SASRec's forward pass of a batch: embedding, blocks, read-out and loss, stage by stage.
#include "kernels/list.h"
#include "sta/sta_trainer.h"

/// y = x W; x (n, width), W (width, width) as (in, out)
static throng_status product(sta_trainer *t, int64_t n, const float *x, const float *w, float *y) {
  const int64_t width = t->sta->def.width;
  const gemm_args g = {.m = n,
                       .n = width,
                       .k = width,
                       .alpha = 1.0f,
                       .a = x,
                       .lda = width,
                       .b = w,
                       .ldb = width,
                       .c = y,
                       .ldc = width,
                       .batch = 1};
  return t->backend->ops->gemm(t->backend, &g);
}

static throng_status attention(sta_trainer *t, int64_t layer, bool train) {
  const throng_sta_def *def = &t->sta->def;
  const sta_view *v = &t->sta->view;
  const int64_t width = def->width, n = t->batch.n_token, at = layer * t->most_token * width;
  const int64_t row = layer * width, matrix = layer * width * width;
  const sta_batch_view batch = sta_view_of_batch(t);
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_norm, n,
                            (&(sta_norm_args){.width = def->width,
                                              .x = t->x + at,
                                              .gain = v->ln1_gain + row,
                                              .bias = v->ln1_bias + row,
                                              .y = t->normal1 + at})));
  THRONG_TRY(product(t, n, t->normal1 + at, v->wq + matrix, t->q + at));
  THRONG_TRY(product(t, n, t->normal1 + at, v->wk + matrix, t->k + at));
  THRONG_TRY(product(t, n, t->normal1 + at, v->wv + matrix, t->v + at));
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_heads, n,
                            (&(sta_heads_args){.batch = batch,
                                               .width = def->width,
                                               .heads = def->heads,
                                               .bq = v->bq + row,
                                               .bk = v->bk + row,
                                               .bv = v->bv + row,
                                               .q = t->q + at,
                                               .k = t->k + at,
                                               .v = t->v + at,
                                               .k_across = t->k_across + at,
                                               .v_across = t->v_across + at})));
  THRONG_TRY(BACKEND_LAUNCH(
      t->backend, sta_attention, n * def->heads,
      (&(sta_attention_args){.batch = batch,
                             .width = def->width,
                             .heads = def->heads,
                             .window = def->window,
                             .q = t->q + at,
                             .k_across = t->k_across + at,
                             .v = t->v + at,
                             .weight = t->weight + layer * t->most_token * def->heads * def->window,
                             .out = t->attended + at})));
  THRONG_TRY(product(t, n, t->attended + at, v->wo + matrix, t->branch));
  return BACKEND_LAUNCH(
      t->backend, sta_residual, n,
      (&(sta_residual_args){.width = def->width,
                            .dropout = sta_dropout_at(t, train, 1 + 2 * (uint32_t)layer),
                            .x = t->x + at,
                            .branch = t->branch,
                            .bias = v->bo + row,
                            .y = t->middle + at}));
}

static throng_status feed_forward(sta_trainer *t, int64_t layer, bool train) {
  const throng_sta_def *def = &t->sta->def;
  const sta_view *v = &t->sta->view;
  const int64_t width = def->width, n = t->batch.n_token, at = layer * t->most_token * width;
  const int64_t row = layer * width, matrix = layer * width * width;
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_norm, n,
                            (&(sta_norm_args){.width = def->width,
                                              .x = t->middle + at,
                                              .gain = v->ln2_gain + row,
                                              .bias = v->ln2_bias + row,
                                              .y = t->normal2 + at})));
  THRONG_TRY(product(t, n, t->normal2 + at, v->w1 + matrix, t->hidden + at));
  THRONG_TRY(BACKEND_LAUNCH(
      t->backend, sta_relu, n,
      (&(sta_relu_args){.width = def->width, .bias = v->b1 + row, .x = t->hidden + at})));
  THRONG_TRY(product(t, n, t->hidden + at, v->w2 + matrix, t->branch));
  return BACKEND_LAUNCH(
      t->backend, sta_residual, n,
      (&(sta_residual_args){.width = def->width,
                            .dropout = sta_dropout_at(t, train, 2 + 2 * (uint32_t)layer),
                            .x = t->middle + at,
                            .branch = t->branch,
                            .bias = v->b2 + row,
                            .y = t->x + at + t->most_token * width}));
}

static throng_status label_loss(sta_trainer *t) {
  const sta_view *v = &t->sta->view;
  const int64_t width = v->width, n = t->batch.n_example;
  const sta_batch_view batch = sta_view_of_batch(t);
  THRONG_TRY(
      BACKEND_LAUNCH(t->backend, sta_gather, n,
                     (&(sta_gather_args){.view = *v, .batch = batch, .z = t->z, .in = t->in})));
  const gemm_args g = {.m = n,
                       .n = width,
                       .k = 2 * width,
                       .alpha = 1.0f,
                       .a = t->in,
                       .lda = 2 * width,
                       .b = v->mix,
                       .ldb = width,
                       .c = t->mixed,
                       .ldc = width,
                       .batch = 1};
  THRONG_TRY(t->backend->ops->gemm(t->backend, &g));
  return BACKEND_LAUNCH(t->backend, sta_label_loss, n,
                        (&(sta_label_loss_args){.view = *v,
                                                .batch = batch,
                                                .mixed = t->mixed,
                                                .logit = t->logit,
                                                .loss = t->loss,
                                                .mixed_grad = t->mixed_grad,
                                                .item_grad = t->item_grad,
                                                .weight_grad = t->weight_grad,
                                                .logit_grad = t->logit_grad}));
}

static throng_status next_loss(sta_trainer *t) {
  return BACKEND_LAUNCH(t->backend, sta_next_loss, t->batch.n_example,
                        (&(sta_next_loss_args){.view = t->sta->view,
                                               .batch = sta_view_of_batch(t),
                                               .z = t->z,
                                               .logit = t->logit,
                                               .loss = t->loss,
                                               .state_grad = t->mixed_grad,
                                               .item_grad = t->item_grad,
                                               .negative_grad = t->weight_grad}));
}

throng_status sta_forward(sta_trainer *t, bool train) {
  const throng_sta_def *def = &t->sta->def;
  const sta_view *v = &t->sta->view;
  const int64_t n = t->batch.n_token;
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_embed, n,
                            (&(sta_embed_args){.view = *v,
                                               .batch = sta_view_of_batch(t),
                                               .dropout = sta_dropout_at(t, train, 0),
                                               .x = t->x})));
  for (int64_t layer = 0; layer < def->layers; ++layer) {
    THRONG_TRY(attention(t, layer, train));
    THRONG_TRY(feed_forward(t, layer, train));
  }
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_norm, n,
                            (&(sta_norm_args){.width = def->width,
                                              .x = t->x + def->layers * t->most_token * def->width,
                                              .gain = v->lnf_gain,
                                              .bias = v->lnf_bias,
                                              .y = t->z})));
  return def->objective == THRONG_STA_LABEL ? label_loss(t) : next_loss(t);
}
