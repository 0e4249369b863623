/// CUDA's search for the best items over Q, against the rows and against agents that rank by
/// products and folds: the same items, or such whose Q is the same to within rounding.
#include "cuda_parity.h"
#include "kernels/agent/agent_list.h"
#include "kernels/list.h"
#include "sim/sim.h"
#include "support/agent_rig.h"
#include "support/small_world.h"

/// Arguments of one search, on the CPU and on CUDA, and what else was taken for them.
typedef struct search_case {
  best_search_args a[2];
  float *query, *vector, *bias;  // on the host
  void *other[4][2];             // seen, entries, lengths, scratch
  size_t n_row;
} search_case;

static void make_case(const parity *p, int n_agent, int n_state, int n_item, int width, int top,
                      int mask, bool ties, search_case *c) {
  test_random r = {(uint32_t)(n_state + n_item + width + mask), 0};
  const int words = (n_item + 31) / 32, capacity = 6;
  const size_t n_row = (size_t)(n_agent * n_state), n_vector = (size_t)(n_agent * n_item);
  c->n_row = n_row;
  c->query = calloc(n_row * (size_t)width, sizeof *c->query);
  c->vector = calloc(n_vector * (size_t)width, sizeof *c->vector);
  c->bias = calloc(n_vector, sizeof *c->bias);
  uint32_t *seen = calloc(n_row * (size_t)words, sizeof *seen);
  uint32_t *entry = calloc(n_row * (size_t)capacity, sizeof *entry);
  int32_t *length = calloc(n_row, sizeof *length);
  for (size_t k = 0; k < n_row * (size_t)width; ++k)
    c->query[k] = ties ? (float)test_below(&r, 2) : test_unit(&r) - 0.5f;
  for (size_t k = 0; k < n_vector * (size_t)width; ++k)
    c->vector[k] = ties ? (float)test_below(&r, 2) : test_unit(&r) - 0.5f;
  for (size_t k = 0; k < n_vector; ++k) c->bias[k] = ties ? 0 : test_unit(&r);
  for (size_t k = 0; k < n_row * (size_t)words; ++k)
    seen[k] = test_below(&r, 3) == 0 ? 0xffffffffu : test_below(&r, 1u << 31);
  if (mask == 1)  // a state that has seen everything
    for (int k = 0; k < words; ++k) seen[k] = 0xffffffffu;
  for (size_t k = 0; k < n_row * (size_t)capacity; ++k)
    entry[k] = test_below(&r, 2 * (uint32_t)n_item);
  for (size_t k = 0; k < n_row; ++k) length[k] = (int32_t)test_below(&r, (uint32_t)capacity + 1);
  if (!ties) c->query[width] = NAN;  // of the second state: it has no best

  best_search_args *a = c->a;
  for (int side = 0; side < 2; ++side)
    a[side] = (best_search_args){.shown = {.capacity = capacity},
                                 .n_state = n_state,
                                 .n_item = n_item,
                                 .n_seen_word = words,
                                 .n_agent = n_agent,
                                 .width = width,
                                 .top = top};
  const size_t n_best = n_row * (size_t)top;
  const size_t scratch = (size_t)best_search_scratch(n_agent, n_state, n_item, top) * 8;
  a[0].query = parity_twice(p, c->query, n_row * (size_t)width * 4, &a[1].query);
  a[0].vector = parity_twice(p, c->vector, n_vector * (size_t)width * 4, &a[1].vector);
  a[0].bias = parity_twice(p, c->bias, n_vector * 4, &a[1].bias);
  c->other[0][0] = parity_twice(p, seen, n_row * (size_t)words * 4, &c->other[0][1]);
  c->other[1][0] = parity_twice(p, entry, n_row * (size_t)capacity * 4, &c->other[1][1]);
  c->other[2][0] = parity_twice(p, length, n_row * 4, &c->other[2][1]);
  c->other[3][0] = parity_twice(p, NULL, scratch, &c->other[3][1]);
  a[0].value = parity_twice(p, NULL, n_best * 4, &a[1].value);
  a[0].item = parity_twice(p, NULL, n_best * 4, &a[1].item);
  free(seen), free(entry), free(length);
}

static void free_case(const parity *p, search_case *c) {
  best_search_args *a = c->a;
  parity_release(p, (void *)a[0].query, (void *)a[1].query);
  parity_release(p, (void *)a[0].vector, (void *)a[1].vector);
  parity_release(p, (void *)a[0].bias, (void *)a[1].bias);
  for (int k = 0; k < 4; ++k) parity_release(p, c->other[k][0], c->other[k][1]);
  parity_release(p, a[0].value, a[1].value);
  parity_release(p, a[0].item, a[1].item);
  free(c->query), free(c->vector), free(c->bias);
}

/// The search on both backends: the same items, or such whose Q is the same to within rounding.
static void search_top(int n_agent, int n_state, int n_item, int width, int top, int mask,
                       bool ties) {
  parity p;
  search_case c;
  if (!parity_open(&p)) return;
  make_case(&p, n_agent, n_state, n_item, width, top, mask, ties, &c);
  best_search_args *a = c.a;
  for (int side = 0; side < 2; ++side) {
    if (mask == 1) a[side].seen = c.other[0][side];
    if (mask == 2) {
      a[side].shown.entry = c.other[1][side];
      a[side].shown.length = a[side].shown.session = c.other[2][side];
    }
    a[side].packed = c.other[3][side];
    throng_backend *backend = side ? p.cuda : p.cpu;
    ASSERT_OK(BACKEND_LAUNCH(backend, best_search, (int64_t)c.n_row, &a[side]));
  }
  const size_t n_best = c.n_row * (size_t)top;
  int32_t *item = calloc(n_best, sizeof *item);
  float *value = calloc(n_best, sizeof *value);
  ASSERT_OK(p.cuda->ops->download(p.cuda, item, a[1].item, n_best * 4));
  ASSERT_OK(p.cuda->ops->download(p.cuda, value, a[1].value, n_best * 4));
  int none = 0;
  for (size_t k = 0; k < n_best; ++k) {
    const size_t row = k / (size_t)top;
    none += item[k] < 0;
    if (ties || item[k] < 0 || a[0].item[k] < 0) EXPECT_EQ(item[k], a[0].item[k]);
    if (item[k] >= 0) EXPECT_NEAR(value[k], a[0].value[k], 1e-5);
    if (item[k] >= 0 && item[k] != a[0].item[k]) {  // then both must be as good
      const int64_t at = (int64_t)(row / (size_t)n_state) * n_item + item[k];
      EXPECT_NEAR(
          dot_product(c.query + row * (size_t)width, c.vector + at * width, width) + c.bias[at],
          a[0].value[k], 1e-5);
    }
  }
  EXPECT_EQ(none > 0, !ties || mask == 1);
  free(item), free(value);
  free_case(&p, &c);
  parity_close(&p);
}

/// States that count are found as they are without the others; blocks of others are left out.
TEST(cuda_search, the_search_of_some_states_of_each_agent_is_the_search_of_all_there) {
  enum { AGENTS = 3, STATES = 150, ITEMS = 200 };
  parity p;
  search_case c;
  if (!parity_open(&p)) return;
  make_case(&p, AGENTS, STATES, ITEMS, 16, 1, 0, true, &c);
  const int32_t used[AGENTS] = {STATES, 0, 20};
  int32_t all[AGENTS * STATES], some[AGENTS * STATES];
  void *on[2];
  best_search_args *a = c.a;
  on[0] = parity_twice(&p, used, sizeof used, &on[1]);
  for (int side = 0; side < 2; ++side) {
    throng_backend *b = side ? p.cuda : p.cpu;
    a[side].packed = c.other[3][side];
    ASSERT_OK(BACKEND_LAUNCH(b, best_search, (int64_t)c.n_row, &a[side]));
    ASSERT_OK(b->ops->download(b, all, a[side].item, sizeof all));
    a[side].used = on[side];
    ASSERT_OK(BACKEND_LAUNCH(b, best_search, (int64_t)c.n_row, &a[side]));
    ASSERT_OK(b->ops->download(b, some, a[side].item, sizeof some));
    for (int agent = 0; agent < AGENTS; ++agent)
      for (int k = 0; k < used[agent]; ++k)
        EXPECT_EQ(some[agent * STATES + k], all[agent * STATES + k]);
    // Of the device's second block of the third agent, and of the second agent: none was found.
    if (side)
      EXPECT_EQ(some[STATES] == -1 && some[3 * STATES - 1] == -1, !getenv("THRONG_CUDA_PLAIN"));
  }
  parity_release(&p, on[0], on[1]);
  free_case(&p, &c);
  parity_close(&p);
}

static void search(int n_agent, int n_state, int n_item, int width, int mask, bool ties) {
  search_top(n_agent, n_state, n_item, width, 1, mask, ties);
}

TEST(cuda_search, the_search_finds_the_best_item_of_each_state) {
  search(1, 130, 300, 64, 0, false);
  search(2, 5, 129, 64, 0, false);
}
TEST(cuda_search, the_search_leaves_out_what_was_seen) {
  search(1, 40, 700, 16, 1, false);
  search(3, 7, 40, 16, 1, true);
}
TEST(cuda_search, the_search_leaves_out_what_sessions_hold) { search(2, 33, 90, 12, 2, false); }
TEST(cuda_search, the_search_takes_the_first_of_equal_items) { search(2, 50, 400, 8, 0, true); }
TEST(cuda_search, the_search_takes_more_agents_than_a_grid_is_deep) {
  search(65536 + 3, 1, 3, 2, 0, false);
}
TEST(cuda_search, the_search_takes_widths_that_fill_no_slice) {
  for (int width = 2; width <= 26; width += 3) search(1, 4, 140, width, 0, false);
}

TEST(cuda_search, the_search_keeps_lists_of_the_best_items_in_their_order) {
  search_top(1, 130, 300, 64, 5, 0, false);
  search_top(2, 5, 700, 20, 16, 0, false);  // joined from six shares
  search_top(1, 40, 700, 16, 10, 1, false);
  search_top(2, 33, 90, 12, 3, 2, false);
  search_top(3, 9, 14, 12, 16, 1, false);  // fewer items than are asked for
}
TEST(cuda_search, lists_of_equal_items_hold_the_first_ones) {
  search_top(2, 50, 400, 8, 16, 0, true);
  search_top(3, 7, 260, 16, 2, 1, true);
}
TEST(cuda_search, lists_longer_than_the_kernel_keeps_are_the_rows) {
  search_top(1, 3, 50, 8, 17, 0, false);
}

static void show_rank_and_learn(int32_t top, int trained) {
  enum { AGENTS = 2, PLAYED = 12, SLATE = 3, MOST_TOP = 20 };
  parity p;
  if (!parity_open(&p)) return;
  p.cuda->searches = true;
  throng_world world = small_world(7, 20, 150, 6, 12);
  throng_sim_def sim_def = rig_sim_def(PLAYED, 9);
  throng_agent_def agent_def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  sim_def.slate_size = SLATE;
  sim_def.mask_seen = true;
  agent_def.count = AGENTS;
  agent_def.learning_starts = 36;
  throng_sim *sim[2];
  throng_population *agent[2];
  agent_actor *actor[2];
  for (int side = 0; side < 2; ++side) {
    ASSERT_OK(throng_sim_create(side ? p.cuda : p.cpu, &world, NULL, &sim_def, &sim[side]));
    ASSERT_OK(throng_population_create(sim[side], &agent_def, 1000, &agent[side]));
    ASSERT_OK(agent_actor_create(agent[side], sim[side], top, &actor[side]));
  }
  int32_t item[2][PLAYED * MOST_TOP], shown[2][PLAYED * SLATE];
  int other = 0;
  for (int step = 0; step < trained; ++step) {
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(agent_actor_rank(actor[side], sim[side], top, item[side]));
      ASSERT_OK(agent_actor_act(actor[side], sim[side], true));
      ASSERT_OK(sim[side]->backend->ops->download(sim[side]->backend, shown[side],
                                                  sim[side]->action, sizeof shown[side]));
      ASSERT_OK(throng_population_train_step(agent[side]));
    }
    for (int k = 0; k < PLAYED * top; ++k) other += item[0][k] != item[1][k];
    for (int lane = 0; lane < PLAYED; ++lane)  // a slate is the beginning of the ranking
      EXPECT_EQ(memcmp(shown[1] + lane * SLATE, item[1] + lane * top, SLATE * sizeof(int32_t)), 0);
  }
  EXPECT_LE(other,
            trained * PLAYED * top / 50);  // Q that differ by rounding alone may change places
  EXPECT_GT(agent[1]->host.updates[0], 0);
  EXPECT_EQ(agent[1]->host.updates[0], agent[0]->host.updates[0]);
  for (int side = 0; side < 2; ++side) {
    agent_actor_free(actor[side]);
    throng_population_close(agent[side]);
    throng_sim_close(sim[side]);
  }
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_search, agents_that_search_show_rank_and_learn_as_by_products_and_folds) {
  show_rank_and_learn(12, 14);
}
TEST(cuda_search, agents_rank_more_items_than_lists_hold_as_by_products_and_folds) {
  show_rank_and_learn(20, 6);
}

#ifdef CUDA_TEST_ON_CPU

/// Kernels that the device was given, of any name.
static size_t launched(void) { return cuda_on_cpu_launched(""); }

/// Of creating `agents` agents, two steps that learn, a slate of 3 and two rankings.
static void count_kernels(int32_t agents, size_t out[4]) {
  parity p;
  if (!parity_open(&p)) return;
  p.cuda->searches = true;
  throng_world world = small_world(7, 20, 60, 6, 12);
  throng_sim_def sim_def = rig_sim_def(4 * agents, 9);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = agents;
  def.learning_starts = 4;
  throng_sim *sim;
  throng_population *agent;
  agent_actor *actor;
  ASSERT_OK(throng_sim_create(p.cuda, &world, NULL, &sim_def, &sim));
  size_t before = launched();
  ASSERT_OK(throng_population_create(sim, &def, 1000, &agent));
  out[0] = launched() - before;
  ASSERT_OK(agent_actor_create(agent, sim, 20, &actor));
  ASSERT_OK(throng_population_train_step(agent));  // prepares
  before = launched();
  for (int step = 0; step < 2; ++step) ASSERT_OK(throng_population_train_step(agent));
  out[1] = launched() - before;
  int32_t *item = calloc((size_t)agents * 4 * 20, sizeof *item);
  for (int k = 0; k < 2; ++k) {
    before = launched();
    ASSERT_OK(agent_actor_rank(actor, sim, k ? 20 : 10, item));
    out[2 + k] = launched() - before;
  }
  free(item);
  agent_actor_free(actor);
  throng_population_close(agent);
  throng_sim_close(sim);
  small_world_free(&world);
  parity_close(&p);
}

TEST(cuda_search, a_device_is_given_as_many_kernels_for_nine_agents_as_for_two) {
  size_t few[4] = {0}, many[4] = {0}, one[4] = {0};
  count_kernels(1, one);
  count_kernels(2, few);
  count_kernels(9, many);
  EXPECT_GT(one[1], 150);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(one[k], few[k]);
  for (int k = 0; k < 4; ++k) EXPECT_EQ(many[k], few[k]);
}

#endif
