/// JSON is read strictly, and an error says where it is.
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "throng_test.h"

static throng_status parse(const char *text, int flags, cJSON **out) {
  return json_parse("f.json", 1, text, strlen(text), flags, out);
}

TEST(json, a_document_is_read_with_its_values) {
  cJSON *root;
  int64_t whole;
  ASSERT_OK(parse(" {\"a\": [1, -2.5e1, true, null], \"b\": {\"c\": \"\\u00fc\\ud83d\\ude00\"}} ",
                  JSON_STRICT, &root));
  const cJSON *a = cJSON_GetObjectItemCaseSensitive(root, "a");
  EXPECT_EQ(cJSON_GetArraySize(a), 4);
  EXPECT_NEAR(cJSON_GetArrayItem(a, 1)->valuedouble, -25.0, 0.0);
  EXPECT_TRUE(json_integer(a->child, &whole));
  EXPECT_EQ(whole, 1);
  EXPECT_STREQ(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "b"), "c")
                   ->valuestring,
               "\xc3\xbc\xf0\x9f\x98\x80");
  cJSON_Delete(root);
}

TEST(json, every_malformed_text_is_refused_with_its_line_and_column) {
  static const struct {
    const char *text, *place, *cause;
  } cases[] = {
      {"", "f.json:1:1", "value is expected"},
      {"{\"a\": 1} x", "f.json:1:10", "after the end"},
      {"{\n  \"a\": 1,\n}", "f.json:3:1", "expected a key"},
      {"[1, 2", "f.json:1:6", "expected ',' or ']'"},
      {"[1 2]", "f.json:1:4", "expected ',' or ']'"},
      {"{\"a\" 1}", "f.json:1:6", "':'"},
      {"{a: 1}", "f.json:1:2", "expected a key in double quotes"},
      {"['a']", "f.json:1:2", "expected a value"},
      {"[01]", "f.json:1:2", "leading zero"},
      {"[1.]", "f.json:1:2", "after its point"},
      {"[+1]", "f.json:1:2", "expected a value"},
      {"[1e]", "f.json:1:2", "exponent"},
      {"[1e999]", "f.json:1:2", "out of range"},
      {"[NaN]", "f.json:1:2", "expected a value"},
      {"[nul]", "f.json:1:2", "expected a value"},
      {"[\"a]", "f.json:1:2", "closing quote"},
      {"[\"a\n\"]", "f.json:1:4", "closing quote"},
      {"[\"\t\"]", "f.json:1:3", "control character"},
      {"[\"\\x\"]", "f.json:1:3", "unknown escape"},
      {"[\"\\u0000\"]", "f.json:1:3", "\\u0000"},
      {"[\"\\ud800\"]", "f.json:1:3", "lone surrogate"},
      {"[\"\\udc00\"]", "f.json:1:3", "lone surrogate"},
      {"[\"\\u12g4\"]", "f.json:1:3", "hexadecimal"},
      {"\n[\"\xff\"]", "f.json:2:3", "invalid UTF-8"},
      {"[\"\xc0\x80\"]", "f.json:1:3", "invalid UTF-8"},
      {"[\"\xed\xa0\x80\"]", "f.json:1:3", "invalid UTF-8"},
      {"{\"a\": 1, \"b\": 2, \"a\": 3}", "f.json:1:", "'a' stands twice"},
      {"[{\"x\": {\"k\": 1, \"k\": 2}}]", "f.json:1:", "'k' stands twice"},
      {"// c\n1", "f.json:1:1", "expected a value"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    cJSON *root;
    EXPECT_EQ(parse(cases[i].text, JSON_STRICT, &root), THRONG_ERROR_DATA);
    EXPECT_TRUE(root == NULL);
    EXPECT_CONTAINS(throng_error_message(), cases[i].place);
    EXPECT_CONTAINS(throng_error_message(), cases[i].cause);
  }
}

TEST(json, keys_that_differ_in_case_are_different_keys) {
  cJSON *root;
  ASSERT_OK(parse("{\"a\": 1, \"A\": 2}", JSON_STRICT, &root));
  cJSON_Delete(root);
}

TEST(json, a_byte_order_mark_is_skipped_even_before_a_single_character) {
  cJSON *root;
  ASSERT_OK(
      parse("\xef\xbb\xbf"
            "1",
            JSON_STRICT, &root));
  EXPECT_EQ(root->valueint, 1);
  cJSON_Delete(root);
  EXPECT_EQ(parse("\xef\xbb\xbf", JSON_STRICT, &root), THRONG_ERROR_DATA);
}

TEST(json, comments_are_space_where_asked_for_and_keep_lines_and_columns) {
  cJSON *root;
  ASSERT_OK(parse("{ // one\n \"a\": /* two\n */ \"//no\" }", JSON_COMMENTS, &root));
  EXPECT_STREQ(root->child->valuestring, "//no");
  cJSON_Delete(root);
  EXPECT_EQ(parse("{ /* a\n b */ x }", JSON_COMMENTS, &root), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "f.json:2:7");
  EXPECT_EQ(parse("{} /* a", JSON_COMMENTS, &root), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "f.json:1:4: comment without its end");
}

TEST(json, nesting_deeper_than_the_limit_is_refused) {
  char text[2 * JSON_MAX_DEPTH + 3];
  cJSON *root;
  memset(text, '[', JSON_MAX_DEPTH);
  memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
  text[2 * JSON_MAX_DEPTH] = '\0';
  ASSERT_OK(parse(text, JSON_STRICT, &root));
  cJSON_Delete(root);
  memset(text, '[', JSON_MAX_DEPTH + 1);
  memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
  text[2 * JSON_MAX_DEPTH + 2] = '\0';
  EXPECT_EQ(parse(text, JSON_STRICT, &root), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "nested more than");
}

TEST(json, numbers_that_are_not_whole_or_not_exact_are_no_integers) {
  cJSON *root;
  int64_t whole;
  ASSERT_OK(parse("[0.5, 9007199254740994, 9007199254740992, \"1\", -3]", JSON_STRICT, &root));
  EXPECT_FALSE(json_integer(cJSON_GetArrayItem(root, 0), &whole));
  EXPECT_FALSE(json_integer(cJSON_GetArrayItem(root, 1), &whole));
  EXPECT_TRUE(json_integer(cJSON_GetArrayItem(root, 2), &whole));
  EXPECT_EQ(whole, 9007199254740992);
  EXPECT_FALSE(json_integer(cJSON_GetArrayItem(root, 3), &whole));
  EXPECT_TRUE(json_integer(cJSON_GetArrayItem(root, 4), &whole));
  EXPECT_EQ(whole, -3);
  cJSON_Delete(root);
}

TEST(json, what_is_written_as_a_string_reads_back_the_same) {
  const char *text = "a\"b\\c\n\r\t\b\f\x01/\xc3\xbc";
  char *written;
  size_t length;
  FILE *memory = open_memstream(&written, &length);
  json_write_string(memory, text);
  fclose(memory);
  cJSON *root;
  ASSERT_OK(json_parse("w", 1, written, length, JSON_STRICT, &root));
  EXPECT_STREQ(root->valuestring, text);
  cJSON_Delete(root);
  free(written);
}
