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
throng_status chat_append_params(const llm_def *def, const llm_dialect *dialect, chat_side side,
                                 byte_buffer *out);
/// Append the messages as a JSON array.
throng_status chat_append_messages(const char *system, const char *user, byte_buffer *out);
/// How the prompt puts the form in words.
const char *chat_form_text(llm_form form, chat_side side);

typedef struct chat_reply {
  byte_buffer text;     // owns content
  cJSON *tree;          // owns the other texts
  const char *content;  // the answer's text: the message's, or a tool call's arguments; "": none
  const char *finish;   // "" where there is none
  const char *refusal;  // NULL: none
  bool plain;           // content is the message's own, and nothing else was said
  bool thought;         // content is what was thought: nothing was said behind it
  long error_status;    // where it is an error that came as HTTP 200: what it would have been; 0
  int64_t prompt_tokens, completion_tokens;  // -1: not told
} chat_reply;

/// Read a body: a chat completion, however its content is packed (parts, tool calls, fields of
/// thoughts, text completions, a stream that nobody asked for). Keys that were sent back are taken
/// out of every string. Errors: DATA where it is none, with the server's words where it has some;
/// `out->error_status` then. Free with chat_reply_free.
throng_status chat_read(const char *body, size_t length, const secrets *secret, chat_reply *out);
void chat_reply_free(chat_reply *reply);

/// Parse a body that should be JSON, with what else servers send in its place: errors say what it
/// is (empty, a web page and its title). Latin-1 in place of UTF-8 and halves of surrogate pairs
/// pass.
throng_status chat_parse(const char *body, size_t length, const secrets *secret, cJSON **out);
/// The error that a whole body says in place of an answer, in one line; false: it says none.
/// `*status`: the HTTP status that it stands for, 0 where it names none.
bool chat_error_in(const cJSON *tree, char *text, size_t size, long *status);

/// What an error body says, in one line of at most `size` bytes: its `error.message` or what stands
/// for it, a web page's title, or the body's start.
void chat_error_text(const char *body, size_t length, const secrets *secret, char *text,
                     size_t size);

/// Does a refusal say that what was asked about passed no filter? It is an answer of a kind: asking
/// again gives the same.
bool chat_is_filtered(long status, const char *said);

/// What of a request a refusal (status and message) is about.
typedef enum chat_refusal {
  CHAT_REFUSES_NOTHING,
  CHAT_REFUSES_FORM,       // response_format
  CHAT_REFUSES_TOKEN_KEY,  // max_tokens
  CHAT_REFUSES_TEMPERATURE,
  CHAT_REFUSES_SEED,
  CHAT_REFUSES_SYSTEM,  // a message of the role system: Gemma's and older templates
} chat_refusal;
chat_refusal chat_refuses(long status, const char *said);
/// True where a server's words say that no waiting helps: the account has nothing left.
bool chat_is_hopeless(const char *said);

#endif
