/// Dates whose month is a word; see word_dates.h.
#include "data/word_dates.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const double HOUR = 3600e3;

typedef struct parts {
  word_date date;
  bool clock, zone;
} parts;

bool word_date_half_day(const char **at, const char *end, double *clock) {
  const char *p = *at;
  while (p < end && *p == ' ') p++;
  if (end - p < 2 || !strchr("AaPp", *p) || (p[1] != 'M' && p[1] != 'm')) return true;
  if (end - p > 2 && isalnum((unsigned char)p[2])) return true;
  double hour = (double)(int)(*clock / HOUR);
  if (hour < 1 || hour > 12) return false;
  if (hour == 12) *clock -= 12 * HOUR;
  if (*p == 'P' || *p == 'p') *clock += 12 * HOUR;
  *at = p + 2;
  return true;
}

/// Which of `n` names a word is: at least three letters of its beginning; 0 is the first, -1 none.
static int find_name(const char *word, size_t length, const char *const name[], int n) {
  for (int i = 0; i < n && length >= 3; i++)
    if (length <= strlen(name[i]) && strncasecmp(word, name[i], length) == 0) return i;
  return -1;
}

static bool is_word(const char *word, size_t length, const char *wanted) {
  return strlen(wanted) == length && strncasecmp(word, wanted, length) == 0;
}

static bool take_word(parts *p, const char *word, size_t length) {
  static const char *const month[] = {"January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December"};
  static const char *const day[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                    "Friday", "Saturday", "Sunday"};
  int found = find_name(word, length, month, 12);
  if (found >= 0) {
    if (p->date.month) return false;
    p->date.month = found + 1;
    return true;
  }
  if (is_word(word, length, "UTC") || is_word(word, length, "GMT") || is_word(word, length, "Z")) {
    bool good = p->clock && !p->zone;
    p->zone = true;
    return good;
  }
  return is_word(word, length, "at") || find_name(word, length, day, 7) >= 0;
}

/// "hh:mm[:ss[.fraction]] [AM, PM]" whose hour was read.
static bool take_clock(parts *p, int hour, const char **at, const char *end) {
  int part[2] = {0, 0};
  double fraction = 0, unit = 100;
  if (p->clock || hour > 23) return false;
  for (int i = 0; i < 2 && *at < end && **at == ':'; i++) {
    const char *digit = ++*at;
    for (; *at < end && isdigit((unsigned char)**at) && *at < digit + 2; (*at)++)
      part[i] = part[i] * 10 + (**at - '0');
    if (*at != digit + 2 || part[i] > 59 + i) return false;
  }
  if (*at < end && **at == '.')
    for (++*at; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
      fraction += unit * (**at - '0');
  p->clock = true;
  p->date.clock =
      ((hour * 60 + part[0]) * 60 + part[1]) * 1000.0 + (fraction < 1000 ? fraction : 999);
  return word_date_half_day(at, end, &p->date.clock);
}

/// "+0530", "-07:00": only behind a clock, for a dash joins the parts of a date too.
static bool take_zone(parts *p, const char **at, const char *end) {
  bool west = *(*at)++ == '-';
  int digit[4], n = 0;
  for (; *at < end && n < 4 && (isdigit((unsigned char)**at) || (n == 2 && **at == ':')); (*at)++)
    if (**at != ':') digit[n++] = **at - '0';
  if (n != 4 || p->zone) return false;
  int hour = digit[0] * 10 + digit[1], minute = digit[2] * 10 + digit[3];
  p->zone = true;
  p->date.zone = (hour * 60 + minute) * 60e3 * (west ? -1 : 1);
  return hour < 24 && minute < 60;
}

static bool take_number(parts *p, const char **at, const char *end) {
  int value = 0, n = 0;
  for (; *at < end && isdigit((unsigned char)**at) && n < 5; (*at)++, n++)
    value = value * 10 + (**at - '0');
  if (n <= 2 && *at < end && **at == ':') return take_clock(p, value, at, end);
  if (n == 4 && !p->date.year) {
    p->date.year = value;
    return value > 0;
  }
  // "05-Jun-18": of two digits each the day stands before the month, the year behind it, as
  // databases and spreadsheets write it; POSIX says which century.
  if (n == 2 && p->date.day && p->date.month && !p->date.year) {
    p->date.year = value + (value < 69 ? 2000 : 1900);
    return true;
  }
  if (n > 2 || p->date.day || value == 0) return false;
  p->date.day = value;
  static const char *const order[] = {"st", "nd", "rd", "th"};
  for (int i = 0; i < 4; i++)
    if (end - *at >= 2 && strncasecmp(*at, order[i], 2) == 0) {
      *at += 2;
      break;
    }
  return true;
}

bool word_date_parse(const char *text, size_t length, word_date *out) {
  parts p = {0};
  for (const char *at = text, *end = text + length; at < end;) {
    const char *word = at;
    while (at < end && isalpha((unsigned char)*at)) at++;
    bool good = true;
    if (at > word) {
      good = take_word(&p, word, (size_t)(at - word));
      if (at < end && *at == '.') at++;
    } else if (isdigit((unsigned char)*at)) {
      good = take_number(&p, &at, end);
    } else if (p.clock && (*at == '+' || *at == '-')) {
      good = take_zone(&p, &at, end);
    } else if (*at == ' ' || *at == ',' || *at == '-' || *at == '/') {
      at++;
    } else if (*at == ':' && p.date.year && !p.clock) {
      at++;  // "05/Jun/2018:06:20:57 +0000" of servers' logs
    } else {
      good = false;
    }
    if (!good) return false;
  }
  *out = p.date;
  return p.date.year && p.date.month && p.date.day;
}
