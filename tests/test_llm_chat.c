/// Bodies of servers: completions however they are packed, and what servers say in place of one.
#include "llm/chat.h"

#include <stdio.h>
#include <string.h>

#include "throng_test.h"

static chat_reply reply;
static throng_status read_body(const char *body) {
  chat_reply_free(&reply);
  return chat_read(body, strlen(body), NULL, &reply);
}

TEST(llm_chat, completions_are_read_and_bodies_that_are_none_refused) {
  ASSERT_OK(read_body(
      "\n  {\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"length\"}],"
      "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2},\"error\":null}"));
  EXPECT_STREQ(reply.content, "hi");
  EXPECT_STREQ(reply.finish, "length");
  EXPECT_TRUE(reply.refusal == NULL && reply.plain);
  EXPECT_EQ(reply.prompt_tokens, 7);
  EXPECT_EQ(reply.completion_tokens, 2);
  ASSERT_OK(read_body("{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"no\"}}]}"));
  EXPECT_STREQ(reply.content, "");
  EXPECT_STREQ(reply.refusal, "no");
  EXPECT_EQ(reply.prompt_tokens, -1);
  ASSERT_OK(
      read_body("{\"choices\":[{\"message\":{\"content\":[{\"type\":\"refusal\",\"refusal\":\"not "
                "me\"}]}}]}"));
  EXPECT_STREQ(reply.refusal, "not me");
  const char *bad[] = {"",
                       "{",
                       "[]",
                       "{}",
                       "{\"choices\":[]}",
                       "{\"choices\":[{\"message\":1}]}",
                       "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]} x",
                       "{\"choices\":[{\"message\":{\"content\":\"hi"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i)
    EXPECT_EQ(read_body(bad[i]), THRONG_ERROR_DATA);
  static char deep[100000];
  memset(deep, '[', sizeof deep - 1);
  EXPECT_EQ(read_body(deep), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "nested more than 200 deep");
}

#define MESSAGE(members) "{\"choices\":[{\"message\":{" members "},\"finish_reason\":\"stop\"}]}"

TEST(llm_chat, content_is_found_in_parts_calls_texts_and_other_interfaces) {
  static const struct {
    const char *body, *content;
    bool plain;
  } cases[] = {
      {MESSAGE("\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"text\","
               "\"text\":\"a\"},{\"type\":\"output_text\",\"text\":\"b\"}]"),
       "ab", false},
      {MESSAGE("\"content\":[\"a\",{\"text\":{\"value\":\"b\"}}]"), "ab", false},
      {MESSAGE("\"content\":{\"like\":[]}"), "{\"like\":[]}", false},
      {MESSAGE("\"content\":null,\"parsed\":{\"like\":[]}"), "{\"like\":[]}", false},
      {MESSAGE("\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":"
               "\"{\\\"like\\\":[]}\"}},{\"function\":{\"arguments\":{\"dislike\":[]}}}]"),
       "{\"like\":[]}\n{\"dislike\":[]}", false},
      {MESSAGE("\"content\":\"I call it.\",\"function_call\":{\"arguments\":\"{}\"}"),
       "I call it.\n{}", false},
      {MESSAGE("\"content\":\"\",\"reasoning_content\":\"hm {}\""), "<think>\nhm {}", false},
      {MESSAGE("\"content\":null,\"reasoning\":\"hm\""), "<think>\nhm", false},
      {MESSAGE("\"content\":\" \",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":"
               "\"hm\"}]"),
       "<think>\nhm", false},
      {MESSAGE("\"content\":\"a\",\"reasoning_content\":\"hm\""), "a", true},
      {"{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}", "a", false},
      {"{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":true}", "a", true},
      // What gateways pass on of other interfaces.
      {"{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":"
       "\"end_turn\"}",
       "a", false},
      {"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}",
       "a", false},
      {"{\"output\":[{\"type\":\"reasoning\",\"summary\":[{\"text\":\"hm\"}]},{\"type\":"
       "\"message\","
       "\"content\":[{\"type\":\"output_text\",\"text\":\"a\"}]}]}",
       "a", false},
      {"{\"response\":\"a\",\"done\":true}", "a", false},
      {"{\"content\":\"a\",\"stop\":true}", "a", true},
      {"[{\"generated_text\":\"a\"}]", "a", false},
      {"{\"result\":{\"response\":\"a\"},\"success\":true,\"errors\":[]}", "a", false},
      {"{\"code\":0,\"data\":{\"choices\":[{\"message\":{\"content\":\"a\"}}]}}", "a", true},
      {"{\"like\":[{\"evidence\":\"a\"}]}", "{\"like\":[{\"evidence\":\"a\"}]}", false},
      {MESSAGE("\"content\":[{\"type\":\"json\",\"json\":{\"like\":[]}}]"),
       "{\"type\":\"json\",\"json\":{\"like\":[]}}", false},
      {MESSAGE("\"content\":[{\"side\":\"like\"},{\"side\":\"dislike\"}]"),
       "{\"side\":\"like\"}{\"side\":\"dislike\"}", false},
      // Half an emoji at the token limit, a raw control character, Latin-1.
      {MESSAGE("\"content\":\"a\\ud83d\""), "a\xef\xbf\xbd", true},
      {MESSAGE("\"content\":\"a\nb\""), "a\nb", true},
      {MESSAGE("\"content\":\"caf\xe9\""), "caf\xc3\xa9", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    EXPECT_OK(read_body(cases[i].body));
    EXPECT_STREQ(reply.content, cases[i].content);
    EXPECT_EQ(reply.plain, cases[i].plain);
    EXPECT_EQ(reply.thought, strstr(cases[i].content, "<think>") != NULL);
  }
}

TEST(llm_chat, a_stream_that_nobody_asked_for_is_put_together) {
  static const char *const streams[] = {
      ": hello\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"a b\"}}]}\r\n\r\ndata: "
      "{\"choices\":[{\"delta\":{\"content\":\"c\"},\"finish_reason\":\"stop\"}]}\n\ndata: "
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: "
      "[DONE]\n\n",
      "{\"message\":{\"content\":\"a "
      "\"},\"done\":false}\n{\"message\":{\"content\":\"bc\"},\"done\":"
      "false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"};
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(read_body(streams[i]));
    EXPECT_STREQ(reply.content, "a bc");
    EXPECT_STREQ(reply.finish, "stop");
  }
  EXPECT_EQ(read_body("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "a stream that broke off");
  EXPECT_EQ(read_body("data: {\"error\":{\"message\":\"no room\",\"code\":503}}\n\n"),
            THRONG_ERROR_DATA);
  EXPECT_STREQ(throng_error_message(), "HTTP 200 with an error: no room");
  EXPECT_EQ(reply.error_status, 503);
  EXPECT_EQ(read_body("data: {\"choices\":[{\"del\n\n"), THRONG_ERROR_DATA);
}

TEST(llm_chat, what_a_server_says_in_place_of_a_completion_is_shown) {
  static const struct {
    const char *body, *said;
    long status;
  } cases[] = {
      {"{\"error\":{\"message\":\"model overloaded\",\"code\":503}}", "model overloaded", 503},
      {"{\"error\":\"no such model\"}", "no such model", 0},
      {"{\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_exceeded\"}}", "slow down",
       429},
      {"{\"error\":{\"message\":\"Provider returned error\",\"code\":\"429\",\"metadata\":{\"raw\":"
       "\"come back later\"}}}",
       "Provider returned error: come back later", 429},
      {"{\"choices\":[{\"error\":{\"message\":\"cut\",\"code\":502},\"finish_reason\":\"error\"}]}",
       "cut", 502},
      {"{\"detail\":\"Not authenticated\"}", "Not authenticated", 0},
      {"{\"detail\":[{\"loc\":[\"body\",\"model\"],\"msg\":\"field required\"}]}",
       "body.model: field required", 0},
      {"{\"object\":\"error\",\"message\":\"too long\",\"code\":400}", "too long", 400},
      {"{\"errors\":[{\"message\":\"a\"},{\"message\":\"b\"}]}", "a; b", 0},
      {"{\"error\":{\"type\":\"overloaded_error\"}}", "overloaded_error", 503},
      {"{\"error\":true}", "an error without words", 0},
      {"{\"code\":1211,\"Message\":\"model not exist\"}", "model not exist", 0},
      {"{\"base_resp\":{\"status_code\":1008,\"status_msg\":\"no balance\"}}", "no balance", 0},
      {"{\"result\":null,\"success\":false,\"errors\":[{\"message\":\"no such model\"}]}",
       "no such model", 0},
      {"[{\"error\":{\"code\":503,\"message\":\"overloaded\"}}]", "overloaded", 503},
      {"\"Internal error\"", "Internal error", 0},
      {"Service busy,\n come back", "the answer is no JSON: \"Service busy,  come back\"", 0},
      {"", "the answer is empty", 0},
      {" \n", "the answer is empty", 0},
      {"<!DOCTYPE html><html><head><title>\n ngrok\t</title>", "a web page (\"ngrok\")", 0},
      {"<html><body><h1>502</h1>nginx", "a web page (\"502\")", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char said[200];
    EXPECT_EQ(read_body(cases[i].body), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), cases[i].said);
    EXPECT_EQ(reply.error_status, cases[i].status);
    if (*cases[i].body != '{' || strstr(cases[i].body, "true")) continue;
    chat_error_text(cases[i].body, strlen(cases[i].body), NULL, said, sizeof said);
    EXPECT_STREQ(said, cases[i].said);
  }
}

TEST(llm_chat, refusals_are_told_apart_by_what_they_are_about) {
  static const struct {
    const char *said;
    chat_refusal about;
  } cases[] = {
      {"response_format is not supported", CHAT_REFUSES_FORM},
      {"'response_format.type' must be 'json_object' or 'text'", CHAT_REFUSES_FORM},
      {"'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
       CHAT_REFUSES_TOKEN_KEY},
      {"Unsupported value: 'temperature' does not support 0", CHAT_REFUSES_TEMPERATURE},
      {"Unrecognized request argument supplied: seed", CHAT_REFUSES_SEED},
      {"System role not supported", CHAT_REFUSES_SYSTEM},
      {"Conversation roles must alternate user/assistant/user/assistant/...", CHAT_REFUSES_SYSTEM},
      {"Developer instruction is not enabled for models/gemma-3-4b-it", CHAT_REFUSES_SYSTEM},
      {"context too long", CHAT_REFUSES_NOTHING},
      {"max_tokens is too large: 800", CHAT_REFUSES_NOTHING},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    EXPECT_EQ(chat_refuses(400, cases[i].said), cases[i].about);
    EXPECT_EQ(chat_refuses(422, cases[i].said), cases[i].about);
    EXPECT_EQ(chat_refuses(500, cases[i].said), CHAT_REFUSES_NOTHING);
  }
  EXPECT_TRUE(chat_is_hopeless("You exceeded your current quota, please check your plan"));
  EXPECT_FALSE(chat_is_hopeless("Rate limit reached for requests"));
}

TEST(llm_chat, an_error_body_is_read_no_further_than_its_length) {
  static const char body[] = {'n', 'o', ' ', 'r', 'o', 'o', 'm'};
  char text[64], little[5];
  chat_error_text(body, sizeof body, NULL, text, sizeof text);
  EXPECT_STREQ(text, "no room");
  chat_error_text(body, 2, NULL, text, sizeof text);
  EXPECT_STREQ(text, "no");
  chat_error_text(body, 0, NULL, text, sizeof text);
  EXPECT_STREQ(text, "");
  chat_error_text(body, sizeof body, NULL, little, sizeof little);
  EXPECT_STREQ(little, "no r");
}

TEST(llm_chat, a_key_that_comes_back_stands_neither_in_words_nor_in_content) {
  secrets s = {0};
  char said[200];
  EXPECT_OK(secrets_add(&s, "sk-\"12345", 9));
  static const char error[] = "{\"error\":{\"message\":\"bad key sk-\\\"12345\\u001b[31m\"}}";
  chat_error_text(error, sizeof error - 1, &s, said, sizeof said);
  EXPECT_STREQ(said, "bad key *** [31m");
  static const char plain[] = "bad key sk-%2212345";
  chat_error_text(plain, sizeof plain - 1, &s, said, sizeof said);
  EXPECT_STREQ(said, "bad key ***");
  chat_reply_free(&reply);
  static const char body[] = MESSAGE("\"content\":\"my key is \\u0073k-\\\"12345, like 1\"");
  ASSERT_OK(chat_read(body, sizeof body - 1, &s, &reply));
  EXPECT_STREQ(reply.content, "my key is ***, like 1");
  static const char stream[] =
      "data: {\"choices\":[{\"delta\":{\"content\":\"my sk-\"}}]}\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"12345\"}}]}\ndata: [DONE]\n";
  chat_reply_free(&reply);
  ASSERT_OK(chat_read(stream, sizeof stream - 1, &s, &reply));
  EXPECT_STREQ(reply.content, "my ***");
  secrets_free(&s);
  chat_reply_free(&reply);
}
