/// Asks about lists of items as a launch of kernels/yardstick/yardstick_rank.h.
#include "evaluate/probe.h"

#include <stdlib.h>

#include "kernels/list.h"

struct probe {
  throng_sim *sim;
  int32_t top;
  tensor_set set;
  int32_t *item;  // (n_lane, top)
  uint8_t *like;  // (n_lane, top)
};

throng_status probe_create(throng_sim *sim, int32_t top, probe **out) {
  void *block;
  throng_status status;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(probe), "evaluation"));
  probe *p = block;
  p->sim = sim;
  p->top = top;
  THRONG_TRY_GOTO(
      tensors_add(&p->set, &p->item, TENSOR_I32, TENSOR_SHAPE(sim->n_lane, top), "item"));
  THRONG_TRY_GOTO(
      tensors_add(&p->set, &p->like, TENSOR_U8, TENSOR_SHAPE(sim->n_lane, top), "like"));
  THRONG_TRY_GOTO(tensors_allocate(&p->set, sim->backend, "items that users are asked about"));
  *out = p;
  return THRONG_OK;
done:
  probe_free(p);
  return status;
}

void probe_free(probe *p) {
  if (!p) return;
  tensors_free(&p->set);
  free(p);
}

throng_status probe_ask(probe *p, const int32_t *item, uint8_t *like) {
  throng_sim *sim = p->sim;
  throng_backend *backend = sim->backend;
  const size_t n = (size_t)sim->n_lane * (size_t)p->top;
  yardstick_probe_args a = {
      .sim = sim_make_args(sim), .top = p->top, .item = p->item, .like = p->like};
  if (sim->sta) {
    a.sta = sim->sta->view;
    a.sta_query = sim->sta_query;
  }
  THRONG_TRY(backend->ops->upload(backend, p->item, item, n * sizeof *item));
  THRONG_TRY(BACKEND_LAUNCH(backend, yardstick_probe, (int64_t)n, &a));
  return backend->ops->download(backend, like, p->like, n);
}
