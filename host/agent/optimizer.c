/// Adam over a set of parameters: norm of the gradient, scales of the agents, every weight.
#include "agent/optimizer.h"

#include <math.h>

#include "kernels/list.h"

static int64_t blocks_of(int64_t size) { return (size + ADAM_BLOCK - 1) / ADAM_BLOCK; }

int64_t optimizer_blocks(const network *net) {
  int64_t n = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) n += blocks_of(net->size[p]);
  return n;
}

throng_status optimizer_register(optimizer *o, const network *net, tensor_set *saved,
                                 tensor_set *scratch) {
  o->net = net;
  o->n_partial = optimizer_blocks(net);
  THRONG_TRY(network_add_parameters(net, saved, &o->moment1, "moment1", -INFINITY));
  // Means of squares, of which the root is taken.
  THRONG_TRY(network_add_parameters(net, saved, &o->moment2, "moment2", 0));
  THRONG_TRY(network_add_parameters(net, scratch, &o->gradient, "gradient", -INFINITY));
  THRONG_TRY(tensors_add(scratch, &o->partial, TENSOR_F64, TENSOR_SHAPE(net->n_agent, o->n_partial),
                         "optimizer.partial"));
  return tensors_add(scratch, &o->scale, TENSOR_F32, TENSOR_SHAPE(net->n_agent, 4),
                     "optimizer.scale");
}

throng_status optimizer_measure(optimizer *o, const optimizer_options *options) {
  throng_backend *backend = o->net->backend;
  int64_t first = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = o->net->size[p], n_block = blocks_of(size);
    if (!size) continue;
    square_sum_args square = {o->gradient.at[p], o->partial, options->learns, size, n_block,
                              o->n_partial,      first};
    THRONG_TRY(BACKEND_LAUNCH(backend, square_sum, n_block * o->net->n_agent, &square));
    first += n_block;
  }
  adam_scale_args scale = {.partial = o->partial,
                           .n_partial = o->n_partial,
                           .learning_rate = options->learning_rate,
                           .beta1 = options->beta1,
                           .beta2 = options->beta2,
                           .max_norm = options->max_norm,
                           .learns = options->learns,
                           .update = options->update,
                           .scale = o->scale,
                           .norm_sum = options->norm_sum};
  return BACKEND_LAUNCH(backend, adam_scale, o->net->n_agent, &scale);
}

throng_status optimizer_step(optimizer *o, const optimizer_options *options,
                             const parameter_set *weight, const parameter_set *target,
                             const float *tau) {
  throng_backend *backend = o->net->backend;
  int64_t first = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = o->net->size[p], n_block = blocks_of(size);
    if (!size) continue;
    adam_args adam = {.weight = weight->at[p],
                      .moment1 = o->moment1.at[p],
                      .moment2 = o->moment2.at[p],
                      .gradient = o->gradient.at[p],
                      .target = target ? target->at[p] : NULL,
                      .scale = o->scale,
                      .learns = options->learns,
                      .beta1 = options->beta1,
                      .beta2 = options->beta2,
                      .epsilon = options->epsilon,
                      .tau = tau,
                      .partial = o->partial,
                      .moves = options->moves,
                      .size = size,
                      .n_block = n_block,
                      .n_partial = o->n_partial,
                      .first = first};
    THRONG_TRY(BACKEND_LAUNCH(backend, adam, n_block * o->net->n_agent, &adam));
    first += n_block;
  }
  return THRONG_OK;
}

throng_status parameters_copy(const network *net, const parameter_set *to,
                              const parameter_set *from, const int32_t *which) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = net->size[p], n_block = blocks_of(size);
    if (!size) continue;
    agent_copy_args copy = {to->at[p], from->at[p], which, size, n_block};
    THRONG_TRY(BACKEND_LAUNCH(net->backend, agent_copy, n_block * net->n_agent, &copy));
  }
  return THRONG_OK;
}
