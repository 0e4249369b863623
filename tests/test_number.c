/// Tests of numbers of raw files.
#include "data/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "throng_test.h"

static double number(const char *text) {
  double value;
  return number_parse(text, strlen(text), &value) ? value : -12345;
}

TEST(number, rounds_as_strtod_does) {
  uint32_t state = 1;
  for (int i = 0; i < 20000; i++) {
    char text[64];
    state = state * 1664525 + 1013904223;
    uint64_t digits = (uint64_t)state << 20 ^ state;
    snprintf(text, sizeof text, "%s%.*f", state & 1 ? "-" : "", (int)(state >> 4) % 12,
             (double)digits / pow(10, (double)(state >> 8 & 15)));
    if (i % 3 == 0) snprintf(text, sizeof text, "%.17g", (double)digits * 1e-7);
    EXPECT_TRUE(number(text) == strtod(text, NULL));
  }
}

TEST(number, reads_plain_decimals_only) {
  EXPECT_NEAR(number("4"), 4, 0);
  EXPECT_NEAR(number(" -0.5 "), -0.5, 0);
  EXPECT_NEAR(number("1e3"), 1000, 0);
  EXPECT_NEAR(number("+.5"), 0.5, 0);
  EXPECT_TRUE(isnan(number("nan")));
  EXPECT_TRUE(isinf(number("inf")));
  static const char *const bad[] = {"",       " ",    "-",      ".",  "1.2.3", "0x10",
                                    "1,5",    "four", "5 5",    "1e", "1e+",   "--1",
                                    "5stars", "1_0",  "nan(1)", "\t", "5\n"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) EXPECT_NEAR(number(bad[i]), -12345, 0);
}
