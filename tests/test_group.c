/// Positions by their keys: runs that are sorted in few and in many bits, beside a plain sort.
#include <stdlib.h>

#include "base/backend.h"
#include "kernels/base/random.h"
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
  throng_backend_def def = throng_default_backend_def();
  throng_backend *backend;
  def.name = "cpu";
  ASSERT_OK(throng_backend_open(&def, &backend));
  static const int64_t length[] = {1, 300, 8191, 8192, 20000};
  static const int64_t index[] = {1, 255, 256, 16383, 16384, 70000};
  for (size_t l = 0; l < sizeof length / sizeof *length; ++l)
    for (size_t i = 0; i < sizeof index / sizeof *index; ++i)
      for (int64_t runs = 1; runs <= 3; runs += 2)
        expect_sorted(backend, length[l] * runs, runs, index[i]);
  throng_backend_close(backend);
}
