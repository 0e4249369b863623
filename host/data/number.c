/// Locale-free numbers and dates; see number.h.
#include "data/number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
  locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c_locale) return false;
  char *end;
  *out = strtod_l(copy, &end, c_locale);
  freelocale(c_locale);
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

static const double SECONDS_MIN = -62135596800.0;  // 0001-01-01
static const double SECONDS_MAX = 253402300799.0;  // 9999-12-31 23:59:59

bool time_from_number(double value, int64_t *milliseconds) {
  if (!(fabs(value) < 1e17)) return false;  // NaN too
  double scaled = fabs(value) < 1e11 ? value * 1000.0 : value;
  if (scaled < SECONDS_MIN * 1000.0 || scaled > SECONDS_MAX * 1000.0) return false;
  *milliseconds = (int64_t)floor(scaled);
  return true;
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; leap years repeat every 400 years.
static int64_t days_from_date(int64_t year, int month, int day) {
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  int64_t past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] +
         (leap && month > 2 ? 1 : 0) + day - 1 - 719162;
}

/// Exactly `n` digits.
static bool take_digits(const char **at, const char *end, int n, int *out) {
  if (end - *at < n) return false;
  *out = 0;
  for (int i = 0; i < n; i++, (*at)++) {
    if (!is_digit(**at)) return false;
    *out = *out * 10 + (**at - '0');
  }
  return true;
}

static bool take(const char **at, const char *end, char c) {
  if (*at == end || **at != c) return false;
  (*at)++;
  return true;
}

static bool parse_date(const char *text, size_t length, int64_t *milliseconds) {
  static const int days_in[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const char *at = text, *end = text + length;
  int year, month, day, hour = 0, minute = 0, second = 0;
  if (!take_digits(&at, end, 4, &year) || !take(&at, end, '-') ||
      !take_digits(&at, end, 2, &month) || !take(&at, end, '-') || !take_digits(&at, end, 2, &day))
    return false;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in[month - 1]) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2 && day == 29 && !leap) return false;
  if (at < end) {
    if (*at != ' ' && *at != 'T') return false;
    at++;
    if (!take_digits(&at, end, 2, &hour) || !take(&at, end, ':') ||
        !take_digits(&at, end, 2, &minute))
      return false;
    if (take(&at, end, ':') && !take_digits(&at, end, 2, &second)) return false;
    take(&at, end, 'Z');
    if (at != end || hour > 23 || minute > 59 || second > 60) return false;
  }
  *milliseconds =
      (days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000;
  return true;
}

bool time_parse(const char *text, size_t length, int64_t *milliseconds) {
  double value;
  if (number_parse(text, length, &value)) return time_from_number(value, milliseconds);
  return parse_date(text, length, milliseconds);
}
