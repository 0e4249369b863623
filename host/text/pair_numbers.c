/// Open addressing with linear probing; a slot holds the pair itself.
#include "text/pair_numbers.h"

#include <stdlib.h>

/// `number` is the pair's number + 1, 0 where the slot is empty.
typedef struct pair_slot {
  number_pair pair;
  uint32_t number;
} pair_slot;

/// Fibonacci hashing: the upper bits of a product with 2^64 over the golden ratio (Knuth, TAOCP
/// 3, 6.4), after the two numbers were joined.
static size_t hash_of(number_pair pair, size_t n_slot) {
  const uint64_t key = (uint64_t)(uint32_t)pair.first << 32 | (uint32_t)pair.second;
  const uint64_t mixed = (key ^ key >> 32) * 0x9e3779b97f4a7c15u;
  return (size_t)(mixed >> 32) & (n_slot - 1);
}

/// The slot that holds the pair, or the empty one where it belongs.
static pair_slot *probe(const pair_numbers *in, number_pair pair) {
  for (size_t i = hash_of(pair, in->n_slot);; i = (i + 1) & (in->n_slot - 1)) {
    pair_slot *slot = &in->slot[i];
    if (slot->number == 0) return slot;
    if (slot->pair.first == pair.first && slot->pair.second == pair.second) return slot;
  }
}

static throng_status grow(pair_numbers *in) {
  pair_numbers larger = *in;
  larger.n_slot = in->n_slot ? 2 * in->n_slot : 64;
  THRONG_TRY(
      throng_alloc((void **)&larger.slot, larger.n_slot, sizeof *larger.slot, "distinct phrases"));
  for (size_t i = 0; i < in->n_slot; ++i)
    if (in->slot[i].number) *probe(&larger, in->slot[i].pair) = in->slot[i];
  free(in->slot);
  *in = larger;
  return THRONG_OK;
}

throng_status pair_numbers_add(pair_numbers *in, number_pair pair, int64_t *number, bool *added) {
  if ((size_t)(in->n + 1) * 4 > in->n_slot * 3) THRONG_TRY(grow(in));
  pair_slot *slot = probe(in, pair);
  *added = slot->number == 0;
  if (*added) {
    if (in->n >= INT32_MAX)
      return throng_fail(THRONG_ERROR_MEMORY, "more than %d distinct phrases", INT32_MAX);
    THRONG_TRY(throng_grow((void **)&in->pair, &in->capacity, (size_t)in->n + 1, sizeof *in->pair,
                           "distinct phrases"));
    in->pair[in->n++] = pair;
    *slot = (pair_slot){.pair = pair, .number = (uint32_t)in->n};
  }
  *number = (int64_t)slot->number - 1;
  return THRONG_OK;
}

int64_t pair_numbers_find(const pair_numbers *in, number_pair pair) {
  return in->n_slot ? (int64_t)probe(in, pair)->number - 1 : -1;
}

void pair_numbers_free(pair_numbers *in) {
  free(in->pair);
  free(in->slot);
  *in = (pair_numbers){0};
}
