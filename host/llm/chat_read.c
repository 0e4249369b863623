/// Completions however servers pack them: the message's content as text or parts, tool calls,
/// fields of thoughts, older and other interfaces, streams.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "llm/answer_words.h"
#include "llm/chat.h"

enum { MOST_NESTED = 4 };

static const cJSON *get(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key) {
  const cJSON *value = get(object, key);
  return cJSON_IsString(value) ? value->valuestring : NULL;
}

static int64_t count_of(const cJSON *object, const char *key) {
  int64_t n;
  const cJSON *value = get(object, key);
  return value && json_integer(value, &n) && n >= 0 ? n : -1;
}

static throng_status add_text(byte_buffer *out, const char *text) {
  return bytes_append(out, text, strlen(text));
}

static bool is_blank(const byte_buffer *text) {
  const char *at = bytes_text(text);
  while (isspace((unsigned char)*at)) ++at;
  return *at == '\0';
}

static bool is_thought(const cJSON *part) {
  const char *type = text_of(part, "type");
  return type &&
         (strcasestr(type, "think") || strcasestr(type, "reason") || strcasestr(type, "thought"));
}

/// A content: a text, a list of parts, or an object that a server has parsed already.
static throng_status add_content(const cJSON *value, bool thoughts, int depth, byte_buffer *out) {
  static const char *const keys[] = {"text",  "content",  "output_text", "parts",
                                     "value", "thinking", "summary"};
  if (cJSON_IsString(value)) return add_text(out, value->valuestring);
  if (depth == MOST_NESTED) return THRONG_OK;
  if (cJSON_IsArray(value)) {
    const cJSON *part;
    cJSON_ArrayForEach(part, value) {
      if (is_thought(part) != thoughts && !cJSON_IsString(part)) continue;
      THRONG_TRY(add_content(part, thoughts, depth + 1, out));
    }
    return THRONG_OK;
  }
  if (!cJSON_IsObject(value)) return THRONG_OK;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
    if (get(value, keys[i])) return add_content(get(value, keys[i]), thoughts, depth + 1, out);
  // One that a server has parsed already, or the input of a tool.
  if (depth > 1 || (depth && thoughts) || !value->child || get(value, "refusal")) return THRONG_OK;
  char *printed = cJSON_PrintUnformatted(value);
  if (!printed) return throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
  throng_status status = add_text(out, printed);
  cJSON_free(printed);
  return status;
}

/// The arguments of a function's call, as text or already parsed.
static throng_status add_arguments(const cJSON *function, byte_buffer *out) {
  const cJSON *arguments = get(function, "arguments");
  if (!arguments) arguments = get(function, "input");
  if (!arguments) return THRONG_OK;
  if (!is_blank(out)) THRONG_TRY(add_text(out, "\n"));
  return add_content(arguments, false, 0, out);
}

static throng_status add_calls(const cJSON *message, byte_buffer *out) {
  const cJSON *call;
  cJSON_ArrayForEach(call, get(message, "tool_calls")) {
    const cJSON *function = get(call, "function");
    THRONG_TRY(add_arguments(function ? function : call, out));
  }
  return add_arguments(get(message, "function_call"), out);
}

static throng_status add_thoughts(const cJSON *message, byte_buffer *out) {
  static const char *const keys[] = {"reasoning_content", "reasoning", "thinking", "thoughts",
                                     "reasoning_details"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys && is_blank(out); ++i) {
    bytes_clear(out);
    const cJSON *value = get(message, keys[i]), *part;
    if (!cJSON_IsArray(value)) {
      THRONG_TRY(add_content(value, true, 0, out));
      continue;
    }
    cJSON_ArrayForEach(part, value) THRONG_TRY(add_content(part, true, 1, out));
  }
  if (is_blank(out)) THRONG_TRY(add_content(get(message, "content"), true, 0, out));
  return THRONG_OK;
}

/// Below what gateways put around an answer: a list of one, "result", "data".
static const cJSON *unwrap(const cJSON *tree) {
  static const char *const keys[] = {"result", "data", "body"};
  for (int depth = 0; depth < MOST_NESTED; ++depth) {
    if (cJSON_IsArray(tree) && tree->child && !tree->child->next) tree = tree->child;
    const cJSON *inner = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !cJSON_IsObject(inner); ++i)
      inner = get(tree, keys[i]);
    if (!cJSON_IsObject(inner) || get(tree, "choices")) break;
    tree = inner;
  }
  return tree;
}

/// The text of an answer of Anthropic's, Google's, llama.cpp's, Ollama's and OpenAI's other
/// interfaces, which gateways pass on as they are; NULL: there is none.
static const cJSON *find_text(const cJSON *object) {
  static const char *const keys[] = {"content", "response", "output", "generated_text"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i) {
    const cJSON *text = get(object, keys[i]);
    if (cJSON_IsString(text) || (text && text->child)) return text;
  }
  return NULL;
}

/// Is it what the model was asked for, with nothing around?
static bool is_bare_answer(const cJSON *tree) {
  for (const cJSON *c = cJSON_IsObject(tree) ? tree->child : NULL; c; c = c->next)
    if (c->child && answer_side_of(c->string, strlen(c->string))) return true;
  return false;
}

/// The message of a choice, of another interface, or a text without one.
static const cJSON *find_message(const cJSON *tree, const cJSON *choice) {
  const cJSON *message = get(choice, "message");
  if (!cJSON_IsObject(message)) message = get(choice, "delta");
  if (!cJSON_IsObject(message) && cJSON_IsString(get(choice, "text"))) message = choice;
  if (!cJSON_IsObject(message)) message = get(tree, "message");
  if (!cJSON_IsObject(message)) message = cJSON_GetArrayItem(get(tree, "candidates"), 0);
  if (!cJSON_IsObject(message) && (find_text(tree) || is_bare_answer(tree))) message = tree;
  return cJSON_IsObject(message) ? message : NULL;
}

/// In OpenAI's words.
static const char *find_finish(const cJSON *from) {
  static const char *const keys[] = {"finish_reason", "done_reason", "stop_reason", "finishReason"};
  const char *finish = NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !finish; ++i)
    finish = text_of(from, keys[i]);
  if (finish && !strcasecmp(finish, "max_tokens")) return "length";
  if (finish && !strcasecmp(finish, "safety")) return "content_filter";
  return finish ? finish : "";
}

/// What a choice says: content and the arguments of calls; else what was thought.
static throng_status read_choice(const cJSON *choice, const cJSON *message, chat_reply *out) {
  byte_buffer *text = &out->text;
  const cJSON *content = get(message, "content");
  bytes_clear(text);
  THRONG_TRY(add_content(content, false, 0, text));
  if (is_blank(text) && !choice) {
    const cJSON *other = is_bare_answer(message) ? message : find_text(message);
    THRONG_TRY(add_content(other, false, 0, text));
  }
  if (is_blank(text) && get(message, "parsed"))
    THRONG_TRY(add_content(get(message, "parsed"), false, 0, text));
  if (is_blank(text)) THRONG_TRY(add_content(get(choice, "text"), false, 0, text));
  out->plain = cJSON_IsString(content) && !is_blank(text);
  size_t before = text->length;
  THRONG_TRY(add_calls(message, text));
  out->plain &= text->length == before;
  out->refusal = text_of(message, "refusal");
  const cJSON *part;
  if (cJSON_IsArray(content))
    cJSON_ArrayForEach(part, content) if (!out->refusal) out->refusal = text_of(part, "refusal");
  if (out->refusal && !*out->refusal) out->refusal = NULL;
  if (is_blank(text) && !out->refusal) {
    byte_buffer thoughts = {0};
    throng_status status = add_thoughts(message, &thoughts);
    out->thought = !is_blank(&thoughts);
    bytes_clear(text);
    // As a model that thinks aloud in one field would: what reads answers knows the tag.
    if (status == THRONG_OK && out->thought) status = add_text(text, "<think>\n");
    if (status == THRONG_OK && out->thought) status = add_text(text, bytes_text(&thoughts));
    bytes_free(&thoughts);
    THRONG_TRY(status);
  }
  out->content = bytes_text(text);
  return THRONG_OK;
}

static throng_status read_tree(chat_reply *out) {
  char said[600];
  const cJSON *tree = unwrap(out->tree);
  const cJSON *choice = cJSON_GetArrayItem(get(tree, "choices"), 0);
  const cJSON *message = find_message(tree, choice);
  if (chat_error_in(out->tree, said, sizeof said, &out->error_status) ||
      (tree != out->tree && chat_error_in(tree, said, sizeof said, &out->error_status)))
    return throng_fail(THRONG_ERROR_DATA, "HTTP 200 with an error: %s", said);
  if (!message)
    return throng_fail(THRONG_ERROR_DATA,
                       "the answer has no choices[0].message; expected a chat completion");
  THRONG_TRY(read_choice(choice, message, out));
  const char *finish = find_finish(choice ? choice : message);
  out->finish = *finish ? finish : find_finish(tree);
  const cJSON *usage = get(tree, "usage");
  out->prompt_tokens = count_of(usage, "prompt_tokens");
  out->completion_tokens = count_of(usage, "completion_tokens");
  if (out->prompt_tokens < 0) out->prompt_tokens = count_of(usage, "input_tokens");
  if (out->completion_tokens < 0) out->completion_tokens = count_of(usage, "output_tokens");
  return THRONG_OK;
}

// --- streams -----------------------------------------------------------------------------------

typedef struct stream {
  byte_buffer content, thoughts, arguments, refusal;
  char finish[64];
  cJSON *usage, *error;
  bool done;
} stream;

static throng_status add_piece(stream *s, const cJSON *piece) {
  const cJSON *choice = cJSON_GetArrayItem(get(piece, "choices"), 0);
  const cJSON *delta = find_message(piece, choice);
  const char *finish = find_finish(choice ? choice : piece);
  const cJSON *call;
  if (*finish) snprintf(s->finish, sizeof s->finish, "%s", finish);
  s->done |= cJSON_IsTrue(get(piece, "done"));
  THRONG_TRY(add_content(get(delta, "content"), false, 0, &s->content));
  if (delta == choice && choice)
    THRONG_TRY(add_content(get(choice, "text"), false, 0, &s->content));
  THRONG_TRY(add_content(get(delta, "reasoning_content"), true, 0, &s->thoughts));
  THRONG_TRY(add_content(get(delta, "reasoning"), true, 0, &s->thoughts));
  THRONG_TRY(add_content(get(delta, "refusal"), false, 0, &s->refusal));
  cJSON_ArrayForEach(call, get(delta, "tool_calls"))
      THRONG_TRY(add_content(get(get(call, "function"), "arguments"), false, 0, &s->arguments));
  const cJSON *usage = get(piece, "usage");
  if (cJSON_IsObject(usage)) {
    cJSON_Delete(s->usage);
    s->usage = cJSON_Duplicate(usage, true);
  }
  return THRONG_OK;
}

static bool add_string(cJSON *object, const char *key, const byte_buffer *text) {
  return !text->length || cJSON_AddStringToObject(object, key, bytes_text(text));
}

/// The completion that a stream amounts to.
static throng_status make_completion(stream *s, cJSON **out) {
  cJSON *tree = cJSON_CreateObject();
  cJSON *choices = cJSON_AddArrayToObject(tree, "choices"), *choice = cJSON_CreateObject();
  if (!choices || !choice || !cJSON_AddItemToArray(choices, choice)) goto none;
  cJSON *message = cJSON_AddObjectToObject(choice, "message");
  if (!message || !add_string(message, "content", &s->content) ||
      !add_string(message, "reasoning_content", &s->thoughts) ||
      !add_string(message, "refusal", &s->refusal))
    goto none;
  if (s->arguments.length) {
    cJSON *call = cJSON_AddObjectToObject(message, "function_call");
    if (!add_string(call, "arguments", &s->arguments)) goto none;
  }
  if (!cJSON_AddStringToObject(choice, "finish_reason", s->finish)) goto none;
  if (s->usage && cJSON_AddItemToObject(tree, "usage", s->usage)) s->usage = NULL;
  *out = tree;
  return THRONG_OK;
none:
  cJSON_Delete(tree);
  return throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
}

static throng_status add_line(stream *s, const char *line, size_t length) {
  cJSON *piece = NULL;
  while (length && isspace((unsigned char)line[length - 1])) --length;
  if (length >= 5 && !memcmp(line, "data:", 5)) line += 5, length -= 5;
  while (length && isspace((unsigned char)*line)) ++line, --length;
  if (length == 6 && !memcmp(line, "[DONE]", 6)) s->done = true;
  if (!length || *line != '{') return THRONG_OK;  // "event: x", ": keep-alive"
  throng_status status = json_parse("the stream", 1, line, length, JSON_DUPLICATES, &piece);
  if (status != THRONG_OK) return status;
  status = add_piece(s, piece);
  char said[64];
  long code;
  if (status == THRONG_OK && !s->error &&
      !find_message(piece, cJSON_GetArrayItem(get(piece, "choices"), 0)) &&
      chat_error_in(piece, said, sizeof said, &code)) {
    s->error = piece;
    return THRONG_OK;
  }
  cJSON_Delete(piece);
  return status;
}

/// Server-sent events, or a JSON object a line.
static throng_status read_stream(const char *body, size_t length, const secrets *secret,
                                 cJSON **out) {
  stream s = {0};
  throng_status status = THRONG_OK;
  for (const char *at = body, *end = body + length; at < end && status == THRONG_OK;) {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    size_t n = (size_t)((line ? line : end) - at);
    status = add_line(&s, at, n);
    at += n + 1;
  }
  if (status == THRONG_OK && s.error) {
    *out = s.error;
    s.error = NULL;
  } else if (status == THRONG_OK && !s.done && !*s.finish) {
    status = throng_fail(THRONG_ERROR_DATA, "a stream that broke off");
  } else if (status == THRONG_OK) {
    status = make_completion(&s, out);
  }
  if (*out) redact_tree(secret, *out);
  bytes_free(&s.content);
  bytes_free(&s.thoughts);
  bytes_free(&s.arguments);
  bytes_free(&s.refusal);
  cJSON_Delete(s.usage);
  cJSON_Delete(s.error);
  return status;
}

/// Events, or more than one line of which the first is a whole object and no completion of its own.
static bool is_stream(const char *body, size_t length) {
  const char *end = body + length;
  while (body < end && isspace((unsigned char)*body)) ++body;
  static const char *const starts[] = {"data:", "event:", "id:", "retry:", ":"};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; ++i)
    if ((size_t)(end - body) >= strlen(starts[i]) && !memcmp(body, starts[i], strlen(starts[i])))
      return true;
  const char *line = body < end ? memchr(body, '\n', (size_t)(end - body)) : NULL;
  if (!line || *body != '{' || line == body || line[-1] != '}') return false;
  while (line < end && isspace((unsigned char)*line)) ++line;
  return line < end && *line == '{';
}

throng_status chat_read(const char *body, size_t length, const secrets *secret, chat_reply *out) {
  *out = (chat_reply){.content = "", .finish = "", .prompt_tokens = -1, .completion_tokens = -1};
  throng_status status = is_stream(body, length) ? read_stream(body, length, secret, &out->tree)
                                                 : chat_parse(body, length, secret, &out->tree);
  if (status == THRONG_OK) status = read_tree(out);
  if (status == THRONG_OK) return THRONG_OK;
  long error = out->error_status;
  chat_reply_free(out);
  out->error_status = error;
  return status;
}

void chat_reply_free(chat_reply *reply) {
  cJSON_Delete(reply->tree);
  bytes_free(&reply->text);
  *reply = (chat_reply){.content = "", .finish = ""};
}
