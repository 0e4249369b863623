/// Section "llm": which server is asked, what for, how fast, and for how much. Settings alone; what
/// is done with them is in extract.h and embed.h.
#ifndef THRONG_LLM_LLM_H
#define THRONG_LLM_LLM_H

#include "base/status.h"
#include "llm/http.h"

/// The form that answers are asked for, from what holds a model most to what every server takes.
typedef enum llm_form {
  LLM_FORM_AUTO,     // the first of the following that the server does not refuse
  LLM_FORM_BOUNDED,  // JSON schema with bounds on lengths
  LLM_FORM_SCHEMA,   // JSON schema, strict, without them
  LLM_FORM_OBJECT,   // any JSON object
  LLM_FORM_LINES,    // lines of text
} llm_form;
extern const char *const llm_form_names[];

/// How a server calls the limit on an answer's tokens.
typedef enum llm_token_key { LLM_MAX_TOKENS, LLM_MAX_COMPLETION_TOKENS } llm_token_key;

typedef struct llm_def {
  const char *url;          // what stands before /chat/completions and /embeddings
  const char *model;        // as the server calls it
  const char *api_key_env;  // name of the environment variable that holds the key; NULL: no key
  const char *store;        // SQLite file
  const char *objective_prompt, *subjective_prompt;  // files; NULL: the built-in ones
  llm_form form;
  llm_token_key token_key;
  int32_t max_tokens;           // of one answer
  double temperature;           // -1: the server's own
  int64_t seed;                 // -1: none is sent
  int32_t reasons;              // asked for a side
  int32_t reviews_per_side;     // sampled of an item's liked and of its disliked reviews
  int32_t reviews_per_request;  // that go into one request
  int32_t review_bytes;         // of one review, cut at a word
  int32_t facts_bytes;          // of an item's facts
  int32_t max_items;            // 0: all
  int32_t in_flight, retries;
  double timeout, connect_timeout;  // seconds
  int64_t max_answer_bytes;
  double requests_per_minute, tokens_per_minute;  // 0: no limit
  int64_t budget_requests, budget_tokens;         // of one run; 0: no limit
  double price_prompt, price_answer;              // of a million tokens
} llm_def;

llm_def llm_default_def(void);
/// What spans keys or needs the environment: address, model, key. CONFIG with the key at fault.
throng_status llm_check(const llm_def *def);
/// The bearer token; NULL where none is named. Errors: CONFIG where the variable is unset, or holds
/// what no header may. `where` is the key that named it.
throng_status llm_key(const char *where, const char *api_key_env, const char **key);
/// "URL" and "/path" as one malloc'd address.
throng_status llm_endpoint(const char *url, const char *path, char **out);
/// Settings of the client.
http_def llm_http_def(const llm_def *def, const char *url, const char *key);

#endif
