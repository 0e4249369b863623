/// Tests of numbers and dates of raw files.
#include "data/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "throng_test.h"

static double number(const char *text) {
  double value;
  return number_parse(text, strlen(text), &value) ? value : -12345;
}

static int64_t milliseconds(const char *text) {
  int64_t value;
  return time_parse(text, strlen(text), &value) ? value : -1;
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

TEST(number, reads_seconds_milliseconds_and_dates) {
  EXPECT_EQ(milliseconds("1158019200"), 1158019200000);
  EXPECT_EQ(milliseconds("1588687728923"), 1588687728923);
  EXPECT_EQ(milliseconds("8.86397595e8"), 886397595000);
  EXPECT_EQ(milliseconds("1970-01-01"), 0);
  EXPECT_EQ(milliseconds("2000-02-29 12:34:56"), 951827696000);
  EXPECT_EQ(milliseconds("2024-12-31T23:59Z"), 1735689540000);
  EXPECT_EQ(milliseconds("0001-01-01 00:00:00"), -62135596800000);
  EXPECT_EQ(milliseconds("9999-12-31 23:59:59"), 253402300799000);
}

TEST(number, refuses_times_that_are_none) {
  static const char *const bad[] = {"",
                                    "soon",
                                    "nan",
                                    "1e30",
                                    "2021-02-29",
                                    "1900-02-29",
                                    "2021-13-01",
                                    "2021-00-10",
                                    "2021-1-1",
                                    "2021-01-01 24:00:00",
                                    "2021-01-01x",
                                    "2021-01-01 10",
                                    "0000-01-01",
                                    "-1e17",
                                    "2021-01-01 10:00:0"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) EXPECT_EQ(milliseconds(bad[i]), -1);
}
