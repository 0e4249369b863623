/// The options of asking a language model.
#include "llm/llm.h"

static const char *const token_key_names[] = {
    [LLM_MAX_TOKENS] = "max_tokens", [LLM_MAX_COMPLETION_TOKENS] = "max_completion_tokens", NULL};

#define FIELD_DEF llm_def
static const field llm_rows[] = {
    FIELD_STRING(
        "url", url, "http://127.0.0.1:8080/v1",
        "address before /chat/completions (or with it) of an OpenAI-compatible server; http or "
        "https; a query stays behind"),
    FIELD_STRING("model", model, NULL, "the model's name at the server"),
    FIELD_STRING("api_key_env", api_key_env, NULL,
                 "environment variable that holds the key; null: none is sent"),
    FIELD_STRING("api_key_header", api_key_header, NULL,
                 "header of the key; null: Authorization: Bearer, or api-key where the address has "
                 "api-version (Azure)"),
    FIELD_STRING(
        "headers", headers, NULL,
        "more headers, \"Name: value\", one a line; ${NAME} is taken from the environment when "
        "they are sent"),
    FIELD_PATH("store", store, "llm.sqlite",
               "SQLite file of every request and answer; what is in it is not asked again"),
    FIELD_PATH("objective_prompt", objective_prompt, NULL,
               "prompt on an item's facts; null: the built-in one (configs/prompts/objective.txt)"),
    FIELD_PATH(
        "subjective_prompt", subjective_prompt, NULL,
        "prompt on an item's reviews; null: the built-in one (configs/prompts/subjective.txt)"),
    FIELD_ENUM(
        "form", llm_form, form, llm_form_names, LLM_FORM_AUTO, 0,
        "form of answers; bounded: JSON schema with bounds on lengths; schema: without; object: "
        "any "
        "JSON object; lines: lines of text; auto: the first of these that the server takes"),
    FIELD_ENUM("token_key", llm_token_key, token_key, token_key_names, LLM_MAX_TOKENS, 0,
               "what the server calls the limit of an answer"),
    FIELD_I32("max_tokens", max_tokens, 800, 16, 1000000, 0, "tokens of an answer at most"),
    FIELD_F64("temperature", temperature, 0, -1, 2, 0,
              "sampling temperature; -1: the server's own"),
    FIELD_I64("seed", seed, 1, -1, 4294967295.0, 0,
              "sent with every request, and orders the sample of reviews; -1: not sent"),
    FIELD_I32("reasons", reasons, 3, 1, 20, 0, "reasons asked for, a side"),
    FIELD_I32("reviews_per_side", reviews_per_side, 8, 0, 100000, 0,
              "reviews sampled of an item's likes, and of its dislikes"),
    FIELD_I32("reviews_per_request", reviews_per_request, 4, 1, 1000, 0,
              "reviews that go into one request: more where the budget is tight"),
    FIELD_I32("review_bytes", review_bytes, 1200, 100, 1000000, 0,
              "a longer review is cut, in bytes"),
    FIELD_I32("facts_bytes", facts_bytes, 2000, 100, 1000000, 0, "longer facts are cut, in bytes"),
    FIELD_I32("max_items", max_items, 0, 0, 1000000000, 0,
              "ask about the first so many items; 0: all"),
    FIELD_I32("in_flight", in_flight, 8, 1, 256, 0,
              "requests at once; a slot more than the server has"),
    FIELD_I32("retries", retries, 8, 0, 100, 0, "tries after the first, of one request"),
    FIELD_F64("timeout", timeout, 300, 0.1, 86400, 0, "seconds for one try"),
    FIELD_F64("connect_timeout", connect_timeout, 10, 0.1, 3600, 0, "seconds for connecting"),
    FIELD_F64(
        "max_wait", max_wait, 300, 0, 1e6, 0,
        "seconds that a server may ask to wait (Retry-After); for more the run stops and says "
        "until when"),
    FIELD_I64("max_answer_bytes", max_answer_bytes, 4194304, 1024, 1073741824.0, 0,
              "a longer answer is an error"),
    FIELD_F64("requests_per_minute", requests_per_minute, 0, 0, 1e9, 0, "limit; 0: none"),
    FIELD_F64("tokens_per_minute", tokens_per_minute, 0, 0, 1e12, 0, "limit; 0: none"),
    FIELD_I64("budget_requests", budget_requests, 0, 0, FIELD_LARGE, 0,
              "a run stops after so many requests; 0: no limit"),
    FIELD_I64("budget_tokens", budget_tokens, 0, 0, FIELD_LARGE, 0,
              "a run stops before it takes more tokens, prompts and answers together; 0: no limit"),
    FIELD_F64("price_prompt", price_prompt, 0, 0, 1e9, 0, "price of a million prompt tokens"),
    FIELD_F64("price_answer", price_answer, 0, 0, 1e9, 0, "price of a million tokens of answers"),
};
#undef FIELD_DEF
const field_table llm_fields = FIELD_TABLE_INNER("llm", llm_def, llm_rows);

llm_def llm_default_def(void) {
  llm_def def;
  fields_default(&llm_fields, &def);
  return def;
}
