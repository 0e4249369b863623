/// The simulator on both backends, step by step from one seed: users, items, coins, ends exactly;
/// floats within 1e-5; a vote may differ only where its margin is below that.
#include "cuda_parity.h"
#include "sim/sim.h"
#include "support/small_world.h"

enum { LANES = 96 };

typedef struct sides {
  parity p;
  throng_world world;
  throng_sta *sta[2];
  throng_sim *sim[2];
  bool apart[LANES];  // lanes that a vote within the margin has led elsewhere
} sides;

static throng_backend *backend_of(sides *s, int side) { return side ? s->p.cuda : s->p.cpu; }

static bool sides_open(sides *s, const throng_sim_def *def, bool with_sta) {
  memset(s, 0, sizeof *s);
  if (!parity_open(&s->p)) return false;
  s->world = small_world(21, 40, 150, 24, def->votes.factors ? 140 : 30);
  if (def->votes.factors) small_world_take_sides(&s->world);
  for (int side = 0; side < 2; ++side) {
    throng_sta_def sta = throng_default_sta_def();
    sta.width = 16;
    sta.window = 12;
    sta.labels = true;
    throng_status status = THRONG_OK;
    if (with_sta) status = throng_sta_create(backend_of(s, side), &s->world, &sta, &s->sta[side]);
    if (status == THRONG_OK)
      status = throng_sim_create(backend_of(s, side), &s->world, s->sta[side], def, &s->sim[side]);
    EXPECT_OK(status);
    if (status != THRONG_OK) return false;
  }
  return true;
}

static void sides_close(sides *s) {
  for (int side = 0; side < 2; ++side) {
    throng_sim_close(s->sim[side]);
    throng_sta_close(s->sta[side]);
  }
  small_world_free(&s->world);
  parity_close(&s->p);
}

/// Steps with scripted actions; every tenth one outcomes and states are compared.
static void walk(sides *s, int steps, float threshold) {
  const throng_sim_def def = throng_sim_get_def(s->sim[0]);
  int32_t *action = malloc(sizeof *action * (size_t)(def.lanes * def.slate_size));
  int64_t compared = 0;
  for (int t = 0; t < steps; ++t) {
    for (int k = 0; k < def.lanes * def.slate_size; ++k)
      action[k] = (int32_t)random_index(random_draw(4, 77, (uint32_t)t, (uint32_t)k, 0, 0).w[0],
                                        (uint32_t)s->world.n_item);
    throng_outcome out[2];
    throng_observation seen[2];
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(throng_sim_step(s->sim[side], action));
      if (!PARITY_EXACT || t % 10 == 0 || t + 1 == steps) {
        ASSERT_OK(throng_sim_outcome(s->sim[side], &out[side]));
        ASSERT_OK(throng_sim_observe(s->sim[side], &seen[side]));
      }
    }
    if (PARITY_EXACT && t % 10 && t + 1 != steps) continue;
    for (int lane = 0; lane < def.lanes; ++lane) {
      if (s->apart[lane]) continue;
      bool apart = false;
      for (int k = 0; k < def.slate_size && !apart; ++k) {
        const int at = lane * def.slate_size + k;
        ASSERT_TRUE(parity_votes(&out[0].vote[at], &out[1].vote[at], threshold, &apart));
      }
      s->apart[lane] = apart;
      if (apart) continue;
      ++compared;
      ASSERT_EQ(out[0].ended[lane], out[1].ended[lane]);
      if (out[0].left) ASSERT_EQ(out[0].left[lane], out[1].left[lane]);
      for (int k = 0; out[0].examined && k < def.slate_size; ++k)
        ASSERT_EQ(out[0].examined[lane * def.slate_size + k],
                  out[1].examined[lane * def.slate_size + k]);
      if (out[0].returned) ASSERT_EQ(out[0].returned[lane], out[1].returned[lane]);
      ASSERT_TRUE(out[0].reward[lane] == out[1].reward[lane]);
      ASSERT_EQ(seen[0].user[lane], seen[1].user[lane]);
      ASSERT_EQ(seen[0].step[lane], seen[1].step[lane]);
      ASSERT_EQ(seen[0].episode[lane], seen[1].episode[lane]);
      ASSERT_EQ(seen[0].length[lane], seen[1].length[lane]);
      ASSERT_EQ(memcmp(seen[0].item + lane * def.history, seen[1].item + lane * def.history,
                       sizeof(int32_t) * (size_t)def.history),
                0);
      ASSERT_EQ(memcmp(seen[0].like + lane * def.history, seen[1].like + lane * def.history,
                       (size_t)def.history),
                0);
    }
  }
  // Few lanes may ever go apart: margins below 1e-5 are rare.
  EXPECT_GT(compared, (int64_t)steps * def.lanes / 12);
  if (PARITY_EXACT) {
    uint64_t hash[2];
    for (int side = 0; side < 2; ++side) ASSERT_OK(throng_sim_hash(s->sim[side], &hash[side]));
    EXPECT_TRUE(hash[0] == hash[1]);
  }
  free(action);
}

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = 16;
  def.leave_probability = 0.1f;
  def.max_steps = 12;
  return def;
}

static void compare(throng_sim_def def, bool with_sta, int steps) {
  sides s;
  if (!sides_open(&s, &def, with_sta)) return;
  const int few = PARITY_STEPS(steps);  // under AddressSanitizer a fiber's switch takes long
  walk(&s, few < 8 ? 8 : few, 0.5f);
  sides_close(&s);
}

TEST(cuda_sim, lanes_agree_for_two_thousand_steps_with_the_table) {
  compare(small_def(), true, 2000);
}

TEST(cuda_sim, lanes_agree_without_the_table_and_with_another_history) {
  throng_sim_def def = small_def();
  def.votes.table_bytes = 0;
  compare(def, true, 300);
  def.history = 70;  // more entries than the votes take at once
  def.max_steps = 90;
  def.leave_probability = 0.01f;
  compare(def, true, 300);
  def.votes.table_bytes = 1 << 30;
  compare(def, true, 300);
}

TEST(cuda_sim, lanes_agree_under_every_rule_and_both_semantics) {
  for (int semantics = 0; semantics < 2; ++semantics)
    for (int rule = THRONG_RULE_MAJORITY; rule < THRONG_RULE_COUNT; ++rule)
      for (int table = 0; table < 2; ++table) {
        throng_sim_def def = small_def();
        def.votes.semantics = (throng_semantics)semantics;
        def.votes.rule = (throng_rule)rule;
        def.votes.weights[THRONG_VOTE_F_SIM] = 0.5f;
        def.votes.weights[THRONG_VOTE_F_POP] = table ? 0.75f : 0;
        def.votes.weights[THRONG_VOTE_F_CAL] = table ? 0 : 0.75f;
        def.votes.table_bytes = table ? 1 << 20 : 0;
        compare(def, true, 40);
      }
}

TEST(cuda_sim, lanes_agree_where_factors_are_weighed) {
  throng_sim_def def = small_def();
  sides s;
  def.votes.rule = THRONG_RULE_CALIBRATED;
  def.votes.factors = true;
  if (!sides_open(&s, &def, true)) return;
  for (int side = 0; side < 2; ++side)
    EXPECT_TRUE(s.sim[side]->models.calibration.view.user_factor != NULL);
  walk(&s, PARITY_STEPS(40) < 8 ? 8 : PARITY_STEPS(40), 0.5f);
  sides_close(&s);
}

TEST(cuda_sim, lanes_agree_with_slates_masks_and_without_autoreset_or_f_sta) {
  throng_sim_def def = small_def();
  def.slate_size = 3;
  def.mask_seen = true;
  compare(def, true, 300);
  def.autoreset = false;
  compare(def, true, 40);
  def = small_def();
  def.votes.rule = THRONG_RULE_LOGICAL;
  def.first_lane = 1000;
  compare(def, false, 300);
}

TEST(cuda_sim, lanes_agree_where_users_choose_among_slates_and_come_back) {
  for (int choice = THRONG_CHOICE_EACH; choice <= THRONG_CHOICE_CASCADE; ++choice) {
    throng_sim_def def = small_def();
    def.slate_size = 4;
    def.mask_seen = def.preferences = true;
    def.leave_probability = 0.2f;
    def.votes.rule = THRONG_RULE_PROBABILITY;
    def.users.choice = (throng_choice)choice;
    def.users.choices = 2;
    def.users.no_choice = 0.3f;
    def.users.position_bias = 0.5f;
    def.users.sessions = 1 + 2 * (choice % 3);
    def.users.return_activity = 0.2f;
    compare(def, true, 120);
  }
}

/// Masks, and preferences of the states in which lanes ended, of lanes that have not gone apart.
static void compare_copies(sides *s) {
  enum { DIM = 24, ITEMS = 150 };
  static float liked[2][LANES * DIM], disliked[2][LANES * DIM];
  static uint8_t seen[2][LANES * ITEMS];
  int32_t count[2][LANES];
  for (int side = 0; side < 2; ++side) {
    const throng_preference_copy to = {liked[side], disliked[side], count[side], NULL, NULL};
    ASSERT_OK(throng_sim_copy_preferences(s->sim[side], THRONG_FINAL, &to));
    ASSERT_OK(throng_sim_copy_seen(s->sim[side], seen[side]));
  }
  for (int lane = 0; lane < LANES; ++lane) {
    if (s->apart[lane]) continue;
    ASSERT_EQ(count[0][lane], count[1][lane]);
    ASSERT_EQ(memcmp(seen[0] + lane * ITEMS, seen[1] + lane * ITEMS, ITEMS), 0);
    for (int d = lane * DIM; d < (lane + 1) * DIM; ++d) {
      ASSERT_TRUE(parity_near((double)liked[0][d], (double)liked[1][d], 1e-5));
      ASSERT_TRUE(parity_near((double)disliked[0][d], (double)disliked[1][d], 1e-5));
    }
  }
}

TEST(cuda_sim, lanes_agree_with_given_starts_and_so_do_masks_and_final_preferences) {
  const int32_t user[] = {3, 17, 8, 31}, item[] = {4, 9, 100, 7, 7};
  const int64_t offset[] = {0, 2, 2, 5, 5};
  const uint8_t like[] = {1, 0, 1, 1, 0};
  for (int order = 0; order < 2; ++order) {
    sides s;
    throng_sim_def def = small_def();
    def.mask_seen = def.preferences = true;
    if (!sides_open(&s, &def, true)) return;
    for (int side = 0; side < 2; ++side) {
      ASSERT_OK(throng_sim_set_starts(s.sim[side], (throng_start_order)order, 4, user,
                                      order ? offset : NULL, item, like));
      ASSERT_OK(throng_sim_reseed(s.sim[side], 77));
    }
    walk(&s, 60, 0.5f);
    compare_copies(&s);
    sides_close(&s);
  }
}

TEST(cuda_sim, a_snapshot_of_one_backend_goes_on_alike_on_the_other) {
  sides s;
  throng_sim_def def = small_def();
  if (!sides_open(&s, &def, true)) return;
  char path[512];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  int32_t action[LANES];
  for (int lane = 0; lane < LANES; ++lane) action[lane] = lane;
  for (int t = 0; t < 7; ++t) ASSERT_OK(throng_sim_step(s.sim[0], action));
  ASSERT_OK(throng_sim_save(s.sim[0], path));
  ASSERT_OK(throng_sim_restore(s.sim[1], path));
  walk(&s, 50, 0.5f);
  sides_close(&s);
}

/// Every dynamic, with slates and without: the device has the rows' own arithmetic.
TEST(cuda_sim, users_that_change_agree) {
  throng_sim_def def = small_def();
  def.leave_probability = 0.02f;
  def.users = throng_dynamic_users_def();
  def.users.repeat_threshold = 0;
  def.users.satiation = 0.2f;
  def.users.exposure = 0.3f;
  def.users.drift = 4;
  compare(def, true, 100);
  def.slate_size = 3;
  def.history = 32;
  def.users.temper = 7;
  def.users.repeat_threshold = 2;
  def.users.bored_deaf = false;
  def.votes.rule = THRONG_RULE_LOGICAL;
  compare(def, false, 100);
}

TEST(cuda_sim, a_lane_is_explained_alike) {
  sides s;
  throng_sim_def def = small_def();
  def.votes.rule = THRONG_RULE_WEIGHTED;
  def.votes.weights[THRONG_VOTE_F_POP] = 1;
  if (!sides_open(&s, &def, true)) return;
  for (int32_t lane = 0; lane < LANES; lane += 5) {
    throng_explanation *e[2];
    for (int side = 0; side < 2; ++side)
      ASSERT_OK(throng_sim_explain(s.sim[side], lane, lane + 1, &e[side]));
    bool apart;
    EXPECT_TRUE(parity_votes(&e[0]->vote, &e[1]->vote, 0.5f, &apart));
    for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
      EXPECT_TRUE(parity_near((double)e[0]->votes[k].score, (double)e[1]->votes[k].score, 1e-5));
    EXPECT_EQ(e[0]->liked.n_shared, e[1]->liked.n_shared);
    for (int side = 0; side < 2; ++side) throng_explanation_free(e[side]);
  }
  sides_close(&s);
}

TEST(cuda_sim, votes_outside_lanes_agree) {
  sides s;
  throng_sim_def def = small_def();
  if (!sides_open(&s, &def, true)) return;
  enum { N = 500 };
  int32_t user[N], candidate[N], *item = malloc(sizeof *item * N * 70);
  int64_t offset[N + 1] = {0};
  uint8_t *like = malloc(N * 70);
  throng_vote vote[2][N];
  float further[2][THRONG_VOTE_FURTHER][N], *to[2][THRONG_VOTE_FURTHER];
  const throng_pairs pairs = {N, user, candidate, offset, item, like};
  for (int r = 0; r < N; ++r) {
    user[r] = r % 40;
    candidate[r] = (r * 7) % 150;
    offset[r + 1] = offset[r] + r % 70;
  }
  for (int64_t k = 0; k < offset[N]; ++k) {
    item[k] = (int32_t)(k * 31 % 150);
    like[k] = (uint8_t)(k * 13 % 7 < 4);
  }
  for (int side = 0; side < 2; ++side) {
    for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) to[side][k] = further[side][k];
    ASSERT_OK(throng_votes_evaluate(backend_of(&s, side), &s.world, s.sta[side], &def.votes, 3,
                                    &pairs, vote[side], to[side]));
  }
  for (int r = 0; r < N; ++r) {
    bool apart;
    ASSERT_TRUE(parity_votes(&vote[0][r], &vote[1][r], 0.5f, &apart));
    for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
      ASSERT_TRUE(parity_near((double)further[0][k][r], (double)further[1][k][r], 1e-5));
  }
  free(item);
  free(like);
  sides_close(&s);
}
