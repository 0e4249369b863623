/// The simulator: what a lane does, step by step, against a slow replay in the test; determinism;
/// autoreset, masks, slates, snapshots, and what it refuses.
#include "sim/sim.h"

#include <stdio.h>

#include "support/small_world.h"
#include "throng_test.h"

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
  throng_sta *sta;
} fixture;

/// f_sta's shape, and the history that its window needs: small, unless a test wants more.
typedef struct sta_shape {
  int32_t width, heads, window, history;
} sta_shape;
#define SMALL_SHAPE ((sta_shape){16, 1, 12, 16})
static sta_shape shape = {16, 1, 12, 16};

static bool open_fixture(fixture *f, int threads, bool with_sta) {
  memset(f, 0, sizeof *f);
  f->world = small_world(21, 40, 150, 24, 30);
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = threads;
  bool ok = throng_backend_open(&def, &f->backend) == THRONG_OK;
  if (ok && with_sta) {
    throng_sta_def sta = throng_default_sta_def();
    sta.width = shape.width;
    sta.heads = shape.heads;
    sta.window = shape.window;
    sta.labels = true;
    ok = throng_sta_create(f->backend, &f->world, &sta, &f->sta) == THRONG_OK;
  }
  return ok;
}

static void close_fixture(fixture *f) {
  throng_sta_close(f->sta);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static throng_sim_def small_def(bool with_sta) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = 64;
  def.history = shape.history;
  def.leave_probability = 0.1f;
  def.max_steps = 12;
  if (!with_sta) def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static void choose(int32_t *action, int n, uint32_t step, int32_t n_item) {
  for (int k = 0; k < n; ++k)
    action[k] =
        (int32_t)random_index(random_draw(4, 77, step, (uint32_t)k, 0, 0).w[0], (uint32_t)n_item);
}

/// Histories appended to one by one, as the specification says; nothing is shared with host/sim.
typedef struct slow_lane {
  int32_t item[400];
  uint8_t like[400];
  int n, step;
  double running;  // return of the episode
} slow_lane;

/// Does the lane show what the specification says, at the start of an episode and in it?
static void follow_observation(const fixture *f, uint32_t seed, const throng_observation *o,
                               int lane, slow_lane *s) {
  if (o->step[lane] == 0) {  // a fresh user with the newest 16 of the real history
    int32_t user = o->user[lane];
    uint32_t word = random_draw(seed, RANDOM_USER, 0, 0, (uint32_t)lane, o->episode[lane]).w[0];
    EXPECT_EQ(user, random_index(word, 40));
    int64_t begin = f->world.user_offset[user], end = f->world.user_offset[user + 1];
    if (end - begin > 16) begin = end - 16;
    s->n = 0;
    for (int64_t k = begin; k < end; ++k, ++s->n) {
      s->item[s->n] = f->world.history_item[k];
      s->like[s->n] = f->world.history_like[k];
    }
    s->step = 0;
    s->running = 0;
  }
  int kept = s->n < 16 ? s->n : 16;
  ASSERT_EQ(o->length[lane], kept);
  ASSERT_EQ(o->step[lane], s->step);
  for (int k = 0; k < kept; ++k) {
    EXPECT_EQ(o->item[lane * 16 + k], s->item[s->n - kept + k]);
    EXPECT_EQ(o->like[lane * 16 + k], s->like[s->n - kept + k] ? 1 : -1);
  }
  for (int k = kept; k < 16; ++k) EXPECT_EQ(o->item[lane * 16 + k], -1);
}

TEST(sim, lanes_follow_the_specification_for_a_hundred_steps) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 2, true));
  throng_sim_def def = small_def(true);
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  static slow_lane slow[64];
  memset(slow, 0, sizeof slow);
  throng_observation o;
  throng_outcome out;
  int32_t action[64];
  int left = 0, truncated = 0;
  for (uint32_t t = 0; t < 100; ++t) {
    ASSERT_OK(throng_sim_observe(sim, &o));
    for (int lane = 0; lane < 64; ++lane) follow_observation(&f, def.seed, &o, lane, &slow[lane]);
    // What the votes outside any lane say of the same pairs.
    int32_t user[64], item[64 * 16];
    uint8_t like[64 * 16];
    int64_t offset[65] = {0};
    uint32_t episode[64];
    int n = 0;
    choose(action, 64, t, 150);
    for (int lane = 0; lane < 64; ++lane) {
      user[lane] = o.user[lane];
      episode[lane] = o.episode[lane];
      for (int k = 0; k < o.length[lane]; ++k, ++n) {
        item[n] = o.item[lane * 16 + k];
        like[n] = o.like[lane * 16 + k] > 0;
      }
      offset[lane + 1] = n;
    }
    throng_vote expected[64];
    const throng_pairs pairs = {64, user, action, offset, item, like};
    ASSERT_OK(
        throng_votes_evaluate(f.backend, &f.world, f.sta, &def.votes, 1, &pairs, expected, NULL));
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int lane = 0; lane < 64; ++lane) {
      slow_lane *s = &slow[lane];
      const throng_vote *v = &out.vote[lane];
      EXPECT_EQ(v->alpha_pos, expected[lane].alpha_pos);
      EXPECT_EQ(v->alpha_neg, expected[lane].alpha_neg);
      EXPECT_TRUE(v->beta_pos == expected[lane].beta_pos);
      EXPECT_TRUE(v->beta_neg == expected[lane].beta_neg);
      EXPECT_EQ(v->like, v->f_mat + v->f_sim + v->f_sta >= 2);
      EXPECT_TRUE(out.reward[lane] == (float)v->like);
      s->running += v->like;
      s->item[s->n] = action[lane];
      s->like[s->n++] = v->like;
      uint32_t word =
          random_draw(def.seed, RANDOM_LEAVE, 0, (uint32_t)s->step, (uint32_t)lane, episode[lane])
              .w[0];
      s->step += 1;
      int end = random_bernoulli(word, 0.1f) ? THRONG_END_LEFT
                : s->step == 12              ? THRONG_END_TRUNCATED
                                             : THRONG_END_NONE;
      ASSERT_EQ(out.ended[lane], end);
      left += end == THRONG_END_LEFT;
      truncated += end == THRONG_END_TRUNCATED;
      if (end) {
        EXPECT_NEAR(out.final_return[lane], s->running, 0);
        EXPECT_EQ(out.final_length[lane], s->step);
      }
    }
  }
  EXPECT_GT(left, 100);
  EXPECT_GT(truncated, 20);
  throng_sim_close(sim);
  close_fixture(&f);
}

/// p_like of a lane's cached f_sta against the full recompute, where both read the same window.
TEST(sim, cached_statistical_vote_equals_a_recompute_while_the_session_is_short) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 1, true));
  throng_sim_def def = small_def(true);
  def.history = 64;  // nothing is forgotten, so lane and pair hop alike
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  for (uint32_t t = 0; t < 30; ++t) {
    throng_observation o;
    ASSERT_OK(throng_sim_observe(sim, &o));
    static int32_t item[64 * 64];
    static uint8_t like[64 * 64];
    int32_t user[64], action[64];
    int64_t offset[65] = {0}, n = 0;
    choose(action, 64, t, 150);
    for (int lane = 0; lane < 64; ++lane) {
      user[lane] = o.user[lane];
      for (int k = 0; k < o.length[lane]; ++k, ++n) {
        item[n] = o.item[lane * 64 + k];
        like[n] = o.like[lane * 64 + k] > 0;
      }
      offset[lane + 1] = n;
    }
    float p[64];
    ASSERT_OK(throng_sta_score(f.sta, 64, user, action, offset, item, like, p));
    ASSERT_OK(throng_sim_step(sim, action));
    throng_outcome out;
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int lane = 0; lane < 64; ++lane) EXPECT_TRUE(out.vote[lane].p_like == p[lane]);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

static const int64_t TABLE = (int64_t)1 << 40;  // whatever a table takes

static uint64_t run_hash(int threads, int lanes, uint32_t first_lane, int64_t table_bytes,
                         int32_t *user_of_lane_5) {
  fixture f;
  uint64_t hash = 0;
  if (!open_fixture(&f, threads, true)) return 0;
  throng_sim_def def = small_def(true);
  def.lanes = lanes;
  def.first_lane = first_lane;
  def.votes.table_bytes = table_bytes;
  throng_sim *sim;
  if (throng_sim_create(f.backend, &f.world, f.sta, &def, &sim) == THRONG_OK) {
    int32_t action[256];
    for (uint32_t t = 0; t < 60; ++t) {
      choose(action, lanes, t, 150);
      if (throng_sim_step(sim, action) != THRONG_OK) break;
    }
    throng_observation o;
    if (throng_sim_hash(sim, &hash) == THRONG_OK && throng_sim_observe(sim, &o) == THRONG_OK &&
        user_of_lane_5)
      memcpy(user_of_lane_5, o.user + 5, sizeof *user_of_lane_5);
    throng_sim_close(sim);
  }
  close_fixture(&f);
  return hash;
}

TEST(sim, trajectories_are_equal_for_every_thread_count_and_with_or_without_the_table) {
  uint64_t one = run_hash(1, 64, 0, TABLE, NULL);
  EXPECT_TRUE(one != 0);
  EXPECT_TRUE(one == run_hash(2, 64, 0, TABLE, NULL));
  EXPECT_TRUE(one == run_hash(5, 64, 0, TABLE, NULL));
  EXPECT_TRUE(one == run_hash(2, 64, 0, 0, NULL));
  EXPECT_FALSE(one == run_hash(1, 64, 1, TABLE, NULL));
}

TEST(sim, trajectories_are_equal_for_every_instruction_set) {
  // Shapes of any size; those with vectors written out; and two heads, which have none.
  const sta_shape shapes[] = {SMALL_SHAPE, {32, 1, 34, 40}, {64, 1, 20, 24}, {32, 2, 20, 24}};
  const char *isa[] = {"baseline", "v3", "v4"};
  for (int i = 0; i < 4; ++i) {
    shape = shapes[i];
    uint64_t best = run_hash(2, 64, 0, TABLE, NULL);
    EXPECT_TRUE(best != 0);
    for (int k = 0; k < 3; ++k) {
      setenv("THRONG_ISA", isa[k], 1);
      EXPECT_TRUE(best == run_hash(2, 64, 0, TABLE, NULL));
      EXPECT_TRUE(best == run_hash(2, 64, 0, 0, NULL));
    }
    unsetenv("THRONG_ISA");
  }
  shape = SMALL_SHAPE;
}

TEST(sim, a_lane_does_not_depend_on_how_many_others_there_are) {
  int32_t among_64 = -1, among_200 = -2;
  run_hash(2, 64, 0, 0, &among_64);
  run_hash(2, 200, 0, 0, &among_200);
  EXPECT_EQ(among_64, among_200);
}

TEST(sim, final_state_stays_readable_after_autoreset) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 2, false));
  throng_sim_def def = small_def(false);
  def.leave_probability = 1.0f;
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  throng_observation o;
  ASSERT_OK(throng_sim_observe(sim, &o));
  int32_t user[64], length[64], action[64];
  memcpy(user, o.user, sizeof user);
  memcpy(length, o.length, sizeof length);
  choose(action, 64, 0, 150);
  ASSERT_OK(throng_sim_step(sim, action));
  ASSERT_OK(throng_sim_observe_final(sim, &o));
  for (int lane = 0; lane < 64; ++lane) {
    EXPECT_EQ(o.user[lane], user[lane]);
    EXPECT_EQ(o.episode[lane], 0);
    EXPECT_EQ(o.step[lane], 1);
    EXPECT_EQ(o.item[lane * 16 + o.length[lane] - 1], action[lane]);
    EXPECT_EQ(o.length[lane], length[lane] < 16 ? length[lane] + 1 : 16);
  }
  ASSERT_OK(throng_sim_observe(sim, &o));
  for (int lane = 0; lane < 64; ++lane) {
    EXPECT_EQ(o.step[lane], 0);
    EXPECT_EQ(o.episode[lane], 1);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(sim, without_autoreset_an_ended_lane_stays_as_it_is) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 2, true));
  throng_sim_def def = small_def(true);
  def.autoreset = false;
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  int32_t action[64];
  for (uint32_t t = 0; t < 12; ++t) {
    choose(action, 64, t, 150);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  throng_outcome out;
  ASSERT_OK(throng_sim_outcome(sim, &out));
  for (int lane = 0; lane < 64; ++lane) EXPECT_TRUE(out.ended[lane] != THRONG_END_NONE);
  uint64_t before, after;
  choose(action, 64, 99, 150);
  ASSERT_OK(throng_sim_step(sim, action));
  ASSERT_OK(throng_sim_outcome(sim, &out));
  for (int lane = 0; lane < 64; ++lane) EXPECT_TRUE(out.reward[lane] == 0.0f);
  ASSERT_OK(throng_sim_hash(sim, &before));
  ASSERT_OK(throng_sim_step(sim, action));
  ASSERT_OK(throng_sim_hash(sim, &after));
  EXPECT_TRUE(before == after);
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(sim, a_slate_appends_every_item_and_its_likes_add_up) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 2, true));
  throng_sim_def def = small_def(true);
  def.slate_size = 3;
  def.leave_probability = 0.0f;
  def.mask_seen = true;
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  int32_t action[192];
  choose(action, 192, 0, 150);
  ASSERT_OK(throng_sim_step(sim, action));
  throng_outcome out;
  throng_observation o;
  ASSERT_OK(throng_sim_outcome(sim, &out));
  ASSERT_OK(throng_sim_observe(sim, &o));
  for (int lane = 0; lane < 64; ++lane) {
    float likes = 0;
    for (int k = 0; k < 3; ++k) {
      likes += out.vote[lane * 3 + k].like;
      int at = lane * 16 + o.length[lane] - 3 + k;
      EXPECT_EQ(o.item[at], action[lane * 3 + k]);
      EXPECT_EQ(o.like[at], out.vote[lane * 3 + k].like ? 1 : -1);
      uint32_t word;
      const uint32_t *from = sim->seen + lane * sim->n_seen_word + action[lane * 3 + k] / 32;
      ASSERT_OK(f.backend->ops->download(f.backend, &word, from, sizeof word));
      EXPECT_TRUE(word >> (action[lane * 3 + k] % 32) & 1);
    }
    EXPECT_TRUE(out.reward[lane] == likes);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(sim, a_snapshot_restores_bit_for_bit_and_refuses_another_definition) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 2, true));
  throng_sim_def def = small_def(true);
  throng_sim *sim;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  int32_t action[64];
  char path[512];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  uint64_t saved, straight, again;
  for (uint32_t t = 0; t < 40; ++t) {
    if (t == 20) {
      ASSERT_OK(throng_sim_save(sim, path));
      ASSERT_OK(throng_sim_hash(sim, &saved));
    }
    choose(action, 64, t, 150);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  ASSERT_OK(throng_sim_hash(sim, &straight));
  ASSERT_OK(throng_sim_restore(sim, path));
  ASSERT_OK(throng_sim_hash(sim, &again));
  EXPECT_TRUE(again == saved);
  for (uint32_t t = 20; t < 40; ++t) {
    choose(action, 64, t, 150);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  ASSERT_OK(throng_sim_hash(sim, &again));
  EXPECT_TRUE(again == straight);
  throng_sim_close(sim);
  def.seed += 1;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  EXPECT_EQ(throng_sim_restore(sim, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "lanes.safetensors");
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(sim, wrong_definitions_and_actions_are_refused_with_their_name) {
  fixture f;
  ASSERT_TRUE(open_fixture(&f, 1, true));
  throng_sim *sim;
  throng_sim_def def = small_def(true);
#define REFUSED(change, word)                                                                    \
  do {                                                                                           \
    throng_sim_def bad = def;                                                                    \
    change;                                                                                      \
    EXPECT_EQ(throng_sim_create(f.backend, &f.world, f.sta, &bad, &sim), THRONG_ERROR_ARGUMENT); \
    EXPECT_CONTAINS(throng_error_message(), word);                                               \
    EXPECT_TRUE(sim == NULL);                                                                    \
  } while (0)
  REFUSED(bad.cookie = 0, "throng_default_sim_def");
  REFUSED(bad.lanes = 0, "sim.lanes");
  REFUSED(bad.history = 8, "window");
  REFUSED(bad.leave_probability = NAN, "leave_probability");
  REFUSED(bad.slate_size = 0, "slate_size");
  REFUSED((bad.mask_seen = true, bad.max_steps = 151), "mask_seen");
  REFUSED(bad.votes.weights[1] = NAN, "votes.weights[1]");
#undef REFUSED
  EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "f_sta");
  ASSERT_OK(throng_sim_create(f.backend, &f.world, f.sta, &def, &sim));
  int32_t action[64] = {0};
  action[17] = 150;
  uint64_t before, after;
  ASSERT_OK(throng_sim_hash(sim, &before));
  EXPECT_EQ(throng_sim_step(sim, action), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "lane 17");
  ASSERT_OK(throng_sim_hash(sim, &after));
  EXPECT_TRUE(before == after);
  throng_sim_close(sim);
  close_fixture(&f);
}
