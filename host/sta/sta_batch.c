/// Composing a batch of windows for a fit of SASRec, end to end, and its way to the backend.
#include <stdlib.h>

#include "data/split.h"
#include "kernels/base/history.h"
#include "kernels/base/random.h"
#include "sta/sta_trainer.h"
#include "world/world.h"

enum { MOST_DRAWS = 64 };  // for users who know nearly every item

static bool trained_on(const sta_trainer *t, int32_t user, int32_t item) {
  const int64_t begin = t->world->user_offset[user];
  int64_t low = 0, high = split_train_length(t->world->user_offset[user + 1] - begin);
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (t->sorted[begin + middle] < item)
      low = middle + 1;
    else
      high = middle;
  }
  return low < split_train_length(t->world->user_offset[user + 1] - begin) &&
         t->sorted[begin + low] == item;
}

/// An item that the user's training history does not hold.
static int32_t draw_negative(const sta_trainer *t, int32_t user, int64_t example) {
  int32_t item = 0;
  for (uint32_t draw = 0; draw < MOST_DRAWS; ++draw) {
    random_words r =
        random_draw(t->sta->def.seed, RANDOM_NEGATIVE, draw / 4, t->step, (uint32_t)example, 0);
    item = (int32_t)random_index(r.w[draw % 4], (uint32_t)(t->sta->n_item - t->sta->n_cold));
    if (!trained_on(t, user, item)) break;
  }
  return item;
}

/// A window of the batch, or one with the same history whose likes are answered by unseen items.
static void add_window(sta_trainer *t, const sta_window *w, bool sampled) {
  const throng_world *world = t->world;
  sta_batch *b = &t->host;
  const int64_t begin = world->user_offset[w->user], first_token = b->n_token;
  for (int32_t k = 0; k < w->n_token; ++k, ++b->n_token) {
    const int64_t entry = begin + w->start + k;
    const int like = world->history_like[entry] != 0;
    b->sequence[b->n_token] = (int32_t)b->n_sequence;
    b->token[b->n_token] = history_pack(world->history_item[entry], like);
    b->token_example[b->n_token] = -1;
    b->slot_key[b->n_token] = k * 2 + like;
  }
  for (int32_t k = w->first; k < w->first + w->n_example; ++k) {
    const int64_t token = k == 0 ? -1 : first_token + k - 1 - w->start;
    const bool like = world->history_like[begin + k] != 0;
    if (sampled && !like) continue;
    b->example_token[b->n_example] = (int32_t)token;
    if (token >= 0) b->token_example[token] = (int32_t)b->n_example;
    b->user[b->n_example] = w->user;
    b->item[b->n_example] =
        sampled ? draw_negative(t, w->user, b->n_example) : world->history_item[begin + k];
    b->like[b->n_example] = like && !sampled;
    b->negative[b->n_example] = -1;
    if (t->sta->def.objective == THRONG_STA_NEXT_ITEM)
      b->negative[b->n_example] = draw_negative(t, w->user, b->n_example);
    ++b->n_example;
  }
  b->offset[++b->n_sequence] = (int32_t)b->n_token;
}

void sta_batch_compose(sta_trainer *t, int64_t n, const int64_t *order) {
  sta_batch *b = &t->host;
  b->n_sequence = b->n_token = b->n_example = 0;
  b->offset[0] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int32_t copy = 0; copy <= t->negatives; ++copy)
      add_window(t, &t->windows.window[order[i]], copy > 0);
}

throng_status sta_batch_upload(sta_trainer *t) {
  throng_backend *backend = t->backend;
  const backend_ops *ops = backend->ops;
  sta_batch *b = &t->host;
  const bool next_item = t->sta->def.objective == THRONG_STA_NEXT_ITEM;
  int32_t *key = b->item_key;
  for (int64_t i = 0; i < b->n_token; ++i) *key++ = history_item(b->token[i]);
  for (int64_t i = 0; i < b->n_example; ++i) *key++ = b->item[i];
  for (int64_t i = 0; i < b->n_example; ++i) *key++ = next_item ? b->negative[i] : -1;
  t->batch.n_sequence = b->n_sequence;
  t->batch.n_token = b->n_token;
  t->batch.n_example = b->n_example;
#define X(type, tensor_type, name, most, used) \
  THRONG_TRY(ops->upload(backend, t->batch.name, b->name, sizeof(type) * (size_t)(used)));
  STA_BATCH_ARRAYS(X, t, b)
#undef X
  THRONG_TRY(ops->group(backend, &(group_args){.n = b->n_token + 2 * b->n_example,
                                               .n_key = t->sta->n_item,
                                               .key = t->batch.item_key,
                                               .offset = t->item_offset,
                                               .order = t->item_order}));
  THRONG_TRY(ops->group(backend, &(group_args){.n = b->n_example,
                                               .n_key = t->sta->n_user,
                                               .key = t->batch.user,
                                               .offset = t->user_offset,
                                               .order = t->user_order}));
  return ops->group(backend, &(group_args){.n = b->n_token,
                                           .n_key = 2 * (int64_t)t->sta->def.window,
                                           .key = t->batch.slot_key,
                                           .offset = t->slot_offset,
                                           .order = t->slot_order});
}

sta_batch_view sta_view_of_batch(const sta_trainer *t) {
  return (sta_batch_view){.n_sequence = (int32_t)t->batch.n_sequence,
                          .n_token = (int32_t)t->batch.n_token,
                          .n_example = (int32_t)t->batch.n_example,
                          .offset = t->batch.offset,
                          .sequence = t->batch.sequence,
                          .token = t->batch.token,
                          .token_example = t->batch.token_example,
                          .example_token = t->batch.example_token,
                          .user = t->batch.user,
                          .item = t->batch.item,
                          .like = t->batch.like,
                          .negative = t->batch.negative};
}
