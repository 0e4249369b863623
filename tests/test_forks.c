/// Forks of a backend: populations on queues of their own, over one world in memory.
#include "base/memory_plan.h"
#include "support/agent_rig.h"
#include "world/world_device.h"

typedef struct forked {
  throng_backend *backend;
  throng_sim *sim;
  throng_population *agent;
} forked;

static void make_on(throng_backend *backend, const throng_world *world, throng_head head,
                    int32_t lanes, forked *f) {
  throng_sim_def sim = rig_sim_def(lanes, 9);
  throng_agent_def agent = rig_agent_def(head);
  agent.count = 2;
  f->backend = backend;
  ASSERT_OK(throng_sim_create(backend, world, NULL, &sim, &f->sim));
  ASSERT_OK(throng_population_create(f->sim, &agent, 4000, &f->agent));
}

static uint64_t hash_of(const forked *f) {
  uint64_t weights = 0, replay = 0;
  EXPECT_OK(tensors_hash(&f->agent->weights, &weights));
  EXPECT_OK(tensors_hash(&f->agent->replay, &replay));
  return weights * 31 + replay;
}

static void free_on(forked *f) {
  throng_population_close(f->agent);
  throng_sim_close(f->sim);
}

static const throng_head heads[] = {THRONG_HEAD_TWO_TOWER, THRONG_HEAD_FLAT};
static const int32_t lanes[] = {12, 20};
enum { STEPS = 40 };

static uint64_t trained_alone(const throng_world *world, int k) {
  throng_backend *backend = NULL;
  forked alone;
  EXPECT_OK(backend_cpu_open(1, &backend));
  make_on(backend, world, heads[k], lanes[k], &alone);
  for (int t = 0; t < STEPS; ++t) EXPECT_OK(throng_population_train_step(alone.agent));
  EXPECT_GT(alone.agent->host.updates[0], 0);
  const uint64_t hash = hash_of(&alone);
  free_on(&alone);
  throng_backend_close(backend);
  return hash;
}

TEST(forks, populations_on_forks_end_where_they_end_alone_and_share_the_world) {
  throng_world world = small_world(7, 20, 60, 6, 12);
  throng_backend *backend, *fork[2];
  forked f[2];
  ASSERT_OK(backend_cpu_open(2, &backend));
  for (int k = 0; k < 2; ++k) {
    ASSERT_OK(backend_fork(backend, &fork[k]));
    make_on(fork[k], &world, heads[k], lanes[k], &f[k]);
  }
  EXPECT_TRUE(f[0].sim->device.shared == f[1].sim->device.shared);
  EXPECT_GT(world_device_held(backend, &world, 0, false), 0);
  EXPECT_EQ(world_device_held(fork[1], &world, 0, false),
            world_device_held(backend, &world, 0, false));
  for (int t = 0; t < STEPS; ++t)
    for (int k = 0; k < 2; ++k) ASSERT_OK(throng_population_train_step(f[k].agent));
  for (int k = 0; k < 2; ++k) EXPECT_EQ(hash_of(&f[k]), trained_alone(&world, k));
  for (int k = 0; k < 2; ++k) {
    free_on(&f[k]);
    throng_backend_close(fork[k]);
  }
  EXPECT_EQ(world_device_held(backend, &world, 0, false), 0);
  throng_backend_close(backend);
  small_world_free(&world);
}

TEST(forks, one_that_is_closed_leaves_the_others_and_the_backend_as_they_are) {
  throng_world world = small_world(7, 20, 60, 6, 12);
  throng_backend *backend, *first, *second;
  forked f[2];
  ASSERT_OK(backend_cpu_open(2, &backend));
  ASSERT_OK(backend_fork(backend, &first));
  make_on(first, &world, heads[0], lanes[0], &f[0]);  // the one that uploads the world
  ASSERT_OK(backend_fork(first, &second));
  make_on(second, &world, heads[1], lanes[1], &f[1]);
  for (int t = 0; t < STEPS; ++t) {
    if (t == STEPS / 2) {
      free_on(&f[0]);
      throng_backend_close(first);
    }
    ASSERT_OK(throng_population_train_step(f[1].agent));
  }
  EXPECT_EQ(hash_of(&f[1]), trained_alone(&world, 1));
  make_on(backend, &world, heads[0], lanes[0], &f[0]);
  for (int t = 0; t < STEPS; ++t) ASSERT_OK(throng_population_train_step(f[0].agent));
  EXPECT_EQ(hash_of(&f[0]), trained_alone(&world, 0));
  free_on(&f[0]);
  free_on(&f[1]);
  throng_backend_close(second);
  throng_backend_close(backend);
  small_world_free(&world);
}

TEST(forks, a_statistical_vote_of_the_backend_answers_alike_on_a_fork) {
  throng_world world = small_world(7, 20, 60, 6, 12);
  throng_backend *backend, *fork;
  throng_sta *sta;
  throng_sta_def sta_def = throng_default_sta_def();
  sta_def.epochs = 1;
  sta_def.window = 8;
  ASSERT_OK(backend_cpu_open(1, &backend));
  ASSERT_OK(throng_sta_fit(backend, &world, &sta_def, NULL, &sta, NULL));
  ASSERT_OK(backend_fork(backend, &fork));
  throng_sim_def def = rig_sim_def(8, 9);
  def.votes.rule = throng_default_sim_def().votes.rule;
  throng_sim *sim[2];
  for (int side = 0; side < 2; ++side)
    ASSERT_OK(throng_sim_create(side ? fork : backend, &world, sta, &def, &sim[side]));
  for (int t = 0; t < 30; ++t) {
    int32_t action[8];
    uint64_t hash[2];
    for (int lane = 0; lane < 8; ++lane) action[lane] = (lane * 7 + t * 11) % 60;
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(throng_sim_step(sim[side], action));
      ASSERT_OK(tensors_hash(&sim[side]->lanes, &hash[side]));
    }
    EXPECT_EQ(hash[1], hash[0]);
  }
  for (int side = 0; side < 2; ++side) throng_sim_close(sim[side]);
  throng_sta_close(sta);
  throng_backend_close(fork);
  throng_backend_close(backend);
  small_world_free(&world);
}

TEST(forks, a_plan_of_memory_has_none_and_says_so) {
  throng_backend *backend, *plan, *fork;
  ASSERT_OK(backend_cpu_open(1, &backend));
  ASSERT_OK(memory_plan_open(backend, &plan));
  EXPECT_EQ(backend_fork(plan, &fork), THRONG_ERROR_BACKEND);
  EXPECT_CONTAINS(throng_error_message(), "one queue");
  EXPECT_TRUE(fork == NULL);
  throng_backend_close(plan);
  throng_backend_close(backend);
}
