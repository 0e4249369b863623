/// Recursive descent over Python's literal grammar (Python reference, 2.4 and 6.2); see
/// python_literal.h.
#include "data/python_literal.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "data/byte_buffer.h"
#include "data/number.h"

enum { MAX_DEPTH = 100 };

typedef struct parser {
  const char *start, *at, *end;
  const char *name;
  int64_t line;
  const char *line_start;  // of the present line, for columns
  byte_buffer text;        // of the string being read
} parser;

static throng_status expected_at(const parser *p, const char *at, const char *what) {
  if (at >= p->end)
    return throng_fail(THRONG_ERROR_DATA, "%s:%lld:%zu: text ends, expected %s", p->name,
                       (long long)p->line, (size_t)(at - p->line_start) + 1, what);
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld:%zu: expected %s", p->name, (long long)p->line,
                     (size_t)(at - p->line_start) + 1, what);
}

static throng_status expected(const parser *p, const char *what) {
  return expected_at(p, p->at, what);
}

static throng_status out_of_memory(const parser *p) {
  return throng_fail(THRONG_ERROR_MEMORY, "%s:%lld: no memory for this literal", p->name,
                     (long long)p->line);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         (unsigned char)c >= 0x80;
}

static bool next_is(const parser *p, char c) { return p->at < p->end && *p->at == c; }

static void new_line(parser *p) {
  p->line++;
  p->line_start = p->at;
}

/// Spaces, line ends and comments.
static void skip_space(parser *p) {
  while (p->at < p->end) {
    char c = *p->at;
    if (c == '#') {
      while (p->at < p->end && *p->at != '\n') p->at++;
    } else if (c == '\n') {
      p->at++;
      new_line(p);
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
      p->at++;
    } else {
      break;
    }
  }
}

static int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

static throng_status take_hex(parser *p, int n, const char *what, uint32_t *out) {
  *out = 0;
  for (int i = 0; i < n; i++, p->at++) {
    if (p->at == p->end || digit_value(*p->at) > 15) return expected(p, what);
    *out = *out << 4 | (uint32_t)digit_value(*p->at);
  }
  return THRONG_OK;
}

/// Python 2 wrote characters above U+FFFF as two escapes: take a low half that follows a high one.
static uint32_t join_surrogates(parser *p, uint32_t high) {
  if (high < 0xD800 || high > 0xDFFF) return high;
  if (high < 0xDC00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
    uint32_t low = 0;
    for (int i = 2; i < 6; i++) {
      if (digit_value(p->at[i]) > 15) return 0xFFFD;
      low = low << 4 | (uint32_t)digit_value(p->at[i]);
    }
    if (low >= 0xDC00 && low <= 0xDFFF) {
      p->at += 6;
      return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    }
  }
  return 0xFFFD;
}

static throng_status put(parser *p, const char *place, uint32_t codepoint) {
  if (codepoint == 0) return expected_at(p, place, "no NUL character in a string");
  if (codepoint > 0x10FFFF) return expected_at(p, place, "a character up to \\U0010ffff");
  return bytes_append_codepoint(&p->text, codepoint);
}

/// After a backslash of a string that is not raw.
static throng_status take_escape(parser *p, bool is_bytes) {
  static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
  const char *place = p->at - 1;
  if (p->at == p->end) return expected(p, "a character after the backslash");
  char c = *p->at++;
  uint32_t value = 0;
  if (c == '\n') {
    new_line(p);
    return THRONG_OK;
  }
  if (c == '\r' && next_is(p, '\n')) {
    p->at++;
    new_line(p);
    return THRONG_OK;
  }
  const char *known = c ? strchr(from, c) : NULL;
  if (known) return bytes_append(&p->text, to + (known - from), 1);
  if (c >= '0' && c <= '7') {
    value = (uint32_t)(c - '0');
    for (int i = 0; i < 2 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; i++)
      value = value * 8 + (uint32_t)(*p->at++ - '0');
    return put(p, place, is_bytes ? value & 0xFF : value);
  }
  if (c == 'x') {
    THRONG_TRY(take_hex(p, 2, "two hexadecimal digits after \\x", &value));
    return put(p, place, value);
  }
  if (!is_bytes && c == 'u') {
    THRONG_TRY(take_hex(p, 4, "four hexadecimal digits after \\u", &value));
    return put(p, place, join_surrogates(p, value));
  }
  if (!is_bytes && c == 'U') {
    THRONG_TRY(take_hex(p, 8, "eight hexadecimal digits after \\U", &value));
    return put(p, place, value >= 0xD800 && value <= 0xDFFF ? 0xFFFD : value);
  }
  if (!is_bytes && c == 'N')
    return expected_at(p, place, "a numbered escape (named characters, \\N{...}, are not read)");
  // Python keeps the backslash of an escape that it does not know.
  p->at--;
  return bytes_append(&p->text, "\\", 1);
}

typedef struct prefix {
  bool raw, bytes;
} prefix;

/// How many letters of a string prefix stand here, before a quote; -1 where this is no string.
static int string_prefix(const parser *p, prefix *out) {
  *out = (prefix){0};
  bool unicode = false;
  for (int i = 0; i < 3 && p->end - p->at > i; i++) {
    char c = p->at[i];
    if (c == '\'' || c == '"') return i;
    if ((c == 'r' || c == 'R') && !out->raw && !unicode) {
      out->raw = true;
    } else if ((c == 'b' || c == 'B') && !out->bytes && !unicode) {
      out->bytes = true;
    } else if ((c == 'u' || c == 'U') && i == 0) {
      unicode = true;
    } else {
      return -1;
    }
  }
  return -1;
}

/// One string at its prefix, appended to p->text.
static throng_status take_string(parser *p, int prefix_length, prefix how) {
  p->at += prefix_length;
  char quote = *p->at;
  bool triple = p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote;
  p->at += triple ? 3 : 1;
  for (;;) {
    if (p->at == p->end) return expected(p, triple ? "three closing quotes" : "a closing quote");
    char c = *p->at;
    if (c == quote && (!triple || (p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote)))
      break;
    if (c == '\n' && !triple) return expected(p, "a closing quote before the line ends");
    if (c == '\0') return expected(p, "no NUL byte in a string");
    if (c == '\\') {
      p->at++;
      if (!how.raw) {
        THRONG_TRY(take_escape(p, how.bytes));
        continue;
      }
      // A raw string keeps its backslashes, but they still guard a quote.
      if (p->at == p->end) return expected(p, "a closing quote");
      THRONG_TRY(bytes_append(&p->text, "\\", 1));
      c = *p->at;
      if (c == '\0') return expected(p, "no NUL byte in a string");
    }
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)p->at, p->end - p->at, &codepoint);
    if (n <= 0) return expected(p, "UTF-8 text");
    if (how.bytes && codepoint > 0x7F) return expected(p, "ASCII in a bytes literal");
    THRONG_TRY(bytes_append(&p->text, p->at, (size_t)n));
    p->at += n;
    if (c == '\n') new_line(p);
  }
  p->at += triple ? 3 : 1;
  return THRONG_OK;
}

/// A string with those that follow it, into p->text.
static throng_status take_strings(parser *p, int prefix_length, prefix how) {
  bool is_bytes = how.bytes;
  bytes_clear(&p->text);
  while (prefix_length >= 0) {
    if (how.bytes != is_bytes) return expected(p, "str or bytes throughout, not one after another");
    THRONG_TRY(take_string(p, prefix_length, how));
    skip_space(p);
    prefix_length = string_prefix(p, &how);
  }
  return THRONG_OK;
}

/// Digits with single underscores between them, without the underscores.
static throng_status take_digits(parser *p, int base, byte_buffer *out) {
  const char *first = p->at;
  while (p->at < p->end) {
    if (*p->at == '_' && p->at > first && p->end - p->at > 1 && digit_value(p->at[1]) < base &&
        p->at[-1] != '_') {
      p->at++;
      continue;
    }
    if (digit_value(*p->at) >= base) break;
    THRONG_TRY(bytes_append(out, p->at++, 1));
  }
  return p->at > first ? THRONG_OK : expected(p, "a digit");
}

static throng_status take_based_integer(parser *p, int base, double *out) {
  byte_buffer *digits = &p->text;
  p->at += 2;
  if (next_is(p, '_')) p->at++;
  THRONG_TRY(take_digits(p, base, digits));
  *out = 0;
  for (size_t i = 0; i < digits->length; i++) *out = *out * base + digit_value(digits->data[i]);
  return THRONG_OK;
}

static throng_status take_number(parser *p, double *out) {
  const char *place = p->at;
  byte_buffer *digits = &p->text;
  bytes_clear(digits);
  char marker = p->end - p->at > 1 && *p->at == '0' ? (char)(p->at[1] | 0x20) : '\0';
  bool integer = true;
  if (marker == 'x' || marker == 'o' || marker == 'b') {
    THRONG_TRY(take_based_integer(p, marker == 'x' ? 16 : marker == 'o' ? 8 : 2, out));
  } else {
    bool leading_zero = *p->at == '0';
    if (is_digit(*p->at)) THRONG_TRY(take_digits(p, 10, digits));
    size_t whole = digits->length;
    if (next_is(p, '.')) {
      integer = false;
      p->at++;
      THRONG_TRY(bytes_append(digits, ".", 1));
      if (p->at < p->end && is_digit(*p->at)) {
        THRONG_TRY(take_digits(p, 10, digits));
      } else if (whole == 0) {
        return expected(p, "a digit");
      }
    }
    if (next_is(p, 'e') || next_is(p, 'E')) {
      integer = false;
      p->at++;
      THRONG_TRY(bytes_append(digits, "e", 1));
      if (next_is(p, '+') || next_is(p, '-')) THRONG_TRY(bytes_append(digits, p->at++, 1));
      THRONG_TRY(take_digits(p, 10, digits));
    }
    if (integer && leading_zero)
      for (size_t i = 0; i < whole; i++)
        if (digits->data[i] != '0')
          return expected_at(p, place, "no leading zero (octal numbers start with 0o)");
    if (!number_parse(digits->data, digits->length, out))
      return expected_at(p, place, "a number of at most 500 digits");
  }
  if (!isfinite(*out)) return expected_at(p, place, "a number within a double's range");
  if (integer && (next_is(p, 'L') || next_is(p, 'l'))) p->at++;
  if (p->at < p->end && is_name(*p->at)) return expected(p, "the number's end");
  return THRONG_OK;
}

static throng_status take_value(parser *p, int depth, cJSON **out);

/// Items of a list, tuple or set up to `close`, into the array `out`. A value may be in it already.
static throng_status take_items(parser *p, int depth, char close, cJSON *out, bool *comma) {
  *comma = false;
  for (;;) {
    skip_space(p);
    if (next_is(p, close)) break;
    cJSON *value;
    THRONG_TRY(take_value(p, depth + 1, &value));
    if (!cJSON_AddItemToArray(out, value)) {
      cJSON_Delete(value);
      return out_of_memory(p);
    }
    skip_space(p);
    if (next_is(p, close)) break;
    if (!next_is(p, ',')) {
      char what[16] = "',' or ' '";
      what[8] = close;
      return expected(p, what);
    }
    p->at++;
    *comma = true;
  }
  p->at++;
  return THRONG_OK;
}

static throng_status take_list(parser *p, int depth, char close, cJSON **out) {
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
static throng_status key_text(parser *p, const cJSON *value, const char *first, size_t length,
                              byte_buffer *key) {
  bytes_clear(key);
  if (cJSON_IsArray(value) || cJSON_IsObject(value))
    return expected_at(p, first, "a string, a number, True, False or None as key");
  if (cJSON_IsString(value))
    return bytes_append(key, value->valuestring, strlen(value->valuestring));
  return bytes_append(key, first, length);
}

/// At the ':' of a dict's pair, up to the pair's end.
static throng_status take_pair(parser *p, int depth, const byte_buffer *key, cJSON *out) {
  p->at++;
  skip_space(p);
  cJSON *value;
  THRONG_TRY(take_value(p, depth + 1, &value));
  if (!cJSON_AddItemToObject(out, bytes_text(key), value)) {
    cJSON_Delete(value);
    return out_of_memory(p);
  }
  skip_space(p);
  return THRONG_OK;
}

/// A dict's next key, up to its ':'. `*value` is what the key was, for a set's first element.
static throng_status take_key(parser *p, int depth, byte_buffer *key, cJSON **value,
                              const char **first, size_t *length) {
  *first = p->at;
  if (next_is(p, '{') || next_is(p, '[')) {
    *value = NULL;
    return expected(p, "a string, a number, True, False or None");
  }
  THRONG_TRY(take_value(p, depth + 1, value));
  *length = (size_t)(p->at - *first);
  skip_space(p);
  return next_is(p, ':') ? key_text(p, *value, *first, *length, key) : THRONG_OK;
}

static throng_status take_pairs(parser *p, int depth, byte_buffer *key, cJSON *out) {
  for (;;) {
    THRONG_TRY(take_pair(p, depth, key, out));
    if (next_is(p, ',')) {
      p->at++;
      skip_space(p);
    } else if (!next_is(p, '}')) {
      return expected(p, "',' or '}'");
    }
    if (next_is(p, '}')) break;
    cJSON *value;
    const char *first;
    size_t length;
    throng_status status = take_key(p, depth, key, &value, &first, &length);
    cJSON_Delete(value);
    THRONG_TRY(status);
    if (!next_is(p, ':')) return expected(p, "':' after the key");
  }
  p->at++;
  return THRONG_OK;
}

/// A dict or a set: the first element's successor tells which.
static throng_status take_braces(parser *p, int depth, cJSON **out) {
  p->at++;
  skip_space(p);
  if (next_is(p, '}')) {
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
  bool dict = status == THRONG_OK && next_is(p, ':');
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
      if (next_is(p, ',')) {
        p->at++;
      } else if (!next_is(p, '}')) {
        status = expected(p, "':', ',' or '}'");
      }
      if (status == THRONG_OK) status = take_items(p, depth, '}', *out, &comma);
    }
  }
  cJSON_Delete(element);
  bytes_free(&key);
  return status;
}

static throng_status take_name(parser *p, cJSON **out) {
  const char *first = p->at;
  while (p->at < p->end && is_name(*p->at)) p->at++;
  size_t n = (size_t)(p->at - first);
  if (n == 4 && memcmp(first, "True", 4) == 0) {
    *out = cJSON_CreateTrue();
  } else if (n == 5 && memcmp(first, "False", 5) == 0) {
    *out = cJSON_CreateFalse();
  } else if (n == 4 && memcmp(first, "None", 4) == 0) {
    *out = cJSON_CreateNull();
  } else if (n == 3 && memcmp(first, "set", 3) == 0) {
    // The empty set has no other spelling.
    skip_space(p);
    if (!next_is(p, '(')) return expected(p, "\"set()\"");
    p->at++;
    skip_space(p);
    if (!next_is(p, ')')) return expected(p, "')' of \"set()\"");
    p->at++;
    *out = cJSON_CreateArray();
  } else {
    return expected_at(p, first,
                       "a literal (a string, a number, True, False, None, a list, tuple, dict or "
                       "set); names and calls are not evaluated");
  }
  return *out ? THRONG_OK : out_of_memory(p);
}

static throng_status take_signed_number(parser *p, cJSON **out) {
  bool negative = next_is(p, '-');
  if (negative || next_is(p, '+')) {
    p->at++;
    skip_space(p);
    if (p->at == p->end || !(is_digit(*p->at) || *p->at == '.'))
      return expected(p, "a number after the sign");
  }
  double value;
  THRONG_TRY(take_number(p, &value));
  *out = cJSON_CreateNumber(negative ? -value : value);
  return *out ? THRONG_OK : out_of_memory(p);
}

/// `*out` is set on success only; what was built before an error is deleted here.
static throng_status take_value(parser *p, int depth, cJSON **out) {
  *out = NULL;
  if (depth > MAX_DEPTH) return expected(p, "at most 100 levels of nesting");
  if (p->at == p->end) return expected(p, "a literal");
  prefix how;
  int prefix_length = string_prefix(p, &how);
  throng_status status;
  char c = *p->at;
  if (prefix_length >= 0) {
    status = take_strings(p, prefix_length, how);
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
  } else if (is_name(c)) {
    status = take_name(p, out);
  } else {
    status = expected(p, "a literal");
  }
  if (status != THRONG_OK) {
    cJSON_Delete(*out);
    *out = NULL;
  }
  return status;
}

throng_status python_literal_parse(const char *text, size_t length, const char *name, int64_t line,
                                   cJSON **out) {
  parser p = {.start = text,
              .at = text,
              .end = text + length,
              .name = name,
              .line = line,
              .line_start = text};
  *out = NULL;
  skip_space(&p);
  throng_status status = take_value(&p, 1, out);
  if (status == THRONG_OK) {
    skip_space(&p);
    if (p.at < p.end) status = expected(&p, "the end of the literal");
  }
  bytes_free(&p.text);
  if (status != THRONG_OK) {
    cJSON_Delete(*out);
    *out = NULL;
  }
  return status;
}
