/// JSON as language models write it, read as a person would: comments, commas too many or missing,
/// quotes of Python and of word processors or none, raw line ends and quotes within strings,
/// escapes that are none, sets and tuples, ellipses, brackets that were never closed. What is
/// strict JSON gives the same tree as a strict reader; numbers beyond a double are infinite.
#ifndef THRONG_LLM_LENIENT_H
#define THRONG_LLM_LENIENT_H

#include <cjson/cJSON.h>

#include "base/status.h"

enum { LENIENT_MAX_DEPTH = 64, LENIENT_MAX_VALUES = 100000 };

/// The object or array that begins at `text[0]` ('{' or '['; valid UTF-8 of `length` bytes without
/// NUL). `*out` is NULL where there is none: that is no error. `*used`: bytes that were read.
/// `*cut`: the text ended within; what was whole until then is in the tree, strings that broke off
/// are not. Free with cJSON_Delete. Errors: MEMORY.
throng_status lenient_parse(const char *text, size_t length, size_t *used, bool *cut, cJSON **out);

#endif
