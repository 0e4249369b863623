/// Strings, numbers and spaces of Python's lexical grammar (Python reference, 2.1 and 2.4): the
/// lower half of python_literal.c.
#ifndef THRONG_DATA_PYTHON_LEXER_H
#define THRONG_DATA_PYTHON_LEXER_H

#include "data/byte_buffer.h"

typedef struct python_lexer {
  const char *at, *end;
  const char *name;
  int64_t line;
  const char *line_start;  // of the present line, for columns
  byte_buffer text;        // of the string or number that was read last
} python_lexer;

typedef struct python_prefix {
  bool raw, bytes;
} python_prefix;

/// DATA error "name:line:column: expected what" at `at`, or where the lexer stands.
throng_status python_expected_at(const python_lexer *p, const char *at, const char *what);
throng_status python_expected(const python_lexer *p, const char *what);

bool python_next_is(const python_lexer *p, char c);
/// Whether a name may hold this byte.
bool python_is_name(char c);
/// Past spaces, line ends and comments.
void python_skip_space(python_lexer *p);
/// How many letters of a string prefix stand here, before a quote; -1 where this is no string.
int python_string_prefix(const python_lexer *p, python_prefix *out);
/// A string at its prefix, with the strings that follow it, into p->text; past the spaces after it.
throng_status python_take_strings(python_lexer *p, int prefix_length, python_prefix how);
/// A number without a sign, at a digit or a point.
throng_status python_take_number(python_lexer *p, double *out);

#endif
