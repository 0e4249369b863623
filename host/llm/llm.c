/// Defaults and checks of section "llm".
#include "llm/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const llm_form_names[] = {"auto", "bounded", "schema", "object", "lines", NULL};

/// Here and not in http.c: a build without libcurl reads and writes the same configs.
http_def http_default_def(void) {
  return (http_def){.in_flight = 8,
                    .retries = 8,
                    .timeout = 300,
                    .connect_timeout = 10,
                    .grace = 10,
                    .max_wait = 300,
                    .max_answer = (size_t)4 << 20};
}

throng_status llm_check(const llm_def *def) {
  THRONG_TRY(fields_check(&llm_fields, def));
  if (!def->reread) THRONG_TRY(http_check_url("llm.url", def->url));
  if (!def->model)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "llm.model: missing; expected the name that the server knows its model by");
  if (!def->store)
    return throng_fail(THRONG_ERROR_CONFIG, "llm.store: missing; expected the path of a file");
  // The store is of use without its server.
  if (def->reread) return THRONG_OK;
  llm_door door = llm_door_of(def);
  llm_access access;
  THRONG_TRY(llm_access_open(&door, "/chat/completions", &access));
  llm_access_close(&access);
  return THRONG_OK;
}

http_def llm_http_def(const llm_def *def, const llm_access *access) {
  http_def http = http_default_def();
  http.url = access->url;
  http.header = (const char *const *)access->header;
  http.n_header = access->n_header;
  http.secret = &access->secret;
  http.in_flight = def->in_flight;
  http.retries = def->retries;
  http.timeout = def->timeout;
  http.connect_timeout = def->connect_timeout;
  http.max_wait = def->max_wait;
  http.max_answer = (size_t)def->max_answer_bytes;
  http.requests_per_minute = def->requests_per_minute;
  http.tokens_per_minute = def->tokens_per_minute;
  return http;
}

throng_status llm_waits_too_long(const llm_def *def, const char *url, const http_counts *counts,
                                 const char *said) {
  char until[32];
  struct tm parts;
  time_t at = (time_t)counts->until;
  strftime(until, sizeof until, "%F %T", gmtime_r(&at, &parts));
  return throng_fail(
      THRONG_ERROR_IO,
      "%s: %s: asks to wait %.0f s, until %s UTC, and llm.max_wait is %.0f s: run again "
      "then, or raise it; %s keeps what was answered",
      url, said, counts->asked_wait, until, def->max_wait, def->store);
}
