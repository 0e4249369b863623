/// Tests of the Yelp reader.
#include "dataset_fixture.h"

static dataset_def yelp(const char *reviews, const char *businesses, const char *state) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_YELP;
  def.reviews = reviews;
  def.businesses = businesses;
  def.state = state;
  return def;
}

TEST(dataset_yelp, keeps_the_businesses_of_one_state) {
  dataset_def def = yelp(fixture_data("yelp/yelp_academic_dataset_review.json"),
                         fixture_data("yelp/yelp_academic_dataset_business.json"), "MO");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 2);
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.counts.unknown_item, 1);
  int64_t row = fixture_row(&d, "mh_-eMZ6K5RLWhZyISBhwA", "mpf3x-BjTdTEA3yCZrAYPw");
  // 2011 comes before 2018, though the file has it last.
  EXPECT_EQ(row, d.user_offset[0]);
  EXPECT_EQ(d.time[row], 1319600530);
  EXPECT_STREQ(strings_get(&d.text, row), "Nice seats.");
  EXPECT_STREQ(strings_get(&d.text, row + 1), "Best pancakes.\n\nWill return <3");
  int64_t diner = fixture_find(&d.item_id, "Pns2l4eNsfO8kk83dixA6A");
  int64_t cafe = fixture_find(&d.item_id, "mpf3x-BjTdTEA3yCZrAYPw");
  EXPECT_STREQ(strings_get(&d.item_name, diner), "Arch Diner");
  EXPECT_CATEGORY(&d, diner, "Diners");
  EXPECT_CATEGORY(&d, diner, "Breakfast & Brunch");
  EXPECT_CATEGORY(&d, diner, "Restaurants");
  EXPECT_ATTRIBUTE(&d, diner, "business accepts credit cards: yes");
  EXPECT_ATTRIBUTE(&d, diner, "wifi: free");
  EXPECT_ATTRIBUTE(&d, diner, "business parking: street");
  EXPECT_ATTRIBUTE(&d, diner, "restaurants price range: 2");
  EXPECT_ATTRIBUTE(&d, diner, "alcohol: none");
  EXPECT_ATTRIBUTE(&d, diner, "city: st. louis");
  EXPECT_EQ(d.attribute_offset[diner + 1] - d.attribute_offset[diner], 6);
  EXPECT_EQ(d.category_offset[cafe], d.category_offset[cafe + 1]);
  dataset_free(&d);
}

TEST(dataset_yelp, keeps_all_businesses_without_a_state) {
  dataset_def def = yelp(fixture_data("yelp/yelp_academic_dataset_review.json"), NULL, NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 4);
  EXPECT_STREQ(strings_get(&d.item_name, 0), "");
  dataset_free(&d);
}

TEST(dataset_yelp, says_which_rule_left_nothing) {
  dataset_def def = yelp(fixture_data("yelp/yelp_academic_dataset_review.json"),
                         fixture_data("yelp/yelp_academic_dataset_business.json"), "XX");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no business of dataset.state XX");
  def.state = "MO";
  def.k_core = 3;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.k_core 3 leaves none of 3 interactions");
  def.businesses = NULL;
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "dataset.state is given without");
}

static const char one_review[] =
    "{\"user_id\": \"u\", \"business_id\": \"b\", \"stars\": 4, \"text\": \"\", "
    "\"date\": \"2020-02-29 00:00:00\"}\n";

/// A data set of one business, described by these members.
static dataset one_business(const char *members) {
  char line[2048];
  dataset d;
  snprintf(line, sizeof line, "{\"business_id\": \"b\", %s}\n", members);
  dataset_def def =
      yelp(fixture_text("review.json", one_review), fixture_text("b.json", line), NULL);
  EXPECT_OK(dataset_read(&def, NULL, &d));
  return d;
}

TEST(dataset_yelp, attributes_are_read_however_they_were_written) {
  dataset d = one_business(
      "\"attributes\": {\"WiFi\": \"free\", \"HasTV\": true, \"Ages Allowed\": \"21plus\", "
      "\"Noise Level\": \"very_loud\", \"Alcohol\": \"u'full_bar'\", \"Smoking\": \"'outdoor'\", "
      "\"Price Range\": 2, \"DogsAllowed\": \"False\", \"Caters\": \"true\", \"Open24Hours\": "
      "null, "
      "\"ByAppointmentOnly\": \"None\", \"Corkage\": \"\", \"Attire\": \"null\", "
      "\"BusinessParking\": \"{'garage': False, 'street': True, 'lot': None}\", "
      "\"Ambience\": \"{\\\"romantic\\\": true, \\\"hipster\\\": false}\", "
      "\"Good For\": {\"dessert\": false, \"lunch\": true, \"Meal\": {\"brunch\": true}}, "
      "\"Accepts\": [\"cash\", \"visa\"], \"Hours\": \"8:0-18:30\"}");
  int64_t n = d.attribute_offset[1];
  static const char *const expected[] = {"wifi: free",
                                         "has tv: yes",
                                         "ages allowed: 21plus",
                                         "noise level: very_loud",
                                         "alcohol: full_bar",
                                         "smoking: outdoor",
                                         "price range: 2",
                                         "dogs allowed: no",
                                         "caters: yes",
                                         "business parking: street",
                                         "ambience: romantic",
                                         "good for: lunch",
                                         "good for meal: brunch",
                                         "accepts: cash",
                                         "accepts: visa",
                                         "hours: 8:0-18:30"};
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
    EXPECT_ATTRIBUTE(&d, 0, expected[k]);
  EXPECT_EQ(n, (int64_t)(sizeof expected / sizeof *expected));
  EXPECT_EQ(d.counts.odd_values, 0);
  dataset_free(&d);
}

TEST(dataset_yelp, a_value_that_says_nothing_known_is_counted_and_left_out) {
  dataset d = one_business(
      "\"name\": 7, \"city\": \"X\", \"categories\": [\"Bars\", 5, null], \"attributes\": "
      "{\"WiFi\": \"{'a': \", \"Music\": \"{'dj': True, 'live'\", \"HasTV\": \"True\", "
      "\"Deep\": [[[[[[\"x\"]]]]]]}");
  EXPECT_EQ(d.counts.odd_values, 5);
  EXPECT_STREQ(strings_get(&d.item_name, 0), "");
  EXPECT_CATEGORY(&d, 0, "Bars");
  EXPECT_ATTRIBUTE(&d, 0, "has tv: yes");
  EXPECT_ATTRIBUTE(&d, 0, "city: x");
  EXPECT_EQ(d.attribute_offset[1], 2);
  dataset_free(&d);
}

TEST(dataset_yelp, attributes_and_categories_come_as_objects_lists_or_texts) {
  dataset d = one_business(
      "\"attributes\": \"{'WiFi': u'no', 'BusinessParking': {'lot': True}}\", "
      "\"categories\": [\"Food\", \"Coffee & Tea\"]");
  EXPECT_ATTRIBUTE(&d, 0, "wifi: no");
  EXPECT_ATTRIBUTE(&d, 0, "business parking: lot");
  EXPECT_CATEGORY(&d, 0, "Coffee & Tea");
  EXPECT_STREQ(strings_get(&d.facts, 0), "Food\nCoffee & Tea");
  dataset_free(&d);
  d = one_business("\"attributes\": [], \"categories\": \"['Food', 'Books, Mags']\"");
  EXPECT_EQ(d.n_category, 2);
  EXPECT_CATEGORY(&d, 0, "Books, Mags");
  EXPECT_EQ(d.counts.odd_values, 1);
  dataset_free(&d);
  d = one_business("\"attributes\": null, \"categories\": \"Food,Tea\"");
  EXPECT_CATEGORY(&d, 0, "Tea");
  EXPECT_EQ(d.counts.odd_values, 0);
  dataset_free(&d);
  d = one_business("\"attributes\": \"\", \"categories\": null");
  EXPECT_EQ(d.n_category + d.n_attribute + d.counts.odd_values, 0);
  dataset_free(&d);
}

TEST(dataset_yelp, one_file_of_all_records_is_read_by_their_type) {
  const char *all = fixture_text(
      "all.json",
      "{\"type\": \"business\", \"business_id\": \"b\", \"name\": \"Bar\", \"categories\": "
      "[\"Bars\"]}\n"
      "{\"type\": \"user\", \"user_id\": \"u\", \"name\": \"Ann\", \"votes\": {\"funny\": 1}}\n"
      "{\"votes\": {\"funny\": 0}, \"user_id\": \"u\", \"review_id\": \"r\", \"stars\": 5, "
      "\"date\": \"2011-01-26\", \"text\": \"Good\", \"type\": \"review\", \"business_id\": "
      "\"b\"}\n");
  dataset_def def = yelp(all, all, NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 1);
  EXPECT_EQ(d.counts.other_kind, 2);
  EXPECT_STREQ(strings_get(&d.item_name, 0), "Bar");
  EXPECT_STREQ(strings_get(&d.text, 0), "Good");
  EXPECT_EQ(d.counts.join[0].found, 1);
  dataset_free(&d);
}

TEST(dataset_yelp, businesses_that_reviews_do_not_name_are_an_error_with_counts_and_an_example) {
  dataset_def def =
      yelp(fixture_text("review.json", one_review),
           fixture_text("b.json", "{\"business_id\": \"B\", \"state\": \"AZ\"}\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.businesses: 0 of 1 items of");
  EXPECT_CONTAINS(throng_error_message(), "\"b\" and \"B\" would match if upper and lower case");
  def.state = "az";
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "no business of dataset.state az, expected some; it has "
                    "those of AZ");
}

TEST(dataset_yelp, refuses_dates_that_are_none) {
  dataset_def def =
      yelp(fixture_text("review.json",
                        "{\"user_id\": \"u\", \"business_id\": \"b\", \"stars\": 4, \"date\": "
                        "\"2021-02-29 00:00:00\"}\n"),
           NULL, NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "review.json:1: time \"2021-02-29 00:00:00\"");
}

// pandas' to_json makes milliseconds of dates.
TEST(dataset_yelp, a_file_written_anew_with_numbers_for_ids_and_dates_is_read_alike) {
  dataset_def def = yelp(
      fixture_text("r.json",
                   "{\"user_id\":1,\"business_id\":7,\"stars\":\"5.0\",\"text\":\"a\",\"date\":"
                   "1500000000000}\n{\"user_id\":1,\"business_id\":8,\"stars\":1,\"text\":\"b\","
                   "\"date\":1400000000000}\n"),
      fixture_text("b.json",
                   "{\"business_id\":7,\"name\":\"Seven\",\"state\":\"MO\"}\n"
                   "{\"business_id\":8,\"name\":\"Eight\",\"state\":\"MO\"}\n"),
      "MO");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(fixture_row(&d, "1", "7"), 1);
  EXPECT_EQ(d.time[1], 1500000000);
  EXPECT_EQ(d.like[1], 1);
  EXPECT_STREQ(strings_get(&d.item_name, d.item[1]), "Seven");
  dataset_free(&d);
}
