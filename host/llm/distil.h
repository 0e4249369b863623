/// From a model's text to keywords: reasons are read, their evidence is looked for in what the
/// model was given, their keywords are folded. Counts everything that does not come through.
#ifndef THRONG_LLM_DISTIL_H
#define THRONG_LLM_DISTIL_H

#include "llm/answer.h"
#include "llm/llm_counts.h"

typedef struct distiller distiller;
throng_status distiller_create(distiller **out);
void distiller_free(distiller *d);  ///< NULL is allowed

/// A keyword that came through: `surface` as it is shown, `stem` what it is joined by.
typedef throng_status distil_visitor(void *context, chat_side side, const char *surface,
                                     const char *stem);

/// Read `answer`, which was asked for `asked` about `given` (length), and visit its keywords.
/// `*counts` goes up by what was read and dropped.
throng_status distil(distiller *d, const char *answer, chat_side asked, const char *given,
                     size_t length, distil_visitor *visit, void *context, llm_counts *counts);

/// What the last answer was like.
const answer_shape *distil_shape(const distiller *d);

#endif
