/// Trust region policy optimisation (Schulman et al., ICML 2015), as sb3-contrib has it: a step of
/// the policy along the natural gradient, found by conjugate gradient on Fisher-vector products,
/// as far as the KL divergence and the objective allow; then minibatches for the critic.
#include "agent/policy_gradient/trpo.h"

#include <math.h>

#include "kernels/list.h"

// --- vectors -------------------------------------------------------------------------------------

static int64_t blocks_of(int64_t size) { return (size + ADAM_BLOCK - 1) / ADAM_BLOCK; }

/// to = keep to + add from, of the agents in `which`; keep, add (n_agent), NULL: 1.
static throng_status mix(const throng_population *a, const parameter_set *to,
                         const parameter_set *from, const float *keep, const float *add,
                         const int32_t *which) {
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = a->net.size[p], n_block = blocks_of(size);
    if (!size) continue;
    vector_mix_args args = {to->at[p], from->at[p], keep, add, which, size, n_block};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, vector_mix, n_block * a->n_agent, &args));
  }
  return THRONG_OK;
}

/// Partial sums of x . y, and what the sums are for.
static throng_status dot(throng_population *a, const parameter_set *x, const parameter_set *y,
                         const int32_t *which) {
  int64_t first = 0;
  for (int p = 0; p < PARAMETER_COUNT; ++p) {
    const int64_t size = a->net.size[p], n_block = blocks_of(size);
    if (!size) continue;
    vector_dot_args args = {x->at[p], y->at[p], trpo_of(a)->partial,      which, size,
                            n_block,  optimizer_blocks(&a->net), first};
    THRONG_TRY(BACKEND_LAUNCH(a->backend, vector_dot, n_block * a->n_agent, &args));
    first += n_block;
  }
  return THRONG_OK;
}

static throng_status clear(const throng_population *a, const parameter_set *set) {
  for (int p = 0; p < PARAMETER_COUNT; ++p)
    if (a->net.size[p])
      THRONG_TRY(a->backend->ops->zero(a->backend, set->at[p],
                                       sizeof(float) * (size_t)(a->net.size[p] * a->n_agent)));
  return THRONG_OK;
}

static conjugate_args sums_of(const throng_population *a) {
  const trpo *t = trpo_of(a);
  return (conjugate_args){.trust = t->trust,
                          .partial = t->partial,
                          .n_partial = optimizer_blocks(&a->net),
                          .learns = t->taking,
                          .cg_max_steps = a->option.cg_max_steps};
}

// --- the rollout in parts ------------------------------------------------------------------------

static trust_rows rows_of(const throng_population *a) {
  return (trust_rows){policy_gradient_view(a), a->option.sub_sampling_factor, trpo_of(a)->taking};
}

/// States of the longest rollout of any agent.
static int64_t most_states(const throng_population *a) {
  int64_t most = 0;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    const int64_t n =
        rollout_minibatches(own->n_steps * a->agent_lanes, own->sub_sampling_factor);
    most = n > most ? n : most;
  }
  return most;
}

/// The states of the agents in `which` from number `first` on.
static throng_status take_part(throng_population *a, const int32_t *which, int64_t first) {
  rollout_batch *b = &trpo_of(a)->of.batch;
  trust_place_args place = {.rows = rows_of(a),
                            .which = which,
                            .used = a->clock.rows,
                            .first = first,
                            .most = TRUST_ROWS,
                            .batch = b->rows,
                            .lane = b->lane,
                            .time = b->time};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_place, b->rows * a->n_agent, &place));
  return rollout_rebuild(a);
}

static throng_status sum_part(throng_population *a, const int32_t *which, const double *kl,
                              int64_t first) {
  trpo *t = trpo_of(a);
  rollout_batch *b = &t->of.batch;
  trust_sum_args sum = {.trust = t->trust,
                        .log_prob = b->score.log_prob,
                        .old_log_prob = b->old_log_prob,
                        .advantage = b->advantage,
                        .kl = kl,
                        .d_log_prob = b->d_log_prob,
                        .d_entropy = b->d_entropy,
                        .which = which,
                        .used = a->clock.rows,
                        .normalize = a->option.normalize_advantage,
                        .rows = b->rows,
                        .first = first == 0};
  return BACKEND_LAUNCH(a->backend, trust_sum, a->n_agent, &sum);
}

throng_status trpo_gradient(throng_population *a) {
  trpo *t = trpo_of(a);
  const parameter_set *g = &t->of.optimizer.gradient;
  const int64_t n = most_states(a);
  THRONG_TRY(clear(a, &t->residual));
  THRONG_TRY(population_refresh(a, NULL));
  for (int64_t first = 0; first < n; first += TRUST_ROWS) {
    THRONG_TRY(take_part(a, t->taking, first));
    THRONG_TRY(policy_evaluate(a, &a->weight, &a->catalogue));
    THRONG_TRY(sum_part(a, t->taking, NULL, first));
    THRONG_TRY(policy_gradients(a, &a->weight, &a->catalogue, g));
    THRONG_TRY(mix(a, &t->residual, g, NULL, NULL, t->taking));
  }
  return THRONG_OK;
}

throng_status trpo_fisher(throng_population *a, const parameter_set *along, const int32_t *which,
                          bool damped) {
  trpo *t = trpo_of(a);
  rollout_batch *b = &t->of.batch;
  const parameter_set *g = &t->of.optimizer.gradient;
  const int64_t states = most_states(a);
  THRONG_TRY(clear(a, &t->product));
  THRONG_TRY(catalogue_refresh(&a->net, along, &t->along_catalogue));
  for (int64_t first = 0; first < states; first += TRUST_ROWS) {
    THRONG_TRY(take_part(a, which, first));
    THRONG_TRY(policy_evaluate(a, &a->weight, &a->catalogue));
    const network n = network_of(&a->net, a->clock.rows);
    THRONG_TRY(n.table->tangent(&n, &a->weight, along, &b->state, &t->tangent));
    const best_mask mask = rollout_mask(a);
    const fisher_product product = {.at = {b->state.query, &a->catalogue, b->score.total},
                                    .along = {t->tangent.query, &t->along_catalogue, NULL},
                                    .weight = t->trust.weight,
                                    .ones = b->score.ones,
                                    .mean = t->kl,
                                    .d_query = b->d_query,
                                    .d_catalogue = policy_slopes(a, g)};
    THRONG_TRY(catalogue_fisher(&n, t->tile, b->rows, &mask, &product));
    THRONG_TRY(policy_backward(a, &a->weight, g));
    THRONG_TRY(mix(a, &t->product, g, NULL, NULL, which));
  }
  return damped ? mix(a, &t->product, along, NULL, a->option.cg_damping, which) : THRONG_OK;
}

// --- conjugate gradient --------------------------------------------------------------------------

/// The most of any agent's: calls are the same for all, and who has had enough stands still.
static int32_t most_of(const throng_population *a, size_t offset) {
  int32_t most = 0;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const int32_t own = *(const int32_t *)(const void *)((const char *)&a->own_def[i] + offset);
    most = own > most ? own : most;
  }
  return most;
}

/// Is nobody left? On a device nobody looks.
static bool none_of(const throng_population *a, const int32_t *which) {
  if (!a->backend->host_memory) return false;
  for (int32_t i = 0; i < a->n_agent; ++i)
    if (which[i]) return false;
  return true;
}

throng_status trpo_direction(throng_population *a) {
  trpo *t = trpo_of(a);
  const trust_region *s = &t->trust;
  const conjugate_args sums = sums_of(a);
  const int32_t steps = most_of(a, offsetof(throng_agent_def, cg_max_steps));
  THRONG_TRY(clear(a, &t->direction));
  THRONG_TRY(parameters_copy(&a->net, &t->along, &t->residual, t->taking));
  THRONG_TRY(dot(a, &t->residual, &t->residual, t->taking));
  THRONG_TRY(BACKEND_LAUNCH(a->backend, conjugate_start, a->n_agent, &sums));
  for (int32_t k = 0; k < steps && !none_of(a, s->live); ++k) {
    THRONG_TRY(trpo_fisher(a, &t->along, s->live, true));
    THRONG_TRY(dot(a, &t->along, &t->product, s->live));
    THRONG_TRY(BACKEND_LAUNCH(a->backend, conjugate_alpha, a->n_agent, &sums));
    THRONG_TRY(mix(a, &t->direction, &t->along, NULL, s->alpha, s->live));
    THRONG_TRY(mix(a, &t->residual, &t->product, NULL, s->minus_alpha, s->live));
    THRONG_TRY(dot(a, &t->residual, &t->residual, s->live));
    THRONG_TRY(BACKEND_LAUNCH(a->backend, conjugate_beta, a->n_agent, &sums));
    THRONG_TRY(mix(a, &t->along, &t->residual, s->beta, NULL, s->live));
  }
  return THRONG_OK;
}

// --- line search ---------------------------------------------------------------------------------

/// Objective and divergence of the weights as they are, of the agents that search.
static throng_status try_step(throng_population *a) {
  trpo *t = trpo_of(a);
  rollout_batch *b = &t->of.batch;
  const backend_ops *ops = a->backend->ops;
  const int64_t states = most_states(a), all = b->rows * a->n_agent;
  const int32_t *which = t->trust.searching;
  for (int64_t first = 0; first < states; first += TRUST_ROWS) {
    THRONG_TRY(take_part(a, which, first));
    THRONG_TRY(policy_evaluate(a, &t->begun, &t->begun_catalogue));
    THRONG_TRY(ops->copy(a->backend, t->total, b->score.total, sizeof(float) * (size_t)all));
    THRONG_TRY(ops->copy(a->backend, t->query, b->state.query,
                         sizeof(float) * (size_t)(all * a->net.width)));
    THRONG_TRY(policy_evaluate(a, &a->weight, &a->catalogue));
    const network n = network_of(&a->net, a->clock.rows);
    const best_mask mask = rollout_mask(a);
    const softmax_side from = {t->query, &t->begun_catalogue, t->total};
    const softmax_side to = {b->state.query, &a->catalogue, b->score.total};
    THRONG_TRY(catalogue_divergence(&n, t->tile, b->rows, &mask, &from, &to, t->kl));
    THRONG_TRY(sum_part(a, which, t->kl, first));
  }
  trust_judge_args judge = {t->trust, a->option.target_kl, a->option.line_search_shrinking_factor};
  return BACKEND_LAUNCH(a->backend, trust_judge, a->n_agent, &judge);
}

/// The weights of the agents in `which` begin anew and go `step` along the direction.
static throng_status place_weights(throng_population *a, const int32_t *which, const float *step) {
  trpo *t = trpo_of(a);
  THRONG_TRY(parameters_copy(&a->net, &a->weight, &t->begun, which));
  if (step) THRONG_TRY(mix(a, &a->weight, &t->direction, NULL, step, which));
  trust_moved_args moved = {which, a->stale};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_moved, a->n_agent, &moved));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return population_refresh(a, NULL);
}

throng_status trpo_search(throng_population *a) {
  trpo *t = trpo_of(a);
  trust_length_args length = {sums_of(a), a->option.target_kl, a->option.line_search_max_iter};
  const int32_t tries = most_of(a, offsetof(throng_agent_def, line_search_max_iter));
  THRONG_TRY(trpo_fisher(a, &t->direction, t->taking, true));
  THRONG_TRY(dot(a, &t->direction, &t->product, t->taking));
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_length, a->n_agent, &length));
  THRONG_TRY(parameters_copy(&a->net, &t->begun, &a->weight, t->taking));
  THRONG_TRY(catalogue_refresh(&a->net, &t->begun, &t->begun_catalogue));
  for (int32_t k = 0; k < tries && !none_of(a, t->trust.searching); ++k) {
    THRONG_TRY(place_weights(a, t->trust.searching, t->trust.step));
    THRONG_TRY(try_step(a));
  }
  trust_revert_args revert = {t->trust, t->taking, t->reverted};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_revert, a->n_agent, &revert));
  return place_weights(a, t->reverted, NULL);
}
