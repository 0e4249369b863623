/// What callers take out of a simulator: observations, preferences and masks in memory of their
/// own, and its arrays where they lie.
#include <stdlib.h>

#include "sim/sim.h"
#include "support/small_sim.h"
#include "throng_test.h"

enum { ITEMS = 150, DIM = 21, LANES = 48, HISTORY = 10, WORDS = (ITEMS + 31) / 32 };

static throng_sim_def small_def(void) {
  throng_sim_def def = throng_default_sim_def();
  def.lanes = LANES;
  def.history = HISTORY;
  def.leave_probability = 0.1f;
  def.max_steps = 12;
  def.mask_seen = true;
  def.preferences = true;
  def.votes.rule = THRONG_RULE_LOGICAL;
  return def;
}

static bool open_fixture(small_sim *f, const throng_sim_def *def) {
  return small_sim_open(f, small_world(5, 40, ITEMS, DIM, 20), 0, def);
}

static void step(throng_sim *sim, uint32_t t, int32_t *action) {
  const int n = LANES * throng_sim_get_def(sim).slate_size;
  for (int k = 0; k < n; ++k)
    action[k] = (int32_t)random_index(random_draw(8, 77, t, (uint32_t)k, 0, 0).w[0], ITEMS);
  ASSERT_OK(throng_sim_step(sim, action));
}

TEST(sim_copies, observations_in_memory_of_ones_own_are_those_that_are_lent) {
  const throng_sim_def def = small_def();
  small_sim f;
  int32_t action[LANES], user[LANES], length[LANES], item[LANES * HISTORY], steps[LANES];
  int8_t like[LANES * HISTORY];
  uint32_t episode[LANES];
  const throng_observation_copy to = {user, length, item, like, steps, episode}, none = {0};
  ASSERT_TRUE(open_fixture(&f, &def));
  int ended = 0;
  for (uint32_t t = 0; t < 40; ++t) {
    step(f.sim, t, action);
    throng_outcome out;
    ASSERT_OK(throng_sim_outcome(f.sim, &out));
    for (int lane = 0; lane < LANES; ++lane) ended += out.ended[lane] != THRONG_END_NONE;
    for (int moment = 0; moment < 2; ++moment) {
      throng_observation o;
      ASSERT_OK(throng_sim_copy_observation(f.sim, (throng_moment)moment, &to));
      ASSERT_OK(throng_sim_copy_observation(f.sim, (throng_moment)moment, &none));
      ASSERT_OK(moment ? throng_sim_observe_final(f.sim, &o) : throng_sim_observe(f.sim, &o));
      EXPECT_EQ(memcmp(o.user, user, sizeof user), 0);
      EXPECT_EQ(memcmp(o.length, length, sizeof length), 0);
      EXPECT_EQ(memcmp(o.item, item, sizeof item), 0);
      EXPECT_EQ(memcmp(o.like, like, sizeof like), 0);
      EXPECT_EQ(memcmp(o.step, steps, sizeof steps), 0);
      EXPECT_EQ(memcmp(o.episode, episode, sizeof episode), 0);
    }
  }
  EXPECT_GT(ended, 0);
  small_sim_close(&f);
}

/// The mean of a side of an observed history, in double.
static double slow_mean(const throng_world *w, const throng_observation *o, int lane, int side,
                        int d, int *count) {
  double sum = 0;
  *count = 0;
  for (int k = 0; k < o->length[lane]; ++k) {
    const int64_t at = (int64_t)lane * o->n_history + k;
    if ((o->like[at] > 0 ? 0 : 1) != side) continue;
    sum += (double)(side ? w->embedding_neg : w->embedding_pos)[(int64_t)o->item[at] * DIM + d];
    ++*count;
  }
  return *count ? sum / *count : 0;
}

TEST(sim_copies, a_moment_that_is_none_is_refused) {
  throng_sim_def def = small_def();
  small_sim f;
  def.preferences = true;
  ASSERT_TRUE(open_fixture(&f, &def));
  const throng_observation_copy observation = {0};
  const throng_preference_copy preference = {0};
  for (int moment = -1; moment <= 3; moment += 4) {
    EXPECT_EQ(throng_sim_copy_observation(f.sim, (throng_moment)moment, &observation),
              THRONG_ERROR_ARGUMENT);
    EXPECT_EQ(throng_sim_copy_preferences(f.sim, (throng_moment)moment, &preference),
              THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "moment: ");
  }
  small_sim_close(&f);
}

TEST(sim_copies, preferences_of_final_states_are_means_over_the_histories_that_ended) {
  throng_sim_def def = small_def();
  for (int autoreset = 0; autoreset < 2; ++autoreset) {
    def.autoreset = autoreset;
    small_sim f;
    int32_t action[LANES], count[2][LANES];
    static float mean[2][LANES * DIM], present[2][LANES * DIM];
    const throng_preference_copy final = {mean[0], mean[1], count[0], count[1], NULL};
    const throng_preference_copy now = {.liked = present[0], .disliked = present[1]};
    ASSERT_TRUE(open_fixture(&f, &def));
    int ended = 0;
    for (uint32_t t = 0; t < 30; ++t) {
      throng_outcome out;
      throng_observation o;
      step(f.sim, t, action);
      ASSERT_OK(throng_sim_copy_preferences(f.sim, THRONG_FINAL, &final));
      ASSERT_OK(throng_sim_copy_preferences(f.sim, THRONG_PRESENT, &now));
      ASSERT_OK(throng_sim_outcome(f.sim, &out));
      ASSERT_OK(throng_sim_observe_final(f.sim, &o));
      for (int lane = 0; lane < LANES; ++lane)
        for (int side = 0; side < 2; ++side) {
          int n = 0;
          for (int d = 0; d < DIM; ++d)
            EXPECT_NEAR(mean[side][lane * DIM + d], slow_mean(&f.world, &o, lane, side, d, &n),
                        1e-6);
          EXPECT_EQ(count[side][lane], n);
          // Of a lane that goes on, and of one that stays as it ended, there is one state only.
          if (out.ended[lane] == THRONG_END_NONE || !autoreset)
            EXPECT_EQ(
                memcmp(mean[side] + lane * DIM, present[side] + lane * DIM, DIM * sizeof(float)),
                0);
        }
      for (int lane = 0; lane < LANES; ++lane) ended += out.ended[lane] != THRONG_END_NONE;
    }
    EXPECT_GT(ended, 0);
    small_sim_close(&f);
  }
}

TEST(sim_copies, of_lanes_that_ended_alone_the_others_keep_what_the_caller_has) {
  throng_sim_def def = small_def();
  for (int autoreset = 0; autoreset < 2; ++autoreset) {
    enum { ENTRIES = LANES * 64, UNTOUCHED = 0x5a };
    static int32_t item[2][ENTRIES], length[2][LANES], user[2][LANES], at[2][LANES], n[2][LANES];
    static int8_t like[2][ENTRIES];
    static uint32_t episode[2][LANES];
    static float both[2][LANES * 2 * DIM], liked[2][LANES * DIM];
    def.autoreset = autoreset;
    small_sim f;
    ASSERT_TRUE(open_fixture(&f, &def));
    const int64_t history = def.history;
    ASSERT_TRUE(LANES * history <= ENTRIES);
    int ended = 0, others = 0;
    for (uint32_t t = 0; t < 30; ++t) {
      throng_outcome out;
      int32_t action[LANES];
      step(f.sim, t, action);
      memset(item[1], UNTOUCHED, sizeof item[1]);
      memset(both[1], UNTOUCHED, sizeof both[1]);
      memset(liked[1], UNTOUCHED, sizeof liked[1]);
      for (int way = 0; way < 2; ++way) {
        const throng_moment moment = way ? THRONG_ENDED : THRONG_FINAL;
        const throng_observation_copy o = {.user = user[way],
                                           .length = length[way],
                                           .item = item[way],
                                           .like = like[way],
                                           .step = at[way],
                                           .episode = episode[way]};
        ASSERT_OK(throng_sim_copy_observation(f.sim, moment, &o));
        ASSERT_OK(throng_sim_copy_preferences(f.sim, moment,
                                              &(throng_preference_copy){.both = both[way]}));
        ASSERT_OK(throng_sim_copy_preferences(
            f.sim, moment, &(throng_preference_copy){.liked = liked[way], .n_liked = n[way]}));
      }
      ASSERT_OK(throng_sim_outcome(f.sim, &out));
      for (int lane = 0; lane < LANES; ++lane) {
        const size_t row = (size_t)(lane * history), preference = (size_t)lane * DIM;
        const uint8_t *kept = (const uint8_t *)(item[1] + row);
        if (out.ended[lane] == THRONG_END_NONE) {
          EXPECT_TRUE(kept[0] == UNTOUCHED && kept[4 * history - 1] == UNTOUCHED);
          EXPECT_TRUE(*(uint8_t *)(both[1] + 2 * preference) == UNTOUCHED);
          EXPECT_TRUE(*(uint8_t *)(liked[1] + preference) == UNTOUCHED);
          ++others;
          continue;
        }
        ++ended;
        EXPECT_EQ(memcmp(item[0] + row, kept, (size_t)history * 4), 0);
        EXPECT_EQ(memcmp(like[0] + row, like[1] + row, (size_t)history), 0);
        EXPECT_EQ(memcmp(both[0] + 2 * preference, both[1] + 2 * preference, 8 * DIM), 0);
        EXPECT_EQ(memcmp(both[0] + 2 * preference, liked[1] + preference, 4 * DIM), 0);
        EXPECT_TRUE(user[0][lane] == user[1][lane] && length[0][lane] == length[1][lane]);
        EXPECT_TRUE(at[0][lane] == at[1][lane] && episode[0][lane] == episode[1][lane]);
        EXPECT_EQ(n[0][lane], n[1][lane]);
      }
    }
    EXPECT_GT(ended, 0);
    EXPECT_GT(others, 0);
    small_sim_close(&f);
  }
}

TEST(sim_copies, preferences_are_the_bits_that_are_lent_and_take_memory_once) {
  const throng_sim_def def = small_def();
  small_sim f;
  int32_t action[LANES], n_liked[LANES], n_disliked[LANES];
  static float liked[LANES * DIM], disliked[LANES * DIM];
  const throng_preference_copy to = {liked, disliked, n_liked, n_disliked, NULL};
  throng_preference p;
  ASSERT_TRUE(open_fixture(&f, &def));
  EXPECT_TRUE(f.sim->means == NULL);
  ASSERT_OK(throng_sim_preferences(f.sim, &p));
  const struct sim_means *taken = f.sim->means;
  for (uint32_t t = 0; t < 5; ++t) {
    step(f.sim, t, action);
    ASSERT_OK(throng_sim_copy_preferences(f.sim, THRONG_PRESENT, &to));
    ASSERT_OK(throng_sim_preferences(f.sim, &p));
    EXPECT_EQ(memcmp(p.liked, liked, sizeof liked), 0);
    EXPECT_EQ(memcmp(p.disliked, disliked, sizeof disliked), 0);
    EXPECT_EQ(memcmp(p.n_liked, n_liked, sizeof n_liked), 0);
    EXPECT_EQ(memcmp(p.n_disliked, n_disliked, sizeof n_disliked), 0);
  }
  EXPECT_TRUE(f.sim->means == taken);
  small_sim_close(&f);
}

TEST(sim_copies, masks_hold_what_the_session_has_shown_as_bits_and_as_bytes) {
  throng_sim_def def = small_def();
  def.slate_size = 2;
  small_sim f;
  int32_t action[2 * LANES];
  static uint8_t expected[LANES][ITEMS], seen[LANES * ITEMS];
  static uint32_t bits[LANES * WORDS];
  memset(expected, 0, sizeof expected);
  ASSERT_TRUE(open_fixture(&f, &def));
  for (uint32_t t = 0; t < 30; ++t) {
    throng_outcome out;
    step(f.sim, t, action);
    ASSERT_OK(throng_sim_outcome(f.sim, &out));
    ASSERT_OK(throng_sim_copy_seen(f.sim, seen));
    ASSERT_OK(throng_sim_copy_seen_bits(f.sim, bits));
    for (int lane = 0; lane < LANES; ++lane) {
      for (int k = 0; k < 2; ++k) expected[lane][action[2 * lane + k]] = 1;
      if (out.ended[lane] != THRONG_END_NONE) memset(expected[lane], 0, ITEMS);
      EXPECT_EQ(memcmp(seen + lane * ITEMS, expected[lane], ITEMS), 0);
      for (int i = 0; i < ITEMS; ++i)
        EXPECT_EQ(bits[lane * WORDS + i / 32] >> (i % 32) & 1u, expected[lane][i]);
    }
  }
  small_sim_close(&f);
  def.mask_seen = false;
  ASSERT_TRUE(open_fixture(&f, &def));
  EXPECT_EQ(throng_sim_copy_seen(f.sim, seen), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "sim.mask_seen");
  EXPECT_EQ(throng_sim_copy_seen_bits(f.sim, bits), THRONG_ERROR_ARGUMENT);
  small_sim_close(&f);
}

/// Element (i, j) of an array, brought to the host.
static void element(const small_sim *f, const throng_array *a, int64_t i, int64_t j, void *to) {
  const int64_t at = i * a->stride[0] + (a->n_dim > 1 ? j * a->stride[1] : 0);
  const size_t size = (size_t)throng_dtype_size(a->dtype);
  ASSERT_OK(f->backend->ops->download(f->backend, to, (char *)a->data + (size_t)at * size, size));
}

static const throng_array *require_array(const throng_array *array, int64_t n, const char *name,
                                         throng_dtype dtype, int n_dim) {
  static const throng_array none = {.name = "none"};
  const throng_array *a = throng_array_find(array, n, name);
  EXPECT_TRUE(a != NULL);
  if (!a) return &none;
  EXPECT_EQ(a->dtype, dtype);
  EXPECT_EQ(a->n_dim, n_dim);
  EXPECT_EQ(a->shape[0], LANES);
  return a;
}

TEST(sim_copies, arrays_are_the_simulators_own_with_device_type_shape_and_strides) {
  throng_sim_def def = small_def();
  def.slate_size = 3;
  small_sim f;
  int32_t action[3 * LANES];
  ASSERT_TRUE(open_fixture(&f, &def));
  throng_array array[64];
  const int64_t n = throng_sim_arrays(f.sim, 64, array);
  ASSERT_TRUE(n > 20);
  ASSERT_TRUE(n < 64);
  EXPECT_EQ(throng_sim_arrays(f.sim, 0, NULL), n);
  for (int64_t k = 0; k < n; ++k) {
#ifdef CUDA_IN_PLACE_OF_CPU
    EXPECT_EQ(array[k].device, THRONG_DEVICE_CUDA);
#else
    EXPECT_EQ(array[k].device, THRONG_DEVICE_CPU);
#endif
    EXPECT_EQ(array[k].device_number, 0);
    EXPECT_EQ(array[k].read_only, strcmp(array[k].name, "action") != 0);
  }
  const throng_array *shown = require_array(array, n, "action", THRONG_DTYPE_I32, 2);
  const throng_array *beta = require_array(array, n, "vote.beta_neg", THRONG_DTYPE_F32, 2);
  const throng_array *like = require_array(array, n, "vote.like", THRONG_DTYPE_U8, 2);
  const throng_array *user = require_array(array, n, "user", THRONG_DTYPE_I32, 1);
  const throng_array *reward = require_array(array, n, "reward", THRONG_DTYPE_F32, 1);
  const throng_array *ring = require_array(array, n, "history", THRONG_DTYPE_U32, 2);
  const throng_array *count = require_array(array, n, "count", THRONG_DTYPE_I32, 1);
  const throng_array *seen = require_array(array, n, "seen", THRONG_DTYPE_U32, 2);
  const throng_array *sums = require_array(array, n, "preference", THRONG_DTYPE_I32, 3);
  EXPECT_EQ(seen->shape[1], WORDS);
  EXPECT_EQ(sums->shape[1] * sums->shape[2], 2 * DIM);
  for (uint32_t t = 0; t < 10; ++t) {
    throng_outcome out;
    throng_observation o;
    step(f.sim, t, action);
    ASSERT_OK(throng_backend_synchronize(f.backend));
    ASSERT_OK(throng_sim_outcome(f.sim, &out));
    ASSERT_OK(throng_sim_observe(f.sim, &o));
    for (int lane = 0; lane < LANES; ++lane) {
      int32_t whole = 0;
      float fraction = 0;
      uint8_t byte = 0;
      uint32_t entry = 0;
      element(&f, user, lane, 0, &whole);
      EXPECT_EQ(whole, o.user[lane]);
      element(&f, reward, lane, 0, &fraction);
      EXPECT_EQ(fraction, out.reward[lane]);
      for (int k = 0; k < 3; ++k) {
        element(&f, shown, lane, k, &whole);
        EXPECT_EQ(whole, action[3 * lane + k]);
        element(&f, beta, lane, k, &fraction);
        EXPECT_EQ(fraction, out.vote[3 * lane + k].beta_neg);
        element(&f, like, lane, k, &byte);
        EXPECT_EQ(byte, out.vote[3 * lane + k].like);
      }
      if (o.length[lane] == 0) continue;
      element(&f, count, lane, 0, &whole);
      element(&f, ring, lane, (whole - 1) % HISTORY, &entry);
      EXPECT_EQ(entry >> 1, o.item[lane * HISTORY + o.length[lane] - 1]);
    }
  }
  small_sim_close(&f);
}

TEST(sim_copies, actions_may_be_written_where_they_lie_and_are_checked_there) {
  throng_sim_def def = small_def();
  def.slate_size = 2;
  small_sim f, other;
  int32_t action[2 * LANES];
  uint64_t hash[3];
  ASSERT_TRUE(open_fixture(&f, &def));
  ASSERT_TRUE(open_fixture(&other, &def));
  throng_array array[64];
  const int64_t n = throng_sim_arrays(other.sim, 64, array);
  const throng_array *to = require_array(array, n, "action", THRONG_DTYPE_I32, 2);
  for (uint32_t t = 0; t < 20; ++t) {
    step(f.sim, t, action);
    ASSERT_OK(other.backend->ops->upload(other.backend, to->data, action, sizeof action));
    ASSERT_OK(throng_sim_step(other.sim, NULL));
  }
  ASSERT_OK(throng_sim_hash(f.sim, &hash[0]));
  ASSERT_OK(throng_sim_hash(other.sim, &hash[1]));
  EXPECT_EQ(hash[0], hash[1]);
  for (int wrong = 0; wrong < 2; ++wrong) {
    action[2 * 7 + 1] = wrong ? -1 : ITEMS;
    ASSERT_OK(other.backend->ops->upload(other.backend, to->data, action, sizeof action));
    EXPECT_EQ(throng_sim_step(other.sim, NULL), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), wrong ? "action of lane 7: item -1 is not in 0..149"
                                                  : "action of lane 7: item 150 is not in 0..149");
  }
  action[2 * 7 + 1] = 3;
  step(f.sim, 20, action);
  ASSERT_OK(other.backend->ops->upload(other.backend, to->data, action, sizeof action));
  ASSERT_OK(throng_sim_step(other.sim, NULL));
  ASSERT_OK(throng_sim_hash(f.sim, &hash[0]));
  ASSERT_OK(throng_sim_hash(other.sim, &hash[2]));
  EXPECT_EQ(hash[0], hash[2]);
  small_sim_close(&other);
  small_sim_close(&f);
}

TEST(sim_copies, types_have_sizes_and_the_names_that_numpy_gives_them) {
  EXPECT_EQ(throng_dtype_size(THRONG_DTYPE_U8), 1);
  EXPECT_EQ(throng_dtype_size(THRONG_DTYPE_F32), 4);
  EXPECT_EQ(throng_dtype_size(THRONG_DTYPE_I64), 8);
  EXPECT_STREQ(throng_dtype_name(THRONG_DTYPE_U32), "uint32");
  EXPECT_STREQ(throng_dtype_name(THRONG_DTYPE_F64), "float64");
  EXPECT_STREQ(throng_dtype_name((throng_dtype)99), "?");
  EXPECT_TRUE(throng_array_find(NULL, 0, "user") == NULL);
}
