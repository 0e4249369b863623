/// Advantage actor-critic (Mnih et al., ICML 2016, synchronous), as Stable-Baselines3's A2C: one
/// update of a whole rollout, by log-probabilities of the policy that made it.
#include "agent/policy_gradient/policy_gradient.h"

static throng_status a2c_add_arrays(throng_population *a) {
  void *own;
  THRONG_TRY(throng_alloc(&own, 1, sizeof(policy_gradient), "A2C"));
  return policy_gradient_add_arrays(a, own, a->def.n_steps * a->agent_lanes);
}

static int64_t a2c_turns(const throng_population *a, const throng_agent_def *own) {
  (void)a, (void)own;
  return 1;
}

const agent_algorithm algorithm_a2c = {
    .name = "a2c",
    .title = "A2C",
    .add_arrays = a2c_add_arrays,
    .fill = policy_gradient_fill,
    .start = policy_gradient_start,
    .choose = policy_gradient_choose,
    .kind_of_step = policy_gradient_kind_of_step,
    .learn = policy_gradient_update,
    .explain = policy_gradient_explain,
    .rolls = true,
    .turns = a2c_turns,
    .close = rollout_close,
};
