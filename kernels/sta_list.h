/// Kernels of f_sta (SASRec): fit and inference.
#ifndef THRONG_KERNELS_STA_LIST_H
#define THRONG_KERNELS_STA_LIST_H

#include "sta_adam.h"
#include "sta_backward.h"
#include "sta_loss.h"
#include "sta_pairs.h"

#define STA_KERNELS(X)   \
  X(sta_pairs, 4)        \
  X(sta_rank, 4)         \
  X(sta_embed, 128)      \
  X(sta_norm, 128)       \
  X(sta_heads, 64)       \
  X(sta_attention, 32)   \
  X(sta_residual, 128)   \
  X(sta_relu, 256)       \
  X(sta_gather, 256)     \
  X(sta_label_loss, 64)  \
  X(sta_next_loss, 64)   \
  X(sta_state_grad, 256) \
  X(sta_norm_grad, 64)   \
  X(sta_drop_grad, 128)  \
  X(sta_relu_grad, 256)  \
  X(sta_query_grad, 32)  \
  X(sta_key_grad, 32)    \
  X(sta_item_grad, 256)  \
  X(sta_group_grad, 32)  \
  X(sta_slot_grad, 4)    \
  X(sta_adam, 8)         \
  X(sta_normal, 1024)

#endif
