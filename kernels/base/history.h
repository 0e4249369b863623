/// A user's history as every vote reads it: packed entries (item * 2 + like) in a ring.
#ifndef THRONG_KERNELS_BASE_HISTORY_H
#define THRONG_KERNELS_BASE_HISTORY_H

#include "kernels/base/portable.h"

/// Entry k (0 = oldest kept) of a ring of `capacity` entries into which `count` were written.
typedef struct history_view {
  const uint32_t *entry;  // (capacity)
  int32_t capacity;
  int32_t count;  // ever written; min(count, capacity) are kept
} history_view;

THRONG_ROW uint32_t history_pack(int32_t item, int like) {
  return ((uint32_t)item << 1) | (uint32_t)(like != 0);
}
THRONG_ROW int32_t history_item(uint32_t entry) { return (int32_t)(entry >> 1); }
THRONG_ROW int history_like(uint32_t entry) { return (int)(entry & 1u); }

THRONG_ROW int32_t history_length(const history_view *h) {
  return h->count < h->capacity ? h->count : h->capacity;
}
THRONG_ROW uint32_t history_entry(const history_view *h, int32_t k) {
  int32_t first = h->count < h->capacity ? 0 : h->count % h->capacity;
  int32_t at = first + k;
  return h->entry[at < h->capacity ? at : at - h->capacity];
}

/// How many of `length` rows an episode begins with where it begins with the oldest `most` alone
/// (0: with all).
THRONG_ROW int64_t history_oldest(int32_t most, int64_t length) {
  return most && length > most ? most : length;
}

#endif
