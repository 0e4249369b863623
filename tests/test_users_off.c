/// Users who do not change, by the kernels' code for those who do and by the code without it.
#include "cpu/backend_cpu.h"
#include "sim/sim.h"
#include "support/small_world.h"
#include "throng/throng.h"
#include "throng_test.h"

enum { USERS = 40, ITEMS = 150, LANES = 24 };

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = 32;
  def.leave_probability = 0.1f;
  def.max_steps = 25;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static void choose(int32_t *action, int n, int step) {
  for (int k = 0; k < n; ++k)
    action[k] =
        (int32_t)random_index(random_draw(8, 77, (uint32_t)step, (uint32_t)k, 0, 0).w[0], ITEMS);
}

/// A step by the rows themselves; `left` (LANES): by the code for users who change.
static void step_rows(throng_sim *sim, const int32_t *action, uint8_t *left) {
  sim_args a = sim_make_args(sim);
  a.users.on = left != NULL;
  a.left = left;
  memcpy(sim->action, action, sizeof *action * (size_t)(sim->n_lane * sim->def.slate_size));
  for (int64_t lane = 0; lane < sim->n_lane; ++lane) {
    sim_vote_row(&a, lane);
    sim_respond_row(&a, lane);
    sim_transition_row(&a, lane);
  }
}

TEST(users_off, code_for_users_who_change_gives_those_who_do_not_the_same_bits_as_code_without_it) {
  for (int variant = 0; variant < 4; ++variant) {
    throng_world world = small_world(21, USERS, ITEMS, 24, 30);
    throng_backend *backend = NULL;
    throng_sim *sim[2];
    uint8_t left[LANES] = {0};
    int32_t action[4 * LANES];
    uint64_t hash[2];
    int ends = 0;
    throng_sim_def def = small_def();
    def.slate_size = 1 + variant % 2;
    def.mask_seen = def.preferences = variant >= 2;
    ASSERT_OK(backend_cpu_open(1, &backend));
    ASSERT_OK(throng_sim_create(backend, &world, NULL, &def, &sim[0]));
    ASSERT_OK(throng_sim_create(backend, &world, NULL, &def, &sim[1]));
    for (int step = 0; step < 60; ++step) {
      choose(action, LANES * def.slate_size, step);
      for (int k = 0; k < 2; ++k) step_rows(sim[k], action, k ? left : NULL);
      for (int lane = 0; lane < LANES; ++lane) ends += left[lane] == THRONG_LEAVE_CHANCE;
      for (int k = 0; k < 2; ++k) ASSERT_OK(throng_sim_hash(sim[k], &hash[k]));
      ASSERT_EQ(hash[0], hash[1]);
    }
    EXPECT_GT(ends, LANES);
    for (int k = 0; k < 2; ++k) throng_sim_close(sim[k]);
    throng_backend_close(backend);
    small_world_free(&world);
  }
}
