/// From raw files to a data set: the passes, the thinning and the order; see ingest.h for the plan
/// and dataset.h for what comes out. What a format looks like is its reader's business.
#include "data/dataset_read.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/ingest.h"
#include "data/item_table.h"
#include "data/later_part.h"
#include "data/rating_counts.h"
#include "data/sampled_dislikes.h"
#include "data/stream.h"

static const dataset_reader *const readers[] = {
#define X(NAME, name) [DATASET_##NAME] = &name##_reader,
    DATASET_FORMATS(X)
#undef X
};

static bool lists(const char *const *keys, const char *key) {
  for (; keys && *keys; keys++)
    if (strcmp(*keys, key) == 0) return true;
  return false;
}

unsigned dataset_key_formats(const char *key) {
  unsigned formats = 0;
  for (int f = 0; f < N_DATASET_FORMAT; f++) {
    const dataset_reader *r = readers[f];
    if (strcmp(r->main, key) == 0 || lists(r->uses, key)) formats |= 1u << f;
  }
  return formats;
}

const char *dataset_missing_key(const dataset_def *def) {
  const dataset_reader *r = readers[def->format];
  const ingest in = {.def = def, .reader = r};
  if (!ingest_path(&in, r->main)) return r->main;
  for (const char *const *key = r->required; key && *key; key++)
    if (!ingest_path(&in, *key)) return *key;
  return NULL;
}

static throng_status check_def(ingest *in) {
  const dataset_def *def = in->def;
  const dataset_reader *reader = in->reader;
  in->rating_min = isnan(def->rating_min) ? reader->rating_min : def->rating_min;
  in->rating_max = isnan(def->rating_max) ? reader->rating_max : def->rating_max;
  if (isnan(in->rating_min)) in->rating_min = -(double)FLT_MAX;
  if (isnan(in->rating_max)) in->rating_max = (double)FLT_MAX;
  if (!(in->rating_min < in->rating_max))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "dataset.rating_min %g and rating_max %g, expected a rising range",
                       in->rating_min, in->rating_max);
  if (def->like_threshold > in->rating_max)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "dataset.like_threshold %g is never reached, expected at most %g",
                       def->like_threshold, in->rating_max);
  return THRONG_OK;
}

/// The unit of the times, which all rows of the file tell together.
static throng_status settle_times(ingest *in) {
  const char *path = ingest_main_file(in);
  if (!in->has_time || in->times.n == 0) {
    if (in->rows.n > 0)
      throng_note(in->progress, "%s: no times; the order of the file counts", path);
    return THRONG_OK;
  }
  THRONG_TRY(time_column_finish(&in->times, path, "dataset.time_unit"));
  time_column_describe(&in->times, in->counts.times, sizeof in->counts.times);
  // A time that is everybody's says of nothing that it came later.
  if (in->rows.n > 1 && in->times.low == in->times.high) {
    in->has_time = false;
    throng_note(in->progress, "%s: all times are the same (%s); the order of the file counts", path,
                in->counts.times);
    in->counts.times[0] = '\0';
    return THRONG_OK;
  }
  throng_note(in->progress, "%s: times are %s", path, in->counts.times);
  return THRONG_OK;
}

/// Duplicates went while scanning; here go the users and items with too few rows.
static throng_status thin(ingest *in) {
  const dataset_counts *c = &in->counts;
  in->counts.duplicates = in->rows.duplicates;
  interactions_settle(&in->rows);
  if (in->rows.n == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "dataset: no interaction left of %lld lines: %lld unrated, %lld of items "
                       "left out (dataset.businesses, dataset.state), expected some",
                       (long long)c->lines, (long long)c->unrated, (long long)c->unknown_item);
  int64_t before = in->rows.n;
  THRONG_TRY(interactions_core(&in->rows, in->def->k_core, &in->counts.below_core));
  if (in->rows.n == 0)
    return throng_fail(THRONG_ERROR_DATA,
                       "dataset.k_core %d leaves none of %lld interactions, expected a smaller k",
                       in->def->k_core, (long long)before);
  return THRONG_OK;
}

/// The arrays of interactions in the data set's order.
static throng_status place_rows(ingest *in, dataset *out) {
  size_t n = (size_t)out->n_interaction;
  int64_t *place = NULL;
  throng_status status = THRONG_OK;
  THRONG_TRY_GOTO(
      interactions_order(&in->rows, out->n_user, in->has_time, &out->user_offset, &place));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->item, n, sizeof *out->item, "interactions"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->rating, n, sizeof *out->rating, "interactions"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->like, n, sizeof *out->like, "interactions"));
  THRONG_TRY_GOTO(throng_alloc((void **)&out->time, n, sizeof *out->time, "interactions"));
  for (size_t i = 0; i < n; i++) {
    const interaction *row = &in->rows.row[place[i]];
    out->item[i] = row->item;
    out->rating[i] = row->rating;
    // As floats both: a rating of 4.1 reaches a threshold of 4.1.
    out->like[i] = in->implicit || row->rating >= (float)in->def->like_threshold;
    out->time[i] = in->has_time ? time_column_seconds(&in->times, row->time) : place[i];
    if (in->has_text)
      THRONG_TRY_GOTO(strings_append(&out->text, strings_get(&in->text, place[i]),
                                     strings_length(&in->text, place[i])));
  }
done:
  free(place);
  return status;
}

/// The format's own file of items, a table of items, tags; then the items that nobody rated.
static throng_status read_items(ingest *in, dataset *out) {
  const dataset_def *def = in->def;
  const dataset_reader *reader = in->reader;
  const char *own = ingest_path(in, reader->items_key);
  bool table = def->items && (!own || own != def->items || item_table_is_wanted(def));
  if (def->items && !table) THRONG_TRY(item_table_is_json(def, &table));
  if (table && own == def->items) own = NULL;
  if (def->cold_items && !own && !table)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "dataset.cold_items: true without a file of items, expected dataset.items%s",
                       reader->items_key && strcmp(reader->items_key, "dataset.items") != 0
                           ? " or the format's own"
                           : "");
  if (item_table_is_wanted(def) && !table)
    return throng_fail(
        THRONG_ERROR_CONFIG,
        "dataset.item_columns are given without dataset.items, expected the table of "
        "items (it may be the file of interactions itself)");
  in->item_id = &out->item_id;
  THRONG_TRY(throng_alloc((void **)&in->found, (size_t)out->n_item, 1, "items"));
  THRONG_TRY(interner_create(&in->cold));
  THRONG_TRY(item_facts_init(&in->facts, out->n_item));
  if (own) THRONG_TRY(ingest_join(in, reader->items_key, own, true, false, reader->items));
  if (table) THRONG_TRY(ingest_join(in, "dataset.items", def->items, true, false, item_table_read));
  if (def->tags)
    THRONG_TRY(ingest_join(in, "dataset.tags", def->tags, false, true, movielens_read_tags));
  const string_table *cold = interner_strings(in->cold);
  for (int64_t i = 0; i < cold->n; i++)
    THRONG_TRY(strings_append(&out->item_id, strings_get(cold, i), strings_length(cold, i)));
  in->counts.cold_items = out->counts.cold_items = cold->n;
  out->n_item += cold->n;
  return item_facts_finish(&in->facts, out);
}

static throng_status read_all(ingest *in, dataset *out) {
  THRONG_TRY(check_def(in));
  in->counts.repeated = in->def->repeated;
  in->counts.like_threshold = in->def->like_threshold;
  ingest_begin(in);
  THRONG_TRY(interactions_init(&in->rows, in->def->repeated));
  THRONG_TRY(in->reader->scan(in));
  THRONG_TRY(settle_times(in));
  THRONG_TRY(thin(in));
  THRONG_TRY(interactions_renumber(&in->rows, &out->user_id, &out->item_id, &in->new_item));
  out->n_user = out->user_id.n;
  out->n_item = out->item_id.n;
  out->n_interaction = in->rows.n;
  if (in->has_text) {
    THRONG_TRY(in->reader->texts(in));
    if (in->text.n < in->rows.n)
      return throng_fail(THRONG_ERROR_DATA,
                         "dataset: the file of texts became shorter while it was read");
  }
  THRONG_TRY(read_items(in, out));
  THRONG_TRY(place_rows(in, out));
  THRONG_TRY(dataset_count_ratings(out, &in->counts));  // the file's own alone
  if (in->implicit) in->counts.like_threshold = NAN;
  out->has_time = in->has_time;
  out->has_text = in->has_text;
  THRONG_TRY(sampled_dislikes_add(out, in->def->negatives, in->def->negatives_seed,
                                  &in->counts.negatives));
  return later_part_cut(out, in->def, &in->counts);
}

static void tell_bad_rows(const ingest *in) {
  for (int k = 0; k < N_ROW_FAULT; k++)
    if (in->counts.bad[k] > 0)
      throng_note(in->progress, "%lld bad rows dropped: %s", (long long)in->counts.bad[k],
                  row_fault_name(k));
  if (in->counts.first_bad[0])
    throng_note(in->progress, "the first bad row: %s", in->counts.first_bad);
}

/// A lone 0 or -1 under ratings of 1 and more most likely means "not rated", and is read as a
/// dislike.
static void tell_doubtful_ratings(const ingest *in) {
  bool scale = in->seen.other > 0 && in->seen.least >= 1 && in->seen.most >= 3;
  int64_t n = in->seen.zero + in->seen.minus_one;
  if (in->implicit || !scale || n == 0) return;
  throng_note(in->progress,
              "%lld ratings are %s and the others %g to %g; where that means \"not rated\", drop "
              "them with dataset.missing",
              (long long)n,
              in->seen.zero == 0        ? "-1"
              : in->seen.minus_one == 0 ? "0"
                                        : "0 or -1",
              in->seen.least, in->seen.most);
}

/// Where no rating reaches the threshold, or every one does, it is meant for another scale.
static void tell_threshold(const ingest *in, const dataset *d) {
  float least = INFINITY, most = -INFINITY;
  int64_t likes = 0;
  if (in->implicit) return;
  for (int64_t i = 0; i < d->n_interaction; i++) {
    least = fminf(least, d->rating[i]);
    most = fmaxf(most, d->rating[i]);
    likes += d->like[i];
  }
  if (d->n_interaction == 0 || (likes != 0 && likes != d->n_interaction)) return;
  throng_note(
      in->progress,
      "warning: %s rating, from %g to %g, reaches dataset.like_threshold %g, so that nothing "
      "is %s",
      likes ? "every" : "no", (double)least, (double)most, in->def->like_threshold,
      likes ? "disliked" : "liked");
}

static void tell(const ingest *in, const dataset *d) {
  const dataset_counts *c = &d->counts;
  double megabytes = (double)c->text_bytes / 1e6;
  throng_note(in->progress,
              "read %lld lines: %lld users, %lld items, %lld interactions; %.1f MB of text in "
              "%.2f s (%.0f MB/s)",
              (long long)c->lines, (long long)d->n_user, (long long)d->n_item,
              (long long)d->n_interaction, megabytes, c->seconds,
              c->seconds > 0 ? megabytes / c->seconds : 0.0);
  if (c->duplicates > 0)
    throng_note(in->progress, "%lld repeated ratings; of each pair the %s counts",
                (long long)c->duplicates, dataset_repeated_word(c->repeated));
  if (c->unrated > 0)
    throng_note(in->progress, "%lld unrated interactions dropped", (long long)c->unrated);
  if (c->negatives > 0)
    throng_note(in->progress, "%lld unseen items put in as dislikes, %d a like",
                (long long)c->negatives, in->def->negatives);
  tell_bad_rows(in);
  tell_doubtful_ratings(in);
  tell_threshold(in, d);
  if (c->unknown_item > 0)
    throng_note(in->progress, "%lld interactions of items left out dropped",
                (long long)c->unknown_item);
  if (c->other_kind > 0)
    throng_note(in->progress, "%lld lines of other records passed over", (long long)c->other_kind);
  if (c->odd_values > 0)
    throng_note(in->progress, "%lld odd values of the items' facts left out",
                (long long)c->odd_values);
  if (c->cold_items > c->later_items)
    throng_note(in->progress, "%lld items kept that nobody rated",
                (long long)(c->cold_items - c->later_items));
  if (d->n_later > 0)
    throng_note(in->progress,
                "%lld interactions of %lld users are kept apart as later ones; %lld items stand in "
                "no others",
                (long long)d->n_later, (long long)c->later_users, (long long)c->later_items);
  if (d->n_later > 0 && !d->has_time)
    throng_note(in->progress,
                "later means further down in the file: without times nobody knows what came later");
  if (c->below_core > 0)
    throng_note(in->progress, "%lld interactions below the %d-core dropped",
                (long long)c->below_core, in->def->k_core);
}

throng_status dataset_read(const dataset_def *def, const throng_progress *progress, dataset *out) {
  *out = (dataset){0};
  THRONG_TRY(fields_check(&dataset_fields, def));
  ingest in = {.def = def, .reader = readers[def->format], .progress = progress};
  double start = clock_now();
  stream_scope scope;
  stream_scope_begin(&scope, progress);
  throng_status status = read_all(&in, out);
  stream_scope_end(&scope);
  if (status == THRONG_OK) {
    out->implicit = in.implicit;
    out->counts = in.counts;
    out->counts.seconds = clock_now() - start;
    tell(&in, out);
  } else {
    dataset_free(out);
  }
  interactions_free(&in.rows);
  item_facts_free(&in.facts);
  interner_free(in.strangers);
  interner_free(in.cold);
  free(in.found);
  strings_free(&in.text);
  free(in.new_item);
  return status;
}
