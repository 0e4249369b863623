/// Kernels of f_sta (SASRec): fit and inference.
#ifndef THRONG_KERNELS_STA_LIST_H
#define THRONG_KERNELS_STA_LIST_H

#include "sta_pairs.h"

#define STA_KERNELS(X) X(sta_pairs, 4)

#endif
