/// Files that dataset tests write: plain or gzip, in the test's own folder.
#ifndef THRONG_TESTS_DATASET_FIXTURE_H
#define THRONG_TESTS_DATASET_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/dataset_read.h"
#include "throng_test.h"

/// Path of a file of this name in the test's folder. Good for the next 15 calls.
static inline const char *fixture_path(const char *name) {
  static char path[16][512];
  static int next;
  next = (next + 1) % 16;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
}

static inline const char *fixture_bytes(const char *name, const void *bytes, size_t length) {
  const char *path = fixture_path(name);
  FILE *file = fopen(path, "wb");
  if (file) {
    fwrite(bytes, 1, length, file);
    fclose(file);
  }
  return path;
}

static inline const char *fixture_text(const char *name, const char *text) {
  return fixture_bytes(name, text, strlen(text));
}

/// gzip of `text`; `cut` bytes are left off its end.
static inline const char *fixture_gzip(const char *name, const char *text, size_t cut) {
  const char *path = fixture_path(name);
  gzFile gz = gzopen(path, "wb");
  if (!gz) return path;
  gzwrite(gz, text, (unsigned)strlen(text));
  gzclose(gz);
  if (cut == 0) return path;
  static char bytes[1 << 16];
  FILE *file = fopen(path, "rb");
  if (!file) return path;
  size_t n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  return fixture_bytes(name, bytes, n - cut);
}

/// $THRONG_DATA/name where it is there, else NULL.
static inline const char *fixture_real(const char *name) {
  static char path[8][512];
  static int next;
  const char *folder = getenv("THRONG_DATA");
  if (!folder) return NULL;
  next = (next + 1) % 8;
  snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
  FILE *file = fopen(path[next], "rb");
  if (!file) return NULL;
  fclose(file);
  return path[next];
}

/// A file of tests/data.
static inline const char *fixture_data(const char *name) {
  static char path[8][512];
  static int next;
  next = (next + 1) % 8;
  snprintf(path[next], sizeof path[next], "%s/data/%s", TEST_SOURCE_DIR, name);
  return path[next];
}

/// Place of the interaction of a user and an item, -1 where there is none.
static inline int64_t fixture_row(const dataset *d, const char *user, const char *item) {
  for (int64_t u = 0; u < d->n_user; u++)
    for (int64_t i = d->user_offset[u]; i < d->user_offset[u + 1]; i++)
      if (!strcmp(strings_get(&d->user_id, u), user) &&
          !strcmp(strings_get(&d->item_id, d->item[i]), item))
        return i;
  return -1;
}

/// Number of an id in a table, -1 where it is not there.
static inline int64_t fixture_find(const string_table *table, const char *text) {
  for (int64_t i = 0; i < table->n; i++)
    if (strcmp(strings_get(table, i), text) == 0) return i;
  return -1;
}

/// Whether an item has a word (of categories or attributes) in a CSR list.
static inline bool fixture_has_word(const int64_t *offset, const int32_t *word,
                                    const string_table *names, int64_t item, const char *text) {
  for (int64_t i = offset[item]; i < offset[item + 1]; i++)
    if (strcmp(strings_get(names, word[i]), text) == 0) return true;
  return false;
}

#define EXPECT_CATEGORY(d, item, text) \
  EXPECT_TRUE(                         \
      fixture_has_word((d)->category_offset, (d)->category, &(d)->category_name, item, text))
#define EXPECT_ATTRIBUTE(d, item, text) \
  EXPECT_TRUE(                          \
      fixture_has_word((d)->attribute_offset, (d)->attribute, &(d)->attribute_name, item, text))

/// The reading fails with `status`, and the message holds `part`; nothing is left in the result.
#define EXPECT_READ_FAILS(def, expected_status, part)                 \
  do {                                                                \
    dataset failed_;                                                  \
    EXPECT_EQ(dataset_read(&(def), NULL, &failed_), expected_status); \
    EXPECT_CONTAINS(throng_error_message(), part);                    \
    EXPECT_EQ(failed_.n_interaction, 0);                              \
    EXPECT_TRUE(failed_.item == NULL);                                \
    dataset_free(&failed_);                                           \
  } while (0)

#endif
