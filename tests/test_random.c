/// The random stream is Philox4x32-10 with the documented mapping.
#include "kernels/base/random.h"
#include "throng_test.h"

TEST(random, words_are_those_of_the_known_answer_for_seed_42_subsequence_7) {
  random_words r = random_draw(42, 0, 0, 0, 7, 0);
  EXPECT_EQ(r.w[0], 0x67ee6f2c);
  EXPECT_EQ(r.w[1], 0xe55410cc);
  EXPECT_EQ(r.w[2], 0x6c7eca35);
  EXPECT_EQ(r.w[3], 0x557398d3);
}

TEST(random, uniform_is_never_zero_and_reaches_one) {
  EXPECT_TRUE(random_uniform(0) > 0.0f);
  EXPECT_TRUE(random_uniform(0xffffffffu) == 1.0f);
  EXPECT_FALSE(random_bernoulli(0, 0.0f));
  EXPECT_TRUE(random_bernoulli(0xffffffffu, 1.0f));
}

TEST(random, index_stays_below_its_bound_at_both_ends) {
  EXPECT_EQ(random_index(0, 10), 0);
  EXPECT_EQ(random_index(0xffffffffu, 10), 9);
  EXPECT_EQ(random_index(0xffffffffu, 1), 0);
}
