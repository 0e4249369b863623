/// From a model's text to keywords: reasons are read, their evidence is looked for in what the
/// model was given, their keywords are folded. Counts everything that does not come through.
#ifndef THRONG_LLM_KEYWORD_READER_H
#define THRONG_LLM_KEYWORD_READER_H

#include "llm/answer.h"
#include "llm/llm_counts.h"

typedef struct keyword_reader keyword_reader;
throng_status keyword_reader_create(keyword_reader **out);
void keyword_reader_free(keyword_reader *d);  ///< NULL is allowed

/// A keyword that came through: `surface` as it is shown, `stem` what it is joined by.
typedef throng_status keyword_visitor(void *context, chat_side side, const char *surface,
                                      const char *stem);

/// Read `answer`, which was asked for `asked` about `given` (length), and visit its keywords.
/// `*counts` goes up by what was read and dropped.
throng_status keyword_reader_read(keyword_reader *d, const char *answer, chat_side asked,
                                  const char *given, size_t length, keyword_visitor *visit,
                                  void *context, llm_counts *counts);

/// What the last answer was like.
const answer_shape *keyword_reader_shape(const keyword_reader *d);

#endif
