/// What `throng prepare` reports of raw files, to people and to programs, and where it stops.
#include "cli_driver.h"

/// 12 users, 8 items; user 0 rates item 0 three times.
static void write_ratings(const char *name, const char *item_format) {
  FILE *file = fopen(in_folder(name), "w");
  ASSERT_TRUE(file != NULL);
  fputs("user,item,rating,time\n", file);
  for (int u = 0; u < 12; u++)
    for (int k = 0; k < 6; k++) {
      char item[32];
      int i = (u + k) % 8;
      snprintf(item, sizeof item, item_format, i);
      fprintf(file, "u%d,%s,%d,%d\n", u, item, 1 + (i * 3 + u) % 5, 100 * u + k);
      if (u + k == 0) fprintf(file, "u0,%s,5,50\nu0,%s,3,51\n", item, item);
    }
  fclose(file);
}

static void write_items(void) {
  FILE *file = fopen(in_folder("m.csv"), "w");
  ASSERT_TRUE(file != NULL);
  fputs("item,title,genre\n", file);
  for (int i = 0; i < 8; i++) fprintf(file, "%d,Item %d,%s\n", i, i, i % 2 ? "War" : "Art");
  fputs("90,New,Art\n91,Newer,War\n", file);
  fclose(file);
}

#define SETTINGS                                                                      \
  "--set dataset.format=csv --set dataset.file=r.csv --set dataset.like_threshold=4 " \
  "--set dataset.items=m.csv "

TEST(cli_prepare, the_report_has_histogram_likes_joins_and_what_was_dropped) {
  write_ratings("r.csv", "%d");
  write_items();
  write_file("c.json", "{}");
  ASSERT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS
                   "--set dataset.cold_items=true --set dataset.repeated=mean"),
            0);
  EXPECT_CONTAINS(last.out, "repeated ratings                    2  their mean counts");
  EXPECT_CONTAINS(last.out, "items never rated kept              2");
  EXPECT_CONTAINS(last.out, "8 of 8 in m.csv");
  EXPECT_CONTAINS(last.out, "% reach 4 and are likes");
  EXPECT_CONTAINS(last.out, "2 never rated");
  EXPECT_CONTAINS(last.err, "8 of 8 items of r.csv are in m.csv");
  ASSERT_EQ(throng("prepare c.json -o w.safetensors -q --json " SETTINGS
                   "--set dataset.cold_items=true --set dataset.repeated=last"),
            0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  EXPECT_EQ(number_at(document, "read", "duplicates"), 2);
  EXPECT_EQ(number_at(document, "read", "cold_items"), 2);
  EXPECT_EQ(number_at(document, "ratings", "kept"), 72);
  double likes = number_at(document, "ratings", "likes");
  EXPECT_NEAR(number_at(document, "ratings", "like_share"), likes / 72, 1e-12);
  const cJSON *ratings = cJSON_GetObjectItemCaseSensitive(document, "ratings");
  const cJSON *bins = cJSON_GetObjectItemCaseSensitive(ratings, "histogram"), *bin;
  double sum = 0, liked = 0;
  cJSON_ArrayForEach(bin, bins) {
    double from = cJSON_GetObjectItemCaseSensitive(bin, "from")->valuedouble;
    double count = cJSON_GetObjectItemCaseSensitive(bin, "count")->valuedouble;
    sum += count;
    if (from >= 4) liked += count;
  }
  EXPECT_EQ(cJSON_GetArraySize(bins), 5);
  EXPECT_EQ(sum, 72);
  EXPECT_EQ(liked, likes);
  const cJSON *join = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "joins"), 0);
  EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(join, "found")->valuedouble, 8);
  EXPECT_STREQ(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(join, "file")), "m.csv");
  cJSON_Delete(document);
}

TEST(cli_prepare, bad_rows_are_told_by_cause_with_the_first) {
  write_ratings("r.csv", "%d");
  write_items();
  FILE *file = fopen(in_folder("r.csv"), "a");
  ASSERT_TRUE(file != NULL);
  fputs("u1,2,many,3\nu1,2,4,never\nu1\n,2,3,4\n", file);
  fclose(file);
  write_file("c.json", "{}");
  EXPECT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS), 1);
  EXPECT_CONTAINS(last.err, "r.csv:76: rating \"many\"");
  ASSERT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS "--set dataset.max_bad_rows=4"), 0);
  EXPECT_CONTAINS(last.out, "without a true rating");
  EXPECT_CONTAINS(last.out, "the first of them: r.csv:76: rating \"many\"");
  ASSERT_EQ(
      throng("prepare c.json -q --json -o w.safetensors " SETTINGS "--set dataset.max_bad_rows=4"),
      0);
  cJSON *document = cJSON_Parse(last.out);
  const cJSON *read = cJSON_GetObjectItemCaseSensitive(document, "read");
  static const char *const cause[] = {"malformed", "no_id", "no_rating", "no_time"};
  for (int k = 0; k < 4; k++) EXPECT_EQ(number_at(read, "bad_rows", cause[k]), 1);
  cJSON_Delete(document);
}

TEST(cli_prepare, many_values_of_ratings_are_shown_by_widths) {
  FILE *file = fopen(in_folder("r.csv"), "w");
  ASSERT_TRUE(file != NULL);
  fputs("user,item,rating\n", file);
  for (int u = 0; u < 10; u++)
    for (int k = 0; k < 10; k++) fprintf(file, "u%d,%d,%d\n", u, k, k * 10 + u);
  fclose(file);
  write_file("c.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\", "
             "\"like_threshold\": 50}}");
  ASSERT_EQ(throng("prepare c.json -o w.safetensors -q --json"), 0);
  cJSON *document = cJSON_Parse(last.out);
  ASSERT_TRUE(document != NULL);
  const cJSON *ratings = cJSON_GetObjectItemCaseSensitive(document, "ratings");
  const cJSON *bins = cJSON_GetObjectItemCaseSensitive(ratings, "histogram"), *bin;
  EXPECT_EQ(cJSON_GetArraySize(bins), 20);
  double sum = 0;
  cJSON_ArrayForEach(bin, bins) sum += cJSON_GetObjectItemCaseSensitive(bin, "count")->valuedouble;
  EXPECT_EQ(sum, 100);
  EXPECT_EQ(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(bins, 19), "to")->valuedouble, 99);
  EXPECT_EQ(number_at(document, "ratings", "like_share"), 0.5);
  cJSON_Delete(document);
}

TEST(cli_prepare, a_table_whose_ids_are_written_otherwise_stops_with_counts_and_leaves_no_world) {
  write_ratings("r.csv", "%d.0");
  write_items();
  write_file("c.json", "{}");
  EXPECT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS), 1);
  EXPECT_CONTAINS(last.err, "dataset.items: 0 of 8 items of r.csv are in m.csv");
  EXPECT_CONTAINS(last.err, "would match without \".0\"");
  EXPECT_TRUE(!exists("w.safetensors"));
}

TEST(cli_prepare, keywords_of_other_items_stop_it_and_of_few_items_warn) {
  write_ratings("r.csv", "%d");
  write_items();
  write_file("c.json", "{\"keywords\": {\"provider\": \"file\", \"file\": \"k.jsonl\"}}");
  write_file("k.jsonl",
             "{\"item\": \"07\", \"pros\": [\"a\"], \"cons\": [\"b\"]}\n"
             "{\"item\": \"06\", \"pros\": [\"a\"], \"cons\": []}\n");
  EXPECT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS), 1);
  EXPECT_CONTAINS(last.err, "keywords.file: 0 of 8 items of the data set are in k.jsonl");
  EXPECT_CONTAINS(last.err, "would match without leading zeros");
  write_file("k.jsonl",
             "{\"item\": \"7\", \"pros\": [\"a\"], \"cons\": [\"b\"]}\n"
             "{\"item\": \"06\", \"pros\": [\"a\"], \"cons\": []}\n");
  EXPECT_EQ(throng("prepare c.json -o w.safetensors " SETTINGS), 0);
  EXPECT_CONTAINS(last.err, "warning: 1 of 8 items of the data set are in k.jsonl");
}

TEST(cli_prepare, pairs_of_other_ids_say_what_would_match_and_how_many_do) {
  write_ratings("r.csv", "%d");
  write_items();
  write_file("c.json", "{}");
  ASSERT_EQ(throng("prepare c.json -q -o w.safetensors " SETTINGS), 0);
  write_file("p.csv", "user,item\nu0,7\nu0,5.0\nu1,3\nU2,4\n");
  EXPECT_EQ(throng("votes w.safetensors --pairs p.csv"), 1);
  EXPECT_CONTAINS(
      last.err,
      "p.csv:3: no item '5.0' in this world; did you mean '5'? It would match without \".0\"");
  EXPECT_CONTAINS(last.err, "user and item of 2 of 4 pairs are in this world");
}

TEST(cli_prepare, reviews_in_chinese_and_japanese_give_words) {
  static const char *const review[2][2] = {{"音乐清晰精彩，推荐给大家", "音乐沉闷刺耳，推荐给大家"},
                                           {"美しい楽しい音楽です", "退屈なひどい音楽です"}};
  static const char *const word[2] = {"沉闷", "退屈"};
  write_file("c.json",
             "{\"dataset\": {\"format\": \"csv\", \"file\": \"r.csv\"}, "
             "\"keywords\": {\"max_share\": 1}}");
  for (int language = 0; language < 2; language++) {
    FILE *file = fopen(in_folder("r.csv"), "w");
    ASSERT_TRUE(file != NULL);
    fputs("user,item,rating,text\n", file);
    for (int u = 0; u < 12; u++)
      for (int k = 0; k < 6; k++)
        fprintf(file, "u%d,i%d,%d,%s\n", u, (u + k) % 8, (u + k) % 2 ? 5 : 1,
                review[language][(u + k) % 2 ? 0 : 1]);
    fclose(file);
    ASSERT_EQ(throng("prepare c.json -q -o w.safetensors"), 0);
    ASSERT_EQ(throng("explain w.safetensors -q --user u0 --item i0"), 0);
    EXPECT_CONTAINS(last.out, word[language]);
    EXPECT_CONTAINS(last.out, "the item's disliking keywords: ");
  }
}
