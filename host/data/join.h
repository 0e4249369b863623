/// Where two files are joined by ids: how many of one's ids the other has, and, where they are
/// written differently, what they differ by. A join that matches nothing is an error, one that
/// matches little is told.
#ifndef THRONG_DATA_JOIN_H
#define THRONG_DATA_JOIN_H

#include "base/strings.h"

enum { JOIN_SAMPLE = 10000 };  // ids of a side that are looked at for advice

/// How a join went, for reports. The strings live as long as the config.
typedef struct join_count {
  const char *key;   // of the config, "dataset.items"; NULL: there was no such join
  const char *file;  // that should have had them
  int64_t found, total;
} join_count;

typedef struct join_def {
  const char *key, *file;
  const char *what, *of;       // "items of" "ratings.csv"
  const string_table *ours;    // all ids that should be found
  const uint8_t *found;        // (ours->n)
  const string_table *theirs;  // ids of the file that were not asked for; JOIN_SAMPLE will do
  bool needed;                 // the file cannot be left out
  bool sparse;                 // it is in the nature of the file to have few of them
} join_def;

/// One line with the counts as a note, a warning where less than half are found. Errors: DATA where
/// none is, with the advice; MEMORY.
throng_status join_check(const join_def *def, const throng_progress *progress, join_count *out);

/// What keeps ids apart, by an example: `"1.0" and "1" would match without ".0"`; "" where nothing
/// that we know of does. `found` may be NULL: none is. Errors: MEMORY.
throng_status join_advice(const string_table *ours, const uint8_t *found,
                          const string_table *theirs, char *out, size_t size);

/// The first of `ids` that is `text` but for the way in which it is written, -1 where there is
/// none; `*difference` says which way ("without \".0\""). Errors: MEMORY.
throng_status join_find_alike(const string_table *ids, const char *text, int64_t *found,
                              const char **difference);

#endif
