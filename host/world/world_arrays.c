/// A world from a caller's arrays: copied, completed with what was left out, and checked as a file
/// is.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "world/world.h"

#define NAME "world from arrays"

throng_world_source throng_default_world_source(void) {
  return (throng_world_source){
      .size = sizeof(throng_world_source), .cookie = THRONG_COOKIE, .like_threshold = (double)NAN};
}

static throng_status missing(const char *what) {
  return throng_fail(THRONG_ERROR_ARGUMENT, NAME ": %s is missing", what);
}

static throng_status check_source(const throng_world_source *s) {
  THRONG_TRY(def_check(s, sizeof *s, "throng_world_source"));
#define WITHIN(member, least, most)                                                        \
  if (s->member < (least) || s->member > (most))                                           \
    return throng_fail(THRONG_ERROR_DATA, NAME ": " #member " is %lld, expected %d to %d", \
                       (long long)s->member, (least), (most));
  WITHIN(n_user, 1, INT32_MAX - 1)
  WITHIN(n_item, 1, INT32_MAX - 1)
  WITHIN(n_category, 0, INT32_MAX - 1)
  WITHIN(n_keyword, 0, INT32_MAX - 1)
  WITHIN(dim, 0, WORLD_MOST_DIM)
#undef WITHIN
  if (!s->user_offset) return missing("user_offset");
  if (s->user_offset[s->n_user] > 0 && !s->history_item) return missing("history_item");
  if (s->user_offset[s->n_user] > 0 && !s->history_like) return missing("history_like");
  if (s->later_offset) {
    if (s->later_offset[s->n_user] > 0 && !s->later_item) return missing("later_item");
    if (s->later_offset[s->n_user] > 0 && !s->later_like) return missing("later_like");
    if (s->history_time && !s->later_time) return missing("later_time");
    if (!s->history_time && s->later_time) return missing("history_time");
  }
  const bool both = s->embedding_liking && s->embedding_disliking;
  if (!both && (s->embedding_liking || s->embedding_disliking))
    return missing(s->embedding_liking ? "embedding_disliking" : "embedding_liking");
  if ((both || s->keyword_embedding) && s->dim < 1)
    return throng_fail(THRONG_ERROR_DATA, NAME ": dim is %d, expected the embeddings' length",
                       s->dim);
  if (!both && !s->keyword_embedding && s->dim > 0) return missing("keyword_embedding");
  return THRONG_OK;
}

/// A copy of `count` elements, or zeros where `from` is NULL.
static throng_status copy_or_zeros(void **to, const void *from, int64_t count, size_t size,
                                   const char *what) {
  if (count < 0)
    return throng_fail(THRONG_ERROR_DATA, NAME ": '%s' ends at %lld, expected 0 or more", what,
                       (long long)count);
  THRONG_TRY(throng_alloc(to, (size_t)count, size, what));
  if (from && count > 0) memcpy(*to, from, (size_t)count * size);
  return THRONG_OK;
}

#define COPY(member, from, count) \
  THRONG_TRY(copy_or_zeros((void **)&w->member, from, count, sizeof *w->member, #member))

/// Sets of the items; `offset` NULL: all empty.
static throng_status copy_sets(throng_world *w, const throng_world_source *s) {
  w->n_category_entry = s->category_offset ? s->category_offset[s->n_item] : 0;
  w->n_pos_entry = s->liking_offset ? s->liking_offset[s->n_item] : 0;
  w->n_neg_entry = s->disliking_offset ? s->disliking_offset[s->n_item] : 0;
  if (w->n_category_entry > 0 && !s->category) return missing("category");
  if (w->n_pos_entry > 0 && !s->liking) return missing("liking");
  if (w->n_neg_entry > 0 && !s->disliking) return missing("disliking");
  COPY(category_offset, s->category_offset, w->n_item + 1);
  COPY(category, s->category, w->n_category_entry);
  COPY(pos_offset, s->liking_offset, w->n_item + 1);
  COPY(pos, s->liking, w->n_pos_entry);
  COPY(neg_offset, s->disliking_offset, w->n_item + 1);
  COPY(neg, s->disliking, w->n_neg_entry);
  return THRONG_OK;
}

static throng_status copy_histories(throng_world *w, const throng_world_source *s) {
  w->n_interaction = s->user_offset[s->n_user];
  w->has_time = s->history_time != NULL;
  COPY(user_offset, s->user_offset, w->n_user + 1);
  COPY(history_item, s->history_item, w->n_interaction);
  COPY(history_like, s->history_like, w->n_interaction);
  COPY(history_rating, s->history_rating, w->n_interaction);
  COPY(history_time, s->history_time, w->n_interaction);
  if (!s->history_rating)
    for (int64_t k = 0; k < w->n_interaction; ++k) w->history_rating[k] = (float)w->history_like[k];
  return THRONG_OK;
}

static throng_status copy_later(throng_world *w, const throng_world_source *s) {
  if (!s->later_offset) return THRONG_OK;
  w->n_later = s->later_offset[s->n_user];
  COPY(later_offset, s->later_offset, w->n_user + 1);
  COPY(later_item, s->later_item, w->n_later);
  COPY(later_like, s->later_like, w->n_later);
  COPY(later_rating, s->later_rating, w->n_later);
  COPY(later_time, s->later_time, w->n_later);
  if (!s->later_rating)
    for (int64_t k = 0; k < w->n_later; ++k) w->later_rating[k] = (float)w->later_like[k];
  return THRONG_OK;
}

/// Before the lists are checked nothing may follow them: means are made in `finish`.
static throng_status copy_embeddings(throng_world *w, const throng_world_source *s) {
  w->dim = s->dim > 0 ? s->dim : 1;
  COPY(keyword_embedding, s->keyword_embedding, w->n_keyword * w->dim);
  COPY(embedding_pos, s->embedding_liking, w->n_item * w->dim);
  COPY(embedding_neg, s->embedding_disliking, w->n_item * w->dim);
  return THRONG_OK;
}

/// `text` NULL: numbers, or nothing where `optional`.
static throng_status copy_texts(string_table *to, const char *const *text, int64_t n, bool optional,
                                const char *what) {
  for (int64_t i = 0; i < n; ++i) {
    char number[32] = "";
    const char *from = text ? text[i] : number;
    if (!text && !optional) snprintf(number, sizeof number, "%" PRId64, i);
    if (!from && !optional)
      return throng_fail(THRONG_ERROR_ARGUMENT, NAME ": %s[%lld] is NULL", what, (long long)i);
    THRONG_TRY(strings_append(to, from ? from : "", from ? strlen(from) : 0));
  }
  return THRONG_OK;
}

static throng_status copy_all(throng_world *w, const throng_world_source *s) {
  const char *source = s->source ? s->source : "arrays";
  w->n_user = s->n_user;
  w->n_item = s->n_item;
  w->n_category = s->n_category;
  w->n_keyword = s->n_keyword;
  w->n_cold = s->n_cold;
  w->like_threshold = s->like_threshold;
  COPY(source, source, (int64_t)strlen(source) + 1);
  THRONG_TRY(copy_sets(w, s));
  THRONG_TRY(copy_histories(w, s));
  THRONG_TRY(copy_later(w, s));
  THRONG_TRY(copy_embeddings(w, s));
  THRONG_TRY(copy_texts(&w->user_id, s->user_id, w->n_user, false, "user_id"));
  THRONG_TRY(copy_texts(&w->item_id, s->item_id, w->n_item, false, "item_id"));
  THRONG_TRY(copy_texts(&w->item_name, s->item_name, w->n_item, true, "item_name"));
  THRONG_TRY(
      copy_texts(&w->category_name, s->category_name, w->n_category, false, "category_name"));
  return copy_texts(&w->keyword, s->keyword, w->n_keyword, false, "keyword");
}

/// 0, 1, .. within each user, the later part included.
static void number_times(throng_world *w) {
  for (int64_t u = 0; u < w->n_user; ++u) {
    int64_t time = 0;
    for (int64_t k = w->user_offset[u]; k < w->user_offset[u + 1]; ++k) w->history_time[k] = time++;
    for (int64_t k = w->n_later ? w->later_offset[u] : 0; w->n_later && k < w->later_offset[u + 1];
         ++k)
      w->later_time[k] = time++;
  }
}

static throng_status finish(throng_world *w, const throng_world_source *s) {
  THRONG_TRY(world_check(w, NAME));  // the lists that the means go by, too
  if (!s->embedding_liking && s->keyword_embedding) {
    world_item_embeddings(w);
    THRONG_TRY(world_check(w, NAME));
  }
  if (!s->history_time) number_times(w);
  return world_finish(w);
}

throng_status throng_world_from_arrays(const throng_world_source *source, throng_world **out) {
  throng_world *w;
  *out = NULL;
  THRONG_TRY(check_source(source));
  THRONG_TRY(throng_alloc((void **)&w, 1, sizeof *w, NAME));
  throng_status status = copy_all(w, source);
  if (status == THRONG_OK) status = finish(w, source);
  if (status == THRONG_OK)
    *out = w;
  else
    throng_world_close(w);
  return status;
}
