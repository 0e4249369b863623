/// Copies of a world without a part of it. Whether an entry goes depends on the seed and its place
/// alone.
#include "experiment/thinned.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/base/random.h"
#include "world/world.h"

const char *const thinned_part_names[THINNED_PART_COUNT] = {"history", "keywords", "categories",
                                                            "keyword noise"};

enum { KEPT_AT_END = 2, STREAM_HISTORY = 1001, STREAM_LIKING, STREAM_DISLIKING, STREAM_CATEGORY };

/// In (0, 1], of the entry; and a word for what comes in its place.
static double draw(uint32_t seed, uint32_t stream, int64_t entry, uint32_t *word) {
  const random_words r =
      random_draw(seed, RANDOM_SYNTH, 0, stream, (uint32_t)entry, (uint32_t)(entry >> 32));
  *word = r.w[1];
  return (double)random_uniform(r.w[0]);
}

/// Lists of items, CSR.
typedef struct lists {
  int64_t *offset;
  int32_t *entry;
} lists;

static void lists_free(lists *l) {
  free(l->offset);
  free(l->entry);
}

static int rising(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/// Sort a list and drop repetitions; returns its new length.
static int64_t make_set(int32_t *entry, int64_t n) {
  int64_t kept = 0;
  qsort(entry, (size_t)n, sizeof *entry, rising);
  for (int64_t k = 0; k < n; ++k)
    if (kept == 0 || entry[k] != entry[kept - 1]) entry[kept++] = entry[k];
  return kept;
}

/// Entries stay where their draw is above `share`; those that go become, where `noise`, what stands
/// anywhere in the lists, so that frequent keywords come as often as they do.
static throng_status thin(int64_t n_row, const int64_t *offset, const int32_t *entry, double share,
                          bool noise, uint32_t seed, uint32_t stream, lists *out) {
  const int64_t total = offset[n_row];
  int64_t n = 0;
  THRONG_TRY(throng_alloc((void **)&out->offset, (size_t)n_row + 1, sizeof(int64_t), "a part"));
  THRONG_TRY(throng_alloc((void **)&out->entry, (size_t)total + 1, sizeof(int32_t), "a part"));
  for (int64_t row = 0; row < n_row; ++row) {
    const int64_t begin = n;
    for (int64_t k = offset[row]; k < offset[row + 1]; ++k) {
      uint32_t word;
      if (draw(seed, stream, k, &word) > share)
        out->entry[n++] = entry[k];
      else if (noise)
        out->entry[n++] = entry[random_index(word, (uint32_t)total)];
    }
    if (n > begin) n = begin + make_set(out->entry + begin, n - begin);
    out->offset[row + 1] = n;
  }
  return THRONG_OK;
}

typedef struct histories {
  int64_t *offset, *time;
  int32_t *item;
  uint8_t *like;
  float *rating;
} histories;

static throng_status thin_histories(const throng_world *w, double share, uint32_t seed,
                                    histories *out) {
  const size_t n_row = (size_t)w->n_interaction + 1;
  int64_t n = 0;
#define TAKE(name, count) \
  THRONG_TRY(throng_alloc((void **)&out->name, (count), sizeof *out->name, "histories"))
  TAKE(offset, (size_t)w->n_user + 1);
  TAKE(time, n_row);
  TAKE(item, n_row);
  TAKE(like, n_row);
  TAKE(rating, n_row);
#undef TAKE
  for (int64_t u = 0; u < w->n_user; ++u) {
    for (int64_t k = w->user_offset[u]; k < w->user_offset[u + 1]; ++k) {
      uint32_t word;
      const bool last = k + KEPT_AT_END >= w->user_offset[u + 1];
      if (!last && draw(seed, STREAM_HISTORY, k, &word) <= share) continue;
      out->item[n] = w->history_item[k];
      out->like[n] = w->history_like[k];
      out->rating[n] = w->history_rating[k];
      out->time[n++] = w->history_time[k];
    }
    out->offset[u + 1] = n;
  }
  return THRONG_OK;
}

/// Ids stay, so that rows are told apart in messages as in the world itself.
static throng_status point_at(const string_table *table, const char ***out) {
  THRONG_TRY(throng_alloc((void **)out, (size_t)table->n + 1, sizeof **out, "ids"));
  for (int64_t i = 0; i < table->n; ++i) (*out)[i] = strings_get(table, i);
  return THRONG_OK;
}

static throng_world_source source_of(const throng_world *w) {
  throng_world_source s = throng_default_world_source();
  s.n_user = w->n_user, s.n_item = w->n_item;
  s.n_category = w->n_category, s.n_keyword = w->n_keyword;
  s.dim = w->dim;
  s.user_offset = w->user_offset, s.history_item = w->history_item;
  s.history_like = w->history_like, s.history_rating = w->history_rating;
  s.history_time = w->has_time ? w->history_time : NULL;
  s.category_offset = w->category_offset, s.category = w->category;
  s.liking_offset = w->pos_offset, s.liking = w->pos;
  s.disliking_offset = w->neg_offset, s.disliking = w->neg;
  s.keyword_embedding = w->keyword_embedding;
  s.later_offset = w->later_offset, s.later_item = w->later_item, s.later_like = w->later_like;
  s.later_rating = w->later_rating, s.later_time = w->has_time ? w->later_time : NULL;
  s.n_cold = w->n_cold, s.like_threshold = w->like_threshold;
  s.source = "thinned";
  return s;
}

int64_t thinned_entries(const throng_world *w, thinned_part part) {
  if (part == THINNED_HISTORY) return w->n_interaction;
  return part == THINNED_CATEGORIES ? w->n_category_entry : w->n_pos_entry + w->n_neg_entry;
}

throng_status thinned_world(const throng_world *w, thinned_part part, double share, uint32_t seed,
                            throng_world **out) {
  throng_world_source s = source_of(w);
  lists liking = {0}, disliking = {0}, category = {0};
  histories h = {0};
  const char **user_id = NULL, **item_id = NULL;
  const bool noise = part == THINNED_NOISE;
  throng_status status;
  *out = NULL;
  THRONG_TRY_GOTO(point_at(&w->user_id, &user_id));
  THRONG_TRY_GOTO(point_at(&w->item_id, &item_id));
  s.user_id = user_id, s.item_id = item_id;
  if (part == THINNED_HISTORY) {
    THRONG_TRY_GOTO(thin_histories(w, share, seed, &h));
    s.user_offset = h.offset, s.history_item = h.item, s.history_like = h.like;
    s.history_rating = h.rating, s.history_time = w->has_time ? h.time : NULL;
  } else if (part == THINNED_CATEGORIES) {
    THRONG_TRY_GOTO(thin(w->n_item, w->category_offset, w->category, share, false, seed,
                         STREAM_CATEGORY, &category));
    s.category_offset = category.offset, s.category = category.entry;
  } else {
    THRONG_TRY_GOTO(
        thin(w->n_item, w->pos_offset, w->pos, share, noise, seed, STREAM_LIKING, &liking));
    THRONG_TRY_GOTO(
        thin(w->n_item, w->neg_offset, w->neg, share, noise, seed, STREAM_DISLIKING, &disliking));
    s.liking_offset = liking.offset, s.liking = liking.entry;
    s.disliking_offset = disliking.offset, s.disliking = disliking.entry;
  }
  status = throng_world_from_arrays(&s, out);
done:
  lists_free(&liking);
  lists_free(&disliking);
  lists_free(&category);
  free(h.offset);
  free(h.time);
  free(h.item);
  free(h.like);
  free(h.rating);
  free(user_id);
  free(item_id);
  return status;
}
