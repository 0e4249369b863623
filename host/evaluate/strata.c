/// Sorting questions into groups.
#include "evaluate/strata.h"

#include <stdlib.h>

const char *const stratum_names[STRATUM_COUNT] = {
#define X(ID, name, help) [STRATUM_##ID] = name,
    FIDELITY_STRATA(X)
#undef X
};

/// Something of which there are thirds: a user, or an item with its questions.
typedef struct counted {
  int64_t count, weight, what;
} counted;

static int by_count(const void *a, const void *b) {
  const counted *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? -1 : 1;
  return (x->what > y->what) - (x->what < y->what);
}

/// third (by `what`) of each of `n`, by the weight that stands before it. Things with one count
/// stay together, where most of them are.
static void find_thirds(int64_t n, counted *list, uint8_t *third) {
  int64_t total = 0, before = 0;
  if (n > 1) qsort(list, (size_t)n, sizeof *list, by_count);
  for (int64_t k = 0; k < n; ++k) total += list[k].weight;
  for (int64_t k = 0, end; k < n; k = end) {
    int64_t weight = 0;
    for (end = k; end < n && list[end].count == list[k].count; ++end) weight += list[end].weight;
    const int64_t at = total > 0 ? 3 * (2 * before + weight) / (2 * total) : 0;
    for (int64_t i = k; i < end; ++i) third[list[i].what] = (uint8_t)(at < 2 ? at : 2);
    before += weight;
  }
}

static void add(strata *s, int group, const questions *q, int64_t i, int64_t *last_user) {
  s->row[group][s->n[group]++] = (int32_t)i;
  s->likes[group] += q->label[i];
  s->users[group] += last_user[group] != q->user[i];
  last_user[group] = q->user[i];
}

/// Of each user asked: how long the history before the first question is.
static int64_t list_users(const questions *q, counted *list) {
  int64_t n = 0;
  for (int64_t i = 0; i < q->n; ++i)
    if (i == 0 || q->user[i] != q->user[i - 1])
      list[n++] = (counted){q->offset[i + 1] - q->offset[i], 1, q->user[i]};
  return n;
}

static void sort_questions(const questions *q, const learned_rates *rates, const uint8_t *activity,
                           const uint8_t *popularity, strata *out) {
  int64_t last_user[STRATUM_COUNT];
  for (int g = 0; g < STRATUM_COUNT; ++g) last_user[g] = -1;
  for (int64_t i = 0; i < q->n; ++i) {
    const int64_t answered = rates->item_n[q->candidate[i]];
    add(out, STRATUM_ACTIVITY_LOW + activity[q->user[i]], q, i, last_user);
    add(out, STRATUM_POPULARITY_LOW + popularity[q->candidate[i]], q, i, last_user);
    if (answered == 0) add(out, STRATUM_ITEM_UNKNOWN, q, i, last_user);
    if (answered < STRATUM_NEW) add(out, STRATUM_ITEM_NEW, q, i, last_user);
    if (q->offset[i + 1] - q->offset[i] < STRATUM_NEW) add(out, STRATUM_USER_NEW, q, i, last_user);
  }
}

throng_status strata_make(const questions *q, const learned_rates *rates, strata *out) {
  counted *list = NULL;
  uint8_t *activity = NULL, *popularity = NULL;
  throng_status status;
  *out = (strata){.n = {0}};
  int64_t n_user = 0, n_item = 0;
  for (int64_t i = 0; i < q->n; ++i) {
    if (q->user[i] >= n_user) n_user = q->user[i] + 1;
    if (q->candidate[i] >= n_item) n_item = q->candidate[i] + 1;
  }
  const size_t most = (size_t)(n_user > n_item ? n_user : n_item);
  THRONG_TRY_GOTO(throng_alloc((void **)&list, most, sizeof *list, "groups of questions"));
  THRONG_TRY_GOTO(throng_alloc((void **)&activity, (size_t)n_user, 1, "groups of questions"));
  THRONG_TRY_GOTO(throng_alloc((void **)&popularity, (size_t)n_item, 1, "groups of questions"));
  for (int g = 0; g < STRATUM_COUNT; ++g)
    THRONG_TRY_GOTO(throng_alloc((void **)&out->row[g], (size_t)q->n, sizeof *out->row[g],
                                 "groups of questions"));
  find_thirds(list_users(q, list), list, activity);
  for (int64_t k = 0; k < n_item; ++k) list[k] = (counted){rates->item_n[k], 0, k};
  for (int64_t i = 0; i < q->n; ++i) ++list[q->candidate[i]].weight;
  find_thirds(n_item, list, popularity);
  sort_questions(q, rates, activity, popularity, out);
done:
  free(list);
  free(activity);
  free(popularity);
  if (status != THRONG_OK) strata_free(out);
  return status;
}

void strata_free(strata *s) {
  for (int g = 0; g < STRATUM_COUNT; ++g) free(s->row[g]);
  *s = (strata){.n = {0}};
}
