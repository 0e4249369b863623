/// The loop over curl's multi handle: start what may start, let curl work, take what is finished.
#include "llm/http.h"

#include <curl/curl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "llm/pace.h"

enum { IDLE_MS = 100, KEPT_BUFFER = 1 << 20 };

/// A request under way or waiting for its next try.
typedef struct attempt {
  http_job job;
  int32_t tries;
  double first;  // when the first try began
  double due;    // when the next may begin
} attempt;

typedef struct transfer {
  CURL *easy;
  attempt at;
  double started;
  char *buffer;
  size_t length, capacity;
  size_t most;
  bool flying, too_large, no_memory;
  bool probe;  // tries alone whether a server that had too much to do takes requests again
  char reason[CURL_ERROR_SIZE];
} transfer;

typedef struct client {
  const http_def *def;
  const http_handler *handler;
  http_counts *counts;
  CURLM *multi;
  struct curl_slist *headers;
  transfer *transfer;  // (in_flight)
  int32_t flying;
  attempt *waiting;  // (n_waiting of 4 in_flight)
  int32_t n_waiting, waiting_most;
  pace requests, tokens;
  double hold;  // no start before: a server that limits one request limits all
  bool probing, probe_flying;
  int32_t waves;  // of limits in a row
  double stopped;
  uint64_t noise;
  bool ended, stopping;
} client;

static size_t receive(char *data, size_t size, size_t count, void *context) {
  transfer *t = context;
  size_t n = size * count;
  if (n > t->most - t->length) {
    t->too_large = true;
    return 0;
  }
  if (throng_grow((void **)&t->buffer, &t->capacity, t->length + n + 1, 1, "an answer") !=
      THRONG_OK) {
    t->no_memory = true;
    return 0;
  }
  memcpy(t->buffer + t->length, data, n);
  t->length += n;
  t->buffer[t->length] = '\0';
  return n;
}

static throng_status make_easy(client *c, transfer *t) {
  t->easy = curl_easy_init();
  if (!t->easy) return throng_fail(THRONG_ERROR_MEMORY, "a curl handle could not be had");
  t->most = c->def->max_answer;
  CURL *e = t->easy;
  CURLcode code = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  // A POST that is redirected is a wrong address, and its key belongs to nobody else.
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
  // As OpenSSL's programs: where a system keeps certificates elsewhere than libcurl was built to
  // look.
  const char *certificates = getenv("SSL_CERT_FILE");
  if (code == CURLE_OK && certificates && *certificates)
    code = curl_easy_setopt(e, CURLOPT_CAINFO, certificates);
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_URL, c->def->url);
  if (code == CURLE_OK) code = curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
  if (code != CURLE_OK)
    return throng_fail(THRONG_ERROR_IO, "curl refuses a setting that is needed for safety: %s",
                       curl_easy_strerror(code));
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(e, CURLOPT_USERAGENT, "throng");
  curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(1000 * c->def->connect_timeout));
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(1000 * c->def->timeout));
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->reason);
  curl_easy_setopt(e, CURLOPT_PRIVATE, t);
  return THRONG_OK;
}

static throng_status start(client *c, const attempt *at, double time) {
  transfer *t = c->transfer;
  while (t->flying) ++t;
  t->at = *at;
  if (t->at.tries++ == 0) t->at.first = time;
  if (t->at.tries > 1) ++c->counts->retries;
  t->started = time;
  t->length = 0;
  t->too_large = t->no_memory = false;
  t->reason[0] = '\0';
  if (t->capacity > KEPT_BUFFER) {
    free(t->buffer);
    t->buffer = NULL;
    t->capacity = 0;
  }
  t->flying = true;
  t->probe = c->probing;
  c->probe_flying |= t->probe;
  ++c->flying;
  pace_take(&c->requests, 1);
  pace_take(&c->tokens, t->at.job.tokens);
  THRONG_TRY(throng_grow((void **)&t->buffer, &t->capacity, 1, 1, "an answer"));
  t->buffer[0] = '\0';
  curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->at.job.length);
  curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->at.job.body);
  CURLMcode code = curl_multi_add_handle(c->multi, t->easy);
  if (code == CURLM_OK) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "curl refuses a request: %s", curl_multi_strerror(code));
}

/// Seconds until something may start, 0 where it may now; INFINITY where nothing waits to.
static double start_wait(client *c, double time) {
  if (c->stopping || c->flying == c->def->in_flight || c->probe_flying) return INFINITY;
  double soonest = !c->ended && c->n_waiting < c->waiting_most ? time : INFINITY;
  for (int32_t i = 0; i < c->n_waiting; ++i) soonest = fmin(soonest, c->waiting[i].due);
  if (isinf(soonest)) return INFINITY;
  double wait = fmax(pace_wait(&c->requests, time), pace_wait(&c->tokens, time));
  return fmax(fmax(soonest, c->hold) - time, wait);
}

static throng_status start_all(client *c, double *wait) {
  for (;;) {
    double time = clock_now();
    *wait = start_wait(c, time);
    if (*wait > 0) return THRONG_OK;
    attempt next = {0};
    int32_t due = 0;  // what failed comes first
    while (due < c->n_waiting && c->waiting[due].due > time) ++due;
    if (due < c->n_waiting) {
      next = c->waiting[due];
      c->waiting[due] = c->waiting[--c->n_waiting];
    } else {
      bool more = true;
      THRONG_TRY(c->handler->next(c->handler->context, &next.job, &more));
      if (!more) {
        c->ended = true;
        continue;
      }
    }
    THRONG_TRY(start(c, &next, time));
  }
}

static double noise(client *c) {  // splitmix64, for the jitter alone
  uint64_t z = c->noise += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static const char *header(transfer *t, const char *name) {
  struct curl_header *found;
  return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                   : NULL;
}

/// The variable that sends requests through a proxy, NULL where none does. Its value may hold a
/// password and is never shown. curl reads http_proxy in small letters alone.
static const char *proxy_variable(const char *url) {
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  bool https = !strncasecmp(url, "https", 5);
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    const char *value = getenv(names[i]);
    if (value && *value && (i > 2 || (i > 0) == https)) return names[i];
  }
  return NULL;
}

/// What went wrong in words, "" for a whole 2xx answer; `*retry` where another try may help.
static void judge(const client *c, transfer *t, CURLcode code, long status, bool *retry, char *text,
                  size_t size) {
  text[0] = '\0';
  *retry = true;
  if (t->too_large) {
    snprintf(text, size, "the answer is longer than %zu bytes", t->most);
  } else if (code != CURLE_OK) {
    bool https = !strncasecmp(c->def->url, "https", 5);
    bool foreign = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
                   code == CURLE_SSL_CONNECT_ERROR;
    snprintf(text, size, "%s%s", t->reason[0] ? t->reason : curl_easy_strerror(code),
             !foreign ? ""
             : https  ? "; if the server speaks no TLS, its address begins with http://"
                      : "; no HTTP is spoken there: is the port right, or is it https://?");
    const char *proxy = proxy_variable(c->def->url);
    if (proxy && (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY ||
                  code == CURLE_PROXY || (code == CURLE_RECV_ERROR && strstr(text, "CONNECT"))))
      snprintf(text + strlen(text), size - strlen(text),
               " (%s is set: a server that is reached without a proxy stands in NO_PROXY)", proxy);
    // Certificates do not heal by waiting.
    *retry = code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE &&
             code != CURLE_URL_MALFORMAT;
  } else if (status >= 300 && status < 400) {
    const char *to = header(t, "location");
    snprintf(text, size, "HTTP %ld, sent on to %.200s; redirects are not followed", status,
             to ? to : "nowhere");
    *retry = false;
  } else if (status < 200 || status >= 400) {
    snprintf(text, size, "HTTP %ld", status);
    *retry = retry_status(status);
  }
  redact(c->def->secret, text);
}

static double wall_clock(void) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  return (double)wall.tv_sec + 1e-9 * (double)wall.tv_nsec;
}

/// Seconds that the server asks to wait; -1: it does not say.
static double asked_wait(transfer *t, long status) {
  if (status < 200 || (status >= 300 && status < 400)) return -1;
  const char *date = header(t, "date");
  double now = date ? retry_date(date) : NAN;  // by its own clock, which may be another
  if (isnan(now)) now = wall_clock();
  double hint = retry_after(header(t, "retry-after-ms"), header(t, "retry-after"), now);
  if (hint > 0 || status != 429) return hint;
  static const char *const limits[] = {"requests", "tokens"};
  for (int i = 0; i < 2; ++i) {
    char left[48], reset[48];
    snprintf(left, sizeof left, "x-ratelimit-remaining-%s", limits[i]);
    snprintf(reset, sizeof reset, "x-ratelimit-reset-%s", limits[i]);
    const char *remaining = header(t, left);
    if (remaining && remaining[strspn(remaining, "0 ")] == '\0')
      hint = fmax(hint, retry_reset(header(t, reset), now));
  }
  return hint;
}

static void stop(client *c, double time) {
  if (!c->stopping) c->stopped = time;
  c->stopping = true;
}

/// Seconds until the next try of a request that the server had no room for, and hold all others.
static double hold_all(client *c, const transfer *t, double hint, double time) {
  // Those that were in flight together are one wave.
  if (!c->probing || t->probe) ++c->waves;
  double wait =
      hint > 0 ? hint + noise(c) * fmin(0.1 * hint, 1) : retry_backoff(c->waves - 1, noise(c));
  c->probing = true;
  c->hold = fmax(c->hold, time + wait);
  return c->hold - time;
}

static void wait_for_try(client *c, transfer *t, const http_answer *answer, bool limited,
                         double hint, double time) {
  double wait;
  if (hint > c->def->max_wait) {
    c->counts->asked_wait = hint;
    c->counts->until = wall_clock() + hint;
    stop(c, time);
    wait = INFINITY;
  } else {
    wait = limited ? hold_all(c, t, hint, time) : retry_backoff(t->at.tries - 1, noise(c));
  }
  t->at.due = time + wait;
  if (c->handler->trouble) c->handler->trouble(c->handler->context, answer, wait);
  // There is room: what is in flight and what waits never outgrow it together.
  c->waiting[c->n_waiting++] = t->at;
}

/// The server takes requests again, or said nothing of it.
static void end_probe(client *c, transfer *t, long status, bool limited) {
  bool through = status != 0 && !limited;
  if (t->probe) {
    c->probe_flying = false;
    if (through) c->probing = false;
  }
  if (through && !c->probing) c->waves = 0;
}

static void count_transfer(client *c, transfer *t, double time) {
  curl_off_t received = 0;
  long connects = 0;
  curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
  c->counts->bytes_received += received;
  c->counts->connections += connects;
  c->counts->busy += time - t->started;
}

static throng_status finish(client *c, transfer *t, CURLcode code) {
  double time = clock_now();
  long status = 0;
  char error[512];
  bool retry;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
  count_transfer(c, t, time);
  if (t->no_memory) return throng_fail(THRONG_ERROR_MEMORY, "an answer of %zu bytes", t->length);
  judge(c, t, code, status, &retry, error, sizeof error);
  if (code != CURLE_OK && status < 400) status = 0;
  double hint = asked_wait(t, status);
  bool limited = retry_is_limit(status) || (*error && retry && hint > 0);
  // Who must wait for too long to wait at all is not out of tries.
  bool left = t->at.tries <= c->def->retries || hint > c->def->max_wait;
  http_verdict verdict = HTTP_RETRY;
  double tokens = -1;
  http_answer answer = {.status = status,
                        .body = t->buffer,
                        .length = t->length,
                        .error = error,
                        .seconds = time - t->at.first,
                        .tries = t->at.tries,
                        .last = !left};
  bool again = *error && retry && left;
  if (again && c->handler->hopeless)
    again = !c->handler->hopeless(c->handler->context, &t->at.job, &answer);
  if (!again)
    THRONG_TRY(c->handler->done(c->handler->context, &t->at.job, &answer, &verdict, &tokens));
  pace_take(&c->tokens, (tokens >= 0 ? tokens : *error ? 0 : t->at.job.tokens) - t->at.job.tokens);
  limited |= verdict == HTTP_LIMITED || (verdict == HTTP_RETRY && hint > 0);
  if (verdict == HTTP_TAKEN) {
    ++c->counts->answers;
    free(t->at.job.body);
  } else if (verdict == HTTP_CHANGED) {
    t->at.tries = 0;
    t->at.due = time;
    c->waiting[c->n_waiting++] = t->at;
    c->ended = false;  // it may have left work behind: half a batch
  } else {
    wait_for_try(c, t, &answer, limited, hint, time);
  }
  end_probe(c, t, status, limited);
  t->flying = false;
  --c->flying;
  curl_multi_remove_handle(c->multi, t->easy);
  return THRONG_OK;
}

static throng_status tick(client *c) {
  bool wanted = false;
  THRONG_TRY(c->handler->tick(c->handler->context, &wanted));
  if (wanted) stop(c, clock_now());
  return THRONG_OK;
}

static throng_status run(client *c) {
  double ticked = 0;
  for (;;) {
    double wait, time = clock_now();
    if (time - ticked > IDLE_MS * 1e-3) {
      THRONG_TRY(tick(c));
      ticked = time;
    }
    THRONG_TRY(start_all(c, &wait));
    if (c->flying == 0 && (c->stopping || (c->ended && c->n_waiting == 0))) return THRONG_OK;
    if (c->stopping && clock_now() - c->stopped > c->def->grace) return THRONG_OK;
    int running, left;
    CURLMcode code = curl_multi_perform(c->multi, &running);
    bool took = false;
    for (CURLMsg *message; code == CURLM_OK && (message = curl_multi_info_read(c->multi, &left));) {
      if (message->msg != CURLMSG_DONE) continue;
      transfer *t = NULL;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
      THRONG_TRY(finish(c, t, message->data.result));
      took = true;
    }
    if (took) {
      THRONG_TRY(tick(c));
      continue;  // there is room now
    }
    int ms = wait < IDLE_MS * 1e-3 ? (int)ceil(wait * 1000) : IDLE_MS;
    if (code == CURLM_OK) code = curl_multi_poll(c->multi, NULL, 0, ms, NULL);
    if (code != CURLM_OK)
      return throng_fail(THRONG_ERROR_IO, "curl: %s", curl_multi_strerror(code));
  }
}

static throng_status add_header(client *c, const char *text) {
  struct curl_slist *longer = curl_slist_append(c->headers, text);
  if (!longer) return throng_fail(THRONG_ERROR_MEMORY, "HTTP headers: out of memory");
  c->headers = longer;
  return THRONG_OK;
}

static throng_status open_client(client *c) {
  const http_def *def = c->def;
  c->multi = curl_multi_init();
  if (!c->multi) return throng_fail(THRONG_ERROR_MEMORY, "curl could not be started");
  curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)def->in_flight);
  c->waiting_most = 4 * def->in_flight;
  THRONG_TRY(throng_alloc((void **)&c->transfer, (size_t)def->in_flight, sizeof *c->transfer,
                          "requests in flight"));
  THRONG_TRY(throng_alloc((void **)&c->waiting, (size_t)c->waiting_most + (size_t)def->in_flight,
                          sizeof *c->waiting, "requests to be tried again"));
  THRONG_TRY(add_header(c, "Content-Type: application/json"));
  THRONG_TRY(add_header(c, "Accept: application/json"));
  THRONG_TRY(add_header(c, "Expect:"));  // no round trip before the body
  for (int32_t i = 0; i < def->n_header; ++i) THRONG_TRY(add_header(c, def->header[i]));
  for (int32_t i = 0; i < def->in_flight; ++i) THRONG_TRY(make_easy(c, &c->transfer[i]));
  double time = clock_now();
  pace_start(&c->requests, def->requests_per_minute, time);
  pace_start(&c->tokens, def->tokens_per_minute, time);
  c->noise = (uint64_t)(time * 1e9);
  return THRONG_OK;
}

static void drop(client *c, http_job *job) {
  if (c->handler->drop) c->handler->drop(c->handler->context, job);
  free(job->body);
}

static void close_client(client *c) {
  for (int32_t i = 0; c->transfer && i < c->def->in_flight; ++i) {
    transfer *t = &c->transfer[i];
    if (t->flying) {
      curl_multi_remove_handle(c->multi, t->easy);
      drop(c, &t->at.job);
    }
    curl_easy_cleanup(t->easy);
    free(t->buffer);
  }
  for (int32_t i = 0; i < c->n_waiting; ++i) drop(c, &c->waiting[i].job);
  for (struct curl_slist *line = c->headers; line; line = line->next)
    explicit_bzero(line->data, strlen(line->data));
  curl_slist_free_all(c->headers);
  curl_multi_cleanup(c->multi);
  free(c->transfer);
  free(c->waiting);
}

static CURLcode started_curl;
static void start_curl(void) { started_curl = curl_global_init(CURL_GLOBAL_DEFAULT); }

throng_status http_run(const http_def *def, const http_handler *handler, http_counts *counts) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start_curl);
  if (started_curl != CURLE_OK)
    return throng_fail(THRONG_ERROR_IO, "curl could not be started: %s",
                       curl_easy_strerror(started_curl));
  THRONG_TRY(http_check_url("url", def->url));
  http_counts local = {0};
  client c = {.def = def, .handler = handler, .counts = &local};
  double began = clock_now();
  throng_status status = open_client(&c);
  if (status == THRONG_OK) status = run(&c);
  close_client(&c);
  local.seconds = clock_now() - began;
  if (counts) *counts = local;
  return status;
}
