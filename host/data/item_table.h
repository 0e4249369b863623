/// A table of items beside any format: an id and, by named columns, titles, categories, texts and
/// attributes. Delimited text (the separator is told from the header) or JSON lines.
#ifndef THRONG_DATA_ITEM_TABLE_H
#define THRONG_DATA_ITEM_TABLE_H

#include "data/ingest.h"

/// True where the config names a column of the table: it is read by columns then, whatever the
/// format.
bool item_table_is_wanted(const dataset_def *def);
/// Whether dataset.items holds JSON lines, which no format's own file of items does. Errors: those
/// of reading its first line.
throng_status item_table_is_json(const dataset_def *def, bool *json);
/// Describe the kept items by dataset.items. Errors: DATA with file and line; no column to read.
throng_status item_table_read(ingest *in);

/// Give `add` each word of a list in one field: a literal (['a', 'b'], [{"name": "a"}]), or words
/// between '|', else ';', else ','. False where the field begins as a literal and is none.
typedef throng_status item_word_fn(void *context, const char *word, size_t length);
throng_status item_table_words(const char *text, size_t length, item_word_fn *add, void *context,
                               bool *good);

/// A figure as a word: "1995" of a year's column as "decade: 1990s", a price as a bucket. `*taken`
/// is false for other figures and for what is none.
throng_status item_table_figure(item_facts *facts, const char *column, const char *text,
                                size_t length, bool *taken);

#endif
