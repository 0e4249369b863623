/// What callers may ask of a world's items, and of parts of its users; nothing is copied.
#include "base/array_table.h"
#include "kernels/base/random.h"
#include "world/world.h"

const char *throng_world_keyword(const throng_world *w, int64_t keyword) {
  return keyword >= 0 && keyword < w->n_keyword ? strings_get(&w->keyword, keyword) : NULL;
}

const char *throng_world_category_name(const throng_world *w, int64_t category) {
  return category >= 0 && category < w->n_category ? strings_get(&w->category_name, category)
                                                   : NULL;
}

static bool is_side(throng_side side) { return side == THRONG_LIKING || side == THRONG_DISLIKING; }

static int64_t list_of(const throng_world *w, int64_t item, const int64_t *offset,
                       const int32_t *list, const int32_t **out) {
  if (item < 0 || item >= w->n_item) return -1;
  *out = list + offset[item];
  return offset[item + 1] - offset[item];
}

int64_t throng_world_item_categories(const throng_world *w, int64_t item,
                                     const int32_t **category) {
  return list_of(w, item, w->category_offset, w->category, category);
}

int64_t throng_world_item_keywords(const throng_world *w, int64_t item, throng_side side,
                                   const int32_t **keyword) {
  if (!is_side(side)) return -1;
  return side == THRONG_LIKING ? list_of(w, item, w->pos_offset, w->pos, keyword)
                               : list_of(w, item, w->neg_offset, w->neg, keyword);
}

const float *throng_world_item_embedding(const throng_world *w, int64_t item, throng_side side) {
  if (item < 0 || item >= w->n_item || !is_side(side)) return NULL;
  return (side == THRONG_LIKING ? w->embedding_pos : w->embedding_neg) + item * w->dim;
}

void throng_world_item_counts(const throng_world *w, int64_t *count, int64_t *likes) {
  for (int64_t i = 0; i < w->n_item; ++i) {
    if (count) count[i] = 0;
    if (likes) likes[i] = 0;
  }
  for (int64_t k = 0; k < w->n_interaction; ++k) {
    if (count) count[w->history_item[k]] += 1;
    if (likes) likes[w->history_item[k]] += w->history_like[k];
  }
}

int64_t throng_world_split_users(const throng_world *w, uint32_t seed, double from, double to,
                                 int32_t *user) {
  int64_t n = 0;
  for (int64_t u = 0; u < w->n_user; ++u) {
    const double draw =
        (double)random_draw(seed, RANDOM_SPLIT, 0, 0, (uint32_t)u, 0).w[0] / 4294967296.0;
    if (!(draw >= from && draw < to)) continue;
    if (user) user[n] = (int32_t)u;
    ++n;
  }
  return n;
}

int64_t throng_world_arrays(const throng_world *w, int64_t most, throng_array *out) {
  array_table t = {.out = out, .most = most};
#define X(type, tensor_type, name, d0, d1)                                          \
  array_table_add(&t, #name, TENSOR_##tensor_type, sizeof #d1 > sizeof "1" ? 2 : 1, \
                  (const int64_t[]){(d0), (d1)}, w->name, true);
  WORLD_ARRAYS(X, w)
  if (w->n_later > 0) {
    WORLD_LATER_ARRAYS(X, w)
  }
#undef X
  return t.n;
}

uint64_t throng_world_hash(const throng_world *w) { return w->hash; }
