/// A word of a text, and who is shown it.
#ifndef THRONG_TEXT_TOKEN_H
#define THRONG_TEXT_TOKEN_H

#include "base/status.h"

typedef enum token_kind {
  TOKEN_WORD,      ///< carries meaning by itself
  TOKEN_NEGATION,  ///< "not", "never", "don't": only before another word
  TOKEN_BREAK,     ///< stop word or punctuation: no phrase reaches across
} token_kind;

/// Texts live in the tokenizer until its next call. Both are NULL for a break.
///   `surface` the folded word as written; `stem` what joins its variants (Porter2).
typedef throng_status token_visitor(void *context, token_kind kind, const char *surface,
                                    const char *stem);

#endif
