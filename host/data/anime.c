/// The Anime recommendations database (CooperUnion): anime.csv and rating.csv. No times, no texts;
/// -1 stands for "watched, not rated".
#include <string.h>

#include "data/number.h"
#include "data/table_rows.h"

static throng_status add_record(ingest *in, const csv_parser *csv, const row_columns *c) {
  double rating = 1;
  bool rated = true;
  if (c->rating >= 0)
    THRONG_TRY(ingest_parse_rating(in, csv->reader, csv_field(csv, c->rating),
                                   csv_length(csv, c->rating), &rating, &rated));
  if (rated && rating == -1) {
    in->counts.unrated++;
    in->seen.minus_one--;  // known to mean that: nobody need be told
    rated = false;
  }
  if (!rated) return THRONG_OK;
  return ingest_add(in, csv->reader, csv->line, csv_field(csv, c->user), csv_length(csv, c->user),
                    csv_field(csv, c->item), csv_length(csv, c->item), rating, 0);
}

static const char *const row_names[] = {"user_id", "anime_id", "rating", NULL};

static throng_status scan_rows(ingest *in, csv_parser *csv) {
  row_columns c = {.time = -1, .text = -1};
  bool more;
  THRONG_TRY(csv_begin(csv, in->def->csv.names));
  THRONG_TRY(csv_require_column(csv, "user_id", "dataset.ratings", &c.user));
  THRONG_TRY(csv_require_column(csv, "anime_id", "dataset.ratings", &c.item));
  THRONG_TRY(table_rating_column(in, csv, NULL, row_names + 2, &c.rating));
  table_note_columns(in, csv, &c, NULL);
  while (!ingest_full(in)) {
    int64_t before = line_reader_number(csv->reader);
    throng_status status = csv_next(csv, &more);
    if (status == THRONG_OK && !more) break;
    if (status == THRONG_OK) status = add_record(in, csv, &c);
    THRONG_TRY(ingest_end_row(in, csv->reader, before, status));
  }
  return THRONG_OK;
}

static throng_status scan(ingest *in) {
  csv_parser csv = {0};
  THRONG_TRY(
      ingest_dialect(in, in->def->ratings, "dataset.ratings", row_names, CSV_COMMAS, true, &csv));
  THRONG_TRY(ingest_open(in, in->def->ratings, "dataset.ratings", "read ratings", &csv.reader));
  throng_status status = scan_rows(in, &csv);
  csv_free(&csv);
  ingest_close(in, csv.reader, true);
  return status;
}

typedef struct anime_columns {
  int id, name, genre, type, episodes;
} anime_columns;

/// "Action, Adventure": categories and, as there are no texts, attribute words too.
static throng_status genres(item_facts *facts, const char *at) {
  for (;;) {
    size_t n = strcspn(at, ",");
    THRONG_TRY(item_facts_category(facts, at, n));
    THRONG_TRY(item_facts_attribute(facts, "genre", at, n));
    if (!at[n]) return THRONG_OK;
    at += n + 1;
  }
}

static throng_status describe(item_facts *facts, const csv_parser *csv, const anime_columns *c) {
  static const double bound[] = {2, 7, 14, 27, 53};
  static const char *const word[] = {"1",        "2 to 6",   "7 to 13",
                                     "14 to 26", "27 to 52", "53 or more"};
  THRONG_TRY(item_facts_name(facts, csv_field(csv, c->name), csv_length(csv, c->name)));
  THRONG_TRY(item_facts_text(facts, csv_field(csv, c->name), csv_length(csv, c->name)));
  THRONG_TRY(genres(facts, csv_field(csv, c->genre)));
  THRONG_TRY(
      item_facts_attribute(facts, "type", csv_field(csv, c->type), csv_length(csv, c->type)));
  double episodes;
  // "Unknown" for those that were still running.
  if (!number_parse(csv_field(csv, c->episodes), csv_length(csv, c->episodes), &episodes))
    return THRONG_OK;
  int bucket = 0;
  while (bucket < 5 && episodes >= bound[bucket]) bucket++;
  return item_facts_attribute(facts, "episodes", word[bucket], strlen(word[bucket]));
}

static throng_status describe_all(ingest *in, csv_parser *csv) {
  anime_columns c;
  THRONG_TRY(csv_read_header(csv));
  THRONG_TRY(csv_require_column(csv, "anime_id", "dataset.items", &c.id));
  THRONG_TRY(csv_require_column(csv, "name", "dataset.items", &c.name));
  THRONG_TRY(csv_require_column(csv, "genre", "dataset.items", &c.genre));
  THRONG_TRY(csv_require_column(csv, "type", "dataset.items", &c.type));
  THRONG_TRY(csv_require_column(csv, "episodes", "dataset.items", &c.episodes));
  for (;;) {
    bool more;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) return THRONG_OK;
    int32_t item;
    THRONG_TRY(ingest_find_item(in, csv_field(csv, c.id), csv_length(csv, c.id), &item));
    if (item < 0 || !item_facts_begin(&in->facts, item)) continue;
    THRONG_TRY(describe(&in->facts, csv, &c));
    THRONG_TRY(item_facts_end(&in->facts));
  }
}

static throng_status items(ingest *in) {
  line_reader *reader;
  THRONG_TRY(ingest_open(in, in->def->items, "dataset.items", "read items", &reader));
  csv_parser csv = {.reader = reader};
  throng_status status =
      ingest_dialect(in, in->def->items, "dataset.items", NULL, CSV_COMMAS, true, &csv);
  if (status == THRONG_OK) status = describe_all(in, &csv);
  csv_free(&csv);
  ingest_close(in, reader, false);
  return status;
}

const dataset_reader anime_reader = {.rating_min = 1,
                                     .rating_max = 10,
                                     .main = "dataset.ratings",
                                     .required = KEYS("dataset.items"),
                                     .uses = KEYS(TABLE_KEYS),
                                     .scan = scan,
                                     .items = items,
                                     .items_key = "dataset.items",
                                     .names_every_item = true};
