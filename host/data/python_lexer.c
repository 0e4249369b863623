/// Python's strings and numbers; see python_lexer.h.
#include "data/python_lexer.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "data/number.h"

throng_status python_expected_at(const python_lexer *p, const char *at, const char *what) {
  if (at >= p->end)
    return throng_fail(THRONG_ERROR_DATA, "%s:%lld:%zu: text ends, expected %s", p->name,
                       (long long)p->line, (size_t)(at - p->line_start) + 1, what);
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld:%zu: expected %s", p->name, (long long)p->line,
                     (size_t)(at - p->line_start) + 1, what);
}

throng_status python_expected(const python_lexer *p, const char *what) {
  return python_expected_at(p, p->at, what);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool python_is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         (unsigned char)c >= 0x80;
}

bool python_next_is(const python_lexer *p, char c) { return p->at < p->end && *p->at == c; }

static void new_line(python_lexer *p) {
  p->line++;
  p->line_start = p->at;
}

void python_skip_space(python_lexer *p) {
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

static throng_status take_hex(python_lexer *p, int n, const char *what, uint32_t *out) {
  *out = 0;
  for (int i = 0; i < n; i++, p->at++) {
    if (p->at == p->end || digit_value(*p->at) > 15) return python_expected(p, what);
    *out = *out << 4 | (uint32_t)digit_value(*p->at);
  }
  return THRONG_OK;
}

/// Python 2 wrote characters above U+FFFF as two escapes: take a low half that follows a high one.
static uint32_t join_surrogates(python_lexer *p, uint32_t high) {
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

static throng_status put(python_lexer *p, const char *place, uint32_t codepoint) {
  if (codepoint == 0) return python_expected_at(p, place, "no NUL character in a string");
  if (codepoint > 0x10FFFF) return python_expected_at(p, place, "a character up to \\U0010ffff");
  return bytes_append_codepoint(&p->text, codepoint);
}

/// After a backslash of a string that is not raw.
static throng_status take_escape(python_lexer *p, bool is_bytes) {
  static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
  const char *place = p->at - 1;
  if (p->at == p->end) return python_expected(p, "a character after the backslash");
  char c = *p->at++;
  uint32_t value = 0;
  if (c == '\n') {
    new_line(p);
    return THRONG_OK;
  }
  if (c == '\r' && python_next_is(p, '\n')) {
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
    return python_expected_at(p, place,
                              "a numbered escape (named characters, \\N{...}, are not read)");
  // Python keeps the backslash of an escape that it does not know.
  p->at--;
  return bytes_append(&p->text, "\\", 1);
}

int python_string_prefix(const python_lexer *p, python_prefix *out) {
  *out = (python_prefix){0};
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
static throng_status take_string(python_lexer *p, int prefix_length, python_prefix how) {
  p->at += prefix_length;
  char quote = *p->at;
  bool triple = p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote;
  p->at += triple ? 3 : 1;
  for (;;) {
    if (p->at == p->end)
      return python_expected(p, triple ? "three closing quotes" : "a closing quote");
    char c = *p->at;
    if (c == quote && (!triple || (p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote)))
      break;
    if (c == '\n' && !triple) return python_expected(p, "a closing quote before the line ends");
    if (c == '\0') return python_expected(p, "no NUL byte in a string");
    if (c == '\\') {
      p->at++;
      if (!how.raw) {
        THRONG_TRY(take_escape(p, how.bytes));
        continue;
      }
      // A raw string keeps its backslashes, but they still guard a quote.
      if (p->at == p->end) return python_expected(p, "a closing quote");
      THRONG_TRY(bytes_append(&p->text, "\\", 1));
      c = *p->at;
      if (c == '\0') return python_expected(p, "no NUL byte in a string");
    }
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)p->at, p->end - p->at, &codepoint);
    if (n <= 0) return python_expected(p, "UTF-8 text");
    if (how.bytes && codepoint > 0x7F) return python_expected(p, "ASCII in a bytes literal");
    THRONG_TRY(bytes_append(&p->text, p->at, (size_t)n));
    p->at += n;
    if (c == '\n') new_line(p);
  }
  p->at += triple ? 3 : 1;
  return THRONG_OK;
}

throng_status python_take_strings(python_lexer *p, int prefix_length, python_prefix how) {
  bool is_bytes = how.bytes;
  bytes_clear(&p->text);
  while (prefix_length >= 0) {
    if (how.bytes != is_bytes)
      return python_expected(p, "str or bytes throughout, not one after another");
    THRONG_TRY(take_string(p, prefix_length, how));
    python_skip_space(p);
    prefix_length = python_string_prefix(p, &how);
  }
  return THRONG_OK;
}

/// Digits with single underscores between them, without the underscores.
static throng_status take_digits(python_lexer *p, int base, byte_buffer *out) {
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
  return p->at > first ? THRONG_OK : python_expected(p, "a digit");
}

static throng_status take_based_integer(python_lexer *p, int base, double *out) {
  byte_buffer *digits = &p->text;
  p->at += 2;
  if (python_next_is(p, '_')) p->at++;
  THRONG_TRY(take_digits(p, base, digits));
  *out = 0;
  for (size_t i = 0; i < digits->length; i++) *out = *out * base + digit_value(digits->data[i]);
  return THRONG_OK;
}

throng_status python_take_number(python_lexer *p, double *out) {
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
    if (python_next_is(p, '.')) {
      integer = false;
      p->at++;
      THRONG_TRY(bytes_append(digits, ".", 1));
      if (p->at < p->end && is_digit(*p->at)) {
        THRONG_TRY(take_digits(p, 10, digits));
      } else if (whole == 0) {
        return python_expected(p, "a digit");
      }
    }
    if (python_next_is(p, 'e') || python_next_is(p, 'E')) {
      integer = false;
      p->at++;
      THRONG_TRY(bytes_append(digits, "e", 1));
      if (python_next_is(p, '+') || python_next_is(p, '-'))
        THRONG_TRY(bytes_append(digits, p->at++, 1));
      THRONG_TRY(take_digits(p, 10, digits));
    }
    if (integer && leading_zero)
      for (size_t i = 0; i < whole; i++)
        if (digits->data[i] != '0')
          return python_expected_at(p, place, "no leading zero (octal numbers start with 0o)");
    if (!number_parse(digits->data, digits->length, out))
      return python_expected_at(p, place, "a number of at most 500 digits");
  }
  if (!isfinite(*out)) return python_expected_at(p, place, "a number within a double's range");
  if (integer && (python_next_is(p, 'L') || python_next_is(p, 'l'))) p->at++;
  if (p->at < p->end && python_is_name(*p->at)) return python_expected(p, "the number's end");
  return THRONG_OK;
}
