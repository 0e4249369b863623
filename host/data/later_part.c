/// Rows in two parts, and the items in the order that this asks for; see later_part.h.
#include "data/later_part.h"

#include <stdlib.h>
#include <string.h>

#include "data/split.h"

static int64_t count_later(const dataset *data, double share, int64_t least, int64_t *users) {
  int64_t n = 0;
  *users = 0;
  for (int64_t u = 0; u < data->n_user; u++) {
    int64_t later =
        split_later_length(data->user_offset[u + 1] - data->user_offset[u], share, least);
    n += later;
    *users += later > 0;
  }
  return n;
}

static throng_status take_memory(dataset *data, int64_t n) {
  const char *what = "later part";
  THRONG_TRY(throng_alloc((void **)&data->later_offset, (size_t)data->n_user + 1,
                          sizeof *data->later_offset, what));
  THRONG_TRY(throng_alloc((void **)&data->later_item, (size_t)n, sizeof *data->later_item, what));
  THRONG_TRY(
      throng_alloc((void **)&data->later_rating, (size_t)n, sizeof *data->later_rating, what));
  THRONG_TRY(throng_alloc((void **)&data->later_like, (size_t)n, sizeof *data->later_like, what));
  return throng_alloc((void **)&data->later_time, (size_t)n, sizeof *data->later_time, what);
}

/// The first parts close up in place, which never overtakes what is still to be read.
static throng_status move_rows(dataset *data, double share, int64_t least, string_table *text) {
  int64_t kept = 0;
  for (int64_t u = 0, begin = 0; u < data->n_user; u++) {
    const int64_t end = data->user_offset[u + 1];
    const int64_t cut = end - split_later_length(end - begin, share, least);
    for (int64_t k = begin; k < end; k++) {
      const bool first = k < cut;
      const int64_t to = first ? kept++ : data->n_later++;
      (first ? data->item : data->later_item)[to] = data->item[k];
      (first ? data->rating : data->later_rating)[to] = data->rating[k];
      (first ? data->like : data->later_like)[to] = data->like[k];
      (first ? data->time : data->later_time)[to] = data->time[k];
      if (first && data->has_text)
        THRONG_TRY(
            strings_append(text, strings_get(&data->text, k), strings_length(&data->text, k)));
    }
    begin = end;
    data->user_offset[u + 1] = kept;
    data->later_offset[u + 1] = data->n_later;
  }
  data->n_interaction = kept;
  return THRONG_OK;
}

/// `old` (n_item): which item comes first, second, ...; `number` (n_item): its place there. Returns
/// how many items stand in later parts alone.
static int64_t order_items(const dataset *data, int64_t n_rated, int32_t *old, int32_t *number) {
  int32_t n = 0;
  memset(number, 0xFF, (size_t)data->n_item * sizeof *number);
  for (int64_t k = 0; k < data->n_interaction; k++) number[data->item[k]] = 0;  // is in a history
  for (int32_t i = 0; i < n_rated; i++)
    if (number[i] == 0) old[n++] = i;
  const int64_t with_history = n;
  for (int32_t i = 0; i < n_rated; i++)
    if (number[i] < 0) old[n++] = i;
  for (int32_t i = (int32_t)n_rated; i < data->n_item; i++) old[n++] = i;
  for (int32_t i = 0; i < n; i++) number[old[i]] = i;
  return n_rated - with_history;
}

static throng_status reorder_strings(const int32_t *old, string_table *table) {
  string_table to = {0};
  throng_status status = THRONG_OK;
  for (int64_t i = 0; i < table->n && status == THRONG_OK; i++)
    status = strings_append(&to, strings_get(table, old[i]), strings_length(table, old[i]));
  if (status != THRONG_OK) {
    strings_free(&to);
    return status;
  }
  strings_free(table);
  *table = to;
  return THRONG_OK;
}

static throng_status reorder_words(const int32_t *old, int64_t n_item, int64_t *offset,
                                   int32_t *word) {
  int64_t *from;
  int32_t *all;
  const int64_t n_word = offset[n_item];
  THRONG_TRY(throng_alloc((void **)&from, (size_t)n_item + 1, sizeof *from, "later part"));
  throng_status status = throng_alloc((void **)&all, (size_t)n_word, sizeof *all, "later part");
  if (status == THRONG_OK) {
    memcpy(from, offset, (size_t)(n_item + 1) * sizeof *from);
    for (int64_t k = 0; k < n_word; k++) all[k] = word[k];
    for (int64_t i = 0; i < n_item; i++) {
      const int64_t n = from[old[i] + 1] - from[old[i]];
      for (int64_t k = 0; k < n; k++) word[offset[i] + k] = all[from[old[i]] + k];
      offset[i + 1] = offset[i] + n;
    }
    free(all);
  }
  free(from);
  return status;
}

static throng_status reorder_items(dataset *data, dataset_counts *counts) {
  int32_t *old = NULL, *number = NULL;
  throng_status status;
  const size_t n = (size_t)data->n_item;
  THRONG_TRY_GOTO(throng_alloc((void **)&old, n, sizeof *old, "later part"));
  THRONG_TRY_GOTO(throng_alloc((void **)&number, n, sizeof *number, "later part"));
  counts->later_items = order_items(data, data->n_item - counts->cold_items, old, number);
  counts->cold_items += counts->later_items;
  if (counts->later_items == 0) goto done;
  for (int64_t k = 0; k < data->n_interaction; k++) data->item[k] = number[data->item[k]];
  for (int64_t k = 0; k < data->n_later; k++) data->later_item[k] = number[data->later_item[k]];
  THRONG_TRY_GOTO(reorder_strings(old, &data->item_id));
  THRONG_TRY_GOTO(reorder_strings(old, &data->item_name));
  THRONG_TRY_GOTO(reorder_strings(old, &data->facts));
  THRONG_TRY_GOTO(reorder_words(old, data->n_item, data->category_offset, data->category));
  THRONG_TRY_GOTO(reorder_words(old, data->n_item, data->attribute_offset, data->attribute));
done:
  free(old);
  free(number);
  return status;
}

throng_status later_part_cut(dataset *data, const dataset_def *def, dataset_counts *counts) {
  const double share = def->later_share;
  const int64_t least = def->later_least;
  string_table text = {0};
  if (!(share > 0)) return THRONG_OK;
  if (!data->has_time && !def->later_without_times)
    return throng_fail(THRONG_ERROR_DATA,
                       "dataset.later_share %g: the data has no times, and the order of the file "
                       "does not say what came later; expected a column of times "
                       "(dataset.columns.time), or dataset.later_without_times=true, which cuts by "
                       "the order of the file all the same",
                       share);
  counts->later = count_later(data, share, least, &counts->later_users);
  if (counts->later == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "dataset.later_share %g of no user's rows is a row: none of %lld users has "
                       "%lld; expected a larger share or a smaller dataset.later_least",
                       share, (long long)data->n_user, (long long)least);
  THRONG_TRY(take_memory(data, counts->later));
  throng_status status = move_rows(data, share, least, &text);
  if (status != THRONG_OK) {
    strings_free(&text);
    return status;
  }
  if (data->has_text) {
    strings_free(&data->text);
    data->text = text;
  }
  THRONG_TRY(reorder_items(data, counts));
  data->counts.cold_items = counts->cold_items;
  return THRONG_OK;
}
