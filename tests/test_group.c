/// Positions by their keys: runs that are sorted in few and in many bits, beside a plain sort.
#include <stdlib.h>

#include "base/backend.h"
#include "cpu/backend_cpu.h"
#include "kernels/list.h"
#include "throng_test.h"

static const int32_t *compared_key;

/// Rising keys, -1 last, positions of one key in their order.
static int by_key(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  const uint32_t p = (uint32_t)compared_key[x], q = (uint32_t)compared_key[y];
  return p == q ? (x > y) - (x < y) : p < q ? -1 : 1;
}

static void expect_sorted(throng_backend *backend, int64_t n, int64_t n_run, int64_t n_index) {
  int32_t *key = calloc((size_t)n, sizeof *key), *order = calloc((size_t)n, sizeof *order);
  int32_t *expected = calloc((size_t)n, sizeof *expected);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t word = random_draw(7, 0, (uint32_t)i, 0, 0, 0).w[0];
    const int64_t run = i / (n / n_run);
    key[i] = word % 5 == 0 ? -1 : (int32_t)(run * n_index + word / 5 % n_index);
    expected[i] = (int32_t)i;
  }
  key[0] = (int32_t)(n_index - 1);  // the largest
  compared_key = key;
  for (int64_t run = 0; run < n_run; ++run)
    qsort(expected + run * (n / n_run), (size_t)(n / n_run), sizeof *expected, by_key);
  const group_args group = {
      .n = n, .n_key = n_run * n_index, .key = key, .order = order, .n_run = n_run};
  EXPECT_OK(backend->ops->group(backend, &group));
  int64_t different = 0;
  for (int64_t i = 0; i < n; ++i) different += order[i] != expected[i];
  EXPECT_EQ(different, 0);
  free(key);
  free(order);
  free(expected);
}

TEST(group, runs_are_sorted_by_key_and_then_by_position_whatever_their_length) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(0, &backend));
  static const int64_t length[] = {1, 300, 8191, 8192, 20000};
  static const int64_t index[] = {1, 255, 256, 16383, 16384, 70000};
  for (size_t l = 0; l < sizeof length / sizeof *length; ++l)
    for (size_t i = 0; i < sizeof index / sizeof *index; ++i)
      for (int64_t runs = 1; runs <= 3; runs += 2)
        expect_sorted(backend, length[l] * runs, runs, index[i]);
  throng_backend_close(backend);
}

enum { SUM_RUNS = 3, SUM_KEYS = 50, SUM_EACH = 400, SUM_ALL = SUM_RUNS * SUM_EACH, SUM_WIDTH = 80 };

static float number(uint32_t i, uint32_t of) {
  return random_uniform(random_draw(9, of, i, 0, 0, 0).w[0]) - 0.5f;
}

/// Keys of the last places of a run's alphabet, of the first, or of none are missing in places.
static int32_t key_of(int64_t position, int gone) {
  const int64_t run = position / SUM_EACH;
  const uint32_t word = random_draw(8, 1, (uint32_t)position, 0, 0, 0).w[0];
  if (run == gone || word % 7 == 0) return -1;
  const int64_t key = 3 + word % (SUM_KEYS - 10);
  return (int32_t)(run * SUM_KEYS + key / 2 * 2);
}

static void expect_sums(throng_backend *backend, int32_t width, int gone, const int32_t *used) {
  static int32_t key[SUM_ALL], order[SUM_ALL];
  static float scale[SUM_ALL], from[SUM_ALL * SUM_WIDTH], to[SUM_RUNS * SUM_KEYS * SUM_WIDTH],
      expected[SUM_RUNS * SUM_KEYS * SUM_WIDTH];
  for (int64_t i = 0; i < SUM_ALL; ++i) {
    key[i] = key_of(i, gone);
    scale[i] = number((uint32_t)i, 2);
  }
  for (int64_t i = 0; i < (int64_t)SUM_ALL / 2 * width; ++i) from[i] = number((uint32_t)i, 3);
  for (int64_t i = 0; i < (int64_t)SUM_RUNS * SUM_KEYS * width; ++i) {
    to[i] = 7.0f;
    expected[i] = used && used[i / (SUM_KEYS * width)] == 0 ? 7.0f : 0.0f;
  }
  for (int64_t i = 0; i < SUM_ALL; ++i)
    for (int32_t k = 0; key[i] >= 0 && k < width; ++k)
      expected[key[i] * width + k] += scale[i] * from[i / 2 * width + k];
  const group_args group = {.n = SUM_ALL,
                            .n_key = (int64_t)SUM_RUNS * SUM_KEYS,
                            .key = key,
                            .order = order,
                            .n_run = SUM_RUNS};
  ASSERT_OK(backend->ops->group(backend, &group));
  const segment_sum_args sum = {.key = key,
                                .order = order,
                                .scale = scale,
                                .from = from,
                                .to = to,
                                .n = SUM_ALL,
                                .from_stride = width,
                                .from_repeat = 2,
                                .width = width,
                                .run_keys = SUM_KEYS,
                                .n_run = SUM_RUNS,
                                .used = used};
  ASSERT_OK(BACKEND_LAUNCH(backend, segment_sum, SUM_ALL, &sum));
  int64_t different = 0;
  for (int64_t i = 0; i < (int64_t)SUM_RUNS * SUM_KEYS * width; ++i)
    different += to[i] != expected[i];
  EXPECT_EQ(different, 0);
}

TEST(group, sums_of_runs_give_zeros_to_all_keys_that_have_no_positions) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(3, &backend));
  static const int32_t width[] = {1, 20, 64, SUM_WIDTH};
  for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
    for (int gone = -1; gone < SUM_RUNS; ++gone) {  // a run without keys
      int32_t used[SUM_RUNS] = {1, 1, 1};
      expect_sums(backend, width[w], gone, NULL);
      expect_sums(backend, width[w], gone, used);
      if (gone < 0) continue;
      used[gone] = 0;
      expect_sums(backend, width[w], gone, used);
    }
  throng_backend_close(backend);
}

TEST(group, sums_of_columns_are_those_of_one_after_the_other_whatever_their_width) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(3, &backend));
  enum { ROWS = 37, MOST = 200, OF = 2 };
  float *x = malloc(sizeof *x * OF * ROWS * MOST), sum[OF * MOST];
  for (uint32_t i = 0; i < OF * ROWS * MOST; ++i) x[i] = number(i, 5);
  for (int32_t width = 1; width <= MOST; width += width < 20 ? 1 : 17) {
    const int32_t used[OF] = {ROWS - 4, ROWS};
    const column_sum_args args = {x, sum, used, ROWS, width};
    ASSERT_OK(BACKEND_LAUNCH(backend, column_sum, OF * width, &args));
    for (int32_t c = 0; c < OF * width; ++c) {
      float plain = 0;
      for (int32_t row = 0; row < used[c / width]; ++row)
        plain += x[(c / width * ROWS + row) * width + c % width];
      EXPECT_EQ(sum[c], plain);
    }
  }
  free(x);
  throng_backend_close(backend);
}

TEST(group, keys_are_an_agents_own_and_none_in_rows_that_do_not_count) {
  throng_backend *backend;
  ASSERT_OK(backend_cpu_open(3, &backend));
  enum { AGENTS = 4, ROWS = 700, EACH = 7, ALL = AGENTS * ROWS * EACH, INDICES = 1000 };
  static int32_t index[ALL], key[ALL];
  for (uint32_t i = 0; i < ALL; ++i)
    index[i] = (int32_t)(random_draw(11, 0, i, 0, 0, 0).w[0] % (INDICES + 1)) - 1;
  const int32_t used[AGENTS] = {ROWS, 0, 1, ROWS - 3};
  for (int counted = 0; counted < 2; ++counted) {
    const agent_key_args args = {index, key, counted ? used : NULL, ROWS, EACH, INDICES};
    ASSERT_OK(BACKEND_LAUNCH(backend, agent_key, ALL, &args));
    int64_t different = 0;
    for (int32_t i = 0; i < ALL; ++i) {
      const int32_t agent = i / (ROWS * EACH), row = i / EACH % ROWS;
      const bool none = index[i] < 0 || (counted && row >= used[agent]);
      different += key[i] != (none ? -1 : agent * INDICES + index[i]);
    }
    EXPECT_EQ(different, 0);
  }
  throng_backend_close(backend);
}
