/// Proximal policy optimisation (Schulman et al. 2017), as Stable-Baselines3's PPO: minibatches of
/// a rollout in several epochs, clipped ratios.
#include "agent/policy_gradient/policy_gradient.h"

static throng_status ppo_add_arrays(throng_population *a) {
  const int64_t steps = a->def.n_steps * a->agent_lanes;
  void *own;
  THRONG_TRY(throng_alloc(&own, 1, sizeof(policy_gradient), "PPO"));
  ((policy_gradient *)own)->minibatches = true;
  ((policy_gradient *)own)->clipped = true;
  return policy_gradient_add_arrays(a, own, a->def.batch < steps ? a->def.batch : steps);
}

static int64_t ppo_turns(const throng_population *a, const throng_agent_def *own) {
  return own->n_epochs * rollout_minibatches(own->n_steps * a->agent_lanes, own->batch);
}

const agent_algorithm algorithm_ppo = {
    .name = "ppo",
    .title = "PPO",
    .add_arrays = ppo_add_arrays,
    .fill = policy_gradient_fill,
    .start = policy_gradient_start,
    .choose = policy_gradient_choose,
    .kind_of_step = policy_gradient_kind_of_step,
    .learn = policy_gradient_update,
    .explain = policy_gradient_explain,
    .rolls = true,
    .logs_log_prob = true,
    .turns = ppo_turns,
    .close = rollout_close,
};
