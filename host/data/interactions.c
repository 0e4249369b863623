/// Compact rows: duplicates, k-core, order; see interactions.h.
#include "data/interactions.h"

#include <stdlib.h>
#include <string.h>

throng_status interactions_init(interactions *list, dataset_repeated repeated) {
  *list = (interactions){.repeated = repeated};
  THRONG_TRY(interner_create(&list->users));
  return interner_create(&list->items);
}

static void drop_index(interactions *list) {
  free(list->index);
  list->index = NULL;
  list->index_size = 0;
}

void interactions_free(interactions *list) {
  if (list->users) interner_free(list->users);
  if (list->items) interner_free(list->items);
  free(list->row);
  free(list->sum);
  free(list->n_rated);
  drop_index(list);
  *list = (interactions){0};
}

/// The finaliser of SplitMix64 (Steele et al. 2014): every bit of the pair reaches every bit.
static uint64_t hash_pair(int32_t user, int32_t item) {
  uint64_t x = (uint64_t)(uint32_t)user << 32 | (uint32_t)item;
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/// The slot that holds this pair or the free one where it belongs.
static uint32_t *find_slot(const interactions *list, int32_t user, int32_t item) {
  size_t mask = list->index_size - 1;
  size_t at = (size_t)hash_pair(user, item) & mask;
  for (;; at = (at + 1) & mask) {
    uint32_t held = list->index[at];
    if (held == 0) break;
    const interaction *row = &list->row[held - 1];
    if (row->user == user && row->item == item) break;
  }
  return &list->index[at];
}

static throng_status grow_index(interactions *list) {
  size_t size = list->index_size ? list->index_size * 2 : 1024;
  drop_index(list);
  THRONG_TRY(throng_alloc((void **)&list->index, size, sizeof *list->index, "index of rows"));
  list->index_size = size;
  for (int64_t i = 0; i < list->n; i++)
    *find_slot(list, list->row[i].user, list->row[i].item) = (uint32_t)i + 1;
  return THRONG_OK;
}

static throng_status intern(interner *in, const char *text, size_t length, const char *what,
                            int32_t *out) {
  int64_t id;
  THRONG_TRY(interner_add(in, text, length, &id, NULL));
  if (id >= INT32_MAX)
    return throng_fail(THRONG_ERROR_DATA, "more than %d %s, expected fewer", INT32_MAX, what);
  *out = (int32_t)id;
  return THRONG_OK;
}

/// A pair that is there already: which of its rows stays.
static void repeat(interactions *list, int64_t at, const interaction *row, bool has_time) {
  interaction *held = &list->row[at];
  bool first = list->repeated == DATASET_REPEATED_FIRST;
  bool replaces = first ? has_time && row->time < held->time : !has_time || row->time >= held->time;
  list->duplicates++;
  if (list->repeated == DATASET_REPEATED_MEAN) {
    list->sum[at] += (double)row->rating;
    list->n_rated[at]++;
  }
  if (replaces) *held = *row;
}

/// Room for a new pair's sum, and its first rating.
static throng_status begin_mean(interactions *list, double rating) {
  if (list->repeated != DATASET_REPEATED_MEAN) return THRONG_OK;
  size_t n = (size_t)list->n;
  THRONG_TRY(throng_grow((void **)&list->sum, &list->sum_capacity, n + 1, sizeof *list->sum,
                         "repeated ratings"));
  THRONG_TRY(throng_grow((void **)&list->n_rated, &list->n_rated_capacity, n + 1,
                         sizeof *list->n_rated, "repeated ratings"));
  list->sum[n] = rating;
  list->n_rated[n] = 1;
  return THRONG_OK;
}

throng_status interactions_add(interactions *list, const char *user, size_t user_length,
                               const char *item, size_t item_length, float rating, bool has_time,
                               int64_t time, int64_t line) {
  interaction row = {.rating = rating, .time = time, .line = line};
  THRONG_TRY(intern(list->users, user, user_length, "users", &row.user));
  THRONG_TRY(intern(list->items, item, item_length, "items", &row.item));
  // At most three quarters full.
  if ((size_t)list->n + 1 > list->index_size / 4 * 3) THRONG_TRY(grow_index(list));
  uint32_t *slot = find_slot(list, row.user, row.item);
  if (*slot != 0) {
    repeat(list, *slot - 1, &row, has_time);
    return THRONG_OK;
  }
  if (list->n >= UINT32_MAX - 1)
    return throng_fail(THRONG_ERROR_DATA,
                       "more than %u interactions, expected fewer (thin with "
                       "dataset.max_interactions)",
                       UINT32_MAX - 1);
  THRONG_TRY(throng_grow((void **)&list->row, &list->capacity, (size_t)list->n + 1,
                         sizeof *list->row, "interactions"));
  THRONG_TRY(begin_mean(list, (double)rating));
  list->row[list->n++] = row;
  *slot = (uint32_t)list->n;
  return THRONG_OK;
}

void interactions_settle(interactions *list) {
  if (list->repeated != DATASET_REPEATED_MEAN) return;
  for (int64_t i = 0; i < list->n; i++)
    if (list->n_rated[i] > 1) list->row[i].rating = (float)(list->sum[i] / list->n_rated[i]);
}

throng_status interactions_core(interactions *list, int32_t k, int64_t *dropped) {
  int64_t n_user = interner_strings(list->users)->n, n_item = interner_strings(list->items)->n;
  int32_t *of_user = NULL, *of_item = NULL;
  throng_status status = THRONG_OK;
  drop_index(list);
  *dropped = 0;
  if (k <= 1) return THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc((void **)&of_user, (size_t)n_user, sizeof *of_user, "k-core"));
  THRONG_TRY_GOTO(throng_alloc((void **)&of_item, (size_t)n_item, sizeof *of_item, "k-core"));
  for (int64_t i = 0; i < list->n; i++) {
    of_user[list->row[i].user]++;
    of_item[list->row[i].item]++;
  }
  // A pass is linear; real data is stable after some ten.
  for (int64_t before = -1; before != *dropped;) {
    before = *dropped;
    int64_t kept = 0;
    for (int64_t i = 0; i < list->n; i++) {
      interaction row = list->row[i];
      if (of_user[row.user] >= k && of_item[row.item] >= k) {
        list->row[kept++] = row;
      } else {
        of_user[row.user]--;
        of_item[row.item]--;
        ++*dropped;
      }
    }
    list->n = kept;
  }
done:
  free(of_user);
  free(of_item);
  return status;
}

static int by_line(const void *a, const void *b) {
  int64_t x = ((const interaction *)a)->line, y = ((const interaction *)b)->line;
  return (x > y) - (x < y);
}

/// New number of `old`, given on first sight with its id appended to `ids`.
static throng_status renumber(int32_t *new_number, int32_t *old, const interner *names,
                              string_table *ids) {
  if (new_number[*old] < 0) {
    const string_table *table = interner_strings(names);
    new_number[*old] = (int32_t)ids->n;
    THRONG_TRY(strings_append(ids, strings_get(table, *old), strings_length(table, *old)));
  }
  *old = new_number[*old];
  return THRONG_OK;
}

throng_status interactions_renumber(interactions *list, string_table *user_id,
                                    string_table *item_id, int32_t **new_item) {
  int64_t n_user = interner_strings(list->users)->n, n_item = interner_strings(list->items)->n;
  int32_t *new_user = NULL;
  throng_status status = THRONG_OK;
  *new_item = NULL;
  drop_index(list);
  if (list->n > 1) qsort(list->row, (size_t)list->n, sizeof *list->row, by_line);
  THRONG_TRY_GOTO(throng_alloc((void **)&new_user, (size_t)n_user, sizeof *new_user, "users"));
  THRONG_TRY_GOTO(throng_alloc((void **)new_item, (size_t)n_item, sizeof **new_item, "items"));
  memset(new_user, 0xFF, (size_t)n_user * sizeof *new_user);
  memset(*new_item, 0xFF, (size_t)n_item * sizeof **new_item);
  for (int64_t i = 0; i < list->n; i++) {
    THRONG_TRY_GOTO(renumber(new_user, &list->row[i].user, list->users, user_id));
    THRONG_TRY_GOTO(renumber(*new_item, &list->row[i].item, list->items, item_id));
  }
done:
  free(new_user);
  if (status != THRONG_OK) {
    free(*new_item);
    *new_item = NULL;
  }
  return status;
}

static int by_time(const void *a, const void *b, void *context) {
  const interaction *row = context;
  const interaction *x = &row[*(const int64_t *)a], *y = &row[*(const int64_t *)b];
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return (x->line > y->line) - (x->line < y->line);
}

throng_status interactions_order(const interactions *list, int64_t n_user, bool has_time,
                                 int64_t **user_offset, int64_t **place) {
  int64_t *offset = NULL, *order = NULL;
  throng_status status = THRONG_OK;
  *user_offset = *place = NULL;
  THRONG_TRY_GOTO(
      throng_alloc((void **)&offset, (size_t)n_user + 2, sizeof *offset, "user offsets"));
  THRONG_TRY_GOTO(throng_alloc((void **)&order, (size_t)list->n, sizeof *order, "row order"));
  // offset[u + 1] is where user u's next row goes, so that offset[u] is its start at the end.
  for (int64_t i = 0; i < list->n; i++) offset[list->row[i].user + 2]++;
  for (int64_t u = 1; u <= n_user; u++) offset[u + 1] += offset[u];
  for (int64_t i = 0; i < list->n; i++) order[offset[list->row[i].user + 1]++] = i;
  if (has_time)
    for (int64_t u = 0; u < n_user; u++)
      qsort_r(order + offset[u], (size_t)(offset[u + 1] - offset[u]), sizeof *order, by_time,
              list->row);
  *user_offset = offset;
  *place = order;
  return THRONG_OK;
done:
  free(offset);
  free(order);
  return status;
}
