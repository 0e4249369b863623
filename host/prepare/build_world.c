/// Copying a data set and its keywords into a world.
#include "prepare/build_world.h"

#include <stdlib.h>
#include <string.h>

static throng_status copy_strings(const string_table *from, int64_t n, const char *what,
                                  string_table *to) {
  if (from->n != n)
    return throng_fail(THRONG_ERROR_ARGUMENT, "world: %lld %s, expected %lld", (long long)from->n,
                       what, (long long)n);
  for (int64_t i = 0; i < n; ++i)
    THRONG_TRY(strings_append(to, strings_get(from, i), strings_length(from, i)));
  return THRONG_OK;
}

static throng_status copy_array(const void *from, int64_t n, size_t size, void *to,
                                const char *what) {
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)n, size, what));
  if (n) memcpy(block, from, (size_t)n * size);
  memcpy(to, &block, sizeof block);
  return THRONG_OK;
}
#define COPY(array, from, n) \
  THRONG_TRY(copy_array((from), (n), sizeof *out->array, &out->array, "world: " #array))

static throng_status copy_all(const dataset *data, const keyword_sets *sets, const float *embedding,
                              throng_world *out) {
  int64_t n_item = out->n_item, n_row = out->n_interaction;
  COPY(category_offset, sets->category_offset, n_item + 1);
  COPY(category, sets->category_id, out->n_category_entry);
  COPY(pos_offset, sets->pos_offset, n_item + 1);
  COPY(pos, sets->pos, out->n_pos_entry);
  COPY(neg_offset, sets->neg_offset, n_item + 1);
  COPY(neg, sets->neg, out->n_neg_entry);
  COPY(keyword_embedding, embedding, out->n_keyword * out->dim);
  COPY(user_offset, data->user_offset, out->n_user + 1);
  COPY(history_item, data->item, n_row);
  COPY(history_like, data->like, n_row);
  COPY(history_rating, data->rating, n_row);
  COPY(history_time, data->time, n_row);
  if (out->n_later > 0) {
    COPY(later_offset, data->later_offset, out->n_user + 1);
    COPY(later_item, data->later_item, out->n_later);
    COPY(later_like, data->later_like, out->n_later);
    COPY(later_rating, data->later_rating, out->n_later);
    COPY(later_time, data->later_time, out->n_later);
  }
  THRONG_TRY(copy_strings(&data->user_id, out->n_user, "user ids", &out->user_id));
  THRONG_TRY(copy_strings(&data->item_id, n_item, "item ids", &out->item_id));
  if (data->item_name.n == 0)
    for (int64_t i = 0; i < n_item; ++i) THRONG_TRY(strings_append(&out->item_name, "", 0));
  else
    THRONG_TRY(copy_strings(&data->item_name, n_item, "item names", &out->item_name));
  THRONG_TRY(copy_strings(&sets->keyword, out->n_keyword, "keywords", &out->keyword));
  return copy_strings(&sets->category, out->n_category, "categories", &out->category_name);
}

static throng_status build(const dataset *data, const keyword_sets *sets, const float *embedding,
                           const char *source, throng_world *out) {
  THRONG_TRY(copy_all(data, sets, embedding, out));
  THRONG_TRY(copy_array(source, (int64_t)strlen(source) + 1, 1, &out->source, "world: source"));
  size_t entries = (size_t)out->n_item;
  size_t row = (size_t)out->dim * sizeof(float);
  THRONG_TRY(throng_alloc((void **)&out->embedding_pos, entries, row, "world: e+"));
  THRONG_TRY(throng_alloc((void **)&out->embedding_neg, entries, row, "world: e-"));
  THRONG_TRY(world_check(out, "world"));  // before anything indexes by these numbers
  world_item_embeddings(out);
  return world_finish(out);
}

throng_status world_build(const dataset *data, const keyword_sets *sets, const float *embedding,
                          int32_t dim, const char *source, double like_threshold,
                          throng_world *out) {
  *out = (throng_world){0};
  if (dim < 1)
    return throng_fail(THRONG_ERROR_ARGUMENT, "world: embeddings of length %d, expected 1 or more",
                       dim);
  if (!sets->pos_offset || !sets->neg_offset || !sets->category_offset)
    return throng_fail(THRONG_ERROR_ARGUMENT, "world: keyword sets without lists");
  out->n_user = data->n_user;
  out->n_item = data->n_item;
  out->n_category = sets->category.n;
  out->n_keyword = sets->keyword.n;
  out->n_interaction = data->n_interaction;
  out->n_category_entry = sets->category_offset[data->n_item];
  out->n_pos_entry = sets->pos_offset[data->n_item];
  out->n_neg_entry = sets->neg_offset[data->n_item];
  out->n_cold = data->counts.cold_items;
  out->n_later = data->n_later;
  out->dim = dim;
  out->has_time = data->has_time;
  out->like_threshold = like_threshold;
  throng_status status = build(data, sets, embedding, source ? source : "", out);
  if (status != THRONG_OK) world_clear(out);
  return status;
}
