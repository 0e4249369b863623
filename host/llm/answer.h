/// What a model's text means: reasons with evidence and keywords, from JSON however it is written
/// (lenient.h), wrapped, doubled or cut off, from lines and labelled lists. What a person would
/// read is read. Only this form comes out, whatever the text says; what fits into none of it is
/// left out. Whether evidence is true is evidence.h's.
#ifndef THRONG_LLM_ANSWER_H
#define THRONG_LLM_ANSWER_H

#include "base/status.h"
#include "llm/answer_reason.h"

/// Texts live until it returns.
typedef throng_status answer_visitor(void *context, const answer_reason *reason);

/// Visit the reasons of `text` (valid UTF-8, NUL-terminated) for the sides in `asked`, each once. A
/// text with none is no error: `shape->reasons` is 0. Errors: MEMORY, and what the visitor returns.
throng_status answer_read(const char *text, chat_side asked, answer_visitor *visit, void *context,
                          answer_shape *shape);

/// In words: why an answer of this shape gave nothing; NULL where it is none's fault (it gave
/// reasons, said there are none, or answered for the other side).
const char *answer_fault(const answer_shape *shape);

#endif
