/// Section "llm": which server is asked, what for, how fast, and for how much. Settings alone; what
/// is done with them is in extract.h and embed.h.
#ifndef THRONG_LLM_LLM_H
#define THRONG_LLM_LLM_H

#include "base/field.h"
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

/// What a server was found to take, of the settings' request.
typedef struct llm_dialect {
  llm_form form;
  llm_token_key token_key;
  bool no_temperature, no_seed;
  bool no_system;  // its part stands at the head of the user's
} llm_dialect;

typedef struct llm_def {
  const char *url;             // what stands before /chat/completions and /embeddings
  const char *model;           // as the server calls it
  const char *api_key_env;     // name of the environment variable that holds the key; NULL: no key
  const char *api_key_header;  // NULL: Authorization: Bearer, or api-key where url has api-version
  const char *headers;         // more headers, "Name: value", one a line; ${NAME} from environment
  const char *store;           // SQLite file
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
  double max_wait;                  // seconds; a server that asks for more ends the run
  int64_t max_answer_bytes;
  double requests_per_minute, tokens_per_minute;  // 0: no limit
  int64_t budget_requests, budget_tokens;         // of one run; 0: no limit
  double price_prompt, price_answer;              // of a million tokens
  bool reread;  // read again what the store has and ask nothing: no setting, `extract --reread`
} llm_def;

/// Who is asked and how one is let in, with the section ("llm", "embedding") for messages.
typedef struct llm_door {
  const char *section, *url, *api_key_env, *api_key_header, *headers;
} llm_door;

/// A door with its keys: for http_def. Holds secrets.
typedef struct llm_access {
  char *url;  // of the endpoint
  char **header;
  int32_t n_header;
  secrets secret;
} llm_access;

extern const field_table llm_fields;
llm_def llm_default_def(void);
/// What the settings say, before any server was heard.
llm_dialect llm_dialect_of(const llm_def *def);
bool llm_same_dialect(const llm_dialect *a, const llm_dialect *b);
/// What to ask in after a refusal (status and words); false: nothing of it can change.
bool llm_give_way(const llm_def *def, long status, const char *said, llm_dialect *dialect);
/// In words, what changed.
const char *llm_dialect_change(const llm_dialect *before, const llm_dialect *now);
/// What spans keys or needs the environment: address, model, key. CONFIG with the key at fault.
throng_status llm_check(const llm_def *def);
llm_door llm_door_of(const llm_def *def);
/// The address of `path` ("/chat/completions") behind a door, and its headers with keys from the
/// environment. Errors: CONFIG with the key at fault: a variable that is unset or empty, or holds
/// what no header may; never with the key itself.
throng_status llm_access_open(const llm_door *door, const char *path, llm_access *out);
void llm_access_close(llm_access *access);
/// "URL" and "/path" as one malloc'd address: before a query, and in place of such a path that
/// stands there already.
throng_status llm_endpoint(const char *url, const char *path, char **out);
/// What may be wrong with an address that a server does not know, as a clause ("; ..."); "" where
/// nothing is known.
void llm_suggest_url(const llm_door *door, char *text, size_t size);
/// Settings of the client.
http_def llm_http_def(const llm_def *def, const llm_access *access);
/// Why a run was stopped by a server that asked to wait for longer than llm.max_wait; `said` its
/// words. IO.
throng_status llm_waits_too_long(const llm_def *def, const char *url, const http_counts *counts,
                                 const char *said);

#endif
