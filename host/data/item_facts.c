/// Item descriptions gathered in file order; see item_facts.h.
#include "data/item_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/numbers.h"
#include "data/entities.h"

throng_status item_facts_init(item_facts *facts, int64_t n_item) {
  *facts = (item_facts){.n_item = n_item, .current = -1};
  THRONG_TRY(interner_create(&facts->categories));
  THRONG_TRY(interner_create(&facts->attributes));
  size_t n = (size_t)n_item;
  THRONG_TRY(throng_grow((void **)&facts->name, &facts->name_capacity, n + 1, sizeof *facts->name,
                         "item names"));
  THRONG_TRY(throng_grow((void **)&facts->fact, &facts->fact_capacity, n + 1, sizeof *facts->fact,
                         "item facts"));
  memset(facts->name, 0xFF, n * sizeof *facts->name);
  memset(facts->fact, 0xFF, n * sizeof *facts->fact);
  return THRONG_OK;
}

void item_facts_free(item_facts *facts) {
  free(facts->name);
  free(facts->fact);
  strings_free(&facts->names);
  strings_free(&facts->facts);
  if (facts->categories) interner_free(facts->categories);
  if (facts->attributes) interner_free(facts->attributes);
  free(facts->category);
  free(facts->attribute);
  bytes_free(&facts->name_text);
  bytes_free(&facts->fact_text);
  bytes_free(&facts->word);
  *facts = (item_facts){0};
}

throng_status item_facts_grow(item_facts *facts) {
  size_t n = (size_t)facts->n_item + 1;
  THRONG_TRY(throng_grow((void **)&facts->name, &facts->name_capacity, n, sizeof *facts->name,
                         "item names"));
  THRONG_TRY(throng_grow((void **)&facts->fact, &facts->fact_capacity, n, sizeof *facts->fact,
                         "item facts"));
  facts->name[facts->n_item] = facts->fact[facts->n_item] = -1;
  facts->n_item++;
  return THRONG_OK;
}

void item_facts_return(item_facts *facts, int64_t item) { facts->current = item; }

void item_facts_leave(item_facts *facts) { facts->current = -1; }

bool item_facts_begin(item_facts *facts, int64_t item) {
  if (facts->name[item] >= 0) return false;
  facts->current = item;
  bytes_clear(&facts->name_text);
  bytes_clear(&facts->fact_text);
  return true;
}

throng_status item_facts_name(item_facts *facts, const char *text, size_t length) {
  bytes_clear(&facts->name_text);
  return text_clean_line(&facts->name_text, text, length);
}

/// The cleaned word in facts->word; false where it is empty or too long to be one.
static bool is_word(const item_facts *facts, size_t from) {
  return facts->word.length > from && facts->word.length - from <= ITEM_FACTS_MAX_WORD;
}

static throng_status add_word(item_facts *facts, interner *words, int64_t **pair, int64_t *n,
                              size_t *capacity) {
  int64_t id;
  THRONG_TRY(interner_add(words, facts->word.data, facts->word.length, &id, NULL));
  if (id >= INT32_MAX)
    return throng_fail(THRONG_ERROR_DATA, "more than %d categories or attributes", INT32_MAX);
  THRONG_TRY(throng_grow((void **)pair, capacity, (size_t)*n + 1, sizeof **pair, "item words"));
  (*pair)[(*n)++] = facts->current << 32 | id;
  return THRONG_OK;
}

throng_status item_facts_category(item_facts *facts, const char *text, size_t length) {
  bytes_clear(&facts->word);
  THRONG_TRY(text_clean_line(&facts->word, text, length));
  if (!is_word(facts, 0)) return THRONG_OK;
  return add_word(facts, facts->categories, &facts->category, &facts->n_category,
                  &facts->category_capacity);
}

throng_status item_facts_attribute(item_facts *facts, const char *kind, const char *value,
                                   size_t length) {
  byte_buffer *word = &facts->word;
  bytes_clear(word);
  THRONG_TRY(text_clean_line(word, value, length));
  if (!is_word(facts, 0)) return THRONG_OK;
  // Lower case, one character at a time: utf8proc_tolower knows no locale.
  byte_buffer lower = {0};
  throng_status status = bytes_append(&lower, kind, strlen(kind));
  if (status == THRONG_OK) status = bytes_append(&lower, ": ", 2);
  for (size_t i = 0; status == THRONG_OK && i < word->length;) {
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)word->data + i,
                                          (utf8proc_ssize_t)(word->length - i), &codepoint);
    status = bytes_append_codepoint(&lower, (uint32_t)utf8proc_tolower(codepoint));
    i += (size_t)n;
  }
  bytes_free(word);
  *word = lower;
  if (status != THRONG_OK) return status;
  return add_word(facts, facts->attributes, &facts->attribute, &facts->n_attribute,
                  &facts->attribute_capacity);
}

throng_status item_facts_text(item_facts *facts, const char *text, size_t length) {
  size_t before = facts->fact_text.length;
  if (before > 0) THRONG_TRY(bytes_append(&facts->fact_text, "\n", 1));
  size_t start = facts->fact_text.length;
  THRONG_TRY(text_clean(&facts->fact_text, text, length));
  if (facts->fact_text.length == start && facts->fact_text.data) {
    facts->fact_text.length = before;
    facts->fact_text.data[before] = '\0';
  }
  return THRONG_OK;
}

throng_status item_facts_end(item_facts *facts) {
  facts->name[facts->current] = facts->names.n;
  facts->fact[facts->current] = facts->facts.n;
  facts->current = -1;
  THRONG_TRY(strings_append(&facts->names, bytes_text(&facts->name_text), facts->name_text.length));
  return strings_append(&facts->facts, bytes_text(&facts->fact_text), facts->fact_text.length);
}

void bucket_word(double value, const double *bound, int n_bound, char *out) {
  NUMBERS_WITHOUT_LOCALE;
  int i = 0;
  while (i < n_bound && value >= bound[i]) i++;
  if (i == 0) {
    snprintf(out, 64, "under %g", bound[0]);
  } else if (i == n_bound) {
    snprintf(out, 64, "%g or more", bound[n_bound - 1]);
  } else {
    snprintf(out, 64, "%g to %g", bound[i - 1], bound[i]);
  }
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/// Pairs to a CSR list: sorted, without repeats.
static throng_status build_list(int64_t *pair, int64_t n, int64_t n_item, int64_t **offset,
                                int32_t **word) {
  THRONG_TRY(throng_alloc((void **)offset, (size_t)n_item + 1, sizeof **offset, "item words"));
  THRONG_TRY(throng_alloc((void **)word, (size_t)n, sizeof **word, "item words"));
  if (n > 1) qsort(pair, (size_t)n, sizeof *pair, by_value);
  int64_t kept = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i > 0 && pair[i] == pair[i - 1]) continue;
    (*word)[kept++] = (int32_t)(pair[i] & INT32_MAX);
    (*offset)[(pair[i] >> 32) + 1] = kept;
  }
  for (int64_t i = 1; i <= n_item; i++)
    if ((*offset)[i] < (*offset)[i - 1]) (*offset)[i] = (*offset)[i - 1];
  return THRONG_OK;
}

static throng_status in_item_order(const string_table *from, const int64_t *number, int64_t n_item,
                                   string_table *to) {
  for (int64_t i = 0; i < n_item; i++) {
    bool has = number[i] >= 0;
    THRONG_TRY(strings_append(to, has ? strings_get(from, number[i]) : "",
                              has ? strings_length(from, number[i]) : 0));
  }
  return THRONG_OK;
}

throng_status item_facts_finish(item_facts *facts, dataset *out) {
  THRONG_TRY(in_item_order(&facts->names, facts->name, facts->n_item, &out->item_name));
  THRONG_TRY(in_item_order(&facts->facts, facts->fact, facts->n_item, &out->facts));
  THRONG_TRY(build_list(facts->category, facts->n_category, facts->n_item, &out->category_offset,
                        &out->category));
  THRONG_TRY(build_list(facts->attribute, facts->n_attribute, facts->n_item, &out->attribute_offset,
                        &out->attribute));
  out->category_name = interner_release(facts->categories);
  facts->categories = NULL;
  out->attribute_name = interner_release(facts->attributes);
  facts->attributes = NULL;
  out->n_category = out->category_name.n;
  out->n_attribute = out->attribute_name.n;
  return THRONG_OK;
}
