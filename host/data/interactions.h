/// Who rated what, when and how, compactly: rows are gathered from a file in one pass, thinned, and
/// put in order. No texts and no item facts; those are read for the kept rows afterwards.
#ifndef THRONG_DATA_INTERACTIONS_H
#define THRONG_DATA_INTERACTIONS_H

#include "data/dataset.h"

/// 32 bytes a row; what grows with a file's kept rows in the first pass, with 4 to 8 bytes a row of
/// hash index and the ids.
typedef struct interaction {
  int32_t user, item;
  float rating;
  int64_t time;  // milliseconds since 1970; unused without times
  int64_t line;  // where its record begins in the file
} interaction;

typedef struct interactions {
  interner *users, *items;  // all ids seen in accepted rows
  interaction *row;         // (n) in file order
  int64_t n;
  size_t capacity;
  uint32_t *index;  // (index_size) hash of (user, item) to row + 1; 0: free
  size_t index_size;
  int64_t duplicates;
  dataset_repeated repeated;
  double *sum;       // (n) of the ratings of each pair, and
  int32_t *n_rated;  // (n) how many; both for the mean alone
  size_t sum_capacity, n_rated_capacity;
} interactions;

throng_status interactions_init(interactions *list, dataset_repeated repeated);
void interactions_free(interactions *list);

/// Add a row. Of rows with the same user and item the one that `repeated` says is kept (by their
/// order in the file where times are equal or `has_time` is false); the others are counted.
throng_status interactions_add(interactions *list, const char *user, size_t user_length,
                               const char *item, size_t item_length, float rating, bool has_time,
                               int64_t time, int64_t line);

/// After the last row: put the means of repeated ratings in place.
void interactions_settle(interactions *list);

/// Drop users and items with fewer than `k` rows, again and again until none is left (the k-core of
/// the bipartite graph). Ends the adding of rows.
throng_status interactions_core(interactions *list, int32_t k, int64_t *dropped);

/// Number the kept users and items anew, in the order of their first kept rows, and sort the rows
/// by line. `user_id` and `item_id` get the kept ids; `*new_item` (ids of `items` before) tells an
/// item's new number or -1, and is the caller's to free.
throng_status interactions_renumber(interactions *list, string_table *user_id,
                                    string_table *item_id, int32_t **new_item);

/// The places of the rows by user, within a user by time (by line where equal or without times):
/// `place` (n) of row numbers, `user_offset` (n_user + 1); both the caller's to free.
throng_status interactions_order(const interactions *list, int64_t n_user, bool has_time,
                                 int64_t **user_offset, int64_t **place);

#endif
