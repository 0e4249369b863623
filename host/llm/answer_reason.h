/// What one answer of a model says: its reasons, and what the text was like.
#ifndef THRONG_LLM_ANSWER_REASON_H
#define THRONG_LLM_ANSWER_REASON_H

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

typedef struct answer_shape {
  bool json, cut;      // cut: JSON that was closed where it broke off
  bool thought;        // read from what the model thought aloud: there was no answer behind it
  bool empty;          // it says in the form asked for that there is no reason
  int64_t reasons;     // given to the visitor
  int64_t other_side;  // left out: of a side that was not asked for
  int64_t malformed;   // left out: without the fields, or too long
} answer_shape;

#endif
