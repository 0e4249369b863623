/// Tests of the Amazon reader: three releases, bare ratings, metadata, and what is wrong with them.
#include "dataset_fixture.h"

static const char *const reviews_2014 =
    "{\"reviewerID\": \"A1\", \"asin\": \"B1\", \"reviewerName\": \"X \\\"y\\\"\", \"helpful\": "
    "[3, 3], \"reviewText\": \"It&#34;s &quot;good&quot;.<br />Really &amp;lt; 5.\", \"overall\": "
    "5.0, \"summary\": \"Fine\", \"unixReviewTime\": 1158019200, \"reviewTime\": \"09 12, 2006\"}\n"
    "{\"reviewerID\": \"A2\", \"asin\": \"B1\", \"helpful\": [0, 0], \"reviewText\": \"\", "
    "\"overall\": 2.0, \"summary\": \"Poor\", \"unixReviewTime\": 1000000000}\n"
    "{\"reviewerID\": \"A1\", \"asin\": \"B2\", \"helpful\": [0, 0], \"reviewText\": \"caf\\u00e9 "
    "\\ud83d\\ude00 \\ud83d\", \"overall\": 3.0, \"unixReviewTime\": 1000000001}\n";

static const char *const metadata_2014 =
    "{'asin': 'B1', 'title': 'Rock &amp; Roll', 'price': 9.49, 'brand': 'Enya', 'categories': "
    "[['CDs & Vinyl', 'Rock', 'Oldies'], ['Digital Music', 'Rock']], 'description': \"It's "
    "\\\"loud\\\"\", 'related': {'also_bought': ['B7']}}\n"
    "{'asin': 'B7', 'title': 'not reviewed'}\n";

static dataset_def amazon(const char *reviews, const char *metadata) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_AMAZON;
  def.reviews = reviews;
  def.metadata = metadata;
  return def;
}

TEST(dataset_amazon, reads_2014_reviews_with_python_metadata) {
  dataset_def def =
      amazon(fixture_gzip("r.json.gz", reviews_2014, 0), fixture_text("m.json", metadata_2014));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 2);
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_STREQ(strings_get(&d.user_id, 0), "A1");
  EXPECT_STREQ(strings_get(&d.item_id, 0), "B1");
  // A1 reviewed B2 before B1, though the file has them the other way round.
  EXPECT_EQ(d.user_offset[1], 2);
  EXPECT_EQ(d.item[0], 1);
  EXPECT_EQ(d.item[1], 0);
  EXPECT_EQ(d.time[0], 1000000001);
  EXPECT_EQ(d.time[1], 1158019200);
  EXPECT_NEAR(d.rating[1], 5, 0);
  EXPECT_EQ(d.like[0], 0);
  EXPECT_EQ(d.like[1], 1);
  EXPECT_TRUE(d.has_time);
  EXPECT_TRUE(d.has_text);
  // Entities once, tags out, the title as the first line, half a surrogate pair replaced.
  EXPECT_STREQ(strings_get(&d.text, 1), "Fine\nIt\"s \"good\".\nReally &lt; 5.");
  EXPECT_STREQ(strings_get(&d.text, 0), "caf\xC3\xA9 \xF0\x9F\x98\x80 \xEF\xBF\xBD");
  EXPECT_STREQ(strings_get(&d.text, 2), "Poor");
  EXPECT_STREQ(strings_get(&d.item_name, 0), "Rock & Roll");
  EXPECT_STREQ(strings_get(&d.item_name, 1), "");
  EXPECT_STREQ(strings_get(&d.facts, 0), "Rock & Roll\nEnya\nIt's \"loud\"");
  // Levels of both paths without their roots, each once.
  EXPECT_EQ(d.category_offset[1], 2);
  EXPECT_EQ(d.category_offset[2], 2);
  EXPECT_CATEGORY(&d, 0, "Rock");
  EXPECT_CATEGORY(&d, 0, "Oldies");
  EXPECT_ATTRIBUTE(&d, 0, "brand: enya");
  EXPECT_ATTRIBUTE(&d, 0, "price: 5 to 10");
  EXPECT_EQ(d.counts.lines, 3);
  EXPECT_EQ(d.counts.text_bytes, 2 * strlen(reviews_2014) + strlen(metadata_2014));
  dataset_free(&d);
}

TEST(dataset_amazon, keeps_the_earliest_of_repeated_reviews_and_counts_the_rest) {
  dataset_def def = amazon(
      fixture_text("r.json",
                   "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 1, \"unixReviewTime\": "
                   "300, \"reviewText\": \"late\"}\n"
                   "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 4, \"unixReviewTime\": "
                   "100, \"reviewText\": \"early\"}\n"
                   "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 2, \"unixReviewTime\": "
                   "100, \"reviewText\": \"tie\"}\n"),
      NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 1);
  EXPECT_EQ(d.counts.duplicates, 2);
  EXPECT_EQ(d.time[0], 100);
  EXPECT_NEAR(d.rating[0], 4, 0);
  EXPECT_STREQ(strings_get(&d.text, 0), "early");
  dataset_free(&d);
}

TEST(dataset_amazon, reads_2018_reviews_with_json_metadata) {
  dataset_def def = amazon(fixture_data("amazon_2018/Soap_5.json.gz"),
                           fixture_data("amazon_2018/meta_Soap.json.gz"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.counts.duplicates, 1);
  // A review without its text keeps its summary; twice-escaped text is unescaped once.
  int64_t row = fixture_row(&d, "A2GUSTYDAY002", "B000SOAP01");
  EXPECT_STREQ(strings_get(&d.text, row), "Dries my skin");
  row = fixture_row(&d, "A2GUSTYDAY002", "B000SOAP02");
  EXPECT_STREQ(strings_get(&d.text, row), "Five Stars\nGreat &amp; cheap");
  int64_t soap = fixture_find(&d.item_id, "B000SOAP01");
  int64_t other = fixture_find(&d.item_id, "B000SOAP02");
  EXPECT_STREQ(strings_get(&d.item_name, soap), "Pine Soap");
  EXPECT_STREQ(strings_get(&d.facts, soap),
               "Pine Soap\nForest & Co\n7 oz\nVegan & kind\n\nHand made.\n\nOil.");
  EXPECT_CATEGORY(&d, soap, "Bath");
  EXPECT_CATEGORY(&d, soap, "Soap");
  EXPECT_EQ(d.n_category, 2);
  EXPECT_ATTRIBUTE(&d, soap, "brand: forest & co");
  EXPECT_ATTRIBUTE(&d, soap, "price: 50 to 100");
  EXPECT_ATTRIBUTE(&d, soap, "department: all beauty");
  // A page's script is no title; of a range of prices the lower counts.
  EXPECT_STREQ(strings_get(&d.item_name, other), "");
  EXPECT_ATTRIBUTE(&d, other, "price: 500 or more");
  dataset_free(&d);
}

TEST(dataset_amazon, reads_2023_reviews_by_parent_asin_in_milliseconds) {
  dataset_def def =
      amazon(fixture_data("amazon_2023/Mugs.jsonl"), fixture_data("amazon_2023/meta_Mugs.jsonl"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.counts.duplicates, 1);
  int64_t row = fixture_row(&d, "AGKHLEW2SOWHNMFQIJGBECAF7INQ", "B00MUG0001");
  EXPECT_EQ(d.time[row], 1588687728);
  EXPECT_NEAR(d.rating[row], 5, 0);
  EXPECT_STREQ(strings_get(&d.text, row), "Such a lovely mug\nKeeps tea hot.\nLove it");
  int64_t mug = fixture_find(&d.item_id, "B00MUG0001");
  EXPECT_CATEGORY(&d, mug, "Kitchen & Dining");
  EXPECT_CATEGORY(&d, mug, "Mugs");
  EXPECT_ATTRIBUTE(&d, mug, "brand: clayworks");
  EXPECT_ATTRIBUTE(&d, mug, "price: 10 to 20");
  EXPECT_STREQ(strings_get(&d.facts, mug),
               "Stoneware Mug\nClayworks\nHolds 12 oz\nDishwasher safe\nA mug.");
  dataset_free(&d);
}

TEST(dataset_amazon, reads_bare_ratings_with_and_without_a_header) {
  dataset_def def = amazon(fixture_data("amazon_2023/ratings_Mugs.csv"), NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_FALSE(d.has_text);
  EXPECT_EQ(d.time[0], 1588687728);
  dataset_free(&d);
  def =
      amazon(fixture_text("r.csv", "A1,B000000001,5.0,1000000000\r\nA1,B2,2,1000000009\r\n"), NULL);
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.user_id, 0), "A1");
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.time[1], 1000000009);
  dataset_free(&d);
  // 2018's come item first.
  def = amazon(fixture_text("r.csv", "0143026860,A1V6B6TNIC10QE,1.0,1424304000\n"), NULL);
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.user_id, 0), "A1V6B6TNIC10QE");
  dataset_free(&d);
}

TEST(dataset_amazon, names_file_line_and_cause_of_bad_lines) {
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"", "r.json: the first line is empty"},
      {"{\"reviewerID\": \"u\"}\n", "r.json:1: no \"asin\", expected a string"},
      {"{\"user\": \"u\"}\n", "r.json:1: neither \"reviewerID\""},
      {"{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": NaN, \"unixReviewTime\": 1}\n",
       "r.json:1: column 45: expected a JSON value (NaN and Infinity are not JSON)"},
      {"{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 0.5, \"unixReviewTime\": 1}\n",
       "r.json:1: rating 0.5, expected 1 to 5"},
      {"{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": \"five\", \"unixReviewTime\": 1}\n",
       "r.json:1: rating \"five\", expected a number"},
      {"{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": 5, \"unixReviewTime\": 1e30}\n",
       "r.json:1: time \"1e30\", expected seconds"},
      {"{\"reviewerID\": \"\", \"asin\": \"i\", \"overall\": 5, \"unixReviewTime\": 1}\n",
       "r.json:1: the user's id is empty"},
      {"{\"reviewerID\": \"\xE9\", \"asin\": \"i\"}\n",
       "r.json:1: byte 0xE9 at column 17 is not UTF-8"},
      {"{\"reviewerID\": \"u\", \"asin\": \"i\"", "r.json:1: line ends at column 32, expected"},
      {"A1,B1,5.0\n", "r.json:1: 3 fields, expected a JSON object or user,item,rating,timestamp"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    dataset_def def = amazon(fixture_text("r.json", bad[i].text), NULL);
    EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, bad[i].message);
  }
  static const char nul[] = "{\"reviewerID\": \"u\0\"}\n";
  dataset_def def = amazon(fixture_bytes("r.json", nul, sizeof nul - 1), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.json:1: NUL byte at column 18");
}

TEST(dataset_amazon, names_path_and_key_of_missing_files) {
  dataset_def def = amazon("/nowhere/r.json", NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_IO, "dataset.reviews: /nowhere/r.json: No such file");
  def.reviews = NULL;
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "dataset.reviews: no file given");
  def = amazon(fixture_text("r.json", reviews_2014), "/nowhere/m.json");
  EXPECT_READ_FAILS(def, THRONG_ERROR_IO, "dataset.metadata: /nowhere/m.json: No such file");
}

TEST(dataset_amazon, refuses_a_truncated_gzip) {
  dataset_def def = amazon(fixture_gzip("r.json.gz", reviews_2014, 30), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.json.gz: truncated gzip after line");
}

TEST(dataset_amazon, refuses_metadata_that_is_no_literal) {
  dataset_def def = amazon(fixture_text("r.json", reviews_2014),
                           fixture_text("m.json", "{'asin': 'B1'}\n{'asin': __import__('os')}\n"));
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "m.json:2:10: expected a literal");
}

TEST(dataset_amazon, refuses_ratings_out_of_range) {
  dataset_def def =
      amazon(fixture_text("r.csv", "A1,B1,5.0,1000000000\nA1,B2,6.0,1000000000\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "r.csv:2: rating 6, expected 1 to 5");
}

TEST(dataset_amazon, matches_the_published_counts_of_digital_music) {
  const char *reviews = fixture_real("amazon_digital_music/reviews_Digital_Music_5.json.gz");
  const char *metadata = fixture_real("amazon_digital_music/meta_Digital_Music.json.gz");
  if (!reviews || !metadata) SKIP("THRONG_DATA is unset or has no amazon_digital_music");
  dataset_def def = amazon(reviews, metadata);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 2490);
  EXPECT_EQ(d.n_item, 382);
  EXPECT_EQ(d.n_interaction, 6908);
  int64_t likes = 0;
  for (int64_t i = 0; i < d.n_interaction; i++) likes += d.like[i];
  EXPECT_EQ(likes, 4662 + 1474);
  dataset_free(&d);
}

TEST(dataset_amazon, counts_the_1177_duplicates_of_all_beauty) {
  const char *reviews = fixture_real("amazon_all_beauty/All_Beauty_5.json.gz");
  if (!reviews) SKIP("THRONG_DATA is unset or has no amazon_all_beauty");
  dataset_def def = amazon(reviews, NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.lines, 5269);
  EXPECT_EQ(d.counts.duplicates, 1177);
  EXPECT_EQ(d.n_interaction, 5269 - 1177);
  dataset_free(&d);
}

TEST(dataset_amazon, takes_a_rating_in_quotes_and_names_a_table_with_another_header) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_AMAZON;
  def.reviews = fixture_text("q.json",
                             "{\"reviewerID\": \"u\", \"asin\": \"i\", \"overall\": \"4.0\", "
                             "\"reviewTime\": \"01 5, 2014\"}\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.rating[0], 4.0f);
  EXPECT_EQ(d.time[0], 1388880000);
  dataset_free(&d);
  def.reviews = fixture_text("t.csv", "userId,productId,rating,timestamp\nu,i,4,1400000000\n");
  EXPECT_EQ(dataset_read(&def, NULL, &d), THRONG_ERROR_DATA);
  EXPECT_TRUE(strstr(throng_error_message(), "\"rating\" stands where the rating should"));
  EXPECT_TRUE(strstr(throng_error_message(), "dataset.format csv reads tables"));
}

TEST(dataset_amazon, ids_that_are_numbers_are_taken_as_they_are_written) {
  const char *reviews =
      "{\"reviewerID\": 12, \"asin\": 7, \"overall\": 5, \"unixReviewTime\": 1000000000}\n"
      "{\"reviewerID\": \"12\", \"asin\": 8, \"overall\": 1, \"unixReviewTime\": 1000000001}\n";
  static const char *const metadata[] = {"{\"asin\": 7, \"title\": \"Seven\"}\n",
                                         "{\"parent_asin\": 7, \"title\": \"Seven\"}\n",
                                         "{'asin': 7, 'title': 'Seven'}\n"};
  for (int i = 0; i < 3; i++) {
    dataset_def def = amazon(fixture_text("r.json", reviews), fixture_text("m.json", metadata[i]));
    dataset d;
    ASSERT_OK(dataset_read(&def, NULL, &d));
    EXPECT_EQ(d.n_user, 1);
    EXPECT_EQ(d.n_item, 2);
    EXPECT_GE(fixture_row(&d, "12", "7"), 0);
    EXPECT_STREQ(strings_get(&d.item_name, d.item[0]), "Seven");
    dataset_free(&d);
  }
}
