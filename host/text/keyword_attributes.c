/// Attribute words: genre, type, decade and so on as reasons, where there are no texts.
#include <stdlib.h>

#include "text/keyword_selection.h"

/// Likes, dislikes and items of every attribute in the training rows.
typedef struct attribute_tally {
  double like, dislike;
  int64_t items;
  double z;
} attribute_tally;

static void tally_attributes(const selection *s, attribute_tally *tally) {
  const dataset *data = s->data;
  double likes = 0, dislikes = 0;
  for (int64_t i = 0; i < data->n_item; ++i) {
    double like = (double)s->train.item_like[i];
    double rows = (double)(s->train.item_offset[i + 1] - s->train.item_offset[i]);
    for (int64_t e = data->attribute_offset[i]; e < data->attribute_offset[i + 1]; ++e) {
      attribute_tally *t = &tally[data->attribute[e]];
      t->like += like;
      t->dislike += rows - like;
      t->items += i < s->bounds.n_counted;
      likes += like;
      dislikes += rows - like;
    }
  }
  double strength = s->def->prior;
  for (int64_t a = 0; a < data->n_attribute; ++a) {
    attribute_tally *t = &tally[a];
    double alpha = strength * (t->like + t->dislike), alpha0 = strength * (likes + dislikes);
    if (alpha > 0) t->z = log_odds_z(t->like, likes, t->dislike, dislikes, alpha, alpha0);
  }
}

throng_status select_attributes(selection *s) {
  const dataset *data = s->data;
  attribute_tally *tally = NULL;
  candidate *list = NULL;
  throng_status status = THRONG_OK;
  for (int64_t a = 0; a < data->n_attribute; ++a)
    THRONG_TRY(strings_append(&s->attribute_name, strings_get(&data->attribute_name, a),
                              strings_length(&data->attribute_name, a)));
  if (!data->n_attribute) return THRONG_OK;
  size_t n_attribute = (size_t)data->n_attribute;
  THRONG_TRY_GOTO(throng_alloc((void **)&tally, n_attribute, sizeof *tally, "attributes"));
  THRONG_TRY_GOTO(throng_alloc((void **)&list, n_attribute, sizeof *list, "attributes"));
  tally_attributes(s, tally);
  for (int64_t i = 0; i < data->n_item; ++i) {
    size_t n = 0;
    for (int64_t e = data->attribute_offset[i]; e < data->attribute_offset[i + 1]; ++e) {
      int32_t a = data->attribute[e];
      // Out of bounds now means dropped later; the room is for those that stay. One that would be
      // dropped is still handed on, so that it is counted.
      bool kept = tally[a].items >= s->bounds.least && tally[a].items <= s->bounds.most;
      if (kept)
        list[n++] = (candidate){tally[a].z, a};
      else
        THRONG_TRY_GOTO(builder_add(&s->builder, SIDE_POS, i, a));
    }
    candidates_sort(list, n);
    int64_t n_pos = selection_budget(s, SIDE_POS, i, (int64_t)n);
    int64_t n_neg = selection_budget(s, SIDE_NEG, i, (int64_t)n);
    for (int64_t k = 0; k < n_pos; ++k)
      THRONG_TRY_GOTO(builder_add(&s->builder, SIDE_POS, i, list[k].keyword));
    for (int64_t k = 0; k < n_neg; ++k)
      THRONG_TRY_GOTO(builder_add(&s->builder, SIDE_NEG, i, list[(int64_t)n - 1 - k].keyword));
  }
done:
  free(tally);
  free(list);
  return status;
}
