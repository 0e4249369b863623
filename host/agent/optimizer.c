/// Adam over a set of parameters: norm of the gradient, scales of the agents, every weight.
#include "agent/optimizer.h"

#include <math.h>
#include <stdio.h>

#include "kernels/list.h"

static int64_t blocks_of(int64_t size) { return (size + ADAM_BLOCK - 1) / ADAM_BLOCK; }

int64_t optimizer_blocks(const network *net) {
  int64_t n = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) n += blocks_of(net->size[p]);
  return n;
}

static throng_status register_arrays(optimizer *o, const network *net, const char *prefix,
                                     tensor_set *saved, tensor_set *scratch) {
  char name[3][32];
  static const char *const of[] = {"moment1", "moment2", "gradient"};
  for (int k = 0; k < 3; ++k) snprintf(name[k], sizeof name[k], "%s%s", prefix, of[k]);
  o->net = net;
  THRONG_TRY(network_add_parameters(net, saved, &o->moment1, name[0], -INFINITY));
  // Means of squares, of which the root is taken.
  THRONG_TRY(network_add_parameters(net, saved, &o->moment2, name[1], 0));
  return network_add_parameters(net, scratch, &o->gradient, name[2], -INFINITY);
}

static throng_status register_norm(optimizer *o, tensor_set *scratch) {
  const int64_t n_agent = o->net->n_agent;
  THRONG_TRY(tensors_add(scratch, &o->partial, TENSOR_F64, TENSOR_SHAPE(n_agent, o->n_partial),
                         "optimizer.partial"));
  return tensors_add(scratch, &o->scale, TENSOR_F32, TENSOR_SHAPE(n_agent, 4), "optimizer.scale");
}

throng_status optimizer_register(optimizer *o, const network *net, tensor_set *saved,
                                 tensor_set *scratch) {
  THRONG_TRY(register_arrays(o, net, "", saved, scratch));
  o->n_partial = optimizer_blocks(net);
  return register_norm(o, scratch);
}

throng_status optimizer_register_both(optimizer *o, const network *net, optimizer *further,
                                      const network *net_of_further, const char *prefix,
                                      tensor_set *saved, tensor_set *scratch) {
  THRONG_TRY(register_arrays(o, net, "", saved, scratch));
  THRONG_TRY(register_arrays(further, net_of_further, prefix, saved, scratch));
  further->first = optimizer_blocks(net);
  o->n_partial = further->n_partial = further->first + optimizer_blocks(net_of_further);
  return register_norm(o, scratch);
}

/// Of a parameter, see table_rows.
static table_rows rows_of(const optimizer *o, int p) {
  if (p != PARAMETER_USER || o->net->user_width % 8) return (table_rows){NULL, 1};
  return (table_rows){o->user_met, o->net->user_width};
}

static throng_status add_squares(const optimizer *o, double *partial,
                                 const optimizer_options *options) {
  int64_t first = o->first;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = o->net->size[p], n_block = blocks_of(size);
    if (!size) continue;
    square_sum_args square = {o->gradient.at[p], partial,      options->learns, size,
                              n_block,           o->n_partial, first,           rows_of(o, p)};
    THRONG_TRY(BACKEND_LAUNCH(o->net->backend, square_sum, n_block * o->net->n_agent, &square));
    first += n_block;
  }
  return THRONG_OK;
}

throng_status optimizer_measure(optimizer *o, optimizer *further,
                                const optimizer_options *options) {
  THRONG_TRY(add_squares(o, o->partial, options));
  if (further) {
    further->partial = o->partial;
    further->scale = o->scale;
    THRONG_TRY(add_squares(further, o->partial, options));
  }
  adam_scale_args scale = {.partial = o->partial,
                           .n_partial = o->n_partial,
                           .learning_rate = options->learning_rate,
                           .beta1 = options->beta1,
                           .beta2 = options->beta2,
                           .max_norm = options->max_norm,
                           .learns = options->learns,
                           .rms = options->rms,
                           .anneal = options->anneal,
                           .steps = options->steps,
                           .total_steps = options->total_steps,
                           .agent_lanes = options->agent_lanes,
                           .update = options->update,
                           .scale = o->scale,
                           .norm_sum = options->norm_sum};
  return BACKEND_LAUNCH(o->net->backend, adam_scale, o->net->n_agent, &scale);
}

throng_status optimizer_step(optimizer *o, const optimizer_options *options,
                             const parameter_set *weight, const parameter_set *target,
                             const float *tau) {
  throng_backend *backend = o->net->backend;
  int64_t first = o->first;
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
                      .rms = options->rms,
                      .partial = o->partial,
                      .moves = options->moves,
                      .size = size,
                      .n_block = n_block,
                      .n_partial = o->n_partial,
                      .first = first,
                      .rows = rows_of(o, p)};
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
