/// What the reviews of each item talk about: terms (words and two-word phrases) with their counts
/// in the item's liked and disliked training reviews.
#ifndef THRONG_TEXT_TERMS_H
#define THRONG_TEXT_TERMS_H

#include "data/training.h"

/// like = dislike = 0 where only the item's facts (name, description, attributes) have the term.
typedef struct term_count {
  int32_t term, like, dislike;
} term_count;

/// Items have thousands of terms each, most of them once or twice: entries are kept as numbers of 7
/// bits a byte (LEB128), the term as the difference to the one before it; a quarter of the records.
typedef struct term_table {
  string_table name;  // (n_term) the most frequent way of writing the term
  int64_t *offset;    // (n_item + 1) into `code`
  uint8_t *code;      // (offset[n_item]) by item, rising by term
} term_table;

/// A walk through an item's entries: for (term_walk w = terms_of(t, i); terms_next(&w);) w.count
typedef struct term_walk {
  const uint8_t *at, *end;
  term_count count;
} term_walk;

/// Terms that fewer than `least_items` items mention are left out: their keywords could not reach
/// the document-frequency bound. Variants with one stem are one term; a phrase is two words in a
/// row with no break between them, of which the first may be a negation.
throng_status terms_make(const dataset *data, const training *train, int64_t least_items,
                         const throng_progress *progress, term_table *out);
void term_table_free(term_table *t);
term_walk terms_of(const term_table *t, int64_t item);
bool terms_next(term_walk *walk);  ///< false after the last entry

#endif
