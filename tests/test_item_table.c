/// Tables of items beside any format, items that nobody rated, tags.
#include <math.h>

#include "dataset_fixture.h"

static const char ratings[] =
    "user,item,rating,time\nu,1,5,10\nu,2,1,20\nv,1,4,30\nv,3,2,40\nv,2,3,50\n";

static dataset_def csv_with_items(const char *items) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = fixture_text("r.csv", ratings);
  def.items = fixture_text("items", items);
  return def;
}

static int64_t number_of(const dataset *d, const char *id) { return fixture_find(&d->item_id, id); }

TEST(item_table, usual_columns_are_found_and_described) {
  dataset_def def = csv_with_items(
      "Item_ID;Title;Genres;Description;year\n1;One;Drama|War;\"A first; "
      "text\";1999\n3;Three;War;;2001\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 3);
  int64_t one = number_of(&d, "1"), two = number_of(&d, "2"), three = number_of(&d, "3");
  EXPECT_STREQ(strings_get(&d.item_name, one), "One");
  EXPECT_STREQ(strings_get(&d.item_name, two), "");
  EXPECT_STREQ(strings_get(&d.facts, one), "One\nA first; text");
  EXPECT_CATEGORY(&d, one, "Drama");
  EXPECT_CATEGORY(&d, one, "War");
  EXPECT_CATEGORY(&d, three, "War");
  EXPECT_ATTRIBUTE(&d, one, "Genres: war");
  EXPECT_EQ(d.counts.n_join, 1);
  EXPECT_EQ(d.counts.join[0].found, 2);
  EXPECT_EQ(d.counts.join[0].total, 3);
  dataset_free(&d);
}

TEST(item_table, named_columns_are_taken_and_others_are_not) {
  dataset_def def = csv_with_items(
      "code\tlabel\tkind\tblurb\tmore\tyear\tmaker\tprice\n"
      "1\tOne\ta, b\tfirst\tmore of it\t1999\tAcme\t12.5\n2\tTwo\tc\t\t\t\t\t\n");
  def.items_item = "code";
  def.items_title = "label";
  def.items_categories = "kind";
  def.items_text = "blurb, more";
  def.items_attributes = "year,maker , price";
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.facts, number_of(&d, "1")), "One\nfirst\nmore of it");
  EXPECT_CATEGORY(&d, number_of(&d, "1"), "a");
  EXPECT_CATEGORY(&d, number_of(&d, "1"), "b");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "c");
  EXPECT_ATTRIBUTE(&d, number_of(&d, "1"), "decade: 1990s");
  EXPECT_ATTRIBUTE(&d, number_of(&d, "1"), "maker: acme");
  EXPECT_ATTRIBUTE(&d, number_of(&d, "1"), "price: 10 to 20");
  EXPECT_EQ(d.n_attribute, 6);
  dataset_free(&d);
}

TEST(item_table, categories_are_words_between_bars_or_a_literal_of_python_or_json) {
  dataset_def def = csv_with_items(
      "item,title,categories\n"
      "1,One,\"['Sci-Fi', \"\"B, C\"\"]\"\n"
      "2,Two,\"[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]\"\n"
      "3,Three,\"[\"\"x\"\", null, [\"\"y\"\"]]\"\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.odd_values, 0);
  EXPECT_EQ(d.n_category, 6);
  EXPECT_CATEGORY(&d, number_of(&d, "1"), "Sci-Fi");
  EXPECT_CATEGORY(&d, number_of(&d, "1"), "B, C");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "Animation");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "Comedy");
  EXPECT_CATEGORY(&d, number_of(&d, "3"), "x");
  EXPECT_CATEGORY(&d, number_of(&d, "3"), "y");
  dataset_free(&d);
}

TEST(item_table, a_list_that_is_cut_is_counted_and_left_out) {
  dataset_def def = csv_with_items("item,title,categories\n1,One,\"['a', \"\n2,Two,b;c\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.odd_values, 1);
  EXPECT_STREQ(strings_get(&d.item_name, number_of(&d, "1")), "One");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "c");
  EXPECT_EQ(d.n_category, 2);
  dataset_free(&d);
}

TEST(item_table, lines_of_json_are_a_table_too) {
  dataset_def def = csv_with_items(
      "{\"item_id\": 1, \"title\": \"One\", \"genres\": [\"a\", \"b\"], \"description\": [\"x\", "
      "\"y\"]}\n"
      "\n{\"item_id\": \"2\", \"title\": null, \"genres\": \"c|d\", \"stock\": 3}\n");
  def.items_attributes = "stock";
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.facts, number_of(&d, "1")), "One\nx\ny");
  EXPECT_CATEGORY(&d, number_of(&d, "1"), "b");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "d");
  EXPECT_ATTRIBUTE(&d, number_of(&d, "2"), "stock: 3");
  dataset_free(&d);
}

TEST(item_table, missing_columns_and_items_are_named) {
  dataset_def def = csv_with_items("item,title\n1,One\n");
  def.items_title = "name";
  EXPECT_READ_FAILS(
      def, THRONG_ERROR_DATA,
      "items:1: no column \"name\" (dataset.item_columns.title), the header has: item");
  def = csv_with_items("thing,title\n1,One\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no column \"item\" (dataset.item_columns.item)");
  def = csv_with_items("item,colour\n1,red\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no column of titles, categories or texts");
  def = csv_with_items("{\"title\": \"One\"}\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "items:1: no \"item\" (dataset.item_columns.item)");
  def = csv_with_items("item,title\n1.0,One\n2.0,Two\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "\"1\" and \"1.0\" would match without \".0\"");
}

TEST(item_table, a_table_beside_amazon_describes_what_the_metadata_leave_out) {
  dataset_def def = dataset_default_def();
  def.reviews = fixture_data("amazon_2023/ratings_Mugs.csv");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  char text[512];
  snprintf(text, sizeof text, "id,name,category\n%s,The Mug,Kitchen\n", strings_get(&d.item_id, 0));
  char id[64];
  snprintf(id, sizeof id, "%s", strings_get(&d.item_id, 0));
  dataset_free(&d);
  def.items = fixture_text("items", text);
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_STREQ(strings_get(&d.item_name, number_of(&d, id)), "The Mug");
  EXPECT_CATEGORY(&d, number_of(&d, id), "Kitchen");
  dataset_free(&d);
}

TEST(item_table, items_that_nobody_rated_come_last_where_they_are_kept) {
  dataset_def def =
      csv_with_items("item,title,genres\n9,Nine,War\n1,One,War\n,None,War\n8,Eight,Art\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 3);
  EXPECT_EQ(d.counts.cold_items, 0);
  dataset_free(&d);
  def.cold_items = true;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 5);
  EXPECT_EQ(d.counts.cold_items, 2);
  EXPECT_EQ(d.counts.join[0].total, 3);
  EXPECT_STREQ(strings_get(&d.item_id, 3), "9");
  EXPECT_STREQ(strings_get(&d.item_id, 4), "8");
  EXPECT_STREQ(strings_get(&d.item_name, 3), "Nine");
  EXPECT_CATEGORY(&d, 3, "War");
  EXPECT_CATEGORY(&d, 4, "Art");
  for (int64_t i = 0; i < d.n_interaction; i++) EXPECT_LT(d.item[i], 3);
  dataset_free(&d);
}

TEST(item_table, an_item_that_the_core_drops_is_not_one_that_nobody_rated) {
  dataset_def def = csv_with_items("item,title\n1,One\n2,Two\n3,Three\n7,Seven\n");
  def.k_core = 2;  // item 3 has one rating
  def.cold_items = true;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 3);
  EXPECT_EQ(number_of(&d, "3"), -1);
  EXPECT_EQ(number_of(&d, "7"), 2);
  dataset_free(&d);
}

TEST(item_table, cold_items_without_a_file_of_items_are_refused) {
  dataset_def def = csv_with_items("");
  def.items = NULL;
  def.cold_items = true;
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG, "dataset.cold_items: true without a file of items");
}

TEST(item_table, columns_without_a_table_are_refused) {
  dataset_def def = csv_with_items("");
  def.items = NULL;
  def.items_title = "title";
  EXPECT_READ_FAILS(def, THRONG_ERROR_CONFIG,
                    "dataset.item_columns are given without dataset.items");
}

TEST(item_table, the_file_of_interactions_may_be_the_table_of_items_too) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = def.items = fixture_text(
      "r.csv", "user,item,rating,title,genre\nu,1,5,One,War\nv,1,4,One,War\nv,2,1,Two,Art|War\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 3);
  EXPECT_STREQ(strings_get(&d.item_name, number_of(&d, "2")), "Two");
  EXPECT_CATEGORY(&d, number_of(&d, "2"), "Art");
  EXPECT_EQ(d.counts.join[0].found, 2);
  dataset_free(&d);
}

TEST(item_table, cold_items_are_kept_of_every_formats_own_file) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_MOVIELENS;
  def.ratings = fixture_data("movielens_latest/ratings.csv");
  def.items = fixture_text("movies.csv",
                           "movieId,title,genres\n1,Toy Story (1995),Comedy\n5,New (2025),War\n");
  def.cold_items = true;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 3);
  EXPECT_STREQ(strings_get(&d.item_name, 2), "New (2025)");
  EXPECT_ATTRIBUTE(&d, 2, "decade: 2020s");
  dataset_free(&d);
  def = dataset_default_def();
  def.format = DATASET_YELP;
  def.reviews = fixture_data("yelp/yelp_academic_dataset_review.json");
  def.businesses = fixture_text("b.json",
                                "{\"business_id\": \"mpf3x-BjTdTEA3yCZrAYPw\", \"state\": \"MO\"}\n"
                                "{\"business_id\": \"new\", \"state\": \"MO\", \"name\": \"N\"}\n"
                                "{\"business_id\": \"far\", \"state\": \"AZ\"}\n");
  def.state = "MO";
  def.cold_items = true;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 2);
  EXPECT_STREQ(strings_get(&d.item_id, 1), "new");
  dataset_free(&d);
}

TEST(item_table, tags_are_attributes_of_the_items_that_have_some) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_MOVIELENS;
  def.ratings = fixture_data("movielens_latest/ratings.csv");
  def.items = fixture_data("movielens_latest/movies.csv");
  def.tags = fixture_text("tags.csv",
                          "userId,movieId,tag,timestamp\n2,1,Pixar,1\n3,1,\"fun, bright\",2\n"
                          "3,1,pixar,3\n2,77,lost,4\n");
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  int64_t toy = number_of(&d, "1");
  EXPECT_ATTRIBUTE(&d, toy, "tag: pixar");
  EXPECT_ATTRIBUTE(&d, toy, "tag: fun, bright");
  EXPECT_ATTRIBUTE(&d, toy, "genre: comedy");
  EXPECT_STREQ(strings_get(&d.item_name, toy), "Toy Story (1995)");
  EXPECT_EQ(fixture_find(&d.attribute_name, "tag: lost"), -1);
  EXPECT_EQ(d.counts.n_join, 2);
  EXPECT_EQ(d.counts.join[1].found, 1);
  dataset_free(&d);
  def.tags = fixture_text("tags.dat", "2::1::a::b::7\n2::3::Caf\xE9::8\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_ATTRIBUTE(&d, number_of(&d, "1"), "tag: a::b");
  EXPECT_ATTRIBUTE(&d, number_of(&d, "3"), "tag: caf\xC3\xA9");
  dataset_free(&d);
  def.tags = fixture_text("tags.csv", "userId,movieId,tag\n2,55,x\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "dataset.tags: 0 of 2 items");
  def.tags = fixture_text("tags.dat", "2::1::a\n");
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "tags.dat:1: expected user::movie::tag::timestamp");
}
