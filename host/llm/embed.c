/// Asking for the embeddings that the store lacks, batch by batch.
#include "llm/embed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "llm/chat.h"
#include "llm/http.h"

/// Vectors of one text by one model: llama.cpp was seen to give a cosine of 0.91, depending on what
/// else was in the batch. Two models' spaces have nothing to do with each other.
static const double least_cosine = 0.5;

/// The keywords of a request in flight.
typedef struct batch {
  int64_t n;
  int64_t keyword[];
} batch;

typedef struct embedding_run {
  const embedding_def *def;
  const llm_def *llm;
  const char *url;  // for messages
  const string_table *keyword;
  const throng_progress *progress;
  llm_store *store;
  int64_t at, done;
  int64_t probe;  // a keyword that the store has, asked for once more; -1: none
  bool probed;
  int32_t dim;  // 0: not known yet
  bool dim_from_store;
  bool stopped;
  byte_buffer body;
} embedding_run;

static throng_status make_body(embedding_run *e, const batch *b) {
  static const char before[] = ",\"encoding_format\":\"base64\",\"input\":[";
  bytes_clear(&e->body);
  THRONG_TRY(bytes_append(&e->body, "{\"model\":", 9));
  THRONG_TRY(chat_append_string(&e->body, e->def->model, strlen(e->def->model)));
  THRONG_TRY(bytes_append(&e->body, before, sizeof before - 1));
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
  int64_t most = e->def->batch + b->n;
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
  job->length = e->body.length;
  job->body = strndup(e->body.data, e->body.length);
  job->tokens = (double)e->body.length / 4;
  *more = true;
  return job->body ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "a request: out of memory");
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
                         double *tokens, bool *json) {
  float *vector;
  int64_t told;
  int32_t dim = e->dim;
  throng_status status = embed_read(answer->body, answer->length, b->n, &dim, &vector, &told, json);
  if (status != THRONG_OK) return status;
  e->dim = dim;
  *tokens = (double)told;
  int64_t first = b->keyword[0] == e->probe;
  if (first) status = check_probe(e, vector);
  for (int64_t i = first; i < b->n && status == THRONG_OK; ++i)
    status = store_put_vector(e->store, e->def->model, strings_get(e->keyword, b->keyword[i]),
                              vector + i * dim, dim);
  free(vector);
  e->done += b->n - first;
  return status;
}

static throng_status done(void *context, http_job *job, const http_answer *answer,
                          http_verdict *verdict, double *tokens) {
  embedding_run *e = context;
  *verdict = HTTP_TAKEN;
  if (*answer->error) {
    char said[512];
    chat_error_text(answer->body, answer->status ? answer->length : 0, said, sizeof said);
    // A batch without its vectors leaves no world to make: any failure is the end.
    return throng_fail(THRONG_ERROR_IO, "embedding: %s: %s%s%s", e->url, answer->error,
                       *said ? ": " : "", said);
  }
  bool json;
  throng_status status = put(e, job->tag, answer, tokens, &json);
  if (status == THRONG_ERROR_DATA && !json && !answer->last) {
    *verdict = HTTP_RETRY;
    return THRONG_OK;
  }
  if (status == THRONG_ERROR_DATA)
    return throng_fail_context(status, "embedding: %s: model %s%s", e->url, e->def->model,
                               e->dim_from_store ? " (see also what the store holds of it)" : "");
  if (status != THRONG_OK) return status;
  drop(e, job);
  return THRONG_OK;
}

static throng_status tick(void *context, bool *stop) {
  embedding_run *e = context;
  THRONG_TRY(store_commit_due(e->store));
  if (!throng_report(e->progress, "embedding", e->done, e->keyword->n, "keywords"))
    e->stopped = true;
  *stop = e->stopped;
  return THRONG_OK;
}

static void trouble(void *context, const char *error, double wait) {
  embedding_run *e = context;
  throng_note(e->progress, "%s: %s; trying again in %.1f s", e->url,
              *error ? error : throng_error_message(), wait);
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
    double scale = square > 0 ? 1 / sqrt(square) : 0;
    for (int32_t j = 0; j < dim; ++j) (*out)[k * dim + j] = (float)(vector[j] * scale);
  }
  return THRONG_OK;
}

static throng_status check(const embedding_def *def) {
  if (!def->llm)
    return throng_fail(THRONG_ERROR_ARGUMENT, "embedding: provider server needs the section llm");
  if (!def->model)
    return throng_fail(THRONG_ERROR_CONFIG,
                       "embedding.model: missing; expected the name that the server knows its "
                       "model by");
  if (!def->llm->store)
    return throng_fail(THRONG_ERROR_CONFIG, "llm.store: missing; expected the path of a file");
  return http_check_url(def->url ? "embedding.url" : "llm.url",
                        def->url ? def->url : def->llm->url);
}

throng_status embed_from_server(const embedding_def *def, const keyword_sets *sets,
                                const throng_progress *progress, float **out, int32_t *dim) {
  embedding_run e = {.def = def, .llm = def->llm, .keyword = &sets->keyword, .progress = progress};
  http_handler handler = {next, done, tick, trouble, drop, &e};
  const char *key;
  char *url = NULL;
  throng_status status;
  THRONG_TRY(check(def));
  e.url = def->url ? def->url : def->llm->url;
  // A key goes to the server that it was named for and to no other.
  bool own = def->url != NULL || def->api_key_env != NULL;
  THRONG_TRY(llm_key(own ? "embedding.api_key_env" : "llm.api_key_env",
                     own ? def->api_key_env : def->llm->api_key_env, &key));
  THRONG_TRY_GOTO(llm_endpoint(e.url, "/embeddings", &url));
  THRONG_TRY_GOTO(store_open(def->llm->store, false, &e.store));
  THRONG_TRY_GOTO(store_vector_dim(e.store, def->model, &e.dim));
  e.dim_from_store = e.dim > 0;
  THRONG_TRY_GOTO(find_probe(&e));
  http_def client = llm_http_def(def->llm, url, key);
  THRONG_TRY_GOTO(http_run(&client, &handler, NULL));
  THRONG_TRY_GOTO(store_commit(e.store));
  if (e.stopped) THRONG_TRY_GOTO(throng_cancelled("embedding"));
  THRONG_TRY_GOTO(collect(&e, out));
  *dim = e.dim;
done:
  store_close(e.store);
  bytes_free(&e.body);
  free(url);
  return status;
}
