/// When a request may start and when a failed one is tried again: rate limits, Retry-After,
/// back-off. Pure arithmetic on times that the caller brings; nothing here sleeps or asks the
/// clock.
#ifndef THRONG_LLM_PACE_H
#define THRONG_LLM_PACE_H

#include "base/status.h"

/// A leaky bucket: `per_minute` units flow in, at most one second's worth (and at least one unit)
/// is kept, and a start may overdraw it. So a minute never sees more than the limit and a sixtieth.
typedef struct pace {
  double per_minute;  // 0: no limit
  double level;       // units that may be spent; below 0 after an overdraft
  double time;        // seconds; when `level` was right
} pace;

void pace_start(pace *p, double per_minute, double now);
/// Seconds until a start is allowed; 0: now.
double pace_wait(pace *p, double now);
/// Take `units`. A negative number gives back what was taken too much.
void pace_take(pace *p, double units);

/// What a server asked for, in seconds: `ms` (retry-after-ms), then `after` (retry-after: seconds
/// or an HTTP date; `now` in seconds since 1970, best by the server's own clock). -1 where there is
/// none above 0.
double retry_after(const char *ms, const char *after, double now);
/// What x-ratelimit-reset-* say: seconds ("20", "1m30.5s", "250ms"), seconds or milliseconds since
/// 1970, or a date. -1 where there is none above 0.
double retry_reset(const char *text, double now);
/// Seconds since 1970 of an HTTP date or an ISO one; NaN where it is none.
double retry_date(const char *text);
/// min(0.5 2^tries, 8) (1 - 0.25 u), u in [0, 1): before try `tries` + 1, from 0 (openai-python).
double retry_backoff(int32_t tries, double u);
/// Worth another try: 408, 409, 429 and 5xx.
bool retry_status(long status);
/// The server has too much to do: 429, 503 and 529 (Anthropic's).
bool retry_is_limit(long status);

#endif
