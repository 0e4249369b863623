/// Tests of the Anime reader.
#include "dataset_fixture.h"

static const char *const anime_csv =
    "anime_id,name,genre,type,episodes,rating,members\n"
    "1,Kimi no Na wa.,\"Drama, School\",Movie,1,9.37,200630\n"
    "2,\"Gintama&#039;, again\",,TV,Unknown,,114262\n"
    "3,Never rated,Action,TV,12,7,1\n";

static dataset_def anime(const char *ratings, const char *items) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_ANIME;
  def.ratings = ratings;
  def.items = items;
  def.like_threshold = 8;
  return def;
}

TEST(dataset_anime, drops_unrated_rows_and_keeps_file_order) {
  dataset_def def =
      anime(fixture_text("rating.csv", "user_id,anime_id,rating\n7,2,10\n8,1,-1\n7,1,3\n9,2,8\n"),
            fixture_text("anime.csv", anime_csv));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 2);
  EXPECT_EQ(d.n_item, 2);
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_EQ(d.counts.unrated, 1);
  EXPECT_FALSE(d.has_time);
  EXPECT_FALSE(d.has_text);
  EXPECT_EQ(d.text.n, 0);
  EXPECT_STREQ(strings_get(&d.item_id, d.item[0]), "2");
  EXPECT_STREQ(strings_get(&d.item_id, d.item[1]), "1");
  EXPECT_EQ(d.like[0], 1);
  EXPECT_EQ(d.like[1], 0);
  int64_t movie = fixture_find(&d.item_id, "1"), series = fixture_find(&d.item_id, "2");
  EXPECT_STREQ(strings_get(&d.item_name, series), "Gintama', again");
  EXPECT_CATEGORY(&d, movie, "Drama");
  EXPECT_CATEGORY(&d, movie, "School");
  EXPECT_EQ(d.category_offset[series], d.category_offset[series + 1]);
  EXPECT_ATTRIBUTE(&d, movie, "genre: drama");
  EXPECT_ATTRIBUTE(&d, movie, "type: movie");
  EXPECT_ATTRIBUTE(&d, movie, "episodes: 1");
  EXPECT_ATTRIBUTE(&d, series, "type: tv");
  EXPECT_EQ(d.attribute_offset[series + 1] - d.attribute_offset[series], 1);
  dataset_free(&d);
}

TEST(dataset_anime, says_so_where_every_row_is_unrated) {
  dataset_def def = anime(fixture_text("rating.csv", "user_id,anime_id,rating\n8,1,-1\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "1 unrated");
}

TEST(dataset_anime, refuses_a_missing_header_and_names_the_column) {
  dataset_def def = anime(fixture_text("rating.csv", "8,1,7\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "rating.csv:1: no column \"user_id\"");
}

TEST(dataset_anime, refuses_ratings_of_zero_and_words) {
  dataset_def def = anime(fixture_text("rating.csv", "user_id,anime_id,rating\n8,1,0\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "rating.csv:2: rating 0, expected 1 to 10");
  def = anime(fixture_text("rating.csv", "user_id,anime_id,rating\n8,1,good\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "rating.csv:2: rating \"good\", expected a number");
  def = anime(fixture_text("rating.csv", "user_id,anime_id,rating\n8,1,nan\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no interaction left of 2 lines: 1 unrated");
}

TEST(dataset_anime, matches_the_published_counts) {
  const char *ratings = fixture_real("anime/rating.csv.gz");
  const char *items = fixture_real("anime/anime.csv");
  if (!ratings || !items) SKIP("THRONG_DATA is unset or has no anime");
  dataset_def def = anime(ratings, items);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.lines, 520609 + 1);
  EXPECT_EQ(d.n_interaction, 419943);
  EXPECT_EQ(d.counts.unrated, 520609 - 419943);
  int64_t likes = 0;
  for (int64_t i = 0; i < d.n_interaction; i++) likes += d.like[i];
  EXPECT_NEAR((double)likes / (double)d.n_interaction, 0.61, 0.005);
  dataset_free(&d);
}
