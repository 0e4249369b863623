/// Scores and the best items of states that a caller gives, against what the agent computes for its
/// own batches and lanes.
#include <math.h>

#include "support/agent_rig.h"

enum { AGENTS = 2, LANES = 6, ALL = AGENTS * LANES, HISTORY = 10, ITEMS = 60, TOP = 7 };

static bool open_trained(agent_rig *rig, throng_head head) {
  throng_sim_def sim = rig_sim_def(ALL, HISTORY);
  sim.mask_seen = true;
  throng_agent_def def = rig_agent_def(head);
  def.count = AGENTS;
  throng_status status = rig_make(rig, 1, &sim, &def, 4000);
  for (int t = 0; status == THRONG_OK && t < 40; ++t)
    status = throng_population_train_step(rig->agent);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

/// States of a view, as a caller would give them.
typedef struct given {
  throng_states states;
  int32_t user[512], item[512 * HISTORY], session[512];
  int64_t offset[513];
  uint8_t like[512 * HISTORY];
} given;

static void give(given *g, const state_view *view, int64_t first, int64_t n) {
  *g = (given){.states = {.n = n}};
  for (int64_t r = 0; r < n; ++r) {
    const int64_t row = first + r, at = g->offset[r];
    g->user[r] = view->user[row];
    g->session[r] = view->session[row];
    g->offset[r + 1] = at + view->length[row];
    for (int32_t k = 0; k < view->length[row]; ++k) {
      const uint32_t entry = view->entry[row * view->capacity + k];
      g->item[at + k] = history_item(entry);
      g->like[at + k] = (uint8_t)history_like(entry);
    }
  }
  g->states.user = g->user;
  g->states.offset = g->offset;
  g->states.item = g->item;
  g->states.like = g->like;
  g->states.session = g->session;
}

TEST(scores, are_the_q_that_an_update_computes_for_the_same_states) {
  for (int head = 0; head < 2; ++head) {
    agent_rig rig;
    if (!open_trained(&rig, (throng_head)head)) return;
    static given g;
    static float q[512 * ITEMS];
    dqn *d = dqn_of(rig.agent);
    const int32_t batch = rig.agent->def.batch;
    ASSERT_OK(replay_draw(rig.agent, &d->batch, 5));
    ASSERT_OK(dqn_gradients(rig.agent));
    for (int32_t agent = 0; agent < AGENTS; ++agent) {
      give(&g, &d->batch.state.state, agent * batch, batch);
      ASSERT_OK(throng_population_scores(rig.agent, agent, &g.states, q));
      for (int32_t r = 0; r < batch; ++r)
        EXPECT_NEAR(q[r * ITEMS + d->batch.action[agent * batch + r]], d->q[agent * batch + r],
                    1e-5);
    }
    rig_free(&rig);
  }
}

TEST(scores, order_the_items_as_the_agent_ranks_them_for_its_lanes) {
  for (int head = 0; head < 2; ++head) {
    agent_rig rig;
    if (!open_trained(&rig, (throng_head)head)) return;
    static given g;
    static float q[LANES * ITEMS];
    agent_actor *actor;
    int32_t ranked[ALL * TOP], item[LANES * TOP];
    float best[LANES * TOP];
    ASSERT_OK(agent_actor_create(rig.agent, rig.sim, TOP, &actor));
    ASSERT_OK(agent_actor_rank(actor, rig.sim, TOP, ranked));
    for (int32_t agent = 0; agent < AGENTS; ++agent) {
      give(&g, &agent_actor_pass(actor)->state, agent * LANES, LANES);
      ASSERT_OK(throng_population_top(rig.agent, agent, &g.states, TOP, true, item, best));
      EXPECT_EQ(memcmp(item, ranked + agent * LANES * TOP, sizeof item), 0);
      ASSERT_OK(throng_population_scores(rig.agent, agent, &g.states, q));
      for (int k = 0; k < LANES * TOP; ++k)
        EXPECT_NEAR(best[k], q[k / TOP * ITEMS + item[k]], 1e-5);
      // Without the mask the best is the best of all.
      ASSERT_OK(throng_population_top(rig.agent, agent, &g.states, 1, false, item, best));
      for (int lane = 0; lane < LANES; ++lane)
        for (int i = 0; i < ITEMS; ++i) EXPECT_LE(q[lane * ITEMS + i], best[lane] + 1e-5f);
    }
    agent_actor_free(actor);
    rig_free(&rig);
  }
}

TEST(scores, of_many_states_and_long_histories_are_those_of_each_with_its_newest_entries) {
  enum { MANY = 2500, LONG = 3 * HISTORY };
  agent_rig rig;
  if (!open_trained(&rig, THRONG_HEAD_TWO_TOWER)) return;
  static int32_t user[MANY], item[MANY * LONG], found[MANY * TOP], one[TOP];
  static uint8_t like[MANY * LONG];
  static int64_t offset[MANY + 1];
  test_random r = {5, 0};
  for (int k = 0; k < MANY; ++k) {
    user[k] = (int32_t)test_below(&r, 20);
    offset[k + 1] = offset[k] + (int64_t)test_below(&r, LONG + 1);
    for (int64_t e = offset[k]; e < offset[k + 1]; ++e) {
      item[e] = (int32_t)test_below(&r, ITEMS);
      like[e] = (uint8_t)test_below(&r, 2);
    }
  }
  const throng_states states = {MANY, user, offset, item, like, NULL};
  ASSERT_OK(throng_population_top(rig.agent, 1, &states, TOP, true, found, NULL));
  for (int k = 0; k < MANY; k += 100) {
    const int64_t all = offset[k + 1] - offset[k], kept = all < HISTORY ? all : HISTORY;
    const int64_t span[] = {0, kept}, at = offset[k + 1] - kept;
    const throng_states alone = {1, user + k, span, item + at, like + at, NULL};
    ASSERT_OK(throng_population_top(rig.agent, 1, &alone, TOP, false, one, NULL));
    EXPECT_EQ(memcmp(one, found + k * TOP, sizeof one), 0);
  }
  rig_free(&rig);
}

TEST(scores, leave_no_trace_in_training) {
  agent_rig rig, plain;
  if (!open_trained(&rig, THRONG_HEAD_FLAT) || !open_trained(&plain, THRONG_HEAD_FLAT)) return;
  const int32_t user = 3;
  const int64_t offset[] = {0, 0};
  const throng_states states = {1, &user, offset, NULL, NULL, NULL};
  float q[ITEMS];
  uint64_t a, b;
  for (int t = 0; t < 10; ++t) {
    ASSERT_OK(throng_population_scores(rig.agent, 0, &states, q));
    ASSERT_OK(throng_population_train_step(rig.agent));
    ASSERT_OK(throng_population_train_step(plain.agent));
  }
  ASSERT_OK(tensors_hash(&rig.agent->weights, &a));
  ASSERT_OK(tensors_hash(&plain.agent->weights, &b));
  EXPECT_TRUE(a == b);
  rig_free(&rig);
  rig_free(&plain);
}

TEST(scores, of_states_that_are_none_are_refused_with_their_place) {
  agent_rig rig;
  if (!open_trained(&rig, THRONG_HEAD_FLAT)) return;
  int32_t user[] = {1, 2}, item[] = {4, 5, 6}, session[] = {0, 1}, out[2];
  int64_t offset[] = {0, 1, 3};
  uint8_t like[] = {1, 0, 1};
  throng_states states = {2, user, offset, item, like, session};
#define REFUSED(change, back, part)                                             \
  do {                                                                          \
    change;                                                                     \
    EXPECT_EQ(throng_population_top(rig.agent, 0, &states, 1, true, out, NULL), \
              THRONG_ERROR_ARGUMENT);                                           \
    EXPECT_CONTAINS(throng_error_message(), part);                              \
    back;                                                                       \
  } while (0)
  REFUSED(user[1] = 20, user[1] = 2, "state 1: user 20 is not in 0..19");
  REFUSED(item[2] = 60, item[2] = 6, "state 1, history entry 2: item 60 is not in 0..59");
  REFUSED(like[0] = 2, like[0] = 1, "state 0, history entry 0: like is 2");
  REFUSED(offset[2] = 0, offset[2] = 3, "state 1: its history runs from 1 to 0");
  REFUSED(session[0] = 2, session[0] = 0, "state 0: 2 entries of this session");
  EXPECT_EQ(throng_population_top(rig.agent, 2, &states, 1, true, out, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "agent 2 is not in 0..1");
  EXPECT_EQ(throng_population_top(rig.agent, 0, &states, 61, true, out, NULL),
            THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "top: 61 is not in 1..60");
  REFUSED(states.item = NULL, states.item = item, "state 0: a history needs both items and likes");
  REFUSED(states.like = NULL, states.like = like, "state 0: a history needs both items and likes");
  REFUSED(states.offset = NULL, states.offset = offset, "users and offsets are needed");
  REFUSED(states.user = NULL, states.user = user, "users and offsets are needed");
#undef REFUSED
  states.n = 0;
  EXPECT_OK(throng_population_top(rig.agent, 0, &states, 1, true, out, NULL));
  rig_free(&rig);
}

/// Trained agents of any algorithm, and some histories longer than what an agent remembers.
typedef struct advised {
  agent_rig rig;
  throng_states states;
  int32_t user[40], item[40 * 3 * HISTORY], session[40];
  int64_t offset[41];
  uint8_t like[40 * 3 * HISTORY];
} advised;

static bool advised_open(advised *a, throng_algorithm algorithm, throng_mask mask) {
  throng_sim_def sim = rig_sim_def(ALL, HISTORY);
  sim.mask = mask;
  sim.max_steps = 5;
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.algorithm = algorithm;
  def.target_kl = throng_algorithm_agent_def(algorithm).target_kl;
  def.count = AGENTS;
  def.n_steps = 4;
  memset(a, 0, sizeof *a);
  throng_status status = rig_make(&a->rig, 1, &sim, &def, 4000);
  for (int t = 0; status == THRONG_OK && t < 40; ++t)
    status = throng_population_train_step(a->rig.agent);
  EXPECT_OK(status);
  test_random r = {9, 0};
  for (int k = 0; k < 40; ++k) {
    a->user[k] = (int32_t)test_below(&r, 20);
    a->offset[k + 1] = a->offset[k] + (int64_t)test_below(&r, 3 * HISTORY + 1);
    a->session[k] = a->offset[k + 1] - a->offset[k] > 2 ? 2 : 0;
    for (int64_t e = a->offset[k]; e < a->offset[k + 1]; ++e) {
      a->item[e] = (int32_t)test_below(&r, ITEMS);
      a->like[e] = (uint8_t)test_below(&r, 2);
    }
  }
  a->states = (throng_states){40, a->user, a->offset, a->item, a->like, a->session};
  return status == THRONG_OK;
}

static bool is_left_out(const advised *a, int k, int32_t item, throng_exclude exclude) {
  const int64_t end = a->offset[k + 1];
  const int64_t begin = exclude == THRONG_EXCLUDE_HISTORY ? a->offset[k] : end - a->session[k];
  for (int64_t e = begin; exclude != THRONG_EXCLUDE_NONE && e < end; ++e)
    if (a->item[e] == item) return true;
  return false;
}

TEST(scores, of_a_policy_are_log_probabilities_of_what_is_not_left_out) {
  static const throng_algorithm policy[] = {THRONG_ALGORITHM_PPO, THRONG_ALGORITHM_A2C,
                                            THRONG_ALGORITHM_TRPO};
  for (size_t p = 0; p < sizeof policy / sizeof *policy; ++p) {
    static advised a;
    static int32_t item[40 * ITEMS];
    static float score[40 * ITEMS], logit[40 * ITEMS];
    if (!advised_open(&a, policy[p], THRONG_MASK_NONE)) return;
    ASSERT_OK(throng_population_scores(a.rig.agent, 1, &a.states, logit));
    for (int exclude = 0; exclude <= THRONG_EXCLUDE_HISTORY; ++exclude) {
      ASSERT_OK(throng_population_recommend(a.rig.agent, 1, &a.states, ITEMS,
                                            (throng_exclude)exclude, item, score));
      for (int k = 0; k < 40; ++k) {
        double total = 0, sum = 0;
        int left = 0, shown = 0;
        for (int i = 0; i < ITEMS; ++i)
          if (!is_left_out(&a, k, i, (throng_exclude)exclude)) {
            total += exp((double)logit[k * ITEMS + i]);
            ++left;
          }
        for (int r = 0; r < ITEMS && item[k * ITEMS + r] >= 0; ++r, ++shown) {
          const int32_t i = item[k * ITEMS + r];
          EXPECT_FALSE(is_left_out(&a, k, i, (throng_exclude)exclude));
          EXPECT_NEAR(score[k * ITEMS + r], (double)logit[k * ITEMS + i] - log(total), 1e-4);
          sum += exp((double)score[k * ITEMS + r]);
        }
        EXPECT_EQ(shown, left);
        EXPECT_NEAR(sum, 1, 1e-4);
      }
    }
    rig_free(&a.rig);
  }
}

TEST(scores, of_dqn_are_q_whatever_is_left_out) {
  static advised a;
  static int32_t item[40 * ITEMS];
  static float score[40 * ITEMS], q[40 * ITEMS];
  if (!advised_open(&a, THRONG_ALGORITHM_DQN, THRONG_MASK_NONE)) return;
  ASSERT_OK(throng_population_scores(a.rig.agent, 0, &a.states, q));
  ASSERT_OK(throng_population_recommend(a.rig.agent, 0, &a.states, ITEMS, THRONG_EXCLUDE_HISTORY,
                                        item, score));
  for (int k = 0; k < 40 * ITEMS; ++k)
    if (item[k] >= 0)
      EXPECT_NEAR(score[k], q[k / ITEMS * ITEMS + item[k]], 1e-5);
    else
      EXPECT_TRUE(isinf(score[k]) && score[k] < 0);
  EXPECT_EQ(
      throng_population_recommend(a.rig.agent, 0, &a.states, 1, (throng_exclude)3, item, NULL),
      THRONG_ERROR_ARGUMENT);
  rig_free(&a.rig);
}

/// What is recommended first to a user who comes is what the agent shows first, greedily.
TEST(scores, put_first_what_the_agent_shows_first_whatever_its_mask) {
  static const throng_algorithm kinds[] = {THRONG_ALGORITHM_DQN, THRONG_ALGORITHM_PPO,
                                           THRONG_ALGORITHM_A2C, THRONG_ALGORITHM_TRPO};
  for (size_t p = 0; p < sizeof kinds / sizeof *kinds; ++p)
    for (int mask = THRONG_MASK_NONE; mask <= THRONG_MASK_ALL; ++mask) {
      static advised a;
      if (!advised_open(&a, kinds[p], (throng_mask)mask)) return;
      throng_sim *fresh;
      int32_t action[ALL], first[ALL], user[ALL];
      static int32_t item[ALL * 64];
      static uint8_t like[ALL * 64];
      int64_t offset[ALL + 1] = {0};
      const throng_sim_def def = throng_sim_get_def(a.rig.sim);
      ASSERT_OK(throng_sim_create(a.rig.backend, &a.rig.world, NULL, &def, &fresh));
      ASSERT_OK(throng_population_act(a.rig.agent, fresh, true, action));
      const throng_world *w = &a.rig.world;
      for (int lane = 0; lane < ALL; ++lane) {
        user[lane] = fresh->user[lane];
        offset[lane + 1] = offset[lane];
        for (int64_t k = w->user_offset[user[lane]]; k < w->user_offset[user[lane] + 1]; ++k) {
          item[offset[lane + 1]] = w->history_item[k];
          like[offset[lane + 1]++] = w->history_like[k];
        }
      }
      const throng_states all = {ALL, user, offset, item, like, NULL};
      const throng_exclude exclude =
          mask == THRONG_MASK_ALL ? THRONG_EXCLUDE_HISTORY : THRONG_EXCLUDE_SESSION;
      for (int32_t agent = 0; agent < AGENTS; ++agent) {
        ASSERT_OK(throng_population_recommend(a.rig.agent, agent, &all, 1, exclude, first, NULL));
        for (int lane = agent * LANES; lane < (agent + 1) * LANES; ++lane)
          EXPECT_EQ(first[lane], action[lane]);
      }
      throng_sim_close(fresh);
      rig_free(&a.rig);
    }
}

TEST(scores, of_somebody_unknown_are_those_of_the_mean_of_all_learned_rows) {
  static advised a;
  static float unknown[40 * ITEMS], mean[40 * ITEMS];
  if (!advised_open(&a, THRONG_ALGORITHM_DQN, THRONG_MASK_NONE)) return;
  network *n = &a.rig.agent->net;
  float *row = a.rig.agent->weight.at[PARAMETER_USER] + n->n_user * n->user_width;  // of agent 1
  for (int k = 0; k < 40; ++k) a.user[k] = -1;
  ASSERT_OK(throng_population_scores(a.rig.agent, 1, &a.states, unknown));
  ASSERT_TRUE(n->user_width > 0);
  for (int32_t k = 0; k < n->user_width; ++k) {
    double sum = 0;
    for (int64_t u = 0; u < n->n_user; ++u) sum += (double)row[u * n->user_width + k];
    row[3 * n->user_width + k] = (float)(sum / (double)n->n_user);
  }
  for (int k = 0; k < 40; ++k) a.user[k] = 3;
  ASSERT_OK(throng_population_scores(a.rig.agent, 1, &a.states, mean));
  EXPECT_EQ(memcmp(unknown, mean, sizeof mean), 0);
  a.user[7] = -2;
  EXPECT_EQ(throng_population_scores(a.rig.agent, 1, &a.states, mean), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "state 7: user -2");
  rig_free(&a.rig);
}
