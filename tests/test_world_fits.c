/// What is fitted to a world is made once, whoever asks, and forgotten when the world changes.
#include "world/world_fits.h"

#include <pthread.h>
#include <stdatomic.h>

#include "synth/synth.h"
#include "throng_test.h"
#include "world/world.h"

static atomic_int made, cleared;

static throng_status count_likes(const throng_world *world, int hidden, void *out) {
  int64_t *likes = out;
  atomic_fetch_add(&made, 1);
  for (int64_t u = 0; u < world->n_user; ++u)
    for (int64_t k = world->user_offset[u]; k < world->user_offset[u + 1] - hidden; ++k)
      *likes += world->history_like[k];
  return THRONG_OK;
}
static void forget(void *fitted) {
  *(int64_t *)fitted = -1;
  atomic_fetch_add(&cleared, 1);
}
static const world_fit_kind likes_of_world = {"likes", sizeof(int64_t), count_likes, forget};

static int64_t value_of(const world_fit *fit) { return *(const int64_t *)world_fit_get(fit); }

static void begin(throng_world **world) {
  throng_synth_def def = throng_default_synth_def();
  def.n_user = 40;
  def.n_item = 64;
  ASSERT_OK(synth_build(&def, NULL, world));
  atomic_store(&made, 0);
  atomic_store(&cleared, 0);
}

TEST(world_fits, all_who_ask_share_one_and_what_is_hidden_tells_fits_apart) {
  throng_world *w;
  world_fit *a, *b, *less;
  begin(&w);
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &a));
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &b));
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 1, &less));
  EXPECT_EQ(a, b);
  EXPECT_NE(a, less);
  EXPECT_GT(value_of(a), value_of(less));
  EXPECT_EQ(atomic_load(&made), 2);
  world_fit_give_back(a);
  world_fit_give_back(b);
  world_fit_give_back(less);
  EXPECT_EQ(atomic_load(&cleared), 0);  // the world keeps them for the next one
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &a));
  EXPECT_EQ(atomic_load(&made), 2);
  world_fit_give_back(a);
  throng_world_close(w);
  EXPECT_EQ(atomic_load(&cleared), 2);
}

TEST(world_fits, one_that_was_taken_outlives_its_world) {
  throng_world *w;
  world_fit *fit;
  begin(&w);
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &fit));
  const int64_t likes = value_of(fit);
  throng_world_close(w);
  EXPECT_EQ(value_of(fit), likes);
  EXPECT_EQ(atomic_load(&cleared), 0);
  world_fit_give_back(fit);
  EXPECT_EQ(atomic_load(&cleared), 1);
}

TEST(world_fits, a_world_that_was_changed_and_finished_again_is_fitted_again) {
  throng_world *w;
  world_fit *before, *after;
  begin(&w);
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &before));
  w->history_like[0] ^= 1;
  ASSERT_OK(world_finish(w));
  ASSERT_OK(world_fit_take(w->fits, w, &likes_of_world, 0, &after));
  EXPECT_NE(value_of(before), value_of(after));
  world_fit_give_back(before);
  world_fit_give_back(after);
  throng_world_close(w);
  EXPECT_EQ(atomic_load(&made), atomic_load(&cleared));
}

static throng_status refuse(const throng_world *world, int hidden, void *out) {
  (void)world, (void)hidden, (void)out;
  atomic_fetch_add(&made, 1);
  return throng_fail(THRONG_ERROR_DATA, "nothing to fit");
}

TEST(world_fits, one_that_failed_is_tried_again) {
  static const world_fit_kind refused = {"refused", sizeof(int64_t), refuse, forget};
  throng_world *w;
  world_fit *fit;
  begin(&w);
  EXPECT_EQ(world_fit_take(w->fits, w, &refused, 0, &fit), THRONG_ERROR_DATA);
  EXPECT_TRUE(fit == NULL);
  EXPECT_EQ(world_fit_take(w->fits, w, &refused, 0, &fit), THRONG_ERROR_DATA);
  EXPECT_EQ(atomic_load(&made), 2);
  throng_world_close(w);
  EXPECT_EQ(atomic_load(&cleared), 0);  // nothing was there to clear
}

enum { THREADS = 4, TIMES = 2000 };

static void *ask(void *of) {
  const throng_world *w = of;
  for (int k = 0; k < TIMES; ++k) {
    world_fit *fit;
    if (world_fit_take(w->fits, w, &likes_of_world, k % 3, &fit) != THRONG_OK) return of;
    world_fit_give_back(fit);
  }
  return NULL;
}

TEST(world_fits, threads_that_ask_at_once_make_each_once) {
  throng_world *w;
  pthread_t thread[THREADS];
  begin(&w);
  for (int k = 0; k < THREADS; ++k) ASSERT_EQ(pthread_create(&thread[k], NULL, ask, w), 0);
  for (int k = 0; k < THREADS; ++k) {
    void *failed;
    ASSERT_EQ(pthread_join(thread[k], &failed), 0);
    EXPECT_TRUE(failed == NULL);
  }
  EXPECT_EQ(atomic_load(&made), 3);
  throng_world_close(w);
  EXPECT_EQ(atomic_load(&cleared), 3);
}
