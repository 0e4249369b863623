/// The best items of a catalogue by tiles, against a search that computes every Q and looks for the
/// largest again and again. Vectors hold small whole numbers, so that sums are exact and ties many.
#include <stdlib.h>

#include "support/agent_rig.h"

enum { WIDTH = 8, HISTORY = 6 };

typedef struct catalogue_case {
  int32_t n_agent;
  int64_t rows, n_item;
  int32_t top;
} catalogue_case;

typedef enum mask_kind { MASK_NONE, MASK_SEEN, MASK_SHOWN } mask_kind;

static float small_number(test_random *r) { return (float)test_below(r, 5) - 2.0f; }

static float *small_numbers(test_random *r, int64_t n) {
  float *x = calloc((size_t)n, sizeof *x);
  for (int64_t i = 0; i < n; ++i) x[i] = small_number(r);
  return x;
}

static bool in_session(const state_view *shown, int64_t row, int32_t item) {
  for (int32_t k = shown->length[row] - shown->session[row]; k < shown->length[row]; ++k)
    if (history_item(shown->entry[row * shown->capacity + k]) == item) return true;
  return false;
}

static bool masked(const best_mask *mask, int64_t row, int32_t item) {
  if (mask->seen) return mask->seen[row * mask->n_seen_word + item / 32] >> (item % 32) & 1;
  return mask->shown.entry && in_session(&mask->shown, row, item);
}

/// Seen: a third of the items, in every fifth row all but two. Shown: sessions of some of the
/// history, about items that would be among the best.
static best_mask make_mask(test_random *r, mask_kind kind, int64_t n_row, int64_t n_item) {
  best_mask mask = {.n_seen_word = (n_item + 31) / 32};
  if (kind == MASK_SEEN) {
    uint32_t *seen = calloc((size_t)(n_row * mask.n_seen_word), sizeof *seen);
    for (int64_t row = 0; row < n_row; ++row)
      for (int64_t i = 0; i < n_item; ++i)
        if (row % 5 == 0 ? i != row % n_item && i != n_item - 1 : test_below(r, 3) == 0)
          seen[row * mask.n_seen_word + i / 32] |= 1u << (i % 32);
    mask.seen = seen;
  }
  if (kind == MASK_SHOWN) {
    state_view *s = &mask.shown;
    s->capacity = HISTORY;
    s->entry = calloc((size_t)n_row * HISTORY, sizeof *s->entry);
    s->length = calloc((size_t)n_row, sizeof *s->length);
    s->session = calloc((size_t)n_row, sizeof *s->session);
    for (int64_t row = 0; row < n_row; ++row) {
      s->length[row] = (int32_t)test_below(r, HISTORY + 1);
      s->session[row] = (int32_t)test_below(r, (uint32_t)s->length[row] + 1);
      for (int32_t k = 0; k < s->length[row]; ++k)
        s->entry[row * HISTORY + k] =
            history_pack((int32_t)test_below(r, (uint32_t)n_item), (int)test_below(r, 2));
    }
  }
  return mask;
}

static void free_mask(best_mask *mask) {
  free((void *)(uintptr_t)mask->seen);
  free(mask->shown.entry);
  free(mask->shown.length);
  free(mask->shown.session);
}

/// Counts the places where the tiles' answer is not the slow one; `*tied` counts neighbours of
/// equal Q among the best.
static int64_t compare_row(const float *q, const best_mask *mask, int64_t row, int64_t n_item,
                           int32_t top, const float *value, const int32_t *item, bool *taken,
                           int64_t *tied) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < n_item; ++i) taken[i] = masked(mask, row, (int32_t)i);
  for (int32_t k = 0; k < top; ++k) {
    int32_t best = -1;
    for (int32_t i = 0; i < n_item; ++i)
      if (!taken[i] && (best < 0 || q[i] > q[best])) best = i;
    wrong += item[k] != best || value[k] != (best < 0 ? -INFINITY : q[best]);
    *tied += k > 0 && best >= 0 && value[k] == value[k - 1];
    if (best >= 0) taken[best] = true;
  }
  return wrong;
}

static void compare(catalogue_case c, mask_kind kind) {
  test_random r = {17, 0};
  throng_sim_def sim = rig_sim_def(c.n_agent, HISTORY);
  throng_agent_def def = rig_agent_def(THRONG_HEAD_TWO_TOWER);
  def.count = c.n_agent;
  agent_rig rig = {.world = small_world(7, 20, c.n_item, 6, 12)};
  ASSERT_OK(backend_cpu_open(2, &rig.backend));
  ASSERT_OK(throng_sim_create(rig.backend, &rig.world, NULL, &sim, &rig.sim));
  ASSERT_OK(throng_population_create(rig.sim, &def, 1000, &rig.agent));
  const int64_t n_row = c.n_agent * c.rows, n_item = c.n_item;
  float *query = small_numbers(&r, n_row * WIDTH);
  float *vector = small_numbers(&r, c.n_agent * n_item * WIDTH);
  float *bias = small_numbers(&r, c.n_agent * n_item);
  best_mask mask = make_mask(&r, kind, n_row, n_item);
  float *value = calloc((size_t)(n_row * c.top), sizeof *value);
  int32_t *item = calloc((size_t)(n_row * c.top), sizeof *item);
  float *q = calloc((size_t)n_item, sizeof *q);
  bool *taken = calloc((size_t)n_item, sizeof *taken);

  const catalogue items = {vector, bias};
  EXPECT_OK(
      catalogue_best(&rig.agent->net, &items, query, c.rows, &mask, c.top, NULL, value, item));
  int64_t wrong = 0, tied = 0;
  for (int64_t row = 0; row < n_row; ++row) {
    const int64_t agent = row / c.rows;
    for (int64_t i = 0; i < n_item; ++i) {
      q[i] = bias[agent * n_item + i];
      for (int k = 0; k < WIDTH; ++k)
        q[i] += query[row * WIDTH + k] * vector[(agent * n_item + i) * WIDTH + k];
    }
    wrong += compare_row(q, &mask, row, n_item, c.top, value + row * c.top, item + row * c.top,
                         taken, &tied);
  }
  EXPECT_EQ(wrong, 0);
  if (c.top > 1 && n_item > 100) EXPECT_GT(tied, n_row / 4);
  free(taken);
  free(q);
  free(item);
  free(value);
  free_mask(&mask);
  free(bias);
  free(vector);
  free(query);
  rig_free(&rig);
}

/// More rows than a tile, several agents in a tile, a tile's last agents, a row an agent; a
/// catalogue of several tiles whose last is short, of one whole tile, and smaller than `top`.
static void compare_all(mask_kind kind) {
  compare((catalogue_case){1, 1100, 2100, 1}, kind);
  compare((catalogue_case){2, 540, 2200, 5}, kind);
  compare((catalogue_case){4, 280, 2048, 3}, kind);
  compare((catalogue_case){3, 1, 4500, 10}, kind);
  compare((catalogue_case){2, 9, 5, 7}, kind);
}

TEST(best, items_are_those_of_a_slow_search_with_ties_to_the_lower_item) { compare_all(MASK_NONE); }
TEST(best, items_are_those_of_a_slow_search_that_skips_what_was_seen) { compare_all(MASK_SEEN); }
TEST(best, items_are_those_of_a_slow_search_that_skips_the_session) { compare_all(MASK_SHOWN); }
