/// ISO 8601, counts since 1970 and dates written as numbers; see times.h.
#include "data/times.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/number.h"
#include "data/word_dates.h"

const char time_expected[] =
    "seconds, milli-, micro- or nanoseconds since 1970, YYYYMMDD[hhmmss], or "
    "YYYY-MM-DD[ hh:mm[:ss[.fraction]]][zone], or the month as a word (Jan 5, 2014)";

static const double SECONDS_MIN = -62135596800.0;  // 0001-01-01
static const double SECONDS_MAX = 253402300799.0;  // 9999-12-31 23:59:59
static const double SECONDS_2200 = 7258118400.0;
static const double per_second[] = {[TIME_SECONDS] = 1,
                                    [TIME_MILLISECONDS] = 1e3,
                                    [TIME_MICROSECONDS] = 1e6,
                                    [TIME_NANOSECONDS] = 1e9,
                                    [TIME_TEXT] = 1e3};
static const char *const unit_name[] = {[TIME_AUTO] = "",
                                        [TIME_SECONDS] = "seconds since 1970",
                                        [TIME_MILLISECONDS] = "milliseconds since 1970",
                                        [TIME_MICROSECONDS] = "microseconds since 1970",
                                        [TIME_NANOSECONDS] = "nanoseconds since 1970",
                                        [TIME_DATES] = "dates YYYYMMDD[hhmm[ss]]",
                                        [TIME_TEXT] = "ISO 8601"};

// --- dates ---------------------------------------------------------------------------------------

/// Days since 1970-01-01 in the proleptic Gregorian calendar; leap years repeat every 400 years.
static int64_t days_from_date(int64_t year, int month, int day) {
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  int64_t past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] +
         (leap && month > 2 ? 1 : 0) + day - 1 - 719162;
}

static bool is_date(int64_t year, int64_t month, int64_t day) {
  static const int days_in[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in[month - 1])
    return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month != 2 || day != 29 || leap;
}

/// Between `least` and `most` digits.
static bool take_digits(const char **at, const char *end, int least, int most, int *out) {
  int n = 0;
  *out = 0;
  for (; n < most && *at < end && isdigit((unsigned char)**at); n++, (*at)++)
    *out = *out * 10 + (**at - '0');
  return n >= least;
}

static bool take(const char **at, const char *end, const char *any) {
  if (*at == end || !**at || !strchr(any, **at)) return false;
  (*at)++;
  return true;
}

/// ".25" as 250 milliseconds; as many digits as there are.
static bool take_fraction(const char **at, const char *end, double *milliseconds) {
  double unit = 100;
  *milliseconds = 0;
  if (!take(at, end, ".,")) return true;
  if (*at == end || !isdigit((unsigned char)**at)) return false;
  for (; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
    *milliseconds += unit * (**at - '0');
  if (*milliseconds >= 1000) *milliseconds = 999;  // twenty nines round up
  return true;
}

/// "hh:mm[:ss[.fraction]]", or "hhmm[ss]" after a date without separators.
static bool take_clock(const char **at, const char *end, bool basic, double *milliseconds) {
  int hour, minute, second = 0;
  double fraction = 0;
  if (!take_digits(at, end, basic ? 2 : 1, 2, &hour)) return false;
  bool colon = take(at, end, ":");
  if (!colon && !basic) return false;
  if (!take_digits(at, end, 2, 2, &minute)) return false;
  if (colon ? take(at, end, ":") : (*at < end && isdigit((unsigned char)**at)))
    if (!take_digits(at, end, 2, 2, &second) || !take_fraction(at, end, &fraction)) return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  *milliseconds = ((hour * 60 + minute) * 60 + second) * 1000.0 + fraction;
  return true;
}

/// "Z", "UTC", "GMT", "+02", "+0200", "+02:00"; nothing is UTC.
static bool take_zone(const char **at, const char *end, double *milliseconds) {
  int hour, minute = 0;
  *milliseconds = 0;
  while (take(at, end, " ")) {
  }
  if (*at == end || take(at, end, "Zz")) return true;
  if (end - *at == 3 && (!strncasecmp(*at, "UTC", 3) || !strncasecmp(*at, "GMT", 3))) {
    *at += 3;
    return true;
  }
  bool west = **at == '-';
  if (!take(at, end, "+-") || !take_digits(at, end, 2, 2, &hour)) return false;
  if (take(at, end, ":") || *at < end)
    if (!take_digits(at, end, 2, 2, &minute)) return false;
  if (hour > 23 || minute > 59) return false;
  *milliseconds = (hour * 60 + minute) * 60000.0 * (west ? -1 : 1);
  return true;
}

/// "Jan 5, 2014" and the like, and Amazon's "01 5, 2014".
static bool parse_words(const char *text, size_t length, double *out) {
  word_date date;
  int64_t milliseconds;
  if (time_parse_month_first(text, length, &milliseconds)) {
    *out = (double)milliseconds;
    return true;
  }
  if (!word_date_parse(text, length, &date) || !is_date(date.year, date.month, date.day))
    return false;
  *out = (double)days_from_date(date.year, date.month, date.day) * 86400e3 + date.clock - date.zone;
  return true;
}

/// Milliseconds since 1970.
static bool parse_text(const char *text, size_t length, double *out) {
  const char *at = text, *end = text + length;
  int year, month, day;
  double clock = 0, zone = 0;
  while (at < end && *at == ' ') at++;
  while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
  if (!take_digits(&at, end, 4, 4, &year)) return false;
  char between = at < end ? *at : '\0';
  bool basic = isdigit((unsigned char)between);
  if (!basic && between != '-' && between != '/') return false;
  if (!basic) at++;
  if (!take_digits(&at, end, basic ? 2 : 1, 2, &month)) return false;
  if (!basic && (at == end || *at++ != between)) return false;
  if (!take_digits(&at, end, basic ? 2 : 1, 2, &day) || !is_date(year, month, day)) return false;
  // Eight digits alone are a number; the column says which.
  if (basic && (at == end || (*at != 'T' && *at != 't'))) return false;
  if (at < end && (*at == 'T' || *at == 't' || *at == ' ')) {
    at++;
    while (take(&at, end, " ")) {
    }
    if (!take_clock(&at, end, basic, &clock) || !word_date_half_day(&at, end, &clock)) return false;
    if (!take_zone(&at, end, &zone)) return false;
  }
  if (at != end) return false;
  *out = (double)days_from_date(year, month, day) * 86400e3 + clock - zone;
  return true;
}

bool time_parse_month_first(const char *text, size_t length, int64_t *milliseconds) {
  const char *at = text, *end = text + length;
  int month, day, year;
  if (!take_digits(&at, end, 1, 2, &month) || !take(&at, end, " ") ||
      !take_digits(&at, end, 1, 2, &day) || !take(&at, end, ",") || !take(&at, end, " ") ||
      !take_digits(&at, end, 4, 4, &year) || at != end || !is_date(year, month, day))
    return false;
  *milliseconds = days_from_date(year, month, day) * 86400000;
  return true;
}

/// YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss of the years 1900 to 2100: their length, else 0.
static int date_length(double value, double *milliseconds) {
  int length = 0;
  double clock = 0;
  if (value >= 19000101 && value <= 21001231) length = 8;
  if (value >= 190001010000 && value <= 210012312359) length = 12;
  if (value >= 19000101000000 && value <= 21001231235959) length = 14;
  if (length == 0 || value != floor(value)) return 0;
  int64_t n = (int64_t)value;
  if (length > 8) {
    int64_t second = length == 14 ? n % 100 : 0;
    if (length == 14) n /= 100;
    int64_t minute = n % 100, hour = n / 100 % 100;
    if (hour > 23 || minute > 59 || second > 60) return 0;
    clock = (double)((hour * 60 + minute) * 60 + second) * 1000;
    n /= 10000;
  }
  if (!is_date(n / 10000, n / 100 % 100, n % 100)) return 0;
  *milliseconds =
      (double)days_from_date(n / 10000, (int)(n / 100 % 100), (int)(n % 100)) * 86400e3 + clock;
  return length;
}

// --- columns -------------------------------------------------------------------------------------

/// What a number of this size counts: 1e11 seconds are the year 5138. Small ones say nothing: 1e8
/// seconds are 1973, and in a finer unit they lie within 1970's first days.
static time_unit unit_of(double value) {
  double size = fabs(value);
  if (size < 1e8) return TIME_AUTO;
  if (size < 1e11) return TIME_SECONDS;
  if (size < 1e14) return TIME_MILLISECONDS;
  return size < 1e17 ? TIME_MICROSECONDS : TIME_NANOSECONDS;
}

/// The bits of a double as a number of the same order.
static int64_t key_of(double value) {
  int64_t bits;
  if (value == 0) value = 0;  // -0 too
  memcpy(&bits, &value, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

static double value_of(int64_t key) {
  double value;
  int64_t bits = key < 0 ? key ^ INT64_MAX : key;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Milliseconds since 1970 of a value in this unit; false where that lies outside years 1 .. 9999.
static bool to_milliseconds(double value, time_unit unit, double *out) {
  if (unit == TIME_DATES) {
    *out = 0;
    return value == 0 || date_length(value, out) > 0;
  }
  double seconds = value / per_second[unit];
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) return false;
  // Not by way of seconds, whose thousandths round.
  *out = unit == TIME_SECONDS ? value * 1e3 : value / (per_second[unit] / 1e3);
  return true;
}

static void see_number(time_column *c, double value, int64_t line) {
  double unused;
  c->n_number++;
  if (c->wanted != TIME_AUTO) return;
  time_unit unit = unit_of(value);
  if (c->count[unit]++ == 0) {
    c->line[unit] = line;
    c->value[unit] = value;
  }
  if (value == 0 || (c->n_date == 0 && c->n_number > 1000)) return;
  int length = date_length(value, &unused);
  if (length > 0) {
    c->n_date++;
    if (c->date_digits == 0) c->date_digits = length;
    if (c->date_digits != length) c->date_digits = -1;
  } else if (!c->not_date_line) {
    c->not_date_line = line;
  }
}

bool time_column_add(time_column *c, const char *text, size_t length, int64_t line, int64_t *key) {
  double value, milliseconds;
  if (number_parse(text, length, &value)) {
    if (c->n > c->n_number || !(fabs(value) < 9.3e18)) return false;  // NaN too
    if (c->wanted != TIME_AUTO && !to_milliseconds(value, c->wanted, &milliseconds)) return false;
    see_number(c, value, line);
  } else {
    if (c->n_number > 0) return false;
    if (!parse_text(text, length, &value)) {
      if (!parse_words(text, length, &value)) return false;
      c->words = true;
    }
  }
  if (c->n == 0 || value < c->low) c->low = value;
  if (c->n == 0 || value > c->high) c->high = value;
  c->n++;
  *key = key_of(value);
  return true;
}

void time_column_expectation(const time_column *c, char *text, size_t size) {
  if (c->wanted != TIME_AUTO)
    snprintf(text, size, "%s (dataset.time_unit)", unit_name[c->wanted]);
  else if (c->n > c->n_number)
    snprintf(text, size, "%s, as in the rows before",
             c->words ? "a date with its month as a word (Jan 5, 2014)"
                      : "YYYY-MM-DD[ hh:mm[:ss[.fraction]]][zone]");
  else if (c->n_number > 0)
    snprintf(text, size, "a number, as in the rows before");
  else
    snprintf(text, size, "%s", time_expected);
}

/// Two units in one column, with an example of each.
static throng_status refuse_mixture(const time_column *c, const char *path, const char *setting,
                                    time_unit a, time_unit b) {
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: times of two units: %.17g in line %lld would be %s, %.17g in line %lld "
                     "%s (%lld and %lld rows); expected one unit, or %s",
                     path, c->value[a], (long long)c->line[a], unit_name[a], c->value[b],
                     (long long)c->line[b], unit_name[b], (long long)c->count[a],
                     (long long)c->count[b], setting);
}

throng_status time_column_finish(time_column *c, const char *path, const char *setting) {
  c->unit = c->wanted;
  if (c->n > c->n_number) c->unit = TIME_TEXT;
  if (c->unit != TIME_AUTO) return THRONG_OK;
  if (c->n_date > 0 && !c->not_date_line && c->date_digits > 0) {
    c->unit = TIME_DATES;
    return THRONG_OK;
  }
  if (c->n_date * 2 > c->n_number)
    return throng_fail(
        THRONG_ERROR_DATA,
        "%s: %lld of %lld times look like dates YYYYMMDD[hhmm[ss]], %s; expected all "
        "or none, or %s",
        path, (long long)c->n_date, (long long)c->n_number,
        c->not_date_line ? "not all" : "of several lengths", setting);
  c->unit = TIME_SECONDS;
  bool found = false;
  for (int u = TIME_SECONDS; u <= TIME_NANOSECONDS; u++) {
    if (c->count[u] == 0) continue;
    if (found) return refuse_mixture(c, path, setting, c->unit, (time_unit)u);
    c->unit = (time_unit)u;
    found = true;
  }
  if (c->high / per_second[c->unit] < SECONDS_2200) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: times up to %.17g (line %lld has %.17g), which as %s lie after the year "
                     "2200; expected %s, or %s",
                     path, c->high, (long long)c->line[c->unit], c->value[c->unit],
                     unit_name[c->unit], time_expected, setting);
}

static double milliseconds_of(const time_column *c, double value) {
  double out;
  return to_milliseconds(value, c->unit, &out) ? out : 0;
}

int64_t time_column_seconds(const time_column *c, int64_t key) {
  return (int64_t)floor(milliseconds_of(c, value_of(key)) / 1000);
}

/// "2017-07-14"; the calendar repeats every 146,097 days.
static void date_text(double milliseconds, char text[16]) {
  int64_t days = (int64_t)floor(milliseconds / 86400e3), year = 1 + (days + 719162) * 400 / 146097;
  while (days_from_date(year + 1, 1, 1) <= days) year++;
  while (year > 1 && days_from_date(year, 1, 1) > days) year--;
  int month = 12;
  while (month > 1 && days_from_date(year, month, 1) > days) month--;
  unsigned day = (unsigned)(days - days_from_date(year, month, 1)) + 1;
  snprintf(text, 16, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100, day % 100);
}

void time_column_describe(const time_column *c, char *text, size_t size) {
  char first[16], last[16];
  date_text(milliseconds_of(c, c->low), first);
  date_text(milliseconds_of(c, c->high), last);
  // Numbers of which none told a unit, all of them before 1973: whatever they count, the order
  // holds.
  bool small = c->wanted == TIME_AUTO && c->unit == TIME_SECONDS && c->n_number > 0 &&
               c->count[TIME_AUTO] == c->n_number;
  snprintf(text, size, "%s, %s to %s%s", c->words ? "dates in words" : unit_name[c->unit], first,
           last,
           small ? " (small numbers: where they are years, a spreadsheet's days or a count, their "
                   "order alone is right)"
                 : "");
}

bool time_parse(const char *text, size_t length, int64_t *milliseconds) {
  time_column lone = {0};
  int64_t key;
  double out;
  if (!time_column_add(&lone, text, length, 1, &key)) return false;
  if (lone.n_number == 0)
    lone.unit = TIME_TEXT;
  else if (lone.n_date > 0)
    lone.unit = TIME_DATES;
  else
    lone.unit = unit_of(value_of(key)) == TIME_AUTO ? TIME_SECONDS : unit_of(value_of(key));
  if (!to_milliseconds(value_of(key), lone.unit, &out)) return false;
  *milliseconds = (int64_t)floor(out);
  return true;
}

bool time_is_usual_name(const char *name) {
  static const char *const usual[] = {"time",
                                      "timestamp",
                                      "ts",
                                      "date",
                                      "datetime",
                                      "unixreviewtime",
                                      "review_time",
                                      "review_date",
                                      "reviewtime",
                                      "reviewdate",
                                      "unix_time",
                                      "unixtime",
                                      "created_at",
                                      "createdat",
                                      "created",
                                      "rated_at",
                                      "submitted_at",
                                      "event_time",
                                      "eventtime",
                                      "date_time",
                                      "rating_time",
                                      "rating_date",
                                      "rating_timestamp",
                                      "review_timestamp",
                                      "event_timestamp",
                                      "time_stamp",
                                      "epoch",
                                      "updated_at",
                                      "last_updated"};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    if (!strcasecmp(name, usual[i])) return true;
  return false;
}
