/// The inside of throng_sta: parameters on a backend as one list of tensors.
#ifndef THRONG_STA_INTERNAL_H
#define THRONG_STA_INTERNAL_H

#include "base/tensors.h"
#include "sta_view.h"
#include "throng/sta.h"

struct throng_sta {
  throng_sta_def def;
  throng_backend *backend;
  int64_t n_user, n_item;
  uint64_t world_hash;
  tensor_set parameters;  // names as in sta_view
  sta_view view;
};

#endif
