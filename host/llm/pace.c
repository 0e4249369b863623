/// Rate limits as leaky buckets, and the retry rules of openai-python.
#include "llm/pace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"

static const double most_believed = 1e9;  // seconds; beyond stands nothing that was meant

static double capacity(const pace *p) { return fmax(1, p->per_minute / 60); }

void pace_start(pace *p, double per_minute, double now) {
  *p = (pace){.per_minute = per_minute, .time = now};
  p->level = capacity(p);
}

static void flow(pace *p, double now) {
  if (now > p->time) p->level = fmin(capacity(p), p->level + (now - p->time) * p->per_minute / 60);
  p->time = now;
}

double pace_wait(pace *p, double now) {
  if (p->per_minute <= 0) return 0;
  flow(p, now);
  // A request needs one whole unit in the bucket; the tolerance absorbs rounding.
  double missing = fmin(1, capacity(p)) - p->level;
  return missing <= 1e-9 ? 0 : missing * 60 / p->per_minute;
}

void pace_take(pace *p, double units) {
  if (p->per_minute > 0) p->level = fmin(capacity(p), p->level - units);
}

/// Digits and a point: strtod would take infinities, hexadecimal and exponents too.
static double number(const char *text) {
  NUMBERS_WITHOUT_LOCALE;
  if (text[strspn(text, "+.0123456789 \t")]) return NAN;
  char *end;
  double x = strtod(text, &end);
  while (*end == ' ' || *end == '\t') ++end;
  return end == text || *end ? NAN : x;
}

static bool believable(double seconds) { return seconds > 0 && seconds < most_believed; }

double retry_after(const char *ms, const char *after, double now) {
  double seconds = ms ? number(ms) / 1000 : NAN;
  if (believable(seconds)) return seconds;
  if (!after) return -1;
  seconds = number(after);
  if (isnan(seconds)) seconds = retry_date(after) - now;
  return believable(seconds) ? seconds : -1;
}

/// "1h2m3.5s" and "250ms"; NaN where it is none.
static double duration(const char *text) {
  double all = 0;
  while (*text) {
    size_t digits = strspn(text, "0123456789."), unit = strspn(text + digits, "dhms");
    char one[24];
    if (digits == 0 || unit == 0 || digits >= sizeof one) return NAN;
    memcpy(one, text, digits);
    one[digits] = '\0';
    char u = text[digits];
    double scale = unit == 2 && u == 'm' ? 1e-3
                   : u == 'd'            ? 86400
                   : u == 'h'            ? 3600
                   : u == 'm'            ? 60
                                         : 1;
    all += number(one) * scale;
    text += digits + unit;
  }
  return all;
}

double retry_reset(const char *text, double now) {
  if (!text) return -1;
  double seconds = number(text);
  if (seconds > 1e12)
    seconds = seconds / 1000 - now;
  else if (seconds > 1e9)
    seconds -= now;
  if (isnan(seconds)) seconds = duration(text);
  if (isnan(seconds)) seconds = retry_date(text) - now;
  return believable(seconds) ? seconds : -1;
}

double retry_backoff(int32_t tries, double u) {
  double seconds = tries >= 4 ? 8 : 0.5 * (double)(1 << (tries < 0 ? 0 : tries));
  return seconds * (1 - 0.25 * u);
}

bool retry_status(long status) {
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

bool retry_is_limit(long status) { return status == 429 || status == 503 || status == 529; }
