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

TEST(dataset_yelp, refuses_attributes_that_are_no_literals) {
  const char *reviews =
      fixture_text("review.json",
                   "{\"user_id\": \"u\", \"business_id\": \"b\", \"stars\": 4, \"text\": \"\", "
                   "\"date\": \"2020-02-29 00:00:00\"}\n");
  dataset_def def = yelp(
      reviews,
      fixture_text("b.json", "{\"business_id\": \"b\", \"attributes\": {\"WiFi\": \"{'a': \"}}\n"),
      NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "b.json:1: attribute: WiFi:1:7: text ends, expected");
  // Early releases have bare words and plain values.
  def.businesses = fixture_text(
      "b.json", "{\"business_id\": \"b\", \"attributes\": {\"WiFi\": \"free\", \"TV\": true}}\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_ATTRIBUTE(&d, 0, "wifi: free");
  EXPECT_ATTRIBUTE(&d, 0, "tv: yes");
  dataset_free(&d);
}

TEST(dataset_yelp, refuses_dates_that_are_none) {
  dataset_def def =
      yelp(fixture_text("review.json",
                        "{\"user_id\": \"u\", \"business_id\": \"b\", \"stars\": 4, \"date\": "
                        "\"2021-02-29 00:00:00\"}\n"),
           NULL, NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "review.json:1: time \"2021-02-29 00:00:00\"");
}
