/// What is shown in a step: actions from the host, or those that a caller wrote where the lanes
/// are.
#include <stdlib.h>

#include "kernels/list.h"
#include "sim/sim.h"

/// Whether each lane's actions are items, as bytes on the backend and on the host.
struct sim_action_check {
  tensor_set set;
  uint8_t *wrong;  // (n_lane) on the backend
  uint8_t *host;   // (n_lane)
};

void sim_action_check_free(struct sim_action_check *c) {
  if (!c) return;
  tensors_free(&c->set);
  free(c->host);
  free(c);
}

/// Taken when first asked for: most callers never do.
static throng_status check_make(throng_sim *s) {
  struct sim_action_check *c;
  if (s->action_check) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&c, 1, sizeof *c, "actions"));
  throng_status status = throng_alloc((void **)&c->host, (size_t)s->n_lane, 1, "actions");
  if (status == THRONG_OK)
    status = tensors_add(&c->set, &c->wrong, TENSOR_U8, TENSOR_SHAPE(s->n_lane), "wrong");
  if (status == THRONG_OK) status = tensors_allocate(&c->set, s->backend, "actions");
  if (status == THRONG_OK)
    s->action_check = c;
  else
    sim_action_check_free(c);
  return status;
}

static throng_status no_item(const throng_sim *s, int64_t lane, int32_t item) {
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "action of lane %lld: item %d is not in 0..%lld; no lane has moved",
                     (long long)lane, item, (long long)s->world->n_item - 1);
}

throng_status sim_check_action(throng_sim *s) {
  THRONG_TRY(check_make(s));
  const backend_ops *ops = s->backend->ops;
  const int32_t slate = s->def.slate_size;
  const size_t n = (size_t)s->n_lane;
  sim_action_args a = {s->action, slate, (int32_t)s->world->n_item, s->action_check->wrong};
  THRONG_TRY(BACKEND_LAUNCH(s->backend, sim_action, s->n_lane, &a));
  THRONG_TRY(ops->download(s->backend, s->action_check->host, s->action_check->wrong, n));
  for (int64_t lane = 0; lane < s->n_lane; ++lane)
    for (int32_t slot = 0; s->action_check->host[lane] && slot < slate; ++slot) {
      int32_t item;
      THRONG_TRY(ops->download(s->backend, &item, s->action + lane * slate + slot, sizeof item));
      if (item < 0 || item >= s->world->n_item) return no_item(s, lane, item);
    }
  return THRONG_OK;
}

throng_status sim_upload_action(throng_sim *s, const int32_t *action) {
  const int64_t n = (int64_t)s->n_lane * s->def.slate_size;
  for (int64_t k = 0; k < n; ++k)
    if (action[k] < 0 || action[k] >= s->world->n_item)
      return no_item(s, k / s->def.slate_size, action[k]);
  return s->backend->ops->upload(s->backend, s->action, action, (size_t)n * sizeof *action);
}
