/// Reading reasons from JSON or lines.
#include "llm/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

typedef struct reading {
  chat_side asked;
  answer_visitor *visit;
  void *context;
  answer_shape *shape;
} reading;

static throng_status take(reading *r, const answer_reason *reason) {
  if (r->shape->reasons == ANSWER_MAX_REASONS) return THRONG_OK;
  if (!(r->asked & reason->side)) {
    ++r->shape->other_side;
    return THRONG_OK;
  }
  if (reason->n_keyword == 0 || strlen(reason->evidence) > ANSWER_MAX_TEXT) {
    ++r->shape->malformed;
    return THRONG_OK;
  }
  ++r->shape->reasons;
  return r->visit(r->context, reason);
}

static void add_keyword(answer_reason *reason, const char *text) {
  while (isspace((unsigned char)*text)) ++text;
  size_t length = strlen(text);
  if (length && length <= ANSWER_MAX_KEYWORD && reason->n_keyword < ANSWER_MAX_KEYWORDS)
    reason->keyword[reason->n_keyword++] = text;
}

/// Keywords between ';' or ','. Changes the text.
static void split_keywords(answer_reason *reason, char *text) {
  for (char *save = NULL, *word = strtok_r(text, ";,", &save); word;
       word = strtok_r(NULL, ";,", &save))
    add_keyword(reason, word);
}

static const char *string_of(const cJSON *object, const char *key) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(value) ? value->valuestring : "";
}

static throng_status take_entry(reading *r, chat_side side, const cJSON *entry) {
  if (!cJSON_IsObject(entry)) {
    ++r->shape->malformed;
    return THRONG_OK;
  }
  answer_reason reason = {
      .side = side, .reason = string_of(entry, "reason"), .evidence = string_of(entry, "evidence")};
  const cJSON *keywords = cJSON_GetObjectItemCaseSensitive(entry, "keywords"), *word;
  if (cJSON_IsString(keywords)) split_keywords(&reason, keywords->valuestring);
  if (cJSON_IsArray(keywords))
    cJSON_ArrayForEach(word, keywords) if (cJSON_IsString(word))
        add_keyword(&reason, word->valuestring);
  return take(r, &reason);
}

static throng_status take_list(reading *r, chat_side side, const cJSON *list) {
  const cJSON *entry;
  if (!cJSON_IsArray(list)) return THRONG_OK;
  cJSON_ArrayForEach(entry, list) THRONG_TRY(take_entry(r, side, entry));
  return THRONG_OK;
}

static throng_status take_tree(reading *r, const cJSON *tree) {
  if (cJSON_IsArray(tree) && r->asked != CHAT_BOTH) return take_list(r, r->asked, tree);
  THRONG_TRY(take_list(r, CHAT_LIKE, cJSON_GetObjectItemCaseSensitive(tree, "like")));
  return take_list(r, CHAT_DISLIKE, cJSON_GetObjectItemCaseSensitive(tree, "dislike"));
}

/// The end of the JSON value at `text`: behind its closing bracket; NULL where it breaks off. Then
/// `*cut` is the place behind the last whole entry of a list, with `open` (8) brackets open there.
static const char *find_end(const char *text, const char **cut, char *open, int *n_open) {
  char stack[8];
  int depth = 0;
  *cut = NULL;
  for (const char *at = text; *at; ++at) {
    if (*at == '"') {
      for (++at; *at && *at != '"'; ++at)
        if (*at == '\\' && at[1]) ++at;
      if (!*at) return NULL;
    } else if (*at == '{' || *at == '[') {
      if (depth == 8) return NULL;  // no answer of ours is so deep
      stack[depth++] = *at == '{' ? '}' : ']';
    } else if (*at == '}' || *at == ']') {
      if (depth == 0 || stack[depth - 1] != *at) return NULL;
      if (--depth == 0) return at + 1;
      if (stack[depth - 1] == ']' && *at == '}') {
        *cut = at + 1;
        *n_open = depth;
        memcpy(open, stack, (size_t)depth);
      }
    }
  }
  return NULL;
}

static throng_status read_json(reading *r, const char *text) {
  char open[8];
  int n_open = 0;
  const char *cut, *end = find_end(text, &cut, open, &n_open);
  if (!end && !cut) return THRONG_OK;
  size_t length = (size_t)((end ? end : cut) - text);
  char *copy = malloc(length + 9);
  cJSON *tree = NULL;
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "an answer of %zu bytes", length);
  memcpy(copy, text, length);
  while (!end && n_open) copy[length++] = open[--n_open];
  throng_status status = json_parse("the answer", 1, copy, length, JSON_DUPLICATES, &tree);
  free(copy);
  if (status == THRONG_ERROR_DATA) return THRONG_OK;  // no JSON after all
  if (status != THRONG_OK) return status;
  r->shape->json = true;
  r->shape->cut = !end;
  status = take_tree(r, tree);
  cJSON_Delete(tree);
  return status;
}

static char *trim(char *text) {
  while (isspace((unsigned char)*text)) ++text;
  size_t n = strlen(text);
  while (n && isspace((unsigned char)text[n - 1])) text[--n] = '\0';
  return text;
}

/// "like | reason | evidence | keyword; keyword", with or without a bullet before it.
static throng_status read_line(reading *r, char *line) {
  while (*line &&
         (isspace((unsigned char)*line) || isdigit((unsigned char)*line) || strchr("-*.)", *line)))
    ++line;
  chat_side side = !strncasecmp(line, "like", 4)      ? CHAT_LIKE
                   : !strncasecmp(line, "dislike", 7) ? CHAT_DISLIKE
                                                      : 0;
  if (!side) return THRONG_OK;
  char *field[3], *at = line + (side == CHAT_LIKE ? 4 : 7);
  while (*at == ' ' || *at == '*') ++at;
  if (*at != '|' && *at != ':') return THRONG_OK;
  for (int i = 0; i < 3; ++i) {
    field[i] = at + 1;
    if (i == 2) break;
    at = strchr(at + 1, '|');
    if (!at) {
      ++r->shape->malformed;
      return THRONG_OK;
    }
    *at = '\0';
  }
  answer_reason reason = {.side = side, .reason = trim(field[0]), .evidence = trim(field[1])};
  split_keywords(&reason, trim(field[2]));
  return take(r, &reason);
}

static throng_status read_lines(reading *r, const char *text) {
  char *copy = strdup(text);
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
  throng_status status = THRONG_OK;
  for (char *save = NULL, *line = strtok_r(copy, "\n", &save); line && status == THRONG_OK;
       line = strtok_r(NULL, "\n", &save))
    status = read_line(r, line);
  free(copy);
  return status;
}

throng_status answer_read(const char *text, chat_side asked, answer_visitor *visit, void *context,
                          answer_shape *shape) {
  *shape = (answer_shape){0};
  reading r = {asked, visit, context, shape};
  const char *thought = strstr(text, "</think>");  // a model that thinks aloud answers behind it
  if (thought) text = thought + 8;
  const char *json = strpbrk(text, "{[");
  if (json) THRONG_TRY(read_json(&r, json));
  if (shape->json) return THRONG_OK;
  return read_lines(&r, text);
}
