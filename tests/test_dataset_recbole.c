/// Tests of the reader of RecBole's atomic files.
#include "dataset_fixture.h"

static dataset_def recbole(const char *interactions, const char *items) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_RECBOLE;
  def.interactions = interactions;
  def.items = items;
  return def;
}

TEST(dataset_recbole, reads_typed_columns_and_sequences) {
  dataset_def def = recbole(fixture_data("recbole/tiny.inter"), fixture_data("recbole/tiny.item"));
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_user, 1);
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(d.counts.unrated, 1);
  EXPECT_EQ(d.time[0], 886397595);
  EXPECT_EQ(d.time[1], 886397596);
  int64_t story = fixture_find(&d.item_id, "i1"), heat = fixture_find(&d.item_id, "i2");
  EXPECT_STREQ(strings_get(&d.item_name, story), "Toy Story");
  EXPECT_STREQ(strings_get(&d.item_name, heat), "Heat \"uncut\"");
  EXPECT_CATEGORY(&d, story, "Animation");
  EXPECT_CATEGORY(&d, story, "Comedy");
  EXPECT_ATTRIBUTE(&d, story, "class: comedy");
  EXPECT_ATTRIBUTE(&d, story, "studio: pixar");
  EXPECT_ATTRIBUTE(&d, story, "decade: 1990s");
  EXPECT_ATTRIBUTE(&d, story, "price: 10 to 20");
  EXPECT_ATTRIBUTE(&d, heat, "decade: 1980s");
  EXPECT_EQ(d.attribute_offset[heat + 1] - d.attribute_offset[heat], 2);
  dataset_free(&d);
}

TEST(dataset_recbole, takes_texts_and_file_order_where_there_are_no_times) {
  dataset_def def =
      recbole(fixture_text("t.inter",
                           "user_id:token\tbusiness_id:token\tstars:float\treview:token_seq\n"
                           "u\tb\t5\tso very good\nu\ta\t1\tbad\n"),
              NULL);
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_FALSE(d.has_time);
  EXPECT_TRUE(d.has_text);
  EXPECT_STREQ(strings_get(&d.text, 0), "so very good");
  EXPECT_STREQ(strings_get(&d.text, 1), "bad");
  EXPECT_EQ(d.time[1], 1);
  dataset_free(&d);
}

TEST(dataset_recbole, refuses_untyped_and_missing_columns) {
  dataset_def def = recbole(fixture_text("t.inter", "user_id\titem_id:token\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "t.inter:1: column \"user_id\", expected name:type");
  def = recbole(fixture_text("t.inter", "user_id:token\titem_id:tokens\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "column \"item_id:tokens\", expected name:type");
  def = recbole(fixture_text("t.inter", "user_id:token\titem_id:token\tlabel:float\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "no column \"rating\", but \"label\" may be it: give dataset.columns.rating");
  def = recbole(fixture_text("t.inter", "user_id:token\titem_id:token\n"), NULL);
  def.rating_kind = DATASET_RATING_EXPLICIT;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA,
                    "no column \"rating\" (dataset.columns.rating), the header has: user_id");
  def =
      recbole(fixture_text("t.inter", "user_id:token\titem_id:token\trating:float\nu\ti\n"), NULL);
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "t.inter:2: 2 fields, expected 3 as in the header");
}
