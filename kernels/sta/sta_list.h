/// Kernels of f_sta (SASRec): fit and inference.
#ifndef THRONG_KERNELS_STA_LIST_H
#define THRONG_KERNELS_STA_LIST_H

#include "kernels/sta/sta_adam.h"
#include "kernels/sta/sta_backward.h"
#include "kernels/sta/sta_loss.h"
#include "kernels/sta/sta_pairs.h"
#include "kernels/sta/sta_products.h"

#define STA_KERNELS(X)     \
  X(sta_pairs, 8)          \
  X(sta_rank, 8)           \
  X(sta_embed, 1024)       \
  X(sta_norm, 1024)        \
  X(sta_heads, 512)        \
  X(sta_attention, 256)    \
  X(sta_residual, 1024)    \
  X(sta_relu, 4096)        \
  X(sta_gather, 2048)      \
  X(sta_label_loss, 1024)  \
  X(sta_next_loss, 1024)   \
  X(sta_state_grad, 4096)  \
  X(sta_norm_grad, 1024)   \
  X(sta_drop_grad, 1024)   \
  X(sta_relu_grad, 4096)   \
  X(sta_query_grad, 256)   \
  X(sta_key_grad, 256)     \
  X(sta_item_grad, 1024)   \
  X(sta_group_grad, 512)   \
  X(sta_slot_grad, 16)     \
  X(sta_adam, 64)          \
  X(sta_normal, 4096)      \
  X(sta_product_query, 64) \
  X(sta_product_value, 64) \
  X(sta_product_read, 512)

#endif
