/// Kernels of f_sta (SASRec): fit and inference.
#ifndef THRONG_KERNELS_STA_LIST_H
#define THRONG_KERNELS_STA_LIST_H

#define STA_KERNELS(X)

#endif
