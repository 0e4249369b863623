/// What must hold of every world, checked once when it is read or written, so that nothing later
/// has to: the loops of the simulator index by these numbers without looking.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "world/world.h"

static throng_status broken(const char *file, const char *tensor, int64_t at, const char *what) {
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' at index %lld: %s", file, tensor,
                     (long long)at, what);
}

static throng_status check_size(const char *file, const char *what, int64_t n, int64_t least) {
  if (n >= least && n < INT32_MAX) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: %lld %s, expected %lld to %d", file, (long long)n,
                     what, (long long)least, INT32_MAX - 1);
}

/// 0 = offset[0] <= offset[1] <= ... <= offset[n] = end.
static throng_status check_offsets(const char *file, const char *tensor, const int64_t *offset,
                                   int64_t n, int64_t end) {
  if (offset[0] != 0) return broken(file, tensor, 0, "offsets begin at 0");
  for (int64_t i = 0; i < n; ++i)
    if (offset[i + 1] < offset[i] || offset[i + 1] > end)
      return throng_fail(
          THRONG_ERROR_DATA,
          "%s: tensor '%s' at index %lld: %lld, expected %lld to %lld (offsets rise)", file, tensor,
          (long long)i + 1, (long long)offset[i + 1], (long long)offset[i], (long long)end);
  if (offset[n] == end) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' ends at %lld, expected %lld", file, tensor,
                     (long long)offset[n], (long long)end);
}

/// Each list's entries lie in 0 .. bound-1 and rise strictly (sets without repetition).
static throng_status check_lists(const char *file, const char *tensor, const int64_t *offset,
                                 const int32_t *entry, int64_t n, int64_t bound) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t k = offset[i]; k < offset[i + 1]; ++k) {
      if (entry[k] < 0 || entry[k] >= bound)
        return throng_fail(THRONG_ERROR_DATA,
                           "%s: tensor '%s' at index %lld: %d, expected 0 to %lld", file, tensor,
                           (long long)k, entry[k], (long long)bound - 1);
      if (k > offset[i] && entry[k] <= entry[k - 1])
        return broken(file, tensor, k, "an item's entries rise strictly");
    }
  return THRONG_OK;
}

/// Keywords' vectors are of any length: what comes from a file is taken as it is.
static throng_status check_finite(const char *file, const char *tensor, const float *x, int64_t n) {
  for (int64_t k = 0; k < n; ++k)
    if (!isfinite(x[k])) return broken(file, tensor, k, "not a finite number");
  return THRONG_OK;
}

/// Rows of unit length or zero. `offset` belongs to the sets whose means the rows are: an empty set
/// has the zero row. Where no item has a set at all, the rows were made otherwise.
static throng_status check_rows(const char *file, const char *tensor, const float *row, int64_t n,
                                int32_t dim, const int64_t *offset) {
  for (int64_t i = 0; i < n; ++i) {
    double square = 0;
    for (int32_t d = 0; d < dim; ++d) {
      double x = row[i * dim + d];
      if (!isfinite(x)) return broken(file, tensor, i * dim + d, "not a finite number");
      square += x * x;
    }
    double length = sqrt(square);
    bool empty = offset[n] > 0 && offset[i] == offset[i + 1];
    if (length > 1e-3 && (empty || fabs(length - 1.0) > 1e-3))
      return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' row %lld: length %g, expected %s",
                         file, tensor, (long long)i, length,
                         empty ? "0 (its set is empty)" : "1 or 0");
  }
  return THRONG_OK;
}

static throng_status check_strings(const char *file, const char *name, const string_table *table,
                                   int64_t n) {
  if (table->n != n)
    return throng_fail(THRONG_ERROR_DATA, "%s: %lld strings in '%s', expected %lld", file,
                       (long long)table->n, name, (long long)n);
  for (int64_t i = 0; i < n; ++i) {
    const char *text = strings_get(table, i);
    size_t length = strings_length(table, i);
    if (utf8_valid_prefix(text, length) != length) return broken(file, name, i, "not UTF-8");
    if (strlen(text) != length) return broken(file, name, i, "a string that holds a NUL");
  }
  return THRONG_OK;
}

static throng_status check_distinct(const char *file, const char *name, const string_table *table) {
  string_index index;
  int64_t duplicate;
  THRONG_TRY(string_index_build(table, &index, &duplicate));
  string_index_free(&index);
  if (duplicate < 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: '%s' at index %lld: '%s' stands twice", file, name,
                     (long long)duplicate, strings_get(table, duplicate));
}

/// Answers of all users, of histories or of later parts: tensors NAME_item, NAME_like, ...
typedef struct answers {
  const char *name;
  const int64_t *offset;  // (n_user + 1)
  const int32_t *item;
  const uint8_t *like;
  const float *rating;
  const int64_t *time;
} answers;

static throng_status check_answers(const char *file, const throng_world *w, const answers *a) {
  char tensor[32];
#define TENSOR(what) (snprintf(tensor, sizeof tensor, "%s_" what, a->name), tensor)
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = a->offset[u]; k < a->offset[u + 1]; ++k) {
      if (a->item[k] < 0 || a->item[k] >= w->n_item)
        return throng_fail(THRONG_ERROR_DATA,
                           "%s: tensor '%s' at index %lld: %d, expected 0 to %lld", file,
                           TENSOR("item"), (long long)k, a->item[k], (long long)w->n_item - 1);
      if (a->like[k] > 1) return broken(file, TENSOR("like"), k, "neither 0 nor 1");
      if (!isfinite(a->rating[k])) return broken(file, TENSOR("rating"), k, "not a finite number");
      if (k > a->offset[u] && a->time[k] < a->time[k - 1])
        return broken(file, TENSOR("time"), k, "earlier than the entry before (time order)");
    }
#undef TENSOR
  return THRONG_OK;
}

static throng_status check_history(const char *file, const throng_world *w) {
  if (w->n_cold < 0 || w->n_cold >= w->n_item)
    return throng_fail(THRONG_ERROR_DATA, "%s: %lld items that nobody rated, expected 0 to %lld",
                       file, (long long)w->n_cold, (long long)w->n_item - 1);
  const answers all = {"history",       w->user_offset,    w->history_item,
                       w->history_like, w->history_rating, w->history_time};
  THRONG_TRY(check_answers(file, w, &all));
  for (int64_t k = 0; k < w->n_interaction; ++k)
    if (w->history_item[k] >= w->n_item - w->n_cold)
      return broken(file, "history_item", k, "one of the items that nobody rated");
  return THRONG_OK;
}

/// Each begins where its user's history ends.
static throng_status check_later(const char *file, const throng_world *w) {
  if (!w->later_offset) return THRONG_OK;
  THRONG_TRY(check_offsets(file, "later_offset", w->later_offset, w->n_user, w->n_later));
  const answers all = {"later",       w->later_offset, w->later_item,
                       w->later_like, w->later_rating, w->later_time};
  THRONG_TRY(check_answers(file, w, &all));
  for (int64_t u = 0; u < w->n_user; ++u) {
    const int64_t first = w->later_offset[u], end = w->user_offset[u + 1];
    if (first < w->later_offset[u + 1] && end > w->user_offset[u] &&
        w->later_time[first] < w->history_time[end - 1])
      return broken(file, "later_time", first, "earlier than the end of the user's history");
  }
  return THRONG_OK;
}

throng_status world_check(const throng_world *w, const char *name) {
  THRONG_TRY(check_size(name, "users", w->n_user, 1));
  THRONG_TRY(check_size(name, "items", w->n_item, 1));
  THRONG_TRY(check_size(name, "categories", w->n_category, 0));
  THRONG_TRY(check_size(name, "keywords", w->n_keyword, 0));
  if (w->dim < 1 || w->dim > WORLD_MOST_DIM)
    return throng_fail(THRONG_ERROR_DATA, "%s: embeddings of length %d, expected 1 to %d", name,
                       w->dim, WORLD_MOST_DIM);
  const char *source = w->source ? w->source : "";
  if (utf8_valid_prefix(source, strlen(source)) != strlen(source))
    return throng_fail(THRONG_ERROR_DATA, "%s: source: not UTF-8", name);
  if (isinf(w->like_threshold))
    return throng_fail(THRONG_ERROR_DATA, "%s: like_threshold is infinite", name);
  THRONG_TRY(
      check_offsets(name, "category_offset", w->category_offset, w->n_item, w->n_category_entry));
  THRONG_TRY(check_offsets(name, "pos_offset", w->pos_offset, w->n_item, w->n_pos_entry));
  THRONG_TRY(check_offsets(name, "neg_offset", w->neg_offset, w->n_item, w->n_neg_entry));
  THRONG_TRY(check_offsets(name, "user_offset", w->user_offset, w->n_user, w->n_interaction));
  THRONG_TRY(
      check_lists(name, "category", w->category_offset, w->category, w->n_item, w->n_category));
  THRONG_TRY(check_lists(name, "pos", w->pos_offset, w->pos, w->n_item, w->n_keyword));
  THRONG_TRY(check_lists(name, "neg", w->neg_offset, w->neg, w->n_item, w->n_keyword));
  THRONG_TRY(check_rows(name, "embedding_pos", w->embedding_pos, w->n_item, w->dim, w->pos_offset));
  THRONG_TRY(check_rows(name, "embedding_neg", w->embedding_neg, w->n_item, w->dim, w->neg_offset));
  THRONG_TRY(check_finite(name, "keyword_embedding", w->keyword_embedding, w->n_keyword * w->dim));
  THRONG_TRY(check_history(name, w));
  THRONG_TRY(check_later(name, w));
#define X(table, count) THRONG_TRY(check_strings(name, #table, &w->table, count));
  WORLD_STRINGS(X, w)
#undef X
  THRONG_TRY(check_distinct(name, "keyword", &w->keyword));
  return check_distinct(name, "category_name", &w->category_name);
}
