/// Tests of rows without ratings: every one a like, dislikes sampled where they are asked for.
#include <math.h>

#include "data/sampled_dislikes.h"
#include "dataset_fixture.h"
#include "support/noted_rows.h"

TEST(dataset_implicit, without_a_column_of_ratings_every_row_is_a_like) {
  dataset_def def = csv_text("user,item,time\nu,i,1500457815\nv,i,1500457816\n");
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_TRUE(d.implicit);
  EXPECT_EQ(d.like[0] + d.like[1], 2);
  EXPECT_CONTAINS(notes, "no column of ratings (dataset.rating implicit); every row is a like");
  dataset_free(&d);
  def.rating_kind = DATASET_RATING_EXPLICIT;
  EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, "no column \"rating\" (dataset.columns.rating)");
}

TEST(dataset_implicit, a_column_that_may_hold_ratings_is_asked_about) {
  static const char *const name[] = {"stars", "Score",         "label",
                                     "ratng", "review_rating", "overall"};
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    char text[100], expected[200];
    snprintf(text, sizeof text, "user,item,%s\nu,i,1\n", name[i]);
    snprintf(expected, sizeof expected, "no column \"rating\", but \"%s\" may be it", name[i]);
    dataset_def def = csv_text(text);
    EXPECT_READ_FAILS(def, THRONG_ERROR_DATA, expected);
    def.rating_kind = DATASET_RATING_IMPLICIT;
    dataset d;
    ASSERT_OK(dataset_read(&def, NULL, &d));
    EXPECT_EQ(d.like[0], 1);
    dataset_free(&d);
  }
}

TEST(dataset_implicit, implicit_makes_likes_of_every_format_s_rows) {
  dataset d;
  dataset_def def = dataset_default_def();
  def.rating_kind = DATASET_RATING_IMPLICIT;
  def.format = DATASET_ANIME;  // "watched, not rated" counts
  def.ratings = fixture_text("r.csv", "user_id,anime_id,rating\n1,2,-1\n1,3,2\n");
  def.items = fixture_text("a.csv", "anime_id,name,genre,type,episodes\n2,x,y,z,1\n3,x,y,z,1\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_interaction, 2);
  EXPECT_EQ(d.like[0] + d.like[1], 2);
  dataset_free(&d);
  def.format = DATASET_MOVIELENS;
  def.ratings = fixture_text("r.csv", "userId,movieId\n1,2\n1,3\n");
  def.items = NULL;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.like[0] + d.like[1], 2);
  dataset_free(&d);
  def.format = DATASET_RECBOLE;
  def.interactions = fixture_text("a.inter", "user_id:token\titem_id:token\n1\t2\n1\t3\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.like[0] + d.like[1], 2);
  dataset_free(&d);
  def.format = DATASET_AMAZON;
  def.reviews = fixture_text(
      "r.json", "{\"user_id\":\"A\",\"parent_asin\":\"B\",\"timestamp\":1400000000000}\n");
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.like[0], 1);
  dataset_free(&d);
}

TEST(dataset_implicit, recboles_label_is_a_rating_where_it_is_named) {
  dataset_def def = dataset_default_def();
  def.format = DATASET_RECBOLE;
  def.interactions = fixture_text(
      "a.inter", "user_id:token\titem_id:token\tlabel:float\n1\t2\t1\n1\t3\t0\n2\t3\t1\n");
  def.column_rating = "label";
  def.like_threshold = 1;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.like[0] + d.like[1] + d.like[2], 2);
  dataset_free(&d);
}

/// 40 users who like 5 of 30 items each, in file order.
static dataset_def implicit_rows(void) {
  char text[8000] = "user,item\n";
  for (int u = 0; u < 40; u++)
    for (int k = 0; k < 5; k++)
      snprintf(text + strlen(text), 20, "u%d,i%d\n", u, (u * 7 + k * 11) % 30);
  return csv_text(text);
}

TEST(dataset_implicit, sampled_dislikes_are_unseen_once_each_and_repeat_with_the_seed) {
  dataset_def def = implicit_rows();
  def.negatives = 2;
  dataset d, same, other;
  ASSERT_OK(read_noted(&def, &d));
  ASSERT_OK(dataset_read(&def, NULL, &same));
  def.negatives_seed = 2;
  ASSERT_OK(dataset_read(&def, NULL, &other));
  EXPECT_EQ(d.counts.negatives, 400);
  EXPECT_EQ(d.n_interaction, 600);
  EXPECT_CONTAINS(notes, "400 unseen items put in as dislikes, 2 a like");
  EXPECT_EQ(memcmp(d.item, same.item, 600 * sizeof *d.item), 0);
  EXPECT_TRUE(memcmp(d.item, other.item, 600 * sizeof *d.item) != 0);
  int last_disliked = 0;
  for (int64_t u = 0; u < d.n_user; u++) {
    int met[30] = {0}, likes = 0;
    for (int64_t i = d.user_offset[u]; i < d.user_offset[u + 1]; i++) {
      EXPECT_EQ(met[d.item[i]]++, 0);
      likes += d.like[i];
      EXPECT_EQ(d.time[i], i);
    }
    EXPECT_EQ(d.user_offset[u + 1] - d.user_offset[u], 15);
    EXPECT_EQ(likes, 5);
    last_disliked += !d.like[d.user_offset[u + 1] - 1];
  }
  // Two of three rows are dislikes, wherever they stand: a held-out row may be either.
  EXPECT_GT(last_disliked, 15);
  EXPECT_LT(last_disliked, 38);
  dataset_free(&d);
  dataset_free(&same);
  dataset_free(&other);
}

TEST(dataset_implicit, who_knows_every_item_gets_no_sampled_dislike) {
  dataset_def def = csv_text("user,item,text\na,1,x\na,2,y\nb,1,z\n");
  def.negatives = 1;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.counts.negatives, 1);
  EXPECT_EQ(d.user_offset[1], 2);
  EXPECT_EQ(d.text.n, 4);
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "b", "2")), "");
  EXPECT_STREQ(strings_get(&d.text, fixture_row(&d, "b", "1")), "z");
  dataset_free(&d);
}

TEST(dataset_implicit, items_that_nobody_rated_are_never_drawn_as_dislikes) {
  dataset_def def = implicit_rows();
  char items[2000] = "item,title\n";
  for (int i = 0; i < 90; i++) snprintf(items + strlen(items), 20, "i%d,t\n", i);
  def.items = fixture_text("items.csv", items);
  def.cold_items = true;
  def.negatives = 3;
  dataset d;
  ASSERT_OK(dataset_read(&def, NULL, &d));
  EXPECT_EQ(d.n_item, 90);
  EXPECT_EQ(d.counts.cold_items, 60);
  EXPECT_EQ(d.counts.negatives, 600);
  EXPECT_EQ(d.counts.likes, 200);  // the report tells of the file's own rows
  EXPECT_EQ(d.counts.dislikes, 0);
  for (int64_t i = 0; i < d.n_interaction; i++) EXPECT_LT(d.item[i], 30);
  dataset_free(&d);
}

TEST(dataset_implicit, a_column_of_counts_is_not_passed_over_in_silence) {
  dataset_def def = csv_text("user,item,weight\nu,i,13883\nu,j,1\n");
  dataset d;
  ASSERT_OK(read_noted(&def, &d));
  EXPECT_TRUE(strstr(notes, "every row is a like"));
  EXPECT_TRUE(strstr(notes, "column \"weight\" is not used (dataset.columns.rating would name it"));
  dataset_free(&d);
}
