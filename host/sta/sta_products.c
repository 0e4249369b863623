/// What inference reads in place of some of SASRec's matrices: allocation, and making it anew when
/// the parameters have changed.
#include "kernels/list.h"
#include "sta/sta.h"

/// X(name, shape): the fields of sta_products, which sta_view has too.
#define STA_PRODUCTS(X)                        \
  X(query_matrix, layers, heads, width, width) \
  X(query_bias, layers, heads, width)          \
  X(value_matrix, layers, heads, width, width) \
  X(value_bias, layers, width)                 \
  X(read_matrix, width, width)                 \
  X(read_user, sta->n_user, width)

throng_status sta_products_allocate(throng_sta *sta) {
  const int64_t width = sta->def.width, layers = sta->def.layers, heads = sta->def.heads;
  tensor_set *set = &sta->products_set;
#define X(name, ...) \
  THRONG_TRY(tensors_add(set, &sta->products.name, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), #name));
  STA_PRODUCTS(X)
#undef X
  THRONG_TRY(tensors_allocate(set, sta->backend, "f_sta's inference"));
#define X(name, ...) sta->view.name = sta->products.name;
  STA_PRODUCTS(X)
#undef X
  return THRONG_OK;
}

throng_status sta_products_make(throng_sta *sta) {
  const sta_product_args args = {.view = sta->view, .out = sta->products};
  const int64_t rows = (int64_t)sta->def.layers * sta->def.heads * (sta->def.width + 1);
  THRONG_TRY(BACKEND_LAUNCH(sta->backend, sta_product_query, rows, &args));
  THRONG_TRY(BACKEND_LAUNCH(sta->backend, sta_product_value, rows, &args));
  return BACKEND_LAUNCH(sta->backend, sta_product_read, sta->def.width + sta->n_user, &args);
}
