/// What the fuzz targets of the data readers share: one input becomes up to two files and a def,
/// the files are read, and a data set that came out is held against what dataset.h promises.
#ifndef THRONG_TESTS_FUZZ_READER_FUZZ_H
#define THRONG_TESTS_FUZZ_READER_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "data/dataset_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { READER_FUZZ_FILES = 2, READER_FUZZ_SEPARATOR = 0x1E };

#define REQUIRE(condition)                                                          \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)

/// Write the bytes into an anonymous file, made on first use, and return its path.
static inline const char *reader_fuzz_file(int which, const uint8_t *data, size_t size) {
  static int descriptor[READER_FUZZ_FILES];
  static char path[READER_FUZZ_FILES][64];
  if (path[which][0] == '\0') {
    descriptor[which] = memfd_create("fuzz", 0);
    REQUIRE(descriptor[which] >= 0);
    snprintf(path[which], sizeof path[which], "/proc/self/fd/%d", descriptor[which]);
  }
  REQUIRE(ftruncate(descriptor[which], 0) == 0);
  REQUIRE(pwrite(descriptor[which], data, size, 0) == (ssize_t)size);
  return path[which];
}

/// Split the input at the first separator; the second path is NULL where there is none.
static inline void reader_fuzz_split(const uint8_t *data, size_t size, const char *path[2]) {
  const uint8_t *cut = size ? memchr(data, READER_FUZZ_SEPARATOR, size) : NULL;
  size_t first = cut ? (size_t)(cut - data) : size;
  path[0] = reader_fuzz_file(0, data, first);
  path[1] = cut ? reader_fuzz_file(1, cut + 1, size - first - 1) : NULL;
}

static inline void require_text(const string_table *table, int64_t n) {
  REQUIRE(table->n == n);
  for (int64_t i = 0; i < n; i++) {
    size_t length = strings_length(table, i);
    REQUIRE(strlen(strings_get(table, i)) == length);
    REQUIRE(utf8_valid_prefix(strings_get(table, i), length) == length);
  }
}

static inline void require_list(const int64_t *offset, const int32_t *word, int64_t n_item,
                                int64_t n_word) {
  REQUIRE(offset[0] == 0);
  for (int64_t i = 0; i < n_item; i++) {
    REQUIRE(offset[i] <= offset[i + 1]);
    for (int64_t j = offset[i]; j < offset[i + 1]; j++) {
      REQUIRE(word[j] >= 0 && word[j] < n_word);
      REQUIRE(j == offset[i] || word[j - 1] < word[j]);
    }
  }
}

static inline void require_dataset(const dataset_def *def, const dataset *d) {
  REQUIRE(d->n_user > 0 && d->n_item > 0 && d->n_interaction >= d->n_user);
  require_text(&d->user_id, d->n_user);
  require_text(&d->item_id, d->n_item);
  require_text(&d->item_name, d->n_item);
  require_text(&d->facts, d->n_item);
  require_text(&d->category_name, d->n_category);
  require_text(&d->attribute_name, d->n_attribute);
  require_text(&d->text, d->has_text ? d->n_interaction : 0);
  require_list(d->category_offset, d->category, d->n_item, d->n_category);
  require_list(d->attribute_offset, d->attribute, d->n_item, d->n_attribute);
  REQUIRE(d->user_offset[0] == 0 && d->user_offset[d->n_user] == d->n_interaction);
  for (int64_t u = 0; u < d->n_user; u++) {
    REQUIRE(d->user_offset[u + 1] - d->user_offset[u] >= (def->k_core > 1 ? def->k_core : 1));
    for (int64_t i = d->user_offset[u]; i < d->user_offset[u + 1]; i++) {
      REQUIRE(d->item[i] >= 0 && d->item[i] < d->n_item);
      REQUIRE(d->rating[i] - d->rating[i] == 0);  // finite
      if (def->negatives == 0)
        REQUIRE(d->like[i] == (d->implicit || d->rating[i] >= (float)def->like_threshold));
      REQUIRE(i == d->user_offset[u] || d->time[i - 1] <= d->time[i]);
    }
  }
  REQUIRE(def->max_interactions == 0 ||
          d->n_interaction - d->counts.negatives <= def->max_interactions);
  int64_t bad = 0;
  for (int k = 0; k < N_ROW_FAULT; k++) bad += d->counts.bad[k];
  REQUIRE(bad <= def->max_bad_rows);
}

/// Read, and check what came out or that an error says something.
static inline void reader_fuzz_read(const dataset_def *def) {
  dataset d;
  if (dataset_read(def, NULL, &d) == THRONG_OK) {
    require_dataset(def, &d);
  } else {
    REQUIRE(throng_error_message()[0] != '\0');
    REQUIRE(d.n_interaction == 0 && d.item == NULL);
  }
  dataset_free(&d);
}

#endif
