/// Users' preference vectors: kept by the step, against a fresh count in the test; the similarity
/// vote against their mean; scores over the catalogue.
#include <math.h>
#include <stdio.h>

#include "kernels/vote/preference.h"
#include "sim/sim.h"
#include "support/small_world.h"
#include "throng_test.h"

enum { USERS = 40, ITEMS = 150, DIM = 21, LANES = 32, HISTORY = 10 };

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
} fixture;

static bool open_fixture(fixture *f, int threads) {
  f->world = small_world(5, USERS, ITEMS, DIM, 20);
  throng_backend_def def = throng_default_backend_def();
  def.threads = threads;
  return throng_backend_open(&def, &f->backend) == THRONG_OK;
}

static void close_fixture(fixture *f) {
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static throng_sim_def mean_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = HISTORY;
  def.leave_probability = 0.1f;
  def.max_steps = 30;
  def.votes.rule = THRONG_RULE_F_SIM;
  def.votes.similarity = THRONG_SIMILARITY_MEAN;
  return def;
}

static void choose(int32_t *action, int n, uint32_t step) {
  for (int k = 0; k < n; ++k)
    action[k] = (int32_t)random_index(random_draw(8, 77, step, (uint32_t)k, 0, 0).w[0], ITEMS);
}

/// The two means of an observed history, in double.
static void slow_means(const throng_world *w, const throng_observation *o, int lane,
                       double mean[2][DIM], int count[2]) {
  memset(mean, 0, 2 * sizeof mean[0]);
  count[0] = count[1] = 0;
  for (int k = 0; k < o->length[lane]; ++k) {
    int item = o->item[lane * o->n_history + k],
        side = o->like[lane * o->n_history + k] > 0 ? 0 : 1;
    const float *e = (side == 0 ? w->embedding_pos : w->embedding_neg) + (size_t)item * DIM;
    for (int d = 0; d < DIM; ++d) mean[side][d] += (double)e[d];
    count[side] += 1;
  }
  for (int side = 0; side < 2; ++side)
    for (int d = 0; d < DIM && count[side]; ++d) mean[side][d] /= count[side];
}

static double slow_beta(const throng_world *w, int side, int item, double mean[2][DIM],
                        const int count[2]) {
  const float *e = (side == 0 ? w->embedding_pos : w->embedding_neg) + (size_t)item * DIM;
  double sum = 0;
  for (int d = 0; d < DIM; ++d) sum += (double)e[d] * mean[side][d];
  return count[side] ? sum : -1;
}

/// Steps a simulator and holds vectors and votes against the slow count, before every step.
static void follow(const throng_sim_def *def, int n_step) {
  fixture f;
  throng_sim *sim;
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, def, &sim));
  int empty = 0, full = 0;
  for (int step = 0; step < n_step; ++step) {
    throng_observation o;
    throng_preference p;
    throng_outcome out;
    int32_t action[LANES * 3];
    double mean[LANES][2][DIM];
    int count[LANES][2];
    choose(action, LANES * def->slate_size, (uint32_t)step);
    ASSERT_OK(throng_sim_observe(sim, &o));
    ASSERT_OK(throng_sim_preferences(sim, &p));
    ASSERT_EQ(p.dim, DIM);
    for (int lane = 0; lane < LANES; ++lane) {
      slow_means(&f.world, &o, lane, mean[lane], count[lane]);
      EXPECT_EQ(p.n_liked[lane], count[lane][0]);
      EXPECT_EQ(p.n_disliked[lane], count[lane][1]);
      for (int d = 0; d < DIM; ++d) {
        EXPECT_NEAR(p.liked[lane * DIM + d], mean[lane][0][d], 1e-6);
        EXPECT_NEAR(p.disliked[lane * DIM + d], mean[lane][1][d], 1e-6);
      }
      empty += count[lane][0] == 0 || count[lane][1] == 0;
      full += o.length[lane] == HISTORY;
    }
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int k = 0; k < LANES * def->slate_size && def->autoreset; ++k) {
      int lane = k / def->slate_size;
      double pos = slow_beta(&f.world, 0, action[k], mean[lane], count[lane]);
      double neg = slow_beta(&f.world, 1, action[k], mean[lane], count[lane]);
      EXPECT_NEAR(out.vote[k].beta_pos, pos, 3e-6);
      EXPECT_NEAR(out.vote[k].beta_neg, neg, 3e-6);
      if (fabs(pos - neg) > 1e-5) EXPECT_EQ(out.vote[k].f_sim, pos > neg);
    }
  }
  EXPECT_GT(empty, 0);
  EXPECT_GT(full, 0);
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(preferences, vectors_and_votes_follow_a_fresh_count_while_rings_overflow) {
  throng_sim_def def = mean_def();
  follow(&def, 120);
}

TEST(preferences, they_do_so_with_slates_longer_than_what_the_ring_has_left) {
  throng_sim_def def = mean_def();
  def.slate_size = 3;
  follow(&def, 60);
}

TEST(preferences, lanes_that_stand_still_keep_theirs) {
  throng_sim_def def = mean_def();
  def.autoreset = false;
  follow(&def, 40);
}

TEST(preferences, what_was_added_and_taken_away_leaves_no_trace) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = mean_def();
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  int32_t action[LANES];
  for (uint32_t step = 0; step < 500; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  for (int lane = 0; lane < LANES; ++lane) {
    int32_t sum[2][DIM] = {{0}};
    int length = sim->count[lane] < HISTORY ? sim->count[lane] : HISTORY;
    for (int k = 0; k < length; ++k) {
      uint32_t entry = sim->history[lane * HISTORY + k];
      int side = (entry & 1) ? 0 : 1;
      const float *e = side == 0 ? f.world.embedding_pos : f.world.embedding_neg;
      for (int d = 0; d < DIM; ++d) sum[side][d] += preference_quantise(e[(entry >> 1) * DIM + d]);
    }
    EXPECT_EQ(memcmp(sum, sim->preference + lane * 2 * DIM, sizeof sum), 0);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(preferences, trajectories_do_not_depend_on_threads_or_table) {
  uint64_t hash[3];
  for (int k = 0; k < 3; ++k) {
    fixture f;
    throng_sim *sim;
    throng_sim_def def = mean_def();
    if (k == 2) def.votes.table_bytes = 0;
    ASSERT_TRUE(open_fixture(&f, k == 1 ? 3 : 1));
    ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
    int32_t action[LANES];
    for (uint32_t step = 0; step < 100; ++step) {
      choose(action, LANES, step);
      ASSERT_OK(throng_sim_step(sim, action));
    }
    ASSERT_OK(throng_sim_hash(sim, &hash[k]));
    throng_sim_close(sim);
    close_fixture(&f);
  }
  EXPECT_EQ(hash[0], hash[1]);
  EXPECT_EQ(hash[0], hash[2]);
}

TEST(preferences, pairs_outside_a_lane_get_the_same_similarities) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = mean_def();
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  int32_t action[LANES], item[LANES * HISTORY];
  uint8_t like[LANES * HISTORY];
  int64_t offset[LANES + 1] = {0};
  for (uint32_t step = 0; step < 37; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  throng_observation o;
  throng_outcome out;
  throng_vote pair[LANES];
  int32_t user[LANES];
  ASSERT_OK(throng_sim_observe(sim, &o));
  for (int lane = 0; lane < LANES; ++lane) {
    user[lane] = o.user[lane];
    offset[lane + 1] = offset[lane] + o.length[lane];
    for (int k = 0; k < o.length[lane]; ++k) {
      item[offset[lane] + k] = o.item[lane * HISTORY + k];
      like[offset[lane] + k] = o.like[lane * HISTORY + k] > 0;
    }
  }
  choose(action, LANES, 99);
  const throng_pairs pairs = {LANES, user, action, offset, item, like};
  ASSERT_OK(throng_votes_evaluate(f.backend, &f.world, NULL, &def.votes, 1, &pairs, pair, NULL));
  ASSERT_OK(throng_sim_step(sim, action));
  ASSERT_OK(throng_sim_outcome(sim, &out));
  for (int lane = 0; lane < LANES; ++lane) {
    EXPECT_EQ(memcmp(&pair[lane].beta_pos, &out.vote[lane].beta_pos, 2 * sizeof(float)), 0);
    EXPECT_EQ(pair[lane].alpha_pos, out.vote[lane].alpha_pos);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(preferences, scores_over_the_catalogue_are_the_margins_of_the_vote) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = mean_def();
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  static float score[LANES * ITEMS];
  int32_t action[LANES];
  for (uint32_t step = 0; step < 30; ++step) {
    throng_outcome out;
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_preference_scores(sim, score));
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int lane = 0; lane < LANES; ++lane)
      EXPECT_NEAR(score[lane * ITEMS + action[lane]],
                  out.vote[lane].beta_pos - out.vote[lane].beta_neg, 3e-6);
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(preferences, a_snapshot_takes_them_back_and_another_simulator_refuses_it) {
  fixture f;
  throng_sim *sim, *other;
  throng_sim_def def = mean_def();
  char path[4096];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  int32_t action[LANES];
  uint64_t hash[2];
  for (uint32_t step = 0; step < 20; ++step) {
    if (step == 10) ASSERT_OK(throng_sim_save(sim, path));
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  ASSERT_OK(throng_sim_hash(sim, &hash[0]));
  ASSERT_OK(throng_sim_restore(sim, path));
  for (uint32_t step = 10; step < 20; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  ASSERT_OK(throng_sim_hash(sim, &hash[1]));
  EXPECT_EQ(hash[0], hash[1]);
  def.votes.similarity = THRONG_SIMILARITY_MAX;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &other));
  EXPECT_EQ(throng_sim_restore(other, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "similarity mean");
  throng_preference p;
  EXPECT_EQ(throng_sim_preferences(other, &p), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.preferences");
  throng_sim_close(other);
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(preferences, what_cannot_be_kept_is_refused_with_its_reason) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = mean_def();
  ASSERT_TRUE(open_fixture(&f, 1));
  def.history = PREFERENCE_MAX_HISTORY + 1;
  EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.history: 1025");
  def = mean_def();
  def.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &sim), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "votes.similarity");
  close_fixture(&f);
}
