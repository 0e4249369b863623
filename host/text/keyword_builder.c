/// Pairs to CSR lists.
#include "text/keyword_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

item_bounds item_bounds_of(const keywords_def *def, const dataset *data) {
  int64_t n_item = data->n_item - data->counts.cold_items;
  int64_t most = (int64_t)floor(def->max_share * (double)n_item + 1e-9);
  return (item_bounds){def->min_items > 1 ? def->min_items : 1, most < n_item ? most : n_item,
                       n_item};
}

throng_status builder_add(keyword_builder *b, keyword_side side, int64_t item, int64_t keyword) {
  THRONG_TRY(throng_grow((void **)&b->pair[side], &b->capacity[side], b->n[side] + 1,
                         sizeof(item_keyword), "keywords of items"));
  b->pair[side][b->n[side]++] = (item_keyword){(int32_t)item, (int32_t)keyword};
  return THRONG_OK;
}

static int compare_pairs(const void *a, const void *b) {
  const item_keyword *x = a, *y = b;
  if (x->item != y->item) return x->item < y->item ? -1 : 1;
  return (x->keyword > y->keyword) - (x->keyword < y->keyword);
}

void builder_sort(keyword_builder *b) {
  for (int side = 0; side < SIDE_COUNT; ++side) {
    item_keyword *pair = b->pair[side];
    size_t n = b->n[side], kept = 0;
    if (n) qsort(pair, n, sizeof *pair, compare_pairs);
    for (size_t i = 0; i < n; ++i)
      if (!kept || compare_pairs(&pair[kept - 1], &pair[i])) pair[kept++] = pair[i];
    b->n[side] = kept;
  }
}

void builder_count_items(keyword_builder *b, int64_t n_counted, int64_t n_keyword,
                         int64_t *n_items) {
  builder_sort(b);
  memset(n_items, 0, (size_t)n_keyword * sizeof *n_items);
  // Merge both sides, so that an item with a keyword on both counts once.
  size_t i = 0, j = 0;
  const item_keyword *pos = b->pair[SIDE_POS], *neg = b->pair[SIDE_NEG];
  while (i < b->n[SIDE_POS] || j < b->n[SIDE_NEG]) {
    int order = i == b->n[SIDE_POS]   ? 1
                : j == b->n[SIDE_NEG] ? -1
                                      : compare_pairs(&pos[i], &neg[j]);
    const item_keyword *pair = order <= 0 ? &pos[i] : &neg[j];
    n_items[pair->keyword] += pair->item < n_counted;
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
}

void builder_bound(keyword_builder *b, item_bounds bounds, int64_t n_keyword, int64_t *n_items,
                   int64_t *common, int64_t *rare) {
  builder_count_items(b, bounds.n_counted, n_keyword, n_items);
  for (int side = 0; side < SIDE_COUNT; ++side) {
    size_t kept = 0;
    for (size_t i = 0; i < b->n[side]; ++i) {
      int64_t n = n_items[b->pair[side][i].keyword];
      if (n >= bounds.least && n <= bounds.most) b->pair[side][kept++] = b->pair[side][i];
    }
    b->n[side] = kept;
  }
  for (int64_t k = 0; k < n_keyword; ++k) {
    if (n_items[k] > bounds.most)
      ++*common;
    else if (n_items[k] && n_items[k] < bounds.least)
      ++*rare;
    if (n_items[k] > bounds.most || n_items[k] < bounds.least) n_items[k] = 0;
  }
}

static throng_status make_list(const keyword_builder *b, int side, const int32_t *number,
                               int64_t n_item, int64_t **offset, int32_t **list) {
  THRONG_TRY(throng_alloc((void **)offset, (size_t)n_item + 1, sizeof **offset, "keyword lists"));
  THRONG_TRY(throng_alloc((void **)list, b->n[side], sizeof **list, "keyword lists"));
  for (size_t i = 0; i < b->n[side]; ++i) {
    (*list)[i] = number[b->pair[side][i].keyword];  // numbers rise as ids do: lists stay sorted
    ++(*offset)[b->pair[side][i].item + 1];
  }
  for (int64_t i = 0; i < n_item; ++i) (*offset)[i + 1] += (*offset)[i];
  return THRONG_OK;
}

throng_status builder_finish(keyword_builder *b, const string_table *name, int64_t n_item,
                             keyword_sets *out) {
  builder_sort(b);
  int32_t *number = NULL;
  throng_status status = THRONG_OK;
  THRONG_TRY_GOTO(
      throng_alloc((void **)&number, (size_t)name->n, sizeof *number, "keyword numbers"));
  for (int side = 0; side < SIDE_COUNT; ++side)
    for (size_t i = 0; i < b->n[side]; ++i) number[b->pair[side][i].keyword] = 1;
  int32_t used = 0;
  for (int64_t k = 0; k < name->n; ++k) {
    if (!number[k]) continue;
    number[k] = used++;
    THRONG_TRY_GOTO(strings_append(&out->keyword, strings_get(name, k), strings_length(name, k)));
  }
  THRONG_TRY_GOTO(make_list(b, SIDE_POS, number, n_item, &out->pos_offset, &out->pos));
  THRONG_TRY_GOTO(make_list(b, SIDE_NEG, number, n_item, &out->neg_offset, &out->neg));
  for (int64_t i = 0; i < n_item; ++i)
    out->items_without += out->pos_offset[i] == out->pos_offset[i + 1] &&
                          out->neg_offset[i] == out->neg_offset[i + 1];
done:
  free(number);
  return status;
}

void builder_free(keyword_builder *b) {
  for (int side = 0; side < SIDE_COUNT; ++side) free(b->pair[side]);
  *b = (keyword_builder){0};
}

throng_status categories_from_dataset(const dataset *data, const item_bounds *bounds,
                                      keyword_sets *out, int64_t *dropped) {
  int64_t n_item = data->n_item, n_entry = n_item ? data->category_offset[n_item] : 0;
  int32_t *number = NULL;
  throng_status status = THRONG_OK;
  *dropped = 0;
  THRONG_TRY_GOTO(
      throng_alloc((void **)&number, (size_t)data->n_category, sizeof *number, "category numbers"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->category_offset, (size_t)n_item + 1,
                               sizeof *out->category_offset, "categories of items"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->category_id, (size_t)n_entry,
                               sizeof *out->category_id, "categories of items"));
  int64_t n_counted = bounds ? data->category_offset[bounds->n_counted] : n_entry;
  for (int64_t e = 0; e < n_counted; ++e) ++number[data->category[e]];
  int32_t kept = 0;
  for (int64_t c = 0; c < data->n_category; ++c) {
    bool good = !bounds || (number[c] >= bounds->least && number[c] <= bounds->most);
    number[c] = good ? kept++ : -1;
    *dropped += !good;
    if (good)
      THRONG_TRY_GOTO(strings_append(&out->category, strings_get(&data->category_name, c),
                                     strings_length(&data->category_name, c)));
  }
  int64_t at = 0;
  for (int64_t i = 0; i < n_item; ++i) {
    for (int64_t e = data->category_offset[i]; e < data->category_offset[i + 1]; ++e)
      if (number[data->category[e]] >= 0) out->category_id[at++] = number[data->category[e]];
    out->category_offset[i + 1] = at;
  }
done:
  free(number);
  return status;
}
