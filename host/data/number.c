/// Locale-free numbers; see number.h.
#include "data/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What the fast path leaves: many digits, large exponents, names. `text` has no outer spaces.
static bool parse_slowly(const char *text, size_t length, double *out) {
  char copy[512];
  if (length >= sizeof copy) return false;
  for (size_t i = 0; i < length; i++) {
    // No hexadecimal floats, and no spaces that strtod would skip.
    if (text[i] == 'x' || text[i] == 'X' || text[i] <= ' ' || text[i] == '(') return false;
  }
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *end;
  *out = strtod_l(copy, &end, numbers_locale());
  return end == copy + length;
}

bool number_parse(const char *text, size_t length, double *out) {
  while (length > 0 && (*text == ' ' || *text == '\t')) text++, length--;
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  if (length == 0) return false;
  // Up to 15 digits and powers of ten up to 22 are exact in a double, so that one division rounds
  // as strtod does.
  static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  size_t i = 0;
  bool negative = false;
  if (text[0] == '-' || text[0] == '+') negative = text[i++] == '-';
  int64_t mantissa = 0;
  int digits = 0, decimals = 0;
  for (; i < length && is_digit(text[i]); i++, digits++)
    if (digits < 15) mantissa = mantissa * 10 + (text[i] - '0');
  if (i < length && text[i] == '.')
    for (i++; i < length && is_digit(text[i]); i++, digits++, decimals++)
      if (digits < 15) mantissa = mantissa * 10 + (text[i] - '0');
  if (i != length || digits == 0 || digits > 15) return parse_slowly(text, length, out);
  double value = (double)mantissa / power[decimals];
  *out = negative ? -value : value;
  return true;
}

size_t number_word(double value, int digits, char word[32]) {
  NUMBERS_WITHOUT_LOCALE;
  int n = snprintf(word, 32, "%.*g", digits < 17 ? digits : 17, value);
  return n > 0 ? (size_t)n : 0;
}
