/// What does not fit into a device's memory is refused with its sizes before anything starts: runs,
/// fits, votes, evaluations and benchmarks.
#include "base/memory_plan.h"
#include "crew/crew.h"
#include "cuda_parity.h"
#include "evaluate/fidelity.h"
#include "sim/sim.h"
#include "support/small_run.h"
#include "support/small_world.h"
#include "timing/bench_sim.h"
#include "train/train_memory.h"
#include "world/world_device.h"

TEST(cuda_memory, a_simulator_that_no_device_could_hold_is_refused_and_leaves_nothing_behind) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(31, 120, 60, 8, 40);
  throng_sim_def def = throng_default_sim_def();
  def.votes.rule = THRONG_RULE_LOGICAL;
  def.lanes = 1 << 24;
  def.history = 1 << 16;  // two rings of 4 TiB
  throng_sim *sim;
  EXPECT_EQ(throng_sim_create(p.cuda, &world, NULL, &def, &sim), THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "lanes of the simulator");
  EXPECT_TRUE(sim == NULL);
  EXPECT_EQ(world_device_held(p.cuda, &world, INT64_MAX, false), 0);
  small_world_free(&world);
  parity_close(&p);
}

#ifdef CUDA_TEST_ON_CPU

/// Memory that the backend holds already, the driver's share and `more` MiB.
static void leave_free(size_t more) {
  cuda_on_cpu_limit(cuda_on_cpu_in_use() + ((96 + more) << 20));
}

TEST(cuda_memory, a_run_that_would_not_fit_is_refused_with_its_sizes_before_anything_is_written) {
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  char out[512];
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  snprintf(out, sizeof out, "%s/refused", throng_test_folder());
  run.train.out = out;
  run.agent.buffer = (int64_t)1 << 33;  // 17 bytes each: 136 GiB of a device of 4
  EXPECT_EQ(throng_train(p.cuda, run.world, NULL, &run.sim, &run.agent, &run.train, NULL, NULL),
            THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "training needs 139");
  EXPECT_CONTAINS(throng_error_message(), "replay log of the agents 139");
  EXPECT_CONTAINS(throng_error_message(), "agent.buffer");
  EXPECT_TRUE(fopen(out, "r") == NULL);
  small_run_close(&run);
  parity_close(&p);
}

TEST(cuda_memory, a_fit_that_would_not_fit_is_refused_with_its_sizes_before_it_begins) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(31, 120, 60, 8, 40);
  throng_sta_def def = throng_default_sta_def();
  throng_sta *sta = NULL;
  const size_t before = cuda_on_cpu_in_use();
  cuda_on_cpu_limit(before + ((size_t)97 << 20));  // the driver's share and one more
  EXPECT_EQ(throng_sta_fit(p.cuda, &world, &def, NULL, &sta, NULL), THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "the fit of f_sta needs");
  EXPECT_CONTAINS(throng_error_message(), "lower sta.batch");
  EXPECT_TRUE(sta == NULL);
  EXPECT_EQ(cuda_on_cpu_in_use(), before);
  cuda_on_cpu_limit((size_t)4 << 30);
  def.epochs = 1;
  EXPECT_OK(throng_sta_fit(p.cuda, &world, &def, NULL, &sta, NULL));
  throng_sta_close(sta);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_memory, a_run_that_would_not_fit_is_refused_before_its_f_sta_is_fitted) {
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  const throng_sta_def shape = throng_default_sta_def();
  run.sim.votes.rule = THRONG_RULE_MAJORITY;
  run.sim.history = 64;
  run.train.out = "unused";
  const size_t before = cuda_on_cpu_in_use();
  EXPECT_OK(train_check_memory(p.cuda, run.world, NULL, &shape, &run.sim, &run.agent, &run.train));
  run.sim.lanes = 1 << 15;  // histories and f_sta's caches: some KB a lane
  leave_free(64);
  EXPECT_EQ(train_check_memory(p.cuda, run.world, NULL, &shape, &run.sim, &run.agent, &run.train),
            THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "training needs");
  EXPECT_CONTAINS(throng_error_message(), "lanes of the simulator");
  EXPECT_EQ(cuda_on_cpu_in_use(), before);
  cuda_on_cpu_limit((size_t)4 << 30);
  small_run_close(&run);
  parity_close(&p);
}

TEST(cuda_memory, what_is_planned_is_what_a_run_then_takes) {
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  throng_backend *plan;
  ASSERT_OK(memory_plan_open(p.cuda, &plan));
  size_t taken[2];
  for (int side = 0; side < 2; ++side) {
    throng_backend *b = side ? p.cuda : plan;
    const size_t before = cuda_on_cpu_in_use();
    throng_sim *sim;
    throng_population *agent;
    ASSERT_OK(throng_sim_create(b, run.world, NULL, &run.sim, &sim));
    ASSERT_OK(throng_population_create(sim, &run.agent, 1000, &agent));
    taken[side] = side ? cuda_on_cpu_in_use() - before : memory_plan_bytes(plan);
    throng_population_close(agent);
    throng_sim_close(sim);
  }
  // Pages and guards of the emulation's blocks, and what building the table takes for a while.
  EXPECT_NEAR((double)taken[0], (double)taken[1], 1 << 17);
  throng_backend_close(plan);
  small_run_close(&run);
  parity_close(&p);
}

TEST(cuda_memory,
     votes_that_would_not_fit_are_refused_with_their_sizes_before_anything_is_uploaded) {
  parity p;
  if (!parity_open(&p)) return;
  enum { N = 300000 };
  throng_world world = small_world(31, 120, 60, 8, 40);
  throng_sta_def sta_def = throng_default_sta_def();
  throng_sta *sta;
  ASSERT_OK(throng_sta_create(p.cuda, &world, &sta_def, &sta));
  int32_t *zero = calloc(N, sizeof *zero), *user = calloc(N, sizeof *user);
  int64_t *offset = calloc(N + 1, sizeof *offset);
  for (int i = 0; i < N; ++i) user[i] = i % 2;  // pairs of one user and history would share a row
  throng_vote *vote = calloc(N, sizeof *vote);
  const throng_votes_def def = throng_default_sim_def().votes;
  const size_t before = cuda_on_cpu_in_use();
  leave_free(17);  // 300,000 pairs want 9 MiB beside the 13 of f_sta's scratch
  throng_pairs pairs = {N, user, zero, offset, NULL, NULL};
  EXPECT_EQ(throng_votes_evaluate(p.cuda, &world, sta, &def, 1, &pairs, vote, NULL),
            THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "asking for votes needs");
  EXPECT_CONTAINS(throng_error_message(), "pairs ");
  EXPECT_CONTAINS(throng_error_message(), "lower the number of pairs");
  EXPECT_EQ(cuda_on_cpu_in_use(), before);
  pairs.n = N / 100;
  EXPECT_OK(throng_votes_evaluate(p.cuda, &world, sta, &def, 1, &pairs, vote, NULL));
  cuda_on_cpu_limit((size_t)4 << 30);
  free(user);
  free(zero);
  free(offset);
  free(vote);
  throng_sta_close(sta);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_memory, an_evaluation_that_would_not_fit_is_refused_with_its_sizes) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(31, 120, 60, 8, 40);
  const throng_votes_def def = throng_default_sim_def().votes;
  fidelity f;
  leave_free(0);
  EXPECT_EQ(fidelity_evaluate(p.cuda, &world, NULL, &def, 1, FIDELITY_TEST, NULL, &f),
            THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "asking for votes needs");
  EXPECT_CONTAINS(throng_error_message(), "world 0.0 MiB");
  leave_free(1);
  EXPECT_OK(fidelity_evaluate(p.cuda, &world, NULL, &def, 1, FIDELITY_TEST, NULL, &f));
  cuda_on_cpu_limit((size_t)4 << 30);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_memory, a_million_items_and_16384_lanes_take_less_than_2_GiB_beside_world_and_weights) {
  parity p;
  if (!parity_open(&p)) return;
  // Sizes alone: nothing is read while a plan is made.
  throng_world world = {.n_item = 1000000, .n_user = 10, .n_category = 50, .n_keyword = 2000};
  world.dim = 384;
  world.category_offset = calloc((size_t)world.n_item + 1, sizeof *world.category_offset);
  world.pos_offset = world.neg_offset = world.category_offset;
  world.user_offset = calloc((size_t)world.n_user + 1, sizeof *world.user_offset);
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = 16384;
  sim_def.mask_seen = true;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;
  const throng_agent_def agent_def = throng_default_agent_def();
  throng_backend *plan;
  throng_sim *sim;
  throng_population *agent;
  p.cuda->searches = true;
  ASSERT_OK(memory_plan_open(p.cuda, &plan));
  ASSERT_OK(throng_sim_create(plan, &world, NULL, &sim_def, &sim));
  ASSERT_OK(throng_population_create(sim, &agent_def, 1000000, &agent));
  const double scratch = (double)memory_plan_part(plan, "actor of the agents") +
                         (double)memory_plan_part(plan, "gradients and batches of the agents");
  EXPECT_LT(4.0 * 64 * 1e6, scratch);  // the catalogue's vectors at least
  EXPECT_LT(scratch, 2147483648.0);
  throng_population_close(agent);
  throng_sim_close(sim);
  EXPECT_EQ(memory_plan_part(plan, "actor of the agents"), 0);
  throng_backend_close(plan);
  free(world.category_offset);
  free(world.user_offset);
  parity_close(&p);
}

/// Calls that a step of training with one update queues, of `agents` with `lanes` and `batch` each.
static int64_t calls_of_a_step(parity *p, int32_t agents, int32_t lanes, int32_t batch) {
  // Sizes alone: nothing is read while a plan is made.
  throng_world world = {.n_item = 10000, .n_user = 10, .n_category = 50, .n_keyword = 2000};
  world.dim = 384;
  world.category_offset = calloc((size_t)world.n_item + 1, sizeof *world.category_offset);
  world.pos_offset = world.neg_offset = world.category_offset;
  world.user_offset = calloc((size_t)world.n_user + 1, sizeof *world.user_offset);
  throng_sim_def sim_def = throng_default_sim_def();
  sim_def.lanes = agents * lanes;
  sim_def.votes.rule = THRONG_RULE_LOGICAL;
  throng_agent_def agent_def = throng_default_agent_def();
  agent_def.count = agents;
  agent_def.batch = batch;
  agent_def.updates = 1;
  agent_def.buffer = 1000;
  agent_def.learning_starts = 0;
  throng_backend *plan;
  throng_sim *sim = NULL;
  throng_population *agent = NULL;
  int64_t calls = 0;
  EXPECT_OK(memory_plan_open(p->cuda, &plan));
  EXPECT_OK(throng_sim_create(plan, &world, NULL, &sim_def, &sim));
  EXPECT_OK(throng_population_create(sim, &agent_def, 1000000, &agent));
  for (int step = 0; step < 3; ++step) {  // the first update prepares, which comes once
    const int64_t before = memory_plan_queued(plan);
    EXPECT_OK(throng_population_train_step(agent));
    calls = memory_plan_queued(plan) - before;
  }
  throng_population_close(agent);
  throng_sim_close(sim);
  throng_backend_close(plan);
  free(world.category_offset);
  free(world.user_offset);
  return calls;
}

TEST(cuda_memory, a_step_of_a_thousand_agents_queues_what_a_step_of_one_does_at_any_batch) {
  parity p;
  if (!parity_open(&p)) return;
  p.cuda->searches = true;
  const int64_t one = calls_of_a_step(&p, 1, 4096, 512);
  EXPECT_GT(one, 100);
  EXPECT_LT(one, 150);  // 155 nodes with the kernels of two groupings and two searches
  EXPECT_EQ(calls_of_a_step(&p, 1024, 64, 512), one);
  EXPECT_EQ(calls_of_a_step(&p, 1024, 64, 4096), one);
  EXPECT_EQ(calls_of_a_step(&p, 1, 1 << 20, 65536), one);
  p.cuda->searches = false;  // products and folds, tile by tile
  EXPECT_GT(calls_of_a_step(&p, 1024, 64, 4096), 10000);
  parity_close(&p);
}

static void count_row(void *context, const measure_row *row) {
  (void)row;
  ++*(int *)context;
}

TEST(cuda_memory, a_benchmark_that_would_not_fit_is_refused_with_its_sizes_before_a_case_is_timed) {
  parity p;
  if (!parity_open(&p)) return;
  throng_world world = small_world(31, 120, 60, 8, 40);
  bench_sim_def def = bench_sim_default_def();
  int rows = 0;
  const size_t before = cuda_on_cpu_in_use();
  def.lanes = 1 << 20;
  leave_free(100);  // two rings of 256 MiB are wanted
  EXPECT_EQ(bench_sim(p.cuda, &world, NULL, &def, count_row, &rows), THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "the benchmark needs");
  EXPECT_CONTAINS(throng_error_message(), "lanes of the simulator");
  EXPECT_CONTAINS(throng_error_message(), "lower sim.lanes");
  EXPECT_EQ(rows, 0);
  EXPECT_EQ(cuda_on_cpu_in_use(), before);
  def.lanes = 16;
  def.seconds = 0.001;
  EXPECT_OK(bench_sim(p.cuda, &world, NULL, &def, count_row, &rows));
  EXPECT_EQ(rows, 5);  // the table, two votes with it and without
  cuda_on_cpu_limit((size_t)4 << 30);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_memory, a_count_of_agents_that_is_auto_is_the_most_that_fit) {
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  throng_session *session = NULL;
  throng_population *agents = NULL;
  run.train.yardsticks = false;
  run.sim.lanes = 4;  // one agent's
  run.agent.count = 0;
  leave_free(12);
  EXPECT_EQ(throng_session_create(p.cuda, run.world, NULL, &run.sim, &run.agent, &run.train, NULL,
                                  &session),
            THRONG_OK);
  const int32_t count =
      session ? throng_population_get_def(throng_session_get_population(session)).count : 0;
  EXPECT_TRUE(count > 4 && count < 64);
  if (session) EXPECT_EQ(throng_sim_get_def(throng_session_get_sim(session)).lanes, 4 * count);
  throng_session_close(session);
  // One more does not fit.
  run.agent.count = count + 1;
  run.sim.lanes = 4 * (count + 1);
  EXPECT_EQ(throng_session_create(p.cuda, run.world, NULL, &run.sim, &run.agent, &run.train, NULL,
                                  &session),
            THRONG_ERROR_MEMORY);
  // Not even one, of such a size.
  run.agent.count = 0;
  run.sim.lanes = 4;
  run.agent.buffer = 1 << 24;
  EXPECT_EQ(throng_session_create(p.cuda, run.world, NULL, &run.sim, &run.agent, &run.train, NULL,
                                  &session),
            THRONG_ERROR_MEMORY);
  EXPECT_CONTAINS(throng_error_message(), "agent.count: not one agent fits");
  cuda_on_cpu_limit((size_t)4 << 30);
  // A population alone does not know what else is to come.
  throng_sim *sim = NULL;
  ASSERT_OK(throng_sim_create(p.cuda, run.world, NULL, &run.sim, &sim));
  EXPECT_EQ(throng_population_create(sim, &run.agent, 100, &agents), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent.count: auto");
  throng_sim_close(sim);
  small_run_close(&run);
  parity_close(&p);
}

TEST(cuda_memory, an_agent_that_does_not_fit_a_crew_is_refused_when_it_starts) {
  enum { SLOTS = 64 };
  parity p;
  if (!parity_open(&p)) return;
  small_run run;
  crew *c = NULL;
  crew_report report[SLOTS];
  int32_t n = 0, started = 0;
  double agent_bytes, shared_bytes;
  int64_t most;
  ASSERT_TRUE(small_run_open(&run, throng_test_folder(), 1));
  crew_setup setup = {.sim = run.sim, .agent = run.agent, .train = run.train};
  setup.sim.lanes = 4;
  setup.train.steps = setup.train.evaluate_every = 8;
  ASSERT_OK(crew_local_create(p.cuda, run.world, NULL, SLOTS, &c));
  leave_free(12);
  ASSERT_OK(crew_local_plan(p.cuda, run.world, NULL, &setup, &agent_bytes, &shared_bytes, &most));
  while (started < SLOTS && c->ops->start(c, started, &setup) == THRONG_OK) ++started;
  EXPECT_CONTAINS(throng_error_message(), "a further agent: it takes");
  EXPECT_TRUE(most > 4 && most < SLOTS && started >= most - 1 && started <= most + 1);
  // Those that did start fit, and a place that was left can be taken again.
  EXPECT_OK(c->ops->round(c, NULL, report, &n));
  EXPECT_EQ(n, started);
  EXPECT_OK(c->ops->stop(c, 1));
  EXPECT_OK(c->ops->start(c, 1, &setup));
  EXPECT_OK(c->ops->round(c, NULL, report, &n));
  EXPECT_EQ(n, started);
  cuda_on_cpu_limit((size_t)4 << 30);
  c->ops->close(c);
  small_run_close(&run);
  parity_close(&p);
}

#endif
