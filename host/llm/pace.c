/// Rate limits as leaky buckets, and the retry rules of openai-python.
#include "llm/pace.h"
#include "base/numbers.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>

static const double longest_hint = 120;  // seconds; what is asked for beyond is not believed

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
  // A bucket that must be full to a unit: half a unit is not half a request. The slack is for sums.
  double missing = fmin(1, capacity(p)) - p->level;
  return missing <= 1e-9 ? 0 : missing * 60 / p->per_minute;
}

void pace_take(pace *p, double units) {
  if (p->per_minute > 0) p->level = fmin(capacity(p), p->level - units);
}

static double number(const char *text) {
  NUMBERS_WITHOUT_LOCALE;
  char *end;
  double x = strtod(text, &end);
  while (*end == ' ' || *end == '\t') ++end;
  return end == text || *end ? NAN : x;
}

static bool believable(double seconds) { return seconds > 0 && seconds <= longest_hint; }

double retry_after(const char *ms, const char *after, double now) {
  double seconds = ms ? number(ms) / 1000 : NAN;
  if (believable(seconds)) return seconds;
  if (!after) return -1;
  seconds = number(after);
  if (isnan(seconds)) {
    time_t date = curl_getdate(after, NULL);
    seconds = date == (time_t)-1 ? NAN : (double)date - now;
  }
  return believable(seconds) ? seconds : -1;
}

double retry_backoff(int32_t tries, double u) {
  double seconds = tries >= 4 ? 8 : 0.5 * (double)(1 << (tries < 0 ? 0 : tries));
  return seconds * (1 - 0.25 * u);
}

bool retry_status(long status) {
  return status == 408 || status == 409 || status == 429 || status >= 500;
}
