/// Raw interactions after reading: users, items, ratings, texts and item facts, thinned by k-core
/// and threshold. What keywords are extracted from and worlds are made of.
#ifndef THRONG_DATA_DATASET_H
#define THRONG_DATA_DATASET_H

#include "base/field.h"
#include "base/strings.h"
#include "data/csv_dialect.h"
#include "data/join.h"
#include "data/times.h"

/// Layouts of raw files, each with a reader of its own, <name>_reader in <name>.c: X(NAME, name).
/// The editions of Amazon (2014, 2018, 2023) and MovieLens (100K, 1M, latest) are told apart by
/// their readers. To add one, see docs/add_a_reader.md.
#define DATASET_FORMATS(X) \
  X(AMAZON, amazon)        \
  X(YELP, yelp)            \
  X(ANIME, anime)          \
  X(MOVIELENS, movielens)  \
  X(RECBOLE, recbole)      \
  X(CSV, csv)

typedef enum dataset_format {
#define X(NAME, name) DATASET_##NAME,
  DATASET_FORMATS(X)
#undef X
      N_DATASET_FORMAT
} dataset_format;
extern const char *const dataset_format_names[];  // by format, NULL-terminated

/// Which of a user's ratings of the same item counts: by time, by their order in the file where
/// times are equal or absent. The mean stands in the last one's place, with its time and text.
typedef enum dataset_repeated {
  DATASET_REPEATED_FIRST,
  DATASET_REPEATED_LAST,
  DATASET_REPEATED_MEAN,
} dataset_repeated;

/// Where likes come from.
typedef enum dataset_rating {
  DATASET_RATING_AUTO,      // ratings where there is a column of them, else implicit
  DATASET_RATING_EXPLICIT,  // a rating that reaches like_threshold is a like
  DATASET_RATING_IMPLICIT,  // every row is a like
} dataset_rating;

/// Section "dataset" of a config. Strings are owned by the config.
typedef struct dataset_def {
  dataset_format format;
  const char *reviews, *metadata;  // amazon; yelp's reviews
  const char *businesses;          // yelp
  const char *ratings;             // anime, movielens
  const char *items;               // a table of items; anime's, movielens' and recbole's own
  const char *tags;                // movielens
  const char *interactions;        // recbole
  const char *file;                // csv
  // csv and recbole; NULL: user, item, rating and, where the header has them, time and text
  // (recbole: user_id, item_id, rating, timestamp)
  const char *column_user, *column_item, *column_rating, *column_time, *column_text;
  // of `items`; NULL: the usual names. Where one is given, the table is read by its columns
  // whatever the format.
  const char *items_item, *items_title, *items_categories, *items_text;
  const char *items_attributes;  // names of columns, separated by commas
  bool cold_items;               // keep the items of the files of items that nobody rated
  dataset_repeated repeated;
  csv_wishes csv;              // how tables are written, where it is not to be found out
  const char *const *missing;  // ratings that stand for none, NULL-terminated; "" always does
  int64_t max_bad_rows;        // drop and count so many rows that cannot be read; 0: none
  dataset_rating rating_kind;
  int32_t negatives;  // unseen items a like that are put in as dislikes
  uint32_t negatives_seed;
  time_unit time_unit;            // TIME_AUTO: told by the column
  const char *state;              // yelp: keep the businesses of this state; NULL: all
  double like_threshold;          // a rating that reaches it is a like
  double rating_min, rating_max;  // accepted ratings; NaN: the format's own range
  int32_t k_core;                 // users and items with fewer interactions go; 0: none
  int64_t max_interactions;       // stop after this many kept rows; 0: no limit
  double later_share;        // of each user's rows, the last ones, that only measures see; 0: none
  bool later_without_times;  // cut by the order of the file where the data has no times
  int32_t later_least;       // users with fewer rows keep all
} dataset_def;

extern const field_table dataset_fields;
dataset_def dataset_default_def(void);
/// The texts that stand for no value unless dataset.missing says otherwise.
extern const char *const dataset_usual_missing[];

/// Why a row was dropped as bad.
typedef enum row_fault {
  ROW_FAULT_FORM,    // fields, quotes, JSON, encoding
  ROW_FAULT_ID,      // no user or no item
  ROW_FAULT_RATING,  // not a number, or out of range
  ROW_FAULT_TIME,
  N_ROW_FAULT,
} row_fault;
/// "malformed", "without an id", ...
const char *row_fault_name(int fault);

enum { DATASET_MAX_JOINS = 4, DATASET_MAX_BINS = 20 };

/// So many of the kept ratings lie in from..to (`to` itself belongs to it where it equals `from`
/// and in the last bin).
typedef struct rating_bin {
  double from, to;
  int64_t count;
} rating_bin;

/// What was read and what was dropped, for the report.
typedef struct dataset_counts {
  int64_t lines;               // of the file of interactions, header included
  int64_t duplicates;          // rows of a user and an item that had one already
  int64_t unrated;             // rows without a rating (anime's -1, empty fields)
  int64_t unknown_item;        // rows of items left out (yelp: not listed, or of another state)
  int64_t other_kind;          // lines of other records in the same file (yelp: users, businesses)
  int64_t bad[N_ROW_FAULT];    // lines of rows that could not be read, by cause
  char first_bad[240];         // the first of them, as its error said
  char times[224];             // unit and range of the times; "" where there are none
  int64_t negatives;           // sampled dislikes that were put in
  int64_t below_core;          // rows that the k-core dropped
  int64_t odd_values;          // of the items' facts: they could not be read, and are left out
  int64_t cold_items;          // items kept though no history has them: the last ones
  int64_t later_items;         // of which so many stand in later parts
  int64_t later, later_users;  // rows of later parts, and users who have one
  int64_t text_bytes;          // uncompressed bytes read
  double seconds;              // reading them
  dataset_repeated repeated;   // which of repeated ratings was kept
  double like_threshold;
  int64_t likes, dislikes;
  rating_bin rating[DATASET_MAX_BINS];  // each value, or equal widths where there are too many
  int n_rating;
  join_count join[DATASET_MAX_JOINS];
  int n_join;
} dataset_counts;

typedef struct dataset {
  int64_t n_user, n_item, n_interaction, n_category, n_attribute;
  string_table user_id, item_id;  // items that nobody rated come last
  string_table item_name;         // (n_item) title, "" where none
  int64_t *user_offset;           // (n_user + 1) into the arrays below
  int32_t *item;             // (n_interaction) by user, in time order (file order without time)
  float *rating;             // (n_interaction)
  uint8_t *like;             // (n_interaction)
  int64_t *time;             // (n_interaction) seconds since 1970; the row's place without time
  string_table text;         // (n_interaction) title, line end, review; n = 0 without texts
  int64_t *category_offset;  // (n_item + 1)
  int32_t *category;         // rising within an item
  string_table category_name;
  int64_t *attribute_offset;  // (n_item + 1)
  int32_t *attribute;         // facts as words: "genre: drama", "type: tv", "decade: 1990s"
  string_table attribute_name;
  string_table facts;  // (n_item) lines of title, brand, features, description; "" where none
  // Later parts (dataset.later_share), NULL where there are none; the arrays above are without
  // them.
  int64_t n_later;
  int64_t *later_offset;  // (n_user + 1) into the arrays below
  int32_t *later_item;    // (n_later) as `item`, and so on
  float *later_rating;
  uint8_t *later_like;
  int64_t *later_time;
  bool has_time, has_text;
  bool implicit;  // every row of the files is a like
  dataset_counts counts;
} dataset;

void dataset_free(dataset *d);

#endif
