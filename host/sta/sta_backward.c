/// SASRec's backward pass of a batch, the forward's stages in reverse order. Every gradient is
/// written whole, so nothing need be zeroed between batches.
#include "kernels/list.h"
#include "sta/sta_trainer.h"

/// dW = x^T dy, summed over rows; x (n, rows), dy (n, columns)
static throng_status weight_grad(sta_trainer *t, int64_t n, int64_t rows, const float *x,
                                 int64_t columns, const float *dy, float *dw) {
  if (n == 0) return t->backend->ops->zero(t->backend, dw, (size_t)(rows * columns) * sizeof *dw);
  const gemm_args g = {.transpose_a = true,
                       .m = rows,
                       .n = columns,
                       .k = n,
                       .alpha = 1.0f,
                       .a = x,
                       .lda = rows,
                       .b = dy,
                       .ldb = columns,
                       .c = dw,
                       .ldc = columns,
                       .batch = 1};
  return t->backend->ops->gemm(t->backend, &g);
}

/// sum over rows of dy (n, columns)
static throng_status column_sum(sta_trainer *t, int64_t n, int64_t columns, const float *dy,
                                float *sum) {
  return weight_grad(t, n, 1, t->ones, columns, dy, sum);
}

/// dx = dy W^T (+ dx where `add`); W (inputs, width)
static throng_status input_grad(sta_trainer *t, int64_t n, int64_t inputs, const float *dy,
                                const float *w, bool add, float *dx) {
  const int64_t width = t->sta->def.width;
  const gemm_args g = {.transpose_b = true,
                       .m = n,
                       .n = inputs,
                       .k = width,
                       .alpha = 1.0f,
                       .beta = add ? 1.0f : 0.0f,
                       .a = dy,
                       .lda = width,
                       .b = w,
                       .ldb = width,
                       .c = dx,
                       .ldc = inputs,
                       .batch = 1};
  return t->backend->ops->gemm(t->backend, &g);
}

/// Through a layer norm of x: t->dnormal becomes (residual +) dx, gain and bias get their sums.
static throng_status norm_grad(sta_trainer *t, const float *x, const float *gain,
                               const float *residual, float *dgain, float *dbias) {
  const int64_t n = t->batch.n_token, width = t->sta->def.width;
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_norm_grad, n,
                            (&(sta_norm_grad_args){.width = (int32_t)width,
                                                   .x = x,
                                                   .gain = gain,
                                                   .dy = t->dnormal,
                                                   .residual = residual,
                                                   .dx = t->dx,
                                                   .gain_rows = t->gain_rows})));
  THRONG_TRY(column_sum(t, n, width, t->gain_rows, dgain));
  return column_sum(t, n, width, t->dnormal, dbias);
}

/// The gradient that enters a block's branch: dx through that branch's dropout.
static throng_status enter_branch(sta_trainer *t, uint32_t site, const float **out) {
  *out = t->dx;
  if (!(t->sta->def.dropout > 0.0f)) return THRONG_OK;
  *out = t->dbranch;
  return BACKEND_LAUNCH(t->backend, sta_drop_grad, t->batch.n_token,
                        (&(sta_drop_grad_args){.width = t->sta->def.width,
                                               .dropout = sta_dropout_at(t, true, site),
                                               .x = t->dx,
                                               .y = t->dbranch}));
}

static throng_status feed_forward_grad(sta_trainer *t, int64_t layer) {
  const sta_view *v = &t->sta->view;
  const sta_arrays *g = &t->gradient;
  const int64_t width = v->width, n = t->batch.n_token, at = layer * t->most_token * width;
  const int64_t row = layer * width, matrix = layer * width * width;
  const float *dy;
  THRONG_TRY(enter_branch(t, 2 + 2 * (uint32_t)layer, &dy));
  THRONG_TRY(column_sum(t, n, width, dy, g->b2 + row));
  THRONG_TRY(weight_grad(t, n, width, t->hidden + at, width, dy, g->w2 + matrix));
  THRONG_TRY(input_grad(t, n, width, dy, v->w2 + matrix, false, t->dhidden));
  THRONG_TRY(BACKEND_LAUNCH(
      t->backend, sta_relu_grad, n,
      (&(sta_relu_grad_args){.width = v->width, .x = t->hidden + at, .dx = t->dhidden})));
  THRONG_TRY(column_sum(t, n, width, t->dhidden, g->b1 + row));
  THRONG_TRY(weight_grad(t, n, width, t->normal2 + at, width, t->dhidden, g->w1 + matrix));
  THRONG_TRY(input_grad(t, n, width, t->dhidden, v->w1 + matrix, false, t->dnormal));
  return norm_grad(t, t->middle + at, v->ln2_gain + row, t->dx, g->ln2_gain + row,
                   g->ln2_bias + row);
}

/// From the gradient of what attention gave (t->dhidden) to those of queries, keys and values.
static throng_status scores_grad(sta_trainer *t, int64_t layer) {
  const throng_sta_def *def = &t->sta->def;
  const int64_t at = layer * t->most_token * def->width, n = t->batch.n_token;
  const float *weight = t->weight + layer * t->most_token * def->heads * def->window;
  const sta_batch_view batch = sta_view_of_batch(t);
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_query_grad, n * def->heads,
                            (&(sta_query_grad_args){.batch = batch,
                                                    .width = def->width,
                                                    .heads = def->heads,
                                                    .window = def->window,
                                                    .k = t->k + at,
                                                    .v_across = t->v_across + at,
                                                    .weight = weight,
                                                    .dout = t->dhidden,
                                                    .dscore = t->dscore,
                                                    .dq = t->dq})));
  return BACKEND_LAUNCH(t->backend, sta_key_grad, n * def->heads,
                        (&(sta_key_grad_args){.batch = batch,
                                              .width = def->width,
                                              .heads = def->heads,
                                              .window = def->window,
                                              .q = t->q + at,
                                              .weight = weight,
                                              .dscore = t->dscore,
                                              .dout = t->dhidden,
                                              .dk = t->dk,
                                              .dv = t->dv}));
}

static throng_status attention_grad(sta_trainer *t, int64_t layer) {
  const sta_view *v = &t->sta->view;
  const sta_arrays *g = &t->gradient;
  const int64_t width = v->width, n = t->batch.n_token, at = layer * t->most_token * width;
  const int64_t row = layer * width, matrix = layer * width * width;
  const float *dy;
  THRONG_TRY(enter_branch(t, 1 + 2 * (uint32_t)layer, &dy));
  THRONG_TRY(column_sum(t, n, width, dy, g->bo + row));
  THRONG_TRY(weight_grad(t, n, width, t->attended + at, width, dy, g->wo + matrix));
  THRONG_TRY(input_grad(t, n, width, dy, v->wo + matrix, false, t->dhidden));
  THRONG_TRY(scores_grad(t, layer));
  const struct {
    const float *dy, *w;
    float *dw, *db;
  } side[3] = {{t->dq, v->wq + matrix, g->wq + matrix, g->bq + row},
               {t->dk, v->wk + matrix, g->wk + matrix, g->bk + row},
               {t->dv, v->wv + matrix, g->wv + matrix, g->bv + row}};
  for (int i = 0; i < 3; ++i) {
    THRONG_TRY(column_sum(t, n, width, side[i].dy, side[i].db));
    THRONG_TRY(weight_grad(t, n, width, t->normal1 + at, width, side[i].dy, side[i].dw));
    THRONG_TRY(input_grad(t, n, width, side[i].dy, side[i].w, i > 0, t->dnormal));
  }
  return norm_grad(t, t->x + at, v->ln1_gain + row, t->dx, g->ln1_gain + row, g->ln1_bias + row);
}

/// From the loss to the gradient of the states z, in t->dnormal.
static throng_status read_out_grad(sta_trainer *t) {
  const throng_sta_def *def = &t->sta->def;
  const sta_view *v = &t->sta->view;
  const sta_arrays *g = &t->gradient;
  const int64_t width = v->width, n = t->batch.n_example;
  sta_state_grad_args args = {.batch = sta_view_of_batch(t),
                              .width = v->width,
                              .stride = v->width,
                              .example = t->mixed_grad,
                              .dz = t->dnormal};
  if (def->objective == THRONG_STA_LABEL) {
    THRONG_TRY(column_sum(t, n, width, t->weight_grad, g->out_weight));
    THRONG_TRY(column_sum(t, n, 1, t->logit_grad, g->out_bias));
    THRONG_TRY(weight_grad(t, n, 2 * width, t->in, width, t->mixed_grad, g->mix));
    THRONG_TRY(input_grad(t, n, 2 * width, t->mixed_grad, v->mix, false, t->in_grad));
    THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_group_grad, v->n_user,
                              (&(sta_group_grad_args){.width = v->width,
                                                      .stride = 2 * v->width,
                                                      .offset = t->user_offset,
                                                      .order = t->user_order,
                                                      .rows = t->in_grad + width,
                                                      .grad = g->user})));
    if (g->user_bias)
      THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_group_grad, v->n_user,
                                (&(sta_group_grad_args){.width = 1,
                                                        .stride = 1,
                                                        .offset = t->user_offset,
                                                        .order = t->user_order,
                                                        .rows = t->logit_grad,
                                                        .grad = g->user_bias})));
    args.stride = 2 * v->width;
    args.example = t->in_grad;
  }
  return BACKEND_LAUNCH(t->backend, sta_state_grad, t->batch.n_token, &args);
}

/// From the gradient of the embedded tokens (t->dx) to items, positions and labels.
static throng_status embedding_grad(sta_trainer *t) {
  const sta_view *v = &t->sta->view;
  const bool next_item = t->sta->def.objective == THRONG_STA_NEXT_ITEM;
  if (t->sta->def.dropout > 0.0f)
    THRONG_TRY(BACKEND_LAUNCH(
        t->backend, sta_drop_grad, t->batch.n_token,
        (&(sta_drop_grad_args){
            .width = v->width, .dropout = sta_dropout_at(t, true, 0), .x = t->dx, .y = t->dx})));
  THRONG_TRY(
      BACKEND_LAUNCH(t->backend, sta_item_grad, v->n_item,
                     (&(sta_item_grad_args){.width = v->width,
                                            .n_token = (int32_t)t->batch.n_token,
                                            .n_example = (int32_t)t->batch.n_example,
                                            .offset = t->item_offset,
                                            .order = t->item_order,
                                            .dx = t->dx,
                                            .item_grad = t->item_grad,
                                            .negative_grad = next_item ? t->weight_grad : NULL,
                                            .logit_grad = t->logit_grad,
                                            .grad = t->gradient.item,
                                            .bias_grad = t->gradient.item_bias})));
  THRONG_TRY(BACKEND_LAUNCH(t->backend, sta_group_grad, 2 * (int64_t)v->window,
                            (&(sta_group_grad_args){.width = v->width,
                                                    .stride = v->width,
                                                    .offset = t->slot_offset,
                                                    .order = t->slot_order,
                                                    .rows = t->dx,
                                                    .grad = t->slot_grad})));
  return BACKEND_LAUNCH(t->backend, sta_slot_grad, v->window + 2,
                        (&(sta_slot_grad_args){.width = v->width,
                                               .window = v->window,
                                               .label_scale = v->labels ? v->label_scale : 0.0f,
                                               .slot = t->slot_grad,
                                               .position = t->gradient.position,
                                               .label = t->gradient.label}));
}

throng_status sta_backward(sta_trainer *t) {
  const sta_view *v = &t->sta->view;
  THRONG_TRY(read_out_grad(t));
  THRONG_TRY(norm_grad(t, t->x + v->layers * t->most_token * v->width, v->lnf_gain, NULL,
                       t->gradient.lnf_gain, t->gradient.lnf_bias));
  for (int64_t layer = v->layers - 1; layer >= 0; --layer) {
    THRONG_TRY(feed_forward_grad(t, layer));
    THRONG_TRY(attention_grad(t, layer));
  }
  return embedding_grad(t);
}
