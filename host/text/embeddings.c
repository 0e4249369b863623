/// Embeddings of keywords: from their own co-occurrence, or from a file.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "data/stream.h"
#include "llm/embed.h"
#include "text/keywords.h"
#include "text/lsa.h"

enum { MAX_DIM = 16384 };

embedding_def embedding_default_def(void) {
  return (embedding_def){.provider = EMBEDDING_LSA, .dim = 128, .seed = 1, .batch = 64};
}

static throng_status make_lsa(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim) {
  if (def->dim < 1 || def->dim > MAX_DIM)
    return throng_fail(THRONG_ERROR_ARGUMENT, "embedding.dim: %d, expected 1 to %d", def->dim,
                       MAX_DIM);
  if (!throng_report(progress, "embedding", 0, sets->keyword.n, "keywords"))
    return throng_cancelled("embedding");
  THRONG_TRY(lsa_embed(sets, n_item, def->dim, def->seed, out, dim));
  if (*dim == def->dim) return THRONG_OK;
  throng_note(progress, "embedding.dim lowered from %d to %d, the rank of the keywords' PPMI",
              def->dim, *dim > 0 ? *dim : 1);
  if (*dim > 0) return THRONG_OK;
  // Keywords that tell no items apart: all zero, and one number wide so that arrays have a shape.
  free(*out);
  *dim = 1;
  return throng_alloc((void **)out, (size_t)sets->keyword.n, sizeof **out, "keyword embeddings");
}

/// One keyword a line into `words`; its number is its line from 0.
static throng_status take_vocabulary(const char *path, FILE *file, interner *words) {
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  int64_t number = 0;
  throng_status status = THRONG_OK;
  errno = 0;
  while ((length = getline(&line, &capacity, file)) >= 0) {
    size_t n = (size_t)length;
    ++number;
    if (n && line[n - 1] == '\n') --n;
    if (n && line[n - 1] == '\r') --n;
    if (!n) {
      status = throng_fail(THRONG_ERROR_DATA, "%s:%lld: empty line, expected a keyword", path,
                           (long long)number);
      break;
    }
    if (memchr(line, '\0', n) || utf8_valid_prefix(line, n) != n) {
      status = throng_fail(THRONG_ERROR_DATA, "%s:%lld: expected a keyword as UTF-8 text", path,
                           (long long)number);
      break;
    }
    int64_t id;
    bool fresh;
    status = interner_add(words, line, n, &id, &fresh);
    if (status == THRONG_OK && !fresh)
      status =
          throng_fail(THRONG_ERROR_DATA, "%s:%lld: keyword \"%.*s\" stood already on line %lld",
                      path, (long long)number, (int)(n < 60 ? n : 60), line, (long long)id + 1);
    if (status != THRONG_OK) break;
    errno = 0;
  }
  if (status == THRONG_OK && ferror(file))
    status =
        throng_fail(THRONG_ERROR_IO, "%s:%lld: %s", path, (long long)number + 1, strerror(errno));
  free(line);
  return status;
}

static throng_status read_vocabulary(const char *path, interner *words) {
  FILE *file;
  THRONG_TRY(stream_open_file(path, "embedding.vocabulary", NULL, &file));
  throng_status status = take_vocabulary(stream_name(path), file, words);
  fclose(file);
  return status;
}

/// Copy the keyword's row, brought to unit length; zero rows stay zero.
static throng_status take_row(const char *path, const char *keyword, int64_t row, const float *from,
                              int32_t dim, float *to) {
  double square = 0, largest = 0;
  for (int32_t j = 0; j < dim; ++j) {
    if (!isfinite(from[j]))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: tensor 'embedding', row %lld (keyword \"%.60s\"), column %d is %g; "
                         "expected a finite number",
                         path, (long long)row, keyword, j, (double)from[j]);
    largest = fmax(largest, fabs((double)from[j]));
  }
  if (largest == 0) return THRONG_OK;
  for (int32_t j = 0; j < dim; ++j) square += (from[j] / largest) * (from[j] / largest);
  for (int32_t j = 0; j < dim; ++j) to[j] = (float)(from[j] / largest / sqrt(square));
  return THRONG_OK;
}

static throng_status take_rows(const embedding_def *def, const keyword_sets *sets,
                               const interner *words, safetensors_file *file, float **all,
                               float **out, int32_t *dim) {
  const safetensors_tensor *tensor = safetensors_find(file, "embedding");
  const char *expected = "expected a tensor 'embedding' of floats, (n_keywords, d)";
  if (!tensor) return throng_fail(THRONG_ERROR_DATA, "%s: no such tensor; %s", def->file, expected);
  int64_t n_word = interner_strings(words)->n;
  if (tensor->rank != 2)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor 'embedding' has %d dimensions; %s", def->file,
                       tensor->rank, expected);
  if (tensor->shape[0] != n_word)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'embedding' has %lld rows, but the vocabulary %s has %lld lines",
                       def->file, (long long)tensor->shape[0], def->vocabulary, (long long)n_word);
  if (tensor->shape[1] < 1 || tensor->shape[1] > MAX_DIM)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'embedding' has %lld columns, expected 1 to %d", def->file,
                       (long long)tensor->shape[1], MAX_DIM);
  *dim = (int32_t)tensor->shape[1];
  THRONG_TRY(safetensors_read_float(file, tensor, all));
  THRONG_TRY(throng_alloc((void **)out, (size_t)sets->keyword.n, (size_t)*dim * sizeof **out,
                          "keyword embeddings"));
  for (int64_t k = 0; k < sets->keyword.n; ++k) {
    const char *keyword = strings_get(&sets->keyword, k);
    int64_t row = interner_find(words, keyword, strings_length(&sets->keyword, k));
    if (row < 0)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: keyword \"%.60s\" is missing; every keyword of "
                         "the items needs a line",
                         def->vocabulary, keyword);
    THRONG_TRY(take_row(def->file, keyword, row, *all + row * *dim, *dim, *out + k * *dim));
  }
  return THRONG_OK;
}

static throng_status read_embedding(const embedding_def *def, const keyword_sets *sets, float **out,
                                    int32_t *dim) {
  if (!def->file || !def->vocabulary)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "embedding.%s: missing; provider file needs a safetensors file and a "
                       "vocabulary",
                       def->file ? "vocabulary" : "file");
  interner *words = NULL;
  safetensors_file *file = NULL;
  float *all = NULL;
  throng_status status;
  THRONG_TRY_GOTO(interner_create(&words));
  THRONG_TRY_GOTO(read_vocabulary(def->vocabulary, words));
  THRONG_TRY_GOTO(safetensors_open(def->file, &file));
  THRONG_TRY_GOTO(take_rows(def, sets, words, file, &all, out, dim));
done:
  interner_free(words);
  safetensors_close(file);
  free(all);
  return status;
}

throng_status embeddings_make(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim) {
  *out = NULL;
  *dim = 0;
  if (!sets->keyword.n)
    return throng_fail(THRONG_ERROR_DATA,
                       "embedding: the items have no keyword at all; lower keywords.min_items, "
                       "raise keywords.max_share, or give keywords by file");
  throng_status status;
  switch (def->provider) {
    case EMBEDDING_LSA: status = make_lsa(def, sets, n_item, progress, out, dim); break;
    case EMBEDDING_FILE: status = read_embedding(def, sets, out, dim); break;
    case EMBEDDING_SERVER: status = embed_from_server(def, sets, progress, out, dim); break;
    default:
      status =
          throng_fail(THRONG_ERROR_ARGUMENT, "embedding.provider: %d, expected lsa, file or server",
                      (int)def->provider);
  }
  if (status != THRONG_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}
