/// Tests of the MovieLens reader: 100K, 1M and the later CSV releases.
#include "dataset_fixture.h"

static dataset_def movielens(const char *ratings, const char *items) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_MOVIELENS;
  def.ratings = ratings;
  def.items = items;
  return def;
}

TEST(dataset_movielens, reads_100k_with_latin1_titles) {
  dataset_def def =
      movielens(fixture_data("movielens_100k/u.data"), fixture_data("movielens_100k/u.item"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 3);
  EXPECT_EQ(d.n_interaction, 4);
  EXPECT_EQ(d.time[0], 881250000);
  EXPECT_NEAR(d.rating[0], 5, 0);
  int64_t item = fixture_find(&d.item_id, "302");
  EXPECT_STREQ(strings_get(&d.item_name, item), "Mis\xC3\xA9rables, Les (1995)");
  EXPECT_CATEGORY(&d, item, "Drama");
  EXPECT_CATEGORY(&d, item, "Musical");
  EXPECT_ATTRIBUTE(&d, item, "genre: drama");
  EXPECT_ATTRIBUTE(&d, item, "decade: 1990s");
  int64_t unknown = fixture_find(&d.item_id, "377");
  EXPECT_EQ(d.category_offset[unknown], d.category_offset[unknown + 1]);
  dataset_free(&d);
}

TEST(dataset_movielens, reads_1m_with_colons_in_titles) {
  dataset_def def =
      movielens(fixture_data("movielens_1m/ratings.dat"), fixture_data("movielens_1m/movies.dat"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 3);
  int64_t item = fixture_find(&d.item_id, "1193");
  EXPECT_STREQ(strings_get(&d.item_name, item), "Cit\xC3\xA9: A Story::Part 2 (1975)");
  EXPECT_CATEGORY(&d, item, "Drama");
  EXPECT_ATTRIBUTE(&d, item, "decade: 1970s");
  item = fixture_find(&d.item_id, "661");
  EXPECT_CATEGORY(&d, item, "Children's");
  dataset_free(&d);
}

TEST(dataset_movielens, reads_csv_with_crlf_and_half_stars) {
  dataset_def def = movielens(fixture_data("movielens_latest/ratings.csv"),
                              fixture_data("movielens_latest/movies.csv"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_NEAR(d.rating[0], 0.5, 0);
  EXPECT_EQ(d.like[1], 1);
  int64_t item = fixture_find(&d.item_id, "3");
  EXPECT_STREQ(strings_get(&d.item_name, item), "American President, The (2001)");
  EXPECT_ATTRIBUTE(&d, item, "decade: 2000s");
  EXPECT_EQ(d.category_offset[item], d.category_offset[item + 1]);
  EXPECT_CATEGORY(&d, fixture_find(&d.item_id, "1"), "Animation");
  dataset_free(&d);
}

TEST(dataset_movielens, works_without_items) {
  dataset_def def = movielens(fixture_data("movielens_1m/ratings.dat"), NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_category, 0);
  EXPECT_EQ(d.n_attribute, 0);
  EXPECT_EQ(d.category_offset[d.n_item], 0);
  EXPECT_STREQ(strings_get(&d.facts, 1), "");
  dataset_free(&d);
}

TEST(dataset_movielens, refuses_lines_that_are_cut_or_out_of_range) {
  dataset_def def = movielens(fixture_text("u.data", "1\t2\t3\t881250949\n1\t3\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "u.data:2: 2 fields, expected user, item, rating");
  def = movielens(fixture_text("u.data", "1\t2\t3\t881250949\n1\t3\t0\t881250949\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "u.data:2: rating 0, expected 0.5 to 5");
  def = movielens(fixture_text("ratings.csv", "userId,movieId,ratng,timestamp\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no column \"rating\", but \"ratng\" may be it");
  def = movielens(fixture_data("movielens_100k/u.data"), fixture_text("u.item", "242|Kolya\n"));
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "u.item:1: 2 fields between '|', expected 24");
  def = movielens(fixture_data("movielens_1m/ratings.dat"), fixture_text("m.dat", "1193::Kolya\n"));
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "m.dat:1: expected id::title::genres");
}

TEST(dataset_movielens, items_may_be_json_lines) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_MOVIELENS;
  def.ratings = fixture_text("r.csv", "userId,movieId,rating\n1,7,4\n1,8,2\n");
  def.items = fixture_text("m.jsonl",
                           "{\"movieId\": 7, \"title\": \"Heat\", \"genres\": [\"Crime\"]}\n"
                           "{\"movieId\": 8, \"title\": \"Up\", \"genres\": []}\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.item_name, d.item[0]), "Heat");
  EXPECT_STREQ(strings_get(&d.item_name, d.item[1]), "Up");
  dataset_free(&d);
}
