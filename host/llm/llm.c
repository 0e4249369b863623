/// Defaults and checks of section "llm", and where its key comes from.
#include "llm/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const llm_form_names[] = {"auto", "bounded", "schema", "object", "lines", NULL};

/// Here and not in http.c: a build without libcurl reads and writes the same configs.
http_def http_default_def(void) {
  return (http_def){.in_flight = 8,
                    .retries = 8,
                    .timeout = 300,
                    .connect_timeout = 10,
                    .grace = 10,
                    .max_answer = (size_t)4 << 20};
}

llm_def llm_default_def(void) {
  http_def http = http_default_def();
  return (llm_def){.url = "http://127.0.0.1:8080/v1",
                   .store = "llm.sqlite",
                   .max_tokens = 800,
                   .temperature = 0,
                   .seed = 1,
                   .reasons = 3,
                   .reviews_per_side = 8,
                   .reviews_per_request = 4,
                   .review_bytes = 1200,
                   .facts_bytes = 2000,
                   .in_flight = http.in_flight,
                   .retries = http.retries,
                   .timeout = http.timeout,
                   .connect_timeout = http.connect_timeout,
                   .max_answer_bytes = (int64_t)http.max_answer};
}

throng_status llm_check(const llm_def *def) {
  THRONG_TRY(http_check_url("llm.url", def->url));
  if (!def->model)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "llm.model: missing; expected the name that the server knows its model by");
  if (!def->store)
    return throng_fail(THRONG_ERROR_CONFIG, "llm.store: missing; expected the path of a file");
  const char *key;
  return llm_key("llm.api_key_env", def->api_key_env, &key);
}

throng_status llm_key(const char *where, const char *api_key_env, const char **key) {
  *key = NULL;
  if (!api_key_env) return THRONG_OK;
  const char *value = getenv(api_key_env);
  if (!value || !*value)
    return throng_fail(THRONG_ERROR_CONFIG, "%s: the environment variable %s is %s", where,
                       api_key_env, value ? "empty" : "not set");
  for (const unsigned char *c = (const unsigned char *)value; *c; ++c)
    if (*c <= ' ' || *c >= 0x7f)
      return throng_fail(THRONG_ERROR_CONFIG,
                         "%s: the key in %s holds a character that no key has (a space, a line end "
                         "or one beyond ASCII)",
                         where, api_key_env);
  *key = value;
  return THRONG_OK;
}

throng_status llm_endpoint(const char *url, const char *path, char **out) {
  size_t length = strlen(url);
  while (length && url[length - 1] == '/') --length;
  if (asprintf(out, "%.*s%s", (int)length, url, path) >= 0) return THRONG_OK;
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "an address: out of memory");
}

http_def llm_http_def(const llm_def *def, const char *url, const char *key) {
  http_def http = http_default_def();
  http.url = url;
  http.key = key;
  http.in_flight = def->in_flight;
  http.retries = def->retries;
  http.timeout = def->timeout;
  http.connect_timeout = def->connect_timeout;
  http.max_answer = (size_t)def->max_answer_bytes;
  http.requests_per_minute = def->requests_per_minute;
  http.tokens_per_minute = def->tokens_per_minute;
  return http;
}
