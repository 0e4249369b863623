/// What the keys and headings of an answer mean: which side, which field. Whole words in any case
/// and writing count: "Reasons to like", "pros", "supporting_evidence".
#ifndef THRONG_LLM_ANSWER_WORDS_H
#define THRONG_LLM_ANSWER_WORDS_H

#include <stddef.h>

#include "llm/chat.h"

typedef enum answer_field {
  FIELD_NONE,
  FIELD_REASON,
  FIELD_EVIDENCE,
  FIELD_KEYWORDS,
  FIELD_SIDE
} answer_field;

/// The side that the words of `text` (length) name; 0 where none does, or both do.
chat_side answer_side_of(const char *text, size_t length);
/// The field of a reason that a key or a label names.
answer_field answer_field_of(const char *text, size_t length);

#endif
