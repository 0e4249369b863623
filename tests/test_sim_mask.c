/// sim.mask and sim.mask_seen: what they hold, what they refuse, and lanes that go on under them.
#include <stdio.h>

#include "sim/sim.h"
#include "support/cpu_backend.h"
#include "support/small_sim.h"
#include "throng_test.h"

enum { ITEMS = 150 };

TEST(mask, all_holds_the_real_history_and_what_the_session_has_shown) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  for (int mask = THRONG_MASK_SESSION; mask <= THRONG_MASK_ALL; ++mask) {
    throng_sim *sim;
    throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
    def.mask = (throng_mask)mask;
    ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
    for (uint32_t step = 0; step < 20; ++step) {
      static uint8_t seen[RULE_LANES * ITEMS], wanted[RULE_LANES * ITEMS];
      throng_observation now;
      ASSERT_OK(throng_sim_copy_seen(sim, seen));
      ASSERT_OK(throng_sim_observe(sim, &now));
      memset(wanted, 0, sizeof wanted);
      for (int lane = 0; lane < RULE_LANES; ++lane) {
        const int32_t shown = now.step[lane] * RULE_SLATE, length = now.length[lane];
        ASSERT_TRUE(shown <= def.history * 2);
        for (int32_t k = length - (shown < length ? shown : length); k < length; ++k)
          wanted[lane * ITEMS + now.item[lane * def.history + k]] = 1;
        for (int64_t k = w.user_offset[now.user[lane]];
             mask == THRONG_MASK_ALL && k < w.user_offset[now.user[lane] + 1]; ++k)
          wanted[lane * ITEMS + w.history_item[k]] = 1;
        if (shown > length) memcpy(wanted + lane * ITEMS, seen + lane * ITEMS, ITEMS);
      }
      EXPECT_EQ(memcmp(seen, wanted, sizeof seen), 0);
      int32_t action[RULE_LANES * RULE_SLATE];
      rule_choose(action, step, ITEMS);
      ASSERT_OK(throng_sim_step(sim, action));
    }
    throng_sim_close(sim);
  }
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(mask, no_session_may_run_out_of_items_under_any_mask) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  int64_t longest = 0;
  for (int64_t u = 0; u < w.n_user; ++u)
    if (w.user_offset[u + 1] - w.user_offset[u] > longest)
      longest = w.user_offset[u + 1] - w.user_offset[u];
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  def.slate_size = 1;
  def.max_steps = ITEMS;
  EXPECT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  throng_sim_close(sim);
  def.mask_seen = true;
  EXPECT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  throng_sim_close(sim);
  def.max_steps = ITEMS + 1;
  EXPECT_EQ(throng_sim_create(backend, &w, NULL, &def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.mask_seen: 151 steps of 1 items would run out");
  def.max_steps = ITEMS - 1;
  EXPECT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  throng_sim_close(sim);
  def.mask = THRONG_MASK_ALL;
  EXPECT_EQ(throng_sim_create(backend, &w, NULL, &def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "of the longest history, would run out");
  def.max_steps = ITEMS - 1 - (int32_t)longest;
  EXPECT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}

TEST(mask, a_file_of_mask_seen_goes_on_under_mask_session) {
  throng_world w = small_world(21, 40, ITEMS, 24, 30);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_sim_def def = rule_def(THRONG_RULE_LOGICAL);
  char path[512];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  def.mask_seen = true;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  ASSERT_OK(throng_sim_save(sim, path));
  throng_sim_close(sim);
  def.mask_seen = false;
  def.mask = THRONG_MASK_SESSION;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  EXPECT_OK(throng_sim_restore(sim, path));
  throng_sim_close(sim);
  def.mask = THRONG_MASK_ALL;
  ASSERT_OK(throng_sim_create(backend, &w, NULL, &def, &sim));
  EXPECT_EQ(throng_sim_restore(sim, path), THRONG_ERROR_DATA);
  EXPECT_OK(throng_sim_save(sim, path));
  EXPECT_OK(throng_sim_restore(sim, path));  // its own, whose bits the check must accept
  throng_sim_close(sim);
  throng_backend_close(backend);
  small_world_free(&w);
}
