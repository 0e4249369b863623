/// Embeddings by server: order by index, both encodings, the cache, and vectors that are refused.
#include "llm/embed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/server.h"
#include "llm/llm.h"
#include "prepare/providers.h"
#include "throng_test.h"

/// The server's vectors: of a word w, (w[0], w[1], length), in whatever order and encoding it is
/// told.
typedef struct stage {
  int seen, texts;
  bool plain, backwards, no_index, nan, twice, missing, turned;
  int dim;              // 3, or another
  int broken;           // so many bodies first that are no JSON
  int refuse;           // status for base64; where `refuse_all`, for any encoding by name
  const char *refusal;  // what it says then
  bool refuse_all, zero, nested, tokens, doubles, ragged, bare;
  int most;          // texts a request; 0: any
  const char *body;  // in place of all that
  char key[200], path[200], headers[1024];
} stage;
static stage st;

static void append_vector(char *out, const char *word, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  float v[4] = {(float)word[0], (float)word[1], (float)length, 1};
  if (st.nan) v[1] = NAN;
  if (st.turned) v[2] = -1000;
  if (st.zero && length == 4) memset(v, 0, sizeof v);
  int n_number = st.dim - (st.ragged && length == 4);
  if (st.plain) {
    char *at = out + sprintf(out, st.nested ? "[[" : "[");
    for (int j = 0; j < n_number; ++j) at += sprintf(at, "%s%g", j ? "," : "", (double)v[j]);
    if (st.tokens) at += sprintf(at, "],[1,2,3");
    sprintf(at, st.nested ? "]]" : "]");
    return;
  }
  const double wide[4] = {v[0] / 3.0, v[1] / 3.0, v[2] / 3.0, v[3] / 3.0};
  const unsigned char *b = st.doubles ? (const unsigned char *)wide : (const unsigned char *)v;
  int n = (st.doubles ? 8 : 4) * st.dim;
  char *at = out + sprintf(out, "\"");
  for (int i = 0; i < n; i += 3) {
    uint32_t w = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) |
                 (i + 2 < n ? b[i + 2] : 0);
    *at++ = digits[w >> 18];
    *at++ = digits[w >> 12 & 63];
    *at++ = i + 1 < n ? digits[w >> 6 & 63] : '=';
    *at++ = i + 2 < n ? digits[w & 63] : '=';
  }
  sprintf(at, "\"");
}

static void serve(void *context, const server_request *request, server_reply *reply) {
  (void)context;
  ++st.seen;
  snprintf(st.path, sizeof st.path, "%s", request->path);
  snprintf(st.headers, sizeof st.headers, "%s", request->headers);
  const char *key = strstr(request->headers, "Authorization:");
  snprintf(st.key, sizeof st.key, "%.*s", key ? (int)strcspn(key, "\r") : 0, key ? key : "");
  if (st.broken-- > 0) {
    reply_text(reply, "<html>busy</html>");
    return;
  }
  if (st.body) {
    reply_text(reply, "%s", st.body);
    return;
  }
  bool named = strstr(request->body, "encoding_format") != NULL;
  if (st.refuse && (strstr(request->body, "base64") || (named && st.refuse_all))) {
    reply->status = st.refuse;
    reply->headers = "retry-after-ms: 5\r\n";
    reply_text(reply, "%s", st.refusal);
    return;
  }
  if (st.refuse && strstr(request->body, "\"float\"")) st.plain = true;
  static char list[64][200];
  int n = 0;
  const char *at = strstr(request->body, "\"input\":[") + 9;
  while (*at == '"' && n < 64) {
    size_t length = strcspn(at + 1, "\"");
    int index = st.twice ? 0 : n;
    char vector[120];
    append_vector(vector, at + 1, length);
    if (st.bare)
      snprintf(list[n], 200, "%s", vector);
    else if (st.no_index)
      snprintf(list[n], 200, "{\"embedding\":%s}", vector);
    else
      snprintf(list[n], 200, "{\"index\":%d,\"embedding\":%s}", index, vector);
    ++n;
    at += length + 2;
    if (*at == ',') ++at;
  }
  if (st.most && n > st.most) {
    reply->status = 400;
    reply_text(reply, "{\"error\":{\"message\":\"batch size should not be larger than %d\"}}",
               st.most);
    return;
  }
  st.texts += n;
  static char body[20000];
  size_t used =
      (size_t)sprintf(body, "{\"object\":\"list\",\"%s\":[", st.bare ? "embeddings" : "data");
  for (int i = 0; i < n - st.missing; ++i)
    used += (size_t)sprintf(body + used, "%s%s", i ? "," : "", list[st.backwards ? n - 1 - i : i]);
  sprintf(body + used, "],\"usage\":{\"prompt_tokens\":%d}}", n);
  reply_text(reply, "%s", body);
}

static http_server *server;
static llm_def llm;
static embedding_def def;
static keyword_sets sets;
static char store[600];

static void begin(void) {
  st = (stage){.dim = 3};
  server = http_server_start(serve, NULL);
  snprintf(store, sizeof store, "%s/llm.sqlite", throng_test_folder());
  llm = llm_default_def();
  llm.store = store;
  llm.retries = 2;
  def = embedding_default_def();
  def.provider = EMBEDDING_SERVER;
  def.url = http_server_url(server);
  def.model = "e";
  def.batch = 7;
  sets = (keyword_sets){0};
  for (int i = 0; i < 40; ++i) {
    char word[16];
    EXPECT_OK(strings_append(&sets.keyword, word,
                             (size_t)snprintf(word, sizeof word, "%c%c%.*s", 'a' + i % 26,
                                              'a' + i / 26, i % 9, "xxxxxxxxx")));
  }
}

static void end(void) {
  http_server_stop(server);
  strings_free(&sets.keyword);
}

static throng_status make(float **out, int32_t *dim) {
  return embeddings_make(&def, &llm, &sets, 10, NULL, out, dim);
}

/// Every row is the server's vector of its own keyword, brought to unit length.
static void expect_right(const float *v, int32_t dim) {
  int wrong = 0;
  ASSERT_EQ(dim, 3);
  for (int64_t k = 0; k < sets.keyword.n; ++k) {
    const char *w = strings_get(&sets.keyword, k);
    double x[3] = {w[0], w[1], (double)strlen(w)};
    double norm = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
    for (int j = 0; j < 3; ++j) wrong += fabs((double)v[3 * k + j] - x[j] / norm) > 1e-6;
  }
  EXPECT_EQ(wrong, 0);
}

TEST(llm_embed, vectors_belong_to_their_words_in_both_encodings_and_any_order) {
  for (int way = 0; way < 4; ++way) {
    begin();
    snprintf(store, sizeof store, "%s/way-%d.sqlite", throng_test_folder(), way);
    st.plain = way & 1;
    st.backwards = way & 2;
    float *v;
    int32_t dim;
    ASSERT_OK(make(&v, &dim));
    expect_right(v, dim);
    EXPECT_EQ(st.seen, 6);  // 40 in batches of 7
    free(v);
    end();
  }
}

TEST(llm_embed, without_an_index_the_order_of_the_list_counts) {
  begin();
  st.no_index = true;
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  expect_right(v, dim);
  free(v);
  end();
}

TEST(llm_embed, what_the_store_has_is_not_asked_again) {
  begin();
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  free(v);
  st.texts = 0;
  EXPECT_OK(strings_append(&sets.keyword, "zz new", 6));
  ASSERT_OK(make(&v, &dim));
  EXPECT_EQ(st.texts, 2);  // and one that it has, to see that the model is the same
  expect_right(v, dim);
  free(v);
  st.texts = 0;
  def.model = "another";
  ASSERT_OK(make(&v, &dim));
  EXPECT_EQ(st.texts, 41);
  free(v);
  end();
}

TEST(llm_embed, a_model_that_changed_its_dimension_is_an_error_that_says_so) {
  begin();
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  free(v);
  st.dim = 4;
  EXPECT_OK(strings_append(&sets.keyword, "zz new", 6));
  EXPECT_EQ(make(&v, &dim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(),
                  "has 4 numbers, the ones before it 3; has the model changed?");
  EXPECT_CONTAINS(throng_error_message(), "model e");
  EXPECT_TRUE(v == NULL);
  end();
}

TEST(llm_embed, another_model_of_the_same_dimension_behind_the_same_name_is_an_error_too) {
  begin();
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  free(v);
  st.turned = true;
  ASSERT_OK(make(&v, &dim));  // all of it is in the store: nobody is asked
  free(v);
  EXPECT_OK(strings_append(&sets.keyword, "zz new", 6));
  EXPECT_EQ(make(&v, &dim), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "the model behind this name has changed");
  end();
}

TEST(llm_embed, vectors_that_are_not_finite_missing_or_doubled_are_refused) {
  static const struct {
    int fault;
    const char *part;
  } cases[] = {{0, "number 1 is not finite"},
               {1, "stands on two embeddings"},
               {2, "the answer holds 6 embeddings, expected 7"}};
  for (int c = 0; c < 3; ++c) {
    begin();
    llm.in_flight = 1;
    st.nan = c == 0;
    st.twice = c == 1;
    st.missing = c == 2;
    float *v;
    int32_t dim;
    EXPECT_EQ(make(&v, &dim), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), cases[c].part);
    EXPECT_EQ(st.seen, 1);  // no retry helps
    end();
  }
}

TEST(llm_embed, a_body_that_is_no_json_is_asked_for_again) {
  begin();
  st.broken = 1;
  llm.in_flight = 1;
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  EXPECT_EQ(st.seen, 7);
  expect_right(v, dim);
  free(v);
  end();
}

TEST(llm_embed, the_chat_servers_key_is_not_given_to_another_server) {
  begin();
  setenv("THRONG_TEST_KEY", "sk-chat", 1);
  llm.api_key_env = "THRONG_TEST_KEY";
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  EXPECT_STREQ(st.key, "");
  free(v);
  llm.url = def.url;
  def.url = NULL;
  def.model = "f";
  ASSERT_OK(make(&v, &dim));
  EXPECT_STREQ(st.key, "Authorization: Bearer sk-chat");
  free(v);
  unsetenv("THRONG_TEST_KEY");
  end();
}

TEST(llm_embed, numbers_are_asked_for_where_base64_is_refused_and_the_refusal_is_not_asked_twice) {
  static const struct {
    int status;
    bool all;
    const char *said;
  } cases[] = {
      {400, false,
       "{\"object\":\"error\",\"message\":\"base64 encoding is not currently supported\"}"},
      {422, false,
       "{\"detail\":[{\"loc\":[\"body\",\"encoding_format\"],\"msg\":\"Input should be "
       "'float'\"}]}"},
      {500, false, "{\"error\":\"encoding_format base64: not implemented\"}"},
      {400, true, "{\"error\":{\"message\":\"unknown field encoding_format\"}}"},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
    begin();
    snprintf(store, sizeof store, "%s/no-base64-%zu.sqlite", throng_test_folder(), c);
    llm.in_flight = 2;
    st.refuse = cases[c].status;
    st.refuse_all = cases[c].all;
    st.refusal = cases[c].said;
    st.plain = cases[c].all;
    float *v;
    int32_t dim;
    ASSERT_OK(make(&v, &dim));
    expect_right(v, dim);
    EXPECT_LE(st.seen, 6 + 2 * (cases[c].all ? 2 : 1));  // each of the two in flight learns it
    free(v);
    end();
  }
}

TEST(llm_embed, a_batch_that_is_too_large_is_halved_until_the_server_takes_it) {
  begin();
  st.most = 2;
  llm.in_flight = 1;
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  expect_right(v, dim);
  EXPECT_EQ(st.texts, 40);
  EXPECT_LE(st.seen, 2 + 40);
  free(v);
  end();
}

TEST(llm_embed, halves_of_the_only_batch_there_is_are_all_asked_for) {
  for (int most = 1; most < 20; most += 9) {
    begin();
    snprintf(store, sizeof store, "%s/halves-%d.sqlite", throng_test_folder(), most);
    st.most = most;
    def.batch = 64;
    float *v;
    int32_t dim;
    ASSERT_OK(make(&v, &dim));
    expect_right(v, dim);
    EXPECT_EQ(st.texts, 40);
    free(v);
    end();
  }
}

TEST(llm_embed, numbers_as_texts_and_vectors_below_result_are_read) {
  static const char *const bodies[] = {
      "{\"data\":[{\"index\":0,\"embedding\":[\"0.5\",\"-1e0\",2]}]}",
      "{\"success\":true,\"result\":{\"data\":[[0.5,-1,2]]}}",
      "{\"data\":[{\"index\":\"0\",\"embedding\":[0.5,-1,2]}]}",
      // Base64 in lines, as mail has it.
      "{\"data\":[{\"index\":0,\"embedding\":\"AAAA\\nPwAA\\r\\ngL8AAABA\\n\"}]}",
      // What is no strict JSON keeps its numbers.
      "{\"data\":[{\"index\":0,\"embedding\":[0.5,-1.0,2e0,],},],\"usage\":{\"prompt_tokens\":7}}"};
  for (int i = 0; i < 5; ++i) {
    float *v;
    int32_t dim = 0;
    embed_reply reply;
    ASSERT_OK(embed_read(bodies[i], strlen(bodies[i]), 1, NULL, &dim, &v, &reply));
    ASSERT_EQ(dim, 3);
    EXPECT_TRUE(v[0] == 0.5f && v[1] == -1.0f && v[2] == 2.0f);
    EXPECT_EQ(reply.tokens, i == 4 ? 7 : -1);
    free(v);
  }
  static const char *const bad[] = {"{\"data\":[{\"embedding\":[\"0.5\",\"inf\",\"0x1\"]}]}",
                                    "{\"data\":[{\"embedding\":[0.5,1e400,1]}]}"};
  for (int i = 0; i < 2; ++i) {
    float *v;
    int32_t dim = 0;
    embed_reply reply;
    EXPECT_EQ(embed_read(bad[i], strlen(bad[i]), 1, NULL, &dim, &v, &reply), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), "number 1 is not finite");
  }
}

TEST(llm_embed, vectors_in_other_interfaces_lists_of_one_and_doubles_are_read) {
  for (int way = 0; way < 3; ++way) {
    begin();
    snprintf(store, sizeof store, "%s/other-%d.sqlite", throng_test_folder(), way);
    st.plain = way < 2;
    st.bare = way == 0;
    st.nested = way == 1;
    st.doubles = way == 2;
    float *v;
    int32_t dim;
    ASSERT_OK(make(&v, &dim));
    expect_right(v, dim);
    free(v);
    end();
  }
}

static char told[400];

static void take_note(void *context, const char *text) {
  (void)context;
  if (!strncmp(text, "warning", 7)) snprintf(told, sizeof told, "%s", text);
}

TEST(llm_embed, a_server_that_gives_every_keyword_one_vector_is_warned_about) {
  const throng_progress progress = {.note = take_note};
  for (int same = 0; same < 2; ++same) {
    begin();
    snprintf(store, sizeof store, "%s/same-%d.sqlite", throng_test_folder(), same);
    def.batch = 1;
    if (same) st.body = "{\"data\":[{\"index\":0,\"embedding\":[0.5,-1,2]}]}";
    float *v;
    int32_t dim;
    told[0] = '\0';
    ASSERT_OK(embeddings_make(&def, &llm, &sets, 10, &progress, &v, &dim));
    free(v);
    if (same)
      EXPECT_CONTAINS(told, "embeddings of all 40 keywords by e are the same");
    else
      EXPECT_STREQ(told, "");
    end();
  }
}

TEST(llm_embed, wrong_vectors_are_named_with_their_keyword) {
  static const struct {
    const char *part, *body;
    bool zero, tokens, ragged;
  } cases[] = {
      {"all 3 numbers are 0", NULL, true, false, false},
      {"is a list of 2 lists, one a token perhaps", NULL, false, true, false},
      {"has 2 numbers, the ones before it 3", NULL, false, false, true},
      {"HTTP 200 with an error: no such model", "{\"error\":{\"message\":\"no such model\"}}",
       false, false, false},
      {"the answer holds 0 embeddings, expected 7", "{\"object\":\"list\"}", false, false, false},
      {"a web page (\"ngrok\")", "<html><title>ngrok</title>", false, false, false},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
    begin();
    llm.in_flight = 1;
    llm.retries = 0;
    st.plain = true;
    st.zero = cases[c].zero;
    st.nested = st.tokens = cases[c].tokens;
    st.ragged = cases[c].ragged;
    st.body = cases[c].body;
    float *v;
    int32_t dim;
    EXPECT_EQ(make(&v, &dim), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), cases[c].part);
    if (cases[c].zero || cases[c].ragged)
      EXPECT_CONTAINS(throng_error_message(), "\"caxx\": embedding");
    EXPECT_EQ(st.seen, 1);
    end();
  }
}

TEST(llm_embed, an_address_with_a_query_and_headers_of_its_own_is_asked) {
  begin();
  char url[200];
  setenv("THRONG_TEST_KEY", "sk-azure-key", 1);
  snprintf(url, sizeof url, "%s/deployments/e?api-version=1", http_server_url(server));
  def.url = url;
  def.api_key_env = "THRONG_TEST_KEY";
  def.headers = "X-Team: ${THRONG_TEST_KEY}";
  float *v;
  int32_t dim;
  ASSERT_OK(make(&v, &dim));
  EXPECT_STREQ(st.path, "/v1/deployments/e/embeddings?api-version=1");
  EXPECT_CONTAINS(st.headers, "api-key: sk-azure-key\r\nX-Team: sk-azure-key");
  EXPECT_STREQ(st.key, "");
  unsetenv("THRONG_TEST_KEY");
  free(v);
  end();
}
