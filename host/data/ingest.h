/// What a format's reader is given and where it puts what it finds. Reading goes in three passes,
/// so that memory grows with what is kept and not with the files:
///
///   1. scan   every interaction as a compact row, without its text; then dataset.c thins them
///   2. texts  the review texts of the kept rows only, in file order; other lines are not parsed
///   3. items  names, categories and facts of the kept items only
#ifndef THRONG_DATA_INGEST_H
#define THRONG_DATA_INGEST_H

#include "data/csv_parser.h"
#include "data/dataset.h"
#include "data/interactions.h"
#include "data/item_facts.h"
#include "data/line_reader.h"

typedef struct dataset_reader dataset_reader;

typedef struct ingest {
  const dataset_def *def;
  const dataset_reader *reader;
  const throng_progress *progress;
  double rating_min, rating_max;
  bool has_time, has_text;  // set by scan
  bool implicit;            // rows are likes, whatever their rating; set by scan
  bool decimal_comma;       // "4,5" is a number: the table's separator is another
  bool zero_is_missing;     // as Book-Crossing has it
  time_column times;
  bool may_be_missing[256];  // by a text's first byte
  row_fault fault;           // of the row that is being read
  struct {
    int64_t zero, minus_one, other;
    double least, most;  // of the others
  } seen;                // ratings, to tell "unrated" that is written as a number
  interactions rows;
  dataset_counts counts;
  // after thinning
  int32_t *new_item;            // number in rows.items to number in the data set, -1: dropped
  string_table text;            // of rows[0 .. text.n), so far
  const string_table *item_id;  // of the items that rows have
  item_facts facts;
  // of the present file of items
  uint8_t *found;       // (item_id->n) of them, those that it names
  interner *strangers;  // ids that no row has; JOIN_SAMPLE of them
  bool takes_cold;      // and they are kept, as further items, in the order of `cold`
  interner *cold;
} ingest;

typedef throng_status ingest_pass(ingest *in);

/// A format: the ratings that it knows (NaN: any), its files and further keys ("dataset.reviews"),
/// and its three passes. A key that is some format's main file or listed in `uses` is used by those
/// formats alone, any other by all.
struct dataset_reader {
  double rating_min, rating_max;
  const char *main;             // the file of interactions
  const char *const *required;  // further files that must be given; NULL: none
  const char *const *uses;      // what else is its own; NULL: nothing
  ingest_pass *scan;
  ingest_pass *texts;     // called where scan set has_text
  ingest_pass *items;     // NULL: the format has no item facts
  const char *items_key;  // the file that `items` reads; NULL: none
  bool names_every_item;  // it does: an item that is missing there is an error
};

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TABLE_KEYS \
  "dataset.csv.separator", "dataset.csv.quote", "dataset.csv.escape", "dataset.csv.names"
#define COLUMN_KEYS                                                         \
  "dataset.columns.user", "dataset.columns.item", "dataset.columns.rating", \
      "dataset.columns.time", "dataset.columns.text"

#define X(NAME, name) extern const dataset_reader name##_reader;
DATASET_FORMATS(X)
#undef X

/// MovieLens' tags as attributes of the kept items, "tag: atmospheric".
ingest_pass movielens_read_tags;

/// Open and close a file of the config; closing adds to the counts (`rows`: its lines too).
throng_status ingest_open(const ingest *in, const char *path, const char *key, const char *stage,
                          line_reader **out);
void ingest_close(ingest *in, line_reader *reader, bool rows);

/// The first line of a file of the config, "" where the file is empty: what tells variants apart.
throng_status ingest_first_line(const char *path, const char *key, byte_buffer *line);

/// True where dataset.max_interactions rows are held: stop scanning.
bool ingest_full(const ingest *in);
/// Add an interaction of the record that begins at `line`. DATA where an id is missing or the
/// rating is NaN or out of range. `time` is a key of in->times.
throng_status ingest_add(ingest *in, const line_reader *reader, int64_t line, const char *user,
                         size_t user_length, const char *item, size_t item_length, double rating,
                         int64_t time);
/// Parse a rating and a time, or say what was found. `*rated` is false, and the row counted, where
/// the text stands for no rating (dataset.missing). With `implicit` every rating is 1.
throng_status ingest_parse_rating(ingest *in, const line_reader *reader, const char *text,
                                  size_t length, double *rating, bool *rated);
throng_status ingest_parse_time(ingest *in, const line_reader *reader, const char *text,
                                size_t length, int64_t *time);
/// The end of a row that reading has come to `status` with: OK where it is good, or bad and dropped
/// within dataset.max_bad_rows. `before` is the line read last before it. Sets `fault` anew.
throng_status ingest_end_row(ingest *in, const line_reader *reader, int64_t before,
                             throng_status status);
/// True where another pass over the rows may go on after this status: the row was dropped.
bool ingest_was_dropped(const ingest *in, const line_reader *reader, throng_status status);

/// What ratings and times need to know of the config; before the scan.
void ingest_begin(ingest *in);

/// The dialect of a table of the config, with a note where it is not the usual one.
throng_status ingest_dialect(ingest *in, const char *path, const char *key,
                             const char *const wanted[], csv_dialect usual, bool tell,
                             csv_parser *csv);

/// The line where the next wanted text's record begins; -1 where all are read.
int64_t ingest_text_line(const ingest *in);
/// Read a file of JSON lines and give those that hold wanted texts to `take`, which stores one.
typedef throng_status take_text_fn(ingest *in, const line_reader *reader, const char *line,
                                   size_t length);
throng_status ingest_json_texts(ingest *in, const char *path, const char *key, take_text_fn *take);
/// Store the next wanted text, cleaned of HTML: `title`, a line end, `body`, where not empty.
throng_status ingest_text(ingest *in, const char *title, size_t title_length, const char *body,
                          size_t body_length);
/// Number of a kept item, -1 for others. An item that no row has becomes one with the next number
/// where cold items are taken.
throng_status ingest_find_item(ingest *in, const char *id, size_t length, int32_t *item);
/// Run `pass` over a file of items, and tell how many of the kept items it names. `cold`: those
/// that nobody rated may be kept. `sparse`: few are expected. Errors: DATA where none is found.
throng_status ingest_join(ingest *in, const char *key, const char *path, bool cold, bool sparse,
                          ingest_pass *pass);
/// The file that holds the interactions.
const char *ingest_main_file(const ingest *in);
/// What a file's key ("dataset.reviews") was given; NULL: nothing.
const char *ingest_path(const ingest *in, const char *key);
/// Count a value of an item's facts that cannot be read, and note the first. `what` names it.
void ingest_odd_value(ingest *in, const line_reader *reader, const char *what, const char *value);

#endif
