/// What is known of each item: name, categories, attributes as words, free text. Filled by readers
/// in the order of their files, handed over in the order of the items.
#ifndef THRONG_DATA_ITEM_FACTS_H
#define THRONG_DATA_ITEM_FACTS_H

#include "data/byte_buffer.h"
#include "data/dataset.h"

enum { ITEM_FACTS_MAX_WORD = 100 };  // bytes; a longer category or attribute is no word

typedef struct item_facts {
  int64_t n_item, current;  // current: -1 between items
  int64_t *name, *fact;     // (n_item) number in names and facts, -1: none yet
  string_table names, facts;
  interner *categories, *attributes;
  int64_t *category, *attribute;  // pairs item << 32 | word
  int64_t n_category, n_attribute;
  size_t category_capacity, attribute_capacity, name_capacity, fact_capacity;
  byte_buffer name_text, fact_text, word;  // of the current item
} item_facts;

throng_status item_facts_init(item_facts *facts, int64_t n_item);
void item_facts_free(item_facts *facts);

/// Room for one more item, not described yet.
throng_status item_facts_grow(item_facts *facts);
/// Words of an item that may have been described already are added to it until item_facts_leave.
void item_facts_return(item_facts *facts, int64_t item);
void item_facts_leave(item_facts *facts);

/// Begin to describe an item; false where it has been described before (the first counts).
bool item_facts_begin(item_facts *facts, int64_t item);
/// Parts of the current item's description. Texts are cleaned of HTML here; empty ones count for
/// nothing.
throng_status item_facts_name(item_facts *facts, const char *text, size_t length);
throng_status item_facts_category(item_facts *facts, const char *text, size_t length);
/// The word "kind: value", in lower case.
throng_status item_facts_attribute(item_facts *facts, const char *kind, const char *value,
                                   size_t length);
/// A line of free text.
throng_status item_facts_text(item_facts *facts, const char *text, size_t length);
throng_status item_facts_end(item_facts *facts);

/// The word of the bucket that `value` falls into, "under 5", "5 to 10", ..., "100 or more", for
/// rising `bound` (n_bound). `out` holds at least 64 bytes.
void bucket_word(double value, const double *bound, int n_bound, char *out);

/// Move everything into the data set's item arrays.
throng_status item_facts_finish(item_facts *facts, dataset *out);

#endif
