/// Rate limits and retry rules as arithmetic: no clock, no network.
#include "llm/pace.h"
#include "throng_test.h"

TEST(llm_pace, without_a_limit_nothing_ever_waits) {
  pace p;
  pace_start(&p, 0, 5);
  pace_take(&p, 1e12);
  EXPECT_NEAR(pace_wait(&p, 5), 0, 0);
}

/// Starts within `seconds` where each one takes `units` as soon as it may.
static int starts_within(pace *p, double seconds, double units) {
  int n = 0;
  double time = 0;
  while (time < seconds) {
    double wait = pace_wait(p, time);
    if (wait > 0) {
      time += wait;
      continue;
    }
    pace_take(p, units);
    ++n;
  }
  return n;
}

TEST(llm_pace, a_minute_sees_the_limit_and_at_most_a_sixtieth_more) {
  pace p;
  pace_start(&p, 600, 0);
  int n = starts_within(&p, 60, 1);
  EXPECT_GE(n, 600);
  EXPECT_LE(n, 611);
}

TEST(llm_pace, a_limit_below_one_a_second_starts_one_and_waits_for_the_next) {
  pace p;
  pace_start(&p, 6, 0);
  EXPECT_NEAR(pace_wait(&p, 0), 0, 0);
  pace_take(&p, 1);
  EXPECT_NEAR(pace_wait(&p, 0), 10, 1e-9);
  EXPECT_NEAR(pace_wait(&p, 4), 6, 1e-9);
  EXPECT_NEAR(pace_wait(&p, 10), 0, 0);
}

TEST(llm_pace, an_answer_that_took_fewer_tokens_gives_the_rest_back) {
  pace p;
  pace_start(&p, 6000, 0);  // 100 a second
  pace_take(&p, 1100);
  EXPECT_NEAR(pace_wait(&p, 0), 10.01, 1e-9);
  pace_take(&p, -500);
  EXPECT_NEAR(pace_wait(&p, 0), 5.01, 1e-9);
  pace_take(&p, 500);
  EXPECT_NEAR(pace_wait(&p, 0), 10.01, 1e-9);
}

TEST(llm_pace, time_that_stands_still_or_goes_back_lets_nothing_through) {
  pace p;
  pace_start(&p, 60, 100);
  pace_take(&p, 1);
  EXPECT_NEAR(pace_wait(&p, 100), 1, 1e-9);
  EXPECT_NEAR(pace_wait(&p, 50), 1, 1e-9);
}

TEST(llm_pace, hints_are_taken_in_milliseconds_seconds_or_as_a_date) {
  EXPECT_NEAR(retry_after("1500", "7", 0), 1.5, 1e-12);
  EXPECT_NEAR(retry_after(NULL, "7", 0), 7, 1e-12);
  EXPECT_NEAR(retry_after("junk", " 2.5 ", 0), 2.5, 1e-12);
  EXPECT_NEAR(retry_after(NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 30), 30, 1e-6);
}

TEST(llm_pace, hints_of_any_length_are_believed_and_those_without_sense_are_not) {
  EXPECT_NEAR(retry_after(NULL, NULL, 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "0", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "-3", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "120", 0), 120, 0);
  EXPECT_NEAR(retry_after(NULL, "121", 0), 121, 0);
  EXPECT_NEAR(retry_after(NULL, "86400", 0), 86400, 0);
  EXPECT_NEAR(retry_after(NULL, "1e3", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "99999999999999999999", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "nan", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "soon", 0), -1, 0);
  EXPECT_NEAR(retry_after(NULL, "", 0), -1, 0);
  EXPECT_NEAR(retry_after("600000", "9", 0), 600, 0);
  EXPECT_NEAR(retry_after("-1", "9", 0), 9, 0);
  EXPECT_NEAR(retry_after(NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 5), -1, 0);
}

TEST(llm_pace, resets_are_read_in_every_writing_that_servers_use) {
  EXPECT_NEAR(retry_reset("1s", 0), 1, 1e-12);
  EXPECT_NEAR(retry_reset("6m0s", 0), 360, 1e-12);
  EXPECT_NEAR(retry_reset("1h2m3.5s", 0), 3723.5, 1e-9);
  EXPECT_NEAR(retry_reset("250ms", 0), 0.25, 1e-12);
  EXPECT_NEAR(retry_reset("1m30ms", 0), 60.03, 1e-9);
  EXPECT_NEAR(retry_reset("20", 0), 20, 0);
  EXPECT_NEAR(retry_reset("1800000020", 1800000000), 20, 1e-6);
  EXPECT_NEAR(retry_reset("1800000020000", 1800000000), 20, 1e-6);
  EXPECT_NEAR(retry_reset("1994-11-06T08:49:37Z", 784111777 - 30), 30, 1e-6);
  const char *none[] = {"", "soon", "-3", "3x", "s", "0"};
  for (size_t i = 0; i < sizeof none / sizeof *none; ++i)
    EXPECT_NEAR(retry_reset(none[i], 0), -1, 0);
  EXPECT_NEAR(retry_reset(NULL, 0), -1, 0);
}

TEST(llm_pace, back_off_doubles_from_half_a_second_to_eight_with_a_quarter_of_jitter) {
  const double plain[] = {0.5, 1, 2, 4, 8, 8, 8};
  for (int n = 0; n < 7; ++n) {
    EXPECT_NEAR(retry_backoff(n, 0), plain[n], 0);
    EXPECT_NEAR(retry_backoff(n, 1), 0.75 * plain[n], 0);
  }
}

TEST(llm_pace, only_408_409_429_and_5xx_are_worth_another_try) {
  const long yes[] = {408, 409, 429, 500, 502, 503, 504, 529};
  const long no[] = {200, 301, 400, 401, 403, 404, 413, 422};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; ++i) EXPECT_TRUE(retry_status(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; ++i) EXPECT_FALSE(retry_status(no[i]));
}
