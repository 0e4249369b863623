/// Tables for terminals of any width: what does not fit beside each other stands in blocks below
/// each other, each with the first column. Text only; printing it is the program's business.
#ifndef THRONG_REPORT_TEXT_TABLE_H
#define THRONG_REPORT_TEXT_TABLE_H

#include <stdio.h>

#include "base/status.h"

enum { TEXT_TABLE_COLUMNS = 40, TEXT_TABLE_NARROWEST = 40 };

/// Made by text_table_begin, filled cell by cell, printed once.
typedef struct text_table {
  int n_column;
  bool left[TEXT_TABLE_COLUMNS];  // to the left; else to the right. The first always is
  char **cell;                    // (n_cell) row by row; NULL: an empty one
  size_t n_cell, capacity;
  throng_status status;  // of the first cell that there was no memory for
} text_table;

/// The first row that is put is its head.
void text_table_begin(text_table *t, int n_column);
/// The next cell, from left to right and from row to row.
void text_table_put(text_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// The rest of this row is empty; an empty line where it has not begun.
void text_table_end_row(text_table *t);
/// What was put, in lines of `width` characters at most, where the widest column leaves eight for
/// the first one, which is cut to what is left; with a rule below each head; frees what `t` holds.
/// Errors: MEMORY.
throng_status text_table_print(text_table *t, int width, bool unicode, FILE *out);
/// Frees what was put without printing it; `t` may be zeroed.
void text_table_free(text_table *t);

/// Characters of UTF-8, each a column of a terminal.
int text_width(const char *text);
/// Words of `text` in lines of `width` characters, all but the first indented; a word that is
/// longer than that stands alone. Line ends of the text stay, and one is added.
void text_fold(const char *text, int width, int indent, FILE *out);

#endif
