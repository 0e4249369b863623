/// Many POST requests with JSON bodies to one endpoint, N at once, with retries and rate limits:
/// the curl multi interface. Knows nothing of language models, prompts or stores.
#ifndef THRONG_LLM_HTTP_H
#define THRONG_LLM_HTTP_H

#include "llm/redact.h"

typedef struct http_def {
  const char *url;            // of the endpoint; http or https, without user or fragment
  const char *const *header;  // (n_header) lines "Name: value" beside the usual ones
  int32_t n_header;
  const secrets *secret;   // taken out of errors; bodies come as they are: redact what goes on
  int32_t in_flight;       // requests at once
  int32_t retries;         // of one request, after its first try
  double timeout;          // seconds for one try
  double connect_timeout;  // seconds
  double grace;            // seconds that what is in flight is given after a stop
  double max_wait;         // seconds that a server may ask to wait; beyond, the run stops
  size_t max_answer;       // bytes of a body, unpacked
  double requests_per_minute, tokens_per_minute;  // 0: no limit
} http_def;

http_def http_default_def(void);

/// One request. `body` (malloc'd) belongs to the client from next() until done() took the answer.
typedef struct http_job {
  char *body;
  size_t length;
  double tokens;  // expected, prompt and answer: what the token limit is charged at first
  void *tag;      // the asker's
} http_job;

typedef struct http_answer {
  long status;       // 0: there was none
  const char *body;  // NUL-terminated
  size_t length;
  const char *error;  // "" where a 2xx answer arrived whole, else what went wrong and where
  double seconds;     // from the first try's start to the last one's end
  int32_t tries;
  bool last;  // no retry is left: the answer must be taken
} http_answer;

typedef enum http_verdict {
  HTTP_TAKEN,    // done with it
  HTTP_RETRY,    // the server's fault (an answer that is no JSON): wait and try again
  HTTP_LIMITED,  // the answer says that the server has too much to do: as HTTP 429
  HTTP_CHANGED,  // the job has a new body: ask again at once
} http_verdict;

typedef struct http_handler {
  /// The next request, made when there is room for it. `*more` false: there is none left.
  throng_status (*next)(void *context, http_job *job, bool *more);
  /// An answer that arrived whole (2xx), or the last error of a request: one without a retry left,
  /// or with a status that no retry helps. `*tokens` what it really took (-1: not known).
  throng_status (*done)(void *context, http_job *job, const http_answer *answer,
                        http_verdict *verdict, double *tokens);
  /// Some ten times a second and after every answer: `*stop` true starts nothing more.
  throng_status (*tick)(void *context, bool *stop);
  /// Told of a try that failed and is made again in `wait` seconds, or (INFINITY) not in this run.
  /// May be NULL.
  void (*trouble)(void *context, const http_answer *answer, double wait);
  /// An error that another try could help by its status: true where its words say that none will.
  /// May be NULL.
  bool (*hopeless)(void *context, const http_job *job, const http_answer *answer);
  /// Frees the tag of a job that was given up without an answer (a stop, an error).
  void (*drop)(void *context, http_job *job);
  void *context;
} http_handler;

typedef struct http_counts {
  int64_t answers;      // that were taken
  int64_t retries;      // tries after a first one
  int64_t connections;  // opened
  double busy;          // request-seconds in flight: over seconds, the mean number in flight
  double seconds;       // of the whole run
  int64_t bytes_received;
  double asked_wait;  // seconds, of a server that asked for more than max_wait; 0: none did
  double until;       // then: seconds since 1970
} http_counts;

/// Check an address without connecting to it: CONFIG with `where` ("llm.url") as its place.
throng_status http_check_url(const char *where, const char *url);

/// Ask until next() has no more and every answer is taken, or a stop. Errors: what a callback
/// returned; IO and MEMORY of curl itself. A server's faults are no errors here: done() judges
/// them.
///
/// A server that limits one request (429, 503, or any error with Retry-After) is left alone by all
/// until the time that it names, or for a back-off; then one request tries, and the others follow
/// once it came through. One that names more than max_wait stops the run (counts->asked_wait): what
/// is in flight is taken, the rest dropped.
throng_status http_run(const http_def *def, const http_handler *handler, http_counts *counts);

#endif
