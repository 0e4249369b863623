/// A second algorithm beside DQN, registered nowhere but here (support/bandit.h): it learns, it has
/// all that a population has, and its checkpoints are its own.
#include <stdio.h>

#include "agent/agent_fields.h"
#include "support/agent_rig.h"
#include "support/bandit.h"

enum { AGENTS = 2, LANES = 16, ALL = AGENTS * LANES, PHASE = 100 };

static throng_status open_bandit(agent_rig *rig, throng_head head, int count, uint32_t seed,
                                 uint32_t first_lane) {
  memset(rig, 0, sizeof *rig);
  throng_sim_def sim = rig_sim_def(count * LANES, 10);
  throng_agent_def def = rig_agent_def(head);
  sim.first_lane = first_lane;
  def.count = count;
  def.seed = seed;
  def.updates = 1;
  def.learning_starts = 0;
  def.learning_rate = 0.01f;
  rig->world = small_world(7, 20, 60, 6, 12);
  THRONG_TRY(backend_cpu_open(1, &rig->backend));
  THRONG_TRY(throng_sim_create(rig->backend, &rig->world, NULL, &sim, &rig->sim));
  return population_create(rig->sim, &def, &algorithm_bandit, 3 * PHASE * LANES * count,
                           &rig->agent);
}

/// Steps of training; `reward` (count) gets each agent's mean of a lane and step.
static throng_status play(agent_rig *rig, int steps, double *reward) {
  const int count = rig->agent->n_agent;
  for (int i = 0; i < count; ++i) reward[i] = 0;
  for (int t = 0; t < steps; ++t) {
    throng_outcome outcome;
    THRONG_TRY(throng_population_train_step(rig->agent));
    THRONG_TRY(throng_sim_outcome(rig->sim, &outcome));
    for (int l = 0; l < count * LANES; ++l)
      reward[l / LANES] += (double)outcome.reward[l] / (LANES * steps);
  }
  return THRONG_OK;
}

TEST(algorithm, entries_of_the_tables_have_the_names_that_configs_give_them) {
  const field *algorithm = fields_find(&agent_fields, "algorithm");
  const field *head = fields_find(&agent_fields, "head");
  int n = 0;
  for (; algorithm->names[n]; ++n)
    EXPECT_STREQ(agent_algorithm_of((throng_algorithm)n)->name, algorithm->names[n]);
  EXPECT_TRUE(agent_algorithm_of((throng_algorithm)n) == NULL);
  for (n = 0; head->names[n]; ++n)
    EXPECT_STREQ(agent_network_of((throng_head)n)->name, head->names[n]);
  EXPECT_TRUE(agent_network_of((throng_head)n) == NULL);
}

TEST(algorithm, one_that_stands_in_no_table_learns_what_users_like) {
  for (int head = 0; head < 2; ++head) {
    agent_rig rig;
    ASSERT_OK(open_bandit(&rig, (throng_head)head, AGENTS, 3, 0));
    double first[AGENTS], last[AGENTS];
    ASSERT_OK(throng_population_set(rig.agent, 0, "epsilon_start", 1));
    ASSERT_OK(play(&rig, PHASE / 4, first));  // mostly at random
    ASSERT_OK(play(&rig, 4 * PHASE, last));
    ASSERT_OK(play(&rig, PHASE, last));
    throng_population_stats stats;
    ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
    for (int i = 0; i < AGENTS; ++i) {
      EXPECT_GT(last[i], first[i] + 0.2);
      EXPECT_EQ(stats.updates[i], PHASE / 4 + 5 * PHASE);
      EXPECT_LT(stats.epsilon[i], 0.06f);
    }
    rig_free(&rig);
  }
}

TEST(algorithm, of_another_kind_has_agents_that_each_equal_themselves_alone) {
  agent_rig rig, alone;
  ASSERT_OK(open_bandit(&rig, THRONG_HEAD_TWO_TOWER, AGENTS, 3, 0));
  ASSERT_OK(open_bandit(&alone, THRONG_HEAD_TWO_TOWER, 1, 9, LANES));
  double reward[AGENTS];
  const uint32_t seed = 9;
  ASSERT_OK(play(&rig, 30, reward));
  ASSERT_OK(throng_population_start(rig.agent, 1, 1, &seed));
  ASSERT_OK(play(&rig, 30, reward));
  ASSERT_OK(play(&alone, 30, reward));
  const tensor_set *x = &rig.agent->weights, *y = &alone.agent->weights;
  ASSERT_EQ(x->count, y->count);
  for (size_t k = 0; k < x->count; ++k) {
    const size_t bytes = tensor_bytes(&y->tensor[k]);
    char *a = malloc(bytes), *b = malloc(bytes);
    ASSERT_OK(rig.backend->ops->download(rig.backend, a, (char *)x->tensor[k].data + bytes, bytes));
    ASSERT_OK(alone.backend->ops->download(alone.backend, b, y->tensor[k].data, bytes));
    EXPECT_EQ(memcmp(a, b, bytes), 0);
    free(a);
    free(b);
  }
  rig_free(&rig);
  rig_free(&alone);
}

TEST(algorithm, checkpoints_are_taken_back_by_the_one_that_wrote_them_alone) {
  agent_rig rig, dqn;
  char path[512];
  double reward[AGENTS], again[AGENTS];
  snprintf(path, sizeof path, "%s/bandit.safetensors", throng_test_folder());
  ASSERT_OK(open_bandit(&rig, THRONG_HEAD_FLAT, AGENTS, 3, 0));
  ASSERT_OK(play(&rig, 20, reward));
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(play(&rig, 20, reward));
  ASSERT_OK(throng_population_restore(rig.agent, path));
  ASSERT_OK(play(&rig, 20, again));
  EXPECT_EQ(memcmp(reward, again, sizeof reward), 0);
  throng_sim_def sim = throng_sim_get_def(rig.sim);
  throng_agent_def def = throng_population_get_def(rig.agent);
  ASSERT_OK(rig_make(&dqn, 1, &sim, &def, 3 * PHASE * ALL));
  EXPECT_EQ(throng_population_restore(dqn.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has algorithm bandit, this one has algorithm dqn");
  rig_free(&rig);
  rig_free(&dqn);
}
