/// A world in memory: looking things up, item embeddings, index and hash. Files are in
/// world_file.c, what must hold of a world in world_check.c.
#include "world/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "world/world_fits.h"

struct world_index {
  string_index user, item;
};

static void index_free(throng_world *world) {
  if (!world->index) return;
  string_index_free(&world->index->user);
  string_index_free(&world->index->item);
  free(world->index);
  world->index = NULL;
}

void world_clear(throng_world *world) {
  index_free(world);
  world_fits_free(world->fits);
#define X(type, tensor_type, name, d0, d1) free(world->name);
  WORLD_ARRAYS(X, )
  WORLD_LATER_ARRAYS(X, )
#undef X
#define X(name, count) strings_free(&world->name);
  WORLD_STRINGS(X, )
#undef X
  free(world->source);
  free(world->path);
  *world = (throng_world){0};
}

void throng_world_close(throng_world *world) {
  if (!world) return;
  world_clear(world);
  free(world);
}

throng_world_info throng_world_get_info(const throng_world *world) {
  int64_t n_like = 0;
  for (int64_t k = 0; k < world->n_interaction; ++k) n_like += world->history_like[k];
  return (throng_world_info){
      .n_user = world->n_user,
      .n_item = world->n_item,
      .n_category = world->n_category,
      .n_keyword = world->n_keyword,
      .n_interaction = world->n_interaction,
      .n_like = n_like,
      .dim = world->dim,
      .n_cold = world->n_cold,
      .has_time = world->has_time,
      .like_threshold = world->like_threshold,
      .n_later = world->n_later,
  };
}

int64_t throng_world_find_user(const throng_world *world, const char *id) {
  return string_index_find(&world->index->user, &world->user_id, id, strlen(id));
}

int64_t throng_world_find_item(const throng_world *world, const char *id) {
  return string_index_find(&world->index->item, &world->item_id, id, strlen(id));
}

const char *throng_world_user_id(const throng_world *world, int64_t user) {
  return user >= 0 && user < world->n_user ? strings_get(&world->user_id, user) : NULL;
}

const char *throng_world_item_id(const throng_world *world, int64_t item) {
  return item >= 0 && item < world->n_item ? strings_get(&world->item_id, item) : NULL;
}

const char *throng_world_item_name(const throng_world *world, int64_t item) {
  if (item < 0 || item >= world->n_item) return NULL;
  const char *name = strings_get(&world->item_name, item);
  return *name ? name : strings_get(&world->item_id, item);
}

int64_t throng_world_history(const throng_world *world, int64_t user, const int32_t **item,
                             const uint8_t **like, const int64_t **time) {
  if (user < 0 || user >= world->n_user) return -1;
  int64_t begin = world->user_offset[user];
  if (item) *item = world->history_item + begin;
  if (like) *like = world->history_like + begin;
  if (time) *time = world->history_time + begin;
  return world->user_offset[user + 1] - begin;
}

int64_t throng_world_later(const throng_world *world, int64_t user, const int32_t **item,
                           const uint8_t **like, const int64_t **time) {
  if (user < 0 || user >= world->n_user) return -1;
  if (world->n_later == 0) return 0;
  int64_t begin = world->later_offset[user];
  if (item) *item = world->later_item + begin;
  if (like) *like = world->later_like + begin;
  if (time) *time = world->later_time + begin;
  return world->later_offset[user + 1] - begin;
}

/// Rows (n_item, dim): normalised mean over each item's list, summed in double so that long lists
/// lose nothing.
static void mean_rows(const throng_world *world, const int64_t *offset, const int32_t *keyword,
                      float *row) {
  int64_t dim = world->dim;
  for (int64_t i = 0; i < world->n_item; ++i) {
    float *out = row + i * dim;
    double square = 0, squares = 0;  // of the sum, and of all that is summed
    for (int64_t d = 0; d < dim; ++d) {
      double sum = 0;
      for (int64_t k = offset[i]; k < offset[i + 1]; ++k) {
        double x = world->keyword_embedding[keyword[k] * dim + d];
        sum += x;
        squares += x * x;
      }
      square += sum * sum;
    }
    // Directions that cancel leave rounding noise, which is no direction. Vectors are of any
    // length, so that only their own can say what is little. Sums are rounded to floats as parts of
    // a power of two, which changes no digit and keeps the longest and the shortest in range.
    int power;
    frexp(sqrt(squares), &power);
    double part = ldexp(1.0, -power);
    double scale = square > 1e-12 * squares ? 1.0 / (sqrt(square) * part) : 0.0;
    for (int64_t d = 0; d < dim; ++d) {
      double sum = 0;
      for (int64_t k = offset[i]; k < offset[i + 1]; ++k)
        sum += world->keyword_embedding[keyword[k] * dim + d];
      out[d] = (float)((float)(sum * part) * scale);
    }
  }
}

void world_item_embeddings(throng_world *world) {
  mean_rows(world, world->pos_offset, world->pos, world->embedding_pos);
  mean_rows(world, world->neg_offset, world->neg, world->embedding_neg);
}

static throng_status index_ids(const string_table *table, const char *what, string_index *index) {
  int64_t duplicate;
  THRONG_TRY(string_index_build(table, index, &duplicate));
  if (duplicate < 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s[%lld]: '%s' stands twice, expected distinct ids", what,
                     (long long)duplicate, strings_get(table, duplicate));
}

/// Ids count because weights and lanes name users and items by number; names, times and ratings
/// change no answer, and nothing but measures reads later parts.
static uint64_t world_hash(const throng_world *w) {
  const int64_t sizes[] = {w->n_user, w->n_item, w->n_category, w->n_keyword, w->dim};
  uint64_t hash = hash64(sizes, sizeof sizes, 0);
#define HASH(array, count) hash = hash64(w->array, (size_t)(count) * sizeof *w->array, hash)
  HASH(category_offset, w->n_item + 1);
  HASH(category, w->n_category_entry);
  HASH(pos_offset, w->n_item + 1);
  HASH(pos, w->n_pos_entry);
  HASH(neg_offset, w->n_item + 1);
  HASH(neg, w->n_neg_entry);
  HASH(embedding_pos, w->n_item * w->dim);
  HASH(embedding_neg, w->n_item * w->dim);
  HASH(user_offset, w->n_user + 1);
  HASH(history_item, w->n_interaction);
  HASH(history_like, w->n_interaction);
  HASH(user_id.offset, w->n_user + 1);
  HASH(user_id.blob, w->user_id.offset[w->n_user]);
  HASH(item_id.offset, w->n_item + 1);
  HASH(item_id.blob, w->item_id.offset[w->n_item]);
#undef HASH
  return hash;
}

throng_status world_finish(throng_world *world) {
  index_free(world);
  world_fits_free(world->fits);
  world->fits = NULL;
  THRONG_TRY(throng_alloc((void **)&world->index, 1, sizeof *world->index, "world index"));
  throng_status status = index_ids(&world->user_id, "user_id", &world->index->user);
  if (status == THRONG_OK) status = index_ids(&world->item_id, "item_id", &world->index->item);
  if (status == THRONG_OK) status = world_fits_create(&world->fits);
  if (status != THRONG_OK) {
    index_free(world);
    return status;
  }
  world->hash = world_hash(world);
  return THRONG_OK;
}

bool world_share_category(const throng_world *w, int32_t a, int32_t b) {
  for (int64_t k = w->category_offset[a]; k < w->category_offset[a + 1]; ++k)
    for (int64_t j = w->category_offset[b]; j < w->category_offset[b + 1]; ++j)
      if (w->category[k] == w->category[j]) return true;
  return false;
}
