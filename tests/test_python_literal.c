/// Tests of the parser of Python literals, against Python's own ast.literal_eval.
#include <stdlib.h>

#include "base/json.h"
#include "data/python_literal.h"
#include "support/run_files.h"

static throng_status parse(const char *text, cJSON **out) {
  return python_literal_parse(text, strlen(text), "meta.json", 7, out);
}

static bool same(const cJSON *a, const cJSON *b) {
  if (cJSON_IsNumber(a) && cJSON_IsNumber(b)) return a->valuedouble == b->valuedouble;
  if ((a->type & 0xFF) != (b->type & 0xFF)) return false;
  if (cJSON_IsString(a)) return strcmp(a->valuestring, b->valuestring) == 0;
  const cJSON *x = a->child, *y = b->child;
  for (; x && y; x = x->next, y = y->next) {
    if (x->string && (!y->string || strcmp(x->string, y->string) != 0)) return false;
    if (!same(x, y)) return false;
  }
  return !x && !y;
}

TEST(python_literal, gives_what_literal_eval_gives) {
  cJSON *cases;
  size_t size = 0;
  char *text = read_file(TEST_SOURCE_DIR "/golden", "python_literals.json", &size);
  ASSERT_TRUE(text != NULL);
  ASSERT_OK(json_parse("python_literals.json", 1, text, size, JSON_STRICT, &cases));
  free(text);
  int accepted = 0, refused = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, cases) {
    const char *source = cJSON_GetObjectItemCaseSensitive(one, "source")->valuestring;
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(one, "value");
    cJSON *parsed;
    throng_status status = parse(source, &parsed);
    bool right =
        value ? status == THRONG_OK && same(value, parsed) : status == THRONG_ERROR_DATA && !parsed;
    if (!right) {
      EXPECT_STREQ(source, value ? "(read as Python reads it)" : "(refused)");
      EXPECT_STREQ(throng_error_message(), "");
    }
    accepted += value != NULL;
    refused += value == NULL;
    cJSON_Delete(parsed);
  }
  EXPECT_LT(250, accepted);
  EXPECT_LT(60, refused);
  cJSON_Delete(cases);
}

TEST(python_literal, reads_longs_of_python_2) {
  cJSON *value;
  ASSERT_OK(parse("{'salesRank': 123L}", &value));
  EXPECT_EQ(value->child->valuedouble, 123);
  cJSON_Delete(value);
}

TEST(python_literal, names_line_and_column_of_errors) {
  static const struct {
    const char *text, *message;
  } bad[] = {
      {"{'a': 1,\n 'b': oops}", "meta.json:8:7: expected a literal (a string"},
      {"{'a': 'x", "meta.json:7:9: text ends, expected a closing quote"},
      {"{'a' 1}", "meta.json:7:6: expected ':', ',' or '}'"},
      {"[1 2]", "meta.json:7:4: expected ',' or ']'"},
      {"'\\N{DASH}'", "meta.json:7:2: expected a numbered escape"},
      {"'a\\0b'", "meta.json:7:3: expected no NUL character"},
      {"1e999", "meta.json:7:1: expected a number within a double's range"},
      {"'\xE9'", "meta.json:7:2: expected UTF-8 text"},
      {"os.system('x')", "names and calls are not evaluated"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    cJSON *value;
    EXPECT_EQ(parse(bad[i].text, &value), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), bad[i].message);
    EXPECT_TRUE(value == NULL);
  }
}

TEST(python_literal, nests_a_hundred_deep_and_no_deeper) {
  char text[512];
  memset(text, '[', 100);
  memset(text + 100, ']', 100);
  text[200] = '\0';
  cJSON *value;
  EXPECT_OK(parse(text, &value));
  cJSON_Delete(value);
  memset(text, '[', 101);
  memset(text + 101, ']', 101);
  text[202] = '\0';
  EXPECT_EQ(parse(text, &value), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "at most 100 levels");
}

TEST(python_literal, never_reads_past_the_length) {
  const char *text = "{'a': [1, 2.5, \"\\u00e9\"], 'b': (None, set())}";
  for (size_t n = 0; n < strlen(text); n++) {
    // A block of the exact size, so that a sanitizer sees a read behind it.
    char *exact = malloc(n ? n : 1);
    ASSERT_TRUE(exact != NULL);
    memcpy(exact, text, n);
    cJSON *value;
    EXPECT_EQ(python_literal_parse(exact, n, "cut", 1, &value), THRONG_ERROR_DATA);
    free(exact);
  }
}
