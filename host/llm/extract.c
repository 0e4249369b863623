/// The extraction's run: lookups, requests, answers into the store.
#include "llm/extract.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/json.h"
#include "llm/extract_row.h"
#include "llm/http.h"
#include "llm/pace.h"

enum {
  MOST_IN_A_ROW = 10,    // failed requests
  MOST_BUSY = 3,         // of these where the server has too much to do
  NOTE_SECONDS = 10,     // between notes of trouble
  MOST_BODY = 64 << 10,  // bytes of a body that are kept
};

/// What a job in flight remembers.
typedef struct asked {
  struct asked *next;  // of those in flight
  request_place place;
  llm_dialect dialect;
  char id[SHA256_TEXT];
} asked;

typedef struct extraction {
  const llm_def *def;
  const request_list *requests;
  llm_store *store;
  const throng_progress *progress;
  llm_counts *counts;
  const llm_door *door;
  const secrets *secret;
  row_maker rows;
  llm_request request;
  request_place place;
  asked *in_flight;
  llm_dialect own, dialect;  // the settings'; what is asked in now: changes when a server refuses
  int64_t tokens, reserved;
  int failures;         // in a row
  char error[1100];     // of the request that failed last
  double noted, quiet;  // the last note's time; none before
  bool stopped;
  const char *spent;  // the budget's key
  int64_t too_large;  // tokens of a request that the whole budget would not do for; 0: none
  file_lock *lock;    // of the store, from the first request on
} extraction;

static bool has_budget(extraction *e) {
  const llm_def *d = e->def;
  if (d->budget_requests &&
      e->counts->asked + e->counts->failed + e->reserved >= d->budget_requests)
    e->spent = "llm.budget_requests";
  // What is in flight counts with what it may take at most, so that a budget is never passed by
  // more than a prompt's estimate.
  int64_t most = (int64_t)(e->request.body.length / 4) + d->max_tokens;
  if (d->budget_tokens && e->tokens + (e->reserved + 1) * most > d->budget_tokens)
    e->spent = "llm.budget_tokens";
  if (e->spent && d->budget_tokens && most > d->budget_tokens) e->too_large = most;
  return e->spent == NULL;
}

/// Make the request of a place as the server takes it.
static throng_status remake(extraction *e, const asked *a) {
  return request_list_make(e->requests, &a->place, &a->dialect, &e->request);
}

static throng_status take_body(extraction *e, http_job *job) {
  free(job->body);
  job->length = e->request.body.length;
  job->body = strndup(e->request.body.data, job->length);
  job->tokens = (double)job->length / 4 + e->def->max_tokens;
  return job->body ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "a request: out of memory");
}

/// Items of which the same is known make the same request: one of them asks for all.
static bool is_in_flight(const extraction *e, const char *id) {
  for (const asked *a = e->in_flight; a; a = a->next)
    if (!memcmp(a->id, id, sizeof a->id)) return true;
  return false;
}

/// Two runs that ask at once would pay for every answer twice: the second is refused, unless the
/// store has all that it wants.
static throng_status take_lock(extraction *e) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s.lock", e->def->store) >= (int)sizeof path)
    return throng_fail(THRONG_ERROR_CONFIG, "llm.store: the path is too long");
  return file_lock_take(path, e->def->store,
                        "wait until it is done, and this run has its answers, or give llm.store "
                        "another file",
                        &e->lock);
}

static throng_status next(void *context, http_job *job, bool *more) {
  extraction *e = context;
  *more = false;
  while (request_list_next(e->requests, &e->place)) {
    store_row row;
    bool found;
    asked *a;
    THRONG_TRY(request_list_make(e->requests, &e->place, &e->own, &e->request));
    THRONG_TRY(store_find(e->store, e->request.id, &row, &found));
    if ((found && row.answer) || is_in_flight(e, e->request.id)) {
      ++e->counts->from_store;
      ++e->place.part;
      continue;
    }
    if (!has_budget(e)) return THRONG_OK;
    if (!e->lock) {
      THRONG_TRY(take_lock(e));
      continue;  // who held it may have just put this answer in
    }
    THRONG_TRY(throng_alloc((void **)&a, 1, sizeof *a, "a request"));
    job->tag = a;
    a->place = e->place;
    a->dialect = e->dialect;
    memcpy(a->id, e->request.id, sizeof a->id);
    a->next = e->in_flight;
    e->in_flight = a;
    ++e->place.part;
    ++e->reserved;
    *more = true;
    if (!llm_same_dialect(&a->dialect, &e->own)) THRONG_TRY(remake(e, a));
    return take_body(e, job);
  }
  return THRONG_OK;
}

/// Unlink a job from the in-flight list and free its tag.
static void release(extraction *e, http_job *job) {
  if (!job->tag) return;
  asked **at = &e->in_flight;
  while (*at != job->tag) at = &(*at)->next;
  *at = (*at)->next;
  free(job->tag);
  job->tag = NULL;
  --e->reserved;
}

static void drop(void *context, http_job *job) { release(context, job); }

static llm_form asked_form(const asked *a) {
  return a->dialect.form == LLM_FORM_AUTO ? LLM_FORM_BOUNDED : a->dialect.form;
}

/// The row of a request whose text stands in e->request; `params` gets braces around them.
static throng_status base_row(extraction *e, const asked *a, byte_buffer *params, store_row *row) {
  static const char *const side_names[] = {"", "like", "dislike", "both"};
  THRONG_TRY(bytes_append(params, "{", 1));
  THRONG_TRY(bytes_append(params, bytes_text(&e->request.params), e->request.params.length));
  THRONG_TRY(bytes_append(params, "}", 1));
  *row = (store_row){.id = a->id,
                     .kind = e->request.kind,
                     .item = strings_get(&request_list_data(e->requests)->item_id, a->place.item),
                     .side = side_names[e->request.side],
                     .prompt = e->request.prompt,
                     .model = e->def->model,
                     .params = bytes_text(params),
                     .request = bytes_text(&e->request.messages),
                     .form = llm_form_names[asked_form(a)]};
  return THRONG_OK;
}

/// A body for the store: keys taken out, in UTF-8, and no longer than is of use.
static throng_status keep_body(const extraction *e, const http_answer *answer, byte_buffer *out) {
  size_t length = answer->length < MOST_BODY ? answer->length : MOST_BODY;
  THRONG_TRY(bytes_append(out, answer->body, utf8_valid_prefix(answer->body, length)));
  redact(e->secret, out->data);
  out->length = strlen(out->data);
  return THRONG_OK;
}

static throng_status put_answer(extraction *e, const asked *a, const http_answer *answer,
                                const chat_reply *reply) {
  byte_buffer params = {0}, body = {0};
  store_row row;
  throng_status status;
  THRONG_TRY_GOTO(base_row(e, a, &params, &row));
  THRONG_TRY_GOTO(row_read(&e->rows, &e->request, reply, &row));
  // A later version may read what this one could not.
  if (!reply->plain || answer_fault(&e->rows.shape)) THRONG_TRY_GOTO(keep_body(e, answer, &body));
  row.body = body.data;
  row.prompt_tokens = reply->prompt_tokens > 0 ? reply->prompt_tokens : 0;
  row.completion_tokens = reply->completion_tokens > 0 ? reply->completion_tokens : 0;
  row.seconds = answer->seconds;
  row.tries = answer->tries;
  THRONG_TRY_GOTO(store_put(e->store, &row));
  ++e->counts->asked;
  e->counts->prompt_tokens += row.prompt_tokens;
  e->counts->completion_tokens += row.completion_tokens;
  e->tokens += row.prompt_tokens + row.completion_tokens;
done:
  bytes_free(&params);
  bytes_free(&body);
  return status;
}

/// Words of an error, with those of the server behind them.
static void say(char *error, size_t size, const char *what, const char *said) {
  snprintf(error, size, "%s%s%s", what, *what && *said ? ": " : "", said);
}

static throng_status put_failure(extraction *e, const asked *a, const http_answer *answer,
                                 const char *error) {
  byte_buffer params = {0}, body = {0};
  store_row row;
  throng_status status;
  THRONG_TRY_GOTO(base_row(e, a, &params, &row));
  if (answer->status && answer->length) THRONG_TRY_GOTO(keep_body(e, answer, &body));
  row.error = error;
  row.body = body.data;
  row.seconds = answer->seconds;
  row.tries = answer->tries;
  THRONG_TRY_GOTO(store_put(e->store, &row));
  ++e->counts->failed;
  snprintf(e->error, sizeof e->error, "%s", error);
  if (++e->failures < MOST_IN_A_ROW) goto done;
  status = throng_fail(THRONG_ERROR_IO,
                       "%s: %d requests in a row failed, the last one with: %s; what was answered "
                       "is kept in %s, and the next run goes on from there",
                       e->def->url, e->failures, error, e->def->store);
done:
  bytes_free(&params);
  bytes_free(&body);
  return status;
}

/// Ask again in what the server takes. Those in flight learn it from each other.
static throng_status change(extraction *e, http_job *job, const llm_dialect *now, const char *said,
                            http_verdict *verdict) {
  asked *a = job->tag;
  if (llm_same_dialect(&a->dialect, &e->dialect)) {
    throng_note(e->progress, "%s does not take a part of the request (%s); now %s", e->def->url,
                said, llm_dialect_change(&e->dialect, now));
    e->dialect = *now;
  }
  a->dialect = e->dialect;
  *verdict = HTTP_CHANGED;
  THRONG_TRY(remake(e, a));
  return take_body(e, job);
}

/// A server that filters what it is asked says so by an error; as an answer that was filtered it is
/// kept, counted and not asked for again.
static throng_status take_filtered(extraction *e, http_job *job, const http_answer *answer) {
  const chat_reply reply = {
      .content = "", .finish = "content_filter", .prompt_tokens = -1, .completion_tokens = -1};
  THRONG_TRY(put_answer(e, job->tag, answer, &reply));
  e->failures = 0;
  release(e, job);
  return THRONG_OK;
}

/// An answer that is none: an error of the connection or of the server, with its words.
static throng_status take_error(extraction *e, http_job *job, const http_answer *answer,
                                long status, const char *what, const char *said,
                                http_verdict *verdict) {
  asked *a = job->tag;
  char error[1100], hint[400] = "";
  if (chat_is_filtered(status, said)) return take_filtered(e, job, answer);
  say(error, sizeof error, what, said);
  llm_dialect now = a->dialect;
  if (llm_give_way(e->def, status, said, &now)) return change(e, job, &now, said, verdict);
  bool lost = status == 404 || status == 405 || (status >= 300 && status < 400);
  if (lost && !strcasestr(said, "model")) llm_suggest_url(e->door, hint, sizeof hint);
  bool denied =
      status == 401 || status == 403 || (status == 400 && strcasestr(said, "api key"));  // Google's
  if (denied || lost)
    return throng_fail(THRONG_ERROR_IO, "%s: %s; expected an OpenAI-compatible server%s%s",
                       e->def->url, error, denied ? " and a key that it takes" : "", hint);
  if (status == 402 || chat_is_hopeless(said))
    return throng_fail(
        THRONG_ERROR_IO,
        "%s: %s; no waiting helps: %s keeps what was answered, and the next run goes "
        "on from there",
        e->def->url, error, e->def->store);
  // Who has never answered and has too much to do is not asked for every item.
  bool busy = retry_is_limit(status);
  THRONG_TRY(put_failure(e, a, answer, error));
  release(e, job);
  if (busy && (e->counts->asked == 0 || e->failures >= MOST_BUSY))
    return throng_fail(
        THRONG_ERROR_IO,
        "%s: %s, after %d tr%s; %s keeps what was answered, and the next run goes on "
        "from there",
        e->def->url, error, answer->tries, answer->tries == 1 ? "y" : "ies", e->def->store);
  return THRONG_OK;
}

/// HTTP 200, but no completion: `said` is why.
static throng_status take_none(extraction *e, http_job *job, const http_answer *answer, long status,
                               http_verdict *verdict) {
  char said[700], hint[400] = "";
  snprintf(said, sizeof said, "%s", throng_error_message());
  bool retry = status == 0 || retry_status(status);
  if (!answer->last && retry && !chat_is_hopeless(said)) {
    *verdict = retry_is_limit(status) ? HTTP_LIMITED : HTTP_RETRY;
    throng_fail(THRONG_ERROR_DATA, "%s", said);  // for trouble()
    return THRONG_OK;
  }
  if (!strncmp(said, "a web page", 10) && e->counts->asked == 0) {
    llm_suggest_url(e->door, hint, sizeof hint);
    return throng_fail(THRONG_ERROR_IO, "%s: %s%s", e->def->url, said, hint);
  }
  return take_error(e, job, answer, status, "", said, verdict);
}

static throng_status done(void *context, http_job *job, const http_answer *answer,
                          http_verdict *verdict, double *tokens) {
  extraction *e = context;
  asked *a = job->tag;
  *verdict = HTTP_TAKEN;
  THRONG_TRY(remake(e, a));
  if (*answer->error) {
    char said[512];
    chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said,
                    sizeof said);
    return take_error(e, job, answer, answer->status, answer->error, said, verdict);
  }
  chat_reply reply;
  throng_status status = chat_read(answer->body, answer->length, e->secret, &reply);
  if (status == THRONG_ERROR_DATA) return take_none(e, job, answer, reply.error_status, verdict);
  THRONG_TRY(status);
  if (reply.prompt_tokens >= 0 && reply.completion_tokens >= 0)
    *tokens = (double)(reply.prompt_tokens + reply.completion_tokens);
  status = put_answer(e, a, answer, &reply);
  chat_reply_free(&reply);
  e->failures = 0;
  release(e, job);
  return status;
}

static bool hopeless(void *context, const http_job *job, const http_answer *answer) {
  extraction *e = context;
  char said[512];
  (void)job;
  chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said, sizeof said);
  return chat_is_hopeless(said);
}

static void trouble(void *context, const http_answer *answer, double wait) {
  extraction *e = context;
  double time = clock_now();
  char said[512] = "";
  if (*answer->error)
    chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said,
                    sizeof said);
  say(e->error, sizeof e->error, *answer->error ? answer->error : throng_error_message(), said);
  if (isinf(wait) || (e->noted > 0 && time - e->noted < NOTE_SECONDS && wait < NOTE_SECONDS))
    return;
  if (time < e->quiet) return;  // one of those in flight together has told it
  e->noted = time;
  if (wait >= NOTE_SECONDS) e->quiet = time + wait / 2;
  throng_note(e->progress, "%s: %s; trying again in %.1f s", e->def->url, e->error, wait);
}

static throng_status tick(void *context, bool *stop) {
  extraction *e = context;
  THRONG_TRY(store_commit_due(e->store));
  // Report as done only what is committed to the store.
  int64_t safe = e->counts->from_store + store_committed(e->store);
  if (!throng_report(e->progress, "ask the model", safe, e->counts->requests, "requests"))
    e->stopped = true;
  *stop = e->stopped;
  return THRONG_OK;
}

/// Why a run that ended without an error has not asked everything.
static throng_status outcome(const extraction *e) {
  long long left = (long long)(e->counts->requests - e->counts->from_store - e->counts->asked);
  if (e->stopped)
    return throng_fail(
        THRONG_ERROR_CANCELLED,
        "stopped on request: up to %lld of %lld requests have no answer yet; %s keeps what "
        "was answered, and the next run goes on from there",
        left, (long long)e->counts->requests, e->def->store);
  if (e->too_large && e->tokens == 0)
    return throng_fail(
        THRONG_ERROR_CONFIG,
        "llm.budget_tokens %lld lets no request through: one may take %lld tokens, its "
        "prompt and llm.max_tokens; expected more",
        (long long)e->def->budget_tokens, (long long)e->too_large);
  if (e->spent)
    return throng_fail(
        THRONG_ERROR_CANCELLED,
        "%s is spent: %lld requests and %lld tokens in this run, up to %lld of %lld have no "
        "answer yet; run again to go on, or raise llm.reviews_per_request to ask less",
        e->spent, (long long)e->counts->asked, (long long)e->tokens, left,
        (long long)e->counts->requests);
  if (e->counts->failed == 0) return THRONG_OK;
  if (e->counts->asked + e->counts->from_store == 0)
    return throng_fail(THRONG_ERROR_IO, "%s: all %lld requests failed, the last one with: %s",
                       e->def->url, (long long)e->counts->failed, e->error);
  throng_note(e->progress,
              "%lld requests failed, the last one with: %s; another run asks these again alone",
              (long long)e->counts->failed, e->error);
  return THRONG_OK;
}

/// Keep what is here after an error too; the first error's message stays.
static throng_status commit_always(llm_store *store, throng_status status) {
  if (status == THRONG_OK) return store_commit(store);
  char first[1500];
  snprintf(first, sizeof first, "%s", throng_error_message());
  if (store_commit(store) != THRONG_OK && strcmp(throng_error_message(), first) != 0)
    throng_fail(status, "%s; and %s", first, throng_error_message());
  else
    throng_fail(status, "%s", first);
  return status;
}

throng_status extract_run(const llm_def *def, const request_list *requests, llm_store *store,
                          const throng_progress *progress, llm_counts *counts) {
  llm_door door = llm_door_of(def);
  llm_access access = {0};
  extraction e = {.def = def,
                  .requests = requests,
                  .store = store,
                  .progress = progress,
                  .counts = counts,
                  .door = &door,
                  .secret = &access.secret,
                  .own = llm_dialect_of(def),
                  .dialect = llm_dialect_of(def)};
  http_handler handler = {.next = next,
                          .done = done,
                          .tick = tick,
                          .trouble = trouble,
                          .hopeless = hopeless,
                          .drop = drop,
                          .context = &e};
  http_counts http = {0};
  int64_t objective, subjective;
  throng_status status;
  THRONG_TRY(llm_check(def));
  THRONG_TRY(request_list_count(requests, &objective, &subjective));
  counts->requests = objective + subjective;
  THRONG_TRY_GOTO(llm_access_open(&door, "/chat/completions", &access));
  THRONG_TRY_GOTO(row_maker_open(&e.rows));
  http_def client = llm_http_def(def, &access);
  THRONG_TRY_GOTO(http_run(&client, &handler, &http));
done:
  status = commit_always(store, status);
  counts->seconds = http.seconds;
  counts->busy = http.busy;
  file_lock_release(e.lock);
  llm_request_free(&e.request);
  row_maker_close(&e.rows);
  llm_access_close(&access);
  if (status == THRONG_OK && http.asked_wait > 0)
    return llm_waits_too_long(def, def->url, &http, e.error);
  return status == THRONG_OK ? outcome(&e) : status;
}
