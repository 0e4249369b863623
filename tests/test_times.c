/// Tests of times of raw files: what a lone text means, and what a column does.
#include "data/times.h"

#include <stdio.h>

#include "throng_test.h"

static int64_t milliseconds(const char *text) {
  int64_t value;
  return time_parse(text, strlen(text), &value) ? value : -1;
}

TEST(times, a_lone_number_is_told_by_its_size) {
  EXPECT_EQ(milliseconds("1158019200"), 1158019200000);
  EXPECT_EQ(milliseconds("1588687728923"), 1588687728923);
  EXPECT_EQ(milliseconds("1588687728923456"), 1588687728923);
  EXPECT_EQ(milliseconds("1588687728923456789"), 1588687728923);
  EXPECT_EQ(milliseconds("8.86397595e8"), 886397595000);
  EXPECT_EQ(milliseconds("1158019200.75"), 1158019200750);
  EXPECT_EQ(milliseconds("1.5e9"), 1500000000000);
  EXPECT_EQ(milliseconds("0"), 0);
  EXPECT_EQ(milliseconds("-86400"), -86400000);
}

TEST(times, a_lone_number_that_is_a_date_is_one) {
  EXPECT_EQ(milliseconds("20170714"), 1499990400000);
  EXPECT_EQ(milliseconds("201707140950"), 1500025800000);
  EXPECT_EQ(milliseconds("20170714095015"), 1500025815000);
  EXPECT_EQ(milliseconds("20000229"), 951782400000);
  // No such days or hours: seconds of 1970 and milliseconds.
  EXPECT_EQ(milliseconds("20170732"), 20170732000);
  EXPECT_EQ(milliseconds("20170714245015"), 20170714245015);
}

TEST(times, reads_iso_8601_with_zones_and_fractions) {
  static const char *const same[] = {"2017-07-19 09:50:15",
                                     "2017-07-19T09:50:15",
                                     "2017-07-19t09:50:15z",
                                     "2017-07-19 09:50:15+00:00",
                                     "2017-07-19 09:50:15 UTC",
                                     "2017-07-19 09:50:15 GMT",
                                     "2017-07-19T09:50:15Z",
                                     "2017-07-19T11:50:15+0200",
                                     "2017-07-19T11:50:15+02",
                                     "2017-07-19 15:20:15+05:30",
                                     "2017-07-18 23:50:15-10:00",
                                     "2017-07-19 09:50:15 +0000",
                                     "2017-07-19 09:50:15.0000000",
                                     "2017/07/19 09:50:15",
                                     "2017/7/19 9:50:15",
                                     "20170719T095015Z",
                                     "20170719T095015",
                                     " 2017-07-19  09:50:15 ",
                                     "1500457815"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    EXPECT_EQ(milliseconds(same[i]), 1500457815000);
  EXPECT_EQ(milliseconds("2017-07-19T09:50:15.123Z"), 1500457815123);
  EXPECT_EQ(milliseconds("2017-07-19 09:50:15.123456"), 1500457815123);
  EXPECT_EQ(milliseconds("2017-07-19 09:50:15,1"), 1500457815100);
  EXPECT_EQ(milliseconds("2017-07-19T09:50:15.9999999999999999999999999999"), 1500457815999);
  EXPECT_EQ(milliseconds("2017-07-19T09:50"), 1500457800000);
  EXPECT_EQ(milliseconds("1970-01-01"), 0);
  EXPECT_EQ(milliseconds("2000-02-29 12:34:56"), 951827696000);
  EXPECT_EQ(milliseconds("2024-12-31T23:59Z"), 1735689540000);
  EXPECT_EQ(milliseconds("0001-01-01 00:00:00"), -62135596800000);
  EXPECT_EQ(milliseconds("9999-12-31 23:59:59"), 253402300799000);
}

TEST(times, refuses_times_that_are_none) {
  static const char *const bad[] = {"",
                                    "soon",
                                    "nan",
                                    "inf",
                                    "1e30",
                                    "2021-02-29",
                                    "1900-02-29",
                                    "2021-13-01",
                                    "2021-00-10",
                                    "2021-01/01",
                                    "2021-01-01 24:00:00",
                                    "2021-01-01x",
                                    "2021-01-01 10",
                                    "0000-01-01",
                                    "2021-01-01 10:00:0",
                                    "2021-01-01 10:00:00.",
                                    "2021-01-01 10:00:00 CET",
                                    "2021-01-01 10:00:00+2",
                                    "2021-01-01 10:00:00+02:60",
                                    "2021-01-01 10:00:00+02:00x",
                                    "01/02/2021",
                                    "20210101T25"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) EXPECT_EQ(milliseconds(bad[i]), -1);
}

TEST(times, reads_the_months_first_of_amazon) {
  int64_t t;
  EXPECT_TRUE(time_parse_month_first("07 9, 2013", 10, &t) && t == 1373328000000);
  EXPECT_TRUE(time_parse_month_first("12 31, 2011", 11, &t) && t == 1325289600000);
  EXPECT_TRUE(!time_parse_month_first("13 9, 2013", 10, &t));
  EXPECT_TRUE(!time_parse_month_first("07 9 2013", 9, &t));
}

/// Seconds of a column's last value after all were seen; -1 where one is refused, -2 where the
/// whole is.
static int64_t last_of(time_unit wanted, const char *const value[]) {
  time_column c = {.wanted = wanted};
  int64_t key = 0;
  for (int i = 0; value[i]; i++)
    if (!time_column_add(&c, value[i], strlen(value[i]), i + 2, &key)) return -1;
  if (time_column_finish(&c, "d.csv", "dataset.time_unit") != THRONG_OK) return -2;
  return time_column_seconds(&c, key);
}
#define LAST(wanted, ...) last_of(wanted, (const char *const[]){__VA_ARGS__, NULL})

TEST(times, a_column_decides_where_a_value_alone_is_ambiguous) {
  EXPECT_EQ(LAST(TIME_AUTO, "20170713", "20170714"), 1499990400);
  // One that is a date by chance among seconds since the beginning of an experiment.
  EXPECT_EQ(LAST(TIME_AUTO, "100", "5000", "20170714"), 20170714);
  EXPECT_EQ(LAST(TIME_SECONDS, "20170713", "20170714"), 20170714);
  EXPECT_EQ(LAST(TIME_DATES, "20170714095015"), 1500025815);
  // A small number has the others' unit.
  EXPECT_EQ(LAST(TIME_AUTO, "1500457815123", "5000"), 5);
  EXPECT_EQ(LAST(TIME_AUTO, "1500457815123456", "0", "1500457815999999"), 1500457815);
  EXPECT_EQ(LAST(TIME_MILLISECONDS, "5000"), 5);
  EXPECT_EQ(LAST(TIME_AUTO, "-1", "-1.5"), -2);  // rounded down
}

TEST(times, a_column_of_two_units_is_an_error_that_shows_both) {
  EXPECT_EQ(LAST(TIME_AUTO, "1500457815", "1500457815", "1500457815123"), -2);
  EXPECT_CONTAINS(throng_error_message(),
                  "d.csv: times of two units: 1500457815 in line 2 would be seconds since 1970, "
                  "1500457815123 in line 4 milliseconds since 1970 (2 and 1 rows)");
  EXPECT_CONTAINS(throng_error_message(), "dataset.time_unit");
  EXPECT_EQ(LAST(TIME_AUTO, "20170713", "20170714", "20170732"), -2);
  EXPECT_CONTAINS(throng_error_message(), "2 of 3 times look like dates");
  EXPECT_EQ(LAST(TIME_AUTO, "20170713", "20170713235959"), -2);
  EXPECT_EQ(LAST(TIME_AUTO, "2017-07-13", "1500457815"), -1);
  EXPECT_EQ(LAST(TIME_AUTO, "1500457815", "2017-07-13"), -1);
  EXPECT_EQ(LAST(TIME_DATES, "1500457815"), -1);
  EXPECT_EQ(LAST(TIME_AUTO, "99991231235959"), -2);
  EXPECT_CONTAINS(throng_error_message(), "after the year 2200");
}

TEST(times, keys_order_values_as_times) {
  static const char *const rising[] = {"-1e9", "-3.5", "-1", "0", "0.25", "7", "1.5e9", "1.6e9"};
  time_column c = {0};
  int64_t before = INT64_MIN, key;
  for (size_t i = 0; i < sizeof rising / sizeof *rising; i++) {
    ASSERT_TRUE(time_column_add(&c, rising[i], strlen(rising[i]), 1, &key));
    EXPECT_GT(key, before);
    before = key;
  }
}

TEST(times, says_unit_and_range) {
  time_column c = {0};
  int64_t key;
  char text[96];
  time_column_add(&c, "1500457815123", 13, 2, &key);
  time_column_add(&c, "951782400000", 12, 3, &key);
  ASSERT_OK(time_column_finish(&c, "d.csv", "dataset.time_unit"));
  time_column_describe(&c, text, sizeof text);
  EXPECT_STREQ(text, "milliseconds since 1970, 2000-02-29 to 2017-07-19");
}

TEST(times, reads_dates_whose_month_is_a_word) {
  static const char *const same[] = {"Oct 6, 2014 12:13:40",
                                     "October 6, 2014 12:13:40 PM",
                                     "Mon, 06 Oct 2014 12:13:40 GMT",
                                     "Mon Oct 06 05:13:40 -0700 2014",
                                     "6th Oct. 2014 at 14:13:40 +02:00",
                                     "06-Oct-2014 12:13:40",
                                     "2014-Oct-06 12:13:40 UTC",
                                     "06-OCT-14 12:13:40",
                                     "Oct 6 14, 12:13:40 PM",
                                     "06/Oct/2014:12:13:40 +0000",
                                     "06/Oct/2014:05:13:40 -0700",
                                     "2014-10-06 12:13:40 PM",
                                     "1412597620"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    EXPECT_EQ(milliseconds(same[i]), 1412597620000);
  EXPECT_EQ(milliseconds("10 6, 2014"), 1412553600000);
  EXPECT_EQ(milliseconds("31-Dec-68"), 3124137600000);
  EXPECT_EQ(milliseconds("01-jan-69"), -31536000000);
  EXPECT_EQ(milliseconds("Sept 30, 2014"), 1412035200000);
  EXPECT_EQ(milliseconds("May 1, 2014 12:30 AM"), 1398904200000);
  EXPECT_EQ(milliseconds("2014-05-01 1:30:00.5 pm"), 1398951000500);
}

TEST(times, refuses_words_that_are_no_date) {
  static const char *const bad[] = {"Oct 2014",
                                    "Oct 6",
                                    "Oct 6 7 2014",
                                    "14-Oct",
                                    "Oct 6, 14 2014",
                                    "30-Feb-14",
                                    "06/Oct/:12:13:40",
                                    "Oct Nov 6, 2014",
                                    "Oc 6, 2014",
                                    "Octopus 6, 2014",
                                    "Feb 30, 2014",
                                    "Oct 6, 2014 13:00 PM",
                                    "Oct 6, 2014 0:30 AM",
                                    "Oct 6, 2014 10:00 EST",
                                    "Oct 6, 2014 10:60",
                                    "Oct 6, 20145",
                                    "October",
                                    "2014-10-06 13:00:00 PM"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) EXPECT_EQ(milliseconds(bad[i]), -1);
}
