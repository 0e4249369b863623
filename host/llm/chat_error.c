/// What servers say in place of an answer, in whatever place they say it.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "llm/chat.h"
#include "llm/lenient.h"

enum { MOST_WORDS = 2000 };

static const cJSON *get(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key) {
  const cJSON *value = get(object, key);
  return cJSON_IsString(value) && *value->valuestring ? value->valuestring : NULL;
}

static void add(char *text, size_t size, const char *between, const char *more) {
  size_t used = strlen(text);
  if (used + 1 < size) snprintf(text + used, size - used, "%s%s", used ? between : "", more);
}

/// "body.encoding_format: Input should be 'float'": an entry of FastAPI's list.
static void add_detail(const cJSON *entry, char *text, size_t size) {
  char place[200] = "";
  const cJSON *part;
  cJSON_ArrayForEach(part, get(entry, "loc")) {
    char number[32];
    snprintf(number, sizeof number, "%d", part->valueint);
    add(place, sizeof place, ".", cJSON_IsString(part) ? part->valuestring : number);
  }
  const char *message = text_of(entry, "msg");
  if (!message) message = text_of(entry, "message");
  if (!message) message = cJSON_IsString(entry) ? entry->valuestring : NULL;
  if (*place) add(text, size, "; ", place);
  if (message) add(text, size, *place ? ": " : "; ", message);
}

/// The words of an error's value: a text, a list, or an object with a message.
static void add_words(const cJSON *value, int depth, char *text, size_t size) {
  // By sense, in whatever case.
  static const char *const keys[] = {"message",   "msg",         "error",
                                     "detail",    "details",     "errors",
                                     "title",     "description", "error_description",
                                     "error_msg", "status_msg",  "base_resp",
                                     "reason"};
  const cJSON *c;
  if (cJSON_IsString(value)) add(text, size, "; ", value->valuestring);
  if (cJSON_IsArray(value) && depth < 3) cJSON_ArrayForEach(c, value) add_detail(c, text, size);
  if (!cJSON_IsObject(value) || depth > 3) return;
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !*text; ++i)
    add_words(cJSON_GetObjectItem(value, keys[i]), depth + 1, text, size);
  // OpenRouter: what the provider behind it said.
  const char *raw = text_of(get(value, "metadata"), "raw");
  if (raw) add(text, size, ": ", raw);
  if (!*text && text_of(value, "code")) add(text, size, "", text_of(value, "code"));
  if (!*text && text_of(value, "type")) add(text, size, "", text_of(value, "type"));
}

static void make_line(char *text) {
  text[utf8_valid_prefix(text, strlen(text))] = '\0';
  char *to = text;
  for (const unsigned char *c = (const unsigned char *)text; *c; ++c) {
    char put = *c < 0x20 || *c == 0x7f ? ' ' : (char)*c;
    *to++ = put;
  }
  *to = '\0';
}

static long status_of(const cJSON *error) {
  static const struct {
    const char *words;
    long status;
  } names[] = {{"insufficient_quota", 402}, {"rate_limit", 429}, {"overloaded", 503},
               {"unavailable", 503},        {"timeout", 504},    {"authentication", 401},
               {"invalid_api_key", 401},    {"permission", 403}, {"not_found", 404},
               {"invalid_request", 400}};
  static const char *const keys[] = {"code", "status", "type"};
  for (int k = 0; k < 3; ++k) {
    const cJSON *code = get(error, keys[k]);
    if (cJSON_IsNumber(code) && code->valueint >= 400 && code->valueint < 600)
      return code->valueint;
    if (!cJSON_IsString(code)) continue;
    long number = strtol(code->valuestring, NULL, 10);
    if (number >= 400 && number < 600) return number;
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
      if (strcasestr(code->valuestring, names[i].words)) return names[i].status;
  }
  return 0;
}

static bool says_something(const cJSON *value) {
  return (cJSON_IsString(value) && *value->valuestring) ||
         (cJSON_IsObject(value) && value->child) || (cJSON_IsArray(value) && value->child) ||
         cJSON_IsTrue(value);
}

bool chat_error_in(const cJSON *tree, char *text, size_t size, long *status) {
  static const char *const answers[] = {"choices", "data",   "embeddings", "message", "candidates",
                                        "result",  "output", "content",    "response"};
  enum { FIRST_TEXT = 6 };  // of these, which may be texts
  *status = 0;
  text[0] = '\0';
  if (cJSON_IsArray(tree) && tree->child && !tree->child->next) tree = tree->child;  // Google's
  const cJSON *first = cJSON_GetArrayItem(get(tree, "choices"), 0);
  const cJSON *error = get(tree, "error");
  if (!says_something(error)) error = get(first, "error");
  if (cJSON_IsString(tree)) error = tree;
  if (!says_something(error) && cJSON_IsObject(tree)) {
    for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
      const cJSON *answer = get(tree, answers[i]);
      if (cJSON_IsObject(answer) || cJSON_IsArray(answer)) return false;
      if (i >= FIRST_TEXT && cJSON_IsString(answer)) return false;
    }
    error = tree;
  }
  if (!says_something(error)) return false;
  add_words(error, 0, text, size);
  if (error != tree) add_words(*text ? NULL : tree, 0, text, size);
  *status = status_of(error);
  if (!*status) *status = status_of(tree);
  make_line(text);
  if (*text || error == tree) return *text != '\0';
  snprintf(text, size, "an error without words");
  return true;
}

/// The text between <tag> and </tag>.
static bool page_part(const char *body, const char *tag, char *text, size_t size) {
  char open[16];
  snprintf(open, sizeof open, "<%s", tag);
  const char *at = strcasestr(body, open);
  at = at ? strchr(at, '>') : NULL;
  if (!at) return false;
  while (isspace((unsigned char)*++at)) {
  }
  size_t n = strcspn(at, "<");
  if (n > size - 1) n = size - 1;
  memcpy(text, at, n);
  while (n && isspace((unsigned char)text[n - 1])) --n;
  text[n] = '\0';
  make_line(text);
  return *text != '\0';
}

static bool is_page(const char *body) {
  return *body == '<' && (strcasestr(body, "<html") || strcasestr(body, "<!doctype") ||
                          strcasestr(body, "<title") || strcasestr(body, "<body"));
}

static const char *skip_space(const char *text) {
  for (;;) {
    if (isspace((unsigned char)*text))
      ++text;
    else if (!strncmp(text, "\xef\xbb\xbf", 3))
      text += 3;
    else
      return text;
  }
}

/// A copy with a NUL at its end, in UTF-8: what is not is taken for Latin-1.
static throng_status copy_body(const char *body, size_t length, byte_buffer *out) {
  bytes_clear(out);
  for (size_t i = 0; i < length;) {
    size_t valid = utf8_valid_prefix(body + i, length - i);
    THRONG_TRY(bytes_append(out, body + i, valid));
    i += valid;
    if (i < length) THRONG_TRY(bytes_append_codepoint(out, (unsigned char)body[i++]));
  }
  return bytes_append(out, "", 0);
}

/// A text that is no JSON at all says something itself.
static throng_status quote_text(const char *text, const secrets *secret) {
  char said[200];
  char *copy = strdup(text);
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
  redact(secret, copy);
  snprintf(said, sizeof said, "%s", copy);
  free(copy);
  make_line(said);
  return throng_fail(THRONG_ERROR_DATA, "the answer is no JSON: \"%s\"", said);
}

throng_status chat_parse(const char *body, size_t length, const secrets *secret, cJSON **out) {
  byte_buffer copy = {0};
  throng_status status;
  *out = NULL;
  THRONG_TRY_GOTO(copy_body(body, length, &copy));
  const char *text = skip_space(bytes_text(&copy));
  char title[200];
  if (!*text) {
    status = throng_fail(THRONG_ERROR_DATA, "the answer is empty");
  } else if (is_page(text)) {
    bool titled =
        page_part(text, "title", title, sizeof title) || page_part(text, "h1", title, sizeof title);
    redact(secret, title);
    status =
        throng_fail(THRONG_ERROR_DATA, "a web page%s%s%s in place of JSON; is the address right?",
                    titled ? " (\"" : "", titled ? title : "", titled ? "\")" : "");
  } else {
    size_t used = 0, left = strlen(text);
    bool cut = false;
    while (left && isspace((unsigned char)text[left - 1])) --left;
    status = json_parse("the answer", 1, text, left, JSON_DUPLICATES, out);
    // Half an emoji, a raw control character: no reason to lose an answer.
    if (status == THRONG_ERROR_DATA) {
      cJSON *tree;
      THRONG_TRY_GOTO(lenient_parse(text, left, &used, &cut, &tree));
      if (tree && !cut && used == left) {
        *out = tree;
        status = THRONG_OK;
      } else {
        cJSON_Delete(tree);
        status = *text == '{' || *text == '[' ? THRONG_ERROR_DATA : quote_text(text, secret);
      }
    }
  }
  if (*out) redact_tree(secret, *out);
done:
  bytes_free(&copy);
  return status;
}

void chat_error_text(const char *body, size_t length, const secrets *secret, char *text,
                     size_t size) {
  cJSON *tree = NULL;
  byte_buffer copy = {0};
  char words[MOST_WORDS] = "";
  long status;
  if (length && copy_body(body, length, &copy) == THRONG_OK) {
    const char *start = skip_space(bytes_text(&copy));
    bool page = is_page(start);
    if (page && !page_part(start, "title", words, sizeof words))
      page_part(start, "h1", words, sizeof words);
    if (!page &&
        json_parse("the answer", 1, start, strlen(start), JSON_DUPLICATES, &tree) == THRONG_OK) {
      redact_tree(secret, tree);
      chat_error_in(tree, words, sizeof words, &status);
    }
    if (!*words) {
      redact(secret, copy.data);
      snprintf(words, sizeof words, "%s", start);
    }
  }
  redact(secret, words);
  make_line(words);
  snprintf(text, size, "%s", words);
  text[utf8_valid_prefix(text, strlen(text))] = '\0';
  cJSON_Delete(tree);
  bytes_free(&copy);
}

static bool names(const char *said, const char *const *words) {
  for (; *words; ++words)
    if (strcasestr(said, *words)) return true;
  return false;
}

chat_refusal chat_refuses(long status, const char *said) {
  static const char *const form[] = {"response_format", "json_schema", "json_object", "schema",
                                     "grammar",         "structured",  NULL};
  static const char *const temperature[] = {"temperature", NULL};
  static const char *const seed[] = {"seed", NULL};
  static const char *const system[] = {
      "system role",          "system message", "role 'system'",         "role \"system\"",
      "roles must alternate", "system prompt",  "developer instruction", NULL};
  if (status != 400 && status != 415 && status != 422 && status != 501) return CHAT_REFUSES_NOTHING;
  // The other name of the limit stands in such a refusal; a limit that is too high is another.
  if (strcasestr(said, "max_completion_tokens") && strcasestr(said, "max_tokens"))
    return CHAT_REFUSES_TOKEN_KEY;
  if (names(said, form)) return CHAT_REFUSES_FORM;
  if (names(said, temperature)) return CHAT_REFUSES_TEMPERATURE;
  if (names(said, seed)) return CHAT_REFUSES_SEED;
  if (names(said, system)) return CHAT_REFUSES_SYSTEM;
  return CHAT_REFUSES_NOTHING;
}

bool chat_is_hopeless(const char *said) {
  static const char *const words[] = {"insufficient_quota",
                                      "exceeded your current quota",
                                      "insufficient balance",
                                      "insufficient credit",
                                      "billing",
                                      "payment required",
                                      NULL};
  return names(said, words);
}

bool chat_is_filtered(long status, const char *said) {
  static const char *const words[] = {"content management policy",
                                      "content_filter",
                                      "content filter",
                                      "content_policy",
                                      "content policy",
                                      "ResponsibleAIPolicy",
                                      "data_inspection_failed",
                                      "inappropriate content",
                                      "requires moderation",
                                      "our safety system",
                                      NULL};
  return (status == 400 || status == 403 || status == 422) && names(said, words);
}
