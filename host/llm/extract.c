/// The extraction's run: lookups, requests, answers into the store.
#include "llm/extract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llm/http.h"

enum { MOST_IN_A_ROW = 10, NOTE_SECONDS = 10 };

/// What a job in flight remembers.
typedef struct asked {
  struct asked *next;  // of those in flight
  plan_place place;
  llm_form form;
  char id[SHA256_TEXT];
} asked;

typedef struct extraction {
  const llm_def *def;
  const plan *requests;
  llm_store *store;
  const throng_progress *progress;
  llm_counts *counts;
  distiller *distil;
  plan_request request;
  plan_place place;
  asked *in_flight;
  llm_form form;        // what is asked for now: falls when a server refuses
  byte_buffer kept[2];  // keywords of one answer, as JSON lists
  int64_t tokens, reserved;
  int failures;      // in a row
  char error[1100];  // of the request that failed last
  double noted;
  bool stopped;
  const char *spent;  // the budget's key
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
  return e->spent == NULL;
}

/// Make the request of a place in the form that is asked for now.
static throng_status remake(extraction *e, const asked *a) {
  return plan_make(e->requests, &a->place, a->form, &e->request);
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

static throng_status next(void *context, http_job *job, bool *more) {
  extraction *e = context;
  *more = false;
  while (plan_next(e->requests, &e->place)) {
    store_row row;
    bool found;
    asked *a;
    THRONG_TRY(plan_make(e->requests, &e->place, e->def->form, &e->request));
    THRONG_TRY(store_find(e->store, e->request.id, &row, &found));
    if ((found && row.answer) || is_in_flight(e, e->request.id)) {
      ++e->counts->from_store;
      ++e->place.part;
      continue;
    }
    if (!has_budget(e)) return THRONG_OK;
    THRONG_TRY(throng_alloc((void **)&a, 1, sizeof *a, "a request"));
    job->tag = a;
    a->place = e->place;
    a->form = e->form;
    memcpy(a->id, e->request.id, sizeof a->id);
    a->next = e->in_flight;
    e->in_flight = a;
    ++e->place.part;
    ++e->reserved;
    *more = true;
    if (a->form != e->def->form) THRONG_TRY(remake(e, a));
    return take_body(e, job);
  }
  return THRONG_OK;
}

/// Away with what stands for a job.
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

static throng_status keep_keyword(void *context, chat_side side, const char *surface,
                                  const char *stem) {
  (void)stem;
  byte_buffer *list = &((extraction *)context)->kept[side == CHAT_DISLIKE];
  size_t before = list->length;
  if (before) THRONG_TRY(bytes_append(list, ",", 1));
  size_t from = list->length;
  THRONG_TRY(chat_append_string(list, surface, strlen(surface)));
  if (!memmem(list->data, before, list->data + from, list->length - from)) return THRONG_OK;
  list->length = before;  // it is there already
  list->data[before] = '\0';
  return THRONG_OK;
}

static throng_status append3(byte_buffer *out, const char *before, const byte_buffer *middle,
                             const char *after) {
  THRONG_TRY(bytes_append(out, before, strlen(before)));
  THRONG_TRY(bytes_append(out, bytes_text(middle), middle->length));
  return bytes_append(out, after, strlen(after));
}

/// The row of a request whose text stands in e->request; `params` gets braces around them.
static throng_status base_row(extraction *e, const asked *a, byte_buffer *params, store_row *row) {
  static const char *const side_names[] = {"", "like", "dislike", "both"};
  THRONG_TRY(append3(params, "{", &e->request.params, "}"));
  *row = (store_row){.id = a->id,
                     .kind = e->request.kind,
                     .item = strings_get(&plan_data(e->requests)->item_id, a->place.item),
                     .side = side_names[e->request.side],
                     .prompt = e->request.prompt,
                     .model = e->def->model,
                     .params = bytes_text(params),
                     .request = bytes_text(&e->request.messages),
                     .form = llm_form_names[a->form == LLM_FORM_AUTO ? LLM_FORM_BOUNDED : a->form]};
  return THRONG_OK;
}

static throng_status put_answer(extraction *e, const asked *a, const http_answer *answer,
                                const chat_reply *reply) {
  llm_counts read = {0};
  byte_buffer params = {0}, keywords = {0};
  store_row row;
  throng_status status;
  const char *text = reply->refusal && !*reply->content ? reply->refusal : reply->content;
  for (int side = 0; side < 2; ++side) bytes_clear(&e->kept[side]);
  THRONG_TRY_GOTO(distil(e->distil, text, e->request.side, bytes_text(&e->request.given),
                         e->request.given.length, keep_keyword, e, &read));
  THRONG_TRY_GOTO(append3(&keywords, "{\"like\":[", &e->kept[0], "]"));
  THRONG_TRY_GOTO(append3(&keywords, ",\"dislike\":[", &e->kept[1], "]}"));
  THRONG_TRY_GOTO(base_row(e, a, &params, &row));
  row.answer = text;
  row.keywords = bytes_text(&keywords);
  row.finish = reply->refusal ? "refusal" : reply->finish;
  row.error = reply->refusal                             ? "the model refused"
              : !strcmp(reply->finish, "content_filter") ? "stopped by a content filter"
              : !strcmp(reply->finish, "length")         ? "cut off at the token limit"
              : read.reasons == 0                        ? "no reason could be read"
                                                         : NULL;
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
  bytes_free(&keywords);
  return status;
}

static throng_status put_failure(extraction *e, const asked *a, const http_answer *answer,
                                 const char *error) {
  byte_buffer params = {0};
  store_row row;
  throng_status status;
  THRONG_TRY_GOTO(base_row(e, a, &params, &row));
  row.error = error;
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
  return status;
}

/// An answer that is none: an error of the connection or of the server.
static throng_status take_error(extraction *e, http_job *job, const http_answer *answer,
                                http_verdict *verdict) {
  asked *a = job->tag;
  char said[512], error[1100];
  chat_error_text(answer->body, answer->status ? answer->length : 0, said, sizeof said);
  snprintf(error, sizeof error, "%s%s%s", answer->error, *said ? ": " : "", said);
  if (chat_refuses_form(answer->status, answer->body, answer->length) &&
      e->def->form == LLM_FORM_AUTO && a->form < LLM_FORM_LINES) {
    llm_form lower = a->form == LLM_FORM_AUTO ? LLM_FORM_SCHEMA : a->form + 1;
    if (lower > e->form) {
      e->form = lower;
      throng_note(e->progress,
                  "%s does not take the form of answers that was asked for (%s); now %s",
                  e->def->url, said, llm_form_names[lower]);
    }
    a->form = e->form;
    *verdict = HTTP_CHANGED;
    THRONG_TRY(remake(e, a));
    return take_body(e, job);
  }
  long s = answer->status;
  if (s == 401 || s == 403 || s == 404 || s == 405 || (s >= 300 && s < 400))
    return throng_fail(THRONG_ERROR_IO, "%s: %s; expected an OpenAI-compatible server%s",
                       e->def->url, error, s == 401 || s == 403 ? " and a key that it takes" : "");
  THRONG_TRY(put_failure(e, a, answer, error));
  release(e, job);
  return THRONG_OK;
}

static throng_status done(void *context, http_job *job, const http_answer *answer,
                          http_verdict *verdict, double *tokens) {
  extraction *e = context;
  asked *a = job->tag;
  *verdict = HTTP_TAKEN;
  THRONG_TRY(remake(e, a));
  if (*answer->error) return take_error(e, job, answer, verdict);
  chat_reply reply;
  throng_status status = chat_read(answer->body, answer->length, &reply);
  if (status == THRONG_ERROR_DATA) {
    if (!answer->last) {
      *verdict = HTTP_RETRY;
      return THRONG_OK;
    }
    char error[512];
    snprintf(error, sizeof error, "%s", throng_error_message());
    THRONG_TRY(put_failure(e, a, answer, error));
    release(e, job);
    return THRONG_OK;
  }
  THRONG_TRY(status);
  if (reply.prompt_tokens >= 0 && reply.completion_tokens >= 0)
    *tokens = (double)(reply.prompt_tokens + reply.completion_tokens);
  status = put_answer(e, a, answer, &reply);
  chat_reply_free(&reply);
  e->failures = 0;
  release(e, job);
  return status;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void trouble(void *context, const char *error, double wait) {
  extraction *e = context;
  double time = now();
  if (e->noted > 0 && time - e->noted < NOTE_SECONDS) return;
  e->noted = time;
  throng_note(e->progress, "%s: %s; trying again in %.1f s", e->def->url,
              *error ? error : "an answer that is no JSON of a chat completion", wait);
}

static throng_status tick(void *context, bool *stop) {
  extraction *e = context;
  THRONG_TRY(store_commit_due(e->store));
  // Only what is safe is told as done.
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

throng_status extract_run(const llm_def *def, const plan *requests, llm_store *store,
                          const throng_progress *progress, llm_counts *counts) {
  extraction e = {.def = def,
                  .requests = requests,
                  .store = store,
                  .progress = progress,
                  .counts = counts,
                  .form = def->form};
  http_handler handler = {next, done, tick, trouble, drop, &e};
  http_counts http = {0};
  const char *key;
  char *url = NULL;
  int64_t objective, subjective;
  THRONG_TRY(llm_check(def));
  THRONG_TRY(llm_key("llm.api_key_env", def->api_key_env, &key));
  THRONG_TRY(plan_count(requests, &objective, &subjective));
  counts->requests = objective + subjective;
  throng_status status;
  THRONG_TRY_GOTO(llm_endpoint(def->url, "/chat/completions", &url));
  THRONG_TRY_GOTO(distiller_create(&e.distil));
  http_def client = llm_http_def(def, url, key);
  THRONG_TRY_GOTO(http_run(&client, &handler, &http));
done:
  // After an error too: answers that are here are kept. The first error's message stays.
  if (status == THRONG_OK) {
    status = store_commit(store);
  } else {
    char first[1500];
    snprintf(first, sizeof first, "%s", throng_error_message());
    if (store_commit(store) != THRONG_OK) throng_fail(status, "%s", first);
  }
  counts->seconds = http.seconds;
  counts->busy = http.busy;
  plan_request_free(&e.request);
  distiller_free(e.distil);
  for (int side = 0; side < 2; ++side) bytes_free(&e.kept[side]);
  free(url);
  return status == THRONG_OK ? outcome(&e) : status;
}
