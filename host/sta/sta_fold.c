/// What inference reads in place of some of f_sta's matrices: allocation, and making it anew when
/// the parameters have changed.
#include "list.h"
#include "sta/sta.h"

throng_status sta_folded_allocate(throng_sta *sta) {
  const int64_t width = sta->def.width, layers = sta->def.layers, heads = sta->def.heads;
  tensor_set *set = &sta->folded_set;
  sta_folded *f = &sta->folded;
#define FOLDED(name, ...) \
  THRONG_TRY(tensors_add(set, &f->name, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), #name))
  FOLDED(query_matrix, layers, heads, width, width);
  FOLDED(query_bias, layers, heads, width);
  FOLDED(value_matrix, layers, heads, width, width);
  FOLDED(value_bias, layers, width);
  FOLDED(read_matrix, width, width);
  FOLDED(read_user, sta->n_user, width);
#undef FOLDED
  THRONG_TRY(tensors_allocate(set, sta->backend, "f_sta's inference"));
  sta->view.query_matrix = f->query_matrix;
  sta->view.query_bias = f->query_bias;
  sta->view.value_matrix = f->value_matrix;
  sta->view.value_bias = f->value_bias;
  sta->view.read_matrix = f->read_matrix;
  sta->view.read_user = f->read_user;
  return THRONG_OK;
}

throng_status sta_fold(throng_sta *sta) {
  const sta_fold_args args = {.view = sta->view, .out = sta->folded};
  const int64_t rows = (int64_t)sta->def.layers * sta->def.heads * (sta->def.width + 1);
  THRONG_TRY(BACKEND_LAUNCH(sta->backend, sta_fold_query, rows, &args));
  THRONG_TRY(BACKEND_LAUNCH(sta->backend, sta_fold_value, rows, &args));
  return BACKEND_LAUNCH(sta->backend, sta_fold_read, sta->def.width + sta->n_user, &args);
}
