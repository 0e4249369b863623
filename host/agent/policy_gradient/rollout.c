/// Rollouts: what followed them, their advantages, and minibatches of them.
#include "agent/policy_gradient/policy_gradient.h"
#include "kernels/list.h"

rollout_view rollout_view_of(const throng_population *a) {
  const policy_gradient *p = policy_gradient_of(a);
  return (rollout_view){.clock = a->clock,
                        .n_steps = a->option.n_steps,
                        .n_epochs = p->critic_alone  ? a->option.n_critic_updates
                                    : p->minibatches ? a->option.n_epochs
                                                     : NULL,
                        .batch = p->minibatches ? a->option.batch : NULL,
                        .turn = p->turn,
                        .left = p->left,
                        .stopped = p->stopped,
                        .cause = p->cause,
                        .lanes = p->lanes,
                        .items = p->items,
                        .agent_lanes = a->agent_lanes,
                        .n_item = a->net.n_item};
}

/// Values of the states in the actor's pass, of the agents whose rollouts have ended.
static throng_status lane_values(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  network_pass *pass = agent_actor_pass(a->actor);
  const network n = network_of(&a->net, p->lanes), critic = network_of(&p->critic, p->lanes);
  THRONG_TRY(n.table->features(&n, pass));
  return critic_forward(&critic, &p->critic_weight, pass, &p->lane_critic);
}

static rollout_beyond beyond_of(const throng_population *a) {
  return (rollout_beyond){.bootstrap_truncated = a->option.bootstrap_truncated,
                          .fold_leave = a->option.fold_leave,
                          .most_shown = replay_gather_of(a).most_shown,
                          .max_steps = a->sim->def.max_steps};
}

/// Has no lane such an end any more? On a device nobody looks.
static bool none_placed(const throng_population *a) {
  const policy_gradient *p = policy_gradient_of(a);
  if (!a->backend->host_memory) return false;
  for (int64_t lane = 0; lane < a->n_lane; ++lane)
    if (p->lanes[lane / a->agent_lanes] && p->place[lane] >= 0) return false;
  return true;
}

/// The values of the states that episodes ended in, where they are worth it: of each lane the
/// first, the second, and so on. An episode that is truncated takes max_steps; users may leave by
/// chance after any step.
static throng_status value_ends(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  const bool by_chance = a->kinds.folds && a->log.by_chance;
  const int64_t turns =
      by_chance ? a->def.n_steps : 1 + (a->def.n_steps - 1) / a->sim->def.max_steps;
  rollout_ends_args ends = {.from = replay_gather_of(a),
                            .clock = a->clock,
                            .beyond = beyond_of(a),
                            .n_steps = a->option.n_steps,
                            .place = p->place};
  ends.from.state = agent_actor_pass(a->actor)->state;
  ends.from.used = p->lanes;
  ends.from.batch = a->agent_lanes;
  rollout_after_args after = {.place = p->place,
                              .used = p->lanes,
                              .value = p->lane_critic.value,
                              .advantage = p->advantage,
                              .agent_lanes = a->agent_lanes,
                              .most_steps = a->def.n_steps};
  for (ends.turn = 0; ends.turn < turns; ++ends.turn) {
    THRONG_TRY(BACKEND_LAUNCH(a->backend, rollout_ends, a->n_lane, &ends));
    if (by_chance && none_placed(a)) break;
    THRONG_TRY(lane_values(a));
    THRONG_TRY(BACKEND_LAUNCH(a->backend, rollout_after, a->n_lane, &after));
  }
  return THRONG_OK;
}

/// The values of the present states, where rollouts go on beyond their ends.
static throng_status value_present(throng_population *a) {
  THRONG_TRY(agent_actor_look(a->actor, a->sim));
  return lane_values(a);
}

throng_status rollout_close(throng_population *a) {
  policy_gradient *p = policy_gradient_of(a);
  rollout_begin_args begin = {rollout_view_of(a), a->sim->halted};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, rollout_begin, a->n_agent, &begin));
  THRONG_TRY(value_ends(a));
  THRONG_TRY(value_present(a));
  advantage_args advantage = {.log = a->log,
                              .clock = a->clock,
                              .n_steps = a->option.n_steps,
                              .gamma = a->option.gamma,
                              .gae_lambda = a->option.gae_lambda,
                              .reward_scale = a->option.reward_scale,
                              .beyond = beyond_of(a),
                              .used = p->lanes,
                              .value = p->lane_critic.value,
                              .advantage = p->advantage,
                              .sums = p->lane_sums,
                              .agent_lanes = a->agent_lanes,
                              .most_steps = a->def.n_steps};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, advantage, a->n_lane, &advantage));
  rollout_judge_args judge = {.sums = p->lane_sums,
                              .n_steps = a->option.n_steps,
                              .used = p->lanes,
                              .cause = p->cause,
                              .explained = a->sums.explained,
                              .n = a->sums.n_explained,
                              .agent_lanes = a->agent_lanes};
  return BACKEND_LAUNCH(a->backend, rollout_judge, a->n_agent, &judge);
}

throng_status rollout_rebuild(throng_population *a) {
  const policy_gradient *p = policy_gradient_of(a);
  const rollout_batch *b = &p->batch;
  rollout_gather_args gather = {.from = replay_gather_of(a),
                                .clock = a->clock,
                                .n_steps = a->option.n_steps,
                                .advantage = p->advantage,
                                .most_steps = a->def.n_steps,
                                .action = b->action,
                                .taken = b->advantage,
                                .old_value = b->old_value,
                                .target = b->target,
                                .old_log_prob = b->old_log_prob};
  gather.from.batch = b->rows;
  gather.from.used = a->clock.rows;
  gather.from.lane = b->lane;
  gather.from.time = b->time;
  gather.from.state = b->state.state;
  gather.from.shown = b->shown;
  return BACKEND_LAUNCH(a->backend, rollout_gather, b->rows * a->n_agent, &gather);
}

throng_status rollout_draw(throng_population *a) {
  const rollout_batch *b = &policy_gradient_of(a)->batch;
  rollout_next_args next = {rollout_view_of(a)};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, rollout_next, a->n_agent, &next));
  rollout_place_args place = {.rollout = next.rollout,
                              .seed = a->option.seed,
                              .used = a->clock.rows,
                              .batch = b->rows,
                              .lane = b->lane,
                              .time = b->time};
  THRONG_TRY(BACKEND_LAUNCH(a->backend, rollout_place, b->rows * a->n_agent, &place));
  return rollout_rebuild(a);
}

best_mask rollout_mask(const throng_population *a) {
  const rollout_batch *b = &policy_gradient_of(a)->batch;
  best_mask mask = {0};
  if (a->sim->def.mask_seen) mask.shown = b->shown.entry ? b->shown : b->state.state;
  if (a->sim->def.mask == THRONG_MASK_ALL) {
    const world_view *world = &a->sim->device.view;
    mask.shown.user = b->state.state.user;
    mask.real = (real_histories){world->user_offset, world->history};
  }
  return mask;
}
