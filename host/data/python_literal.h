/// Python literals (the metadata of Amazon 2014, attribute values of Yelp) parsed into cJSON trees.
/// A parser of literals only: names, calls and operators are errors, nothing is ever evaluated.
#ifndef THRONG_DATA_PYTHON_LITERAL_H
#define THRONG_DATA_PYTHON_LITERAL_H

#include <cjson/cJSON.h>

#include "base/status.h"

/// Accepts str and bytes (all quotes, prefixes and escapes but \N; adjacent ones join), int, float,
/// True, False, None, list, tuple, set, dict, signs before numbers, comments, and Python 2's long
/// ("7L"). Lists, tuples and sets become arrays, dicts objects (keys: strings, numbers, True,
/// False, None, as written), bytes above 0x7F their Latin-1 characters; surrogate pairs are joined,
/// halves become U+FFFD. Integers keep 53 bits. Nests at most 100 deep.
///
/// Errors: DATA "name:line:column: expected ..."; the column counts bytes from 1. `*out` is the
/// caller's to cJSON_Delete.
throng_status python_literal_parse(const char *text, size_t length, const char *name, int64_t line,
                                   cJSON **out);

#endif
