/// A server that fails in every way it is told to, and an asker that keeps count.
#ifndef THRONG_TESTS_HTTP_STAGE_H
#define THRONG_TESTS_HTTP_STAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../http/server.h"
#include "llm/http.h"
#include "throng_test.h"

enum { MOST_JOBS = 4096 };

/// What the server saw and does.
typedef struct stage {
  server_fault fault[8];  // by turn of a job's tries; FAULT_NONE after the last
  int status[8];
  const char *headers[8];
  int n_turn;
  bool random;  // faults by chance instead
  double delay;
  int seen[MOST_JOBS];  // requests by job
  int good[MOST_JOBS];  // whole good answers sent by job
  char headers_seen[2048];
} stage;

/// The asker: jobs 0..n-1, each body {"job":N}.
typedef struct asker {
  int n, next;
  int taken[MOST_JOBS];
  char body[MOST_JOBS][40];
  long status[MOST_JOBS];
  int tries[MOST_JOBS];
  char error[512];
  char whole[4096];  // the last answer
  int stop_after;    // answers; 0: never
  int ticks, stop_at_tick;
  int n_taken, dropped;
  bool want_json;  // an answer without "ok" is the server's fault
  throng_status fail_with;
} asker;

static stage st;
static asker ask;

static inline void serve(void *context, const server_request *request, server_reply *reply) {
  stage *s = context;
  int job = -1;
  sscanf(request->body, "{\"job\":%d", &job);
  if (job < 0 || job >= MOST_JOBS) abort();
  snprintf(s->headers_seen, sizeof s->headers_seen, "%s", request->headers);
  int turn = s->seen[job]++;
  reply->delay = s->delay;
  if (s->random) {
    static const server_fault faults[] = {FAULT_DROP, FAULT_HALF, FAULT_CUT, FAULT_GARBAGE};
    static const int statuses[] = {429, 500, 503, 408};
    uint64_t z = (uint64_t)(request->number + 1) * 0x9e3779b97f4a7c15u;
    z ^= z >> 29;
    int dice = (int)(z % 100);
    reply->headers = "retry-after-ms: 5\r\n";
    if (dice < 6) reply->fault = faults[dice % 4];
    if (dice >= 6 && dice < 20) reply->status = statuses[dice % 4];
  } else if (turn < s->n_turn) {
    reply->fault = s->fault[turn];
    if (s->status[turn]) reply->status = s->status[turn];
    if (s->headers[turn]) reply->headers = s->headers[turn];
  }
  reply_text(reply, "{\"ok\":%d,\"padding\":\"................\"}", job);
  s->good[job] += reply->fault == FAULT_NONE && reply->status == 200;
}

static inline throng_status next(void *context, http_job *job, bool *more) {
  asker *a = context;
  *more = a->next < a->n;
  if (!*more) return THRONG_OK;
  char text[64];
  job->length = (size_t)snprintf(text, sizeof text, "{\"job\":%d}", a->next);
  job->body = strdup(text);
  job->tokens = 10;
  job->tag = (void *)(intptr_t)a->next++;
  return THRONG_OK;
}

static inline throng_status done(void *context, http_job *job, const http_answer *answer,
                                 http_verdict *verdict, double *tokens) {
  asker *a = context;
  intptr_t i = (intptr_t)job->tag;
  *tokens = 10;
  *verdict = HTTP_TAKEN;
  bool good = !*answer->error && answer->length && answer->body[answer->length - 1] == '}';
  if (a->want_json && !*answer->error && !good && !answer->last) {
    *verdict = HTTP_RETRY;
    return THRONG_OK;
  }
  ++a->taken[i];
  ++a->n_taken;
  a->status[i] = answer->status;
  a->tries[i] = answer->tries;
  snprintf(a->body[i], sizeof a->body[i], "%.39s", answer->body);
  snprintf(a->whole, sizeof a->whole, "%s", answer->body);
  if (*answer->error) snprintf(a->error, sizeof a->error, "%s", answer->error);
  if (a->fail_with) return throng_fail(a->fail_with, "the asker had enough");
  return THRONG_OK;
}

static inline throng_status tick(void *context, bool *stop) {
  asker *a = context;
  *stop = (a->stop_after && a->n_taken >= a->stop_after) ||
          (a->stop_at_tick && ++a->ticks >= a->stop_at_tick);
  return THRONG_OK;
}

static inline void drop(void *context, http_job *job) {
  (void)job;
  ++((asker *)context)->dropped;
}

static inline http_def usual(const http_server *server, char *url, size_t size) {
  http_def def = http_default_def();
  snprintf(url, size, "%s/chat/completions", http_server_url(server));
  def.url = url;
  def.timeout = 5;
  return def;
}

static http_counts counts;
static inline throng_status ask_all(const http_def *def, int n) {
  ask.n = n;
  http_handler handler = {.next = next, .done = done, .tick = tick, .drop = drop, .context = &ask};
  return http_run(def, &handler, &counts);
}

/// Comparisons are of whole numbers.
static inline int64_t milliseconds(void) { return (int64_t)(1000 * counts.seconds); }

/// `server` answers by `handler`, and `def_` asks it.
#define START_WITH(handler, def_)                        \
  char url_[256];                                        \
  memset(&st, 0, sizeof st);                             \
  memset(&ask, 0, sizeof ask);                           \
  http_server *server = http_server_start(handler, &st); \
  http_def def_ = usual(server, url_, sizeof url_)
#define START(def_) START_WITH(serve, def_)

#endif
