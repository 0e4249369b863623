/// String tables and the interner (open addressing with linear probing over the table's numbers).
#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

throng_status strings_append(string_table *table, const char *text, size_t length) {
  size_t n = (size_t)table->n;
  THRONG_TRY(throng_grow((void **)&table->offset, &table->offset_capacity, n + 2,
                         sizeof *table->offset, "string table"));
  if (n == 0) table->offset[0] = 0;
  size_t at = (size_t)table->offset[n];
  if (length > (size_t)INT64_MAX / 2 - at)
    return throng_fail(THRONG_ERROR_MEMORY, "string table: %zu more bytes are too many", length);
  THRONG_TRY(throng_grow((void **)&table->blob, &table->blob_capacity, at + length + 1, 1,
                         "string table"));
  if (length) memcpy(table->blob + at, text, length);
  table->blob[at + length] = '\0';
  table->offset[n + 1] = (int64_t)(at + length + 1);
  ++table->n;
  return THRONG_OK;
}

const char *strings_get(const string_table *table, int64_t i) {
  return table->blob + table->offset[i];
}

size_t strings_length(const string_table *table, int64_t i) {
  return (size_t)(table->offset[i + 1] - table->offset[i] - 1);
}

void strings_free(string_table *table) {
  free(table->offset);
  free(table->blob);
  *table = (string_table){0};
}

/// `number` is the string's number + 1, 0 where the slot is empty. Half of the hash is kept, so
/// that a probe seldom has to compare texts and growing never reads them.
typedef struct interner_slot {
  uint32_t hash, number;
} interner_slot;

struct interner {
  string_table strings;
  interner_slot *slot;  // (n_slot)
  size_t n_slot;        // a power of two, at most three quarters used
};

throng_status interner_create(interner **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(interner), "interner"));
  interner *in = block;
  in->n_slot = 64;
  throng_status status = throng_alloc((void **)&in->slot, in->n_slot, sizeof *in->slot, "interner");
  if (status != THRONG_OK) {
    free(in);
    return status;
  }
  *out = in;
  return THRONG_OK;
}

void interner_free(interner *in) {
  if (!in) return;
  strings_free(&in->strings);
  free(in->slot);
  free(in);
}

/// The slot that holds `text`, or the empty one where it belongs.
static interner_slot *interner_probe(const interner *in, const char *text, size_t length,
                                     uint32_t hash) {
  size_t mask = in->n_slot - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    interner_slot *slot = &in->slot[i];
    if (slot->number == 0) return slot;
    if (slot->hash != hash) continue;
    int64_t id = (int64_t)slot->number - 1;
    if (strings_length(&in->strings, id) == length &&
        (length == 0 || !memcmp(strings_get(&in->strings, id), text, length)))
      return slot;
  }
}

static throng_status interner_grow(interner *in) {
  interner_slot *larger;
  size_t n_slot = in->n_slot * 2;
  THRONG_TRY(throng_alloc((void **)&larger, n_slot, sizeof *larger, "interner"));
  for (size_t i = 0; i < in->n_slot; ++i) {
    if (in->slot[i].number == 0) continue;
    size_t at = in->slot[i].hash & (n_slot - 1);
    while (larger[at].number != 0) at = (at + 1) & (n_slot - 1);
    larger[at] = in->slot[i];
  }
  free(in->slot);
  in->slot = larger;
  in->n_slot = n_slot;
  return THRONG_OK;
}

throng_status interner_add(interner *in, const char *text, size_t length, int64_t *id,
                           bool *added) {
  uint32_t hash = (uint32_t)hash64(text, length, 0);
  interner_slot *slot = interner_probe(in, text, length, hash);
  if (added) *added = slot->number == 0;
  if (slot->number == 0) {
    if (in->strings.n >= INT32_MAX)
      return throng_fail(THRONG_ERROR_MEMORY, "more than %d distinct strings", INT32_MAX);
    if ((size_t)(in->strings.n + 1) * 4 > in->n_slot * 3) {
      THRONG_TRY(interner_grow(in));
      slot = interner_probe(in, text, length, hash);
    }
    THRONG_TRY(strings_append(&in->strings, text, length));
    *slot = (interner_slot){.hash = hash, .number = (uint32_t)in->strings.n};
  }
  *id = (int64_t)slot->number - 1;
  return THRONG_OK;
}

int64_t interner_find(const interner *in, const char *text, size_t length) {
  return (int64_t)interner_probe(in, text, length, (uint32_t)hash64(text, length, 0))->number - 1;
}

const string_table *interner_strings(const interner *in) { return &in->strings; }

string_table interner_release(interner *in) {
  string_table strings = in->strings;
  free(in->slot);
  free(in);
  return strings;
}
