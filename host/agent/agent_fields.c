/// The options of an agent. FIELD_PER_AGENT: each of a population may have its own; the others,
/// which say what its arrays are, are the population's.
#include "agent/agent_fields.h"

#include "agent/algorithm.h"
#include "agent/network/network.h"

#define X(NAME, name) [THRONG_HEAD_##NAME] = #name,
static const char *const head_names[] = {AGENT_NETWORKS(X) NULL};
#undef X
#define X(NAME, name) [THRONG_ALGORITHM_##NAME] = #name,
static const char *const algorithm_names[] = {AGENT_ALGORITHMS(X) NULL};
#undef X
static const char *const loss_names[] = {
    [THRONG_LOSS_HUBER] = "huber", [THRONG_LOSS_MSE] = "mse", NULL};
static const char *const activation_names[] = {
    [THRONG_ACTIVATION_RELU] = "relu", [THRONG_ACTIVATION_TANH] = "tanh", NULL};
static const char *const epsilon_names[] = {
    [THRONG_EPSILON_LINEAR] = "linear", [THRONG_EPSILON_EXPONENTIAL] = "exponential", NULL};

enum {
  PER_AGENT_UP_TO = FIELD_PER_AGENT | FIELD_UP_TO,
  ROLLOUT = FIELD_PER_AGENT | FIELD_SWEEPABLE | FIELD_UNSAID,
};

#define FIELD_DEF throng_agent_def
static const field agent_rows[] = {
    FIELD_ENUM("algorithm", throng_algorithm, algorithm, algorithm_names, THRONG_ALGORITHM_DQN,
               FIELD_NOT_IDENTITY | FIELD_SWEEPABLE, "how agents learn"),
    FIELD_ENUM(
        "head", throng_head, head, head_names, THRONG_HEAD_TWO_TOWER, FIELD_SWEEPABLE,
        "flat: one slot and one Q an item (the paper); flat_dueling: with the state's own value "
        "beside them; two_tower: query of the state . vector of the item"),
    FIELD_I32(
        "count", count, 1, 1, 65535, FIELD_AUTO,
        "agents in the population; divides sim.lanes. auto: as many as memory holds, sim.lanes "
        "being one agent's"),
    FIELD_I32S("hidden", hidden, 2, 1, 8192, FIELD_SWEEPABLE, "units of the two hidden layers", 64,
               64),
    FIELD_I32("width", width, 64, 1, 8192, FIELD_SWEEPABLE, "query and item vectors (two_tower)"),
    FIELD_I32("user_width", user_width, 32, 0, 8192, FIELD_SWEEPABLE,
              "learned user embedding; 0: none"),
    FIELD_F32("item_start", item_start, 1, 0, 100, FIELD_SWEEPABLE,
              "flat heads: how large the items' rows start, 1 being torch.nn.Linear's; 0: what was "
              "never shown scores alike"),
    FIELD_F32("user_start", user_start, 1, 0, 100, FIELD_SWEEPABLE | FIELD_UNSAID,
              "flat heads: standard deviation that the users' rows start with (PPO, A2C, TRPO: "
              "0.1)"),
    FIELD_BOOL("ortho_init", ortho_init, false, FIELD_SWEEPABLE | FIELD_UNSAID,
               "dense layers start orthogonal, with gain sqrt(2), and what makes the scores with "
               "0.01, as policies of Stable-Baselines3 (PPO, A2C, TRPO: true)"),
    FIELD_ENUM("activation", throng_activation, activation, activation_names,
               THRONG_ACTIVATION_RELU, FIELD_SWEEPABLE | FIELD_UNSAID,
               "of the two hidden layers (PPO, A2C, TRPO: tanh)"),
    FIELD_BOOL("layer_norm", layer_norm, false, FIELD_SWEEPABLE,
               "DQN: layer normalisation of the hidden layers' sums before their activation"),
    FIELD_F32("gamma", gamma, 0.975, 0, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE, "discount a step"),
    FIELD_BOOL("fold_leave", fold_leave, true, FIELD_PER_AGENT | FIELD_SWEEPABLE,
               "leaving by chance, which no item changes, stands in the discount, gamma (1 - "
               "sim.leave_probability), and ends no target"),
    FIELD_BOOL(
        "bootstrap_truncated", bootstrap_truncated, true, FIELD_PER_AGENT | FIELD_SWEEPABLE,
        "a session cut off by sim.max_steps is worth its last state; false: nothing follows"),
    FIELD_F32("reward_scale", reward_scale, 1, 1e-6, 1e6, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "what a like is worth to the learner; Q and values are in these units"),
    FIELD_F32("learning_rate", learning_rate, 1e-3, 0, 10, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "Adam's step size (the paper: 1e-4)"),
    FIELD_BOOL("anneal_lr", anneal_lr, false, FIELD_PER_AGENT | FIELD_SWEEPABLE,
               "learning_rate falls linearly over the agent's run, to 0 at its end (TRPO: the "
               "critic's)"),
    FIELD_F32("beta1", beta1, 0.9, 0, 0.999999, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "Adam's first decay"),
    FIELD_F32("beta2", beta2, 0.999, 0, 0.9999999, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "Adam's second decay"),
    FIELD_F32("adam_epsilon", adam_epsilon, 1e-8, 1e-20, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "Adam's denominator term"),
    FIELD_I32("batch", batch, 512, 1, 16777216, PER_AGENT_UP_TO | FIELD_SWEEPABLE,
              "transitions an update and agent"),
    FIELD_I32("update_every", update_every, 1, 1, 1000000000, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "simulator steps between updates"),
    FIELD_I32("updates", updates, 2, 0, 1048576, PER_AGENT_UP_TO | FIELD_SWEEPABLE,
              "updates each time"),
    FIELD_I64("buffer", buffer, 250000, 1, FIELD_LARGE, PER_AGENT_UP_TO | FIELD_SWEEPABLE,
              "replay transitions an agent"),
    FIELD_I64("learning_starts", learning_starts, 10000, 0, FIELD_LARGE,
              FIELD_PER_AGENT | FIELD_SWEEPABLE, "user-steps before the first update"),
    FIELD_I32("n_step", n_step, 1, 1, 1024, PER_AGENT_UP_TO | FIELD_SWEEPABLE,
              "steps of reward before the bootstrap"),
    FIELD_BOOL("target_network", target_network, true, FIELD_SWEEPABLE,
               "false: none, targets are by the newest weights (PQN), and tau, target_every and "
               "double_dqn say nothing"),
    FIELD_BOOL("double_dqn", double_dqn, true, FIELD_PER_AGENT | FIELD_SWEEPABLE,
               "the online net chooses, the target net values"),
    FIELD_ENUM("loss", throng_loss, loss, loss_names, THRONG_LOSS_HUBER,
               FIELD_PER_AGENT | FIELD_SWEEPABLE, "loss of the TD error"),
    FIELD_F32("huber_delta", huber_delta, 1, 1e-6, 1e6, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "size of an error from which Huber's loss grows linearly"),
    FIELD_F32("action_gap", action_gap, 0, 0, 0.99, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "advantage learning: share of what the shown item lacks to the state's best that its "
              "target loses, which widens what tells items apart; 0: off"),
    FIELD_F32("munchausen_temperature", munchausen_temperature, 0, 0, 1e6,
              FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "above 0: Munchausen DQN, whose states are worth a soft maximum and whose action_gap "
              "is of the softmax's log-probability (0.03, with action_gap 0.9); 0: off"),
    FIELD_F32("max_grad_norm", max_grad_norm, 10, 0, 1e9, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "gradient clipping; 0: none"),
    FIELD_F32("tau", tau, 0.01, 1e-9, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "1: hard target copy; below: soft update at every update"),
    FIELD_I64("target_every", target_every, 10000, 1, FIELD_LARGE,
              FIELD_PER_AGENT | FIELD_SWEEPABLE, "user-steps between hard copies"),
    FIELD_ENUM("epsilon", throng_epsilon, epsilon, epsilon_names, THRONG_EPSILON_LINEAR,
               FIELD_PER_AGENT | FIELD_SWEEPABLE, "how epsilon falls"),
    FIELD_F32("epsilon_start", epsilon_start, 1, 0, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "share of random actions at first"),
    FIELD_F32("epsilon_end", epsilon_end, 0.05, 0, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "share of random actions at last"),
    FIELD_F32("epsilon_share", epsilon_share, 0.1, 0, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "share of all steps over which it falls"),
    FIELD_SEED("seed", seed, 1, FIELD_FOLLOWS_SEED,
               "seed of weights, actions and replay; follows train.seed unless given"),
    FIELD_I32("n_steps", n_steps, 2048, 1, 1048576, ROLLOUT | FIELD_UP_TO,
              "PPO, A2C, TRPO: steps of each lane in a rollout (A2C: 5)"),
    FIELD_I32("n_epochs", n_epochs, 10, 1, 10000, ROLLOUT, "PPO: passes over a rollout"),
    FIELD_F32("gae_lambda", gae_lambda, 0.95, 0, 1, ROLLOUT,
              "PPO, A2C, TRPO: of generalised advantages (A2C: 1)"),
    FIELD_F32("clip_range", clip_range, 0.2, 0, 1e9, ROLLOUT,
              "PPO: clipping of the ratio of probabilities"),
    FIELD_F32("clip_range_vf", clip_range_vf, 0, 0, 1e9, ROLLOUT,
              "PPO: clipping of a value's change; 0: none"),
    FIELD_BOOL("normalize_advantage", normalize_advantage, true, ROLLOUT,
               "PPO, A2C, TRPO: advantages of a minibatch to mean 0 and deviation 1 (A2C: false)"),
    FIELD_F32("ent_coef", ent_coef, 0, 0, 1e9, ROLLOUT, "PPO, A2C: weight of the entropy"),
    FIELD_F32("vf_coef", vf_coef, 0.5, 0, 1e9, ROLLOUT,
              "PPO, A2C: weight of the values' squared error"),
    FIELD_F32("target_kl", target_kl, 0, 0, 1e9, ROLLOUT,
              "PPO: leave a rollout above 1.5 times this KL divergence, 0: never; TRPO: length of "
              "a step (0.01)"),
    FIELD_BOOL("use_rms_prop", use_rms_prop, false, ROLLOUT,
               "PPO, A2C: RMSprop with decay beta2 in place of Adam (A2C: true)"),
    FIELD_I32("n_critic_updates", n_critic_updates, 10, 0, 10000, ROLLOUT,
              "TRPO: passes of the critic over a rollout"),
    FIELD_I32("cg_max_steps", cg_max_steps, 15, 1, 1000, ROLLOUT,
              "TRPO: steps of conjugate gradient"),
    FIELD_F32("cg_damping", cg_damping, 0.1, 0, 1e6, ROLLOUT,
              "TRPO: what is added to the Fisher matrix's diagonal"),
    FIELD_F32("line_search_shrinking_factor", line_search_shrinking_factor, 0.8, 1e-6, 0.999999,
              ROLLOUT, "TRPO: a step's length from one try to the next"),
    FIELD_I32("line_search_max_iter", line_search_max_iter, 10, 1, 1000, ROLLOUT,
              "TRPO: tries of a step's length"),
    FIELD_I32("sub_sampling_factor", sub_sampling_factor, 1, 1, 1000000, ROLLOUT,
              "TRPO: of every so many states the policy's step is made"),
};
#undef FIELD_DEF
const field_table agent_fields = FIELD_TABLE("agent", throng_agent_def, agent_rows);

/// Usual values that are not the table's: Stable-Baselines3 2.4 and sb3-contrib 2.4. Adam's epsilon
/// is that of their ActorCriticPolicy; A2C's is its RMSprop's, with alpha as beta2.
static const struct {
  throng_algorithm of;
  const char *option;
  double value;
} usual[] = {
    {THRONG_ALGORITHM_PPO, "ortho_init", true},
    {THRONG_ALGORITHM_PPO, "user_start", 0.1},
    {THRONG_ALGORITHM_PPO, "activation", THRONG_ACTIVATION_TANH},
    {THRONG_ALGORITHM_PPO, "learning_rate", 3e-4},
    {THRONG_ALGORITHM_PPO, "gamma", 0.99},
    {THRONG_ALGORITHM_PPO, "batch", 64},
    {THRONG_ALGORITHM_PPO, "adam_epsilon", 1e-5},
    {THRONG_ALGORITHM_PPO, "max_grad_norm", 0.5},
    {THRONG_ALGORITHM_A2C, "ortho_init", true},
    {THRONG_ALGORITHM_A2C, "user_start", 0.1},
    {THRONG_ALGORITHM_A2C, "activation", THRONG_ACTIVATION_TANH},
    {THRONG_ALGORITHM_A2C, "learning_rate", 7e-4},
    {THRONG_ALGORITHM_A2C, "gamma", 0.99},
    {THRONG_ALGORITHM_A2C, "n_steps", 5},
    {THRONG_ALGORITHM_A2C, "gae_lambda", 1},
    {THRONG_ALGORITHM_A2C, "beta2", 0.99},
    {THRONG_ALGORITHM_A2C, "adam_epsilon", 1e-5},
    {THRONG_ALGORITHM_A2C, "max_grad_norm", 0.5},
    {THRONG_ALGORITHM_A2C, "normalize_advantage", false},
    {THRONG_ALGORITHM_A2C, "use_rms_prop", true},
    {THRONG_ALGORITHM_TRPO, "ortho_init", true},
    {THRONG_ALGORITHM_TRPO, "user_start", 0.1},
    {THRONG_ALGORITHM_TRPO, "activation", THRONG_ACTIVATION_TANH},
    {THRONG_ALGORITHM_TRPO, "learning_rate", 1e-3},
    {THRONG_ALGORITHM_TRPO, "gamma", 0.99},
    {THRONG_ALGORITHM_TRPO, "batch", 128},
    {THRONG_ALGORITHM_TRPO, "adam_epsilon", 1e-5},
    {THRONG_ALGORITHM_TRPO, "max_grad_norm", 0},
    {THRONG_ALGORITHM_TRPO, "target_kl", 0.01},
};

bool agent_field_is_of(const field *f, throng_algorithm algorithm) {
  return !(f->flags & FIELD_UNSAID) || algorithm != THRONG_ALGORITHM_DQN;
}

throng_agent_def throng_algorithm_agent_def(throng_algorithm algorithm) {
  throng_agent_def def;
  fields_default(&agent_fields, &def);
  def.algorithm = algorithm;
  for (size_t k = 0; k < sizeof usual / sizeof *usual; ++k)
    if (usual[k].of == algorithm)
      field_write(fields_find(&agent_fields, usual[k].option), &def, 0, usual[k].value);
  return def;
}

throng_agent_def throng_default_agent_def(void) {
  return throng_algorithm_agent_def(THRONG_ALGORITHM_DQN);
}
