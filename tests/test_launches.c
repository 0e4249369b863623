/// What is queued on a device does not grow with the agents: a step of acting and of learning, a
/// start, a ranking, counted on the backend that plans memory.
#include <stdio.h>

#include "base/memory_plan.h"
#include "support/agent_rig.h"

typedef struct counts {
  int64_t queued, moved;
} counts;

typedef struct counted {
  throng_world world;
  throng_backend *real, *plan;
  throng_sim *sim;
  throng_population *agent;
} counted;

static counts now(const counted *c) {
  return (counts){memory_plan_queued(c->plan), memory_plan_moved(c->plan)};
}
static counts since(const counted *c, counts before) {
  const counts after = now(c);
  return (counts){after.queued - before.queued, after.moved - before.moved};
}

/// A device's ways, on a plan: 4 lanes an agent.
static void counted_open(counted *c, int32_t agents, const throng_agent_def *def, int32_t slate) {
  throng_sim_def sim = rig_sim_def(4 * agents, 9);
  throng_agent_def agent = *def;
  sim.slate_size = slate;
  sim.mask_seen = true;
  sim.max_steps = 11;  // slates of 5 leave some of the 60 items
  agent.count = agents;
  agent.learning_starts = 0;
  agent.buffer = 40;
  memset(c, 0, sizeof *c);
  c->world = small_world(7, 20, 60, 6, 12);
  ASSERT_OK(backend_cpu_open(1, &c->real));
  c->real->searches = true;
  ASSERT_OK(memory_plan_open(c->real, &c->plan));
  ASSERT_OK(throng_sim_create(c->plan, &c->world, NULL, &sim, &c->sim));
  ASSERT_OK(throng_population_create(c->sim, &agent, 4000000, &c->agent));
}

static void counted_close(counted *c) {
  throng_population_close(c->agent);
  throng_sim_close(c->sim);
  throng_backend_close(c->plan);
  throng_backend_close(c->real);
  small_world_free(&c->world);
}

static const int32_t agents_of[] = {1, 4, 64, 1024};
enum { SIZES = 4 };

static void expect_same(const counts *of, const char *what) {
  EXPECT_GT(of[0].queued, 0);
  for (int k = 1; k < SIZES; ++k)
    if (of[k].queued != of[0].queued || of[k].moved != of[0].moved) {
      printf("%s: %d agents queue %lld and move %lld times, one agent %lld and %lld\n", what,
             agents_of[k], (long long)of[k].queued, (long long)of[k].moved, (long long)of[0].queued,
             (long long)of[0].moved);
      EXPECT_EQ(of[k].queued, of[0].queued);
      EXPECT_EQ(of[k].moved, of[0].moved);
    }
}

static void count_steps(const throng_agent_def *def, int32_t slate, const char *what) {
  counts starts[SIZES], begins[SIZES], acts[SIZES], learns[SIZES];
  for (int k = 0; k < SIZES; ++k) {
    counted c;
    counted_open(&c, agents_of[k], def, slate);
    starts[k] = now(&c);
    for (int step = 0; step < 3; ++step) {  // the first update prepares, which comes once
      const counts before = now(&c);
      ASSERT_OK(throng_population_train_step(c.agent));
      learns[k] = since(&c, before);
    }
    counts before = now(&c);
    ASSERT_OK(throng_population_act(c.agent, c.sim, true, NULL));
    acts[k] = since(&c, before);
    before = now(&c);
    ASSERT_OK(throng_population_start(c.agent, 0, agents_of[k], NULL));
    begins[k] = since(&c, before);
    counted_close(&c);
  }
  expect_same(starts, what);
  expect_same(learns, what);
  expect_same(acts, what);
  expect_same(begins, what);
  EXPECT_GT(learns[0].queued, acts[0].queued + 50);  // they do learn
  EXPECT_LE(begins[0].queued, 12);  // a handful: a launch a parameter that does not start at 0
}

/// A plan asks how many fit: layers that start orthogonal are no work there.
TEST(launches, planning_thirty_thousand_policies_moves_no_more_than_planning_one) {
  static const int32_t agents[] = {1, 30000};
  counts starts[2];
  for (int k = 0; k < 2; ++k) {
    counted c;
    throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
    def.algorithm = THRONG_ALGORITHM_PPO;
    def.ortho_init = true;
    def.n_steps = 2;
    def.batch = 4;
    counted_open(&c, agents[k], &def, 1);
    starts[k] = now(&c);
    counted_close(&c);
  }
  EXPECT_EQ(starts[1].queued, starts[0].queued);
  EXPECT_EQ(starts[1].moved, starts[0].moved);
}

TEST(launches, a_normalised_munchausen_step_queues_as_much_for_a_thousand_agents_as_for_one) {
  throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  def.layer_norm = true;
  def.action_gap = 0.9f;
  def.munchausen_temperature = 0.03f;
  count_steps(&def, 1, "munchausen");
}

TEST(launches, a_step_and_a_start_of_two_towers_queue_as_much_for_a_thousand_agents_as_for_one) {
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  count_steps(&def, 1, "two_tower");
  def.double_dqn = false;
  def.tau = 1.0f;
  def.target_every = 1;
  def.n_step = 3;
  def.updates = 2;
  count_steps(&def, 5, "two_tower, hard targets, slates");
}

TEST(launches, a_step_and_a_start_of_flat_agents_queue_as_much_for_a_thousand_as_for_one) {
  throng_agent_def def = rig_agent_def(THRONG_HEAD_FLAT);
  count_steps(&def, 1, "flat");
  def.user_width = 0;
  def.loss = THRONG_LOSS_MSE;
  count_steps(&def, 2, "flat without users");
}

/// Whatever options agents have of their own, one launch is all agents': what some need and others
/// do not is left out by numbers on the backend.
TEST(launches, a_step_of_agents_that_all_differ_queues_as_much_for_a_thousand_as_for_four) {
  for (int head = 0; head < 2; ++head) {
    throng_agent_def def = rig_agent_def((throng_head)head);
    def.updates = 2;
    def.n_step = 5;
    counts learns[SIZES], alike;
    for (int k = 0; k < SIZES; ++k) {
      counted c;
      counted_open(&c, agents_of[k], &def, 1);
      for (int32_t i = 0; k > 0 && i < agents_of[k]; ++i) {
        const struct {
          const char *name;
          double value;
        } own[] = {{"double_dqn", i % 2},    {"loss", i / 2 % 2},
                   {"epsilon", i / 4 % 2},   {"tau", i % 3 ? 0.01 : 1},
                   {"batch", 1 + i % 16},    {"n_step", 1 + i % 5},
                   {"updates", i % 3},       {"buffer", 10 + i % 30},
                   {"gamma", 0.5 / (1 + i)}, {"learning_rate", 1e-3 / (1 + i)}};
        for (size_t o = 0; o < sizeof own / sizeof *own; ++o)
          ASSERT_OK(throng_population_set(c.agent, i, own[o].name, own[o].value));
      }
      for (int step = 0; step < 8; ++step) {
        const counts before = now(&c);
        ASSERT_OK(throng_population_train_step(c.agent));
        learns[k] = since(&c, before);
      }
      counted_close(&c);
    }
    alike = learns[0];
    learns[0] = learns[1];
    expect_same(learns, head ? "two_tower, all different" : "flat, all different");
    // A search, a catalogue, a target's copy, and who is of which kind: twice, an update each.
    EXPECT_LE(learns[1].queued, alike.queued + 2 * 8);
  }
}

TEST(launches, a_ranking_queues_as_much_for_a_thousand_agents_as_for_one_up_to_sixteen_items) {
  const throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  for (int32_t top = 1; top <= 16; top += 5) {
    counts ranks[SIZES];
    for (int k = 0; k < SIZES; ++k) {
      counted c;
      agent_actor *actor;
      counted_open(&c, agents_of[k], &def, 1);
      int32_t *item = calloc((size_t)c.sim->n_lane * 16, sizeof *item);
      ASSERT_OK(agent_actor_create(c.agent, c.sim, top, &actor));
      const counts before = now(&c);
      ASSERT_OK(agent_actor_rank(actor, c.sim, top, item));
      ranks[k] = since(&c, before);
      agent_actor_free(actor);
      counted_close(&c);
      free(item);
    }
    expect_same(ranks, "ranking");
  }
}

TEST(launches, a_longer_ranking_queues_as_much_for_a_thousand_agents_as_for_two) {
  const throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  enum { TOP = 40 };
  int64_t queued[2];
  for (int k = 0; k < 2; ++k) {
    counted c;
    agent_actor *actor;
    counted_open(&c, k ? 1024 : 2, &def, 1);
    int32_t *item = calloc((size_t)c.sim->n_lane * TOP, sizeof *item);
    ASSERT_OK(agent_actor_create(c.agent, c.sim, TOP, &actor));
    const counts before = now(&c);
    ASSERT_OK(agent_actor_rank(actor, c.sim, TOP, item));
    queued[k] = since(&c, before).queued;
    agent_actor_free(actor);
    counted_close(&c);
    free(item);
  }
  EXPECT_EQ(queued[1], queued[0]);
}
