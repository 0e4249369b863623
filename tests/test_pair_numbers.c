/// Pairs get numbers in the order of first sight, each its own however they collide.
#include "text/pair_numbers.h"

#include <stdlib.h>

#include "kernels/base/random.h"
#include "throng_test.h"

enum { SIDE = 300, ADDED = 20000 };

TEST(pair_numbers, every_pair_keeps_the_number_of_its_first_sight_and_strangers_have_none) {
  pair_numbers n = {0};
  static int64_t expected[SIDE][SIDE];  // number + 1
  int64_t seen = 0, number;
  bool added;
  EXPECT_EQ(pair_numbers_find(&n, (number_pair){0, 0}), -1);
  for (uint32_t k = 0; k < ADDED; ++k) {
    const random_words r = random_draw(5, 61, k, 0, 0, 0);
    const int32_t first = (int32_t)(r.w[0] % SIDE), second = (int32_t)(r.w[1] % SIDE);
    // Far apart, so that upper halves matter as lower ones do; (a, b) is not (b, a).
    const number_pair pair = {first * 7000000, second * 6000000};
    const bool fresh = expected[first][second] == 0;
    if (fresh) expected[first][second] = ++seen;
    ASSERT_OK(pair_numbers_add(&n, pair, &number, &added));
    EXPECT_EQ(added, fresh);
    EXPECT_EQ(number + 1, expected[first][second]);
  }
  EXPECT_EQ(n.n, seen);
  EXPECT_GT(seen, 15000);
  for (int32_t a = 0; a < SIDE; ++a)
    for (int32_t b = 0; b < SIDE; ++b) {
      const number_pair pair = {a * 7000000, b * 6000000};
      number = pair_numbers_find(&n, pair);
      EXPECT_EQ(number + 1, expected[a][b]);
      if (number < 0) continue;
      EXPECT_EQ(n.pair[number].first, pair.first);
      EXPECT_EQ(n.pair[number].second, pair.second);
    }
  pair_numbers_free(&n);
}
