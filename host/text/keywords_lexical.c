/// Keywords without a network: what separates likes from dislikes, in words of the reviews or,
/// where there are none, in words of the items' attributes. Ways in keyword_selection.h; here they
/// are put together: select, bound by document frequency, fill empty sides, name.
#include <stdlib.h>

#include "text/keyword_selection.h"

static const char *const reception_names[RECEPTION_LEVELS * SIDE_COUNT] = {
    "reception: good", "reception: very good", "reception: outstanding",
    "reception: poor", "reception: very poor", "reception: dismal"};
static const double reception_levels[RECEPTION_LEVELS] = {0.25, 0.5, 1.0};

throng_status select_reception(selection *s, int64_t first_keyword) {
  for (int64_t i = 0; i < s->train.n_item; ++i) {
    double reception = training_reception(&s->train, i);
    for (int level = 0; level < RECEPTION_LEVELS; ++level) {
      if (reception > reception_levels[level])
        THRONG_TRY(builder_add(&s->builder, SIDE_POS, i, first_keyword + level));
      if (-reception > reception_levels[level])
        THRONG_TRY(builder_add(&s->builder, SIDE_NEG, i, first_keyword + RECEPTION_LEVELS + level));
    }
  }
  return THRONG_OK;
}

static throng_status append_reception_names(string_table *name) {
  for (int k = 0; k < RECEPTION_LEVELS * SIDE_COUNT; ++k)
    THRONG_TRY(strings_append(name, reception_names[k], strlen(reception_names[k])));
  return THRONG_OK;
}

static throng_status select_and_bound(selection *s, keyword_sets *out) {
  bool text = s->data->has_text;
  string_table *name = text ? &s->terms.name : &s->attribute_name;
  if (text)
    THRONG_TRY(select_terms(s));
  else
    THRONG_TRY(select_attributes(s));
  int64_t first = name->n;
  THRONG_TRY(append_reception_names(name));
  THRONG_TRY(select_reception(s, first));
  THRONG_TRY(
      throng_alloc((void **)&s->n_items, (size_t)name->n, sizeof *s->n_items, "items by keyword"));
  builder_bound(&s->builder, s->bounds, name->n, s->n_items, &out->dropped_common,
                &out->dropped_rare);
  if (text) THRONG_TRY(fill_empty_sides(s));
  return builder_finish(&s->builder, name, s->data->n_item, out);
}

throng_status keywords_lexical(const keywords_def *def, const dataset *data,
                               const throng_progress *progress, keyword_sets *out) {
  selection s = {.def = def,
                 .data = data,
                 .progress = progress,
                 .sets = out,
                 .bounds = item_bounds_of(def, data)};
  int64_t dropped = 0;
  throng_status status;
  THRONG_TRY_GOTO(training_make(data, &s.train));
  if (data->implicit && s.train.n_like == s.train.n)
    throng_note(
        progress,
        "nothing is disliked: an item's reception is its popularity, against one unseen item "
        "a like");
  else if (s.train.n_like == 0 || s.train.n_like == s.train.n)
    throng_note(progress,
                "warning: the like threshold leaves only %s in the training part; keywords cannot "
                "tell the two sides apart",
                s.train.n_like ? "likes" : "dislikes");
  THRONG_TRY_GOTO(categories_from_dataset(data, &s.bounds, out, &dropped));
  THRONG_TRY_GOTO(select_and_bound(&s, out));
  throng_note(progress,
              "%lld keywords (%lld too common and %lld too rare dropped), %lld categories (%lld "
              "dropped)",
              (long long)out->keyword.n, (long long)out->dropped_common,
              (long long)out->dropped_rare, (long long)out->category.n, (long long)dropped);
done:
  training_free(&s.train);
  term_table_free(&s.terms);
  strings_free(&s.attribute_name);
  builder_free(&s.builder);
  free(s.n_items);
  free(s.reason[SIDE_POS]);
  free(s.reason[SIDE_NEG]);
  return status;
}
