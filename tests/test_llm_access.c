/// Addresses as users give them, keys as variables hold them, and headers.
#include <stdio.h>
#include <stdlib.h>

#include "llm/llm.h"
#include "throng_test.h"

static const char *endpoint(const char *url, const char *path) {
  static char text[512];
  char *made;
  EXPECT_OK(llm_endpoint(url, path, &made));
  snprintf(text, sizeof text, "%s", made);
  free(made);
  return text;
}

TEST(llm_access, paths_stand_once_and_before_a_query) {
  static const char chat[] = "/chat/completions", embeddings[] = "/embeddings";
  EXPECT_STREQ(endpoint("http://h/v1", chat), "http://h/v1/chat/completions");
  EXPECT_STREQ(endpoint("http://h/v1//", chat), "http://h/v1/chat/completions");
  EXPECT_STREQ(endpoint("http://h/v1/chat/completions", chat), "http://h/v1/chat/completions");
  EXPECT_STREQ(endpoint("http://h/v1/chat/completions/", embeddings), "http://h/v1/embeddings");
  EXPECT_STREQ(endpoint("http://h/v1/embeddings", chat), "http://h/v1/chat/completions");
  EXPECT_STREQ(endpoint("https://r.example/openai/deployments/d?api-version=2024-06-01", chat),
               "https://r.example/openai/deployments/d/chat/completions?api-version=2024-06-01");
  EXPECT_STREQ(endpoint("https://r.example/d/chat/completions?api-version=1&x=2", embeddings),
               "https://r.example/d/embeddings?api-version=1&x=2");
}

static const char *suggested(const char *url) {
  static char text[512];
  llm_door door = {.section = "llm", .url = url};
  llm_suggest_url(&door, text, sizeof text);
  return text;
}

TEST(llm_access, a_version_that_is_missing_or_doubled_is_suggested) {
  EXPECT_CONTAINS(suggested("http://h:8080"), "set llm.url to http://h:8080/v1");
  EXPECT_CONTAINS(suggested("http://h:11434/api/"), "set llm.url to http://h:11434/v1");
  EXPECT_CONTAINS(suggested("http://h/v1/v1"), "set llm.url to http://h/v1");
  EXPECT_STREQ(suggested("http://h/v1"), "");
  EXPECT_STREQ(suggested("https://h/compatible-mode/v1/"), "");
  EXPECT_STREQ(suggested("https://h/v1beta/openai"), "");
  EXPECT_CONTAINS(suggested("https://h/?api-version=1"), "none is sent");
}

static llm_access opened;
static throng_status open_with(const char *url, const char *key, const char *name,
                               const char *headers) {
  llm_access_close(&opened);
  if (key)
    setenv("THRONG_TEST_KEY", key, 1);
  else
    unsetenv("THRONG_TEST_KEY");
  llm_door door = {"llm", url, "THRONG_TEST_KEY", name, headers};
  return llm_access_open(&door, "/chat/completions", &opened);
}

TEST(llm_access, keys_go_into_the_header_that_the_server_wants) {
  ASSERT_OK(open_with("http://h/v1", "sk-12345678", NULL, NULL));
  EXPECT_STREQ(opened.header[0], "Authorization: Bearer sk-12345678");
  ASSERT_OK(open_with("http://h/v1", "sk-12345678", "X-Api-Key", NULL));
  EXPECT_STREQ(opened.header[0], "X-Api-Key: sk-12345678");
  ASSERT_OK(open_with("http://h/d?api-version=1", "sk-12345678", NULL, NULL));
  EXPECT_STREQ(opened.header[0], "api-key: sk-12345678");
  ASSERT_OK(open_with("http://h/d?api-version=1", "sk-12345678", "authorization", NULL));
  EXPECT_STREQ(opened.header[0], "authorization: Bearer sk-12345678");
  EXPECT_EQ(open_with("http://h/v1", "sk-12345678", "a b", NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "llm.api_key_header");
  EXPECT_EQ(opened.n_header, 0);
}

TEST(llm_access, white_space_and_quotes_around_a_key_are_not_of_it) {
  static const char *const values[] = {" sk-12345678\n", "\tsk-12345678\r\n", "\"sk-12345678\"\n",
                                       "'sk-12345678'"};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    ASSERT_OK(open_with("http://h/v1", values[i], NULL, NULL));
    EXPECT_STREQ(opened.header[0], "Authorization: Bearer sk-12345678");
    EXPECT_STREQ(opened.secret.text[0], "sk-12345678");
  }
  EXPECT_EQ(open_with("http://h/v1", " \n", NULL, NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "THRONG_TEST_KEY is empty");
  EXPECT_EQ(open_with("http://h/v1", NULL, NULL, NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "THRONG_TEST_KEY is not set");
  EXPECT_EQ(open_with("http://h/v1", "Bearer sk-12345678", NULL, NULL), THRONG_ERROR_CONFIG);
  EXPECT_CONTAINS(throng_error_message(), "leave out \"Bearer\"");
  EXPECT_TRUE(strstr(throng_error_message(), "sk-") == NULL);
  llm_access_close(&opened);
}

TEST(llm_access, more_headers_come_from_lines_and_their_secrets_from_the_environment) {
  setenv("THRONG_TEST_TEAM", "team-12345678", 1);
  ASSERT_OK(open_with("http://h/v1", "sk-12345678", NULL,
                      "X-Team: ${THRONG_TEST_TEAM}\n\n  HTTP-Referer: https://x.example/a:b \r\n"));
  ASSERT_EQ(opened.n_header, 3);
  EXPECT_STREQ(opened.header[1], "X-Team: team-12345678");
  EXPECT_STREQ(opened.header[2], "HTTP-Referer: https://x.example/a:b");
  EXPECT_EQ(opened.secret.n, 2);
  static const struct {
    const char *headers, *part;
  } bad[] = {{"X-Team", "llm.headers: line 1: expected \"Name: value\""},
             {"A: b\nContent-Length: 3", "line 2: content-length is not for settings to change"},
             {"A b: c", "expected \"Name: value\""},
             {"A: ${THRONG_TEST_NONE}", "THRONG_TEST_NONE is not set"},
             {"A: b\001", "a control character in A"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    EXPECT_EQ(open_with("http://h/v1", "sk-12345678", NULL, bad[i].headers), THRONG_ERROR_CONFIG);
    EXPECT_CONTAINS(throng_error_message(), bad[i].part);
  }
  unsetenv("THRONG_TEST_TEAM");
  unsetenv("THRONG_TEST_KEY");
}
