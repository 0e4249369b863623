/// Tests of rows as files have them: dialects, missing and bad values, times.
#include <math.h>

#include "dataset_fixture.h"
#include "support/noted_rows.h"

// --- dialects ------------------------------------------------------------------------------------

/// Three rows: u "a, b" 5 with a text, v x 1, w z 4.
static void expect_three_rows(dataset_def def, const char *note) {
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_GE(fixture_row(&d, "u", "a, b"), 0);
  EXPECT_EQ((int)d.rating[fixture_row(&d, "v", "x")], 1);
  int64_t u = fixture_row(&d, "u", "a, b");
  EXPECT_STREQ(strings_get(&d.text, u), "he said \"good\", twice");
  EXPECT_CONTAINS(notes, note);
  dataset_free(&d);
}

TEST(dataset_rows, tell_separators_quotes_and_escapes_from_the_file) {
  expect_three_rows(csv_text("user,item,rating,text\nu,\"a, b\",5,\"he said \"\"good\"\", twice\"\n"
                             "v,x,1,\nw,z,4,5\" disc\n"),
                    "no times");
  expect_three_rows(csv_text("user;item;rating;text\nu;a, b;5;\"he said \"\"good\"\", twice\"\n"
                             "v;x;1;\nw;z;4;\n"),
                    "columns separated by ';'");
  expect_three_rows(csv_text("user|item|rating|text\nu|a, b|5|\"he said \"\"good\"\", twice\"\n"
                             "v|x|1|\nw|z|4|\n"),
                    "columns separated by '|'");
  expect_three_rows(csv_text("user\titem\trating\ttext\nu\ta, b\t5\the said \"good\", twice\n"
                             "v\tx\t1\t\nw\tz\t4\t\"good\" disc\n"),
                    "columns separated by tab, quotes taken as text");
  expect_three_rows(csv_text("user::item::rating::text\nu::a, b::5::he said \"good\", twice\n"
                             "v::x::1::\nw::z::4::\n"),
                    "columns separated by '::'");
  expect_three_rows(csv_text("user,item,rating,text\nu,\"a, b\",5,\"he said \\\"good\\\", twice\"\n"
                             "v,x,1,\nw,z,4,\"C:\\new\"\n"),
                    "quotes escaped by '\\'");
  expect_three_rows(csv_text("user\x01item\x01rating\x01text\nu\x01\"a, b\"\x01"
                             "5\x01he said \"good\", twice\nv\x01x\x01"
                             "1\x01\nw\x01z\x01"
                             "4\x01\n"),
                    "columns separated by '\\x01'");
  expect_three_rows(csv_text("user^item^rating^text\nu^a, b^5^he said \"good\", twice\n"
                             "v^x^1^\nw^z^4^\n"),
                    "columns separated by '^'");
}

TEST(dataset_rows, take_the_dialect_that_is_given) {
  dataset_def def = csv_text(
      "user,x;item;rating;text\nu;'a, b';5;he said \"good\", twice\n"
      "v;x;1;\nw;z;4;\n");
  def.column_user = "user,x";
  def.csv.separator = "semicolon";
  def.csv.quote = "'";
  expect_three_rows(def, "no times");
  def =
      csv_text("user,item,rating,text\nu,a\\, b,5,he said \"good\"\\, twice\nv,x,1,\nw,z,4,\\N\n");
  def.csv.quote = "none";
  def.csv.escape = "backslash";
  expect_three_rows(def, "quotes escaped by '\\', quotes taken as text");
  def.csv.escape = "two";
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG,
                    "dataset.csv.escape \"two\", expected one character, or \"none\"");
  def.csv.separator = "longer than any";
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "dataset.csv.separator \"longer than any\"");
}

TEST(dataset_rows, an_escaped_line_end_goes_on_with_the_field) {
  dataset_def def =
      csv_text("user\titem\trating\ttext\nu\ti\t5\tone\\\ntwo\\\tthree\\\\\nv\tj\t1\t\\n\n");
  def.csv.quote = "none";
  def.csv.escape = "\\";
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_CONTAINS(strings_get(&d.text, fixture_row(&d, "u", "i")), "two");
  EXPECT_CONTAINS(strings_get(&d.text, fixture_row(&d, "u", "i")), "three\\");
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "v", "j")), "\\n");
  dataset_free(&d);
}

TEST(dataset_rows, a_quote_that_is_never_closed_stays_an_error_that_names_the_settings) {
  dataset_def def = csv_text("user,item,rating\nu,\"i\",3\nv,\"j,4\nw,k,5\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv:3: a quoted field of this record is not closed");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.csv.quote none takes quotes as text");
}

TEST(dataset_rows, read_a_file_without_header_by_the_names_given) {
  static const char *const names[] = {"item", "user", "rating", NULL};
  dataset_def def = csv_text("i,u,4\nj,u,2\n");
  def.csv.names = names;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ((int)d.rating[fixture_row(&d, "u", "i")], 4);
  dataset_free(&d);
  def = csv_text("i,u,4\nj,u,2\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "d.csv:1: no column \"user\" (dataset.columns.user), the header has: i, u, 4; "
                    "where that is a row, dataset.csv.names");
  // As many columns as there are names: FilmTrust's and Epinions' files have spaces.
  static const char *const rows[] = {"i u 4\nj u 2\n", "i u 4 \nj u 2 \n",
                                     "i\tu, v\t4\nj\tu, v\t2\n", "i~u~4\nj~u~2\n"};
  for (int k = 0; k < 4; k++) {
    def = csv_text(rows[k]);
    def.csv.names = names;
    ASSERT_OK(dataset_read(&def, NULL, &d));
    EXPECT_EQ((int)d.rating[fixture_row(&d, k == 2 ? "u, v" : "u", "i")], 4);
    dataset_free(&d);
  }
  def = csv_text("i,u,4,x\n");
  def.csv.names = names;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "d.csv:1: 4 fields, expected 3 as dataset.csv.names has");
}

TEST(dataset_rows, a_comma_is_a_decimal_point_only_where_it_can_be_nothing_else) {
  dataset_def def = csv_text("user;item;rating\nu;i;4,5\nu;j;-0,25\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_NEAR(d.rating[fixture_row(&d, "u", "i")], 4.5, 0);
  EXPECT_NEAR(d.rating[fixture_row(&d, "u", "j")], -0.25, 0);
  dataset_free(&d);
  def = csv_text("user;item;rating\nu;i;1,234\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv:2: rating \"1,234\", expected a number");
  def = csv_text("user,item,rating\nu,i,\"4,5\"\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "rating \"4,5\", expected a number");
}

TEST(dataset_rows, json_in_place_of_a_table_or_of_lines_is_named_with_what_mends_it) {
  dataset_def def = csv_text("[{\"user\": \"u\"},\n{\"user\": \"v\"}]\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv: one JSON array, expected one object a line");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "jq -c '.[]' ");
  def = dataset_default_def();
  def.reviews = fixture_text("r.json", "\n [\n  {\n  \"reviewerID\": \"A\"\n}]");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.json: one JSON array");
  def.reviews = fixture_text("r.json", "{\n  \"reviewerID\": \"A\"\n}\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.json: JSON over several lines");
  def.reviews = fixture_text("r.json", "{\"reviewerID\": \"A\",\n  \"asin\": \"B\"\n}\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.json:1: JSON over several lines");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "jq -c . ");
}

// --- missing and bad values ----------------------------------------------------------------------

TEST(dataset_rows, ratings_that_stand_for_none_are_dropped_and_counted) {
  dataset_def def = csv_text(
      "user,item,rating\na,1,NULL\na,2,NaN\na,3,None\na,4,\\N\na,5,N/A\n"
      "a,6, NA \na,7,\na,8,0\na,9,4\n");
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(d.counts.unrated, 7);
  dataset_free(&d);
  static const char *const zero[] = {"0", NULL};
  def = csv_text("user,item,rating\n0,1,0\na,2,4\n0,3,0.0\n0,4,2\n");
  def.missing = zero;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.unrated, 1);  // the text counts, and user 0 is a user
  EXPECT_EQ(d.n_interaction, 3);
  dataset_free(&d);
  def = csv_text("user,item,rating\na,1,NULL\n");
  def.missing = zero;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "rating \"NULL\", expected a number");
}

TEST(dataset_rows,
     zeros_under_a_scale_that_begins_at_1_are_pointed_out_and_book_crossings_dropped) {
  dataset_def def = csv_text("user,item,rating\na,1,0\na,2,4\nb,1,2\n");
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_CONTAINS(notes, "1 ratings are 0 and the others 2 to 4; where that means \"not rated\"");
  EXPECT_EQ(d.n_interaction, 3);
  dataset_free(&d);
  def = csv_text("user,item,rating\na,1,0\na,2,1\nb,1,1\n");  // a label
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_TRUE(strstr(notes, "not rated") == NULL);
  dataset_free(&d);
  def = csv_text("\"User-ID\";\"ISBN\";\"Book-Rating\"\n\"1\";\"x\";\"0\"\n\"2\";\"x\";\"7\"\n");
  def.column_user = "User-ID";
  def.column_item = "ISBN";
  def.column_rating = "Book-Rating";
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(d.n_interaction, 1);
  EXPECT_EQ(d.counts.unrated, 1);
  EXPECT_CONTAINS(notes, "Book-Rating 0 stands for no rating");
  dataset_free(&d);
}

TEST(dataset_rows, an_id_that_stands_for_none_is_a_bad_row_unless_missing_leaves_it_out) {
  dataset_def def = csv_text("user,item,rating\nNULL,1,4\na,NA,3\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "d.csv:2: the user's id is \"NULL\", which stands for none (dataset.missing)");
  static const char *const none[] = {NULL};
  def.missing = none;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  dataset_free(&d);
}

TEST(dataset_rows, bad_rows_are_dropped_up_to_the_number_allowed_and_told_by_cause) {
  static const char *const text =
      "user,item,rating,time,text\n"
      "a,1,4,1500000000,one\n"
      "a,2,good,1500000001,\n"    // rating
      "a,3,4,yesterday,\n"        // time
      "a,4\n"                     // fields
      ",5,4,1500000001,\n"        // id
      "a,\xE9,4,1500000001,\n"    // encoding
      "b,\"6\"x,4,1500000001,\n"  // quotes
      "b,\"7\",3,1500000002,two\n";
  dataset_def def = csv_text(text);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "d.csv:3: rating \"good\", expected a number; dataset.max_bad_rows drops");
  def.max_bad_rows = 5;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "there are 6 bad rows, more than dataset.max_bad_rows 5");
  def.max_bad_rows = 6;
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_FORM], 3);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_ID], 1);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_RATING], 1);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_TIME], 1);
  EXPECT_CONTAINS(d.counts.first_bad, "d.csv:3: rating \"good\"");
  EXPECT_CONTAINS(notes, "3 bad rows dropped: malformed");
  // The second pass finds the texts of the right rows.
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "a", "1")), "one");
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "b", "7")), "two");
  dataset_free(&d);
}

TEST(dataset_rows, lines_that_an_open_quote_swallows_count_as_bad_rows_each) {
  dataset_def def = csv_text("user,item,rating\na,1,4\nb,\"2,4\nc,3,4\nd,4,\"5\"\n");
  def.csv.quote = "\"";
  def.max_bad_rows = 2;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "there are 3 bad rows");
  def.max_bad_rows = 3;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 1);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_FORM], 3);
  dataset_free(&d);
}

TEST(dataset_rows, bad_rows_of_every_format_are_dropped_but_never_a_broken_file) {
  dataset d;
  dataset_def def = dataset_default_def();
  def.max_bad_rows = 2;
  def.reviews = fixture_text(
      "r.json",
      "{\"reviewerID\":\"A\",\"asin\":\"B\",\"overall\":5.0,\"unixReviewTime\":1400000000,"
      "\"reviewText\":\"good\"}\n"
      "{\"reviewerID\":\"A\",\"asin\":\"C\",\"overall\":5.0\n"
      "{\"reviewerID\":\"A\",\"asin\":\"D\",\"unixReviewTime\":1400000000}\n"
      "{\"reviewerID\":\"A\",\"asin\":\"F\",\"overall\":null,\"unixReviewTime\":1400000000}\n"
      "{\"reviewerID\":\"A\",\"asin\":\"E\",\"overall\":1.0,\"reviewTime\":\"05 13, 2014\","
      "\"reviewText\":\"bad\"}\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(d.counts.bad[ROW_FAULT_FORM], 2);
  EXPECT_EQ(d.counts.unrated, 1);
  EXPECT_EQ(d.time[fixture_row(&d, "A", "E")], 1399939200);
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "A", "E")), "bad");
  dataset_free(&d);
  def.format = DATASET_MOVIELENS;
  def.reviews = NULL;
  def.ratings = fixture_text("u.data", "1\t2\t3\t881250949\n1\t3\n1\t4\t9\t881250949\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 1);
  dataset_free(&d);
  char lines[2000] = "user,item,rating\n";
  for (int i = 0; i < 100; i++) snprintf(lines + strlen(lines), 20, "u%d,i,%d\n", i, i * 7919 % 5);
  def.format = DATASET_CSV;
  def.ratings = NULL;
  def.file = fixture_gzip("d.gz", lines, 20);
  def.max_bad_rows = 1000;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.gz: truncated gzip after line");
}

// --- times ---------------------------------------------------------------------------------------

/// Rows of one user in an order that only the times tell.
static dataset_def timed(const char *const time[4]) {
  char text[400] = "user,item,rating,time\n";
  for (int i = 0; i < 4; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "u,%d,5,%s\n", i, time[i]);
  return csv_text(text);
}

TEST(dataset_rows, the_same_times_in_every_spelling_give_the_same_histories) {
  static const char *const spelling[][4] = {
      {"1500457815", "1500457814", "1500457816", "1499990400"},
      {"1500457815.0", "1500457814.5", "1.500457816e9", "1499990400"},
      {"1500457815123", "1500457814999", "1500457816000", "1499990400000"},
      {"1500457815123456", "1500457814999999", "1500457816000000", "1499990400000000"},
      {"1500457815123456789", "1500457814999999000", "1500457816000000000", "1499990400000000000"},
      {"20170719095015", "20170719095014", "20170719095016", "20170714000000"},
      {"2017-07-19 09:50:15+00:00", "2017-07-19 11:50:14+02:00", "2017-07-19T09:50:16Z",
       "2017-07-14"},
      {"2017-07-19T09:50:15.123Z", "2017-07-19 09:50:14.999999 UTC", "2017/07/19 09:50:16",
       "2017-07-14 00:00"},
  };
  for (size_t k = 0; k < sizeof spelling / sizeof *spelling; k++) {
    dataset_def def = timed(spelling[k]);
    dataset d;
    ASSERT_OK(read_noted(&def, &d));
    static const int64_t seconds[] = {1499990400, 1500457814, 1500457815, 1500457816};
    static const char *const order[] = {"3", "1", "0", "2"};
    for (int i = 0; i < 4; i++) {
      EXPECT_EQ(d.time[i], seconds[i]);
      EXPECT_STREQ(strings_get(&d.item_id, d.item[i]), order[i]);
    }
    EXPECT_CONTAINS(notes, "2017-07-14 to 2017-07-19");
    dataset_free(&d);
  }
}

TEST(dataset_rows, times_of_dates_and_of_two_units_are_told_from_seconds) {
  static const char *const dates[] = {"20170714", "20170713", "20170715", "20000229"};
  dataset_def def = timed(dates);
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(d.time[0], 951782400);
  EXPECT_CONTAINS(notes, "times are dates YYYYMMDD[hhmm[ss]], 2000-02-29 to 2017-07-15");
  dataset_free(&d);
  def.time_unit = TIME_SECONDS;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.time[0], 20000229);
  dataset_free(&d);
  static const char *const mixed[] = {"1500457815", "1500457814", "1500457816123", "1499990400"};
  def = timed(mixed);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv: times of two units: 1500457815 in line 2");
}

TEST(dataset_rows, a_column_that_looks_like_times_and_is_not_named_is_told) {
  static const char *const name[] = {"timestamp", "Date", "review_date", "ts", "created_at"};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    char text[100], expected[200];
    snprintf(text, sizeof text, "user,item,rating,%s\nu,i,5,2017-07-14\n", name[i]);
    snprintf(expected, sizeof expected,
             "column \"%s\" looks like times and is not used (dataset.columns.time would name it)",
             name[i]);
    dataset_def def = csv_text(text);
    dataset d;
    ASSERT_OK(read_noted(&def, &d));
    EXPECT_CONTAINS(notes, expected);
    EXPECT_CONTAINS(notes, "no times; the order of the file counts");
    dataset_free(&d);
  }
}

TEST(dataset_rows, a_threshold_of_another_scale_is_told_with_the_ratings) {
  dataset_def def = csv_text("user,item,rating\nu,i,1\nu,j,-1\nv,i,1\n");
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_CONTAINS(notes, "no rating, from -1 to 1, reaches dataset.like_threshold 4");
  dataset_free(&d);
  def.like_threshold = -1;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_CONTAINS(notes, "every rating, from -1 to 1, reaches dataset.like_threshold -1");
  dataset_free(&d);
  def.like_threshold = 1;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(strstr(notes, "like_threshold"), NULL);
  dataset_free(&d);
}

TEST(dataset_rows, times_that_are_all_the_same_are_none) {
  dataset_def def = csv_text("user,item,rating,time\nu,j,5,2017-07-14\nu,i,1,2017-07-14\n");
  def.column_time = "time";
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_CONTAINS(notes,
                  "all times are the same (ISO 8601, 2017-07-14 to 2017-07-14); the order of");
  EXPECT_EQ(d.has_time, false);
  dataset_free(&d);
  def.later_share = 0.5;
  def.later_least = 2;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "the data has no times");
}

TEST(dataset_rows, small_numbers_as_times_are_told_to_be_an_order_alone) {
  dataset_def def = csv_text("user,item,rating,time\nu,j,5,2015\nu,i,1,2014\n");
  def.column_time = "time";
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_CONTAINS(notes, "small numbers: where they are years");
  EXPECT_EQ(d.has_time, true);
  EXPECT_EQ(fixture_row(&d, "u", "i"), 0);
  dataset_free(&d);
  def.time_unit = TIME_SECONDS;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_EQ(strstr(notes, "small numbers"), NULL);
  dataset_free(&d);
}
