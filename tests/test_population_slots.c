/// Places of a population for any agent: what begins there, is read from a file there or was moved
/// there is bit for bit an agent alone, whatever its place, its neighbours and who was there
/// before. The same tests run with the emulated device.
#include <stdio.h>

#include "support/agent_rig.h"
#include "support/runaway.h"
#include "support/tensor_edit.h"

enum { LANES = 4, STEPS = 60, TOTAL = 500 };
#ifdef CUDA_IN_PLACE_OF_CPU  // where a step takes a hundred times as long
enum { HEADS = 1 };
#else
enum { HEADS = 2 };
#endif

static throng_status train(throng_population *a, int steps) {
  for (int t = 0; t < steps; ++t) THRONG_TRY(throng_population_train_step(a));
  return THRONG_OK;
}

static throng_agent_def def_of(int head) {
  throng_agent_def def = rig_agent_def(head ? THRONG_HEAD_FLAT : THRONG_HEAD_TWO_TOWER);
  def.n_step = 2;
  def.buffer = 120;  // a ring of 42 steps: it goes round
  def.learning_starts = 40;
  def.updates = 1;
  return def;
}

/// Agent number k: options, seed and lanes of its own.
static throng_agent_def own_def(int head, int k) {
  throng_agent_def def = def_of(head);
  def.seed = (uint32_t)(100 + k);
  def.learning_rate = 1e-3f * (float)(k + 1);
  def.gamma = k == 1 ? 0 : 0.9f + 0.01f * (float)k;  // 0: alone, no next state is looked at
  def.update_every = 1 + k % 3;
  def.buffer = 60 + 20 * k % 61;  // up to the population's: a shorter ring in a longer one
  def.n_step = 1 + k % 2;
  def.batch = 16 - 2 * k;
  def.epsilon_share = 0.2f + 0.1f * (float)k;
  return def;
}
static uint32_t lanes_of(int k) { return 0x40000000u + 7u * (uint32_t)k; }

static throng_sim_def sim_def(int n, uint32_t first_lane) {
  throng_sim_def sim = rig_sim_def(n * LANES, 10);
  sim.mask_seen = true;
  sim.preferences = true;
  sim.first_lane = first_lane;
  return sim;
}

static bool open_alone(agent_rig *rig, int head, int k) {
  const throng_sim_def sim = sim_def(1, lanes_of(k));
  const throng_agent_def def = own_def(head, k);
  return rig_make(rig, 1, &sim, &def, TOTAL) == THRONG_OK;
}

static bool open_many(agent_rig *rig, int head, int n, int threads) {
  const throng_sim_def sim = sim_def(n, 3);
  throng_agent_def def = def_of(head);
  def.count = n;
  return rig_make(rig, threads, &sim, &def, 300) == THRONG_OK;
}

static throng_status begin(const agent_rig *rig, int agent, int head, int k) {
  const throng_agent_def def = own_def(head, k);
  return throng_population_begin(rig->agent, agent, &def, TOTAL, lanes_of(k));
}

static bool same_files(const char *x, const char *y) {
  const file_bytes a = file_bytes_read(x), b = file_bytes_read(y);
  const bool same = a.length > 1000 && a.length == b.length && !memcmp(a.data, b.data, a.length);
  free(a.data);
  free(b.data);
  return same;
}

static const char *file_named(const char *name) {
  static char path[4][512];
  static int next;
  char *to = path[next = (next + 1) % 4];
  snprintf(to, sizeof path[0], "%s/%s.safetensors", throng_test_folder(), name);
  return to;
}

/// Does agent `agent` write the file that the agent alone writes?
static void expect_alone(const agent_rig *rig, int agent, const agent_rig *alone) {
  const char *one = file_named("one"), *other = file_named("alone");
  ASSERT_OK(throng_population_save_agent(rig->agent, agent, one));
  ASSERT_OK(throng_population_save(alone->agent, other));
  EXPECT_TRUE(same_files(one, other));
}

TEST(population_slots, an_agent_that_begins_in_any_slot_is_itself_alone_and_writes_the_same_file) {
  for (int head = 0; head < HEADS; ++head) {
    agent_rig rig, alone[2];
    ASSERT_TRUE(open_many(&rig, head, 3, 2));
    ASSERT_OK(runaway_set(rig.agent, 0));
    ASSERT_OK(train(rig.agent, 53));  // one has diverged, all logs have gone round
    for (int k = 0; k < 2; ++k) {
      ASSERT_TRUE(open_alone(&alone[k], head, k));
      ASSERT_OK(begin(&rig, k, head, k));
      expect_alone(&rig, k, &alone[k]);
      ASSERT_OK(train(rig.agent, 7));
      for (int j = 0; j <= k; ++j) ASSERT_OK(train(alone[j].agent, 7));
    }
    for (int t = 0; t < STEPS; t += STEPS / 3) {
      ASSERT_OK(train(rig.agent, STEPS / 3));
      for (int k = 0; k < 2; ++k) {
        ASSERT_OK(train(alone[k].agent, STEPS / 3));
        expect_alone(&rig, k, &alone[k]);
      }
    }
    EXPECT_GT(alone[0].agent->host.updates[0], RIG_UPDATES(STEPS / 2));
    rig_free(&rig);
    for (int k = 0; k < 2; ++k) rig_free(&alone[k]);
  }
}

/// An agent's copy into a slot of another population, through memory.
static void carry(throng_population *from, int32_t which, throng_population *to, int32_t slot) {
  void *packed = malloc(agent_packed_size(from, which));
  ASSERT_OK(agent_pack(from, which, packed));
  ASSERT_OK(agent_unpack(to, slot, packed));
  free(packed);
}

TEST(population_slots, a_way_through_other_slots_of_other_populations_changes_no_bit) {
  for (int head = 0; head < HEADS; ++head) {
    agent_rig first, second, alone;
    ASSERT_TRUE(open_many(&first, head, 3, 1) && open_many(&second, head, 2, 2));
    ASSERT_TRUE(open_alone(&alone, head, 4));
    ASSERT_OK(train(first.agent, 20));
    ASSERT_OK(begin(&first, 2, head, 4));
    ASSERT_OK(train(first.agent, 50));
    ASSERT_OK(train(alone.agent, 50));
    // By a file into a population whose clock is behind the agent's.
    const char *path = file_named("moved");
    ASSERT_OK(throng_population_save_agent(first.agent, 2, path));
    ASSERT_OK(train(second.agent, 5));
    ASSERT_OK(throng_population_load_agent(second.agent, 0, path));
    expect_alone(&second, 0, &alone);
    ASSERT_OK(train(second.agent, 30));
    ASSERT_OK(train(alone.agent, 30));
    // Through memory, back into another slot.
    carry(second.agent, 0, first.agent, 1);
    ASSERT_OK(train(first.agent, 30));
    ASSERT_OK(train(alone.agent, 30));
    expect_alone(&first, 1, &alone);
    double share;
    ASSERT_OK(throng_population_get(first.agent, 1, "epsilon_share", &share));
    EXPECT_TRUE((float)share == own_def(head, 4).epsilon_share);
    // Where no agent has ever begun.
    throng_population_close(second.agent);
    throng_agent_def places = throng_population_get_def(first.agent);
    places.count = 2;
    ASSERT_OK(agent_create_places(second.sim, &places, 2 * TOTAL, &second.agent));
    carry(first.agent, 1, second.agent, 1);
    ASSERT_OK(agent_halt(second.agent, 1, false));
    ASSERT_OK(train(second.agent, 30));
    ASSERT_OK(train(alone.agent, 30));
    expect_alone(&second, 1, &alone);
    rig_free(&first);
    rig_free(&second);
    rig_free(&alone);
  }
}

TEST(population_slots, an_agents_file_is_a_checkpoint_of_a_population_of_one_both_ways) {
  agent_rig rig, alone, fresh;
  const char *path = file_named("both");
  ASSERT_TRUE(open_many(&rig, 0, 3, 1) && open_alone(&alone, 0, 1) && open_alone(&fresh, 0, 1));
  ASSERT_OK(begin(&rig, 1, 0, 1));
  ASSERT_OK(train(rig.agent, 45));
  ASSERT_OK(train(alone.agent, 45));
  ASSERT_OK(throng_population_save_agent(rig.agent, 1, path));
  ASSERT_OK(throng_population_restore(fresh.agent, path));
  ASSERT_OK(throng_population_save(alone.agent, path));
  ASSERT_OK(throng_population_load_agent(rig.agent, 2, path));
  ASSERT_OK(train(rig.agent, 15));
  ASSERT_OK(train(alone.agent, 15));
  ASSERT_OK(train(fresh.agent, 15));
  expect_alone(&fresh, 0, &alone);
  expect_alone(&rig, 2, &alone);
  expect_alone(&rig, 1, &alone);
  rig_free(&rig);
  rig_free(&alone);
  rig_free(&fresh);
}

TEST(population_slots, a_halted_agent_stands_still_to_the_bit_and_goes_on_as_if_nothing_were) {
  agent_rig rig, alone[2];
  ASSERT_TRUE(open_many(&rig, 0, 2, 2));
  for (int k = 0; k < 2; ++k) {
    ASSERT_TRUE(open_alone(&alone[k], 0, k));
    ASSERT_OK(begin(&rig, k, 0, k));
  }
  for (int t = 0; t < 11; ++t) {  // each waits for the other, before learning begins and after
    const int waits = t % 3 ? t % 2 : 2;
    for (int k = 0; k < 2; ++k) {
      ASSERT_OK(agent_halt(rig.agent, k, k == waits));
      if (k != waits) ASSERT_OK(train(alone[k].agent, 7));
    }
    ASSERT_OK(train(rig.agent, 7));
    for (int k = 0; k < 2; ++k) expect_alone(&rig, k, &alone[k]);
  }
  EXPECT_GT(alone[0].agent->host.updates[0], RIG_UPDATES(20));
  EXPECT_TRUE(alone[0].agent->host.time != alone[1].agent->host.time);
  throng_population_stats stats;
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  for (int k = 0; k < 2; ++k) EXPECT_EQ(stats.user_steps[k], alone[k].agent->host.steps[0] * LANES);
  rig_free(&rig);
  for (int k = 0; k < 2; ++k) rig_free(&alone[k]);
}

TEST(population_slots, a_whole_populations_file_keeps_the_lanes_own_numbers) {
  agent_rig rig, fresh;
  const char *path = file_named("whole"), *again = file_named("again");
  ASSERT_TRUE(open_many(&rig, 0, 2, 1) && open_many(&fresh, 0, 2, 1));
  ASSERT_OK(throng_population_save(rig.agent, path));
  safetensors_file *file;
  ASSERT_OK(safetensors_open(path, &file));
  EXPECT_TRUE(safetensors_find(file, "lane.number") == NULL);  // the usual ones
  safetensors_close(file);
  ASSERT_OK(begin(&rig, 1, 0, 3));
  ASSERT_OK(train(rig.agent, 30));
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(throng_population_restore(fresh.agent, path));
  ASSERT_OK(train(rig.agent, 20));
  ASSERT_OK(train(fresh.agent, 20));
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(throng_population_save(fresh.agent, again));
  EXPECT_TRUE(same_files(path, again));
  // One agent of it goes on alone, with those numbers.
  agent_rig alone;
  ASSERT_TRUE(open_alone(&alone, 0, 3));
  ASSERT_OK(train(alone.agent, 50));
  expect_alone(&fresh, 1, &alone);
  rig_free(&rig);
  rig_free(&fresh);
  rig_free(&alone);
}

TEST(population_slots, lanes_of_a_simulator_keep_their_numbers_in_a_file) {
  agent_rig rig, fresh;
  const char *path = file_named("lanes");
  ASSERT_TRUE(open_many(&rig, 0, 2, 1) && open_many(&fresh, 0, 2, 1));
  ASSERT_OK(begin(&rig, 1, 0, 3));
  ASSERT_OK(throng_sim_save(rig.sim, path));
  ASSERT_OK(throng_sim_restore(fresh.sim, path));
  int32_t action[2 * LANES] = {0};
  for (int t = 0; t < 30; ++t) {
    for (int l = 0; l < 2 * LANES; ++l) action[l] = (3 * t + l) % 60;
    ASSERT_OK(throng_sim_step(rig.sim, action));
    ASSERT_OK(throng_sim_step(fresh.sim, action));
  }
  uint64_t x, y;
  ASSERT_OK(throng_sim_hash(rig.sim, &x));
  ASSERT_OK(throng_sim_hash(fresh.sim, &y));
  EXPECT_TRUE(x == y);
  rig_free(&rig);
  rig_free(&fresh);
}

/// The file with its log as versions before 0.3 laid it out: by the population's time.
static void write_old_log(const agent_rig *rig, const char *from, const char *to) {
  safetensors_file *file;
  safetensors_writer *writer;
  const throng_population *a = rig->agent;
  ASSERT_OK(safetensors_open(from, &file));
  ASSERT_OK(safetensors_writer_create(to, &writer));
  for (int k = 0; k < 3; ++k) {
    const char *key = (const char *[]){"agent", "simulator", "arithmetic"}[k];
    ASSERT_OK(safetensors_writer_metadata(writer, key, safetensors_metadata(file, key)));
  }
  for (size_t i = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    ASSERT_OK(
        safetensors_writer_declare(writer, t->name, (tensor_type)t->type, t->rank, t->shape, NULL));
  }
  ASSERT_OK(safetensors_writer_begin(writer));
  for (size_t i = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    void *data;
    ASSERT_OK(safetensors_read_all(file, t, &data));
    char *turned = malloc(t->bytes + 1);
    memcpy(turned, data, t->bytes);
    if (!strncmp(t->name, "replay.", 7)) {
      const int64_t n = t->shape[1];
      const size_t step = t->bytes / (size_t)(t->shape[0] * n);
      for (int64_t lane = 0; lane < t->shape[0]; ++lane)
        for (int64_t place = 0; place < n; ++place) {
          const int64_t start = a->host.log_start[lane / a->agent_lanes];
          memcpy(turned + step * (size_t)(lane * n + (start + place) % n),
                 (char *)data + step * (size_t)(lane * n + place), step);
        }
    }
    ASSERT_OK(safetensors_writer_data(writer, i, turned, t->bytes));
    free(turned);
    free(data);
  }
  ASSERT_OK(safetensors_writer_commit(writer));
  safetensors_close(file);
}

TEST(population_slots, a_log_that_went_by_the_populations_time_is_turned_when_it_is_read) {
  agent_rig rig, fresh;
  const char *path = file_named("new"), *old = file_named("old");
  ASSERT_TRUE(open_many(&rig, 0, 2, 1) && open_many(&fresh, 0, 2, 1));
  ASSERT_OK(train(rig.agent, 17));
  ASSERT_OK(throng_population_start(rig.agent, 1, 1, NULL));
  ASSERT_OK(train(rig.agent, 50));
  ASSERT_OK(throng_population_save(rig.agent, path));
  write_old_log(&rig, path, old);
  EXPECT_FALSE(same_files(path, old));
  ASSERT_OK(throng_population_restore(fresh.agent, old));
  ASSERT_OK(throng_population_save(fresh.agent, old));
  EXPECT_TRUE(same_files(path, old));
  rig_free(&rig);
  rig_free(&fresh);
}

TEST(population_slots, what_does_not_fit_is_refused_by_its_name_and_nothing_changes) {
  agent_rig rig, other;
  const char *path = file_named("refused"), *before = file_named("before"),
             *after = file_named("after");
  ASSERT_TRUE(open_many(&rig, 0, 2, 1));
  ASSERT_OK(train(rig.agent, 30));
  ASSERT_OK(throng_population_save(rig.agent, before));
  throng_agent_def def = own_def(0, 1);
#define REFUSED(call, what, part)                  \
  do {                                             \
    EXPECT_EQ(call, what);                         \
    EXPECT_CONTAINS(throng_error_message(), part); \
  } while (0)
  REFUSED(throng_population_begin(rig.agent, 2, &def, TOTAL, 0), THRONG_ERROR_ARGUMENT,
          "agent 2 is not in 0..1");
  REFUSED(throng_population_save_agent(rig.agent, -1, path), THRONG_ERROR_ARGUMENT,
          "agent -1 is not in 0..1");
  REFUSED(throng_population_load_agent(rig.agent, 2, path), THRONG_ERROR_ARGUMENT,
          "agent 2 is not in 0..1");
  REFUSED(throng_population_begin(rig.agent, 0, &def, -1, 0), THRONG_ERROR_ARGUMENT, "-1");
  def.width = 16;
  REFUSED(throng_population_begin(rig.agent, 0, &def, TOTAL, 0), THRONG_ERROR_ARGUMENT,
          "agent.width");
  def.width = 8;
  def.gamma = 2;
  REFUSED(throng_population_begin(rig.agent, 0, &def, TOTAL, 0), THRONG_ERROR_ARGUMENT,
          "agent.gamma");
  REFUSED(throng_population_load_agent(rig.agent, 0, before), THRONG_ERROR_DATA,
          "it has count 2, this one has count 1");
  throng_sim_def sim = sim_def(1, 0);
  def = own_def(0, 1);
  def.width = 16;
  ASSERT_OK(rig_make(&other, 1, &sim, &def, TOTAL));
  ASSERT_OK(throng_population_save(other.agent, path));
  REFUSED(throng_population_load_agent(rig.agent, 0, path), THRONG_ERROR_DATA,
          "it has width 16, this one has width 8");
  rig_free(&other);
  def.width = 8;
  sim.max_steps = 14;
  ASSERT_OK(rig_make(&other, 1, &sim, &def, TOTAL));
  ASSERT_OK(throng_population_save(other.agent, path));
  REFUSED(throng_population_load_agent(rig.agent, 0, path), THRONG_ERROR_DATA, "max_steps");
  rig_free(&other);
  ASSERT_OK(throng_population_save(rig.agent, after));
  EXPECT_TRUE(same_files(before, after));
  rig_free(&rig);
}
