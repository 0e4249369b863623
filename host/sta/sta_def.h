/// The fields of throng_sta_def as one list: checking, writing to a file and reading back.
#ifndef THRONG_STA_STA_DEF_H
#define THRONG_STA_STA_DEF_H

#include "kernels/sta/sta_view.h"
#include "throng/sta.h"

/// X(name, least, most)
#define STA_DEF_FIELDS(X)      \
  X(width, 1, STA_MAX_WIDTH)   \
  X(layers, 1, STA_MAX_LAYERS) \
  X(heads, 1, STA_MAX_WIDTH)   \
  X(window, 2, STA_MAX_WINDOW) \
  X(labels, 0, 1)              \
  X(objective, 0, 1)           \
  X(dropout, 0, 0.95)          \
  X(learning_rate, 1e-9, 10)   \
  X(weight_decay, 0, 100)      \
  X(beta1, 0, 0.99999)         \
  X(beta2, 0, 0.9999999)       \
  X(batch, 1, 65536)           \
  X(epochs, 1, 100000)         \
  X(patience, 1, 100000)       \
  X(threshold, 0, 1)           \
  X(seed, 0, UINT32_MAX)

/// Fields that files of old versions lack: these have the default then.
#define STA_DEF_LATER_FIELDS(X) X(negatives, -1, 1000)

#endif
