/// Policy gradients: arrays, acting, and an update of PPO or A2C.
#include "agent/policy_gradient/policy_gradient.h"

#include <stdio.h>

#include "agent/network/layers.h"
#include "base/numbers.h"
#include "kernels/list.h"

static throng_status add_batch(throng_population *a, rollout_batch *b) {
  tensor_set *set = &a->scratch;
  const int64_t n = b->rows * a->n_agent;
  THRONG_TRY(network_add_pass(&a->net, set, &b->state, b->rows, a->history, "batch.state"));
  THRONG_TRY(network_add_scratch(&a->net, set, &b->scratch, b->rows, "batch"));
  THRONG_TRY(softmax_register(&a->net, set, &b->score, b->rows, a->slate, "batch"));
  THRONG_TRY(softmax_register_kept(&a->net, set, &b->score, CATALOGUE_KEPT, "batch"));
  THRONG_TRY(replay_add_shown(a, set, &b->shown, b->rows, "batch.shown"));
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &b->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "batch." #slot))
  ADD(lane, I32, n);
  ADD(time, I64, n);
  ADD(action, I32, n, a->slate);
  ADD(advantage, F32, n);
  ADD(target, F32, n);
  ADD(old_value, F32, n);
  if (a->algorithm->logs_log_prob) ADD(old_log_prob, F32, n);
  ADD(loss, F32, n);
  ADD(policy, F32, n);
  ADD(squares, F32, n);
  ADD(kl, F32, n);
  ADD(beyond, F32, n);
  ADD(d_log_prob, F32, n);
  ADD(d_entropy, F32, n);
  ADD(d_value, F32, n);
  ADD(d_query, F32, n, a->net.width);
  ADD(nothing, F32, n);
#undef ADD
  return THRONG_OK;
}

/// The critic, its passes and both optimisers.
static throng_status add_networks(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  tensor_set *set = &a->scratch;
  critic_init(&p->critic, &a->net, a->def.ortho_init);
  THRONG_TRY(
      network_add_parameters(&p->critic, &a->weights, &p->critic_weight, "critic", -INFINITY));
  THRONG_TRY(optimizer_register_both(&p->optimizer, &a->net, &p->critic_optimizer, &p->critic,
                                     "critic_", &a->weights, set));
  THRONG_TRY(tensors_add(&a->weights, &p->taken, TENSOR_I64, TENSOR_SHAPE(a->n_agent), "taken"));
  tensors_within(&a->weights, 0, CLOCK_MOST);
  THRONG_TRY(critic_add_pass(&p->critic, &p->batch.state, set, &p->batch.critic, "batch.critic"));
  THRONG_TRY(
      network_add_scratch(&p->critic, set, &p->batch.critic_scratch, p->batch.rows, "critic"));
  const network_pass lanes = {.rows = a->agent_lanes};
  THRONG_TRY(critic_add_pass(&p->critic, &lanes, set, &p->lane_critic, "lanes"));
  if (!a->algorithm->logs_log_prob) return THRONG_OK;
  return softmax_register(&a->net, set, &p->lane_score, a->agent_lanes, a->slate, "lanes");
}

/// Grouping of a batch's states and entries counts in 32 bits.
static throng_status check_rows(const throng_population *a, int64_t rows) {
  const int64_t each = a->net.table->groups_entries ? a->history : 1;
  if (rows * each * a->n_agent < INT32_MAX) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "agent.n_steps: %d agents times %lld states of a batch is past 2^31; give "
                     "fewer lanes or shorter rollouts",
                     a->n_agent, (long long)(rows * each));
}

throng_status policy_gradient_add_arrays(throng_population *a, policy_gradient *own, int64_t rows) {
  policy_gradient *p = own;
  tensor_set *set = &a->scratch;
  a->own = own;
  THRONG_TRY(check_rows(a, rows));
  p->batch.rows = rows;
  THRONG_TRY(add_batch(a, &p->batch));
  THRONG_TRY(add_networks(a));
#define ADD(slot, type, ...) \
  THRONG_TRY(tensors_add(set, &p->slot, TENSOR_##type, TENSOR_SHAPE(__VA_ARGS__), "rollout." #slot))
  ADD(advantage, F32, a->n_lane, a->def.n_steps);
  ADD(lane_sums, F64, a->n_lane, sizeof(advantage_sums) / sizeof(double));
  ADD(place, I32, a->n_lane);
  ADD(turn, I32, a->n_agent);
  ADD(left, I32, a->n_agent);
  ADD(stopped, I32, a->n_agent);
  ADD(cause, I32, a->n_agent);
  ADD(lanes, I32, a->n_agent);
  ADD(items, I32, a->n_agent);
  ADD(sum, F64, a->n_agent, POLICY_COLUMNS, 2);
#undef ADD
  if (!a->backend->host_memory || !a->net.user_width) return THRONG_OK;
  return tensors_add(set, &a->user_met, TENSOR_F32, TENSOR_SHAPE(a->n_agent, a->net.n_user),
                     "user_met");
}

throng_status policy_gradient_fill(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  // Both networks have a row a user, and are shown the same users.
  p->batch.scratch.user.met = p->batch.critic_scratch.user.met = a->user_met;
  p->optimizer.user_met = p->critic_optimizer.user_met = a->user_met;
  return softmax_fill(&a->net, &p->batch.score);
}

throng_status policy_gradient_start(throng_population *a, agent_range range) {
  policy_gradient *p = policy_gradient_of(a);
  return critic_start_weights(&p->critic, &p->critic_weight, a->option.seed, range.first, range.n);
}

/// What the networks say of the states and items just chosen, into the log; the sums of the
/// policy's softmax are there, or not.
static throng_status log_step(throng_population *a, bool summed) {
  policy_gradient *p = policy_gradient_of(a);
  const network_pass *pass = agent_actor_pass(a->actor);
  const throng_sim *sim = a->sim;
  const int32_t *rows = agent_actor_rows(a->actor);
  const network n = network_of(&a->net, rows), critic = network_of(&p->critic, rows);
  const bool logs = a->algorithm->logs_log_prob;
  const best_mask mask = {.seen = sim->def.mask_seen ? sim->seen : NULL,
                          .n_seen_word = sim->n_seen_word};
  THRONG_TRY(critic_forward(&critic, &p->critic_weight, pass, &p->lane_critic));
  if (logs)
    THRONG_TRY((summed ? catalogue_softmax_of_sums : catalogue_softmax)(
        &n, &a->catalogue, pass->query, &mask, sim->action, &p->lane_score));
  rollout_log_args log = {.log = a->log,
                          .clock = a->clock,
                          .halted = sim->halted,
                          .agent_lanes = a->agent_lanes,
                          .value = p->lane_critic.value,
                          .log_prob = logs ? p->lane_score.log_prob : NULL};
  return BACKEND_LAUNCH(a->backend, rollout_log, a->n_lane, &log);
}

throng_status policy_gradient_choose(throng_population *a, agent_actor *actor, throng_sim *sim,
                                     bool greedy) {
  policy_gradient *p = policy_gradient_of(a);
  const bool logs = actor == a->actor && sim == a->sim && !greedy;
  const bool sums =
      logs && a->algorithm->logs_log_prob && softmax_may_draw(&a->net, &p->lane_score);
  THRONG_TRY(actor_choose_by_softmax(a, actor, sim, greedy, sums ? &p->lane_score : NULL));
  return logs ? log_step(a, sums) : THRONG_OK;
}

int policy_gradient_kind_of_step(const throng_population *a) {
  for (int32_t i = 0; i < a->n_agent; ++i)
    if (clocks_due(a, i, 1)) return STEP_LEARNS;
  return STEP_ACTS;
}

throng_status policy_gradient_explain(throng_population *a, int32_t agent, char *text,
                                      size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  static const char *const cause[] = {
      [POLICY_NO_ADVANTAGE] = "advantages of a rollout are all 0",
      [POLICY_BAD_ADVANTAGE] = "advantages of a rollout are no numbers",
      [POLICY_BAD_ITEM] = "log-probability or entropy of a state is no number",
      [POLICY_FAR] = "KL divergence from the rollout's policy is above 1000"};
  static const char *const advice[] = {
      [POLICY_NO_ADVANTAGE] =
          "every step is worth the same, and there is nothing to learn: look at "
          "the world's likes, agent.gamma and agent.n_steps",
      [POLICY_BAD_ADVANTAGE] = "learning diverged; lower agent.learning_rate or agent.vf_coef",
      [POLICY_BAD_ITEM] =
          "no item was left to choose from (sim.mask, sim.max_steps), or learning "
          "diverged; lower agent.learning_rate",
      [POLICY_FAR] =
          "learning diverged; lower agent.n_epochs or set agent.target_kl, or lower "
          "agent.learning_rate"};
  int32_t k;
  THRONG_TRY(
      a->backend->ops->download(a->backend, &k, policy_gradient_of(a)->cause + agent, sizeof k));
  if (k > POLICY_SOUND && k <= POLICY_FAR)
    snprintf(text, size, "the %s at update %lld: %s (agent.learning_rate is %g)", cause[k],
             (long long)a->host.updates[agent], advice[k], (double)a->own_def[agent].learning_rate);
  return THRONG_OK;
}

static throng_status policy_queries(throng_population *a, const parameter_set *w) {
  rollout_batch *b = &policy_gradient_of(a)->batch;
  const network n = network_of(&a->net, a->clock.rows);
  THRONG_TRY(n.table->features(&n, &b->state));
  return n.table->forward(&n, w, &b->state);
}

throng_status policy_evaluate(throng_population *a, const parameter_set *w, const catalogue *c) {
  rollout_batch *b = &policy_gradient_of(a)->batch;
  const network n = network_of(&a->net, a->clock.rows);
  const best_mask mask = rollout_mask(a);
  THRONG_TRY(policy_queries(a, w));
  return catalogue_softmax(&n, c, b->state.query, &mask, b->action, &b->score);
}

throng_status policy_gradients(throng_population *a, const parameter_set *w, const catalogue *c,
                               parameter_set *g) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  const network n = network_of(&a->net, a->clock.rows);
  const best_mask mask = rollout_mask(a);
  const catalogue d_catalogue = {g->at[PARAMETER_ITEM_VECTOR], g->at[PARAMETER_ITEM_BIAS]};
  THRONG_TRY(catalogue_softmax_gradients(&n, c, b->state.query, &mask, b->action, &b->score,
                                         b->d_log_prob, b->d_entropy, b->d_query, &d_catalogue));
  return policy_backward(a, w, g);
}

throng_status policy_backward(throng_population *a, const parameter_set *w, parameter_set *g) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  const network n = network_of(&a->net, a->clock.rows);
  if (n.table->catalogue_gradients) {
    const network all = network_of(&a->net, p->items);
    THRONG_TRY(n.table->catalogue_gradients(&all, g->at[PARAMETER_ITEM_VECTOR],
                                            g->at[PARAMETER_ITEM_BIAS], g));
  }
  return n.table->backward(&n, w, &b->state, b->d_query, b->nothing, &b->scratch, g);
}

throng_status critic_evaluate(throng_population *a, const parameter_set *w) {
  policy_gradient *p = policy_gradient_of(a);
  const network n = network_of(&p->critic, a->clock.rows);
  return critic_forward(&n, w, &p->batch.state, &p->batch.critic);
}

throng_status critic_gradients(throng_population *a, const parameter_set *w, bool after_actor,
                               parameter_set *g) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  const network n = network_of(&p->critic, a->clock.rows);
  const key_groups *entry = after_actor && a->net.table->groups_entries ? &b->scratch.entry : NULL;
  return critic_backward(&n, w, &b->critic, b->d_value, entry, &b->critic_scratch, g);
}

static throng_status add_sums(throng_population *a, const float *const *x, int32_t n) {
  policy_gradient *p = policy_gradient_of(a);
  batch_sum_args sum = {
      .sum = p->sum, .used = a->clock.rows, .batch = p->batch.rows, .n_column = n};
  for (int32_t k = 0; k < n; ++k) sum.x[k] = x[k];
  return BACKEND_LAUNCH(a->backend, batch_sum, (int64_t)a->n_agent * n, &sum);
}

static policy_loss_args loss_of(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  return (policy_loss_args){.advantage = b->advantage,
                            .target = b->target,
                            .old_value = b->old_value,
                            .old_log_prob = b->old_log_prob,
                            .log_prob = b->score.log_prob,
                            .entropy = b->score.entropy,
                            .value = b->critic.value,
                            .moments = p->sum,
                            .clip_range = a->option.clip_range,
                            .clip_range_vf = a->option.clip_range_vf,
                            .ent_coef = a->option.ent_coef,
                            .vf_coef = a->option.vf_coef,
                            .normalize_advantage = a->option.normalize_advantage,
                            .used = a->clock.rows,
                            .batch = b->rows,
                            .clipped = p->clipped,
                            .loss = b->loss,
                            .policy = b->policy,
                            .squares = b->squares,
                            .kl = b->kl,
                            .beyond = b->beyond,
                            .d_log_prob = b->d_log_prob,
                            .d_entropy = b->d_entropy,
                            .d_value = b->d_value};
}

/// Losses of some of the batch's rows, see softmax_question.
static throng_status judge_rows(void *context, throng_backend *backend, int64_t first,
                                int64_t rows) {
  policy_loss_args loss = *(const policy_loss_args *)context;
  loss.first = first;
  return BACKEND_LAUNCH(backend, policy_loss, rows, &loss);
}

/// The batch's statistics, and who goes on.
static throng_status judge_batch(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  const float *const columns[POLICY_COLUMNS] = {[POLICY_LOSS] = b->loss,
                                                [POLICY_ENTROPY] = b->score.entropy,
                                                [POLICY_GRADIENT_LOSS] = b->policy,
                                                [POLICY_VALUE_LOSS] = b->squares,
                                                [POLICY_KL] = b->kl,
                                                [POLICY_BEYOND] = b->beyond,
                                                [POLICY_VALUE] = b->critic.value};
  THRONG_TRY(add_sums(a, columns, POLICY_COLUMNS));
  policy_judge_args judge = {.sum = p->sum,
                             .target_kl = p->clipped ? a->option.target_kl : NULL,
                             .clock = a->clock,
                             .cause = p->cause,
                             .stopped = p->stopped,
                             .batch_loss = a->sums.last_loss,
                             .loss_sum = a->sums.loss,
                             .q_sum = a->sums.q,
                             .stats = a->sums.policy,
                             .n_sum = a->sums.n};
  return BACKEND_LAUNCH(a->backend, policy_judge, a->n_agent, &judge);
}

/// The policy's losses and gradients: a state's loss is known once its softmax is, so that its
/// scores can be made for both. The critic's values are there.
static throng_status policy_learns(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_batch *b = &p->batch;
  parameter_set *g = &p->optimizer.gradient;
  const network n = network_of(&a->net, a->clock.rows);
  const best_mask mask = rollout_mask(a);
  const catalogue d_catalogue = {g->at[PARAMETER_ITEM_VECTOR], g->at[PARAMETER_ITEM_BIAS]};
  const float *const advantage[] = {b->advantage};
  THRONG_TRY(add_sums(a, advantage, 1));
  policy_loss_args loss = loss_of(a);
  const softmax_question question = {judge_rows, &loss, b->d_log_prob, b->d_entropy,
                                     a->option.ent_coef};
  THRONG_TRY(catalogue_softmax_and_gradients(&n, &a->catalogue, b->state.query, &mask, b->action,
                                             &b->score, &question, b->d_query, &d_catalogue));
  THRONG_TRY(judge_batch(a));
  return policy_backward(a, &a->weight, g);
}

throng_status policy_gradient_gradients(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  THRONG_TRY(population_refresh(a, a->clock.rows));
  THRONG_TRY(policy_queries(a, &a->weight));
  THRONG_TRY(critic_evaluate(a, &p->critic_weight));
  THRONG_TRY(policy_learns(a));
  return critic_gradients(a, &p->critic_weight, true, &p->critic_optimizer.gradient);
}

throng_status policy_gradient_apply(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  optimizer_options options = population_optimizer_options(a, p->taken);
  options.rms = a->option.use_rms_prop;
  THRONG_TRY(optimizer_measure(&p->optimizer, &p->critic_optimizer, &options));
  THRONG_TRY(clocks_judge(a, &p->optimizer.scale->norm, sizeof(adam_scale) / sizeof(float)));
  THRONG_TRY(optimizer_step(&p->optimizer, &options, &a->weight, NULL, NULL));
  THRONG_TRY(optimizer_step(&p->critic_optimizer, &options, &p->critic_weight, NULL, NULL));
  a->current &= ~(unsigned)CURRENT_CATALOGUE;
  return THRONG_OK;
}

throng_status policy_gradient_update(throng_population *a) {
  THRONG_TRY(rollout_draw(a));
  THRONG_TRY(policy_gradient_gradients(a));
  return policy_gradient_apply(a);
}
