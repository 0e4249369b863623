/// Against hallucination: is what a model quotes in what it was given? And keywords in one writing.
#ifndef THRONG_LLM_EVIDENCE_H
#define THRONG_LLM_EVIDENCE_H

#include "data/byte_buffer.h"
#include "text/tokens.h"

/// Append `text` folded: compatibility forms and case folded (NFKC, UAX #15), accents taken off,
/// apostrophes dropped, and every run of anything but letters and digits one space; a space at both
/// ends. Invalid UTF-8 counts as a space.
throng_status evidence_fold(const char *text, size_t length, byte_buffer *out);

/// True where the folded evidence holds at least five letters or digits and stands in the folded
/// text as whole words in this order. Of four words or more the last may be missing there: bounds
/// on lengths cut quotes off within a word. Passages that an ellipsis joins are looked for each,
/// one of them of five letters at least, and a label of the quote ("Review 2:", "(review 2)") is
/// none of it. `scratch` is overwritten.
throng_status evidence_found(const char *folded_text, const char *evidence, byte_buffer *scratch,
                             bool *found);

enum { KEYWORD_MAX_WORDS = 4 };

/// A keyword in one writing: `surface` its words (folded, without stop words) and `stem` what joins
/// its variants (Porter2), each with single spaces. False in `*usable`: no word is left, or more
/// than KEYWORD_MAX_WORDS are.
throng_status keyword_fold(tokenizer *tokens, const char *keyword, byte_buffer *surface,
                           byte_buffer *stem, bool *usable);

#endif
