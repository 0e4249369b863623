/// Text into words: Unicode folding, stop words, English stems. Knows nothing of reviews or items.
#ifndef THRONG_TEXT_TOKENS_H
#define THRONG_TEXT_TOKENS_H

#include "text/token.h"

typedef struct tokenizer tokenizer;
throng_status tokenizer_create(tokenizer **out);
void tokenizer_free(tokenizer *t);  ///< NULL is allowed

/// Call `visit` for each word and break of a UTF-8 text. NFKC and case folding (UAX #15); a word is
/// a run of letters, marks, digits and inner apostrophes, 2 to 40 bytes, not digits alone; "'s" is
/// cut off; a hyphen separates words without a break; line ends, markup tags and invalid bytes are
/// breaks. In scripts without spaces words are found by ICU (segment.h).
throng_status tokenize(tokenizer *t, const char *text, size_t length, token_visitor *visit,
                       void *context);

#endif
