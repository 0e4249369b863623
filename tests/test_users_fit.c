/// Users' dynamics from real sessions: what was planted is found, what is not there is not, and
/// worlds that cannot tell are refused or left as the literature has it.
#include "evaluate/users_fit.h"

#include <math.h>
#include <stdlib.h>

#include "support/small_world.h"
#include "throng_test.h"

enum { USERS = 1500, TOPICS = 4, ITEMS = 40, SESSIONS = 5 };

/// How planted users behave.
typedef struct planted {
  double satiation;  // p exp(-satiation s)
  double leave;      // chance of an end after each row; 0: every session has six
  int bored;         // after so many likes of a topic among five rows it is never liked; 0: off
  bool one_time;     // all rows are a minute apart
} planted;

typedef struct rows {
  int32_t *item;
  uint8_t *like;
  int64_t *time, *offset;
  int64_t n, most;
} rows;

static int32_t topic_of(int32_t item) { return item % TOPICS; }

/// Likes of the topic among the last five rows of the session, and its leaky sum.
static int past(const rows *r, int64_t first, int32_t topic, double *satiation) {
  int likes = 0;
  *satiation = 0;
  for (int64_t k = first; k < r->n; ++k) {
    *satiation = 0.7 * *satiation + (topic_of(r->item[k]) == topic);
    if (r->n - k <= 5) likes += topic_of(r->item[k]) == topic && r->like[k];
  }
  return likes;
}

static void add_user(rows *r, test_random *draw, const planted *p) {
  int64_t time = 1000000;
  const double rate = 0.4 + 0.5 * (double)test_unit(draw);
  for (int session = 0; session < SESSIONS; ++session) {
    const int64_t first = r->n;
    for (;;) {
      double satiation;
      const int32_t item = (int32_t)test_below(draw, ITEMS);
      const int likes = past(r, first, topic_of(item), &satiation);
      double chance = rate * exp(-p->satiation * satiation);
      if (p->bored && likes >= p->bored) chance = 0;
      r->item[r->n] = item;
      r->like[r->n] = (double)test_unit(draw) < chance;
      r->time[r->n++] = time;
      time += 20 + test_below(draw, 100);
      const int64_t length = r->n - first;
      if (p->leave > 0 ? (double)test_unit(draw) < p->leave || length == 40 : length == 6) break;
    }
    if (!p->one_time) time += 86400 + test_below(draw, 4 * 86400);
  }
}

static throng_world *planted_world(const planted *p) {
  rows r = {.most = (int64_t)USERS * SESSIONS * 41};
  test_random draw = {3, 0};
  throng_world *world = NULL;
  r.item = calloc((size_t)r.most, sizeof *r.item);
  r.like = calloc((size_t)r.most, sizeof *r.like);
  r.time = calloc((size_t)r.most, sizeof *r.time);
  r.offset = calloc(USERS + 1, sizeof *r.offset);
  for (int64_t u = 0; u < USERS; ++u) {
    add_user(&r, &draw, p);
    r.offset[u + 1] = r.n;
  }
  int64_t category_offset[ITEMS + 1] = {0};
  int32_t category[ITEMS];
  for (int32_t i = 0; i < ITEMS; ++i) {
    category[i] = topic_of(i);
    category_offset[i + 1] = i + 1;
  }
  throng_world_source s = throng_default_world_source();
  s.n_user = USERS;
  s.n_item = ITEMS;
  s.n_category = TOPICS;
  s.user_offset = r.offset;
  s.history_item = r.item;
  s.history_like = r.like;
  s.history_time = r.time;
  s.category_offset = category_offset;
  s.category = category;
  EXPECT_OK(throng_world_from_arrays(&s, &world));
  free(r.item);
  free(r.like);
  free(r.time);
  free(r.offset);
  return world;
}

static users_fit fit_of(const planted *p) {
  users_fit fit = {0};
  throng_world *world = planted_world(p);
  if (world) EXPECT_OK(users_fit_measure(world, &fit));
  throng_world_close(world);
  return fit;
}

TEST(users_fit, planted_sessions_and_satiation_are_found) {
  const users_fit fit = fit_of(&(planted){.satiation = 0.5, .leave = 0.2});
  EXPECT_TRUE(fit.told);
  EXPECT_EQ(fit.n_session, USERS * SESSIONS);
  EXPECT_GT(fit.cut, 120);
  EXPECT_LT(fit.cut, 86400);
  EXPECT_NEAR(fit.length, 5, 0.2);
  EXPECT_NEAR((double)fit.leave_probability, 0.2, 0.01);
  EXPECT_TRUE(fit.users.temper == 0);
  EXPECT_NEAR(fit.satiation.value, 0.5, 0.1);
  EXPECT_GT(fit.satiation.low, 0.3);
  EXPECT_GT(fit.users.satiation, 0.3f);
  EXPECT_EQ(fit.users.sessions, SESSIONS);
  EXPECT_NEAR(fit.gap / 86400, 5, 0.3);
}

/// Whose the option's value is: "data" where the data told it.
static const char *source_of(const users_fit *fit, const char *option) {
  for (int k = 0; k < USERS_FIT_OPTIONS; ++k) {
    const char *source, *name = users_fit_option(fit, k, &source);
    if (!strcmp(name, option)) return source ? source : "data";
  }
  return "no such option";
}

TEST(users_fit, options_say_whether_the_data_told_them_or_whose_they_are) {
  const users_fit told = fit_of(&(planted){.satiation = 0.5, .leave = 0.2});
  const users_fit not_told = fit_of(&(planted){.leave = 0.2, .one_time = true});
  static const char *const data[] = {"leave_probability", "temper", "satiation", "bored_likes",
                                     "sessions"};
  for (size_t k = 0; k < sizeof data / sizeof *data; ++k) {
    EXPECT_STREQ(source_of(&told, data[k]), "data");
    EXPECT_TRUE(strcmp(source_of(&not_told, data[k]), "data") != 0);
  }
  // Ends are by chance there, so that nothing says what a dislike costs.
  EXPECT_STREQ(source_of(&told, "temper_dislike"), "KuaiSim");
  EXPECT_STREQ(source_of(&told, "bored_steps"), "SARDINE");
  EXPECT_STREQ(source_of(&told, "satiation_memory"), "RecSim");
  EXPECT_STREQ(source_of(&not_told, "return_bias"), "KuaiSim");
}

TEST(users_fit, what_is_not_there_is_not_found) {
  const users_fit fit = fit_of(&(planted){.leave = 0.2});
  EXPECT_TRUE(fit.told);
  EXPECT_TRUE(fit.satiation.low == 0);
  EXPECT_TRUE(fit.users.satiation == 0);
  EXPECT_EQ(fit.users.bored_likes, 0);
  EXPECT_EQ(fit.users.repeat_window, 0);
  EXPECT_LT(fit.repeat_ratio.low, 1);
  EXPECT_GT(fit.repeat_ratio.high, 1);
  EXPECT_LT(fit.end_ratio.low, 1);
  EXPECT_GT(fit.end_ratio.high, 1);
}

TEST(users_fit, boredom_is_found_with_the_likes_that_bring_it) {
  const users_fit fit = fit_of(&(planted){.leave = 0.1, .bored = 2});
  EXPECT_EQ(fit.users.bored_likes, 2);
  EXPECT_LT(fit.bored[2].high, -0.3);
}

TEST(users_fit, sessions_of_one_length_end_by_mood_and_not_by_chance) {
  const users_fit fit = fit_of(&(planted){0});
  EXPECT_TRUE(fit.leave_probability == 0);
  // Six rows, each like costs 1 and each dislike 2.
  EXPECT_NEAR((double)fit.users.temper, 6 * (fit.likes + 2 * (1 - fit.likes)), 1e-4);
}

TEST(users_fit, times_without_two_kinds_of_gaps_leave_the_usual_values) {
  const users_fit fit = fit_of(&(planted){.leave = 0.2, .one_time = true});
  EXPECT_FALSE(fit.told);
  EXPECT_EQ(fit.users.sessions, 1);
  EXPECT_TRUE(fit.leave_probability == 0.025f);
}

TEST(users_fit, a_world_without_times_is_refused_with_what_would_help) {
  throng_world world = small_world(21, 40, 150, 24, 30);
  users_fit fit;
  world.has_time = false;
  EXPECT_EQ(users_fit_measure(&world, &fit), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "dataset.columns.time");
  EXPECT_CONTAINS(throng_error_message(), "users.preset");
  small_world_free(&world);
}
