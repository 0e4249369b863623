/// LinUCB and Thompson sampling: the model against numpy (tests/golden/make_bandit.py), and what
/// the yardsticks earn on a world.
#include "evaluate/bandits.h"

#include <math.h>

#include "evaluate/linear_bandit.h"
#include "kernels/list.h"
#include "support/golden_array.h"
#include "support/small_run.h"

enum { ROUNDS = 300, GOLDEN_ITEMS = 12, WIDTH = 7 };

/// The item that LinUCB, or Thompson sampling with its coefficients in `drawn`, shows.
static int32_t shown_by(const linear_bandit *m, const float *x, bool draws, const float *drawn) {
  int32_t best = 0;
  double most = -INFINITY;
  for (int32_t item = 0; item < GOLDEN_ITEMS; ++item) {
    double score = 0, square = 0;
    for (int32_t i = 0; i < WIDTH; ++i) {
      double r = 0;
      const float *row = x + item * WIDTH;
      score += (draws ? (double)drawn[i] : m->theta[i]) * (double)row[i];
      for (int32_t j = 0; j < WIDTH; ++j) r += m->root[i * WIDTH + j] * (double)row[j];
      square += r * r;
    }
    if (!draws) score += 0.7 * sqrt(square);
    if (score > most) most = score, best = item;
  }
  return best;
}

TEST(linear_bandit, shows_what_numpy_shows_and_ends_with_its_coefficients) {
  safetensors_file *file;
  ASSERT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/bandit.safetensors", &file));
  float *x = golden_array(file, "x", NULL), *normal = golden_array(file, "normal", NULL);
  uint8_t *like = golden_array(file, "like", NULL);
  for (int draws = 0; draws < 2; ++draws) {
    const char *const names[2][3] = {{"linucb.shown", "linucb.theta", "linucb.deviation"},
                                     {"thompson.shown", "thompson.theta", "thompson.deviation"}};
    int32_t *shown = golden_array(file, names[draws][0], NULL), wrong = 0;
    double *theta = golden_array(file, names[draws][1], NULL);
    double *deviation = golden_array(file, names[draws][2], NULL);
    linear_bandit m;
    ASSERT_OK(linear_bandit_make(WIDTH, &m));
    for (int32_t t = 0; t < ROUNDS; ++t) {
      float drawn[WIDTH];
      const float *rows = x + (int64_t)t * GOLDEN_ITEMS * WIDTH;
      linear_bandit_sample(&m, 0.7, normal + (int64_t)t * WIDTH, drawn);
      const int32_t item = shown_by(&m, rows, draws, drawn);
      wrong += item != shown[t];
      linear_bandit_add(&m, rows + (int64_t)shown[t] * WIDTH, like[t * GOLDEN_ITEMS + shown[t]]);
      ASSERT_OK(linear_bandit_solve(&m));
    }
    EXPECT_EQ(wrong, 0);
    for (int32_t i = 0; i < WIDTH; ++i) {
      double square = 0;  // of column i of R: element (i, i) of A^-1
      for (int32_t k = 0; k < WIDTH; ++k) square += m.root[k * WIDTH + i] * m.root[k * WIDTH + i];
      EXPECT_NEAR(m.theta[i], theta[i], 1e-9);
      EXPECT_NEAR(sqrt(square), deviation[i], 1e-9);
    }
    linear_bandit_free(&m);
    free(shown);
    free(theta);
    free(deviation);
  }
  free(x);
  free(normal);
  free(like);
  safetensors_close(file);
}

TEST(linear_bandit, refuses_numbers_that_are_not_finite) {
  linear_bandit m;
  ASSERT_OK(linear_bandit_make(2, &m));
  linear_bandit_add(&m, (const float[]){NAN, 1}, 1);
  EXPECT_EQ(linear_bandit_solve(&m), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "not finite");
  linear_bandit_free(&m);
}

TEST(bandits, earn_much_more_than_random_items_and_the_same_again) {
  small_run run;
  if (!small_run_open(&run, throng_test_folder(), 2)) return;
  throng_metrics random, linucb, thompson, again;
  throng_evaluation_def def = run.train.evaluation;
  def.episodes = 64;
  def.bandit_steps = 4000;
  run.sim.mask_seen = true;
#define PLAY(which, to) \
  EXPECT_OK(            \
      throng_evaluate_yardstick(run.backend, run.world, NULL, &run.sim, &def, which, NULL, to))
  PLAY(THRONG_YARDSTICK_RANDOM, &random);
  PLAY(THRONG_YARDSTICK_LINUCB, &linucb);
  PLAY(THRONG_YARDSTICK_THOMPSON, &thompson);
  PLAY(THRONG_YARDSTICK_LINUCB, &again);
  printf("random %.2f, LinUCB %.2f, Thompson sampling %.2f\n", random.average_reward,
         linucb.average_reward, thompson.average_reward);
  EXPECT_TRUE(linucb.average_reward > 1.5 * random.average_reward);
  EXPECT_TRUE(thompson.average_reward > 1.5 * random.average_reward);
  EXPECT_EQ(linucb.average_reward, again.average_reward);
  run.sim.slate_size = 3;
  run.sim.max_steps = 12;
  run.sim.users.choice = THRONG_CHOICE_CASCADE;
  PLAY(THRONG_YARDSTICK_RANDOM, &random);
  PLAY(THRONG_YARDSTICK_LINUCB, &linucb);
  EXPECT_TRUE(linucb.average_reward > random.average_reward);
#undef PLAY
  small_run_close(&run);
}
