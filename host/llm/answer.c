/// From a text to its values, from a value to its reasons.
#include "llm/answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "llm/answer_lines.h"
#include "llm/answer_reading.h"
#include "llm/answer_words.h"
#include "llm/lenient.h"

enum {
  MOST_WRAPPERS = 16,     // objects and lists around an answer
  MOST_UNESCAPED = 3,     // JSON strings that hold JSON
  MOST_WORK_FACTOR = 16,  // bytes looked at, by byte of the text: hostile brackets end there
  MOST_BEFORE = 80,       // bytes of the line before a list, which may name its side
};

static throng_status take_text(answer_reading *r, const char *text, chat_side side, int depth);

static answer_field field_of(const cJSON *member) {
  return member->string ? answer_field_of(member->string, strlen(member->string)) : FIELD_NONE;
}

static chat_side side_of(const char *text) { return text ? answer_side_of(text, strlen(text)) : 0; }

/// The texts of a field: a string, or the strings of a list and of its objects.
static void add_texts(answer_reason *reason, answer_field field, cJSON *value) {
  if (cJSON_IsString(value) && field == FIELD_KEYWORDS)
    answer_split_keywords(reason, value->valuestring, false);
  if (cJSON_IsString(value) && field == FIELD_EVIDENCE)
    answer_add_evidence(reason, value->valuestring);
  for (cJSON *c = cJSON_IsString(value) ? NULL : value->child; c; c = c->next) {
    cJSON *text = cJSON_IsObject(c) ? c->child : c;
    if (cJSON_IsObject(value) && cJSON_IsNumber(c) && field == FIELD_KEYWORDS)
      answer_add_keyword(reason, c->string);  // {"warm sound": 0.9}
    if (!cJSON_IsString(text)) continue;
    if (field == FIELD_KEYWORDS)
      answer_split_keywords(reason, text->valuestring, true);
    else
      answer_add_evidence(reason, text->valuestring);
  }
}

static bool holds_values(const cJSON *value) {
  return cJSON_IsArray(value) || cJSON_IsObject(value);
}

static bool is_entry(const cJSON *value);

/// Lists by side, whatever stands beside them; texts by side where it is no entry.
static bool names_sides(const cJSON *value) {
  bool weak = false;
  for (const cJSON *c = value->child; c; c = c->next) {
    if (!side_of(c->string)) continue;
    if (holds_values(c)) return true;
    weak |= cJSON_IsNull(c) || cJSON_IsString(c);
  }
  return weak && !is_entry(value);
}

static bool is_entry(const cJSON *value) {
  if (!cJSON_IsObject(value)) return false;
  for (const cJSON *c = value->child; c; c = c->next) {
    answer_field field = field_of(c);
    // {"text": "{..}"} wraps an answer.
    bool wraps = cJSON_IsString(c) && strpbrk(c->valuestring, "{[");
    // {"properties": {"like": ..}}: a model fills the schema in.
    if (field == FIELD_KEYWORDS) return !cJSON_IsObject(c) || !names_sides(c);
    if ((field == FIELD_EVIDENCE || field == FIELD_REASON) && !wraps) return true;
  }
  return false;
}

static void take_entry(answer_reading *r, chat_side side, cJSON *entry) {
  answer_reason reason = {.reason = ""};
  chat_side own = 0;
  for (cJSON *c = entry->child; c; c = c->next) {
    answer_field field = field_of(c);
    if (field == FIELD_REASON && cJSON_IsString(c)) reason.reason = c->valuestring;
    if (field == FIELD_EVIDENCE || field == FIELD_KEYWORDS) add_texts(&reason, field, c);
    if (field == FIELD_SIDE && cJSON_IsString(c)) own = side_of(c->valuestring);
    if (cJSON_IsBool(c) && side_of(c->string))  // "like": true
      own = cJSON_IsTrue(c) ? side_of(c->string) : CHAT_BOTH & ~side_of(c->string);
  }
  // What the list is called counts more than what an entry says of itself.
  reason.side = side ? side : own ? own : answer_default_side(r, r->heading);
  if (reason.side) {
    answer_take(r, &reason);
    return;
  }
  r->last_malformed = true;
  ++r->shape->malformed;
}

static throng_status take_value(answer_reading *r, chat_side side, cJSON *value, int depth);

/// What stands below a key that names a side.
static throng_status take_side(answer_reading *r, chat_side side, cJSON *value, int depth) {
  if (cJSON_IsNull(value) || (holds_values(value) && !value->child)) {
    if (r->asked & side) r->shape->empty = true;
    return THRONG_OK;
  }
  return take_value(r, side, value, depth + 1);
}

/// [reason, evidence, [keywords]]: a list in the order asked for.
static bool take_triple(answer_reading *r, chat_side side, cJSON *value) {
  cJSON *evidence = cJSON_GetArrayItem(value, 1), *keywords = cJSON_GetArrayItem(value, 2);
  if (!cJSON_IsArray(value) || !cJSON_IsString(value->child) || !cJSON_IsString(evidence) ||
      !cJSON_IsArray(keywords))
    return false;
  answer_reason reason = {.side = side, .reason = value->child->valuestring};
  add_texts(&reason, FIELD_EVIDENCE, evidence);
  add_texts(&reason, FIELD_KEYWORDS, keywords);
  return answer_take(r, &reason), true;
}

/// `side`: what a key or heading above has named; 0: nothing yet.
static throng_status take_value(answer_reading *r, chat_side side, cJSON *value, int depth) {
  if (depth > MOST_WRAPPERS) return THRONG_OK;
  if (cJSON_IsString(value)) return take_text(r, value->valuestring, side, depth + 1);
  if (!holds_values(value)) {
    r->last_malformed = side != 0;
    r->shape->malformed += side != 0;
    return THRONG_OK;
  }
  bool sides = cJSON_IsObject(value) && !side && names_sides(value);
  if (!sides && is_entry(value)) return take_entry(r, side, value), THRONG_OK;
  if (side && take_triple(r, side, value)) return THRONG_OK;
  for (cJSON *c = value->child; c; c = c->next) {
    chat_side named = sides ? side_of(c->string) : 0;
    if (named)
      THRONG_TRY(take_side(r, named, c, depth));
    else if (!sides && (side || holds_values(c) || cJSON_IsString(c)))
      THRONG_TRY(take_value(r, side, c, depth + 1));
  }
  return THRONG_OK;
}

/// Does a value that broke off have keys of an answer? A bracket of prose has none.
static bool begins_answer(const cJSON *value, int depth) {
  if (depth > MOST_WRAPPERS) return false;
  if (cJSON_IsObject(value) && (names_sides(value) || is_entry(value))) return true;
  for (const cJSON *c = value->child; c; c = c->next)
    if (begins_answer(c, depth + 1)) return true;
  return false;
}

/// The side that the line before a value names: "**Dislikes:** [...]".
static chat_side side_before(const char *from, const char *at) {
  while (at > from && (isspace((unsigned char)at[-1]) || at[-1] == '`')) --at;
  if (at - from > 8 && !strncasecmp(at - 4, "json", 4) && at[-5] == '`')
    for (at -= 4; at > from && (isspace((unsigned char)at[-1]) || at[-1] == '`');) --at;
  const char *line = at;
  while (line > from && line[-1] != '\n' && at - line < MOST_BEFORE) --line;
  return answer_side_of(line, (size_t)(at - line));
}

/// Every value of a text, one after another. Prose between them is left out; what a person sees as
/// a bracket of prose is none of JSON.
static throng_status take_values(answer_reading *r, const char *text, chat_side side, int depth) {
  const char *from = text, *end = text + strlen(text);
  size_t work = (size_t)(end - text) * MOST_WORK_FACTOR;
  for (const char *at = text; (at = strpbrk(at, "{["));) {
    size_t used;
    bool cut;
    cJSON *tree;
    THRONG_TRY(lenient_parse(at, (size_t)(end - at), &used, &cut, &tree));
    if (used > work) return cJSON_Delete(tree), THRONG_OK;
    work -= used;
    if (!tree) {
      ++at;
      continue;
    }
    if (!cJSON_AddItemToArray(r->texts, tree)) {
      cJSON_Delete(tree);
      return throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
    }
    answer_shape before = *r->shape;
    int32_t n = r->n;
    r->last_malformed = false;
    r->heading = side_before(from, at);
    r->earlier = n;
    THRONG_TRY(take_value(r, side, tree, depth));
    if (cut && r->n == n && !r->shape->empty) {
      // A bracket of prose that never closes, or nothing whole before the end.
      *r->shape = before;
      r->shape->cut |= begins_answer(tree, 0);
      ++at;
      continue;
    }
    if (cut && r->last_malformed) --r->shape->malformed;  // the end took its fields
    r->shape->json = true;
    r->shape->cut |= cut;
    at += used;
    from = at;
  }
  return THRONG_OK;
}

/// Has anything been found since there were `n` reasons and `before`?
static bool came(const answer_reading *r, int32_t n, const answer_shape *before) {
  return r->n > n || r->shape->empty > before->empty || r->shape->other_side > before->other_side;
}

/// JSON within a JSON string, or with its quotes escaped for no reason: once less.
static throng_status take_unescaped(answer_reading *r, const char *text, chat_side side,
                                    int depth) {
  char *copy, *to;
  THRONG_TRY(answer_keep_text(r, text, strlen(text), &copy));
  to = copy;
  for (const char *at = text; *at; ++at) {
    if (*at != '\\' || !at[1]) {
      *to++ = *at;
      continue;
    }
    ++at;
    if (strchr("\"\\/'", *at)) {
      *to++ = *at;
    } else if (*at == 'n' || *at == 't' || *at == 'r') {
      *to++ = *at == 'n' ? '\n' : ' ';
    } else {
      *to++ = '\\';
      *to++ = *at;
    }
  }
  *to = '\0';
  return take_text(r, copy, side, depth);
}

/// Punctuation as Chinese keyboards and web pages write it; quotes and evidence do not mind.
static const struct {
  const char *from, *to;
} plain[] = {{"\xef\xbc\x9a", ":"},  {"\xef\xbc\x8c", ","}, {"\xef\xbd\x9b", "{"},
             {"\xef\xbd\x9d", "}"},  {"\xef\xbc\xbb", "["}, {"\xef\xbc\xbd", "]"},
             {"\xef\xbc\x82", "\""}, {"&quot;", "\""},      {"&#34;", "\""},
             {"&#39;", "'"},         {"&apos;", "'"},       {"&amp;", "&"}};
enum { N_PLAIN = sizeof plain / sizeof *plain };

static bool has_odd_punctuation(const char *text) {
  for (int i = 0; i < N_PLAIN; ++i)
    if (strstr(text, plain[i].from)) return true;
  return false;
}

static throng_status take_plain(answer_reading *r, const char *text, chat_side side, int depth) {
  char *copy, *to;
  THRONG_TRY(answer_keep_text(r, text, strlen(text), &copy));
  to = copy;
  while (*text) {
    int i = 0;
    while (i < N_PLAIN && strncmp(text, plain[i].from, strlen(plain[i].from)) != 0) ++i;
    *to++ = i < N_PLAIN ? *plain[i].to : *text;
    text += i < N_PLAIN ? strlen(plain[i].from) : 1;
  }
  *to = '\0';
  return take_values(r, copy, side, depth);
}

/// A string of an answer, or the whole of one.
static throng_status take_text(answer_reading *r, const char *text, chat_side side, int depth) {
  if (depth > MOST_WRAPPERS) return THRONG_OK;
  const answer_shape before = *r->shape;
  const int32_t n = r->n;
  bool values = strpbrk(text, "{[") != NULL;
  if (values) THRONG_TRY(take_values(r, text, side, depth));
  // Other readings, where that one gave nothing; what they count replaces what it counted.
  const answer_shape first = *r->shape;
  if (values && !came(r, n, &before) && strstr(text, "\\\"") && depth < MOST_UNESCAPED) {
    *r->shape = before;
    THRONG_TRY(take_unescaped(r, text, side, depth + 1));
  }
  if (!came(r, n, &before) && has_odd_punctuation(text)) {
    *r->shape = before;
    THRONG_TRY(take_plain(r, text, side, depth));
  }
  if (came(r, n, &before)) return THRONG_OK;
  *r->shape = first;
  if (depth == 0 || first.cut) return THRONG_OK;
  THRONG_TRY(answer_take_lines(r, text, side));
  if (!came(r, n, &first) && r->shape->malformed == first.malformed && side && !values) {
    r->last_malformed = true;
    ++r->shape->malformed;
  }
  return THRONG_OK;
}

/// Where the answer behind a model's loud thinking begins and ends. False: it has none.
static bool find_answer(const char *text, const char **from, const char **end) {
  static const char *const closing[] = {"</think>",
                                        "</thinking>",
                                        "</thought>",
                                        "</reasoning>",
                                        "[/THINK]",
                                        "</reflection>",
                                        "<|channel|>final<|message|>",
                                        "</scratchpad>",
                                        "<|end_of_thought|>"};
  static const char *const opening[] = {
      "<think>",      "<thinking>",          "<thought>",    "<reasoning>",         "[THINK]",
      "<reflection>", "<|channel|>analysis", "<scratchpad>", "<|begin_of_thought|>"};
  *from = text;
  for (size_t i = 0; i < sizeof closing / sizeof *closing; ++i)
    for (const char *at = text; (at = strcasestr(at, closing[i]));) {
      at += strlen(closing[i]);
      if (at > *from) *from = at;
    }
  *end = text + strlen(text);
  for (size_t i = 0; i < sizeof opening / sizeof *opening; ++i) {
    const char *at = strcasestr(*from, opening[i]);
    if (at && at < *end) *end = at;
  }
  return *answer_skip_space(*from) && answer_skip_space(*from) < *end;
}

static throng_status read_all(answer_reading *r, const char *text) {
  const char *from, *end;
  char *answer = NULL;
  bool thoughts = false;
  const answer_shape none = {0};
  if (find_answer(text, &from, &end)) {
    thoughts = from > text || *end;
    THRONG_TRY(answer_keep_text(r, from, (size_t)(end - from), &answer));
    THRONG_TRY(take_text(r, answer, 0, 0));
    // What JSON broke off at is not whole as a line either.
    if (!came(r, 0, &none) && !r->shape->cut) THRONG_TRY(answer_take_lines(r, answer, 0));
    if (came(r, 0, &none) || !thoughts) return THRONG_OK;
  }
  // Thoughts alone, or an answer within them.
  THRONG_TRY(take_text(r, text, 0, 0));
  r->shape->thought = true;
  return THRONG_OK;
}

throng_status answer_read(const char *text, chat_side asked, answer_visitor *visit, void *context,
                          answer_shape *shape) {
  *shape = (answer_shape){0};
  answer_reading *r;
  THRONG_TRY(throng_alloc((void **)&r, 1, sizeof *r, "an answer"));
  r->asked = asked;
  r->shape = shape;
  r->texts = cJSON_CreateArray();
  throng_status status =
      r->texts ? read_all(r, text) : throng_fail(THRONG_ERROR_MEMORY, "an answer: out of memory");
  for (int32_t i = 0; i < r->n && status == THRONG_OK; ++i) status = visit(context, &r->reason[i]);
  shape->reasons = r->n;
  cJSON_Delete(r->texts);
  free(r);
  return status;
}

const char *answer_fault(const answer_shape *shape) {
  if (shape->reasons || shape->empty) return NULL;
  if (shape->malformed) return "reasons without evidence or keywords";
  if (shape->other_side) return NULL;
  if (shape->cut) return "broken off before the first reason was whole";
  if (shape->thought) return "thoughts without an answer";
  return shape->json ? "JSON without lists of reasons"
                     : "no reasons in the form that was asked for";
}
