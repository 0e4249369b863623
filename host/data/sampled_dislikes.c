/// Rebuilding the histories with drawn rows among the read ones; see sampled_dislikes.h.
#include "data/sampled_dislikes.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/base/random.h"

enum { MOST_DRAWS = 64 };

typedef struct rebuilt {
  int64_t n;
  int64_t *user_offset;
  int32_t *item;
  float *rating;
  uint8_t *like;
  int64_t *time;
  string_table text;
  int32_t *met_by;  // (n_item) user + 1 of the last user who met it, or had it drawn
  int64_t *block;   // (ratio + 1) rows of one like: -1 itself, else drawn items
} rebuilt;

static void rebuilt_free(rebuilt *r) {
  free(r->user_offset);
  free(r->item);
  free(r->rating);
  free(r->like);
  free(r->time);
  strings_free(&r->text);
  free(r->met_by);
  free(r->block);
}

static throng_status take_memory(rebuilt *r, const dataset *data, int32_t ratio) {
  size_t most = (size_t)data->n_interaction;
  for (int64_t i = 0; i < data->n_interaction; i++)
    if (data->like[i]) most += (size_t)ratio;
  const char *what = "sampled dislikes";
  THRONG_TRY(throng_alloc((void **)&r->user_offset, (size_t)data->n_user + 1,
                          sizeof *r->user_offset, what));
  THRONG_TRY(throng_alloc((void **)&r->item, most, sizeof *r->item, what));
  THRONG_TRY(throng_alloc((void **)&r->rating, most, sizeof *r->rating, what));
  THRONG_TRY(throng_alloc((void **)&r->like, most, sizeof *r->like, what));
  THRONG_TRY(throng_alloc((void **)&r->time, most, sizeof *r->time, what));
  THRONG_TRY(throng_alloc((void **)&r->met_by, (size_t)data->n_item, sizeof *r->met_by, what));
  return throng_alloc((void **)&r->block, (size_t)ratio + 1, sizeof *r->block, what);
}

static throng_status append(rebuilt *r, const dataset *data, int64_t row, int64_t drawn) {
  bool own = drawn < 0;
  r->item[r->n] = own ? data->item[row] : (int32_t)drawn;
  r->rating[r->n] = own ? data->rating[row] : 0;
  r->like[r->n] = own ? data->like[row] : 0;
  r->time[r->n++] = data->time[row];
  if (!data->has_text) return THRONG_OK;
  return strings_append(&r->text, own ? strings_get(&data->text, row) : "",
                        own ? strings_length(&data->text, row) : 0);
}

/// An item that the user neither met nor was given yet; -1 where many draws find none.
static int64_t draw_item(rebuilt *r, const dataset *data, uint32_t seed, int64_t user, int64_t row,
                         int32_t which) {
  for (uint32_t draw = 0; draw < MOST_DRAWS; draw++) {
    random_words w = random_draw(seed, RANDOM_NEGATIVE, draw / 4, (uint32_t)(row * 1009 + which),
                                 (uint32_t)user, 3);
    int64_t item = random_index(w.w[draw % 4], (uint32_t)(data->n_item - data->counts.cold_items));
    if (r->met_by[item] == (int32_t)user + 1) continue;
    r->met_by[item] = (int32_t)user + 1;
    return item;
  }
  return -1;
}

/// A like and what is drawn beside it, in a drawn order.
static throng_status add_block(rebuilt *r, const dataset *data, uint32_t seed, int64_t user,
                               int64_t row, int32_t ratio) {
  int32_t n = 0;
  r->block[n++] = -1;
  for (int32_t k = 0; k < ratio; k++) {
    int64_t item = draw_item(r, data, seed, user, row, k);
    if (item >= 0) r->block[n++] = item;
  }
  for (int32_t k = n - 1; k > 0; k--) {
    random_words w =
        random_draw(seed, RANDOM_NEGATIVE, (uint32_t)k, (uint32_t)row, (uint32_t)user, 4);
    int32_t other = (int32_t)random_index(w.w[0], (uint32_t)k + 1);
    int64_t kept = r->block[k];
    r->block[k] = r->block[other];
    r->block[other] = kept;
  }
  for (int32_t k = 0; k < n; k++) THRONG_TRY(append(r, data, row, r->block[k]));
  return THRONG_OK;
}

static throng_status rebuild(rebuilt *r, const dataset *data, int32_t ratio, uint32_t seed) {
  THRONG_TRY(take_memory(r, data, ratio));
  for (int64_t user = 0; user < data->n_user; user++) {
    int64_t begin = data->user_offset[user], end = data->user_offset[user + 1];
    for (int64_t row = begin; row < end; row++) r->met_by[data->item[row]] = (int32_t)user + 1;
    for (int64_t row = begin; row < end; row++) {
      if (data->like[row])
        THRONG_TRY(add_block(r, data, seed, user, row, ratio));
      else
        THRONG_TRY(append(r, data, row, -1));
    }
    r->user_offset[user + 1] = r->n;
  }
  // Without times a row's place stands for one.
  for (int64_t i = 0; !data->has_time && i < r->n; i++) r->time[i] = i;
  return THRONG_OK;
}

throng_status sampled_dislikes_add(dataset *data, int32_t ratio, uint32_t seed, int64_t *sampled) {
  rebuilt r = {0};
  *sampled = 0;
  if (ratio <= 0) return THRONG_OK;
  throng_status status = rebuild(&r, data, ratio, seed);
  if (status == THRONG_OK) {
    *sampled = r.n - data->n_interaction;
    rebuilt old = {.user_offset = data->user_offset,
                   .item = data->item,
                   .rating = data->rating,
                   .like = data->like,
                   .time = data->time,
                   .text = data->text,
                   .met_by = r.met_by,
                   .block = r.block};
    data->n_interaction = r.n;
    data->user_offset = r.user_offset;
    data->item = r.item;
    data->rating = r.rating;
    data->like = r.like;
    data->time = r.time;
    data->text = r.text;
    r = old;
  }
  rebuilt_free(&r);
  return status;
}
