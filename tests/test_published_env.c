/// The released environment: every answer against an independent rendering of its `reset` and
/// `step` (tests/golden/make_published_env.py), states that agents rebuild, explanations, and what
/// it refuses.
#include "sim/published_env.h"

#include <stdio.h>

#include "base/safetensors.h"
#include "evaluate/yardsticks.h"
#include "support/agent_rig.h"
#include "support/cpu_backend.h"
#include "throng/explain.h"

// ---- the golden replay -------------------------------------------------------------------------
typedef struct golden {
  safetensors_file *file;
  void *taken[64];
  int n;
} golden;

static void *golden_take(golden *g, const char *name, int64_t *n) {
  const safetensors_tensor *t = safetensors_find(g->file, name);
  void *data = NULL;
  if (!t || safetensors_read_all(g->file, t, &data) != THRONG_OK)
    throng_test_fail(__FILE__, __LINE__, "golden tensor '%s' is missing", name);
  if (n) *n = t ? t->elements : 0;
  return g->taken[g->n++] = data;
}

static const int32_t *golden_played(golden *g, const char *order, const char *what) {
  char name[64];
  snprintf(name, sizeof name, "%s.%s", order, what);
  return golden_take(g, name, NULL);
}

enum { STEPS = 90, PLAYERS = 12, N_USER = 25, N_ITEM = 40 };

static throng_world *golden_world(golden *g) {
  throng_world_source s = throng_default_world_source();
  throng_world *world = NULL;
  s.n_user = N_USER;
  s.n_item = N_ITEM;
  s.n_category = 6;
  s.n_keyword = 30;
  s.dim = 5;
  s.user_offset = golden_take(g, "user_offset", NULL);
  s.history_item = golden_take(g, "history_item", NULL);
  s.history_like = golden_take(g, "history_like", NULL);
  s.history_time = golden_take(g, "history_time", NULL);
  s.category_offset = golden_take(g, "category_offset", NULL);
  s.category = golden_take(g, "category", NULL);
  s.liking_offset = golden_take(g, "pos_offset", NULL);
  s.liking = golden_take(g, "pos", NULL);
  s.disliking_offset = golden_take(g, "neg_offset", NULL);
  s.disliking = golden_take(g, "neg", NULL);
  s.keyword_embedding = golden_take(g, "keyword_embedding", NULL);
  EXPECT_OK(throng_world_from_arrays(&s, &world));
  return world;
}

static throng_sim_def published_def(throng_environment environment, int32_t lanes) {
  throng_sim_def def = throng_default_sim_def();
  def.environment = environment;
  def.lanes = lanes;
  def.history = 128;
  def.max_steps = 100;
  def.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE;
  return def;
}

static void replay_golden(throng_environment environment, const char *order, int64_t table_bytes) {
  golden g = {0};
  ASSERT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/published_env.safetensors", &g.file));
  throng_world *world = golden_world(&g);
  throng_backend *backend = open_cpu();
  throng_sim *sim;
  throng_outcome outcome;
  throng_observation seen;
  throng_sim_def def = published_def(environment, PLAYERS);
  def.seed = 7;
  def.leave_probability = 0.08f;
  def.votes.table_bytes = table_bytes;
  const int32_t *action = golden_take(&g, "action", NULL);
  const int32_t *user = golden_played(&g, order, "user"), *like = golden_played(&g, order, "like");
  const int32_t *mat = golden_played(&g, order, "f_mat"),
                *f_sim = golden_played(&g, order, "f_sim");
  const int32_t *pos = golden_played(&g, order, "a_pos"), *neg = golden_played(&g, order, "a_neg");
  const int32_t *ended = golden_played(&g, order, "ended");
  const int32_t *coin = golden_played(&g, order, "coin");
  int coins = 0, compared = 0, answers = 0, likes = 0;
  ASSERT_OK(throng_sim_create(backend, world, NULL, &def, &sim));
  for (int t = 0; t < STEPS; ++t) {
    ASSERT_OK(throng_sim_observe(sim, &seen));
    for (int l = 0; l < PLAYERS; ++l) EXPECT_EQ(seen.user[l], user[t * PLAYERS + l]);
    ASSERT_OK(throng_sim_step(sim, action + t * PLAYERS));
    ASSERT_OK(throng_sim_outcome(sim, &outcome));
    for (int l = 0; l < PLAYERS; ++l) {
      const int k = t * PLAYERS + l;
      const throng_vote *v = &outcome.vote[l];
      EXPECT_EQ(v->like, like[k]);
      EXPECT_EQ(v->f_mat, mat[k]);
      EXPECT_EQ(v->f_sim, f_sim[k]);
      EXPECT_EQ(v->f_sta, 1);
      EXPECT_EQ(outcome.ended[l] != 0, ended[k]);
      if (pos[k] >= 0) EXPECT_EQ(v->alpha_pos, pos[k]);
      if (neg[k] >= 0) EXPECT_EQ(v->alpha_neg, neg[k]);
      coins += coin[k];
      compared += pos[k] >= 0;
      likes += like[k];
      ++answers;
    }
  }
  // The golden file has all kinds of answers.
  EXPECT_GT(coins, 100);
  EXPECT_GT(compared, 100);
  EXPECT_GT(answers - coins - compared, 10);  // nothing liked, or nothing disliked
  EXPECT_GT(likes, answers / 4);
  EXPECT_GT(answers - likes, answers / 4);
  throng_sim_close(sim);
  throng_backend_close(backend);
  throng_world_close(world);
  safetensors_close(g.file);
  for (int k = 0; k < g.n; ++k) free(g.taken[k]);
}

TEST(published_env, answers_users_and_endings_are_those_of_the_released_step_rows_by_time) {
  replay_golden(THRONG_ENVIRONMENT_PUBLISHED_BY_TIME, "by_time", INT64_C(1) << 30);
}
TEST(published_env, answers_users_and_endings_are_those_of_the_released_step_rows_by_user) {
  replay_golden(THRONG_ENVIRONMENT_PUBLISHED_BY_USER, "by_user", INT64_C(1) << 30);
}
TEST(published_env, answers_without_the_table_are_those_of_the_released_step) {
  replay_golden(THRONG_ENVIRONMENT_PUBLISHED_BY_TIME, "by_time", 0);
  replay_golden(THRONG_ENVIRONMENT_PUBLISHED_BY_USER, "by_user", 0);
}

// ---- what else reads the lanes -----------------------------------------------------------------
typedef struct fixture {
  throng_world world;
  throng_backend *backend;
  throng_sim *sim;
} fixture;

enum { LANES = 16, ITEMS = 700 };

static bool open_fixture(fixture *f, int64_t table_bytes) {
  f->world = small_world(31, 60, ITEMS, 16, 40);
  f->backend = open_cpu();
  throng_sim_def def = published_def(THRONG_ENVIRONMENT_PUBLISHED_BY_TIME, LANES);
  def.votes.table_bytes = table_bytes;
  throng_status status = throng_sim_create(f->backend, &f->world, NULL, &def, &f->sim);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static void close_fixture(fixture *f) {
  throng_sim_close(f->sim);
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static void step_all(fixture *f, int32_t first) {
  int32_t action[LANES];
  for (int l = 0; l < LANES; ++l) action[l] = (first + 37 * l) % ITEMS;
  EXPECT_OK(throng_sim_step(f->sim, action));
}

TEST(published_env, a_session_begins_with_the_first_two_rows_of_its_user) {
  fixture f;
  throng_observation seen;
  if (open_fixture(&f, 0)) {
    ASSERT_OK(throng_sim_observe(f.sim, &seen));
    int two = 0;
    for (int l = 0; l < LANES; ++l) {
      const int64_t begin = f.world.user_offset[seen.user[l]];
      const int64_t n = f.world.user_offset[seen.user[l] + 1] - begin;
      EXPECT_EQ(seen.length[l], n < 2 ? n : 2);
      for (int k = 0; k < seen.length[l]; ++k)
        EXPECT_EQ(seen.item[l * seen.n_history + k], f.world.history_item[begin + k]);
      two += n > 2;
    }
    EXPECT_GT(two, LANES / 2);
  }
  close_fixture(&f);
}

TEST(published_env,
     the_myopic_policy_expects_a_half_of_a_coin_and_shows_what_is_liked_for_certain) {
  for (int table = 0; table < 2; ++table) {
    fixture f;
    yardsticks *p;
    if (open_fixture(&f, table ? INT64_C(1) << 30 : 0)) {
      int32_t *best, item[LANES];
      ASSERT_OK(yardsticks_create(f.sim, 10, &p));
      for (int k = 0; k < 5; ++k) step_all(&f, 100 * k);
      ASSERT_OK(yardsticks_rank(p, THRONG_YARDSTICK_MYOPIC, 1, &best));
      ASSERT_OK(f.backend->ops->download(f.backend, item, best, sizeof item));
      for (int l = 0; l < LANES; l += 5) {
        double most = 0, shown = 0;
        for (int32_t i = 0; i < ITEMS; ++i) {
          throng_explanation *why;
          ASSERT_OK(throng_sim_explain(f.sim, l, i, &why));
          const double chance = why->votes[THRONG_VOTE_F_MAT].coin ? 0.5 : why->vote.like;
          most = chance > most ? chance : most;
          if (i == item[l]) shown = chance;
          throng_explanation_free(why);
        }
        EXPECT_EQ(shown, most);
        EXPECT_EQ(most, 1);
      }
      yardsticks_free(p);
    }
    close_fixture(&f);
  }
}

TEST(published_env, an_explanation_names_the_reviewer_and_adds_up_to_the_next_answer) {
  fixture f;
  if (open_fixture(&f, 0)) {
    int32_t action[LANES];
    int coins = 0, others = 0, wrong = 0;
    for (int t = 0; t < 12; ++t) {
      throng_explanation *why[LANES];
      throng_outcome outcome;
      throng_observation seen;
      ASSERT_OK(throng_sim_observe(f.sim, &seen));
      for (int l = 0; l < LANES; ++l) {
        action[l] = (53 * t + 37 * l) % ITEMS;
        others += seen.user[l] != f.sim->published.reviewer[action[l]];
        ASSERT_OK(throng_sim_explain(f.sim, l, action[l], &why[l]));
      }
      ASSERT_OK(throng_sim_step(f.sim, action));
      ASSERT_OK(throng_sim_outcome(f.sim, &outcome));
      for (int l = 0; l < LANES; ++l) {
        const throng_vote *v = &outcome.vote[l];
        wrong += v->like != why[l]->vote.like || v->f_mat != why[l]->vote.f_mat;
        const bool coin = f.sim->published.earlier[action[l]] == 0;
        EXPECT_EQ(why[l]->votes[THRONG_VOTE_F_SIM].coin, coin);
        if (f.sim->published.reviewer[action[l]] >= 0)
          EXPECT_EQ(why[l]->user, f.sim->published.reviewer[action[l]]);
        if (coin) EXPECT_EQ(why[l]->n_history, 0);
        EXPECT_EQ(why[l]->liked.n_shared, v->alpha_pos);
        EXPECT_EQ(why[l]->disliked.n_shared, v->alpha_neg);
        coins += coin;
        throng_explanation_free(why[l]);
      }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(coins, 10);
    EXPECT_GT(others, 100);
  }
  close_fixture(&f);
}

TEST(published_env, states_that_agents_rebuild_are_those_of_the_lanes) {
  agent_rig rig;
  throng_sim_def sim = published_def(THRONG_ENVIRONMENT_PUBLISHED_BY_USER, 8);
  sim.history = 10;
  sim.leave_probability = 0.1f;
  sim.max_steps = 15;
  const throng_agent_def agent = rig_agent_def(THRONG_HEAD_FLAT);
  ASSERT_OK(rig_make(&rig, 1, &sim, &agent, 800));
  throng_population *a = rig.agent;
  throng_backend *b = rig.backend;
  const backend_ops *ops = b->ops;
  int compared = 0, wrong = 0;
  for (int t = 0; t < 40; ++t) {
    int32_t lane[16], slot[16] = {0}, length[16];
    uint32_t entry[16 * 10];
    uint8_t ended[8];
    throng_observation seen;
    ASSERT_OK(throng_population_train_step(a));
    ASSERT_OK(throng_sim_observe(rig.sim, &seen));
    const int64_t last = a->host.time - a->def.n_step;
    int64_t time[16];
    if (last < 0) continue;
    dqn *d = dqn_of(a);
    for (int row = 0; row < 16; ++row) {
      lane[row] = row % 8;
      time[row] = last;
    }
    ASSERT_OK(ops->upload(b, d->batch.lane, lane, sizeof lane));
    ASSERT_OK(ops->upload(b, d->batch.slot, slot, sizeof slot));
    ASSERT_OK(ops->upload(b, d->batch.time, time, sizeof time));
    ASSERT_OK(replay_rebuild_batch(a, &d->batch));
    ASSERT_OK(ops->download(b, entry, d->batch.next.state.entry, sizeof entry));
    ASSERT_OK(ops->download(b, length, d->batch.next.state.length, sizeof length));
    for (int l = 0; l < 8; ++l)
      ASSERT_OK(
          ops->download(b, &ended[l], a->log.ended + l * a->log.n_time + last % a->log.n_time, 1));
    for (int l = 0; l < 8; ++l) {
      if (ended[l]) continue;
      wrong += length[l] != seen.length[l];
      for (int k = 0; k < seen.length[l]; ++k)
        wrong += history_item(entry[l * 10 + k]) != seen.item[l * 10 + k];
      ++compared;
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(compared, 200);
  rig_free(&rig);
}

TEST(published_env, shares_of_other_users_and_of_coins_are_counted_over_what_was_shown) {
  fixture f;
  if (open_fixture(&f, 0)) {
    enum { EPISODES = 40 };
    throng_metrics m;
    throng_evaluation_def def = throng_default_evaluation_def();
    throng_sim_def lanes = throng_sim_get_def(f.sim);
    def.episodes = EPISODES;
    ASSERT_OK(throng_evaluate_yardstick(f.backend, &f.world, NULL, &lanes, &def,
                                        THRONG_YARDSTICK_POPULAR, NULL, &m));
    // Popular shows everybody its one item at every step.
    int32_t likes[ITEMS] = {0}, best = 0;
    for (int64_t k = 0; k < f.world.n_interaction; ++k)
      likes[f.world.history_item[k]] += f.world.history_like[k] != 0;
    for (int32_t i = 1; i < ITEMS; ++i)
      if (likes[i] > likes[best]) best = i;
    EXPECT_EQ(m.coin_share, f.sim->published.earlier[best] == 0);
    lanes.lanes = EPISODES;
    lanes.seed = def.seed;
    lanes.autoreset = false;
    throng_sim *sim;
    throng_outcome outcome;
    throng_observation seen;
    int32_t action[EPISODES];
    int64_t steps = 0, others = 0;
    bool ended[EPISODES] = {false};
    for (int l = 0; l < EPISODES; ++l) action[l] = best;
    ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &lanes, &sim));
    for (int left = EPISODES; left > 0;) {
      ASSERT_OK(throng_sim_observe(sim, &seen));
      for (int l = 0; l < EPISODES; ++l) {
        steps += !ended[l];
        others += !ended[l] && seen.user[l] != f.sim->published.reviewer[best];
      }
      ASSERT_OK(throng_sim_step(sim, action));
      ASSERT_OK(throng_sim_outcome(sim, &outcome));
      left = EPISODES;
      for (int l = 0; l < EPISODES; ++l) left -= ended[l] = outcome.ended[l] != 0;
    }
    EXPECT_NEAR(m.other_user_share, (double)others / (double)steps, 1e-12);
    EXPECT_GT(m.other_user_share, 0.5);
    throng_sim_close(sim);
  }
  close_fixture(&f);
}

TEST(published_env, lanes_come_back_from_a_file_and_no_other_environment_takes_them) {
  fixture f;
  char path[512];
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  if (open_fixture(&f, 0)) {
    uint64_t then, now;
    for (int k = 0; k < 5; ++k) step_all(&f, 90 * k);
    ASSERT_OK(throng_sim_save(f.sim, path));
    step_all(&f, 3);
    ASSERT_OK(throng_sim_hash(f.sim, &then));
    ASSERT_OK(throng_sim_restore(f.sim, path));
    step_all(&f, 3);
    ASSERT_OK(throng_sim_hash(f.sim, &now));
    EXPECT_EQ(now, then);
    throng_sim_def def = throng_sim_get_def(f.sim);
    throng_sim *other;
    def.environment = THRONG_ENVIRONMENT_PUBLISHED_BY_USER;
    ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &other));
    EXPECT_EQ(throng_sim_restore(other, path), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "environment");
    throng_sim_close(other);
  }
  close_fixture(&f);
}

TEST(published_env, what_the_released_code_does_not_do_is_refused_with_what_would) {
  fixture f;
  if (open_fixture(&f, 0)) {
    throng_sim *none;
    const throng_sim_def good = throng_sim_get_def(f.sim);
    throng_sim_def def = good;
    def.votes.semantics = THRONG_SEMANTICS_PAPER;
    EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &none), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "votes.semantics \"published-code\"");
    def = good;
    def.votes.rule = THRONG_RULE_F_MAT;
    EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &none), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "\"majority\", not \"f_mat\"");
    def = good;
    def.slate_size = 3;
    EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &none), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "one item a step, not sim.slate_size 3");
  }
  close_fixture(&f);
}
