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
static const char *const epsilon_names[] = {
    [THRONG_EPSILON_LINEAR] = "linear", [THRONG_EPSILON_EXPONENTIAL] = "exponential", NULL};

enum { PER_AGENT_UP_TO = FIELD_PER_AGENT | FIELD_UP_TO };

#define FIELD_DEF throng_agent_def
static const field agent_rows[] = {
    FIELD_ENUM("algorithm", throng_algorithm, algorithm, algorithm_names, THRONG_ALGORITHM_DQN,
               FIELD_NOT_IDENTITY | FIELD_SWEEPABLE, "how agents learn"),
    FIELD_ENUM(
        "head", throng_head, head, head_names, THRONG_HEAD_TWO_TOWER, FIELD_SWEEPABLE,
        "flat: one slot and one Q an item (the paper); two_tower: query of the state . vector of "
        "the item"),
    FIELD_I32(
        "count", count, 1, 1, 65535, FIELD_AUTO,
        "agents in the population; divides sim.lanes. auto: as many as memory holds, sim.lanes "
        "being one agent's"),
    FIELD_I32S("hidden", hidden, 2, 1, 8192, FIELD_SWEEPABLE, "units of the two hidden layers", 64,
               64),
    FIELD_I32("width", width, 64, 1, 8192, FIELD_SWEEPABLE, "query and item vectors (two_tower)"),
    FIELD_I32("user_width", user_width, 32, 0, 8192, FIELD_SWEEPABLE,
              "learned user embedding; 0: none"),
    FIELD_F32("gamma", gamma, 0.975, 0, 1, FIELD_PER_AGENT | FIELD_SWEEPABLE, "discount a step"),
    FIELD_BOOL("fold_leave", fold_leave, true, FIELD_PER_AGENT | FIELD_SWEEPABLE,
               "leaving by chance, which no item changes, stands in the discount, gamma (1 - "
               "sim.leave_probability), and ends no target"),
    FIELD_F32("reward_scale", reward_scale, 1, 1e-6, 1e6, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "what a like is worth to the learner; Q is in these units"),
    FIELD_F32("learning_rate", learning_rate, 1e-3, 0, 10, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "Adam's step size (the paper: 1e-4)"),
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
    FIELD_BOOL("double_dqn", double_dqn, true, FIELD_PER_AGENT | FIELD_SWEEPABLE,
               "the online net chooses, the target net values"),
    FIELD_ENUM("loss", throng_loss, loss, loss_names, THRONG_LOSS_HUBER,
               FIELD_PER_AGENT | FIELD_SWEEPABLE, "loss of the TD error"),
    FIELD_F32("huber_delta", huber_delta, 1, 1e-6, 1e6, FIELD_PER_AGENT | FIELD_SWEEPABLE,
              "size of an error from which Huber's loss grows linearly"),
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
};
#undef FIELD_DEF
const field_table agent_fields = FIELD_TABLE("agent", throng_agent_def, agent_rows);

throng_agent_def throng_default_agent_def(void) {
  throng_agent_def def;
  fields_default(&agent_fields, &def);
  return def;
}
