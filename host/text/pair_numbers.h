/// Pairs of numbers, numbered in the order of first sight: what an interner is for strings, without
/// a string's memory and with one look at it a probe. Phrases are such pairs, millions of them.
#ifndef THRONG_TEXT_PAIR_NUMBERS_H
#define THRONG_TEXT_PAIR_NUMBERS_H

#include "base/status.h"

typedef struct number_pair {
  int32_t first, second;
} number_pair;

typedef struct pair_numbers {
  int64_t n;
  number_pair *pair;        // (n) by number
  struct pair_slot *slot;   // (n_slot) open addressing, at most three quarters used
  size_t n_slot, capacity;  // slots: 0 or a power of two
} pair_numbers;

/// The number of `pair`, taken in where it is new (`*added`). Errors: MEMORY, also for more than
/// INT32_MAX pairs.
throng_status pair_numbers_add(pair_numbers *in, number_pair pair, int64_t *number, bool *added);
int64_t pair_numbers_find(const pair_numbers *in, number_pair pair);  ///< -1 if absent
void pair_numbers_free(pair_numbers *in);

#endif
