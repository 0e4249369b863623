/// Keys that a server sends back in whatever writing are taken out, and nothing else is.
#include "llm/redact.h"

#include <stdio.h>
#include <string.h>

#include "throng_test.h"

static const char *without(const char *key, const char *text) {
  static char out[1024];
  secrets s = {0};
  EXPECT_OK(secrets_add(&s, key, strlen(key)));
  snprintf(out, sizeof out, "%s", text);
  redact(&s, out);
  secrets_free(&s);
  return out;
}

TEST(llm_redact, a_whole_key_is_taken_out_however_it_is_written) {
  static const struct {
    const char *text, *expected;
  } cases[] = {
      {"Incorrect API key provided: sk-a/B\"9&z.", "Incorrect API key provided: ***."},
      {"sk-a/B\"9&z", "***"},
      {"Bearer sk-a/B\"9&z\r\nBearer sk-a/B\"9&z", "Bearer ***\r\nBearer ***"},
      {"{\"key\":\"sk-a\\/B\\\"9&z\"}", "{\"key\":\"***\"}"},
      {"\\\"sk-a\\\\\\/B\\\\\\\"9&z\\\"", "\\\"***\\\""},
      {"\\nsk-a\\u002fB\\u00229\\u0026z\\n", "\\n***\\n"},
      {"?key=sk-a%2FB%229%26z&x=1", "?key=***&x=1"},
      {"?key=%73k-a%2fB%229%26z", "?key=***"},
      {"<p>sk-a/B&quot;9&amp;z</p>", "<p>***</p>"},
      {"<p>sk-a&#x2F;B&#34;9&#38;z</p>", "<p>***</p>"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
    EXPECT_STREQ(without("sk-a/B\"9&z", cases[i].text), cases[i].expected);
}

TEST(llm_redact, backslashes_of_a_key_are_told_from_those_that_escape) {
  static const char *const texts[] = {
      "a sk-ab\\\"cd\\ef\\\\gh b",                       // as it is
      "a sk-ab\\\\\\\"cd\\\\ef\\\\\\\\gh b",             // in JSON
      "a sk-ab\\u005c\\u0022cd\\u005cef\\x5c\\x5cgh b",  // by numbers
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
    EXPECT_STREQ(without("sk-ab\\\"cd\\ef\\\\gh", texts[i]), "a *** b");
  static char many[1024];
  memset(many, '\\', sizeof many - 1);
  EXPECT_STREQ(without("sk-\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\x", many), many);
}

TEST(llm_redact, a_key_in_base64_is_taken_out_wherever_it_begins) {
  // "sk-abcdefghijkl", "u:sk-abcdefghijkl", "Bearer sk-abcdefghijkl".
  static const char *const texts[] = {
      "c2stYWJjZGVmZ2hpamts", "dTpzay1hYmNkZWZnaGlqa2w=", "QmVhcmVyIHNrLWFiY2RlZmdoaWprbA=="};
  for (size_t i = 0; i < 3; ++i) {
    const char *got = without("sk-abcdefghijkl", texts[i]);
    EXPECT_CONTAINS(got, "***");
    EXPECT_LE(strlen(got), strlen(texts[i]) - 12);
  }
}

TEST(llm_redact, short_keys_and_parts_of_words_change_nothing) {
  static const char answer[] = "{\"like\":[{\"keywords\":[\"1 warm sound\"]}]}";
  EXPECT_STREQ(without("like", answer), answer);
  EXPECT_STREQ(without("1", answer), answer);
  EXPECT_STREQ(without("\"", answer), answer);
  EXPECT_STREQ(without("key", answer), answer);
  EXPECT_STREQ(without("", answer), answer);
  EXPECT_STREQ(without("soundtrack", "soundtracks, a soundtrack2, xsoundtrack"),
               "soundtracks, a soundtrack2, xsoundtrack");
  EXPECT_STREQ(without("soundtrack", "a soundtrack, \"soundtrack\""), "a ***, \"***\"");
  EXPECT_STREQ(without("sk-12345678", "sk-1234567"), "sk-1234567");
}

TEST(llm_redact, every_string_of_a_tree_is_looked_at_and_its_form_stays) {
  secrets s = {0};
  EXPECT_OK(secrets_add(&s, "sk-\"12345", 9));
  cJSON *tree = cJSON_Parse(
      "{\"a\":[\"x sk-\\\"12345 "
      "y\",1,{\"sk-\\u002212345\":\"\\u0073k-\\u002212345\"}],\"b\":null}");
  ASSERT_TRUE(tree != NULL);
  redact_tree(&s, tree);
  char *text = cJSON_PrintUnformatted(tree);
  EXPECT_STREQ(text, "{\"a\":[\"x *** y\",1,{\"***\":\"***\"}],\"b\":null}");
  cJSON_free(text);
  cJSON_Delete(tree);
  secrets_free(&s);
  EXPECT_EQ(s.n, 0);
}
