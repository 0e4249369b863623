/// Words in scripts that are written without spaces: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
/// Where words end is ICU's word break iterator's to say (UAX #29 with its dictionaries).
#ifndef THRONG_TEXT_SEGMENT_H
#define THRONG_TEXT_SEGMENT_H

#include "text/token.h"

typedef struct segmenter segmenter;
/// Errors: MEMORY; ARGUMENT where ICU has no data for it.
throng_status segmenter_create(segmenter **out);
void segmenter_free(segmenter *s);  ///< NULL is allowed

/// Whether a letter or mark belongs to such a script.
bool segment_is_spaceless(int32_t point);

/// Visit the words of a run of such letters, folded as in tokens.h. Stop words, words of one
/// letter and figures are breaks; there are no stems. `longest` bytes: a longer one is no word.
throng_status segment_run(segmenter *s, const char *text, size_t length, size_t longest,
                          token_visitor *visit, void *context);

#endif
