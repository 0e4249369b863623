/// Decimals of up to 17 digits as integers of one unit, which is fine enough for the smallest.
#include "space/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/numbers.h"

__extension__ typedef __int128 wide;

/// digits * 10^exponent
typedef struct decimal {
  int64_t digits;
  int exponent;
} decimal;

/// Units are no finer than this many digits behind the first of the largest number.
enum { FINEST = 30 };

/// Powers of ten that doubles hold: a quotient of a whole number by one is rounded once.
enum { MOST_TENS = 22 };
static const double tens[MOST_TENS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static decimal shortest(double x) {
  char text[40];
  decimal d = {0, 0};
  // A decimal of 15 digits that reads back is the shortest; most are found without text.
  for (int m = 0; m <= MOST_TENS; ++m) {
    const double digits = rint(x * tens[m]);
    if (fabs(digits) < 1e15 && digits / tens[m] == x) return (decimal){(int64_t)digits, -m};
  }
  NUMBERS_WITHOUT_LOCALE;
  for (int digits = 15; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*e", digits - 1, x);
    if (strtod(text, NULL) == x) break;
  }
  const char *at = text + (*text == '-');
  for (; *at != 'e'; ++at) {
    if (*at == '.') continue;
    d.digits = d.digits * 10 + (*at - '0');
    ++d.exponent;
  }
  d.exponent = (int)strtol(at + 1, NULL, 10) + 1 - d.exponent;
  for (; d.digits && d.digits % 10 == 0; ++d.exponent) d.digits /= 10;
  if (*text == '-') d.digits = -d.digits;
  return d;
}

/// The exponent of the unit of two numbers: that of the finer one, as far as the larger allows.
static int common_unit(decimal a, decimal b, double largest) {
  const int first = largest > 0 ? (int)floor(log10(largest)) : 0;
  int unit = a.digits && (!b.digits || a.exponent < b.exponent) ? a.exponent : b.exponent;
  return unit < first - FINEST ? first - FINEST : unit;
}

static wide in_units(decimal d, int unit) {
  wide x = d.digits;
  for (; d.digits && d.exponent > unit; --d.exponent) x *= 10;
  for (; x && d.exponent < unit; ++d.exponent) x /= 10;
  return x;
}

static double to_double(wide x, int unit) {
  char text[80];
  const wide part = 1000000000000000000, size = x < 0 ? -x : x;
  if (size < (wide)1 << 53 && unit <= 0 && unit >= -MOST_TENS) return (double)x / tens[-unit];
  NUMBERS_WITHOUT_LOCALE;
  snprintf(text, sizeof text, "%s%" PRId64 "%018" PRId64 "e%d", x < 0 ? "-" : "",
           (int64_t)(size / part), (int64_t)(size % part), unit);
  return strtod(text, NULL);
}

static wide sum(double low, double step, double k, int *unit) {
  const decimal a = shortest(low), b = shortest(step);
  *unit = common_unit(a, b, fmax(fabs(low), k * step));
  return in_units(a, *unit) + in_units(b, *unit) * (wide)k;
}

double decimal_sum(double low, double step, double k) {
  int unit;
  if (k == 0) return low;  // which may be far below the digits that the others have
  const wide x = sum(low, step, k, &unit);
  return to_double(x, unit);
}

double decimal_steps(double low, double high, double step) {
  const decimal a = shortest(low), b = shortest(high), c = shortest(step);
  const double largest = fmax(fmax(fabs(low), fabs(high)), step);
  int unit = common_unit(a, c, largest);
  if (b.digits && b.exponent < unit) unit = common_unit(b, b, largest);
  const wide size = in_units(c, unit);
  const wide steps = size > 0 ? (in_units(b, unit) - in_units(a, unit)) / size : 0;
  return (double)steps;
}

double decimal_end(double low, double step, double k) {
  const double end = decimal_sum(low, step, k);
  return decimal_steps(low, end, step) < k ? nextafter(end, HUGE_VAL) : end;
}
