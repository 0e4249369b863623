/// Fitting one SASRec: the batch, the forward and backward pass, Adam. Stages are calls on the
/// backend table; all memory is taken by sta_trainer_create. Epochs and stopping are sta_fit.c's.
#ifndef THRONG_STA_STA_TRAINER_H
#define THRONG_STA_STA_TRAINER_H

#include "kernels/sta/sta_forward.h"
#include "sta/sta.h"
#include "sta/sta_windows.h"

/// What a batch is made of, composed on the host and uploaded. X(type, tensor type, name, most,
/// used): the most that a batch of the trainer `t` can have, and what the host's batch `b` has; for
/// who uses neither they may be empty.
#define STA_BATCH_ARRAYS(X, t, b)                                                               \
  X(int32_t, I32, offset, t->most_sequence + 1, b->n_sequence + 1)                              \
  X(int32_t, I32, sequence, t->most_token, b->n_token)                                          \
  X(uint32_t, U32, token, t->most_token, b->n_token)                                            \
  X(int32_t, I32, token_example, t->most_token, b->n_token)                                     \
  X(int32_t, I32, example_token, t->most_example, b->n_example)                                 \
  X(int32_t, I32, user, t->most_example, b->n_example)                                          \
  X(int32_t, I32, item, t->most_example, b->n_example)                                          \
  X(int32_t, I32, like, t->most_example, b->n_example)                                          \
  X(int32_t, I32, negative, t->most_example, b->n_example)                                      \
  X(int32_t, I32, item_key, t->most_token + 2 * t->most_example, b->n_token + 2 * b->n_example) \
  X(int32_t, I32, slot_key, t->most_token, b->n_token) /* position * 2 + answer */

/// What the shapes of STA_WORK_ARRAYS are made of: N tokens and E examples at most, W width, L
/// layers, of the trainer `t`.
#define STA_WORK_PREAMBLE(t)                                                \
  const int64_t N = (t)->most_token, E = (t)->most_example;                 \
  const int64_t W = (t)->sta->def.width, L = (t)->sta->def.layers;          \
  const int64_t window = (t)->sta->def.window, heads = (t)->sta->def.heads; \
  const int64_t n_item = (t)->sta->n_item, n_user = (t)->sta->n_user;

/// Arrays that only live on the backend. X(type, tensor type, name, shape)
#define STA_WORK_ARRAYS(X)                                                                \
  X(int32_t, I32, item_offset, n_item + 1)                                                \
  X(int32_t, I32, item_order, N + 2 * E)                                                  \
  X(int32_t, I32, user_offset, n_user + 1)                                                \
  X(int32_t, I32, user_order, E)                                                          \
  X(int32_t, I32, slot_offset, 2 * window + 1)                                            \
  X(int32_t, I32, slot_order, N)                                                          \
  X(float, F32, x, L + 1, N, W)   /* residual stream before each block, and at the end */ \
  X(float, F32, normal1, L, N, W) /* LN1 x */                                             \
  X(float, F32, q, L, N, W)       /* scaled */                                            \
  X(float, F32, k, L, N, W)                                                               \
  X(float, F32, v, L, N, W)                                                               \
  X(float, F32, k_across, L, N, W) /* (W, length) a window */                             \
  X(float, F32, v_across, L, N, W)                                                        \
  X(float, F32, weight, L, N, heads *window)                                              \
  X(float, F32, attended, L, N, W)                                                        \
  X(float, F32, middle, L, N, W) /* residual stream between attention and feed-forward */ \
  X(float, F32, normal2, L, N, W)                                                         \
  X(float, F32, hidden, L, N, W)                                                          \
  X(float, F32, branch, N, W)                                                             \
  X(float, F32, z, N, W)                                                                  \
  X(float, F32, in, E, 2 * W) /* [z; u] of each example */                                \
  X(float, F32, mixed, E, W)                                                              \
  X(float, F32, logit, E)                                                                 \
  X(float, F32, loss, E)                                                                  \
  X(float, F32, logit_grad, E)                                                            \
  X(float, F32, mixed_grad, E, W) /* next item: of z */                                   \
  X(float, F32, item_grad, E, W)                                                          \
  X(float, F32, weight_grad, E, W) /* next item: of the negative */                       \
  X(float, F32, in_grad, E, 2 * W)                                                        \
  X(float, F32, dx, N, W)                                                                 \
  X(float, F32, dbranch, N, W)                                                            \
  X(float, F32, dnormal, N, W)                                                            \
  X(float, F32, dhidden, N, W)                                                            \
  X(float, F32, gain_rows, N, W)                                                          \
  X(float, F32, dscore, N, heads *window)                                                 \
  X(float, F32, dq, N, W)                                                                 \
  X(float, F32, dk, N, W)                                                                 \
  X(float, F32, dv, N, W)                                                                 \
  X(float, F32, slot_grad, window, 2, W)                                                  \
  X(float, F32, ones, N + E)

/// The batch on the host, in one block.
typedef struct sta_batch {
  int64_t n_sequence, n_token, n_example;
#define X(type, tensor_type, name, most, used) type *name;
  STA_BATCH_ARRAYS(X, , )
#undef X
} sta_batch;

typedef struct sta_trainer {
  throng_sta *sta;
  const throng_world *world;
  throng_backend *backend;
  sta_windows windows;
  int32_t negatives;  // sampled dislikes a like
  int64_t most_sequence, most_token, most_example;
  uint32_t step;    // batches learned so far
  int32_t *sorted;  // each user's training items, rising, where the user's history stands
  sta_batch host;
  sta_batch batch;  // the same on the backend
  tensor_set batch_set;
  tensor_set work;
#define X(type, tensor_type, name, ...) type *name;
  STA_WORK_ARRAYS(X)
#undef X
  tensor_set gradient_set, first_set, second_set, best_set;  // blocks laid out as the parameters'
  sta_arrays gradient, first, second, best;
} sta_trainer;

/// sta.negatives, with -1 settled by the world.
int32_t sta_negatives(const throng_sta_def *def, const throng_world *world);
/// Take all memory. sta_trainer_free is due even on failure.
throng_status sta_trainer_create(throng_sta *sta, const throng_world *world, sta_trainer *t);
void sta_trainer_free(sta_trainer *t);

/// Compose windows[order[0..n-1]] in t->host; negatives are drawn for the next-item objective.
void sta_batch_compose(sta_trainer *t, int64_t n, const int64_t *order);
/// Bring t->host to the backend and group it.
throng_status sta_batch_upload(sta_trainer *t);

/// Logits and losses of the batch; dropout is drawn for step t->step where `train`.
throng_status sta_forward(sta_trainer *t, bool train);
/// Every parameter's gradient of the batch's mean loss; after sta_forward.
throng_status sta_backward(sta_trainer *t);
/// One step of Adam on the gradients.
throng_status sta_adam_step(sta_trainer *t);
/// Sum of the batch's losses; `scratch` holds most_example floats.
throng_status sta_loss_sum(sta_trainer *t, float *scratch, double *sum);

/// What the kernels need to know of the batch, and the dropout of one site.
sta_batch_view sta_view_of_batch(const sta_trainer *t);
sta_dropout sta_dropout_at(const sta_trainer *t, bool train, uint32_t site);

#endif
