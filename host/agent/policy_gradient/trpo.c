/// Trust region policy optimisation (Schulman et al., ICML 2015), as sb3-contrib has it: a step of
/// the policy along the natural gradient, found by conjugate gradient on Fisher-vector products,
/// as far as the KL divergence and the objective allow; then minibatches for the critic.
#include "agent/policy_gradient/trpo.h"

#include <math.h>

#include "kernels/list.h"

#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &t->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "trust." #slot))

static throng_status add_agents(throng_population *a, trpo *t) {
  tensor_set *set = &a->scratch;
  const int64_t n = a->n_agent;
  ADD(trust.square, F64, n);
  ADD(trust.objective, F64, n);
  ADD(trust.after, F64, n);
  ADD(trust.kl, F64, n);
  ADD(trust.length, F64, n);
  ADD(trust.mean, F64, n);
  ADD(trust.deviation, F64, n);
  ADD(trust.entropy, F64, n);
  ADD(trust.weight, F32, n);
  ADD(trust.alpha, F32, n);
  ADD(trust.minus_alpha, F32, n);
  ADD(trust.beta, F32, n);
  ADD(trust.step, F32, n);
  ADD(trust.live, I32, n);
  ADD(trust.searching, I32, n);
  ADD(trust.left, I32, n);
  ADD(trust.accepted, I32, n);
  ADD(taking, I32, n);
  ADD(reverted, I32, n);
  ADD(norm, F32, n);
  ADD(partial, F64, n, optimizer_blocks(&a->net));
  return THRONG_OK;
}

static throng_status add_vectors(throng_population *a, trpo *t) {
  const struct {
    parameter_set *set;
    const char *name;
  } vector[] = {{&t->begun, "begun"},
                {&t->direction, "direction"},
                {&t->residual, "residual"},
                {&t->along, "along"},
                {&t->product, "product"}};
  for (size_t k = 0; k < sizeof vector / sizeof *vector; ++k)
    THRONG_TRY(network_add_parameters(&a->net, &a->scratch, vector[k].set, vector[k].name,
                                      (double)-INFINITY));
  return THRONG_OK;
}

static throng_status take_part(throng_population *a, const int32_t *which, int64_t first);

static throng_status trpo_add_arrays(throng_population *a) {
  const int64_t steps = a->def.n_steps * a->agent_lanes;
  const int64_t most = a->def.batch > TRUST_ROWS ? a->def.batch : (int64_t)TRUST_ROWS;
  const int64_t rows = steps < most ? steps : most, all = rows * a->n_agent;
  tensor_set *set = &a->scratch;
  void *own;
  THRONG_TRY(throng_alloc(&own, 1, sizeof(trpo), "TRPO"));
  trpo *t = own;
  t->of.minibatches = t->of.critic_alone = true;
  t->part = take_part;
  THRONG_TRY(policy_gradient_add_arrays(a, &t->of, rows));
  THRONG_TRY(add_agents(a, t));
  THRONG_TRY(add_vectors(a, t));
  THRONG_TRY(catalogue_register(&a->net, set, &t->begun_catalogue, 2));
  THRONG_TRY(catalogue_register(&a->net, set, &t->along_catalogue, 3));
  THRONG_TRY(catalogue_register_tile(&a->net, set, &t->tile, "trust.tile"));
  THRONG_TRY(network_add_tangent(&a->net, set, &t->tangent, rows, "trust.tangent"));
  ADD(query, F32, all, a->net.width);
  ADD(total, F32, all);
  ADD(kl, F64, all);
  return THRONG_OK;
}
#undef ADD

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
    vector_dot_args args = {x->at[p], y->at[p], trpo_of(a)->partial,       which,
                            size,     n_block,  optimizer_blocks(&a->net), first};
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
                          .norm = t->norm,
                          .partial = t->partial,
                          .n_partial = optimizer_blocks(&a->net),
                          .learns = t->taking,
                          .cg_max_steps = a->option.cg_max_steps};
}

// --- the rollout in parts ------------------------------------------------------------------------

static trust_rows rows_of(const throng_population *a) {
  return (trust_rows){rollout_view_of(a), a->option.sub_sampling_factor, trpo_of(a)->taking};
}

/// States of the longest rollout of any agent.
static int64_t most_states(const throng_population *a) {
  int64_t most = 0;
  for (int32_t i = 0; i < a->n_agent; ++i) {
    const throng_agent_def *own = &a->own_def[i];
    const int64_t n = rollout_minibatches(own->n_steps * a->agent_lanes, own->sub_sampling_factor);
    most = n > most ? n : most;
  }
  return most;
}

/// See trpo.part.
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
                        .entropy = b->score.entropy,
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
  parameter_set *g = &t->of.optimizer.gradient;
  const int64_t n = most_states(a);
  THRONG_TRY(clear(a, &t->residual));
  THRONG_TRY(population_refresh(a, NULL));
  for (int64_t first = 0; first < n; first += TRUST_ROWS) {
    THRONG_TRY(t->part(a, t->taking, first));
    THRONG_TRY(policy_evaluate(a, &a->weight, &a->catalogue));
    THRONG_TRY(sum_part(a, t->taking, NULL, first));
    THRONG_TRY(policy_gradients(a, &a->weight, &a->catalogue, g));
    THRONG_TRY(mix(a, &t->residual, g, NULL, NULL, a->clock.rows));  // others' is of before
  }
  return THRONG_OK;
}

throng_status trpo_fisher(throng_population *a, const parameter_set *along, const int32_t *which,
                          bool damped) {
  trpo *t = trpo_of(a);
  rollout_batch *b = &t->of.batch;
  parameter_set *g = &t->of.optimizer.gradient;
  const catalogue d_catalogue = {g->at[PARAMETER_ITEM_VECTOR], g->at[PARAMETER_ITEM_BIAS]};
  const int64_t states = most_states(a);
  THRONG_TRY(clear(a, &t->product));
  THRONG_TRY(catalogue_refresh(&a->net, along, &t->along_catalogue));
  for (int64_t first = 0; first < states; first += TRUST_ROWS) {
    THRONG_TRY(t->part(a, which, first));
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
                                    .d_catalogue = &d_catalogue};
    THRONG_TRY(catalogue_fisher(&n, t->tile, b->rows, &mask, &product));
    THRONG_TRY(policy_backward(a, &a->weight, g));
    THRONG_TRY(mix(a, &t->product, g, NULL, NULL, a->clock.rows));
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
    THRONG_TRY(t->part(a, which, first));
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

// --- the algorithm -------------------------------------------------------------------------------

/// The agents whose rollouts have ended: advantages, then a step of their policies.
static throng_status trpo_close(throng_population *a) {
  trpo *t = trpo_of(a);
  THRONG_TRY(rollout_close(a));
  trust_begin_args begin = {rows_of(a), t->trust, t->of.advantage, a->def.n_steps};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_begin, a->n_agent, &begin));
  THRONG_TRY(trpo_gradient(a));
  THRONG_TRY(trpo_direction(a));
  THRONG_TRY(trpo_search(a));
  trust_finish_args finish = {rollout_view_of(a), t->trust, a->sums.last_loss, t->norm,
                              a->sums.policy,     a->sums.n};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, trust_finish, a->n_agent, &finish));
  return clocks_judge(a, t->norm, 1);
}

/// The critic alone: the norm is that of its own gradient.
static throng_status step_critic(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  optimizer *o = &p->critic_optimizer;
  const optimizer_options options = population_optimizer_options(a, p->taken);
  o->partial = p->optimizer.partial;
  o->scale = p->optimizer.scale;
  THRONG_TRY(optimizer_measure(o, NULL, &options));
  THRONG_TRY(clocks_judge(a, &o->scale->norm, sizeof(adam_scale) / sizeof(float)));
  return optimizer_step(o, &options, &p->critic_weight, NULL, NULL);
}

/// A minibatch for the critic.
static throng_status trpo_learn(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  THRONG_TRY(rollout_draw(a));
  const network n = network_of(&a->net, a->clock.rows);
  THRONG_TRY(n.table->features(&n, &b->state));
  THRONG_TRY(critic_evaluate(a, &p->critic_weight));
  critic_loss_args loss = {b->critic.value, b->target,  a->clock.rows,
                           b->squares,      b->d_value, b->rows};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, critic_loss, b->rows * a->n_agent, &loss));
  batch_sum_args sum = {.x = {b->squares, b->critic.value},
                        .sum = p->sum,
                        .used = a->clock.rows,
                        .batch = b->rows,
                        .n_column = 2};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, batch_sum, (int64_t)a->n_agent * 2, &sum));
  critic_judge_args judge = {.sum = p->sum,
                             .clock = a->clock,
                             .trust = trpo_of(a)->trust,
                             .batch_loss = a->sums.last_loss,
                             .loss_sum = a->sums.loss,
                             .q_sum = a->sums.q,
                             .stats = a->sums.policy,
                             .n_sum = a->sums.n};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, critic_judge, a->n_agent, &judge));
  THRONG_TRY(critic_gradients(a, &p->critic_weight, false, &p->critic_optimizer.gradient));
  return step_critic(a);
}

static int64_t trpo_turns(const throng_population *a, const throng_agent_def *own) {
  return own->n_critic_updates * rollout_minibatches(own->n_steps * a->agent_lanes, own->batch);
}

const agent_algorithm algorithm_trpo = {
    .name = "trpo",
    .title = "TRPO",
    .add_arrays = trpo_add_arrays,
    .fill = policy_gradient_fill,
    .start = policy_gradient_start,
    .choose = policy_gradient_choose,
    .kind_of_step = policy_gradient_kind_of_step,
    .learn = trpo_learn,
    .explain = policy_gradient_explain,
    .rolls = true,
    .logs_log_prob = true,
    .turns = trpo_turns,
    .close = trpo_close,
};
