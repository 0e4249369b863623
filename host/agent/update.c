/// What algorithms share: the catalogue under the present weights, statistics, a step of the
/// weights.
#include "agent/optimizer.h"
#include "agent/population.h"
#include "kernels/list.h"

throng_status population_refresh(throng_population *a) {
  if (!(a->current & CURRENT_CATALOGUE))
    THRONG_TRY(catalogue_refresh(&a->net, &a->weight, &a->catalogue));
  a->current |= CURRENT_CATALOGUE;
  return THRONG_OK;
}

throng_status population_add_losses(throng_population *a, const float *loss, const float *q,
                                    int64_t rows) {
  batch_mean_args mean = {.loss = loss,
                          .q = q,
                          .learns = a->clock.learns,
                          .batch_loss = a->sums.last_loss,
                          .loss_sum = a->sums.loss,
                          .q_sum = a->sums.q,
                          .n_sum = a->sums.n,
                          .batch = rows};
  return BACKEND_LAUNCH(a->backend, batch_mean, a->n_agent, &mean);
}

throng_status population_step_weights(throng_population *a, optimizer *o,
                                      const parameter_set *target) {
  const optimizer_options options = {.learning_rate = a->option.learning_rate,
                                     .beta1 = a->option.beta1,
                                     .beta2 = a->option.beta2,
                                     .epsilon = a->option.adam_epsilon,
                                     .max_norm = a->option.max_grad_norm,
                                     .learns = a->clock.learns,
                                     .update = a->clock.updates,
                                     .norm_sum = a->sums.norm};
  THRONG_TRY(optimizer_measure(o, &options));
  THRONG_TRY(clocks_judge(a, &o->scale->norm, sizeof(adam_scale) / sizeof(float)));
  THRONG_TRY(optimizer_step(o, &options, &a->weight, target, a->option.tau));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return THRONG_OK;
}
