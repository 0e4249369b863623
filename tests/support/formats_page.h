/// Reading the tables of docs/file_formats.md and holding a tensor file against one. A row is
/// "| `name` | TYPE | (dimensions) | ..."; a dimension is symbols and numbers joined by + and *,
/// from left to right; x.{a,b}.y stands for x.a.y and x.b.y.
#ifndef TESTS_FORMATS_PAGE_H
#define TESTS_FORMATS_PAGE_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safetensors.h"
#include "throng_test.h"

enum { PAGE_ANY = -1 };  // a dimension of any length

/// What a word of a shape stands for; the last one has no name.
typedef struct page_symbol {
  const char *name;
  int64_t value;
} page_symbol;

static inline int64_t page_value(const char *word, size_t length, const page_symbol *symbol) {
  if (isdigit((unsigned char)word[0])) return strtoll(word, NULL, 10);
  for (; symbol->name; ++symbol)
    if (strlen(symbol->name) == length && !strncmp(symbol->name, word, length))
      return symbol->value;
  throng_test_fail(__FILE__, __LINE__, "the page's '%.*s' is no symbol of the test", (int)length,
                   word);
  return PAGE_ANY;
}

/// Value of one dimension, up to a comma or the end, which `*text` then points at.
static inline int64_t page_dimension(const char **text, const page_symbol *symbol) {
  int64_t value = 0;
  char operation = '+';
  for (const char *at = *text;; ++at) {
    at += strspn(at, " ");
    const size_t length =
        strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    const int64_t next = page_value(at, length, symbol);
    value = next == PAGE_ANY ? PAGE_ANY : operation == '+' ? value + next : value * next;
    at += length;
    at += strspn(at, " ");
    operation = *at;
    *text = at;
    if (operation != '+' && operation != '*') return value;
  }
}

/// One tensor: is it as the row says? Returns 1 where it is there. It may be absent where a
/// dimension is 0.
static inline size_t page_check(const safetensors_file *file, const char *name, const char *type,
                                const char *shape, const page_symbol *symbol) {
  const safetensors_tensor *t = safetensors_find(file, name);
  int64_t dimension[SAFETENSORS_MAX_RANK];
  int rank = 0;
  bool empty = false;
  for (const char *at = shape; rank < SAFETENSORS_MAX_RANK; ++at) {
    dimension[rank] = page_dimension(&at, symbol);
    empty |= dimension[rank++] == 0;
    if (*at != ',') break;
  }
  if (!t && empty) return 0;
  if (!t || strcmp(t->dtype, type) != 0 || t->rank != rank) {
    throng_test_fail(__FILE__, __LINE__, "%s: the page has %s (%s), the file %s of rank %d", name,
                     type, shape, t ? t->dtype : "none", t ? t->rank : 0);
    return t != NULL;
  }
  for (int d = 0; d < rank; ++d)
    if (dimension[d] != PAGE_ANY && t->shape[d] != dimension[d])
      throng_test_fail(__FILE__, __LINE__, "%s: the page has (%s), the file %lld in dimension %d",
                       name, shape, (long long)t->shape[d], d);
  return 1;
}

/// A row whose name may be a set of names.
static inline size_t page_check_row(const safetensors_file *file, const char *prefix,
                                    const char *name, const char *type, const char *shape,
                                    const page_symbol *symbol) {
  char full[512];
  const char *open = strchr(name, '{'), *close = strchr(name, '}');
  size_t there = 0;
  if (!open || !close) {
    snprintf(full, sizeof full, "%s%s", prefix, name);
    return page_check(file, full, type, shape, symbol);
  }
  for (const char *at = open + 1; at < close;) {
    const size_t length = strcspn(at, ",}");
    snprintf(full, sizeof full, "%s%.*s%.*s%s", prefix, (int)(open - name), name, (int)length, at,
             close + 1);
    there += page_check(file, full, type, shape, symbol);
    at += length + 1;
  }
  return there;
}

/// Hold the file's tensors against the tables of a section; `*there` counts those that the page
/// has.
static inline void page_section(const char *page, const char *section, const page_symbol *symbol,
                                const safetensors_file *file, const char *prefix, size_t *there) {
  char line[1024], name[256], type[8], shape[256], title[128];
  bool inside = false, found = false;
  FILE *in = fopen(page, "r");
  ASSERT_TRUE(in != NULL);
  snprintf(title, sizeof title, "## %s\n", section);
  while (fgets(line, sizeof line, in)) {
    if (!strncmp(line, "## ", 3)) inside = !strcmp(line, title);
    found |= inside;
    if (inside && sscanf(line, "| `%255[^`]` | %7[A-Z0-9] | (%255[^)]) |", name, type, shape) == 3)
      *there += page_check_row(file, prefix, name, type, shape, symbol);
  }
  fclose(in);
  EXPECT_TRUE(found);
}

/// The file has the tensors of the section and no other.
static inline void page_compare(const char *page, const char *section, const page_symbol *symbol,
                                const char *path, const char *prefix) {
  safetensors_file *file;
  size_t there = 0;
  ASSERT_OK(safetensors_open(path, &file));
  page_section(page, section, symbol, file, prefix, &there);
  EXPECT_EQ(there, safetensors_count(file));
  EXPECT_GT(there, 0);
  safetensors_close(file);
}

#endif
