/// What include/throng/base.h promises of threads, forks and versions, on the public interface.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "throng/throng.h"
#include "throng_test.h"

enum { LANES = 64, STEPS = 150 };

static throng_world *synthetic(void) {
  throng_world *world = NULL;
  char path[4096];
  throng_synth_def def = throng_default_synth_def();
  def.n_user = 200;
  def.n_item = 150;
  def.n_keyword = 120;
  def.n_taste = 12;
  def.n_category = 8;
  def.dim = 16;
  def.history_mean = 12;
  snprintf(path, sizeof path, "%s/world.safetensors", throng_test_folder());
  EXPECT_OK(throng_synth(&def, path, NULL));
  EXPECT_OK(throng_world_open(path, &world));
  return world;
}

/// One of several simulators, on a backend of its own.
typedef struct player {
  const throng_world *world;
  uint32_t seed;
  throng_status status;
  uint64_t hash;
  float loss;
} player;

static throng_status play_on(throng_backend *backend, player *p) {
  throng_sta *sta = NULL;
  throng_sim *sim = NULL;
  throng_population *agents = NULL;
  throng_sta_def sta_def = throng_default_sta_def();
  throng_sim_def sim_def = throng_default_sim_def();
  throng_agent_def agent_def = throng_default_agent_def();
  sta_def.width = 8;
  sta_def.window = 8;
  sim_def.lanes = LANES;
  sim_def.history = 16;
  sim_def.max_steps = 20;
  sim_def.seed = p->seed;
  agent_def.hidden[0] = agent_def.hidden[1] = agent_def.width = 8;
  agent_def.batch = 16;
  agent_def.buffer = 2000;
  agent_def.learning_starts = 500;
  throng_status status = throng_sta_create(backend, p->world, &sta_def, &sta);
  if (status == THRONG_OK) status = throng_sim_create(backend, p->world, sta, &sim_def, &sim);
  if (status == THRONG_OK) status = throng_population_create(sim, &agent_def, 100000, &agents);
  for (int t = 0; status == THRONG_OK && t < STEPS; ++t)
    status = throng_population_train_step(agents);
  throng_population_stats stats;
  if (status == THRONG_OK) status = throng_population_get_stats(agents, &stats);
  if (status == THRONG_OK) p->loss = stats.loss[0];
  if (status == THRONG_OK) status = throng_sim_hash(sim, &p->hash);
  throng_population_close(agents);
  throng_sim_close(sim);
  throng_sta_close(sta);
  return status;
}

static void *play(void *context) {
  player *p = context;
  throng_backend *backend;
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = 2;
  p->status = throng_backend_open(&def, &backend);
  if (p->status != THRONG_OK) return NULL;
  p->status = play_on(backend, p);
  throng_backend_close(backend);
  return NULL;
}

TEST(threads, simulators_on_backends_of_their_own_step_at_once_over_one_world_to_the_same_bits) {
  throng_world *world = synthetic();
  player alone[3], together[3];
  pthread_t thread[3];
  for (uint32_t k = 0; k < 3; ++k) {
    alone[k] = together[k] = (player){.world = world, .seed = 1 + k / 2};
    play(&alone[k]);
    ASSERT_OK(alone[k].status);
  }
  for (int k = 0; k < 3; ++k) ASSERT_EQ(pthread_create(&thread[k], NULL, play, &together[k]), 0);
  // The world is looked at meanwhile.
  int64_t likes[150], n_like = 0;
  for (int round = 0; round < 50; ++round) {
    throng_world_item_counts(world, NULL, likes);
    n_like = throng_world_get_info(world).n_like;
    for (int i = 0; i < 150; ++i) n_like -= likes[i];
    EXPECT_EQ(n_like, 0);
  }
  for (int k = 0; k < 3; ++k) {
    pthread_join(thread[k], NULL);
    ASSERT_OK(together[k].status);
    EXPECT_EQ(together[k].hash, alone[k].hash);
    EXPECT_EQ(together[k].loss, alone[k].loss);
    EXPECT_GT(alone[k].loss, 0);
  }
  EXPECT_EQ(alone[0].hash, alone[1].hash);
  EXPECT_NE(alone[0].hash, alone[2].hash);
  throng_world_close(world);
}

/// Steps a simulator that another thread made.
static void *step_further(void *context) {
  int32_t action[LANES] = {0};
  for (int t = 0; t < 20; ++t)
    if (throng_sim_step(context, action) != THRONG_OK) return context;
  return NULL;
}

TEST(threads, a_simulator_may_be_handed_from_thread_to_thread_and_to_a_forked_child) {
  throng_world *world = synthetic();
  throng_backend *backend;
  throng_backend_def def = throng_default_backend_def();
  throng_sim_def sim_def = throng_default_sim_def();
  uint64_t expected, hash;
  throng_sim *sim;
  def.name = "cpu";
  def.threads = 2;
  sim_def.lanes = LANES;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;
  ASSERT_OK(throng_backend_open(&def, &backend));
  ASSERT_OK(throng_sim_create(backend, world, NULL, &sim_def, &sim));
  EXPECT_TRUE(step_further(sim) == NULL);
  EXPECT_TRUE(step_further(sim) == NULL);
  ASSERT_OK(throng_sim_hash(sim, &expected));
  ASSERT_OK(throng_sim_reset(sim));
  EXPECT_TRUE(step_further(sim) == NULL);
  const pid_t child = fork();
  if (child == 0) {
    const bool ok = !step_further(sim) && throng_sim_hash(sim, &hash) == THRONG_OK;
    _exit(ok && hash == expected ? 0 : 1);
  }
  pthread_t thread;
  void *failed = NULL;
  int status = -1;
  ASSERT_EQ(pthread_create(&thread, NULL, step_further, sim), 0);
  pthread_join(thread, &failed);
  EXPECT_TRUE(failed == NULL);
  ASSERT_OK(throng_sim_hash(sim, &hash));
  EXPECT_EQ(hash, expected);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(world);
}

static void *fail_here(void *context) {
  throng_world *world;
  (void)throng_world_open(context, &world);
  return strstr(throng_error_message(), context) ? NULL : context;
}

TEST(threads, each_thread_has_the_message_of_its_own_last_error) {
  pthread_t thread;
  void *failed = NULL;
  throng_world *world;
  EXPECT_EQ(throng_world_open("/nowhere/mine.safetensors", &world), THRONG_ERROR_IO);
  ASSERT_EQ(pthread_create(&thread, NULL, fail_here, "/nowhere/yours.safetensors"), 0);
  pthread_join(thread, &failed);
  EXPECT_TRUE(failed == NULL);
  EXPECT_CONTAINS(throng_error_message(), "mine.safetensors");
}

TEST(threads, the_library_tells_which_headers_fit) {
  const throng_version_numbers v = throng_get_version();
  char text[64];
  snprintf(text, sizeof text, "%d.%d.%d", v.major, v.minor, v.patch);
  EXPECT_STREQ(throng_version(), text);
  EXPECT_TRUE(throng_version_fits(THRONG_VERSION_MAJOR, THRONG_VERSION_MINOR));
  EXPECT_FALSE(throng_version_fits(v.major, v.minor + 1));
  EXPECT_FALSE(throng_version_fits(v.major + 1, 0));
  if (v.major == 0) EXPECT_FALSE(throng_version_fits(0, v.minor - 1));
}
