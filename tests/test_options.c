/// Options that are an agent's own: an agent of a population whose neighbours have others equals
/// itself alone, bit for bit on a CPU, whatever they have, become, and how many threads there are.
/// The same tests run with the emulated device, where an agent's rows are summed with others that
/// are zeros: there within rounding.
#include <stdio.h>

#include "agent/agent_fields.h"
#include "support/agents_differ.h"
#include "support/runaway.h"

enum { LANES = 4, TOTAL = 400 };
#ifdef CUDA_IN_PLACE_OF_CPU  // where a step takes a hundred times as long
enum { STEPS = 20, HEADS = 1, MOST_THREADS = 1 };
#define SAME(x, i, y, j) (agents_apart(x, i, y, j) <= 1e-5)
#else
enum { STEPS = 70, HEADS = 2, MOST_THREADS = 4 };
#define SAME(x, i, y, j) (agents_differ(x, i, y, j) == 0)
#endif

/// What a population is made with: its arrays hold batches, updates, steps and logs of up to this.
static throng_agent_def largest(throng_head head) {
  throng_agent_def def = rig_agent_def(head);
  def.batch = 24;
  def.updates = 2;
  def.n_step = 3;
  def.buffer = 120;  // a ring of 36 steps: it goes round
  def.tau = 0.05f;
  def.epsilon_share = 0.5f;
  def.learning_starts = 40;
  def.target_every = 24;
  def.seed = 5;
  return def;
}

static throng_status open_agents(agent_rig *rig, int threads, const throng_agent_def *def,
                                 int32_t first_lane) {
  throng_sim_def sim = rig_sim_def(def->count * LANES, 10);
  sim.mask_seen = def->head == THRONG_HEAD_FLAT;
  sim.first_lane = (uint32_t)first_lane;
  return rig_make(rig, threads, &sim, def, TOTAL * def->count);
}

// --- one option ------------------------------------------------------------------------------

#ifndef CUDA_IN_PLACE_OF_CPU  // there the mixed agents below, who have all of these

/// The second of three agents has `option` its own way: it is what such a Def is alone, and no more
/// what it would be with theirs.
static void try_option(throng_head head, const char *option, double value, bool hard) {
  agent_rig rig, plain, alone;
  throng_agent_def def = largest(head);
  if (hard) def.tau = 1.0f;
  def.count = 3;
  ASSERT_OK(open_agents(&rig, 1, &def, 0));
  ASSERT_OK(open_agents(&plain, 1, &def, 0));
  ASSERT_OK(throng_population_set(rig.agent, 1, option, value));
  throng_agent_def own;
  ASSERT_OK(throng_population_get_agent_def(rig.agent, 1, &own));
  const field *f = fields_find(&agent_fields, option);
  ASSERT_TRUE(f != NULL);
  EXPECT_NEAR(field_get(f, &own, 0), value, 1e-7 * fabs(value));
  ASSERT_OK(open_agents(&alone, 1, &own, LANES));
  ASSERT_OK(train(rig.agent, STEPS));
  ASSERT_OK(train(plain.agent, STEPS));
  ASSERT_OK(train(alone.agent, STEPS));
  EXPECT_TRUE(SAME(&rig, 1, &alone, 0));
  EXPECT_TRUE(SAME(&rig, 0, &plain, 0));
  EXPECT_TRUE(SAME(&rig, 2, &plain, 2));
  EXPECT_TRUE(agents_apart(&rig, 1, &plain, 1) > 1e-4);
  EXPECT_GT(alone.agent->host.updates[0], 3);
  throng_population_stats of_all, of_one;
  ASSERT_OK(throng_population_get_stats(rig.agent, &of_all));
  ASSERT_OK(throng_population_get_stats(alone.agent, &of_one));
  EXPECT_EQ(of_all.updates[1], of_one.updates[0]);
  EXPECT_TRUE(of_all.epsilon[1] == of_one.epsilon[0]);
  EXPECT_NEAR(of_all.loss[1], of_one.loss[0], 0);
  rig_free(&rig);
  rig_free(&plain);
  rig_free(&alone);
}

#define OPTION(name, option, value, hard)                                                   \
  TEST(options, an_agent_with_##name##_of_its_own_is_what_it_is_alone) {                    \
    for (int head = HEADS; head-- > 0;) try_option((throng_head)head, option, value, hard); \
  }
OPTION(a_learning_rate, "learning_rate", 0.004, false)
OPTION(an_anneal_lr, "anneal_lr", 1, false)
OPTION(a_gamma, "gamma", 0.5, false)
OPTION(a_beta1, "beta1", 0.5, false)
OPTION(a_beta2, "beta2", 0.9, false)
OPTION(an_adam_epsilon, "adam_epsilon", 0.1, false)
OPTION(a_max_grad_norm, "max_grad_norm", 1e-8, false)
OPTION(a_tau, "tau", 0.5, false)
OPTION(a_soft_target_among_hard_ones, "tau", 0.25, true)
OPTION(a_hard_target_among_soft_ones, "tau", 1, false)
OPTION(a_target_every, "target_every", 40, true)
OPTION(an_epsilon_start, "epsilon_start", 0.25, false)
OPTION(an_epsilon_end, "epsilon_end", 0.5, false)
OPTION(an_epsilon_share, "epsilon_share", 0.125, false)
OPTION(an_exponential_epsilon, "epsilon", THRONG_EPSILON_EXPONENTIAL, false)
OPTION(an_n_step, "n_step", 1, false)
OPTION(single_dqn, "double_dqn", 0, false)
OPTION(single_dqn_and_hard_targets, "double_dqn", 0, true)
OPTION(a_loss, "loss", THRONG_LOSS_MSE, false)
OPTION(a_batch, "batch", 7, false)
OPTION(updates, "updates", 1, false)
OPTION(a_buffer, "buffer", 41, false)
OPTION(learning_starts, "learning_starts", 61, false)
OPTION(a_munchausen_temperature, "munchausen_temperature", 0.25, false)
OPTION(a_munchausen_temperature_and_hard_targets, "munchausen_temperature", 0.25, true)
OPTION(an_update_every, "update_every", 3, false)

#endif

// --- all of them -----------------------------------------------------------------------------

enum { AGENTS = 5, RUNAWAY = 3 };

/// Five agents that have little in common, and the lengths of their runs.
static throng_agent_def mixed_def(throng_head head, int k) {
  throng_agent_def def = largest(head);
  def.seed = 40 + (uint32_t)k * 7;
  if (k == 1) {
    def.double_dqn = false;
    def.loss = THRONG_LOSS_MSE;
    def.tau = 1;
    def.epsilon = THRONG_EPSILON_EXPONENTIAL;
    def.n_step = 1;
    def.batch = 7;
    def.updates = 1;
    def.buffer = 41;
  } else if (k == 2) {
    def.tau = 1;
    def.target_every = 44;
    def.learning_rate = 0.004f;
    def.batch = 16;
    def.n_step = 2;
    def.update_every = 3;
    def.learning_starts = 61;
    def.epsilon_start = 0.5f;
    def.anneal_lr = true;
  } else if (k == 3) {
    def.double_dqn = false;
    def.beta1 = 0.5f;
    def.beta2 = 0.9f;
    def.batch = 1;
    def.gamma = 0.5f;
    def.max_grad_norm = 0.1f;
    def.adam_epsilon = 1e-3f;
    def.epsilon_share = 0.25f;
  } else if (k == 4) {
    def.updates = 0;
    def.epsilon_end = 0.25f;
  }
  return def;
}

static int64_t mixed_total(int k) { return TOTAL - 30 * k; }

/// Agents begun one after another in a population that was made for others.
static throng_status open_mixed(agent_rig *rig, int threads, throng_head head) {
  throng_agent_def def = largest(head);
  def.count = AGENTS;
  THRONG_TRY(open_agents(rig, threads, &def, 0));
  for (int k = 0; k < AGENTS; ++k) {
    const throng_agent_def own = mixed_def(head, k);
    THRONG_TRY(options_take(rig->agent, k, &own, mixed_total(k)));
    THRONG_TRY(throng_population_start(rig->agent, k, 1, NULL));
  }
  return THRONG_OK;
}

static throng_status open_alone(agent_rig *rig, throng_head head, int k) {
  const throng_agent_def own = mixed_def(head, k);
  throng_sim_def sim = rig_sim_def(LANES, 10);
  sim.mask_seen = head == THRONG_HEAD_FLAT;
  sim.first_lane = (uint32_t)(k * LANES);
  return rig_make(rig, 1, &sim, &own, mixed_total(k));
}

static void compare_mixed(agent_rig *rig, throng_head head, int steps, bool after_divergence) {
  for (int k = 0; k < AGENTS; ++k) {
    if (after_divergence && k == RUNAWAY) continue;
    agent_rig alone;
    ASSERT_OK(open_alone(&alone, head, k));
    ASSERT_OK(train(alone.agent, steps));
    EXPECT_TRUE(SAME(rig, k, &alone, 0));
    EXPECT_EQ(rig->agent->host.updates[k], alone.agent->host.updates[0]);
    EXPECT_TRUE((alone.agent->host.updates[0] > 0) == (k != 4));
    rig_free(&alone);
  }
}

TEST(options, five_agents_that_have_little_in_common_are_each_what_they_are_alone) {
  for (int head = 0; head < 2; ++head)
    for (int threads = 1; threads <= MOST_THREADS; threads *= 2) {
      agent_rig rig;
      ASSERT_OK(open_mixed(&rig, threads, (throng_head)head));
      ASSERT_OK(train(rig.agent, STEPS));
      compare_mixed(&rig, (throng_head)head, STEPS, false);
      rig_free(&rig);
    }
}

TEST(options, a_mixed_agents_divergence_is_not_noticed_by_the_others) {
  for (int head = 0; head < HEADS; ++head) {
    agent_rig rig;
    ASSERT_OK(open_mixed(&rig, 2, (throng_head)head));
    ASSERT_OK(train(rig.agent, STEPS / 2));
    ASSERT_OK(runaway_set(rig.agent, RUNAWAY));
    ASSERT_OK(train(rig.agent, STEPS));
    throng_population_stats stats;
    ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
    EXPECT_EQ(stats.state[RUNAWAY], THRONG_AGENT_DIVERGED);
    compare_mixed(&rig, (throng_head)head, STEPS / 2 + STEPS, true);
    rig_free(&rig);
  }
}

TEST(options, a_mixed_population_goes_on_from_a_checkpoint_to_the_same_bits) {
  for (int head = 0; head < HEADS; ++head) {
    agent_rig rig, resumed;
    char path[512];
    snprintf(path, sizeof path, "%s/mixed.safetensors", throng_test_folder());
    throng_agent_def def = largest((throng_head)head);
    def.count = AGENTS;
    ASSERT_OK(open_mixed(&rig, 1, (throng_head)head));
    ASSERT_OK(open_agents(&resumed, 1, &def, 0));
    ASSERT_OK(train(rig.agent, STEPS / 2));
    ASSERT_OK(train(resumed.agent, 5));
    ASSERT_OK(throng_population_save(rig.agent, path));
    ASSERT_OK(throng_population_restore(resumed.agent, path));
    ASSERT_OK(train(rig.agent, STEPS / 2));
    ASSERT_OK(train(resumed.agent, STEPS / 2));
    for (int k = 0; k < AGENTS; ++k) {
      throng_agent_def own, kept;
      EXPECT_EQ(agents_differ(&rig, k, &resumed, k), 0);
      ASSERT_OK(throng_population_get_agent_def(rig.agent, k, &own));
      ASSERT_OK(throng_population_get_agent_def(resumed.agent, k, &kept));
      for (const field *f = NULL; (f = fields_next(&agent_fields, f, 0));)
        EXPECT_NEAR(field_get(f, &kept, 0), field_get(f, &own, 0), 1e-7);
      EXPECT_EQ(resumed.agent->host.total_steps[k], (double)mixed_total(k));
    }
    rig_free(&rig);
    rig_free(&resumed);
  }
}

/// Another's place: options and all of an agent are copied, so that the two go on as one.
TEST(options, a_copy_learns_as_its_original_would_there) {
  agent_rig rig, twin;
  ASSERT_OK(open_mixed(&rig, 1, THRONG_HEAD_TWO_TOWER));
  ASSERT_OK(open_mixed(&twin, 2, THRONG_HEAD_TWO_TOWER));
  for (int k = 0; k < 2; ++k) {
    throng_population *a = k ? twin.agent : rig.agent;
    ASSERT_OK(train(a, STEPS / 2));
    ASSERT_OK(throng_population_copy(a, 1, 4, true));
    ASSERT_OK(throng_population_copy(a, 0, 2, false));
    ASSERT_OK(train(a, STEPS / 2));
  }
  EXPECT_GT(rig.agent->host.updates[4], 0);
  EXPECT_EQ(rig.agent->host.updates[4], rig.agent->host.updates[1]);
  for (int k = 0; k < AGENTS; ++k) EXPECT_EQ(agents_differ(&rig, k, &twin, k), 0);
  rig_free(&rig);
  rig_free(&twin);
}

// --- sizes at which products are cut ---------------------------------------------------------

#ifndef CUDA_IN_PLACE_OF_CPU
/// Past 256 rows of a product, 1,024 states of a search and 4,096 terms of a sum the work is cut.
TEST(options, batches_on_both_sides_of_every_cut_give_the_bits_of_their_own_size) {
  static const int32_t batch[] = {4400, 4200, 1100, 300, 1};
  for (int head = 0; head < 2; ++head) {
    agent_rig rig;
    throng_agent_def def = largest((throng_head)head);
    def.batch = batch[0];
    def.count = AGENTS;
    ASSERT_OK(open_agents(&rig, 3, &def, 0));
    for (int k = 0; k < AGENTS; ++k) {
      ASSERT_OK(throng_population_set(rig.agent, k, "batch", batch[k]));
      ASSERT_OK(throng_population_set(rig.agent, k, "double_dqn", k % 2));
    }
    ASSERT_OK(train(rig.agent, 13));
    for (int k = 0; k < AGENTS; ++k) {
      agent_rig alone;
      throng_agent_def own;
      ASSERT_OK(throng_population_get_agent_def(rig.agent, k, &own));
      EXPECT_EQ(own.batch, batch[k]);
      ASSERT_OK(open_agents(&alone, 1, &own, k * LANES));
      ASSERT_OK(train(alone.agent, 13));
      EXPECT_EQ(alone.agent->host.updates[0], 8);
      EXPECT_EQ(agents_differ(&rig, k, &alone, 0), 0);
      rig_free(&alone);
    }
    rig_free(&rig);
  }
}

/// On a CPU rows that do not count are not read: what stands there may be no number.
TEST(options, rows_past_an_agents_batch_are_left_alone) {
  agent_rig rig, plain;
  throng_agent_def def = largest(THRONG_HEAD_TWO_TOWER);
  def.count = 2;
  ASSERT_OK(open_agents(&rig, 2, &def, 0));
  ASSERT_OK(open_agents(&plain, 2, &def, 0));
  for (int side = 0; side < 2; ++side) {
    throng_population *a = side ? plain.agent : rig.agent;
    ASSERT_OK(throng_population_set(a, 1, "batch", 5));
    ASSERT_OK(train(a, 12));
  }
  const dqn *d = dqn_of(rig.agent);
  const network *n = &rig.agent->net;
  for (int64_t row = def.batch + 5; row < 2 * def.batch; ++row) {
    d->batch.state.feature[row * n->n_input] = NAN;
    d->batch.state.hidden0[row * n->hidden[0]] = NAN;
    d->batch.state.query[row * n->width] = NAN;
    d->action.feature[row * n->n_feature] = NAN;
  }
  ASSERT_OK(train(rig.agent, 5));
  ASSERT_OK(train(plain.agent, 5));
  for (int k = 0; k < 2; ++k) EXPECT_EQ(agents_differ(&rig, k, &plain, k), 0);
  EXPECT_TRUE(isnan(d->batch.state.feature[(2 * def.batch - 1) * n->n_input]));
  rig_free(&rig);
  rig_free(&plain);
}
#endif

// --- what a population holds -----------------------------------------------------------------

TEST(options, a_population_of_double_agents_has_no_catalogue_of_targets_until_one_is_single) {
  agent_rig rig;
  throng_agent_def def = largest(THRONG_HEAD_TWO_TOWER);
  def.count = 2;
  ASSERT_OK(open_agents(&rig, 1, &def, 0));
  EXPECT_EQ(rig.agent->late.count, 0);
  ASSERT_OK(train(rig.agent, 15));
  ASSERT_OK(throng_population_set(rig.agent, 1, "double_dqn", 0));
  EXPECT_EQ(rig.agent->late.count, 2);
  EXPECT_OK(train(rig.agent, 5));
  EXPECT_GT(rig.agent->host.updates[1], 10);
  rig_free(&rig);
}

TEST(options, a_flat_agent_may_become_single_and_double_and_single_again) {
  agent_rig rig;
  throng_agent_def def = largest(THRONG_HEAD_FLAT);
  def.count = 2;
  ASSERT_OK(open_agents(&rig, 1, &def, 0));
  for (int turn = 0; turn < 4; ++turn) {
    ASSERT_OK(throng_population_set(rig.agent, 1, "double_dqn", turn % 2));
    ASSERT_OK(train(rig.agent, 5));
  }
  EXPECT_GT(rig.agent->host.updates[1], 10);
  rig_free(&rig);
}

/// Options are changed while steps are recorded graphs and tables are current.
TEST(options, changed_in_the_middle_they_count_from_the_next_step_on) {
  const struct {
    const char *name;
    double value;
  } change[] = {{"tau", 0.5}, {"double_dqn", 0}, {"tau", 1},        {"updates", 1}, {"tau", 0.125},
                {"batch", 3}, {"n_step", 1},     {"double_dqn", 1}, {"updates", 0}, {"updates", 2},
                {"tau", 1},   {"double_dqn", 0}, {"buffer", 400},   {"buffer", 17}, {"n_step", 3}};
  agent_rig rig, alone;
  throng_agent_def def = largest(THRONG_HEAD_TWO_TOWER);
  def.tau = 1;
  def.count = 2;
  ASSERT_OK(open_agents(&rig, 2, &def, 0));
  def.count = 1;
  def.seed += 1;
  ASSERT_OK(open_agents(&alone, 1, &def, LANES));
  ASSERT_OK(train(rig.agent, 14));
  ASSERT_OK(train(alone.agent, 14));
  for (size_t k = 0; k < sizeof change / sizeof *change; ++k) {
    const throng_status status =
        throng_population_set(rig.agent, 1, change[k].name, change[k].value);
    EXPECT_EQ(throng_population_set(alone.agent, 0, change[k].name, change[k].value), status);
    EXPECT_EQ(status, change[k].value == 400 ? THRONG_ERROR_ARGUMENT : THRONG_OK);
    ASSERT_OK(train(rig.agent, 4));
    ASSERT_OK(train(alone.agent, 4));
    EXPECT_TRUE(SAME(&rig, 1, &alone, 0));
  }
  rig_free(&rig);
  rig_free(&alone);
}

TEST(options, a_def_of_another_shape_or_past_the_populations_is_refused_and_nothing_changes) {
  agent_rig rig;
  throng_agent_def def = largest(THRONG_HEAD_TWO_TOWER), own;
  def.count = 2;
  ASSERT_OK(open_agents(&rig, 1, &def, 0));
  throng_population *a = rig.agent;
#define REFUSED(change, part)                                          \
  do {                                                                 \
    own = def;                                                         \
    own.gamma = 0.5f;                                                  \
    change;                                                            \
    EXPECT_EQ(options_take(a, 1, &own, TOTAL), THRONG_ERROR_ARGUMENT); \
    EXPECT_CONTAINS(throng_error_message(), part);                     \
  } while (0)
  REFUSED(own.hidden[1] = 11, "agent.hidden: the agents of a population share it: it is 10 here");
  REFUSED(own.head = THRONG_HEAD_FLAT,
          "agent.head: the agents of a population share it: it is two_tower here, not flat");
  REFUSED(own.width = 9, "agent.width: the agents");
  REFUSED(own.batch = 25, "agent 1: agent.batch: expected at most the population's 24");
  REFUSED(own.buffer = 121, "agent.buffer: expected at most the population's 120");
  REFUSED(own.gamma = 2, "agent.gamma: expected a number in 0..1");
  REFUSED((own.epsilon = THRONG_EPSILON_EXPONENTIAL, own.epsilon_end = 0), "agent.epsilon_end");
#undef REFUSED
  EXPECT_EQ(options_take(a, 2, &def, TOTAL), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(options_take(a, 1, &def, -1), THRONG_ERROR_ARGUMENT);
  ASSERT_OK(throng_population_get_agent_def(a, 1, &own));
  EXPECT_EQ(own.gamma, def.gamma);
  EXPECT_EQ(own.batch, def.batch);
  rig_free(&rig);
}
