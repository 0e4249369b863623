/// Tests of the one-pass reader of JSON lines, against the strict parser of base/json.h.
#include "data/json_line.h"

#include "base/json.h"
#include "dataset_fixture.h"

/// A reader that stands on line 1, for error messages.
static line_reader *on_line_one(void) {
  line_reader *reader;
  char *line;
  size_t length;
  if (line_reader_open(fixture_text("l.json", "x\n"), "k", "read", NULL, &reader)) return NULL;
  if (line_reader_next(reader, &line, &length)) return NULL;
  return reader;
}

TEST(json_line, finds_wanted_fields_of_every_kind) {
  line_reader *reader = on_line_one();
  ASSERT_TRUE(reader != NULL);
  const char *line =
      " { \"skip\" : {\"s\": [1, {\"s\": \"}\"}]}, \"s\": \"a\\\"b\\u00e9\", \"n\": -1.5e3 ,"
      "\"t\":true,\"f\":false,\"z\":null,\"a\":[1,2],\"o\":{}, \"\\u0065\": 7} ";
  json_line_field f[] = {{.key = "s"}, {.key = "n"}, {.key = "t"}, {.key = "f"},   {.key = "z"},
                         {.key = "a"}, {.key = "o"}, {.key = "e"}, {.key = "none"}};
  ASSERT_OK(json_line_scan(reader, line, strlen(line), f, 9));
  static const json_line_kind kind[] = {JSON_LINE_STRING, JSON_LINE_NUMBER, JSON_LINE_TRUE,
                                        JSON_LINE_FALSE,  JSON_LINE_NULL,   JSON_LINE_ARRAY,
                                        JSON_LINE_OBJECT, JSON_LINE_NUMBER, JSON_LINE_ABSENT};
  for (int i = 0; i < 9; i++) EXPECT_EQ(f[i].kind, kind[i]);
  EXPECT_EQ(f[1].length, 6);
  EXPECT_EQ(memcmp(f[5].raw, "[1,2]", 5), 0);
  byte_buffer text = {0};
  ASSERT_OK(json_line_text(&f[0], &text));
  EXPECT_STREQ(text.data, "a\"b\xC3\xA9");
  bytes_free(&text);
  line_reader_close(reader);
}

TEST(json_line, accepts_and_refuses_what_the_strict_parser_does) {
  static const char *const lines[] = {"{}",
                                      "{ }",
                                      "{\"a\":1}",
                                      "{\"a\":1,}",
                                      "{\"a\" 1}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "[]",
                                      "1",
                                      "",
                                      "{",
                                      "}",
                                      "{\"a\":[}",
                                      "{\"a\":[1,]}",
                                      "{\"a\":[1,2]}",
                                      "{\"a\":{\"b\":{}}}",
                                      "{\"a\":01}",
                                      "{\"a\":1.}",
                                      "{\"a\":.5}",
                                      "{\"a\":-}",
                                      "{\"a\":-0}",
                                      "{\"a\":1e5}",
                                      "{\"a\":1e}",
                                      "{\"a\":+1}",
                                      "{\"a\":tru}",
                                      "{\"a\":True}",
                                      "{\"a\":NaN}",
                                      "{\"a\":nul}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12\"}",
                                      "{\"a\":\"\\u12G4\"}",
                                      "{\"a\":\"tab\there\"}",
                                      "{\"a\":\"open}",
                                      "{\"a\":\"\\\"}",
                                      "{\"a\":1} x",
                                      "{\"a\":1}{}",
                                      "{\"a\":\"\\u00e9\"}",
                                      "{\"a\":\"\xC3\xA9\"}",
                                      "{\"a\":[[[[1]]]], \"b\":\"\\\\\"}",
                                      "{\"a\":\"12345678\\n\"}"};
  line_reader *reader = on_line_one();
  ASSERT_TRUE(reader != NULL);
  int accepted = 0;
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    json_line_field f = {.key = "a"};
    cJSON *tree = NULL;
    bool strict = json_parse("l", 1, lines[i], strlen(lines[i]), JSON_STRICT, &tree) == THRONG_OK &&
                  cJSON_IsObject(tree);
    cJSON_Delete(tree);
    bool scanned = json_line_scan(reader, lines[i], strlen(lines[i]), &f, 1) == THRONG_OK;
    EXPECT_EQ(scanned, strict);
    if (scanned != strict) EXPECT_STREQ(lines[i], throng_error_message());
    accepted += scanned;
  }
  EXPECT_EQ(accepted, 11);
  line_reader_close(reader);
}

TEST(json_line, names_the_column_of_errors) {
  line_reader *reader = on_line_one();
  ASSERT_TRUE(reader != NULL);
  json_line_field f = {.key = "a"};
  const char *twice = "{\"a\": 1, \"a\": 2}";
  EXPECT_EQ(json_line_scan(reader, twice, strlen(twice), &f, 1), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "l.json:1: column 10: key \"a\" comes twice");
  const char *cut = "{\"a\": \"xyz";
  EXPECT_EQ(json_line_scan(reader, cut, strlen(cut), &f, 1), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "line ends at column 11, expected the string's closing");
  char deep[256];
  memset(deep, '[', sizeof deep);
  memcpy(deep, "{\"a\":", 5);
  EXPECT_EQ(json_line_scan(reader, deep, sizeof deep, &f, 1), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "at most 64 levels");
  line_reader_close(reader);
}

TEST(json_line, mends_what_cjson_would_reject) {
  line_reader *reader = on_line_one();
  ASSERT_TRUE(reader != NULL);
  char line[] = "{\"a\": \"\\ud83d\\ude00 \\ud83d \\ude00 \\u0000 \\\\ud83d \\u00e9\"}";
  cJSON *tree;
  ASSERT_OK(json_line_tree(reader, line, sizeof line - 1, &tree));
  EXPECT_STREQ(tree->child->valuestring,
               "\xF0\x9F\x98\x80 \xEF\xBF\xBD \xEF\xBF\xBD \xEF\xBF\xBD \\ud83d \xC3\xA9");
  cJSON_Delete(tree);
  line_reader_close(reader);
}
