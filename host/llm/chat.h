/// The wire format of /chat/completions: a request's JSON and what an answer's JSON says. What the
/// model's text means is answer.h's.
#ifndef THRONG_LLM_CHAT_H
#define THRONG_LLM_CHAT_H

#include <cjson/cJSON.h>

#include "data/byte_buffer.h"
#include "llm/llm.h"

/// Which sides an answer is asked for.
typedef enum chat_side { CHAT_LIKE = 1, CHAT_DISLIKE = 2, CHAT_BOTH = 3 } chat_side;

/// Append a JSON string with its quotes. `text` is valid UTF-8.
throng_status chat_append_string(byte_buffer *out, const char *text, size_t length);

/// Append the parameters besides the messages, as members without braces: model, token limit,
/// temperature, seed, response_format.
throng_status chat_append_params(const llm_def *def, llm_form form, chat_side side,
                                 byte_buffer *out);
/// Append the messages as a JSON array.
throng_status chat_append_messages(const char *system, const char *user, byte_buffer *out);
/// How the prompt puts the form in words.
const char *chat_form_text(llm_form form, chat_side side);

typedef struct chat_reply {
  cJSON *tree;                               // owns the texts
  const char *content;                       // "" where there is none
  const char *finish;                        // "" where there is none
  const char *refusal;                       // NULL: none
  int64_t prompt_tokens, completion_tokens;  // -1: not told
} chat_reply;

/// Errors: DATA where the body is no chat completion. Free with chat_reply_free.
throng_status chat_read(const char *body, size_t length, chat_reply *out);
void chat_reply_free(chat_reply *reply);

/// What an error body says, in one line of at most `size` bytes: its `error.message`, or its start.
void chat_error_text(const char *body, size_t length, char *text, size_t size);
/// True where a refusal (status and message) is about the form that was asked for.
bool chat_refuses_form(long status, const char *body, size_t length);

#endif
