/// A small dataset by hand for the tests of keywords, embeddings and worlds.
#ifndef THRONG_TESTS_KEYWORD_FIXTURE_H
#define THRONG_TESTS_KEYWORD_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/keywords.h"
#include "throng_test.h"

/// One interaction; `user` must not fall from row to row.
typedef struct fixture_row {
  int user, item;
  int like;
  const char *text;  // NULL: no texts in this dataset
} fixture_row;

typedef struct fixture_item {
  const char *id;
  const char *category;   // names split by ','; "" none
  const char *attribute;  // names split by ','; "" none
} fixture_item;

static inline void fixture_lists(const fixture_item *item, int n_item, bool attributes,
                                 int64_t *n_name, string_table *name, int64_t **offset,
                                 int32_t **list) {
  interner *in = NULL;
  EXPECT_OK(interner_create(&in));
  *offset = calloc((size_t)n_item + 1, sizeof **offset);
  *list = calloc(1024, sizeof **list);
  int64_t n = 0;
  for (int i = 0; i < n_item; ++i) {
    char text[512];
    snprintf(text, sizeof text, "%s", attributes ? item[i].attribute : item[i].category);
    int64_t begin = n;
    for (char *save = NULL, *word = strtok_r(text, ",", &save); word;
         word = strtok_r(NULL, ",", &save)) {
      int64_t id;
      EXPECT_OK(interner_add(in, word, strlen(word), &id, NULL));
      int64_t at = n++;
      for (; at > begin && (*list)[at - 1] > id; --at) (*list)[at] = (*list)[at - 1];
      (*list)[at] = (int32_t)id;
    }
    (*offset)[i + 1] = n;
  }
  *n_name = interner_strings(in)->n;
  *name = interner_release(in);
}

static inline dataset fixture_dataset(const fixture_item *item, int n_item, const fixture_row *row,
                                      int n_row) {
  dataset d = {.n_item = n_item, .n_interaction = n_row, .has_text = row && row[0].text};
  for (int i = 0; i < n_item; ++i) {
    EXPECT_OK(strings_append(&d.item_id, item[i].id, strlen(item[i].id)));
    EXPECT_OK(strings_append(&d.item_name, "", 0));
    EXPECT_OK(strings_append(&d.facts, "", 0));
  }
  d.n_user = n_row ? row[n_row - 1].user + 1 : 0;
  d.user_offset = calloc((size_t)d.n_user + 1, sizeof *d.user_offset);
  d.item = calloc((size_t)n_row + 1, sizeof *d.item);
  d.rating = calloc((size_t)n_row + 1, sizeof *d.rating);
  d.like = calloc((size_t)n_row + 1, sizeof *d.like);
  d.time = calloc((size_t)n_row + 1, sizeof *d.time);
  for (int r = 0; r < n_row; ++r) {
    ++d.user_offset[row[r].user + 1];
    d.item[r] = row[r].item;
    d.like[r] = (uint8_t)row[r].like;
    d.rating[r] = row[r].like ? 5 : 1;
    d.time[r] = r;
    if (d.has_text) EXPECT_OK(strings_append(&d.text, row[r].text, strlen(row[r].text)));
  }
  for (int64_t u = 0; u < d.n_user; ++u) {
    char id[32];
    snprintf(id, sizeof id, "user %lld", (long long)u);
    EXPECT_OK(strings_append(&d.user_id, id, strlen(id)));
    d.user_offset[u + 1] += d.user_offset[u];
  }
  fixture_lists(item, n_item, false, &d.n_category, &d.category_name, &d.category_offset,
                &d.category);
  fixture_lists(item, n_item, true, &d.n_attribute, &d.attribute_name, &d.attribute_offset,
                &d.attribute);
  return d;
}

static inline void fixture_free(dataset *d) {
  string_table *table[] = {&d->user_id,       &d->item_id,        &d->item_name, &d->text,
                           &d->category_name, &d->attribute_name, &d->facts};
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) strings_free(table[i]);
  void *block[] = {d->user_offset,     d->item,     d->rating,           d->like,     d->time,
                   d->category_offset, d->category, d->attribute_offset, d->attribute};
  for (size_t i = 0; i < sizeof block / sizeof *block; ++i) free(block[i]);
  *d = (dataset){0};
}

/// True where the item has the keyword on the side (pos: liking).
static inline bool fixture_has(const keyword_sets *sets, bool pos, int64_t item,
                               const char *keyword) {
  const int64_t *offset = pos ? sets->pos_offset : sets->neg_offset;
  const int32_t *list = pos ? sets->pos : sets->neg;
  for (int64_t k = offset[item]; k < offset[item + 1]; ++k)
    if (!strcmp(strings_get(&sets->keyword, list[k]), keyword)) return true;
  return false;
}

#endif
