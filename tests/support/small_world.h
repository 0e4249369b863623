/// Small worlds made in memory for tests: either by hand or at random from a seed.
#ifndef TESTS_SMALL_WORLD_H
#define TESTS_SMALL_WORLD_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/random.h"
#include "world/world.h"

/// A stateful stream over random_draw, for tests alone.
typedef struct test_random {
  uint32_t seed, next;
} test_random;

static inline uint32_t test_below(test_random *r, uint32_t n) {
  return random_index(random_draw(r->seed, 9999, r->next++, 0, 0, 0).w[0], n);
}
static inline float test_unit(test_random *r) {
  return random_uniform(random_draw(r->seed, 9999, r->next++, 0, 0, 0).w[0]);
}
/// `n` numbers in -scale .. scale, to be freed.
static inline float *test_numbers(test_random *r, int64_t n, float scale) {
  float *x = calloc((size_t)n, sizeof *x);
  for (int64_t i = 0; i < n; ++i) x[i] = scale * (2.0f * test_unit(r) - 1.0f);
  return x;
}

static inline void small_world_lists(test_random *r, int64_t n_item, int64_t n_key, uint32_t most,
                                     int64_t **offset, int32_t **list, int64_t *n_entry) {
  *offset = calloc((size_t)n_item + 1, sizeof **offset);
  *list = calloc((size_t)n_item * (most + 1) + 1, sizeof **list);
  int64_t n = 0;
  for (int64_t i = 0; i < n_item; ++i) {
    uint32_t want = test_below(r, most + 1);
    for (int64_t key = 0; key < n_key && want > 0; ++key) {
      if (test_below(r, (uint32_t)(n_key - key)) >= want) continue;
      (*list)[n++] = (int32_t)key;
      --want;
    }
    (*offset)[i + 1] = n;
  }
  *n_entry = n;
}

static inline void small_world_rows(test_random *r, const int64_t *offset, int64_t n_item, int dim,
                                    float **out) {
  *out = calloc((size_t)(n_item * dim) + 1, sizeof **out);
  for (int64_t i = 0; i < n_item; ++i) {
    if (offset[i] == offset[i + 1]) continue;
    float *row = *out + i * dim, norm = 0;
    for (int d = 0; d < dim; ++d) {
      row[d] = test_unit(r) - 0.5f;
      norm += row[d] * row[d];
    }
    for (int d = 0; d < dim; ++d) row[d] /= sqrtf(norm);
  }
}

/// A world with up to four categories, eight keywords a side and `longest` interactions a user;
/// some items without category, some without keywords, some users without history.
static inline throng_world small_world(uint32_t seed, int64_t n_user, int64_t n_item, int dim,
                                       uint32_t longest) {
  test_random r = {seed, 0};
  throng_world w = {0};
  w.n_user = n_user;
  w.n_item = n_item;
  w.n_category = 9;
  w.n_keyword = 30;
  w.dim = dim;
  w.like_threshold = NAN;
  for (int64_t k = 0; k < w.n_keyword; ++k)
    (void)strings_append(&w.keyword, &"abcdefghijklmnopqrstuvwxyzABCD"[k], 1);
  small_world_lists(&r, n_item, w.n_category, 3, &w.category_offset, &w.category,
                    &w.n_category_entry);
  small_world_lists(&r, n_item, w.n_keyword, 8, &w.pos_offset, &w.pos, &w.n_pos_entry);
  small_world_lists(&r, n_item, w.n_keyword, 8, &w.neg_offset, &w.neg, &w.n_neg_entry);
  small_world_rows(&r, w.pos_offset, n_item, dim, &w.embedding_pos);
  small_world_rows(&r, w.neg_offset, n_item, dim, &w.embedding_neg);
  w.user_offset = calloc((size_t)n_user + 1, sizeof *w.user_offset);
  w.history_item = calloc((size_t)n_user * longest + 1, sizeof *w.history_item);
  w.history_like = calloc((size_t)n_user * longest + 1, 1);
  w.history_rating = calloc((size_t)n_user * longest + 1, sizeof *w.history_rating);
  w.history_time = calloc((size_t)n_user * longest + 1, sizeof *w.history_time);
  for (int64_t u = 0; u < n_user; ++u) {
    uint32_t length = test_below(&r, longest + 1);
    for (uint32_t k = 0; k < length; ++k, ++w.n_interaction) {
      w.history_item[w.n_interaction] = (int32_t)test_below(&r, (uint32_t)n_item);
      w.history_like[w.n_interaction] = (uint8_t)test_below(&r, 2);
      w.history_rating[w.n_interaction] = w.history_like[w.n_interaction] ? 5.0f : 1.0f;
      w.history_time[w.n_interaction] = k;
    }
    w.user_offset[u + 1] = w.n_interaction;
  }
  return w;
}

/// Users of even numbers then like the odd items and the others the even ones: what neither a
/// user's effect nor an item's can say, and factors can.
static inline void small_world_take_sides(throng_world *w) {
  for (int64_t u = 0; u < w->n_user; ++u)
    for (int64_t k = w->user_offset[u]; k < w->user_offset[u + 1]; ++k)
      w->history_like[k] = (uint8_t)((u + w->history_item[k]) % 2);
}

static inline void small_world_free(throng_world *w) {
#define X(type, tensor_type, name, d0, d1) free(w->name);
  WORLD_ARRAYS(X, )
#undef X
  strings_free(&w->keyword);
  memset(w, 0, sizeof *w);
}

#endif
