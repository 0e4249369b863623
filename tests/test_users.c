/// Users that change: whole trajectories against an independent program
/// (tests/golden/make_users.py) for each dynamic alone and all together; what must hold whatever
/// the numbers; what is refused.
#include "sim/sim.h"
#include "sim/sim_fields.h"
#include "sim/users.h"
#include "support/golden.h"
#include "support/small_world.h"
#include "throng/throng.h"
#include "throng_test.h"

/// Lanes may be looked at where they lie. (These tests also run on the emulated device.)
static bool readable(const throng_sim *sim) { return sim->backend->host_memory; }

static throng_backend *cpu(int threads) {
  throng_backend *backend = NULL;
  throng_backend_def def = throng_default_backend_def();
  def.name = "cpu";
  def.threads = threads;
  EXPECT_OK(throng_backend_open(&def, &backend));
  return backend;
}

// --- golden trajectories ---------------------------------------------------------------------

/// Lists of lists as CSR: offset (n + 1), list, which the caller frees.
static void csr_of(const cJSON *lists, int64_t **offset, int32_t **list) {
  const cJSON *one, *element;
  int64_t n = 0, total = 0;
  *offset = calloc((size_t)cJSON_GetArraySize(lists) + 1, sizeof **offset);
  cJSON_ArrayForEach(one, lists) total += cJSON_GetArraySize(one);
  *list = calloc((size_t)total + 1, sizeof **list);
  total = 0;
  cJSON_ArrayForEach(one, lists) {
    cJSON_ArrayForEach(element, one)(*list)[total++] = (int32_t)element->valuedouble;
    (*offset)[++n] = total;
  }
}

static const cJSON *get(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static throng_world *golden_world(const cJSON *golden) {
  throng_world_source s = throng_default_world_source();
  throng_world *world = NULL;
  int64_t *category_offset, *liking_offset, *disliking_offset, *row_offset;
  int32_t *category, *liking, *disliking, *row;
  const cJSON *histories = get(golden, "histories"), *user, *entry;
  csr_of(get(golden, "category"), &category_offset, &category);
  csr_of(get(golden, "liking"), &liking_offset, &liking);
  csr_of(get(golden, "disliking"), &disliking_offset, &disliking);
  csr_of(get(golden, "embedding"), &row_offset, &row);
  s.n_user = cJSON_GetArraySize(histories);
  s.n_item = cJSON_GetArraySize(get(golden, "category"));
  s.n_category = (int64_t)golden_number(golden, "n_category");
  s.n_keyword = 5;
  s.dim = (int32_t)row_offset[1];
  float *e = calloc((size_t)(s.n_item * s.dim) + 1, sizeof *e);
  int64_t n = 0, at = 0;
  cJSON_ArrayForEach(user, get(golden, "embedding")) cJSON_ArrayForEach(entry, user) {
    e[at++] = (float)entry->valuedouble;
  }
  cJSON_ArrayForEach(user, histories) n += cJSON_GetArraySize(user);
  int64_t *offset = calloc((size_t)s.n_user + 1, sizeof *offset);
  int32_t *item = calloc((size_t)n + 1, sizeof *item);
  uint8_t *like = calloc((size_t)n + 1, sizeof *like);
  n = at = 0;
  cJSON_ArrayForEach(user, histories) {
    cJSON_ArrayForEach(entry, user) {
      item[n] = cJSON_GetArrayItem(entry, 0)->valueint;
      like[n++] = (uint8_t)cJSON_GetArrayItem(entry, 1)->valueint;
    }
    offset[++at] = n;
  }
  s.user_offset = offset;
  s.history_item = item;
  s.history_like = like;
  s.category_offset = category_offset;
  s.category = category;
  s.liking_offset = liking_offset;
  s.liking = liking;
  s.disliking_offset = disliking_offset;
  s.disliking = disliking;
  // Not looked at: any unit rows.
  float *apart = calloc((size_t)(s.n_item * s.dim) + 1, sizeof *apart);
  for (int64_t i = 0; i < s.n_item; ++i)
    apart[i * s.dim] = disliking_offset[i] < disliking_offset[i + 1] ? 1 : 0;
  s.embedding_liking = e;
  s.embedding_disliking = apart;
  EXPECT_OK(throng_world_from_arrays(&s, &world));
  void *const blocks[] = {category_offset,
                          liking_offset,
                          disliking_offset,
                          row_offset,
                          category,
                          liking,
                          disliking,
                          row,
                          e,
                          apart,
                          offset,
                          item,
                          like};
  for (size_t k = 0; k < sizeof blocks / sizeof *blocks; ++k) free(blocks[k]);
  return world;
}

static throng_sim_def golden_def(const cJSON *golden, const cJSON *c) {
  throng_sim_def def = throng_default_sim_def();
  const cJSON *option;
  def.seed = (uint32_t)golden_number(golden, "seed");
  def.lanes = (int32_t)golden_number(golden, "lanes");
  def.history = (int32_t)golden_number(golden, "history");
  def.slate_size = (int32_t)golden_number(c, "slate_size");
  def.max_steps = (int32_t)golden_number(c, "max_steps");
  def.leave_probability = (float)golden_number(c, "leave_probability");
  def.votes.rule = THRONG_RULE_F_MAT;
  cJSON_ArrayForEach(option, get(c, "users")) {
    const field *f = fields_find(&users_fields, option->string);
    EXPECT_TRUE(f != NULL);
    if (f)
      field_write(f, &def.users, 0,
                  cJSON_IsBool(option) ? cJSON_IsTrue(option) : option->valuedouble);
  }
  return def;
}

/// What the session has made of the user, before one item is shown, against the golden numbers.
static void expect_terms(const sim_args *a, int64_t lane, int32_t item, const cJSON *expected) {
  const users_session session = sim_session(a, lane);
  const users_terms t = users_terms_of(&a->users, &a->world, &session, a->user[lane], item);
  double want[6];
  int32_t topic;
  for (int k = 0; k < 6; ++k) want[k] = cJSON_GetArrayItem(expected, k)->valuedouble;
  if (a->users.temper > 0) EXPECT_NEAR(users_mood(&a->users, &session), want[0], 1e-5);
  EXPECT_EQ(users_repeats(&a->users, &a->world, &session, item, &topic), (int32_t)want[1]);
  EXPECT_EQ(t.bored, (int32_t)want[2]);
  EXPECT_NEAR(t.satiation, want[3], 1e-5);
  EXPECT_NEAR(t.exposure, want[4], 1e-4);
  EXPECT_NEAR(t.drift, want[5], 1e-5);
}

/// Rows come lane by lane, step by step: [slate, likes, why, end, terms of each slot].
static void follow(throng_sim *sim, const cJSON *c) {
  const throng_sim_def def = throng_sim_get_def(sim);
  const cJSON *row = get(c, "rows")->child;
  int32_t action[16];
  while (row) {
    const cJSON *first = row;
    const sim_args a = sim_make_args(sim);
    for (int lane = 0; lane < def.lanes; ++lane, row = row->next)
      for (int slot = 0; slot < def.slate_size; ++slot) {
        const int32_t item = cJSON_GetArrayItem(row->child, slot)->valueint;
        action[lane * def.slate_size + slot] = item;
        if (!readable(sim)) continue;
        expect_terms(&a, lane, item, cJSON_GetArrayItem(cJSON_GetArrayItem(row, 4), slot));
      }
    throng_outcome out;
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    row = first;
    for (int lane = 0; lane < def.lanes; ++lane, row = row->next) {
      for (int slot = 0; slot < def.slate_size; ++slot)
        ASSERT_EQ(out.vote[lane * def.slate_size + slot].like,
                  cJSON_GetArrayItem(cJSON_GetArrayItem(row, 1), slot)->valueint);
      ASSERT_EQ(out.ended[lane], cJSON_GetArrayItem(row, 3)->valueint);
      const char *why = cJSON_GetArrayItem(row, 2)->valuestring;
      if (out.left)
        EXPECT_STREQ(throng_leave_name(out.left[lane]), why);
      else
        EXPECT_EQ(users_are_dynamic(&def.users), false);
    }
  }
}

TEST(users, sessions_go_as_an_independent_program_has_them) {
  cJSON *golden = golden_json("users.json");
  ASSERT_TRUE(golden != NULL);
  throng_world *world = golden_world(golden);
  throng_backend *backend = cpu(2);
  const cJSON *c;
  cJSON_ArrayForEach(c, get(golden, "cases")) {
    const throng_sim_def def = golden_def(golden, c);
    throng_sim *sim;
    ASSERT_OK(throng_sim_create(backend, world, NULL, &def, &sim));
    follow(sim, c);
    throng_sim_close(sim);
  }
  throng_backend_close(backend);
  throng_world_close(world);
  cJSON_Delete(golden);
}

// --- what must hold --------------------------------------------------------------------------

enum { USERS = 40, ITEMS = 150, LANES = 24 };

typedef struct fixture {
  throng_world world;
  throng_backend *backend;
} fixture;

static bool open_fixture(fixture *f, int threads) {
  f->world = small_world(21, USERS, ITEMS, 24, 30);
  f->backend = cpu(threads);
  return f->backend != NULL;
}

static void close_fixture(fixture *f) {
  throng_backend_close(f->backend);
  small_world_free(&f->world);
}

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = 32;
  def.leave_probability = 0.1f;
  def.max_steps = 25;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static throng_sim_def dynamic_def(void) {
  throng_sim_def def = small_def();
  def.users = throng_dynamic_users_def();
  def.users.repeat_threshold = 0;
  def.users.repeat_window = 2;
  def.users.satiation = 0.3f;
  def.users.exposure = 0.2f;
  def.users.drift = 5;
  return def;
}

static void choose(int32_t *action, int n, int step) {
  for (int k = 0; k < n; ++k)
    action[k] =
        (int32_t)random_index(random_draw(8, 77, (uint32_t)step, (uint32_t)k, 0, 0).w[0], ITEMS);
}

static uint64_t hash_after(const throng_sim_def *def, int threads, int steps) {
  fixture f;
  uint64_t hash = 0;
  throng_sim *sim = NULL;
  int32_t action[4 * LANES];
  EXPECT_TRUE(open_fixture(&f, threads));
  EXPECT_OK(throng_sim_create(f.backend, &f.world, NULL, def, &sim));
  for (int step = 0; sim && step < steps; ++step) {
    choose(action, def->lanes * def->slate_size, step);
    EXPECT_OK(throng_sim_step(sim, action));
  }
  if (sim) EXPECT_OK(throng_sim_hash(sim, &hash));
  throng_sim_close(sim);
  close_fixture(&f);
  return hash;
}

/// The hash is that of the library of before there were dynamics, on the same world and actions.
TEST(users, without_dynamics_lanes_are_bit_for_bit_what_they_were_before_there_were_any) {
  const throng_sim_def def = small_def();
  EXPECT_EQ(hash_after(&def, 1, 60), UINT64_C(0xe17651c593a5439d));
}

TEST(users, sessions_do_not_depend_on_the_number_of_threads) {
  const throng_sim_def def = dynamic_def();
  EXPECT_EQ(hash_after(&def, 1, 80), hash_after(&def, 2, 80));
}

TEST(users, sessions_do_not_depend_on_how_many_lanes_there_are) {
  fixture f;
  throng_sim *many, *one;
  throng_outcome out;
  throng_sim_def def = dynamic_def();
  int32_t action[LANES];
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &many));
  def.lanes = 1;
  def.first_lane = 17;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &one));
  for (int step = 0; step < 100; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(many, action));
    ASSERT_OK(throng_sim_step(one, action + 17));
    ASSERT_OK(throng_sim_outcome(many, &out));
    const uint8_t ended = out.ended[17], left = out.left[17], like = out.vote[17].like;
    ASSERT_OK(throng_sim_outcome(one, &out));
    ASSERT_EQ(out.ended[0], ended);
    ASSERT_EQ(out.left[0], left);
    ASSERT_EQ(out.vote[0].like, like);
  }
  throng_sim_close(one);
  throng_sim_close(many);
  close_fixture(&f);
}

TEST(users, temper_alone_ends_a_session_at_the_first_step_that_leaves_less_than_one) {
  fixture f;
  throng_sim *sim;
  throng_outcome out;
  throng_sim_def def = small_def();
  int32_t action[LANES], ends = 0;
  float budget[LANES];
  def.leave_probability = 0;
  def.users.temper = 9.5f;
  def.users.temper_like = 0.75f;
  def.users.temper_dislike = 1.5f;
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  for (int lane = 0; lane < LANES; ++lane) budget[lane] = def.users.temper;
  for (int step = 0; step < 60; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    for (int lane = 0; lane < LANES; ++lane) {
      budget[lane] -= out.vote[lane].like ? 0.75f : 1.5f;
      const bool over = budget[lane] < 1;
      ASSERT_EQ(out.ended[lane], over ? THRONG_END_LEFT : THRONG_END_NONE);
      ASSERT_EQ(out.left[lane], over ? THRONG_LEAVE_MOOD : THRONG_LEAVE_NONE);
      if (!over) continue;
      budget[lane] = def.users.temper;
      ++ends;
    }
  }
  EXPECT_GT(ends, LANES);
  throng_sim_close(sim);
  close_fixture(&f);
}

TEST(users, a_restored_session_goes_on_as_it_would_have) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = dynamic_def();
  char path[4096];
  int32_t action[LANES];
  uint64_t on, again;
  snprintf(path, sizeof path, "%s/lanes.safetensors", throng_test_folder());
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  for (int half = 0; half < 3; ++half) {
    if (half == 1) ASSERT_OK(throng_sim_save(sim, path));
    if (half == 2) {
      ASSERT_OK(throng_sim_hash(sim, &on));
      ASSERT_OK(throng_sim_restore(sim, path));
    }
    for (int step = 0; step < 30; ++step) {
      choose(action, LANES, half == 0 ? step : step + 30);
      ASSERT_OK(throng_sim_step(sim, action));
    }
  }
  ASSERT_OK(throng_sim_hash(sim, &again));
  EXPECT_TRUE(on == again);
  throng_sim_close(sim);
  // Another simulator's lanes are refused by the first option that differs, and so are lanes of
  // users that do not change.
  def.users.temper = 21;
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  EXPECT_EQ(throng_sim_restore(sim, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "it has temper 20, this one has temper 21");
  throng_sim_close(sim);
  def.users = throng_default_users_def();
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  EXPECT_EQ(throng_sim_restore(sim, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "temper 20");
  throng_sim_close(sim);
  close_fixture(&f);
}

/// Entries older than the ring are forgotten: what a session of any length remembers is told from
/// its newest entries alone.
TEST(users, what_fell_out_of_the_history_is_forgotten) {
  fixture f;
  throng_sim *sim;
  throng_sim_def def = small_def();
  int32_t action[LANES];
  def.leave_probability = 0;
  def.history = 8;
  def.users.satiation = 0.1f;
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  for (int step = 0; step < 20; ++step) {
    choose(action, LANES, step);
    ASSERT_OK(throng_sim_step(sim, action));
  }
  const sim_args a = sim_make_args(sim);
  for (int lane = 0; lane < LANES && readable(sim); ++lane) {
    const users_session session = sim_session(&a, lane);
    EXPECT_EQ(session.kept, 8);
    for (int32_t topic = 0; topic < (int32_t)f.world.n_category; ++topic) {
      double s = 0;
      for (int step = 12; step < 20; ++step) {
        choose(action, LANES, step);
        s = 0.7 * s + users_has_topic(&a.world, action[lane], topic);
      }
      EXPECT_NEAR(users_topic_satiation(&a.users, &a.world, &session, topic), s, 1e-5);
    }
  }
  throng_sim_close(sim);
  close_fixture(&f);
}

/// An explanation says beforehand what the next step answers, why the user then leaves, and what is
/// left of the mood.
TEST(users, an_explanation_says_what_the_next_step_answers_and_why_the_user_leaves) {
  fixture f;
  throng_sim *sim;
  throng_outcome out;
  throng_sim_def def = dynamic_def();
  int32_t action[LANES], reasons[THRONG_LEAVE_COUNT] = {0}, changed = 0;
  double mood[LANES];
  uint8_t like[LANES];
  throng_leave leaves[LANES];
  def.leave_probability = 0;
  def.users.temper = 8;
  def.users.repeat_threshold = 1;
  def.history = 14;  // so small that sessions are forgotten in part
  def.users.bored_window = def.users.bored_steps = 4;
  ASSERT_TRUE(open_fixture(&f, 1));
  ASSERT_OK(throng_sim_create(f.backend, &f.world, NULL, &def, &sim));
  for (int step = 0; step < 40; ++step) {
    choose(action, LANES, step);
    for (int32_t lane = 0; lane < LANES; ++lane) {
      throng_explanation *e;
      ASSERT_OK(throng_sim_explain(sim, lane, action[lane], &e));
      const throng_explained_session *x = e->session;
      ASSERT_TRUE(x != NULL);
      like[lane] = e->vote.like;
      leaves[lane] = x->leaves[like[lane]];
      mood[lane] = x->mood_after[like[lane]];
      changed += x->rule_like != like[lane];
      EXPECT_TRUE(x->keep >= 0 && x->keep <= 1 && x->turn >= 0 && x->turn <= 1);
      if (x->bored) EXPECT_EQ(like[lane], 0);
      throng_explanation_free(e);
    }
    ASSERT_OK(throng_sim_step(sim, action));
    ASSERT_OK(throng_sim_outcome(sim, &out));
    const sim_args a = sim_make_args(sim);
    for (int32_t lane = 0; lane < LANES; ++lane) {
      ASSERT_EQ(out.vote[lane].like, like[lane]);
      ASSERT_EQ(out.left[lane], leaves[lane]);
      ++reasons[leaves[lane]];
      if (out.ended[lane] != THRONG_END_NONE || !readable(sim)) continue;
      const users_session session = sim_session(&a, lane);
      EXPECT_NEAR(users_mood(&a.users, &session), mood[lane], 1e-5);
    }
  }
  EXPECT_GT(changed, 20);
  EXPECT_GT(reasons[THRONG_LEAVE_MOOD], 5);
  EXPECT_GT(reasons[THRONG_LEAVE_REPETITION], 5);
  throng_sim_close(sim);
  close_fixture(&f);
}

// --- what is refused -------------------------------------------------------------------------

TEST(users, dynamics_that_contradict_are_refused_with_what_would_help) {
  fixture f;
  throng_sim *sim;
  ASSERT_TRUE(open_fixture(&f, 1));
#define REFUSED(status, part, ...)                                               \
  do {                                                                           \
    throng_sim_def def = small_def();                                            \
    __VA_ARGS__;                                                                 \
    EXPECT_EQ(throng_sim_create(f.backend, &f.world, NULL, &def, &sim), status); \
    EXPECT_CONTAINS(throng_error_message(), part);                               \
  } while (0)
#define REFUSED_AS_ARGUMENT(part, ...) REFUSED(THRONG_ERROR_ARGUMENT, part, __VA_ARGS__)
  REFUSED_AS_ARGUMENT("users who never leave cannot come back", def.users.sessions = 2,
                      def.leave_probability = 0);
  REFUSED_AS_ARGUMENT("lower it to 2 or less", def.users.repeat_window = 3,
                      def.users.repeat_threshold = 3);
  REFUSED_AS_ARGUMENT("raise sim.history to 33", def.users.repeat_window = 33);
  REFUSED_AS_ARGUMENT("can never fall within the 4 items", def.users.bored_likes = 5,
                      def.users.bored_window = 4);
  REFUSED_AS_ARGUMENT("raise sim.history to 40", def.users.bored_likes = 2,
                      def.users.bored_window = 20, def.users.bored_steps = 21);
  REFUSED_AS_ARGUMENT("nothing bores without users.bored_likes", def.users.bored_deaf = true);
  REFUSED_AS_ARGUMENT("below 1 nobody stays", def.users.temper = 0.5f);
  REFUSED_AS_ARGUMENT("the budget never falls", def.users.temper = 5, def.users.temper_like = 0,
                      def.users.temper_dislike = 0);
  REFUSED_AS_ARGUMENT("can never fall below 1", def.users.temper = 66);
  REFUSED_AS_ARGUMENT("users of the released environment do not change", def.users.temper = 9,
                      def.environment = THRONG_ENVIRONMENT_PUBLISHED_BY_TIME,
                      def.votes.rule = THRONG_RULE_MAJORITY,
                      def.votes.semantics = THRONG_SEMANTICS_PUBLISHED_CODE);
  REFUSED_AS_ARGUMENT("users.drift_rate: expected", def.users.drift_rate = 2);
  REFUSED_AS_ARGUMENT("throng_default_users_def", def.users.cookie = 0);
  f.world.n_category_entry = 0;
  REFUSED(THRONG_ERROR_DATA, "users.satiation goes by items' categories", def.users.satiation = 1);
#undef REFUSED
  close_fixture(&f);
}
