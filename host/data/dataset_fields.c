/// The options of a data set: where its files are, what is in them, what is kept. Which format uses
/// which is its reader's to say (ingest.h).
#include <math.h>

#include "data/dataset.h"

const char *const dataset_format_names[] = {
#define X(NAME, name) #name,
    DATASET_FORMATS(X)
#undef X
        NULL};
static const char *const repeated_names[] = {[DATASET_REPEATED_FIRST] = "first",
                                             [DATASET_REPEATED_LAST] = "last",
                                             [DATASET_REPEATED_MEAN] = "mean",
                                             NULL};
static const char *const rating_names[] = {[DATASET_RATING_AUTO] = "auto",
                                           [DATASET_RATING_EXPLICIT] = "explicit",
                                           [DATASET_RATING_IMPLICIT] = "implicit",
                                           NULL};
static const char *const time_unit_names[] = {"auto", "s", "ms", "us", "ns", "date", NULL};

#define FIELD_DEF dataset_def
static const field dataset_rows[] = {
    FIELD_ENUM("format", dataset_format, format, dataset_format_names, DATASET_AMAZON, 0,
               "layout of the raw files; Amazon's three editions and MovieLens' are told apart by "
               "themselves"),
    FIELD_PATH("reviews", reviews, NULL, "review lines, gzip or plain"),
    FIELD_PATH("metadata", metadata, NULL, "item metadata lines; may be left out"),
    FIELD_PATH("businesses", businesses, NULL, "business lines"),
    FIELD_PATH("ratings", ratings, NULL, "rating rows"),
    FIELD_PATH("items", items, NULL,
               "item rows: the format's own file, or any table with a header or JSON lines"),
    FIELD_STRING(
        "item_columns.item", items_item, NULL,
        "dataset.items: column of ids; where one of item_columns is given the file is read by "
        "columns whatever the format"),
    FIELD_STRING("item_columns.title", items_title, NULL, "dataset.items: column of titles"),
    FIELD_STRING(
        "item_columns.categories", items_categories, NULL,
        "dataset.items: columns of categories, a list or words between | ; or , in a field"),
    FIELD_STRING("item_columns.text", items_text, NULL, "dataset.items: columns of descriptions"),
    FIELD_STRING(
        "item_columns.attributes", items_attributes, NULL,
        "dataset.items: columns whose words are attributes, which keywords are made of where "
        "there are no review texts"),
    FIELD_PATH("tags", tags, NULL,
               "tags.csv or tags.dat: every user's tags as attributes of the items"),
    FIELD_BOOL(
        "cold_items", cold_items, false, 0,
        "keep the items of the files of items that nobody rated; f_sta knows nothing of them"),
    FIELD_ENUM("repeated", dataset_repeated, repeated, repeated_names, DATASET_REPEATED_FIRST, 0,
               "which of a user's ratings of the same item counts, by time"),
    FIELD_PATH("interactions", interactions, NULL, "the .inter file"),
    FIELD_PATH("file", file, NULL, "the CSV file, with a header"),
    FIELD_STRING("columns.user", column_user, NULL, "column of user ids"),
    FIELD_STRING("columns.item", column_item, NULL, "column of item ids"),
    FIELD_STRING("columns.rating", column_rating, NULL, "column of ratings"),
    FIELD_STRING("columns.time", column_time, NULL,
                 "column of times (see dataset.time_unit); without one, file order counts"),
    FIELD_STRING("columns.text", column_text, NULL, "column of review texts"),
    FIELD_STRING(
        "csv.separator", csv.separator, NULL,
        "between columns: one character or a few, or tab, comma, semicolon, pipe, space; null: "
        "told from the first line"),
    FIELD_STRING("csv.quote", csv.quote, NULL,
                 "around fields: one character, or none; null: told from the first records"),
    FIELD_STRING(
        "csv.escape", csv.escape, NULL,
        "before a quote, separator or line end that is text: one character (backslash), or none; "
        "null: told from the first records"),
    FIELD_TEXTS("csv.names", csv.names, NULL, "names of the columns of a file that has no header"),
    FIELD_TEXTS(
        "missing", missing, dataset_usual_missing,
        "ratings that stand for none: such rows are dropped and counted, as those with an empty "
        "rating are; [\"0\"] where 0 means not rated"),
    FIELD_I64(
        "max_bad_rows", max_bad_rows, 0, 0, FIELD_LARGE, 0,
        "rows that cannot be read are dropped and counted up to so many; 0: the first is an error"),
    FIELD_ENUM(
        "rating", dataset_rating, rating_kind, rating_names, DATASET_RATING_AUTO, 0,
        "explicit: a rating that reaches like_threshold is a like; implicit: every row is; auto: "
        "implicit where there is no column of ratings"),
    FIELD_I32(
        "negatives", negatives, 0, 0, 1000, 0,
        "unseen items a like, drawn evenly, that stand in the histories as dislikes; 0: none"),
    FIELD_SEED("negatives_seed", negatives_seed, 1, 0, "seed of dataset.negatives"),
    FIELD_ENUM(
        "time_unit", time_unit, time_unit, time_unit_names, TIME_AUTO, 0,
        "s, ms, us, ns since 1970, or date: whole numbers YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss; "
        "auto: told from all times of the file. ISO 8601 is always understood"),
    FIELD_STRING("state", state, NULL, "keep the businesses of this state (the paper: MO)"),
    FIELD_F64("like_threshold", like_threshold, 4, -1e9, 1e9, 0,
              "a rating that reaches it is a like, in rating units (the paper: 3 of 5)"),
    FIELD_F64("rating_min", rating_min, NAN, -1e9, 1e9, 0,
              "least rating accepted; null: the format's own"),
    FIELD_F64("rating_max", rating_max, NAN, -1e9, 1e9, 0,
              "largest rating accepted; null: the format's own"),
    FIELD_I32("k_core", k_core, 0, 0, 1000000, 0,
              "users and items with fewer interactions go; 0: none"),
    FIELD_I64("max_interactions", max_interactions, 0, 0, FIELD_LARGE, 0,
              "stop after so many kept interactions; 0: no limit"),
    FIELD_F64("later_share", later_share, 0, 0, 0.9, 0,
              "of each user's interactions, the last ones by time, that no history, keyword or fit "
              "sees and throng evaluate asks about; 0: none"),
    FIELD_BOOL("later_without_times", later_without_times, false, 0,
               "cut by the order of the file where the data has no times, which is refused "
               "otherwise: what comes last there need not have come later"),
    FIELD_I32("later_least", later_least, 8, 2, 1000000, 0,
              "users with fewer interactions have no later part"),
};
#undef FIELD_DEF
const field_table dataset_fields = FIELD_TABLE_INNER("dataset", dataset_def, dataset_rows);

dataset_def dataset_default_def(void) {
  dataset_def def;
  fields_default(&dataset_fields, &def);
  return def;
}
