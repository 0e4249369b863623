/// Sobol's sequence against scipy's (tests/golden/make_sobol.py), and what scrambling keeps of it.
#include "base/safetensors.h"
#include "suggest/sobol_points.h"
#include "support/sampler_rig.h"

TEST(sampler_sobol, points_are_those_of_scipy) {
  safetensors_file *file;
  void *data = NULL;
  sobol_directions d;
  ASSERT_OK(safetensors_open(TEST_SOURCE_DIR "/golden/sobol.safetensors", &file));
  const safetensors_tensor *t = safetensors_find(file, "points");
  ASSERT_TRUE(t != NULL);
  ASSERT_EQ(t->elements, 128 * SPACE_MOST);
  ASSERT_OK(safetensors_read_all(file, t, &data));
  const float *golden = data;
  sobol_directions_make(&d);
  for (int i = 0; i < 128; ++i)
    for (int k = 0; k < SPACE_MOST; ++k) {
      const uint32_t number = i < 64 ? (uint32_t)i : 1000000 + (uint32_t)i - 64;
      const double x = sobol_coordinate(&d, k, number) * 0x1p-32;
      if (x != (double)golden[i * SPACE_MOST + k])
        throng_test_fail(__FILE__, __LINE__, "point %u, dimension %d: %g, not %g", number, k, x,
                         (double)golden[i * SPACE_MOST + k]);
    }
  free(data);
  safetensors_close(file);
}

/// Scrambling keeps the net: of 2^m points each of the 2^m intervals of a coordinate holds one.
TEST(sampler_sobol, scrambled_points_fill_every_interval_once) {
  sobol_directions d;
  sobol_directions_make(&d);
  for (uint32_t seed = 1; seed <= 3; ++seed)
    for (int k = 0; k < SPACE_MOST; ++k) {
      bool taken[256] = {false};
      for (uint32_t i = 0; i < 256; ++i) {
        const uint32_t at = sobol_scramble(sobol_coordinate(&d, k, i), seed, k) >> 24;
        EXPECT_FALSE(taken[at]);
        taken[at] = true;
      }
    }
}

/// Of two coordinates too: every 16 x 16 box of the first two dimensions has one of 256 points.
TEST(sampler_sobol, scrambled_pairs_fill_every_box_once) {
  sobol_directions d;
  bool taken[16][16] = {{false}};
  sobol_directions_make(&d);
  for (uint32_t i = 0; i < 256; ++i) {
    const uint32_t a = sobol_scramble(sobol_coordinate(&d, 0, i), 7, 0) >> 28;
    const uint32_t b = sobol_scramble(sobol_coordinate(&d, 1, i), 7, 1) >> 28;
    EXPECT_FALSE(taken[a][b]);
    taken[a][b] = true;
  }
}

/// Over scramblings a point is uniform: its mean, its variance, and no correlation of dimensions.
TEST(sampler_sobol, a_scrambled_point_is_uniform_over_seeds) {
  sobol_directions d;
  enum { SEEDS = 4000 };
  double sum[4] = {0}, square[4] = {0}, product = 0;
  sobol_directions_make(&d);
  for (uint32_t seed = 0; seed < SEEDS; ++seed) {
    double u[4];
    for (int k = 0; k < 4; ++k) {
      u[k] = (sobol_scramble(sobol_coordinate(&d, k, 5), seed, k) + 0.5) * 0x1p-32 - 0.5;
      sum[k] += u[k];
      square[k] += u[k] * u[k];
    }
    product += u[0] * u[1];
  }
  for (int k = 0; k < 4; ++k) {
    EXPECT_NEAR(sum[k] / SEEDS, 0, 4 * sqrt(1 / 12.0 / SEEDS));
    EXPECT_NEAR(square[k] / SEEDS, 1 / 12.0, 4 * sqrt(1 / 180.0 / SEEDS));
  }
  EXPECT_NEAR(product / SEEDS, 0, 4 * (1 / 12.0) / sqrt(SEEDS));
}

/// What it is for: a mean over 64 points errs less than over as many random ones.
TEST(sampler_sobol, means_err_less_than_those_of_random_points) {
  double error[2] = {0, 0};
  for (uint32_t seed = 1; seed <= 20; ++seed)
    for (int way = 0; way < 2; ++way) {
      sampler_rig rig;
      double x[4], mean = 0;
      bool end;
      ASSERT_OK(rig_space(&rig,
                          "{\"agent.gamma\": {\"min\": 0, \"max\": 1}, \"agent.tau\": {\"min\": "
                          "1e-3, \"max\": 1}, \"agent.beta1\": {\"min\": 0, \"max\": 0.9}}"));
      rig.def.seed = seed;
      ASSERT_OK(sampler_create(way ? THRONG_SAMPLER_SOBOL : THRONG_SAMPLER_RANDOM, &rig.def,
                               &rig.sampler));
      for (int64_t t = 1; t <= 64; ++t) {
        ASSERT_OK(sampler_suggest(rig.sampler, t, x, &end));
        mean += (x[0] * x[0] + x[1] * x[2]) / 64;
      }
      error[way] += pow(mean - (1 / 3.0 + 0.5005 * 0.45), 2) / 20;
      rig_close(&rig);
    }
  EXPECT_LT(error[1], error[0] / 20);
}
