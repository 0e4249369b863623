/// Tests of the CSV reader and of the thinning that all formats share.
#include <math.h>

#include "dataset_fixture.h"

static dataset_def csv(const char *file) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = file;
  return def;
}

TEST(dataset_csv, reads_named_columns_with_quoted_line_ends) {
  dataset_def def = csv(fixture_data("csv/visits.csv"));
  def.column_user = "who";
  def.column_item = "what";
  def.column_rating = "stars";
  def.column_time = "when";
  def.column_text = "remark";
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 2);
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.counts.unrated, 1);
  int64_t row = fixture_row(&d, "ann", "museum");
  EXPECT_STREQ(strings_get(&d.text, row), "Loved it, all of it.\nTwo lines, a \"quote\".");
  EXPECT_EQ(d.time[row], 1714557600);
  EXPECT_EQ(fixture_row(&d, "ann", "park"), row - 1);
  EXPECT_STREQ(strings_get(&d.text, row - 1), "");
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "bob", "museum")), "Crowded");
  dataset_free(&d);
}

TEST(dataset_csv, reads_tabs_and_the_usual_names) {
  dataset_def def = csv(fixture_data("csv/visits.tsv"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_FALSE(d.has_time);
  EXPECT_FALSE(d.has_text);
  dataset_free(&d);
}

TEST(dataset_csv, names_file_line_and_cause_of_bad_input) {
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"", "d.csv: the file is empty, expected a header line"},
      {"user,item,raiting\n",
       "d.csv:1: no column \"rating\", but \"raiting\" may be it: give dataset.columns.rating"},
      {"a,b,3\nc,d,4\n", "d.csv:1: no column \"user\""},
      {"user,item,rating\nu,i\n", "d.csv:2: 2 fields, expected 3 as in the header"},
      {"user,item,rating\nu,i,\"3\n", "d.csv:2: a quoted field of this record is not closed"},
      {"user,item,rating\nu,\"i\"x,3\n\"u\",i,3\n",
       "d.csv:2: column 6: text after a closing quote, expected ',' or the end (dataset.csv.quote"},
      {"user,item,rating\nu,i,nan\n", "dataset: no interaction left of 2 lines: 1 unrated"},
      {"user,item,rating\nu,i,inf\n", "d.csv:2: rating inf"},
      {"user,item,rating\nu,i,-1e39\n",
       "d.csv:2: rating -1e+39, expected a number that a 32-bit float can hold"},
      {"user,item,rating\nu,i,0x10\n", "d.csv:2: rating \"0x10\", expected a number"},
      {"user,item,rating\nu,,1\n", "d.csv:2: the item's id is empty"},
      {"user,item,rating,time\nu,i,1,soon\n", "d.csv:2: time \"soon\", expected seconds"},
      {"user,item,rating\nu,caf\xE9,1\n", "d.csv:2: byte 0xE9 at column 6 is not UTF-8"},
      {"user,item,rating\nu,i,\n", "dataset: no interaction left of 2 lines: 1 unrated"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    dataset_def def = csv(fixture_text("d.csv", bad[i].text));
    EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, bad[i].message);
  }
}

TEST(dataset_csv, accepts_only_the_configured_range) {
  dataset_def def = csv(fixture_text("d.csv", "user,item,rating\nu,i,3\nu,j,7\n"));
  def.rating_min = 0;
  def.rating_max = 5;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv:3: rating 7, expected 0 to 5");
  def.rating_min = NAN;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv:3: rating 7, expected 5 or less");
  def.rating_min = 4;
  def.rating_max = NAN;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "d.csv:2: rating 3, expected 4 or more");
  def.rating_min = 0;
  def.rating_max = 5;
  def.like_threshold = 6;
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "dataset.like_threshold 6 is never reached");
  def.like_threshold = NAN;
  EXPECT_READ_FAILS(def, THRONG_ERROR_ARGUMENT, "dataset.like_threshold: expected a number");
  def.like_threshold = 4;
  def.rating_min = 9;
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "expected a rising range");
}

// Users a, b, c and items 1, 2 make a 2-core; d and item 3 hang on it by a chain.
static const char *const chained =
    "user,item,rating\n"
    "a,1,5\na,2,1\nb,1,4\nb,2,5\nc,1,2\nc,2,3\nc,3,5\nd,3,5\n";

TEST(dataset_csv, drops_users_and_items_until_the_core_is_stable) {
  dataset_def def = csv(fixture_text("d.csv", chained));
  def.k_core = 2;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  // d has one row; without it item 3 has one; c keeps two.
  EXPECT_EQ(d.n_user, 3);
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.n_interaction, 6);
  EXPECT_EQ(d.counts.below_core, 2);
  EXPECT_EQ(fixture_find(&d.user_id, "d"), -1);
  dataset_free(&d);
  def.k_core = 4;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.k_core 4 leaves none of 8 interactions");
}

TEST(dataset_csv, allows_users_with_one_interaction) {
  dataset_def def = csv(fixture_text("d.csv", chained));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  int64_t user = fixture_find(&d.user_id, "d");
  EXPECT_EQ(d.user_offset[user + 1] - d.user_offset[user], 1);
  dataset_free(&d);
}

TEST(dataset_csv, stops_after_max_interactions) {
  dataset_def def = csv(fixture_text("d.csv", chained));
  def.max_interactions = 3;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.n_user, 2);
  EXPECT_EQ(d.counts.lines, 4);
  dataset_free(&d);
}

TEST(dataset_csv, keeps_file_order_where_times_are_equal) {
  dataset_def def =
      csv(fixture_text("d.csv", "user,item,rating,time\nu,x,1,50\nu,y,2,50\nv,x,3,1\nu,z,4,49\n"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.item_id, d.item[0]), "z");
  EXPECT_STREQ(strings_get(&d.item_id, d.item[1]), "x");
  EXPECT_STREQ(strings_get(&d.item_id, d.item[2]), "y");
  dataset_free(&d);
}

static bool stop_at_once(void *context, const char *stage, int64_t done, int64_t total,
                         const char *unit) {
  (void)stage, (void)done, (void)total, (void)unit;
  ++*(int *)context;
  return false;
}

TEST(dataset_csv, stops_where_the_callback_says_so) {
  int calls = 0;
  throng_progress progress = {.report = stop_at_once, .context = &calls};
  dataset_def def = csv(fixture_text("d.csv", chained));
  dataset d;
  EXPECT_EQ(dataset_read(&def, &progress, &d), THRONG_ERROR_CANCELLED);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(d.n_interaction, 0);
}

TEST(dataset_csv, a_rating_reaches_the_threshold_that_is_written_alike) {
  dataset_def def = csv(fixture_text("r.csv", "user,item,rating\nu,a,4.1\nu,b,4.0\nv,a,3.3\n"));
  def.like_threshold = 4.1;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.like[fixture_row(&d, "u", "a")], 1);
  EXPECT_EQ(d.like[fixture_row(&d, "u", "b")], 0);
  EXPECT_EQ(d.counts.likes, 1);
  EXPECT_EQ(d.counts.n_rating, 3);
  EXPECT_EQ(d.counts.rating[0].from, 3.3);
  dataset_free(&d);
}

static int64_t interactions_of(const char *text) {
  dataset_def def = csv(fixture_text("kind.csv", text));
  dataset d;
  if (dataset_read(&def, NULL, &d) != THRONG_OK) return -1;
  int64_t n = d.n_interaction;
  dataset_free(&d);
  return n;
}

TEST(dataset_csv, excels_separator_line_is_no_header) {
  EXPECT_EQ(interactions_of("sep=;\r\nuser;item;rating\r\nu;i;4,5\r\nu;j;2\r\n"), 2);
  EXPECT_EQ(interactions_of("\xEF\xBB\xBFsep=,\nuser,item,rating\nu,i,4\n"), 1);
  EXPECT_EQ(interactions_of("\"sep=|\"\n\nuser|item|rating\nu|i|4\n"), 1);
  EXPECT_EQ(interactions_of("user,item,rating\nsep=;,i,4\n"), 1);  // an id
}

TEST(dataset_csv, line_ends_that_were_translated_twice_are_line_ends) {
  dataset_def def =
      csv(fixture_text("crcr.csv", "user,item,rating,time\r\r\nu,i,4,1400000000\r\r\n"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_TRUE(d.has_time);
  EXPECT_EQ(d.time[0], 1400000000);
  dataset_free(&d);
}

TEST(dataset_csv, names_of_columns_may_differ_in_case) {
  EXPECT_EQ(interactions_of("User;ITEM;Rating;Time\nu;i;4;1400000000\n"), 1);
}

TEST(dataset_csv, a_separator_at_the_end_of_rows_and_lines_of_spaces_lose_nothing) {
  EXPECT_EQ(interactions_of("user,item,rating\nu,i,4,\nu,j,2,\n   \n"), 2);
  EXPECT_EQ(interactions_of("user,item,rating\nu,i,4,x\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), ":2: 4 fields, expected 3"));
}

TEST(dataset_csv, two_columns_of_the_wanted_name_are_an_error) {
  EXPECT_EQ(interactions_of("user,item,rating,rating\nu,i,4,1\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "columns 3 and 4 are both called \"rating\""));
}

TEST(dataset_csv, says_what_may_be_meant_where_a_column_is_missing) {
  EXPECT_EQ(interactions_of("userId,movieId,rating\nu,i,4\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "\"userId\" may be it"));
  EXPECT_EQ(interactions_of("overall,reviewerID,asin\n4,u,i\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "\"reviewerID\" may be it"));
  EXPECT_EQ(interactions_of("rating,user,ASIN\n4,u,i\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "\"ASIN\" may be it"));
  EXPECT_EQ(interactions_of("{\"user\": \"u\", \"item\": \"i\", \"rating\": 4}\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "these are JSON lines, not a table"));
  dataset_def def = dataset_default_def();
  dataset d;
  def.format = DATASET_AMAZON;
  def.reviews = fixture_text("r.json",
                             "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 4, "
                             "\"unixReviewTime\": 1}\nuser,item,rating\n");
  EXPECT_EQ(dataset_read(&def, NULL, &d), THRONG_ERROR_DATA);
  EXPECT_TRUE(strstr(throng_error_message(), "dataset.format csv reads tables"));
}

TEST(dataset_csv, true_and_false_are_ratings_of_1_and_0) {
  dataset_def def = csv(fixture_text("t.csv", "user,item,rating\nu,i,True\nu,j,false\n"));
  def.like_threshold = 1;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_TRUE(d.like[0] && !d.like[1]);
  dataset_free(&d);
}

TEST(dataset_csv, a_date_of_doubtful_order_is_named_as_such) {
  EXPECT_EQ(interactions_of("user,item,rating,time\nu,i,4,06/10/2014\n"), -1);
  EXPECT_TRUE(strstr(throng_error_message(), "which is day and which month is not told"));
  EXPECT_EQ(interactions_of("user,item,rating,time\nu,i,4,\"Oct 6, 2014\"\n"), 1);
}
