/// Reasons gathering in a reading; see answer_reading.h.
#include "llm/answer_reading.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *answer_skip_space(const char *text) {
  while (isspace((unsigned char)*text)) ++text;
  return text;
}

static bool same_reason(const answer_reason *a, const answer_reason *b) {
  if (a->side != b->side || a->n_evidence != b->n_evidence || a->n_keyword != b->n_keyword)
    return false;
  for (int32_t i = 0; i < a->n_evidence; ++i)
    if (strcmp(a->evidence[i], b->evidence[i]) != 0) return false;
  for (int32_t i = 0; i < a->n_keyword; ++i)
    if (strcmp(a->keyword[i], b->keyword[i]) != 0) return false;
  return true;
}

void answer_take(answer_reading *r, const answer_reason *reason) {
  if (r->n == ANSWER_MAX_REASONS) return;
  r->last_malformed = false;
  if (!(r->asked & reason->side)) {
    ++r->shape->other_side;
    return;
  }
  if (reason->n_keyword == 0 ||
      (reason->n_evidence && strlen(reason->evidence[0]) > ANSWER_MAX_TEXT)) {
    r->last_malformed = true;
    ++r->shape->malformed;
    return;
  }
  for (int32_t i = 0; i < r->earlier; ++i)  // models say all of it twice
    if (same_reason(&r->reason[i], reason)) return;
  answer_reason *to = &r->reason[r->n++];
  *to = *reason;
  if (to->n_evidence == 0) to->evidence[0] = "";
}

void answer_add_keyword(answer_reason *reason, const char *text) {
  text = answer_skip_space(text);
  size_t length = strlen(text);
  if (length && length <= ANSWER_MAX_KEYWORD && reason->n_keyword < ANSWER_MAX_KEYWORDS)
    reason->keyword[reason->n_keyword++] = text;
}

void answer_add_evidence(answer_reason *reason, const char *text) {
  if (*answer_skip_space(text) && reason->n_evidence < ANSWER_MAX_EVIDENCE)
    reason->evidence[reason->n_evidence++] = text;
}

/// Bytes of what divides keywords at `at`, 0: nothing. Commas within a keyword of a list divide
/// where a space follows: "1,000 pages". The ';' that ends an entity ("&amp;") is of the word.
static size_t divider_at(const char *text, const char *at, bool listed) {
  static const char *const sign[] = {"|",           "\n", " / ", "\xe3\x80\x81", "\xef\xbc\x8c",
                                     "\xef\xbc\x9b"};
  if (*at == ',') return !listed || at[1] == ' ';
  if (*at == ';') {
    const char *c = at;
    while (c > text && (isalnum((unsigned char)c[-1]) || c[-1] == '#')) --c;
    return c == at || c == text || c[-1] != '&';
  }
  for (size_t i = 0; i < sizeof sign / sizeof *sign; ++i)
    if (!strncmp(at, sign[i], strlen(sign[i]))) return strlen(sign[i]);
  return 0;
}

void answer_split_keywords(answer_reason *reason, char *text, bool listed) {
  char *from = text;
  for (char *at = text; *at;) {
    size_t width = divider_at(text, at, listed);
    if (width) {
      *at = '\0';
      answer_add_keyword(reason, from);
      from = at + width;
    }
    at += width ? width : 1;
  }
  answer_add_keyword(reason, from);
}

chat_side answer_default_side(const answer_reading *r, chat_side heading) {
  return heading ? heading : r->asked == CHAT_BOTH ? 0 : r->asked;
}

throng_status answer_keep_text(answer_reading *r, const char *text, size_t length, char **out) {
  char *copy = malloc(length + 1);
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "an answer of %zu bytes", length);
  memcpy(copy, text, length);
  copy[length] = '\0';
  cJSON *keep = cJSON_CreateString("");
  if (!keep || !cJSON_AddItemToArray(r->texts, keep)) {
    free(copy);
    return throng_fail(THRONG_ERROR_MEMORY, "an answer of %zu bytes", length);
  }
  cJSON_free(keep->valuestring);
  keep->valuestring = *out = copy;
  return THRONG_OK;
}
