/// Keywords and items of a synthetic world. A keyword points where its taste points, and an item
/// is praised and blamed in the words of its tastes: that is all that the logical votes can see.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth/synth_truth.h"

/// Shares of all keywords: praise and complaint, and in each the part that fits any item.
/// Complaints overlap more between tastes than praise does, so that an item of a taste that nobody
/// asked for meets past complaints rather than past praise.
static const double share_praise = 0.6, share_quality = 0.1, share_nuisance = 0.1;

static void unit_normal(synth_stream *stream, float *out, int32_t dim) {
  double square = 0;
  for (int32_t d = 0; d < dim; ++d) {
    out[d] = synth_normal(stream);
    square += (double)out[d] * out[d];
  }
  float scale = square > 0 ? (float)(1.0 / sqrt(square)) : 0.0f;
  for (int32_t d = 0; d < dim; ++d) out[d] *= scale;
}

/// out = normalised (a * wa + b * wb + noise), noise of unit length; `a`, `b` may be NULL.
static void mix(synth_stream *stream, float *out, int32_t dim, const float *a, float wa,
                const float *b, float wb) {
  double square = 0;
  unit_normal(stream, out, dim);
  for (int32_t d = 0; d < dim; ++d) {
    out[d] += (a ? wa * a[d] : 0.0f) + (b ? wb * b[d] : 0.0f);
    square += (double)out[d] * out[d];
  }
  double scale = 1.0 / sqrt(square);
  for (int32_t d = 0; d < dim; ++d) out[d] = (float)(out[d] * scale);
}

/// `n` keywords shared out over the tastes, after `first`.
static void share_out(synth_pool *pool, int32_t n_taste, int32_t first, int32_t n) {
  for (int32_t t = 0; t < n_taste; ++t) {
    int32_t begin = (int32_t)((int64_t)n * t / n_taste);
    int32_t end = (int32_t)((int64_t)n * (t + 1) / n_taste);
    pool[t] = (synth_pool){.first = first + begin, .count = end - begin};
  }
}

static void plan_pools(synth_truth *plan) {
  const throng_synth_def *def = &plan->def;
  int32_t n_praise = (int32_t)(def->n_keyword * share_praise);
  int32_t n_complaint = def->n_keyword - n_praise;
  int32_t n_quality = (int32_t)(n_praise * share_quality);
  int32_t n_nuisance = (int32_t)(n_complaint * share_nuisance);
  plan->quality = (synth_pool){.first = 0, .count = n_quality};
  share_out(plan->praise, def->n_taste, n_quality, n_praise - n_quality);
  plan->nuisance = (synth_pool){.first = n_praise, .count = n_nuisance};
  share_out(plan->complaint, def->n_taste, n_praise + n_nuisance, n_complaint - n_nuisance);
}

typedef void text_fn(char *text, size_t size, int32_t taste, int32_t number);
static void quality_text(char *text, size_t size, int32_t taste, int32_t number) {
  (void)taste;
  synth_quality_text(text, size, number);
}
static void nuisance_text(char *text, size_t size, int32_t taste, int32_t number) {
  (void)taste;
  synth_nuisance_text(text, size, number);
}

/// Append a pool's keywords: their text, and rows around the directions `a` and `b`.
static throng_status add_pool(const synth_truth *plan, throng_world *w, synth_pool pool,
                              text_fn *text_of, int32_t taste, const float *a, float wa,
                              const float *b, float wb) {
  char text[128];
  for (int32_t k = 0; k < pool.count; ++k) {
    int32_t keyword = pool.first + k;
    synth_stream stream = synth_stream_of(plan->def.seed, SYNTH_KEYWORD, keyword);
    text_of(text, sizeof text, taste, k);
    THRONG_TRY(strings_append(&w->keyword, text, strlen(text)));
    mix(&stream, w->keyword_embedding + (int64_t)keyword * w->dim, w->dim, a, wa, b, wb);
  }
  return THRONG_OK;
}

throng_status synth_make_keywords(synth_truth *plan, throng_world *w) {
  int32_t n_taste = plan->def.n_taste, dim = w->dim;
  float *direction;  // (2 n_taste + 2, dim): praise and complaint of each taste, then of any
  plan_pools(plan);
  THRONG_TRY(throng_alloc((void **)&direction, (size_t)(2 * n_taste + 2) * (size_t)dim,
                          sizeof *direction, "taste directions"));
  for (int64_t t = 0; t < 2 * n_taste + 2; ++t) {
    synth_stream stream = synth_stream_of(plan->def.seed, SYNTH_TASTE, t);
    unit_normal(&stream, direction + t * dim, dim);
  }
  const float *quality = direction + (int64_t)2 * n_taste * dim, *nuisance = quality + dim;
  throng_status status;
  THRONG_TRY_GOTO(add_pool(plan, w, plan->quality, quality_text, 0, quality, 0.7f, NULL, 0));
  for (int64_t t = 0; t < n_taste; ++t)
    THRONG_TRY_GOTO(add_pool(plan, w, plan->praise[t], synth_praise_text, (int32_t)t,
                             direction + t * dim, 1.4f, NULL, 0));
  THRONG_TRY_GOTO(add_pool(plan, w, plan->nuisance, nuisance_text, 0, nuisance, 1.0f, NULL, 0));
  for (int64_t t = 0; t < n_taste; ++t)
    THRONG_TRY_GOTO(add_pool(plan, w, plan->complaint[t], synth_complaint_text, (int32_t)t,
                             direction + (n_taste + t) * dim, 1.0f, nuisance, 0.5f));
done:
  free(direction);
  return status;
}

static int compare_numbers(const void *a, const void *b) {
  return *(const int32_t *)a - *(const int32_t *)b;
}

/// Sort, drop repetitions, return what is left.
static int32_t make_set(int32_t *entry, int32_t n) {
  int32_t kept = 0;
  qsort(entry, (size_t)n, sizeof *entry, compare_numbers);
  for (int32_t k = 0; k < n; ++k)
    if (kept == 0 || entry[k] != entry[kept - 1]) entry[kept++] = entry[k];
  return kept;
}

/// One of the pool, the first ones oftener, as words are (density x^(-2/3)): same-taste items then
/// share enough of them for the keyword vote to be seldom a tie.
static int32_t pick(synth_stream *stream, synth_pool pool) {
  int32_t at = (int32_t)(pow(synth_uniform(stream), 3.0) * pool.count);
  return pool.first + (at < pool.count ? at : pool.count - 1);
}

/// Append one item's entries to a CSR list.
static throng_status append_set(int32_t **list, size_t *capacity, int64_t *n, const int32_t *entry,
                                int32_t count) {
  THRONG_TRY(
      throng_grow((void **)list, capacity, (size_t)(*n + count), sizeof **list, "item lists"));
  memcpy(*list + *n, entry, (size_t)count * sizeof *entry);
  *n += count;
  return THRONG_OK;
}

/// The first category is one of the main taste's own; others come from the second taste or from
/// anywhere. The first items go through all categories, so that none is empty.
static int32_t draw_categories(const synth_truth *plan, synth_stream *stream, int64_t item,
                               int32_t *out) {
  const throng_synth_def *def = &plan->def;
  int32_t taste = plan->main_taste[item], second = plan->second_taste[item];
  int32_t n = 0;
#define OWN(t)                                                                                    \
  (def->n_category > def->n_taste                                                                 \
       ? (t) + def->n_taste * synth_index(stream, (def->n_category - 1 - (t)) / def->n_taste + 1) \
       : (t) % def->n_category)
  out[n++] = item < def->n_category ? (int32_t)item : OWN(taste);
  if (second >= 0 && synth_chance(stream, 0.7f)) out[n++] = OWN(second);
  if (synth_chance(stream, 0.1f)) out[n++] = synth_index(stream, def->n_category);
#undef OWN
  return make_set(out, n);
}

enum { MOST_ENTRIES = 10 };

/// Put one of the pool into the set where it is new.
static int32_t add_pick(synth_stream *stream, synth_pool pool, int32_t *set, int32_t n) {
  int32_t keyword = pick(stream, pool);
  for (int32_t k = 0; k < n; ++k)
    if (set[k] == keyword) return n;
  set[n] = keyword;
  return n + 1;
}

static int32_t draw_praise(const synth_truth *plan, synth_stream *stream, int64_t item,
                           int32_t *out) {
  int32_t wanted = 4 + synth_index(stream, 7), second = plan->second_taste[item], n = 0;
  for (int32_t tries = 0; n < wanted && tries < 4 * wanted; ++tries) {
    double u = synth_uniform(stream);
    synth_pool pool = plan->praise[plan->main_taste[item]];
    if (second >= 0 && u > 0.75) pool = plan->praise[second];
    if (u < 0.06 && plan->quality.count > 0) pool = plan->quality;
    n = add_pick(stream, pool, out, n);
  }
  return make_set(out, n);
}

static int32_t draw_complaints(const synth_truth *plan, synth_stream *stream, int64_t item,
                               int32_t *out) {
  int32_t wanted = 3 + synth_index(stream, 6), n = 0;
  for (int32_t tries = 0; n < wanted && tries < 4 * wanted; ++tries) {
    bool any = synth_chance(stream, 0.5f) && plan->nuisance.count > 0;
    n = add_pick(stream, any ? plan->nuisance : plan->complaint[plan->main_taste[item]], out, n);
  }
  return make_set(out, n);
}

static throng_status name_item(const synth_truth *plan, throng_world *w, synth_stream *stream,
                               int64_t item) {
  char text[160];
  int length = snprintf(text, sizeof text, "i%05lld", (long long)item);
  THRONG_TRY(strings_append(&w->item_id, text, (size_t)length));
  synth_item_text(text, sizeof text, plan->main_taste[item], stream);
  return strings_append(&w->item_name, text, strlen(text));
}

/// Items by main taste with running sums of a power-law popularity (Zipf's exponent 0.8).
static void plan_popularity(synth_truth *plan, const double *weight) {
  int32_t n_taste = plan->def.n_taste, n_item = plan->def.n_item;
  for (int32_t i = 0; i < n_item; ++i) ++plan->taste_offset[plan->main_taste[i] + 1];
  for (int32_t t = 0; t < n_taste; ++t) plan->taste_offset[t + 1] += plan->taste_offset[t];
  for (int32_t i = 0; i < n_item; ++i)
    plan->taste_item[plan->taste_offset[plan->main_taste[i]]++] = i;
  memmove(plan->taste_offset + 1, plan->taste_offset, (size_t)n_taste * sizeof *plan->taste_offset);
  plan->taste_offset[0] = 0;
  for (int32_t t = 0; t < n_taste; ++t) {
    double sum = 0;
    for (int32_t k = plan->taste_offset[t]; k < plan->taste_offset[t + 1]; ++k)
      plan->popularity[k] = sum += weight[plan->taste_item[k]];
  }
}

throng_status synth_make_items(synth_truth *plan, throng_world *w) {
  const throng_synth_def *def = &plan->def;
  size_t category_capacity = 0, pos_capacity = 0, neg_capacity = 0;
  int32_t entry[MOST_ENTRIES];
  char text[128];
  double *weight;
  throng_status status = THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&weight, (size_t)def->n_item, sizeof *weight, "popularity"));
  for (int32_t c = 0; c < def->n_category; ++c) {
    synth_category_text(text, sizeof text, c, def->n_taste);
    THRONG_TRY_GOTO(strings_append(&w->category_name, text, strlen(text)));
  }
  for (int64_t i = 0; i < def->n_item; ++i) {
    synth_stream stream = synth_stream_of(def->seed, SYNTH_ITEM, i);
    bool planned = i < def->n_category || i < def->n_taste;
    int32_t drawn = synth_index(&stream, def->n_taste);
    int32_t other = synth_index(&stream, def->n_taste);
    plan->main_taste[i] = planned ? (int32_t)(i % def->n_taste) : drawn;
    plan->second_taste[i] =
        synth_chance(&stream, 0.35f) && other != plan->main_taste[i] ? other : -1;
    plan->quality_shift[i] = 0.1f * synth_normal(&stream);
    weight[i] = pow(synth_uniform(&stream), -0.8);
    THRONG_TRY_GOTO(name_item(plan, w, &stream, i));
    int32_t n = draw_categories(plan, &stream, i, entry);
    THRONG_TRY_GOTO(append_set(&w->category, &category_capacity, &w->n_category_entry, entry, n));
    n = draw_praise(plan, &stream, i, entry);
    THRONG_TRY_GOTO(append_set(&w->pos, &pos_capacity, &w->n_pos_entry, entry, n));
    n = draw_complaints(plan, &stream, i, entry);
    THRONG_TRY_GOTO(append_set(&w->neg, &neg_capacity, &w->n_neg_entry, entry, n));
    w->category_offset[i + 1] = w->n_category_entry;
    w->pos_offset[i + 1] = w->n_pos_entry;
    w->neg_offset[i + 1] = w->n_neg_entry;
  }
  plan_popularity(plan, weight);
done:
  free(weight);
  return status;
}
