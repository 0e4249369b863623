/// Provider file: taken as it is, and strict about what it is.
#include <stdio.h>

#include "keyword_fixture.h"
#include "prepare/providers.h"
#include "text/keywords_file.h"

static const fixture_item items[] = {
    {"a", "rock,pop", ""}, {"b", "pop", ""}, {"c", "", ""}, {"d", "folk", ""}};
static const fixture_row rows[] = {{0, 0, 1, NULL}, {0, 1, 0, NULL}};

static throng_status read_text(const char *text, keyword_sets *out) {
  dataset d = fixture_dataset(items, 4, rows, 2);
  *out = (keyword_sets){0};
  char path[512];
  snprintf(path, sizeof path, "%s/k.jsonl", throng_test_folder());
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
  line_reader *lines;
  throng_status status = line_reader_open(path, "keywords.file", "read", NULL, &lines);
  if (status == THRONG_OK) status = keywords_read(lines, &d, NULL, out);
  line_reader_close(lines);
  fixture_free(&d);
  return status;
}

static void expect_error(const char *text, const char *part) {
  keyword_sets sets;
  EXPECT_EQ(read_text(text, &sets), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), part);
  keyword_sets_free(&sets);
}

TEST(keywords_file, lists_are_taken_as_they_are) {
  keyword_sets sets;
  ASSERT_OK(
      read_text("{\"item\":\"a\",\"categories\":[\"jazz\"],\"pros\":[\"warm\",\"deep\","
                "\"warm\"],\"cons\":[]}\n\n"
                "{\"item\":\"b\",\"categories\":[],\"pros\":[],\"cons\":[\"deep\"]}",
                &sets));
  EXPECT_EQ(sets.keyword.n, 2);
  EXPECT_EQ(sets.pos_offset[1], 2);
  EXPECT_TRUE(fixture_has(&sets, true, 0, "warm"));
  EXPECT_TRUE(fixture_has(&sets, false, 1, "deep"));
  EXPECT_FALSE(fixture_has(&sets, true, 1, "deep"));
  EXPECT_EQ(sets.items_without, 2);
  keyword_sets_free(&sets);
}

TEST(keywords_file, categories_fall_back_to_those_of_the_dataset) {
  keyword_sets sets;
  ASSERT_OK(
      read_text("{\"item\":\"a\",\"categories\":[\"jazz\"],\"pros\":[],\"cons\":[]}\n"
                "{\"item\":\"b\",\"pros\":[],\"cons\":[]}\n",
                &sets));
  EXPECT_EQ(sets.category.n, 3);
  EXPECT_STREQ(strings_get(&sets.category, sets.category_id[0]), "jazz");
  EXPECT_STREQ(strings_get(&sets.category, sets.category_id[sets.category_offset[1]]), "pop");
  EXPECT_EQ(sets.category_offset[2], sets.category_offset[3]);
  EXPECT_STREQ(strings_get(&sets.category, sets.category_id[sets.category_offset[3]]), "folk");
  keyword_sets_free(&sets);
}

typedef struct notes {
  char text[1024];
} notes;
static void keep_note(void *context, const char *text) {
  notes *n = context;
  strncat(n->text, text, sizeof n->text - strlen(n->text) - 1);
}

TEST(keywords_file, items_without_keywords_and_unknown_items_are_counted) {
  dataset d = fixture_dataset(items, 4, rows, 2);
  char path[512];
  snprintf(path, sizeof path, "%s/k.jsonl", throng_test_folder());
  FILE *file = fopen(path, "w");
  fputs(
      "{\"item\":\"nobody\",\"pros\":[\"x\"],\"cons\":[]}\n"
      "{\"item\":\"a\",\"pros\":[\"x\"],\"cons\":[]}\n",
      file);
  fclose(file);
  keywords_def def = keywords_default_def();
  def.provider = KEYWORDS_FILE;
  def.file = path;
  notes heard = {0};
  throng_progress progress = {.note = keep_note, .context = &heard};
  keyword_sets sets;
  ASSERT_OK(keywords_extract(&def, NULL, &d, &progress, &sets, NULL));
  EXPECT_EQ(sets.items_without, 3);
  EXPECT_CONTAINS(heard.text, "1 lines of items that the data set does not have");
  EXPECT_CONTAINS(heard.text, "3 of 4 items have no keyword");
  keyword_sets_free(&sets);
  fixture_free(&d);
}

TEST(keywords_file, a_misspelt_key_names_the_nearest) {
  expect_error("{\"item\":\"a\",\"pros\":[],\"cons\":[]}\n{\"item\":\"b\",\"proz\":[],\"cons\":[]}",
               "k.jsonl:2: key \"proz\" is unknown; did you mean \"pros\"?");
}
TEST(keywords_file, a_missing_key_is_named) {
  expect_error("{\"item\":\"a\",\"pros\":[]}", "k.jsonl:1: key \"cons\" is missing");
  expect_error("{\"pros\":[],\"cons\":[]}", "key \"item\" is missing");
}
TEST(keywords_file, a_wrong_type_is_named) {
  expect_error("{\"item\":7.5,\"pros\":[],\"cons\":[]}", "\"item\" is no text");
  expect_error("{\"item\":\"a\",\"pros\":\"x\",\"cons\":[]}", "\"pros\" is no list");
  expect_error("{\"item\":\"a\",\"pros\":[\"x\",3],\"cons\":[]}", "entry 2 of \"pros\" is no text");
  expect_error("[1]", "no JSON object");
}
TEST(keywords_file, wrong_types_are_errors_for_unknown_items_too) {
  expect_error("{\"item\":\"nobody\",\"pros\":[3],\"cons\":[]}", "entry 1 of \"pros\"");
}
TEST(keywords_file, empty_texts_and_control_characters_are_refused) {
  expect_error("{\"item\":\"a\",\"pros\":[\" \"],\"cons\":[]}", "empty text");
  expect_error("{\"item\":\"a\",\"pros\":[\"x\\ny\"],\"cons\":[]}", "control character");
}
TEST(keywords_file, an_item_named_twice_is_refused) {
  expect_error("{\"item\":\"a\",\"pros\":[],\"cons\":[]}\n{\"item\":\"a\",\"pros\":[],\"cons\":[]}",
               "k.jsonl:2: item \"a\" stood already on line 1");
}
TEST(keywords_file, a_truncated_line_is_an_error_with_its_line) {
  expect_error("{\"item\":\"a\",\"pros\":[],\"cons\":[]}\n{\"item\":\"b\",\"pros\":[", "k.jsonl:2");
}
TEST(keywords_file, a_missing_file_is_named) {
  dataset d = fixture_dataset(items, 4, rows, 2);
  keywords_def def = keywords_default_def();
  keyword_sets sets;
  def.provider = KEYWORDS_FILE;
  EXPECT_EQ(keywords_extract(&def, NULL, &d, NULL, &sets, NULL), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "keywords.file");
  def.file = "/nowhere/k.jsonl";
  EXPECT_EQ(keywords_extract(&def, NULL, &d, NULL, &sets, NULL), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nowhere/k.jsonl");
  fixture_free(&d);
}

TEST(keywords_file, an_id_may_be_a_whole_number) {
  expect_error("{\"item\":7,\"pros\":[],\"cons\":[]}\n", "ids there look like \"7\"");
}
