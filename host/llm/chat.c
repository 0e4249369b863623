/// Requests and answers of OpenAI-compatible servers.
#include "llm/chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/numbers.h"

throng_status chat_append_string(byte_buffer *out, const char *text, size_t length) {
  THRONG_TRY(bytes_append(out, "\"", 1));
  size_t from = 0;
  for (size_t i = 0; i < length; ++i) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    char escape[8];
    int n = c == '\n'  ? snprintf(escape, sizeof escape, "\\n")
            : c < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", c)
                       : snprintf(escape, sizeof escape, "\\%c", c);
    THRONG_TRY(bytes_append(out, text + from, i - from));
    THRONG_TRY(bytes_append(out, escape, (size_t)n));
    from = i + 1;
  }
  THRONG_TRY(bytes_append(out, text + from, length - from));
  return bytes_append(out, "\"", 1);
}

static throng_status append(byte_buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static throng_status append(byte_buffer *out, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return bytes_append(out, text, (size_t)n);
}

/// Reason, evidence, keywords, in this order: a model that thinks before it answers answers better,
/// and grammars keep the order of a schema.
static throng_status append_list(byte_buffer *out, const char *name, int least, bool bounded) {
  const char *text =
      bounded ? "{\"type\":\"string\",\"minLength\":3,\"maxLength\":100}" : "{\"type\":\"string\"}";
  const char *word =
      bounded ? "{\"type\":\"string\",\"minLength\":3,\"maxLength\":24}" : "{\"type\":\"string\"}";
  THRONG_TRY(append(out, "\"%s\":{\"type\":\"array\",", name));
  if (bounded) THRONG_TRY(append(out, "\"minItems\":%d,\"maxItems\":%d,", least, least + 2));
  THRONG_TRY(append(out,
                    "\"items\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":["
                    "\"reason\",\"evidence\",\"keywords\"],\"properties\":{\"reason\":%s,"
                    "\"evidence\":%s,\"keywords\":{\"type\":\"array\",",
                    text, text));
  if (bounded) THRONG_TRY(append(out, "\"minItems\":1,\"maxItems\":3,"));
  return append(out, "\"items\":%s}}}}", word);
}

static throng_status append_schema(byte_buffer *out, const llm_def *def, bool bounded,
                                   chat_side side) {
  int least = side == CHAT_BOTH ? def->reasons : 1;
  THRONG_TRY(append(out,
                    ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
                    "\"reasons\",\"strict\":true,\"schema\":{\"type\":\"object\","
                    "\"additionalProperties\":false,\"required\":[%s],\"properties\":{",
                    side == CHAT_BOTH   ? "\"like\",\"dislike\""
                    : side == CHAT_LIKE ? "\"like\""
                                        : "\"dislike\""));
  if (side & CHAT_LIKE) THRONG_TRY(append_list(out, "like", least, bounded));
  if (side == CHAT_BOTH) THRONG_TRY(append(out, ","));
  if (side & CHAT_DISLIKE) THRONG_TRY(append_list(out, "dislike", least, bounded));
  return append(out, "}}}}");
}

throng_status chat_append_params(const llm_def *def, const llm_dialect *dialect, chat_side side,
                                 byte_buffer *out) {
  llm_form form = dialect->form;
  THRONG_TRY(append(out, "\"model\":"));
  THRONG_TRY(chat_append_string(out, def->model, strlen(def->model)));
  THRONG_TRY(append(out, ",\"%s\":%d",
                    dialect->token_key == LLM_MAX_TOKENS ? "max_tokens" : "max_completion_tokens",
                    def->max_tokens));
  if (!dialect->no_temperature) THRONG_TRY(append(out, ",\"temperature\":%.6g", def->temperature));
  if (!dialect->no_seed) THRONG_TRY(append(out, ",\"seed\":%lld", (long long)def->seed));
  if (form == LLM_FORM_OBJECT)
    return append(out, ",\"response_format\":{\"type\":\"json_object\"}");
  if (form == LLM_FORM_LINES) return THRONG_OK;
  return append_schema(out, def, form == LLM_FORM_BOUNDED || form == LLM_FORM_AUTO, side);
}

throng_status chat_append_messages(const char *system, const char *user, byte_buffer *out) {
  THRONG_TRY(append(out, "["));
  if (*system) {
    THRONG_TRY(append(out, "{\"role\":\"system\",\"content\":"));
    THRONG_TRY(chat_append_string(out, system, strlen(system)));
    THRONG_TRY(append(out, "},"));
  }
  THRONG_TRY(append(out, "{\"role\":\"user\",\"content\":"));
  THRONG_TRY(chat_append_string(out, user, strlen(user)));
  return append(out, "}]");
}

// No sample in it: small models copy a sample in place of the text.
const char *chat_form_text(llm_form form, chat_side side) {
#define JSON_FORM(keys)                                                                     \
  "Answer with JSON and nothing else: an object with " keys                                 \
  ", a list of objects with the keys \"reason\", \"evidence\" and \"keywords\" (a list of " \
  "texts)."
  if (form != LLM_FORM_LINES) {
    switch (side) {
      case CHAT_LIKE: return JSON_FORM("the key \"like\"");
      case CHAT_DISLIKE: return JSON_FORM("the key \"dislike\"");
      default: return JSON_FORM("the keys \"like\" and \"dislike\", each");
    }
  }
  switch (side) {
    case CHAT_LIKE:
      return "Answer with one line for each reason and nothing else:\nlike | the reason | the "
             "words "
             "that show it | keyword; keyword";
    case CHAT_DISLIKE:
      return "Answer with one line for each reason and nothing else:\ndislike | the reason | the "
             "words that show it | keyword; keyword";
    default:
      return "Answer with one line for each reason and nothing else:\nlike | the reason | the "
             "words "
             "that show it | keyword; keyword\ndislike | the reason | the words that show it | "
             "keyword; keyword";
  }
}
