/// Columns as wide as their cells, cut into blocks where the line is shorter.
#include "report/text_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

enum { GAP = 2 };

int text_width(const char *text) {
  int n = 0;
  for (; *text; ++text) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

void text_fold(const char *text, int width, int indent, FILE *out) {
  int column = 0;
  const int lead = (int)strspn(text, " ");  // of a first line that is indented itself
  fprintf(out, "%*s", lead, "");
  column = lead;
  bool begun = false;
  for (const char *at = text + lead; *at;) {
    const size_t n = strcspn(at, " \n"), spaces = strspn(at + n, " ");
    char word[256];
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), at);
    const int wide = text_width(word);
    if (begun && column + wide > width) {
      fprintf(out, "\n%*s", indent, "");
      column = indent;
    }
    fprintf(out, "%.*s", (int)n, at);
    column += wide;
    begun = true;
    at += n + spaces;
    if (*at == '\n') {
      ++at;
      fputc('\n', out);
      column = 0;
      begun = false;
    } else if (*at) {  // spaces between words stay, unless the line ends there
      const size_t next = strcspn(at, " \n");
      if (column + (int)spaces + (int)next <= width) fprintf(out, "%*s", (int)spaces, "");
      column += (int)spaces;
    }
  }
  fputc('\n', out);
}

void text_table_begin(text_table *t, int n_column) {
  assert(n_column > 0 && n_column <= TEXT_TABLE_COLUMNS);
  *t = (text_table){.n_column = n_column, .left = {true}};
}

static void put(text_table *t, char *text) {
  if (t->status == THRONG_OK)
    t->status = throng_grow((void **)&t->cell, &t->capacity, t->n_cell + 1, sizeof *t->cell,
                            "cells of a table");
  if (t->status == THRONG_OK)
    t->cell[t->n_cell++] = text;
  else
    free(text);
}

void text_table_put(text_table *t, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) {
    text = NULL;
    if (t->status == THRONG_OK)
      t->status = throng_fail(THRONG_ERROR_MEMORY, "cells of a table: no memory");
  }
  va_end(arguments);
  put(t, text);
}

void text_table_end_row(text_table *t) {
  do put(t, NULL);
  while (t->status == THRONG_OK && t->n_cell % (size_t)t->n_column != 0);
}

void text_table_free(text_table *t) {
  for (size_t k = 0; k < t->n_cell; ++k) free(t->cell[k]);
  free(t->cell);
  *t = (text_table){.n_column = 0};
}

static const char *cell(const text_table *t, size_t row, int column) {
  const char *text = t->cell[row * (size_t)t->n_column + (size_t)column];
  return text ? text : "";
}

static bool is_empty(const text_table *t, size_t row) {
  for (int c = 0; c < t->n_column; ++c)
    if (*cell(t, row, c)) return false;
  return true;
}

/// Bytes of the first `n` characters.
static int bytes_of(const char *text, int n) {
  const char *at = text;
  for (; *at; ++at)
    if (((unsigned char)*at & 0xc0) != 0x80 && n-- == 0) break;
  return (int)(at - text);
}

/// A row of the first column and those from `first` to before `end`, without spaces at its end.
static void print_row(const text_table *t, size_t row, int first, int end, const int *wide,
                      FILE *out) {
  int pending = 0;  // spaces that are due before the next text
  for (int c = 0; c < end; c = c == 0 ? first : c + 1) {
    const char *text = cell(t, row, c);
    const int length = text_width(text), space = length < wide[c] ? wide[c] - length : 0;
    if (!t->left[c]) pending += space;
    if (*text) {
      fprintf(out, "%*s%.*s", pending, "", bytes_of(text, wide[c]), text);
      pending = 0;
    }
    if (t->left[c]) pending += space;
    pending += GAP;
  }
  fputc('\n', out);
}

static void print_block(const text_table *t, int first, int end, const int *wide, bool unicode,
                        FILE *out) {
  const size_t n_row = t->n_cell / (size_t)t->n_column;
  int length = wide[0];
  for (int c = first; c < end; ++c) length += GAP + wide[c];
  for (size_t row = 0; row < n_row; ++row) {
    // An empty line stands between rows, and alone.
    if (is_empty(t, row) && (row + 1 == n_row || is_empty(t, row + 1))) continue;
    print_row(t, row, first, end, wide, out);
    if (row > 0) continue;
    for (int k = 0; k < length; ++k) fputs(unicode ? "─" : "-", out);
    fputc('\n', out);
  }
}

/// The end of the columns from `first` on that have room beside the first one.
static int find_end(const text_table *t, int first, const int *wide, int width) {
  int end = first, length = wide[0];
  while (end < t->n_column && (end == first || length + GAP + wide[end] <= width))
    length += GAP + wide[end++];
  return end;
}

/// The first column gives way where it leaves no room for the widest other one.
static void cut_first(const text_table *t, int *wide, int width) {
  enum { LEAST = 8 };
  int most = 0;
  for (int c = 1; c < t->n_column; ++c)
    if (wide[c] > most) most = wide[c];
  const int room = width - GAP - most;
  const int least = wide[0] < LEAST ? wide[0] : LEAST;
  if (wide[0] > room) wide[0] = room > least ? room : least;
}

throng_status text_table_print(text_table *t, int width, bool unicode, FILE *out) {
  int wide[TEXT_TABLE_COLUMNS] = {0};
  if (t->n_cell % (size_t)t->n_column != 0) text_table_end_row(t);
  const throng_status status = t->status;
  const size_t n = status == THRONG_OK ? t->n_cell : 0;
  for (size_t k = 0; k < n; ++k) {
    const int c = (int)(k % (size_t)t->n_column), length = t->cell[k] ? text_width(t->cell[k]) : 0;
    if (length > wide[c]) wide[c] = length;
  }
  cut_first(t, wide, width);
  for (int first = 1, end; n > 0 && first < t->n_column; first = end) {
    end = find_end(t, first, wide, width);
    if (first > 1) fputc('\n', out);
    print_block(t, first, end, wide, unicode, out);
  }
  text_table_free(t);
  return status;
}
