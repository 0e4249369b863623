/// Keyword lists in the making: (item, keyword) pairs of both sides, sorted, bounded by document
/// frequency, and turned into the CSR lists of keyword_sets. Keywords are numbers until the end.
#ifndef THRONG_TEXT_KEYWORD_BUILDER_H
#define THRONG_TEXT_KEYWORD_BUILDER_H

#include "text/keywords.h"

typedef enum keyword_side { SIDE_POS, SIDE_NEG, SIDE_COUNT } keyword_side;

typedef struct item_keyword {
  int32_t item, keyword;
} item_keyword;

typedef struct keyword_builder {
  item_keyword *pair[SIDE_COUNT];
  size_t n[SIDE_COUNT], capacity[SIDE_COUNT];
} keyword_builder;

/// Document-frequency bounds in items, both ends allowed. Only the first n_counted items count:
/// what nobody rated must not change the keywords of what somebody did.
typedef struct item_bounds {
  int64_t least, most, n_counted;
} item_bounds;
item_bounds item_bounds_of(const keywords_def *def, const dataset *data);

throng_status builder_add(keyword_builder *b, keyword_side side, int64_t item, int64_t keyword);
/// Rising by item, then keyword; repeats go.
void builder_sort(keyword_builder *b);
/// Of the first n_counted items those that have each keyword on either side, into n_items
/// (n_keyword). Sorts first.
void builder_count_items(keyword_builder *b, int64_t n_counted, int64_t n_keyword,
                         int64_t *n_items);
/// Drop keywords out of bounds, count the dropped ones; n_items (n_keyword) is recounted.
void builder_bound(keyword_builder *b, item_bounds bounds, int64_t n_keyword, int64_t *n_items,
                   int64_t *common, int64_t *rare);
/// Fill the keyword part of `out` with the keywords that are in use, in the order of `name`.
throng_status builder_finish(keyword_builder *b, const string_table *name, int64_t n_item,
                             keyword_sets *out);
void builder_free(keyword_builder *b);

/// The dataset's categories, those out of bounds dropped (`bounds` NULL: all are kept).
throng_status categories_from_dataset(const dataset *data, const item_bounds *bounds,
                                      keyword_sets *out, int64_t *dropped);

/// The providers that need nobody else; `out` is zeroed before, and freed by the caller on failure.
throng_status keywords_lexical(const keywords_def *def, const dataset *data,
                               const throng_progress *progress, keyword_sets *out);
throng_status keywords_from_file(const keywords_def *def, const dataset *data,
                                 const throng_progress *progress, keyword_sets *out);

#endif
