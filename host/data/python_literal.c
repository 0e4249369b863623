/// Recursive descent over Python's literal displays (Python reference, 6.2); see python_literal.h.
#include "data/python_literal.h"

#include <string.h>

#include "data/python_lexer.h"

enum { MAX_DEPTH = 100 };

static throng_status out_of_memory(const python_lexer *p) {
  return throng_fail(THRONG_ERROR_MEMORY, "%s:%lld: no memory for this literal", p->name,
                     (long long)p->line);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static throng_status take_value(python_lexer *p, int depth, cJSON **out);

/// Items of a list, tuple or set up to `close`, into the array `out`. A value may be in it already.
static throng_status take_items(python_lexer *p, int depth, char close, cJSON *out, bool *comma) {
  *comma = false;
  for (;;) {
    python_skip_space(p);
    if (python_next_is(p, close)) break;
    cJSON *value;
    THRONG_TRY(take_value(p, depth + 1, &value));
    if (!cJSON_AddItemToArray(out, value)) {
      cJSON_Delete(value);
      return out_of_memory(p);
    }
    python_skip_space(p);
    if (python_next_is(p, close)) break;
    if (!python_next_is(p, ',')) {
      char what[16] = "',' or ' '";
      what[8] = close;
      return python_expected(p, what);
    }
    p->at++;
    *comma = true;
  }
  p->at++;
  return THRONG_OK;
}

static throng_status take_list(python_lexer *p, int depth, char close, cJSON **out) {
  const char *place = p->at++;
  bool comma;
  *out = cJSON_CreateArray();
  if (!*out) return out_of_memory(p);
  THRONG_TRY(take_items(p, depth, close, *out, &comma));
  // "(x)" is x itself.
  if (*place == '(' && !comma && cJSON_GetArraySize(*out) == 1) {
    cJSON *only = cJSON_DetachItemFromArray(*out, 0);
    cJSON_Delete(*out);
    *out = only;
  }
  return THRONG_OK;
}

/// A dict's key as text; the source's own spelling (`first` up to here) for all but strings.
static throng_status key_text(python_lexer *p, const cJSON *value, const char *first, size_t length,
                              byte_buffer *key) {
  bytes_clear(key);
  if (cJSON_IsArray(value) || cJSON_IsObject(value))
    return python_expected_at(p, first, "a string, a number, True, False or None as key");
  if (cJSON_IsString(value))
    return bytes_append(key, value->valuestring, strlen(value->valuestring));
  return bytes_append(key, first, length);
}

/// At the ':' of a dict's pair, up to the pair's end.
static throng_status take_pair(python_lexer *p, int depth, const byte_buffer *key, cJSON *out) {
  p->at++;
  python_skip_space(p);
  cJSON *value;
  THRONG_TRY(take_value(p, depth + 1, &value));
  if (!cJSON_AddItemToObject(out, bytes_text(key), value)) {
    cJSON_Delete(value);
    return out_of_memory(p);
  }
  python_skip_space(p);
  return THRONG_OK;
}

/// A dict's next key, up to its ':'. `*value` is what the key was, for a set's first element.
static throng_status take_key(python_lexer *p, int depth, byte_buffer *key, cJSON **value,
                              const char **first, size_t *length) {
  *first = p->at;
  if (python_next_is(p, '{') || python_next_is(p, '[')) {
    *value = NULL;
    return python_expected(p, "a string, a number, True, False or None");
  }
  THRONG_TRY(take_value(p, depth + 1, value));
  *length = (size_t)(p->at - *first);
  python_skip_space(p);
  return python_next_is(p, ':') ? key_text(p, *value, *first, *length, key) : THRONG_OK;
}

static throng_status take_pairs(python_lexer *p, int depth, byte_buffer *key, cJSON *out) {
  for (;;) {
    THRONG_TRY(take_pair(p, depth, key, out));
    if (python_next_is(p, ',')) {
      p->at++;
      python_skip_space(p);
    } else if (!python_next_is(p, '}')) {
      return python_expected(p, "',' or '}'");
    }
    if (python_next_is(p, '}')) break;
    cJSON *value;
    const char *first;
    size_t length;
    throng_status status = take_key(p, depth, key, &value, &first, &length);
    cJSON_Delete(value);
    THRONG_TRY(status);
    if (!python_next_is(p, ':')) return python_expected(p, "':' after the key");
  }
  p->at++;
  return THRONG_OK;
}

/// A dict or a set: the first element's successor tells which.
static throng_status take_braces(python_lexer *p, int depth, cJSON **out) {
  p->at++;
  python_skip_space(p);
  if (python_next_is(p, '}')) {
    p->at++;
    *out = cJSON_CreateObject();
    return *out ? THRONG_OK : out_of_memory(p);
  }
  byte_buffer key = {0};
  cJSON *element = NULL;
  const char *first;
  size_t length;
  bool comma = true;
  throng_status status = take_key(p, depth, &key, &element, &first, &length);
  bool dict = status == THRONG_OK && python_next_is(p, ':');
  if (status == THRONG_OK) {
    *out = dict ? cJSON_CreateObject() : cJSON_CreateArray();
    if (!*out) status = out_of_memory(p);
  }
  if (status == THRONG_OK && dict) status = take_pairs(p, depth, &key, *out);
  if (status == THRONG_OK && !dict) {
    if (!cJSON_AddItemToArray(*out, element)) {
      status = out_of_memory(p);
    } else {
      element = NULL;
      if (python_next_is(p, ',')) {
        p->at++;
      } else if (!python_next_is(p, '}')) {
        status = python_expected(p, "':', ',' or '}'");
      }
      if (status == THRONG_OK) status = take_items(p, depth, '}', *out, &comma);
    }
  }
  cJSON_Delete(element);
  bytes_free(&key);
  return status;
}

static throng_status take_name(python_lexer *p, cJSON **out) {
  const char *first = p->at;
  while (p->at < p->end && python_is_name(*p->at)) p->at++;
  size_t n = (size_t)(p->at - first);
  if (n == 4 && memcmp(first, "True", 4) == 0) {
    *out = cJSON_CreateTrue();
  } else if (n == 5 && memcmp(first, "False", 5) == 0) {
    *out = cJSON_CreateFalse();
  } else if (n == 4 && memcmp(first, "None", 4) == 0) {
    *out = cJSON_CreateNull();
  } else if (n == 3 && memcmp(first, "set", 3) == 0) {
    // The empty set has no other spelling.
    python_skip_space(p);
    if (!python_next_is(p, '(')) return python_expected(p, "\"set()\"");
    p->at++;
    python_skip_space(p);
    if (!python_next_is(p, ')')) return python_expected(p, "')' of \"set()\"");
    p->at++;
    *out = cJSON_CreateArray();
  } else {
    return python_expected_at(
        p, first,
        "a literal (a string, a number, True, False, None, a list, tuple, dict or "
        "set); names and calls are not evaluated");
  }
  return *out ? THRONG_OK : out_of_memory(p);
}

static throng_status take_signed_number(python_lexer *p, cJSON **out) {
  bool negative = python_next_is(p, '-');
  if (negative || python_next_is(p, '+')) {
    p->at++;
    python_skip_space(p);
    if (p->at == p->end || !(is_digit(*p->at) || *p->at == '.'))
      return python_expected(p, "a number after the sign");
  }
  double value;
  THRONG_TRY(python_take_number(p, &value));
  *out = cJSON_CreateNumber(negative ? -value : value);
  return *out ? THRONG_OK : out_of_memory(p);
}

/// `*out` is set on success only; what was built before an error is deleted here.
static throng_status take_value(python_lexer *p, int depth, cJSON **out) {
  *out = NULL;
  if (depth > MAX_DEPTH) return python_expected(p, "at most 100 levels of nesting");
  if (p->at == p->end) return python_expected(p, "a literal");
  python_prefix how;
  int prefix_length = python_string_prefix(p, &how);
  throng_status status;
  char c = *p->at;
  if (prefix_length >= 0) {
    status = python_take_strings(p, prefix_length, how);
    if (status == THRONG_OK) {
      *out = cJSON_CreateString(bytes_text(&p->text));
      if (!*out) status = out_of_memory(p);
    }
  } else if (c == '[') {
    status = take_list(p, depth, ']', out);
  } else if (c == '(') {
    status = take_list(p, depth, ')', out);
  } else if (c == '{') {
    status = take_braces(p, depth, out);
  } else if (is_digit(c) || c == '-' || c == '+' || c == '.') {
    status = take_signed_number(p, out);
  } else if (python_is_name(c)) {
    status = take_name(p, out);
  } else {
    status = python_expected(p, "a literal");
  }
  if (status != THRONG_OK) {
    cJSON_Delete(*out);
    *out = NULL;
  }
  return status;
}

throng_status python_literal_parse(const char *text, size_t length, const char *name, int64_t line,
                                   cJSON **out) {
  python_lexer p = {
      .at = text, .end = text + length, .name = name, .line = line, .line_start = text};
  *out = NULL;
  python_skip_space(&p);
  throng_status status = take_value(&p, 1, out);
  if (status == THRONG_OK) {
    python_skip_space(&p);
    if (p.at < p.end) status = python_expected(&p, "the end of the literal");
  }
  bytes_free(&p.text);
  if (status != THRONG_OK) {
    cJSON_Delete(*out);
    *out = NULL;
  }
  return status;
}
