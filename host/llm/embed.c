/// Asking for the embeddings that the store lacks, batch by batch.
#include "llm/embed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/chat.h"
#include "llm/http.h"
#include "llm/pace.h"

/// Vectors of one text by one model: llama.cpp was seen to give a cosine of 0.91, depending on what
/// else was in the batch. Two models' spaces have nothing to do with each other.
static const double least_cosine = 0.5;

/// The encoding that is asked for: falls when a server refuses.
typedef enum embed_format { FORMAT_BASE64, FORMAT_FLOAT, FORMAT_UNTOLD } embed_format;

/// The keywords of a request in flight.
typedef struct batch {
  int64_t n;
  embed_format format;
  int64_t keyword[];
} batch;

typedef struct embedding_run {
  const embedding_def *def;
  const llm_def *llm;
  const char *url;  // for messages
  const string_table *keyword;
  const throng_progress *progress;
  llm_store *store;
  const secrets *secret;
  llm_door door;
  char error[900];  // of the request that failed last
  int64_t at, done;
  int64_t *again, n_again;  // (batch) keywords of batches that were too large
  size_t again_capacity;
  int64_t most;         // keywords a batch
  embed_format format;  // that the server takes
  int64_t probe;        // a keyword that the store has, asked for once more; -1: none
  bool probed;
  int32_t dim;  // 0: not known yet
  bool dim_from_store;
  bool stopped;
  byte_buffer body;
} embedding_run;

static throng_status make_body(embedding_run *e, const batch *b) {
  static const char *const formats[] = {",\"encoding_format\":\"base64\"",
                                        ",\"encoding_format\":\"float\"", ""};
  bytes_clear(&e->body);
  THRONG_TRY(bytes_append(&e->body, "{\"model\":", 9));
  THRONG_TRY(chat_append_string(&e->body, e->def->model, strlen(e->def->model)));
  THRONG_TRY(bytes_append(&e->body, formats[b->format], strlen(formats[b->format])));
  THRONG_TRY(bytes_append(&e->body, ",\"input\":[", 10));
  for (int64_t i = 0; i < b->n; ++i) {
    if (i) THRONG_TRY(bytes_append(&e->body, ",", 1));
    THRONG_TRY(chat_append_string(&e->body, strings_get(e->keyword, b->keyword[i]),
                                  strings_length(e->keyword, b->keyword[i])));
  }
  return bytes_append(&e->body, "]}", 2);
}

static throng_status fill_batch(embedding_run *e, batch *b) {
  if (e->probe >= 0 && !e->probed) {
    b->keyword[b->n++] = e->probe;
    e->probed = true;
  }
  int64_t most = e->most + b->n;
  b->format = e->format;
  while (b->n < most && e->n_again) b->keyword[b->n++] = e->again[--e->n_again];
  while (b->n < most && e->at < e->keyword->n) {
    const float *vector;
    int32_t dim;
    THRONG_TRY(
        store_find_vector(e->store, e->def->model, strings_get(e->keyword, e->at), &vector, &dim));
    if (vector)
      ++e->done;
    else
      b->keyword[b->n++] = e->at;
    ++e->at;
  }
  return THRONG_OK;
}

static throng_status take_body(embedding_run *e, http_job *job) {
  free(job->body);
  job->length = e->body.length;
  job->body = strndup(e->body.data, e->body.length);
  job->tokens = (double)e->body.length / 4;
  return job->body ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "a request: out of memory");
}

static throng_status next(void *context, http_job *job, bool *more) {
  embedding_run *e = context;
  batch *b;
  *more = false;
  THRONG_TRY(throng_alloc((void **)&b, 1,
                          sizeof *b + ((size_t)e->def->batch + 1) * sizeof *b->keyword,
                          "a batch of keywords"));
  throng_status status = fill_batch(e, b);
  bool empty = b->n == 0 || (b->n == 1 && b->keyword[0] == e->probe);
  if (status == THRONG_OK && !empty) status = make_body(e, b);
  if (status != THRONG_OK || empty) {
    free(b);
    return status;
  }
  job->tag = b;
  *more = true;
  return take_body(e, job);
}

static throng_status find_probe(embedding_run *e) {
  e->probe = -1;
  for (int64_t k = 0; k < e->keyword->n && e->probe < 0; ++k) {
    const float *vector;
    int32_t dim;
    THRONG_TRY(
        store_find_vector(e->store, e->def->model, strings_get(e->keyword, k), &vector, &dim));
    if (vector) e->probe = k;
  }
  return THRONG_OK;
}

/// A name may come to stand for another model of the same dimension: the probe's vector tells.
static throng_status check_probe(embedding_run *e, const float *now) {
  const float *then;
  int32_t dim;
  const char *text = strings_get(e->keyword, e->probe);
  THRONG_TRY(store_find_vector(e->store, e->def->model, text, &then, &dim));
  if (!then || dim != e->dim) return THRONG_OK;  // collect() says that
  double both = 0, a = 0, b = 0;
  for (int32_t j = 0; j < dim; ++j) {
    both += (double)now[j] * then[j];
    a += (double)now[j] * now[j];
    b += (double)then[j] * then[j];
  }
  if (a == 0 || b == 0 || both >= least_cosine * sqrt(a * b)) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "\"%.60s\" has another vector than the one in %s (cosine %.3f): the model "
                     "behind this name has changed; give embedding.model another name, or delete "
                     "its rows from the table embedding",
                     text, e->llm->store, both / sqrt(a * b));
}

static void drop(void *context, http_job *job) {
  (void)context;
  free(job->tag);
  job->tag = NULL;
}

static throng_status put(embedding_run *e, const batch *b, const http_answer *answer,
                         embed_reply *reply) {
  float *vector;
  int32_t dim = e->dim;
  throng_status status =
      embed_read(answer->body, answer->length, b->n, e->secret, &dim, &vector, reply);
  if (status != THRONG_OK) {
    if (reply->at >= 0)
      throng_fail_context(status, "\"%.60s\"", strings_get(e->keyword, b->keyword[reply->at]));
    return status;
  }
  e->dim = dim;
  int64_t first = b->keyword[0] == e->probe;
  if (first) status = check_probe(e, vector);
  for (int64_t i = first; i < b->n && status == THRONG_OK; ++i)
    status = store_put_vector(e->store, e->def->model, strings_get(e->keyword, b->keyword[i]),
                              vector + i * dim, dim);
  free(vector);
  e->done += b->n - first;
  return status;
}

static bool refuses_format(const char *said) {
  return strcasestr(said, "encoding_format") || strcasestr(said, "base64") ||
         strcasestr(said, "encoding format");
}

/// Is it the number or the length of texts that a server refuses?
static bool refuses_size(long status, const char *said) {
  static const char *const words[] = {"batch",   "too many", "too large", "too long", "larger than",
                                      "at most", "maximum",  "exceed",    NULL};
  if (status == 413) return true;
  if (status != 400 && status != 422) return false;
  for (const char *const *w = words; *w; ++w)
    if (strcasestr(said, *w)) return true;
  return false;
}

/// Ask for the first half of a batch now and for the other keywords later.
static throng_status halve(embedding_run *e, batch *b, const char *said) {
  int64_t half = b->n / 2;
  THRONG_TRY(throng_grow((void **)&e->again, &e->again_capacity, (size_t)(e->n_again + b->n - half),
                         sizeof *e->again, "keywords to be asked again"));
  for (int64_t i = b->n - 1; i >= half; --i) e->again[e->n_again++] = b->keyword[i];
  b->n = half;
  if (half >= e->most) return THRONG_OK;
  e->most = half;
  throng_note(e->progress, "%s: %s; now %lld keywords a request (embedding.batch)", e->url, said,
              (long long)half);
  return THRONG_OK;
}

/// Make another request of one that was refused; false in `*changed`: there is none to make.
static throng_status change(embedding_run *e, http_job *job, long status, const char *said,
                            bool *changed) {
  batch *b = job->tag;
  *changed = true;
  if (refuses_format(said) && b->format < FORMAT_UNTOLD) {
    if (b->format == e->format) {
      ++e->format;
      throng_note(e->progress, "%s: %s; now asked for %s", e->url, said,
                  e->format == FORMAT_FLOAT ? "lists of numbers" : "no encoding by name");
    }
    b->format = e->format;
  } else if (b->n > 1 && refuses_size(status, said)) {
    THRONG_TRY(halve(e, b, said));
  } else {
    *changed = false;
    return THRONG_OK;
  }
  THRONG_TRY(make_body(e, b));
  return take_body(e, job);
}

/// The end, or another request: a batch without its vectors leaves no world to make.
static throng_status take_error(embedding_run *e, http_job *job, long status, const char *what,
                                const char *said, http_verdict *verdict) {
  bool changed;
  char hint[400] = "";
  THRONG_TRY(change(e, job, status, said, &changed));
  if (changed) {
    *verdict = HTTP_CHANGED;
    return THRONG_OK;
  }
  if ((status == 404 || status == 405) && !strcasestr(said, "model"))
    llm_suggest_url(&e->door, hint, sizeof hint);
  return throng_fail(THRONG_ERROR_IO, "embedding: %s: %s%s%s%s", e->url, what,
                     *what && *said ? ": " : "", said, hint);
}

static throng_status done(void *context, http_job *job, const http_answer *answer,
                          http_verdict *verdict, double *tokens) {
  embedding_run *e = context;
  char said[600];
  embed_reply reply;
  *verdict = HTTP_TAKEN;
  if (*answer->error) {
    chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said,
                    sizeof said);
    return take_error(e, job, answer->status, answer->error, said, verdict);
  }
  throng_status status = put(e, job->tag, answer, &reply);
  if (status == THRONG_OK) {
    *tokens = (double)reply.tokens;
    drop(e, job);
    return THRONG_OK;
  }
  if (status != THRONG_ERROR_DATA) return status;
  long as = reply.error_status;
  bool passes = !reply.json || as == 429 || as >= 500;
  if (passes && !answer->last) {
    *verdict = retry_is_limit(as) ? HTTP_LIMITED : HTTP_RETRY;
    return THRONG_OK;
  }
  snprintf(said, sizeof said, "%s", throng_error_message());
  if (as) return take_error(e, job, as, "", said, verdict);
  throng_fail(THRONG_ERROR_DATA, "%s", said);
  return throng_fail_context(status, "embedding: %s: model %s%s", e->url, e->def->model,
                             e->dim_from_store ? " (see also what the store holds of it)" : "");
}

static bool hopeless(void *context, const http_job *job, const http_answer *answer) {
  embedding_run *e = context;
  const batch *b = job->tag;
  char said[600];
  chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said, sizeof said);
  return chat_is_hopeless(said) || (b->format < FORMAT_UNTOLD && refuses_format(said));
}

static throng_status tick(void *context, bool *stop) {
  embedding_run *e = context;
  THRONG_TRY(store_commit_due(e->store));
  if (!throng_report(e->progress, "embedding", e->done, e->keyword->n, "keywords"))
    e->stopped = true;
  *stop = e->stopped;
  return THRONG_OK;
}

static void trouble(void *context, const http_answer *answer, double wait) {
  embedding_run *e = context;
  char said[400] = "";
  if (*answer->error)
    chat_error_text(answer->body, answer->status ? answer->length : 0, e->secret, said,
                    sizeof said);
  snprintf(e->error, sizeof e->error, "%s%s%s",
           *answer->error ? answer->error : throng_error_message(), *said ? ": " : "", said);
  if (isfinite(wait))
    throng_note(e->progress, "%s: %s; trying again in %.1f s", e->url, e->error, wait);
}

/// All rows from the store, brought to unit length.
static throng_status collect(const embedding_run *e, float **out) {
  THRONG_TRY(throng_alloc((void **)out, (size_t)e->keyword->n, (size_t)e->dim * sizeof **out,
                          "keyword embeddings"));
  for (int64_t k = 0; k < e->keyword->n; ++k) {
    const float *vector;
    int32_t dim;
    const char *text = strings_get(e->keyword, k);
    THRONG_TRY(store_find_vector(e->store, e->def->model, text, &vector, &dim));
    if (!vector || dim != e->dim)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: the embedding of \"%.60s\" by %s has %d numbers, others have %d; the "
                         "model behind this name has changed: give embedding.model another name or "
                         "delete its rows from the table embedding",
                         e->llm->store, text, e->def->model, dim, e->dim);
    double square = 0;
    for (int32_t j = 0; j < dim; ++j) square += (double)vector[j] * vector[j];
    if (square == 0)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: the embedding of \"%.60s\" by %s is all zeros; delete it from the "
                         "table embedding to have it asked for again",
                         e->llm->store, text, e->def->model);
    double scale = 1 / sqrt(square);
    for (int32_t j = 0; j < dim; ++j) (*out)[k * dim + j] = (float)(vector[j] * scale);
  }
  return THRONG_OK;
}

/// A server that gives every text one vector tells nothing apart, though each vector is a good one.
static void tell_sameness(const embedding_run *e, const float *v) {
  const size_t bytes = (size_t)e->dim * sizeof *v;
  const int64_t n = e->keyword->n;
  if (n < 2) return;
  for (int64_t k = 1; k < n; ++k)
    if (memcmp(v, v + k * e->dim, bytes) != 0) return;
  throng_note(
      e->progress,
      "warning: the embeddings of all %lld keywords by %s are the same, so that every item is "
      "as similar as any other (is the model one for embeddings?)",
      (long long)n, e->def->model);
}

static throng_status check(const embedding_def *def, const llm_def *llm) {
  if (!def->model)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "embedding.model: missing; expected the name that the server knows its "
                       "model by");
  if (!llm->store)
    return throng_fail(THRONG_ERROR_CONFIG, "llm.store: missing; expected the path of a file");
  return http_check_url(def->url ? "embedding.url" : "llm.url", def->url ? def->url : llm->url);
}

/// A key goes to the server that it was named for and to no other.
static llm_door door_of(const embedding_def *def, const llm_def *llm) {
  if (!def->url && !def->api_key_env && !def->api_key_header && !def->headers)
    return llm_door_of(llm);
  llm_door door = {"embedding", def->url, def->api_key_env, def->api_key_header, def->headers};
  if (!door.url) {
    // The same server: its own key and headers, where there are none of this section.
    door.url = llm->url;
    if (!door.api_key_env) door.api_key_env = llm->api_key_env;
    if (!door.headers) door.headers = llm->headers;
    if (!door.api_key_header) door.api_key_header = llm->api_key_header;
  }
  return door;
}

throng_status embed_from_server(const embedding_def *def, const llm_def *llm,
                                const keyword_sets *sets, const throng_progress *progress,
                                float **out, int32_t *dim) {
  llm_access access = {0};
  embedding_run e = {.def = def,
                     .llm = llm,
                     .keyword = &sets->keyword,
                     .progress = progress,
                     .most = def->batch,
                     .secret = &access.secret};
  http_handler handler = {.next = next,
                          .done = done,
                          .tick = tick,
                          .trouble = trouble,
                          .hopeless = hopeless,
                          .drop = drop,
                          .context = &e};
  http_counts counts = {0};
  throng_status status;
  THRONG_TRY(check(def, llm));
  e.door = door_of(def, llm);
  e.url = e.door.url;
  THRONG_TRY_GOTO(llm_access_open(&e.door, "/embeddings", &access));
  THRONG_TRY_GOTO(store_open(llm->store, false, &e.store));
  THRONG_TRY_GOTO(store_vector_dim(e.store, def->model, &e.dim));
  e.dim_from_store = e.dim > 0;
  THRONG_TRY_GOTO(find_probe(&e));
  http_def client = llm_http_def(llm, &access);
  THRONG_TRY_GOTO(http_run(&client, &handler, &counts));
  THRONG_TRY_GOTO(store_commit(e.store));
  if (e.stopped) THRONG_TRY_GOTO(throng_cancelled("embedding"));
  if (counts.asked_wait > 0) THRONG_TRY_GOTO(llm_waits_too_long(llm, e.url, &counts, e.error));
  THRONG_TRY_GOTO(collect(&e, out));
  tell_sameness(&e, *out);
  *dim = e.dim;
done:
  store_close(e.store);
  bytes_free(&e.body);
  free(e.again);
  llm_access_close(&access);
  return status;
}
