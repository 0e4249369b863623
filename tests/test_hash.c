/// The hash is MurmurHash64A, the same on every machine (expected: tests/golden/make_hash.py).
#include "base/hash.h"
#include "throng_test.h"

TEST(hash, values_are_those_of_an_independent_rendering_for_whole_words_and_every_tail) {
  static const struct {
    const char *text;
    uint64_t seed, expected;
  } cases[] = {
      {"", 0, 0x0000000000000000ull},         {"", 7, 0x6e80950782bdbe12ull},
      {"a", 0, 0x071717d2d36b6b11ull},        {"throng", 1, 0xc59469f0c9927860ull},
      {"12345678", 2, 0xeb5c8d2ebe485c3dull}, {"a longer text of words", 3, 0xc9249d853d3c26c0ull},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
    EXPECT_TRUE(hash64(cases[i].text, strlen(cases[i].text), cases[i].seed) == cases[i].expected);
}

TEST(hash, zero_bytes_at_the_end_change_the_hash) {
  const char zero[16] = {0};
  for (size_t n = 0; n < sizeof zero; ++n)
    EXPECT_FALSE(hash64(zero, n, 0) == hash64(zero, n + 1, 0));
}
