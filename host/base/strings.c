/// String tables, their index (open addressing with linear probing) and the interner built on both.
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
typedef struct string_slot {
  uint32_t hash, number;
} string_slot;

static throng_status index_create(string_index *index, int64_t n) {
  size_t n_slot = 64;
  *index = (string_index){0};
  if (n > INT32_MAX)
    return throng_fail(THRONG_ERROR_MEMORY, "more than %d distinct strings", INT32_MAX);
  while (n_slot * 3 < (size_t)(n + 1) * 4) n_slot *= 2;
  THRONG_TRY(throng_alloc((void **)&index->slot, n_slot, sizeof *index->slot, "string index"));
  index->n_slot = n_slot;
  return THRONG_OK;
}

/// The slot that holds `text`, or the empty one where it belongs.
static string_slot *index_probe(const string_index *index, const string_table *table,
                                const char *text, size_t length, uint32_t hash) {
  size_t mask = index->n_slot - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    string_slot *slot = &index->slot[i];
    if (slot->number == 0) return slot;
    if (slot->hash != hash) continue;
    int64_t id = (int64_t)slot->number - 1;
    if (strings_length(table, id) == length &&
        (length == 0 || !memcmp(strings_get(table, id), text, length)))
      return slot;
  }
}

throng_status string_index_build(const string_table *table, string_index *out, int64_t *duplicate) {
  *duplicate = -1;
  THRONG_TRY(index_create(out, table->n));
  for (int64_t i = 0; i < table->n; ++i) {
    size_t length = strings_length(table, i);
    uint32_t hash = (uint32_t)hash64(strings_get(table, i), length, 0);
    string_slot *slot = index_probe(out, table, strings_get(table, i), length, hash);
    if (slot->number == 0)
      *slot = (string_slot){.hash = hash, .number = (uint32_t)(i + 1)};
    else if (*duplicate < 0)
      *duplicate = i;
  }
  return THRONG_OK;
}

int64_t string_index_find(const string_index *index, const string_table *table, const char *text,
                          size_t length) {
  uint32_t hash = (uint32_t)hash64(text, length, 0);
  return (int64_t)index_probe(index, table, text, length, hash)->number - 1;
}

void string_index_free(string_index *index) {
  free(index->slot);
  *index = (string_index){0};
}

struct interner {
  string_table strings;
  string_index index;
};

throng_status interner_create(interner **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(interner), "interner"));
  interner *in = block;
  throng_status status = index_create(&in->index, 0);
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
  string_index_free(&in->index);
  free(in);
}

static throng_status interner_grow(interner *in) {
  string_index larger;
  THRONG_TRY(index_create(&larger, (int64_t)in->index.n_slot));
  for (size_t i = 0; i < in->index.n_slot; ++i) {
    if (in->index.slot[i].number == 0) continue;
    size_t at = in->index.slot[i].hash & (larger.n_slot - 1);
    while (larger.slot[at].number != 0) at = (at + 1) & (larger.n_slot - 1);
    larger.slot[at] = in->index.slot[i];
  }
  string_index_free(&in->index);
  in->index = larger;
  return THRONG_OK;
}

throng_status interner_add(interner *in, const char *text, size_t length, int64_t *id,
                           bool *added) {
  uint32_t hash = (uint32_t)hash64(text, length, 0);
  string_slot *slot = index_probe(&in->index, &in->strings, text, length, hash);
  if (added) *added = slot->number == 0;
  if (slot->number == 0) {
    if (in->strings.n >= INT32_MAX)
      return throng_fail(THRONG_ERROR_MEMORY, "more than %d distinct strings", INT32_MAX);
    if ((size_t)(in->strings.n + 1) * 4 > in->index.n_slot * 3) {
      THRONG_TRY(interner_grow(in));
      slot = index_probe(&in->index, &in->strings, text, length, hash);
    }
    THRONG_TRY(strings_append(&in->strings, text, length));
    *slot = (string_slot){.hash = hash, .number = (uint32_t)in->strings.n};
  }
  *id = (int64_t)slot->number - 1;
  return THRONG_OK;
}

int64_t interner_find(const interner *in, const char *text, size_t length) {
  return string_index_find(&in->index, &in->strings, text, length);
}

const string_table *interner_strings(const interner *in) { return &in->strings; }

string_table interner_release(interner *in) {
  string_table strings = in->strings;
  string_index_free(&in->index);
  free(in);
  return strings;
}
