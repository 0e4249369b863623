/// Joins by ids: what is counted, what is said, what would help.
#include <stdio.h>

#include "data/join.h"
#include "throng_test.h"

static string_table table(const char *const *id) {
  string_table t = {0};
  for (; *id; id++) EXPECT_OK(strings_append(&t, *id, strlen(*id)));
  return t;
}
#define TABLE(...) table((const char *const[]){__VA_ARGS__, NULL})

static const char *advice(string_table ours, string_table theirs) {
  static char text[512];
  EXPECT_OK(join_advice(&ours, NULL, &theirs, text, sizeof text));
  strings_free(&ours);
  strings_free(&theirs);
  return text;
}

TEST(join, every_way_of_writing_an_id_is_advised_on) {
  EXPECT_STREQ(advice(TABLE("1.0", "2.0"), TABLE("2", "1")),
               "\"1.0\" and \"1\" would match without \".0\"");
  EXPECT_STREQ(advice(TABLE("7"), TABLE("8.00", "7.00")),
               "\"7\" and \"7.00\" would match without \".0\"");
  EXPECT_STREQ(advice(TABLE("0012", "0034"), TABLE("12", "34")),
               "\"0012\" and \"12\" would match without leading zeros");
  EXPECT_STREQ(advice(TABLE(" b7", "c8 "), TABLE("b7", "c8")),
               "\" b7\" and \"b7\" would match without the spaces around them");
  EXPECT_STREQ(advice(TABLE("B00XA"), TABLE("b00xa")),
               "\"B00XA\" and \"b00xa\" would match if upper and lower case were written alike");
  EXPECT_STREQ(advice(TABLE("'b7'"), TABLE("b7")),
               "\"'b7'\" and \"b7\" would match without quotes");
  EXPECT_STREQ(advice(TABLE("tt114709", "tt113497"), TABLE("114709", "113497")),
               "\"tt114709\" and \"114709\" would match without what stands before the digits");
  EXPECT_STREQ(
      advice(TABLE("0-306-40615-2", "0-19-853453-1"), TABLE("0306406152")),
      "\"0-306-40615-2\" and \"0306406152\" would match by their letters and digits alone");
  EXPECT_CONTAINS(advice(TABLE(" \"0012.0\" "), TABLE("12")), "would match without spaces, quotes");
  EXPECT_CONTAINS(advice(TABLE("tt0114709"), TABLE("114709")), "would match by their digits alone");
}

TEST(join, ids_that_are_of_another_kind_get_no_advice) {
  EXPECT_STREQ(advice(TABLE("a", "b"), TABLE("c", "d")), "");
  EXPECT_STREQ(advice(TABLE("1.5", "x.y"), TABLE("1", "x")), "");
  EXPECT_STREQ(advice(TABLE("", " "), TABLE("", "\xC2\xA0")), "");
  // One of many shares its digits by accident.
  EXPECT_STREQ(advice(TABLE("a1", "a2", "a3", "a4", "a5"), TABLE("b1", "b6", "b7", "b8", "b9")),
               "");
}

TEST(join, an_id_written_otherwise_is_found_in_a_table) {
  string_table ids = TABLE("i1", "12", "XY");
  int64_t found;
  const char *difference;
  ASSERT_OK(join_find_alike(&ids, "012.0", &found, &difference));
  EXPECT_EQ(found, 1);
  ASSERT_OK(join_find_alike(&ids, "xy", &found, &difference));
  EXPECT_EQ(found, 2);
  EXPECT_CONTAINS(difference, "upper and lower case");
  ASSERT_OK(join_find_alike(&ids, "zz", &found, &difference));
  EXPECT_EQ(found, -1);
  strings_free(&ids);
}

static char notes[1024];
static void note(void *context, const char *text) {
  (void)context;
  snprintf(notes, sizeof notes, "%s", text);
}

static throng_status check(const char *found_of_four, bool sparse, join_count *count) {
  string_table ours = TABLE("1", "2", "3", "4"), theirs = TABLE("1.0", "2.0", "3.0", "4.0");
  uint8_t found[4];
  for (int k = 0; k < 4; k++) found[k] = found_of_four[k] == '1';
  join_def def = {.key = "dataset.items",
                  .file = "m.csv",
                  .what = "items of",
                  .of = "r.csv",
                  .ours = &ours,
                  .found = found,
                  .theirs = &theirs,
                  .sparse = sparse};
  notes[0] = '\0';
  throng_status status = join_check(&def, &(throng_progress){.note = note}, count);
  strings_free(&ours);
  strings_free(&theirs);
  return status;
}

TEST(join, little_is_a_warning_and_nothing_an_error_that_says_how_to_go_on) {
  join_count count;
  ASSERT_OK(check("1111", false, &count));
  EXPECT_STREQ(notes, "4 of 4 items of r.csv are in m.csv");
  EXPECT_EQ(count.found, 4);
  EXPECT_EQ(count.total, 4);
  ASSERT_OK(check("0101", false, &count));
  EXPECT_STREQ(notes, "2 of 4 items of r.csv are in m.csv");
  ASSERT_OK(check("0100", false, &count));
  EXPECT_STREQ(notes,
               "warning: 1 of 4 items of r.csv are in m.csv: \"1\" and \"1.0\" would match without "
               "\".0\"");
  EXPECT_EQ(check("0000", false, &count), THRONG_ERROR_DATA);
  EXPECT_STREQ(throng_error_message(),
               "dataset.items: 0 of 4 items of r.csv are in m.csv: \"1\" and \"1.0\" would match "
               "without \".0\"; write the ids of one file as in the other, or leave dataset.items "
               "out");
}

TEST(join, a_file_that_knows_few_by_its_nature_gives_no_warning_but_must_know_one) {
  join_count count;
  ASSERT_OK(check("0100", true, &count));
  EXPECT_STREQ(notes, "1 of 4 items of r.csv are in m.csv");
  EXPECT_EQ(check("0000", true, &count), THRONG_ERROR_DATA);
}
