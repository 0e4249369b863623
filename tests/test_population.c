/// Agents of a population one by one: begun anew, copied, stopped, diverged, with options of their
/// own. Each equals itself alone, whatever becomes of its neighbours, bit for bit; the same tests
/// run with the emulated device, whose steps are recorded graphs.
#include <math.h>
#include <stdio.h>

#include "agent/agent_fields.h"
#include "support/agents_differ.h"
#include "support/runaway.h"
#include "throng/evaluate.h"

enum { AGENTS = 3, LANES = 4, ALL = AGENTS * LANES };

/// How a population is made; the variants take every branch of a step.
typedef struct shape {
  throng_head head;
  bool double_dqn, hard, mask_seen;
} shape;
static const shape shapes[] = {{THRONG_HEAD_TWO_TOWER, true, false, false},
                               {THRONG_HEAD_FLAT, true, true, true},
                               {THRONG_HEAD_TWO_TOWER, false, true, true},
                               {THRONG_HEAD_FLAT, false, false, false}};
#ifdef CUDA_IN_PLACE_OF_CPU  // where a step takes a hundred times as long
enum { SHAPES = 2, FEW = 1 };
#else
enum { SHAPES = sizeof shapes / sizeof *shapes, FEW = SHAPES };
#endif

static throng_agent_def def_of(shape s) {
  throng_agent_def def = rig_agent_def(s.head);
  def.double_dqn = s.double_dqn;
  def.tau = s.hard ? 1.0f : 0.05f;
  def.n_step = 2;
  def.updates = 1;
  def.buffer = 120;  // a ring of 33 steps: it goes round
  def.learning_starts = 40;
  def.target_every = 24;
  def.seed = 5;
  def.activation = THRONG_ACTIVATION_RELU;  // tanh is bounded, and no step of it runs away
  return def;
}

/// `n` agents of seeds seed, seed + 1, .. on lanes from `first_lane` on.
static bool open_agents(agent_rig *rig, shape s, int n, uint32_t seed, uint32_t first_lane) {
  throng_sim_def sim = rig_sim_def(n * LANES, 10);
  sim.mask_seen = s.mask_seen;
  sim.first_lane = first_lane;
  throng_agent_def def = def_of(s);
  def.count = n;
  def.seed = seed;
  const throng_status status = rig_make(rig, 1, &sim, &def, 400 * n);
  EXPECT_OK(status);
  return status == THRONG_OK;
}

static bool open_population(agent_rig *rig, shape s) {
  return open_agents(rig, s, AGENTS, def_of(s).seed, 0);
}

static throng_agent_state state_of(const agent_rig *rig, int agent) {
  throng_population_stats stats;
  EXPECT_OK(throng_population_get_stats(rig->agent, &stats));
  return stats.state[agent];
}

TEST(population, an_agent_begun_anew_is_a_new_one_and_the_others_do_not_notice) {
  for (int s = 0; s < SHAPES; ++s) {
    agent_rig rig, plain, alone;
    if (!open_population(&rig, shapes[s]) || !open_population(&plain, shapes[s])) return;
    ASSERT_OK(train(rig.agent, 41));
    ASSERT_OK(train(plain.agent, 41));
    const uint32_t seed = 77;
    ASSERT_OK(throng_population_start(rig.agent, 1, 1, &seed));
    EXPECT_EQ(rig.agent->host.updates[1], 0);
    // Alone it has the same lanes; it learns past the point where its log goes round.
    if (!open_agents(&alone, shapes[s], 1, seed, LANES)) return;
    for (int t = 0; t < 50; t += 10) {
      ASSERT_OK(train(rig.agent, 10));
      ASSERT_OK(train(plain.agent, 10));
      ASSERT_OK(train(alone.agent, 10));
      EXPECT_EQ(agents_differ(&rig, 0, &plain, 0), 0);
      EXPECT_EQ(agents_differ(&rig, 2, &plain, 2), 0);
      EXPECT_EQ(agents_differ(&rig, 1, &alone, 0), 0);
    }
    EXPECT_GT(alone.agent->host.updates[0], RIG_UPDATES(30));
    throng_population_stats of_all, of_one;
    ASSERT_OK(throng_population_get_stats(rig.agent, &of_all));
    ASSERT_OK(throng_population_get_stats(alone.agent, &of_one));
    EXPECT_EQ(of_all.user_steps[1], 50 * LANES);
    EXPECT_EQ(of_all.user_steps[0], 91 * LANES);
    EXPECT_TRUE(of_all.epsilon[1] == of_one.epsilon[0] && of_all.loss[1] == of_one.loss[0]);
    EXPECT_EQ(of_all.episodes[1], of_one.episodes[0]);
    EXPECT_TRUE(of_all.mean_return[1] == of_one.mean_return[0]);
    rig_free(&rig);
    rig_free(&plain);
    rig_free(&alone);
  }
}

TEST(population, returns_of_training_are_each_agents_own) {
  agent_rig rig;
  if (!open_population(&rig, shapes[0])) return;
  double sum[AGENTS] = {0};
  int64_t episodes[AGENTS] = {0};
  for (int t = 0; t < 60; ++t) {
    throng_outcome outcome;
    ASSERT_OK(train(rig.agent, 1));
    ASSERT_OK(throng_sim_outcome(rig.sim, &outcome));
    for (int l = 0; l < ALL; ++l) {
      if (!outcome.ended[l] || (l / LANES == 2 && t >= 30)) continue;
      sum[l / LANES] += (double)outcome.final_return[l];
      ++episodes[l / LANES];
    }
    if (t == 29) ASSERT_OK(throng_population_stop(rig.agent, 2));
  }
  throng_population_stats stats;
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  for (int i = 0; i < AGENTS; ++i) {
    EXPECT_GT(episodes[i], 5);
    EXPECT_EQ(stats.episodes[i], episodes[i]);
    EXPECT_NEAR(stats.mean_return[i], sum[i] / (double)episodes[i], 1e-5);
  }
  ASSERT_OK(throng_population_get_stats(rig.agent, &stats));
  EXPECT_EQ(stats.episodes[0], 0);
  rig_free(&rig);
}

TEST(population, begun_anew_with_its_own_seed_an_agent_repeats_itself) {
  agent_rig rig, other;
  if (!open_population(&rig, shapes[0]) || !open_population(&other, shapes[0])) return;
  ASSERT_OK(train(rig.agent, 30));
  ASSERT_OK(throng_population_start(rig.agent, 0, AGENTS, NULL));
  ASSERT_OK(train(rig.agent, 30));
  ASSERT_OK(train(other.agent, 30));
  for (int i = 0; i < AGENTS; ++i) EXPECT_EQ(agents_differ(&rig, i, &other, i), 0);
  rig_free(&rig);
  rig_free(&other);
}

TEST(population, a_copy_is_its_original_and_neither_that_nor_the_third_moves) {
  for (int s = 0; s < FEW; ++s) {
    agent_rig rig, plain;
    if (!open_population(&rig, shapes[s]) || !open_population(&plain, shapes[s])) return;
    ASSERT_OK(train(rig.agent, 47));
    ASSERT_OK(train(plain.agent, 47));
    ASSERT_OK(throng_population_set(rig.agent, 2, "learning_rate", 0.03125));
    ASSERT_OK(throng_population_set(rig.agent, 2, "update_every", 3));
    ASSERT_OK(throng_population_set(plain.agent, 2, "learning_rate", 0.03125));
    ASSERT_OK(throng_population_set(plain.agent, 2, "update_every", 3));
    ASSERT_OK(throng_population_copy(rig.agent, 2, 0, true));
    EXPECT_EQ(agents_differ(&rig, 0, &plain, 2), 0);
    EXPECT_EQ(sets_differ(&rig.agent->replay, 0, AGENTS, &plain.agent->replay, 2, AGENTS), 0);
    double rate, every;
    ASSERT_OK(throng_population_get(rig.agent, 0, "learning_rate", &rate));
    ASSERT_OK(throng_population_get(rig.agent, 0, "update_every", &every));
    EXPECT_EQ(rate, 0.03125);
    EXPECT_EQ(every, 3);
    ASSERT_OK(train(rig.agent, 20));
    ASSERT_OK(train(plain.agent, 20));
    EXPECT_EQ(agents_differ(&rig, 1, &plain, 1), 0);
    EXPECT_EQ(agents_differ(&rig, 2, &plain, 2), 0);
    EXPECT_GT(agents_differ(&rig, 0, &rig, 2), 0);  // its seed and its places remained its own
    EXPECT_EQ(rig.agent->host.steps[0], rig.agent->host.steps[2]);
    EXPECT_EQ(rig.agent->host.updates[0], rig.agent->host.updates[2]);
    rig_free(&rig);
    rig_free(&plain);
  }
}

#ifndef RIG_ROLLS  // a replay that is drawn from

/// After a copy with its replay a lane's log holds another lane's steps: states rebuilt from it
/// must be those that the copied sessions showed.
TEST(population, states_rebuilt_after_a_copy_are_those_of_the_copied_sessions) {
  for (int replay = 0; replay < 2; ++replay) {
    agent_rig rig;
    if (!open_population(&rig, shapes[0])) return;
    throng_population *a = rig.agent;
    ASSERT_OK(train(a, 20));
    ASSERT_OK(throng_population_copy(a, 0, 1, replay != 0));
    ASSERT_OK(train(a, 1));
    // The newest state of every lane, rebuilt, against the simulator's own.
    dqn *d = dqn_of(a);
    throng_observation seen;
    ASSERT_OK(throng_sim_observe(rig.sim, &seen));
    throng_backend *b = rig.backend;
    const int64_t n = (int64_t)a->def.batch * AGENTS, last = a->host.time - a->def.n_step;
    int32_t *lane = calloc((size_t)n, sizeof *lane), *slot = calloc((size_t)n, sizeof *slot);
    int64_t *time = calloc((size_t)n, sizeof *time);
    for (int64_t row = 0; row < n; ++row) {
      lane[row] = (int32_t)(row / a->def.batch * LANES + row % LANES);
      time[row] = last;
    }
    ASSERT_OK(b->ops->upload(b, d->batch.lane, lane, (size_t)n * sizeof *lane));
    ASSERT_OK(b->ops->upload(b, d->batch.slot, slot, (size_t)n * sizeof *slot));
    ASSERT_OK(b->ops->upload(b, d->batch.time, time, (size_t)n * sizeof *time));
    ASSERT_OK(replay_rebuild_batch(a, &d->batch));
    uint32_t *entry = calloc((size_t)n * 10, sizeof *entry);
    uint8_t *ended = calloc((size_t)ALL * (size_t)a->log.n_time, 1);
    ASSERT_OK(b->ops->download(b, entry, d->batch.next.state.entry, (size_t)n * 10 * 4));
    ASSERT_OK(b->ops->download(b, ended, a->log.ended, (size_t)ALL * (size_t)a->log.n_time));
    int compared = 0, wrong = 0;
    for (int64_t row = 0; row < n; ++row) {
      const int32_t l = lane[row];
      bool over = false;  // then the next state is of an episode that is no more there
      for (int64_t t = last; t < a->host.time; ++t)
        over = over || ended[l * a->log.n_time + t % a->log.n_time];
      if (over) continue;
      for (int32_t k = 0; k < seen.length[l]; ++k)
        wrong += history_item(entry[row * 10 + k]) != seen.item[l * 10 + k];
      ++compared;
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(compared, a->def.batch);
    free(lane);
    free(slot);
    free(time);
    free(entry);
    free(ended);
    rig_free(&rig);
  }
}

#endif

TEST(population, a_stopped_agent_stands_and_the_others_go_on_as_they_would) {
  for (int s = 0; s < FEW; ++s) {
    agent_rig rig, plain, before;
    if (!open_population(&rig, shapes[s]) || !open_population(&plain, shapes[s]) ||
        !open_population(&before, shapes[s]))
      return;
    ASSERT_OK(train(rig.agent, 30));
    ASSERT_OK(train(plain.agent, 30));
    ASSERT_OK(train(before.agent, 30));
    ASSERT_OK(throng_population_stop(rig.agent, 0));
    ASSERT_OK(train(rig.agent, 30));
    ASSERT_OK(train(plain.agent, 30));
    EXPECT_EQ(sets_differ(&rig.agent->weights, 0, AGENTS, &before.agent->weights, 0, AGENTS), 0);
    EXPECT_EQ(rig.agent->host.updates[0], before.agent->host.updates[0]);
    EXPECT_EQ(rig.agent->host.steps[0], 30);
    EXPECT_EQ(agents_differ(&rig, 1, &plain, 1), 0);
    EXPECT_EQ(agents_differ(&rig, 2, &plain, 2), 0);
    EXPECT_EQ(state_of(&rig, 0), THRONG_AGENT_STOPPED);
    // Greedy it still plays by its weights: on the same states as another of the same weights.
    int32_t shown[ALL], other[ALL];
    ASSERT_OK(throng_sim_reset(rig.sim));
    ASSERT_OK(throng_sim_reset(before.sim));
    ASSERT_OK(throng_population_act(rig.agent, rig.sim, true, shown));
    ASSERT_OK(throng_population_act(before.agent, before.sim, true, other));
    EXPECT_EQ(memcmp(shown, other, LANES * sizeof *shown), 0);
    rig_free(&rig);
    rig_free(&plain);
    rig_free(&before);
  }
}

TEST(population, where_all_agents_are_stopped_a_step_is_no_error) {
  agent_rig rig;
  if (!open_population(&rig, shapes[0])) return;
  for (int i = 0; i < AGENTS; ++i) ASSERT_OK(throng_population_stop(rig.agent, i));
  EXPECT_OK(train(rig.agent, 20));
  EXPECT_EQ(rig.agent->host.updates[0], 0);
  rig_free(&rig);
}

TEST(population, a_diverged_agent_is_a_failed_agent_and_no_failed_run) {
  for (int s = 0; s < SHAPES; ++s) {
    agent_rig rig, plain, resumed;
    char path[512];
    snprintf(path, sizeof path, "%s/diverged.safetensors", throng_test_folder());
    if (!open_population(&rig, shapes[s]) || !open_population(&plain, shapes[s]) ||
        !open_population(&resumed, shapes[s]))
      return;
    ASSERT_OK(train(rig.agent, 25));
    ASSERT_OK(train(plain.agent, 25));
    ASSERT_OK(runaway_set(rig.agent, 1));
    ASSERT_OK(train(rig.agent, 40));
    ASSERT_OK(train(plain.agent, 40));
    EXPECT_EQ(state_of(&rig, 1), THRONG_AGENT_DIVERGED);
    EXPECT_EQ(state_of(&rig, 0), THRONG_AGENT_LEARNING);
    const char *note = agent_take_note(rig.agent);
    EXPECT_CONTAINS(note ? note : "none", "agent 1: the");
    EXPECT_EQ(agents_differ(&rig, 0, &plain, 0), 0);
    EXPECT_EQ(agents_differ(&rig, 2, &plain, 2), 0);
    EXPECT_LT(rig.agent->host.updates[1], plain.agent->host.updates[1]);
    // All of it can be kept, and goes on.
    ASSERT_OK(throng_population_save(rig.agent, path));
    ASSERT_OK(throng_population_restore(resumed.agent, path));
    EXPECT_EQ(state_of(&resumed, 1), THRONG_AGENT_DIVERGED);
    ASSERT_OK(train(rig.agent, 15));
    ASSERT_OK(train(resumed.agent, 15));
    for (int i = 0; i < AGENTS; ++i) EXPECT_EQ(agents_differ(&rig, i, &resumed, i), 0);
    // Another's place, or a new start, brings it back.
    ASSERT_OK(throng_population_copy(rig.agent, 0, 1, false));
    ASSERT_OK(train(rig.agent, 15));
    EXPECT_EQ(state_of(&rig, 1), THRONG_AGENT_LEARNING);
    rig_free(&rig);
    rig_free(&plain);
    rig_free(&resumed);
  }
}

/// What an agent may have come to: weights that are numbers, and scores that are none.
static void overgrow(throng_population *a, int agent) {
  for (size_t k = 0; k < a->weights.count; ++k) {
    const size_t bytes = population_slice(a, &a->weights.tensor[k]);
    float *x = malloc(bytes + 1);
    for (size_t i = 0; i < bytes / sizeof *x; ++i) x[i] = i % 2 ? -3e38f : 3e38f;
    EXPECT_OK(a->backend->ops->upload(
        a->backend, (char *)a->weights.tensor[k].data + bytes * (size_t)agent, x, bytes));
    free(x);
  }
  EXPECT_OK(population_weights_moved(a, (agent_range){0, a->n_agent}));
}

TEST(population, an_agent_whose_scores_are_no_numbers_ranks_items_each_once_and_is_measured) {
  enum { TOP = 6 };
  for (int s = 0; s < FEW; ++s) {
    agent_rig rig;
    agent_actor *actor;
    int32_t item[ALL * TOP];
    if (!open_population(&rig, shapes[s])) return;
    overgrow(rig.agent, 1);
    ASSERT_OK(agent_actor_create(rig.agent, rig.sim, TOP, &actor));
    ASSERT_OK(agent_actor_rank(actor, rig.sim, TOP, item));
    for (int k = 0; k < ALL * TOP; ++k) {
      EXPECT_TRUE(item[k] >= 0 && item[k] < rig.sim->world->n_item);
      for (int j = k / TOP * TOP; j < k; ++j) EXPECT_TRUE(item[j] != item[k]);
    }
    ASSERT_OK(agent_actor_act(actor, rig.sim, true));
    EXPECT_OK(throng_sim_step(rig.sim, NULL));  // which looks at every action
    throng_metrics each[AGENTS];
    throng_evaluation_def e = throng_default_evaluation_def();
    throng_sim_def sim = throng_sim_get_def(rig.sim);
    e.episodes = 5;
    ASSERT_OK(
        throng_evaluate_population(rig.backend, &rig.world, NULL, &sim, &e, rig.agent, NULL, each));
    for (int i = 0; i < AGENTS; ++i) EXPECT_TRUE(each[i].liking >= 0 && each[i].diversity < 2);
    agent_actor_free(actor);
    rig_free(&rig);
  }
}

TEST(population, the_step_fails_once_every_agent_that_was_not_stopped_has_diverged) {
  agent_rig rig;
  if (!open_population(&rig, shapes[0])) return;
  ASSERT_OK(throng_population_stop(rig.agent, 2));
  for (int i = 0; i < 2; ++i) ASSERT_OK(runaway_set(rig.agent, i));
  EXPECT_EQ(train(rig.agent, 200), THRONG_ERROR_DIVERGED);
  EXPECT_CONTAINS(throng_error_message(), "lower agent.learning_rate");
  const int64_t time = rig.agent->host.time;
  EXPECT_EQ(train(rig.agent, 1), THRONG_ERROR_DIVERGED);
  EXPECT_EQ(rig.agent->host.time, time);
  ASSERT_OK(runaway_unset(rig.agent, 0));
  ASSERT_OK(throng_population_start(rig.agent, 0, 1, NULL));
  EXPECT_OK(train(rig.agent, 40));
  rig_free(&rig);
}

TEST(population, an_agent_with_options_of_its_own_learns_as_one_of_such_a_def_does_alone) {
  for (int s = 0; s < FEW; ++s) {
    agent_rig rig, alone;
    if (!open_population(&rig, shapes[s])) return;
    throng_agent_def def = def_of(shapes[s]);
    def.learning_rate = 0.004f;
    def.gamma = 0.9f;
    def.beta1 = 0.8f;
    def.max_grad_norm = 1.0f;
    def.epsilon_share = 0.5f;
    def.epsilon_end = 0.125f;
    def.learning_starts = 60;
    def.update_every = 3;
    def.target_every = 44;
    if (!shapes[s].hard) def.tau = 0.25f;
    const struct {
      const char *name;
      double value;
    } own[] = {{"learning_rate", (double)def.learning_rate},
               {"gamma", (double)def.gamma},
               {"beta1", (double)def.beta1},
               {"max_grad_norm", (double)def.max_grad_norm},
               {"epsilon_share", (double)def.epsilon_share},
               {"epsilon_end", (double)def.epsilon_end},
               {"learning_starts", (double)def.learning_starts},
               {"update_every", (double)def.update_every},
               {"target_every", (double)def.target_every},
               {"tau", (double)def.tau}};
    const int n = sizeof own / sizeof *own - shapes[s].hard;  // without tau
    for (int k = 0; k < n; ++k) {
      double value;
      ASSERT_OK(throng_population_set(rig.agent, 1, own[k].name, own[k].value));
      ASSERT_OK(throng_population_get(rig.agent, 1, own[k].name, &value));
      EXPECT_EQ(value, own[k].value);
    }
    throng_sim_def sim = rig_sim_def(LANES, 10);
    sim.mask_seen = shapes[s].mask_seen;
    sim.first_lane = LANES;
    throng_agent_def own_def;
    ASSERT_OK(throng_population_get_agent_def(rig.agent, 1, &own_def));
    EXPECT_EQ(own_def.seed, def.seed + 1);
    ASSERT_OK(rig_make(&alone, 1, &sim, &own_def, 400));
    ASSERT_OK(train(rig.agent, 70));
    ASSERT_OK(train(alone.agent, 70));
    EXPECT_GT(alone.agent->host.updates[0], RIG_UPDATES(10));
    EXPECT_EQ(agents_differ(&rig, 1, &alone, 0), 0);
    rig_free(&rig);
    rig_free(&alone);
  }
}

/// Another value than the present one, within the limits.
static double moved(const field *f, double x) {
  if (f->kind == FIELD_KIND_BOOL || f->kind == FIELD_KIND_ENUM) return 1 - x;
  if (f->flags & FIELD_UP_TO) return x - 1;
  if (f->kind == FIELD_KIND_F32) return (double)(float)(x > 0 ? x / 2 : f->most / 2);
  return x + 1;
}

TEST(population, every_option_that_the_table_calls_an_agents_own_is_kept_for_it_alone) {
  agent_rig rig, other;
  char path[512];
  snprintf(path, sizeof path, "%s/options.safetensors", throng_test_folder());
  if (!open_population(&rig, shapes[0]) || !open_population(&other, shapes[0])) return;
  int n = 0;
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT)); ++n) {
    double before, now;
    if (!agent_field_is_of(f, RIG_ALGORITHM)) continue;
    ASSERT_OK(throng_population_get(rig.agent, 1, f->name, &before));
    ASSERT_OK(throng_population_set(rig.agent, 1, f->name, moved(f, before)));
    ASSERT_OK(throng_population_get(rig.agent, 0, f->name, &now));
    EXPECT_EQ(now, before);
  }
  EXPECT_GT(n, 19);
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(throng_population_restore(other.agent, path));
  ASSERT_OK(throng_population_copy(other.agent, 1, 2, false));
  for (const field *f = NULL; (f = fields_next(&agent_fields, f, FIELD_PER_AGENT));) {
    double own, restored, copied, def;
    if (!agent_field_is_of(f, RIG_ALGORITHM)) continue;
    ASSERT_OK(throng_population_get(rig.agent, 1, f->name, &own));
    ASSERT_OK(throng_population_get(other.agent, 1, f->name, &restored));
    ASSERT_OK(throng_population_get(other.agent, 2, f->name, &copied));
    ASSERT_OK(throng_population_get(other.agent, 0, f->name, &def));
    EXPECT_TRUE(own != def);
    EXPECT_NEAR(restored, own, 1e-7 * fabs(own));  // the share of a run comes back from user-steps
    EXPECT_EQ(copied, restored);
  }
  rig_free(&rig);
  rig_free(&other);
}

TEST(population, agents_and_options_that_are_none_are_refused_by_name) {
  agent_rig rig;
  if (!open_population(&rig, shapes[1])) return;
  throng_population *a = rig.agent;
  double value;
#define REFUSED(call, part)                        \
  do {                                             \
    EXPECT_EQ(call, THRONG_ERROR_ARGUMENT);        \
    EXPECT_CONTAINS(throng_error_message(), part); \
  } while (0)
  REFUSED(throng_population_stop(a, 3), "agent 3 is not in 0..2");
  REFUSED(throng_population_start(a, 1, 3, NULL), "agents 1 to 3 are not in 0..2");
  REFUSED(throng_population_start(a, -1, 2, NULL), "agents -1 to 0 are not in 0..2");
  REFUSED(throng_population_copy(a, 0, -1, true), "agent -1 is not in 0..2");
  REFUSED(throng_population_get(a, 5, "gamma", &value), "agent 5 is not in 0..2");
  REFUSED(throng_population_get(a, 0, "width", &value), "agent.width is no option that each agent");
  REFUSED(throng_population_set(a, 0, "gamma", 1.5),
          "agent 0: agent.gamma: expected a number in 0..1, not 1.5");
  REFUSED(throng_population_set(a, 2, "gamma", NAN),
          "agent 2: agent.gamma: expected a number in 0..1, not");
  REFUSED(throng_population_set(a, 0, "update_every", 0),
          "agent.update_every: expected an integer in 1..");
  REFUSED(throng_population_set(a, 0, "update_every", 2.5), "not 2.5");
  REFUSED(throng_population_set(a, 2, "batch", 17),
          "agent 2: agent.batch: expected at most the population's 16, for which its arrays were");
  REFUSED(throng_population_set(a, 1, "n_step", 3), "agent 1: agent.n_step: expected at most");
  REFUSED(throng_population_set(a, 1, "updates", 2), "agent 1: agent.updates: expected at most");
  REFUSED(throng_population_set(a, 1, "buffer", 121), "agent 1: agent.buffer: expected at most");
  REFUSED(throng_population_set(a, 1, "loss", 2), "agent 1: agent.loss: expected");
  REFUSED(throng_population_set(a, 1, "double_dqn", 0.5), "agent 1: agent.double_dqn: expected");
  EXPECT_OK(throng_population_set(a, 1, "epsilon_end", 0));
  REFUSED(throng_population_set(a, 1, "epsilon", 1), "agent 1: agent.epsilon_end: an exponential");
#undef REFUSED
  EXPECT_EQ(throng_population_get_def(a).count, AGENTS);
  rig_free(&rig);
}
