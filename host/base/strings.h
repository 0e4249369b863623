/// Many strings in one block, and a way from a string to its number.
#ifndef THRONG_BASE_STRINGS_H
#define THRONG_BASE_STRINGS_H

#include "base/status.h"

/// String i is the NUL-terminated text at blob + offset[i]; offset[n] ends the last (its NUL
/// included). In world files the NULs are left out.
typedef struct string_table {
  int64_t n;
  int64_t *offset;  // (n + 1)
  char *blob;
  size_t offset_capacity, blob_capacity;
} string_table;

throng_status strings_append(string_table *table, const char *text, size_t length);
const char *strings_get(const string_table *table, int64_t i);
size_t strings_length(const string_table *table, int64_t i);
void strings_free(string_table *table);

/// A way from a string of a finished table to its number. The table must stay as it is.
typedef struct string_index {
  struct string_slot *slot;  // (n_slot) open addressing
  size_t n_slot;             // a power of two, at most three quarters used
} string_index;

/// `*duplicate` is the first string that repeats an earlier one, -1 where there is none (the index
/// then knows the earlier one).
throng_status string_index_build(const string_table *table, string_index *out, int64_t *duplicate);
int64_t string_index_find(const string_index *index, const string_table *table, const char *text,
                          size_t length);  ///< -1 if absent
void string_index_free(string_index *index);

/// A string's number, given in order of first sight. Owns a string_table.
typedef struct interner interner;
throng_status interner_create(interner **out);
void interner_free(interner *in);
/// Number of `text`, taken in where it is new (`*added` may be NULL).
throng_status interner_add(interner *in, const char *text, size_t length, int64_t *id, bool *added);
int64_t interner_find(const interner *in, const char *text, size_t length);  ///< -1 if absent
const string_table *interner_strings(const interner *in);
/// Take the table out and free the rest.
string_table interner_release(interner *in);

#endif
