/// Terms of the reviews as reasons: of an item by itself (subjective) and of its categories
/// (objective).
#include <stdlib.h>

#include "text/keyword_selection.h"

/// Counts of every term in a body of reviews, by answer.
typedef struct term_sums {
  double *count[SIDE_COUNT];  // (n_term) in liked, in disliked reviews
  double total[SIDE_COUNT];
} term_sums;

typedef struct term_work {
  const selection *s;
  int64_t n_term;
  term_sums corpus, group;
  int64_t *mentions;     // (n_term) items that mention it
  bool *spread;          // (n_term) no item has more than half of it
  bool *mentioned;       // (n_term) by the item that is given reasons
  candidate *list;       // (n_term)
  int32_t *used;         // (n_term) terms of the present group
  int64_t *group_item;   // items by category, then those without, then all
  int64_t *group_start;  // (n_category + 3)
} term_work;

static throng_status sums_alloc(term_sums *sums, int64_t n_term) {
  for (int side = 0; side < SIDE_COUNT; ++side)
    THRONG_TRY(throng_alloc((void **)&sums->count[side], (size_t)n_term, sizeof(double),
                            "sums of term counts"));
  return THRONG_OK;
}

static void work_free(term_work *w) {
  for (int side = 0; side < SIDE_COUNT; ++side) {
    free(w->corpus.count[side]);
    free(w->group.count[side]);
  }
  free(w->mentions);
  free(w->spread);
  free(w->mentioned);
  free(w->list);
  free(w->used);
  free(w->group_item);
  free(w->group_start);
}

static void sums_add(term_sums *sums, const term_count *c) {
  sums->count[SIDE_POS][c->term] += c->like;
  sums->count[SIDE_NEG][c->term] += c->dislike;
  sums->total[SIDE_POS] += c->like;
  sums->total[SIDE_NEG] += c->dislike;
}

static throng_status sum_corpus(term_work *w) {
  const selection *s = w->s;
  double *largest = NULL;
  size_t n_term = (size_t)w->n_term;
  THRONG_TRY(sums_alloc(&w->corpus, w->n_term));
  THRONG_TRY(sums_alloc(&w->group, w->n_term));
  THRONG_TRY(throng_alloc((void **)&w->mentions, n_term, sizeof *w->mentions, "terms"));
  THRONG_TRY(throng_alloc((void **)&w->spread, n_term, sizeof *w->spread, "terms"));
  THRONG_TRY(throng_alloc((void **)&w->mentioned, n_term, sizeof *w->mentioned, "terms"));
  THRONG_TRY(throng_alloc((void **)&w->list, n_term, sizeof *w->list, "terms"));
  THRONG_TRY(throng_alloc((void **)&w->used, n_term, sizeof *w->used, "terms"));
  THRONG_TRY(throng_alloc((void **)&largest, n_term, sizeof *largest, "terms"));
  for (int64_t i = 0; i < s->data->n_item; ++i)
    for (term_walk walk = terms_of(&s->terms, i); terms_next(&walk);) {
      const term_count *c = &walk.count;
      sums_add(&w->corpus, c);
      ++w->mentions[c->term];
      largest[c->term] = fmax(largest[c->term], (double)c->like + c->dislike);
    }
  for (int64_t t = 0; t < w->n_term; ++t)
    w->spread[t] = 2 * largest[t] <= w->corpus.count[SIDE_POS][t] + w->corpus.count[SIDE_NEG][t];
  free(largest);
  return THRONG_OK;
}

/// Add the best `room` of list[0 .. n) to a side of the item.
static throng_status add_best(selection *s, keyword_side side, int64_t item, candidate *list,
                              size_t n, int64_t room) {
  candidates_sort(list, n);
  for (int64_t k = 0; k < (int64_t)n && k < room; ++k)
    THRONG_TRY(builder_add(&s->builder, side, item, list[k].keyword));
  return THRONG_OK;
}

static throng_status select_subjective(selection *s, term_work *w) {
  double strength = s->def->prior;
  double alpha0 = strength * (w->corpus.total[SIDE_POS] + w->corpus.total[SIDE_NEG]);
  for (int64_t i = 0; i < s->data->n_item; ++i) {
    double own_total[SIDE_COUNT] = {0};
    for (term_walk walk = terms_of(&s->terms, i); terms_next(&walk);) {
      own_total[SIDE_POS] += walk.count.like;
      own_total[SIDE_NEG] += walk.count.dislike;
    }
    for (int side = 0; side < SIDE_COUNT; ++side) {
      int other = 1 - side;
      size_t n = 0;
      for (term_walk walk = terms_of(&s->terms, i); terms_next(&walk);) {
        const term_count *c = &walk.count;
        double own = side == SIDE_POS ? c->like : c->dislike;
        if (own == 0 || w->mentions[c->term] > s->bounds.most) continue;
        double alpha =
            strength * (w->corpus.count[SIDE_POS][c->term] + w->corpus.count[SIDE_NEG][c->term]);
        double z = log_odds_z(own, own_total[side], w->corpus.count[other][c->term],
                              w->corpus.total[other], alpha, alpha0);
        if (z >= s->def->min_z) w->list[n++] = (candidate){z, c->term};
      }
      int64_t room = selection_budget(s, (keyword_side)side, i, s->def->per_item);
      THRONG_TRY(add_best(s, (keyword_side)side, i, w->list, n, room));
    }
  }
  return THRONG_OK;
}

/// Items by category; group n_category has those without one, group n_category + 1 all.
static throng_status group_items(term_work *w) {
  const keyword_sets *sets = w->s->sets;
  int64_t n_item = w->s->data->n_item, n_category = sets->category.n;
  int64_t n_entry = sets->category_offset[n_item];
  THRONG_TRY(throng_alloc((void **)&w->group_start, (size_t)n_category + 3, sizeof(int64_t),
                          "items by category"));
  THRONG_TRY(throng_alloc((void **)&w->group_item, (size_t)(n_entry + 2 * n_item), sizeof(int64_t),
                          "items by category"));
  int64_t *start = w->group_start;
  for (int64_t e = 0; e < n_entry; ++e) ++start[sets->category_id[e] + 1];
  for (int64_t c = 0; c < n_category; ++c) start[c + 1] += start[c];
  int64_t at = n_entry;
  for (int64_t i = 0; i < n_item; ++i) {
    int64_t begin = sets->category_offset[i], end = sets->category_offset[i + 1];
    for (int64_t e = begin; e < end; ++e) w->group_item[start[sets->category_id[e]]++] = i;
    if (begin == end) w->group_item[at++] = i;
  }
  for (int64_t c = n_category; c > 0; --c) start[c] = start[c - 1];
  start[0] = 0;
  start[n_category + 1] = at;
  for (int64_t i = 0; i < n_item; ++i) w->group_item[at++] = i;
  start[n_category + 2] = at;
  return THRONG_OK;
}

/// The group's terms that lean to a side, best first, into reason[side] (row `row`).
static void find_reasons(selection *s, term_work *w, int64_t group, int64_t row) {
  size_t n_used = 0;
  for (int64_t g = w->group_start[group]; g < w->group_start[group + 1]; ++g) {
    int64_t i = w->group_item[g];
    for (term_walk walk = terms_of(&s->terms, i); terms_next(&walk);) {
      const term_count *c = &walk.count;
      if (!(c->like + c->dislike)) continue;
      if (!(w->group.count[SIDE_POS][c->term] + w->group.count[SIDE_NEG][c->term]))
        w->used[n_used++] = c->term;
      sums_add(&w->group, c);
    }
  }
  double strength = s->def->prior;
  double alpha0 = strength * (w->corpus.total[SIDE_POS] + w->corpus.total[SIDE_NEG]);
  for (int side = 0; side < SIDE_COUNT; ++side) {
    size_t n = 0;
    for (size_t u = 0; u < n_used; ++u) {
      int32_t t = w->used[u];
      if (!w->spread[t]) continue;
      double alpha = strength * (w->corpus.count[SIDE_POS][t] + w->corpus.count[SIDE_NEG][t]);
      double z = log_odds_z(w->group.count[side][t], w->group.total[side],
                            w->group.count[1 - side][t], w->group.total[1 - side], alpha, alpha0);
      if (z >= s->def->min_z) w->list[n++] = (candidate){z, t};
    }
    candidates_sort(w->list, n);
    int32_t *reason = s->reason[side] + row * s->pool;
    for (int64_t k = 0; k < s->pool; ++k) reason[k] = k < (int64_t)n ? w->list[k].keyword : -1;
  }
  for (size_t u = 0; u < n_used; ++u)
    for (int side = 0; side < SIDE_COUNT; ++side) w->group.count[side][w->used[u]] = 0;
  w->group.total[SIDE_POS] = w->group.total[SIDE_NEG] = 0;
}

static void mark_mentioned(const selection *s, term_work *w, int64_t item, bool mark) {
  for (term_walk walk = terms_of(&s->terms, item); terms_next(&walk);)
    w->mentioned[walk.count.term] = mark;
}

static throng_status give_reasons(selection *s, term_work *w, int64_t group, int64_t row) {
  for (int64_t g = w->group_start[group]; g < w->group_start[group + 1]; ++g) {
    int64_t i = w->group_item[g];
    mark_mentioned(s, w, i, true);
    for (int side = 0; side < SIDE_COUNT; ++side) {
      const int32_t *reason = s->reason[side] + row * s->pool;
      int64_t room = selection_budget(s, (keyword_side)side, i, s->def->per_category), n = 0;
      for (int64_t k = 0; k < s->pool && reason[k] >= 0 && n < room; ++k) {
        if (!w->mentioned[reason[k]]) continue;
        THRONG_TRY(builder_add(&s->builder, (keyword_side)side, i, reason[k]));
        ++n;
      }
      if (n) continue;
      for (; n < room && n < REASON_FALLBACK && n < s->pool && reason[n] >= 0; ++n)
        THRONG_TRY(builder_add(&s->builder, (keyword_side)side, i, reason[n]));
    }
    mark_mentioned(s, w, i, false);
  }
  return THRONG_OK;
}

static throng_status select_objective(selection *s, term_work *w) {
  int64_t n_category = s->sets->category.n;
  s->pool = (int64_t)REASON_POOL * s->def->per_category;
  for (int side = 0; side < SIDE_COUNT; ++side)
    THRONG_TRY(throng_alloc((void **)&s->reason[side], (size_t)((n_category + 1) * s->pool),
                            sizeof(int32_t), "reasons of categories"));
  THRONG_TRY(group_items(w));
  for (int64_t c = 0; c < n_category; ++c) {
    find_reasons(s, w, c, c);
    THRONG_TRY(give_reasons(s, w, c, c));
  }
  find_reasons(s, w, n_category, n_category);
  THRONG_TRY(give_reasons(s, w, n_category, n_category));
  find_reasons(s, w, n_category + 1, n_category);  // kept for fill_empty_sides
  return THRONG_OK;
}

throng_status select_terms(selection *s) {
  term_work w = {.s = s};
  throng_status status;
  THRONG_TRY_GOTO(terms_make(s->data, &s->train, s->bounds.least, s->progress, &s->terms));
  w.n_term = s->terms.name.n;
  THRONG_TRY_GOTO(sum_corpus(&w));
  THRONG_TRY_GOTO(select_subjective(s, &w));
  THRONG_TRY_GOTO(select_objective(s, &w));
done:
  work_free(&w);
  return status;
}

/// Up to REASON_FALLBACK reasons of a row that other items have too and that stay within bounds.
static throng_status fill_from(selection *s, keyword_side side, int64_t item, int64_t row,
                               int64_t *added) {
  const int32_t *reason = s->reason[side] + row * s->pool;
  for (int64_t k = 0; k < s->pool && reason[k] >= 0 && *added < REASON_FALLBACK; ++k) {
    int64_t *n_items = &s->n_items[reason[k]];
    if (*n_items < s->bounds.least || *n_items >= s->bounds.most) continue;
    THRONG_TRY(builder_add(&s->builder, side, item, reason[k]));
    *n_items += item < s->bounds.n_counted;
    ++*added;
  }
  return THRONG_OK;
}

throng_status fill_empty_sides(selection *s) {
  const keyword_sets *sets = s->sets;
  for (int side = 0; side < SIDE_COUNT; ++side) {
    size_t n = s->builder.n[side], at = 0;  // [0, n) is sorted; what is added lies behind n
    for (int64_t i = 0; i < s->data->n_item; ++i) {
      bool empty = at >= n || s->builder.pair[side][at].item != i;
      while (at < n && s->builder.pair[side][at].item == i) ++at;
      int64_t added = 0;
      for (int64_t e = sets->category_offset[i]; empty && e < sets->category_offset[i + 1]; ++e)
        THRONG_TRY(fill_from(s, (keyword_side)side, i, sets->category_id[e], &added));
      if (empty && !added)
        THRONG_TRY(fill_from(s, (keyword_side)side, i, sets->category.n, &added));
    }
  }
  return THRONG_OK;
}
