/// What algorithms share: the catalogue under the present weights, statistics, a step of the
/// weights.
#include "agent/optimizer.h"
#include "agent/population.h"
#include "kernels/list.h"

throng_status population_refresh(throng_population *a, const int32_t *wanted) {
  if (a->current & CURRENT_CATALOGUE) return THRONG_OK;
  THRONG_TRY(population_make_catalogue(a, &a->weight, &a->catalogue, a->stale, wanted, NULL));
  if (!wanted) a->current |= CURRENT_CATALOGUE;
  return THRONG_OK;
}

throng_status population_make_catalogue(throng_population *a, const parameter_set *w, catalogue *c,
                                        int32_t *stale, const int32_t *wanted, const float *tau) {
  const network some = network_of(&a->net, a->catalogue_rows);
  if (a->net.table->catalogue) {
    catalogue_due_args due = {stale, wanted, tau, a->catalogue_rows, a->net.n_item};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, catalogue_due, a->n_agent, &due));
  }
  const throng_status status = catalogue_refresh(&some, w, c);
  if (status == THRONG_ERROR_CANCELLED)  // half made, though no flag says so any more
    THRONG_TRY(population_weights_moved(a, (agent_range){0, a->n_agent}));
  return status;
}

throng_status population_add_losses(throng_population *a, const float *loss, const float *q,
                                    int64_t rows, const int32_t *used) {
  batch_mean_args mean = {.loss = loss,
                          .q = q,
                          .used = used,
                          .learns = a->clock.learns,
                          .batch_loss = a->sums.last_loss,
                          .loss_sum = a->sums.loss,
                          .q_sum = a->sums.q,
                          .n_sum = a->sums.n,
                          .batch = rows};
  return BACKEND_LAUNCH(a->backend, batch_mean, a->n_agent, &mean);
}

optimizer_options population_optimizer_options(const throng_population *a, int64_t *update) {
  return (optimizer_options){.learning_rate = a->option.learning_rate,
                             .beta1 = a->option.beta1,
                             .beta2 = a->option.beta2,
                             .epsilon = a->option.adam_epsilon,
                             .max_norm = a->option.max_grad_norm,
                             .anneal = a->option.anneal_lr,
                             .steps = a->clock.steps,
                             .total_steps = a->option.total_steps,
                             .agent_lanes = a->agent_lanes,
                             .learns = a->clock.learns,
                             .update = update,
                             .norm_sum = a->sums.norm};
}

throng_status population_step_weights(throng_population *a, optimizer *o,
                                      const parameter_set *target) {
  optimizer_options options = population_optimizer_options(a, a->clock.updates);
  options.moves = a->moves;
  THRONG_TRY(optimizer_measure(o, NULL, &options));
  THRONG_TRY(clocks_judge(a, &o->scale->norm, sizeof(adam_scale) / sizeof(float)));
  THRONG_TRY(optimizer_step(o, &options, &a->weight, target, a->option.tau));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return THRONG_OK;
}
