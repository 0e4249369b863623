/// One answer with its reasons, as kernels write it: the same bytes as throng_vote of the public
/// header (checked at compile time in host/sim/).
#ifndef THRONG_KERNELS_VOTE_H
#define THRONG_KERNELS_VOTE_H

#include "kernels/base/portable.h"

typedef struct vote_record {
  int32_t alpha_pos, alpha_neg;
  float beta_pos, beta_neg;
  float p_like;
  uint8_t f_mat, f_sim, f_sta, like;
} vote_record;

#endif
