/// An algorithm that stands in no table: a contextual bandit. Each agent fits its network to the
/// rewards of what its lanes were shown just now, by the states that the actor had chosen for, and
/// shows the items of highest expected reward: no replay, no target, no next state. This is all
/// that a further algorithm needs; networks, clocks, exploring, Adam and judging are there.
#ifndef TESTS_BANDIT_H
#define TESTS_BANDIT_H

#include "agent/optimizer.h"
#include "agent/population.h"
#include "kernels/list.h"

typedef struct bandit {
  optimizer optimizer;
  network_scratch scratch;
  network_items shown;
  float *q, *loss, *delta, *d_query, *d_vector;
  float *nothing;  // (n_lane) zeros: what follows counts for nothing
} bandit;

static throng_status bandit_add_arrays(throng_population *a) {
  THRONG_TRY(throng_alloc(&a->own, 1, sizeof(bandit), "bandit"));
  bandit *b = a->own;
  tensor_set *set = &a->scratch;
  const int64_t n = a->n_lane, width = a->net.width;
  b->shown.rows = a->agent_lanes;
  THRONG_TRY(optimizer_register(&b->optimizer, &a->net, &a->weights, set));
  THRONG_TRY(network_add_scratch(&a->net, set, &b->scratch, a->agent_lanes, "bandit"));
#define ADD(slot, ...) \
  THRONG_TRY(tensors_add(set, &b->slot, TENSOR_F32, TENSOR_SHAPE(__VA_ARGS__), "bandit." #slot))
  ADD(shown.feature, n, a->net.n_feature);
  ADD(shown.vector, n, width);
  ADD(shown.bias, n);
  ADD(q, n);
  ADD(loss, n);
  ADD(delta, n);
  ADD(d_query, n, width);
  ADD(d_vector, n, width);
  ADD(nothing, n);
#undef ADD
  return THRONG_OK;
}

static throng_status bandit_start(throng_population *a, agent_range range) {
  (void)a, (void)range;
  return THRONG_OK;
}

static int bandit_kind_of_step(const throng_population *a) {
  for (int32_t i = 0; i < a->n_agent; ++i)
    if (clocks_due(a, i, 1)) return STEP_LEARNS;
  return STEP_ACTS;
}

static throng_status bandit_learn(throng_population *a) {
  bandit *b = a->own;
  const network *n = &a->net;
  const network_pass *pass = agent_actor_pass(a->actor);
  parameter_set *g = &b->optimizer.gradient;
  THRONG_TRY(n->table->item_vectors(n, &a->weight, a->sim->action, &b->shown));
  td_error_args error = {.query = pass->query,
                         .vector = b->shown.vector,
                         .bias = b->shown.bias,
                         .value = pass->value,
                         .next_best = b->nothing,
                         .reward = a->sim->reward,
                         .discount = b->nothing,
                         .q = b->q,
                         .loss = b->loss,
                         .delta = b->delta,
                         .d_query = b->d_query,
                         .d_vector = b->d_vector,
                         .batch = a->agent_lanes,
                         .width = n->width};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, td_error, a->n_lane, &error));
  THRONG_TRY(population_add_losses(a, b->loss, b->q, a->agent_lanes, NULL));
  THRONG_TRY(n->table->item_gradients(n, a->sim->action, &b->shown, b->d_vector, b->delta,
                                      &b->scratch, g));
  THRONG_TRY(n->table->backward(n, &a->weight, pass, b->d_query, b->delta, &b->scratch, g));
  return population_step_weights(a, &b->optimizer, NULL);
}

static const agent_algorithm algorithm_bandit = {
    .name = "bandit",
    .title = "bandit",
    .add_arrays = bandit_add_arrays,
    .start = bandit_start,
    .choose = actor_choose_by_epsilon,
    .kind_of_step = bandit_kind_of_step,
    .learn = bandit_learn,
};

#endif
