/// What a model's text means: reasons with evidence and keywords, from JSON however it is written
/// (lenient.h), wrapped, doubled or cut off, from lines and labelled lists. What a person would
/// read is read. Only this form comes out, whatever the text says; what fits into none of it is
/// left out. Whether evidence is true is evidence.h's.
#ifndef THRONG_LLM_ANSWER_H
#define THRONG_LLM_ANSWER_H

#include "base/status.h"
#include "llm/chat.h"

enum {
  ANSWER_MAX_REASONS = 64,   // of one answer; the rest is left out
  ANSWER_MAX_KEYWORDS = 8,   // of one reason
  ANSWER_MAX_EVIDENCE = 4,   // quotes of one reason
  ANSWER_MAX_TEXT = 2000,    // bytes of evidence; longer is left out
  ANSWER_MAX_KEYWORD = 200,  // bytes
};

typedef struct answer_reason {
  chat_side side;                             // CHAT_LIKE or CHAT_DISLIKE
  const char *reason;                         // "" where there is none
  const char *evidence[ANSWER_MAX_EVIDENCE];  // the first "" where there is none
  const char *keyword[ANSWER_MAX_KEYWORDS];   // never empty texts
  int32_t n_evidence, n_keyword;
} answer_reason;

/// Texts live until it returns.
typedef throng_status answer_visitor(void *context, const answer_reason *reason);

typedef struct answer_shape {
  bool json, cut;      // cut: JSON that was closed where it broke off
  bool thought;        // read from what the model thought aloud: there was no answer behind it
  bool empty;          // it says in the form asked for that there is no reason
  int64_t reasons;     // given to the visitor
  int64_t other_side;  // left out: of a side that was not asked for
  int64_t malformed;   // left out: without the fields, or too long
} answer_shape;

/// Visit the reasons of `text` (valid UTF-8, NUL-terminated) for the sides in `asked`, each once. A
/// text with none is no error: `shape->reasons` is 0. Errors: MEMORY, and what the visitor returns.
throng_status answer_read(const char *text, chat_side asked, answer_visitor *visit, void *context,
                          answer_shape *shape);

/// In words: why an answer of this shape gave nothing; NULL where it is none's fault (it gave
/// reasons, said there are none, or answered for the other side).
const char *answer_fault(const answer_shape *shape);

#endif
