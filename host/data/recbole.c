/// RecBole's atomic files: tab-separated, with a header of name:type; interactions (.inter) and,
/// where given, items (.item). Sequences are separated by spaces.
#include <math.h>
#include <string.h>

#include "data/item_table.h"
#include "data/table_rows.h"

typedef enum column_type { TOKEN, TOKEN_SEQ, FLOAT, FLOAT_SEQ, N_TYPE } column_type;

/// Read "name:type" columns; the names stay in csv->header, the types go to `type` (n_field).
static throng_status read_header(csv_parser *csv, column_type *type) {
  static const char *const type_name[N_TYPE] = {"token", "token_seq", "float", "float_seq"};
  THRONG_TRY(csv_read_header(csv));
  string_table typed = csv->header;
  csv->header = (string_table){0};
  throng_status status = THRONG_OK;
  for (int64_t i = 0; i < typed.n && status == THRONG_OK; i++) {
    const char *name = strings_get(&typed, i), *colon = strrchr(name, ':');
    int t = 0;
    while (colon && t < N_TYPE && strcmp(colon + 1, type_name[t]) != 0) t++;
    if (!colon || t == N_TYPE) {
      status = line_reader_fail(csv->reader,
                                "column \"%.100s\", expected name:type with type token, token_seq, "
                                "float or float_seq",
                                name);
    } else {
      type[i] = (column_type)t;
      status = strings_append(&csv->header, name, (size_t)(colon - name));
    }
  }
  strings_free(&typed);
  return status;
}

static throng_status find_columns(ingest *in, const csv_parser *csv, row_columns *c) {
  const dataset_def *def = in->def;
  static const char *const user[] = {"user_id", "user", NULL};
  static const char *const item[] = {"item_id", "item", "business_id", NULL};
  static const char *const rating[] = {"rating", "stars", NULL};
  static const char *const time[] = {"timestamp", "time", "date", NULL};
  static const char *const text[] = {"review", "review_text", "text", NULL};
  THRONG_TRY(table_column(csv, def->column_user, "dataset.columns.user", user, false, &c->user));
  THRONG_TRY(table_column(csv, def->column_item, "dataset.columns.item", item, false, &c->item));
  THRONG_TRY(table_rating_column(in, csv, def->column_rating, rating, &c->rating));
  THRONG_TRY(table_column(csv, def->column_time, "dataset.columns.time", time, true, &c->time));
  return table_column(csv, def->column_text, "dataset.columns.text", text, true, &c->text);
}

static throng_status scan_rows(ingest *in, csv_parser *csv) {
  column_type type[CSV_MAX_FIELDS];
  row_columns c;
  THRONG_TRY(read_header(csv, type));
  THRONG_TRY(find_columns(in, csv, &c));
  table_note_columns(in, csv, &c, "dataset.columns.time");
  return table_rows_scan(in, csv, &c);
}

static throng_status read_texts(ingest *in, csv_parser *csv) {
  column_type type[CSV_MAX_FIELDS];
  row_columns c;
  THRONG_TRY(read_header(csv, type));
  THRONG_TRY(find_columns(in, csv, &c));
  return table_rows_texts(in, csv, &c);
}

// --- items ---------------------------------------------------------------------------------------

static bool one_of(const char *name, const char *const list[]) {
  for (int i = 0; list[i]; i++)
    if (strcmp(name, list[i]) == 0) return true;
  return false;
}

/// The words of a sequence, as categories and as attributes of the column's name.
static throng_status sequence(item_facts *facts, const char *name, const char *at) {
  for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
    size_t n = strcspn(at, " ");
    THRONG_TRY(item_facts_category(facts, at, n));
    THRONG_TRY(item_facts_attribute(facts, name, at, n));
    at += n;
  }
  return THRONG_OK;
}

static throng_status describe(item_facts *facts, const csv_parser *csv, const column_type *type,
                              int id) {
  static const char *const titles[] = {"title", "name", "movie_title", "item_name", NULL};
  static const char *const groups[] = {"class", "genre", "genres", "category", "categories", NULL};
  for (int i = 0; i < csv->n_field; i++) {
    const char *name = strings_get(&csv->header, i), *text = csv_field(csv, i);
    size_t length = csv_length(csv, i);
    if (i == id || length == 0) continue;
    if (one_of(name, titles)) {
      THRONG_TRY(item_facts_name(facts, text, length));
      THRONG_TRY(item_facts_text(facts, text, length));
    } else if (type[i] == TOKEN_SEQ && one_of(name, groups)) {
      THRONG_TRY(sequence(facts, name, text));
    } else if (type[i] == TOKEN_SEQ) {
      THRONG_TRY(item_facts_text(facts, text, length));
    } else if (type[i] == FLOAT || strstr(name, "year")) {
      bool taken;
      THRONG_TRY(item_table_figure(facts, name, text, length, &taken));
    } else if (type[i] == TOKEN) {
      if (one_of(name, groups)) THRONG_TRY(item_facts_category(facts, text, length));
      THRONG_TRY(item_facts_attribute(facts, name, text, length));
    }
  }
  return THRONG_OK;
}

static throng_status describe_all(ingest *in, csv_parser *csv) {
  static const char *const item_name[] = {"item_id", "item", "business_id", NULL};
  column_type type[CSV_MAX_FIELDS];
  int id;
  THRONG_TRY(read_header(csv, type));
  THRONG_TRY(
      table_column(csv, in->def->column_item, "dataset.columns.item", item_name, false, &id));
  for (;;) {
    bool more;
    THRONG_TRY(csv_next(csv, &more));
    if (!more) return THRONG_OK;
    int32_t item;
    THRONG_TRY(ingest_find_item(in, csv_field(csv, id), csv_length(csv, id), &item));
    if (item < 0 || !item_facts_begin(&in->facts, item)) continue;
    THRONG_TRY(describe(&in->facts, csv, type, id));
    THRONG_TRY(item_facts_end(&in->facts));
  }
}

typedef throng_status pass_fn(ingest *in, csv_parser *csv);

static throng_status run_pass(ingest *in, const char *path, const char *key, const char *stage,
                              bool rows, pass_fn *pass) {
  csv_parser csv = {0};
  THRONG_TRY(ingest_dialect(in, path, key, NULL, CSV_TABS, rows, &csv));
  THRONG_TRY(ingest_open(in, path, key, stage, &csv.reader));
  throng_status status = pass(in, &csv);
  csv_free(&csv);
  ingest_close(in, csv.reader, rows);
  return status;
}

static throng_status scan(ingest *in) {
  return run_pass(in, in->def->interactions, "dataset.interactions", "read interactions", true,
                  scan_rows);
}

static throng_status texts(ingest *in) {
  return run_pass(in, in->def->interactions, "dataset.interactions", "read texts", false,
                  read_texts);
}

static throng_status items(ingest *in) {
  return run_pass(in, in->def->items, "dataset.items", "read items", false, describe_all);
}

const dataset_reader recbole_reader = {.rating_min = NAN,
                                       .rating_max = NAN,
                                       .main = "dataset.interactions",
                                       .uses = KEYS(COLUMN_KEYS, TABLE_KEYS),
                                       .scan = scan,
                                       .texts = texts,
                                       .items = items,
                                       .items_key = "dataset.items"};
