/// Reading a vocabulary and its vectors; see embeddings_file.h.
#include "text/embeddings_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_kind.h"
#include "base/safetensors.h"
#include "data/join.h"
#include "data/line_reader.h"
#include "data/stream.h"

/// A line that holds a keyword.
typedef struct vocabulary_line {
  int64_t word, number;  // number: of the line in the file, from 1
} vocabulary_line;

typedef struct vocabulary {
  const char *path;
  interner *words;
  int64_t *first;         // (words) the first line that holds the word, as a place in `line`
  vocabulary_line *line;  // (n) those that hold a keyword
  int64_t n, total;       // total: lines of the file up to the last that is not blank
  bool blanks_are_rows;   // blank lines have rows of the tensor too
  size_t line_capacity, first_capacity;
} vocabulary;

static void vocabulary_free(vocabulary *v) {
  interner_free(v->words);
  free(v->first);
  free(v->line);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void trim(const char **text, size_t *length) {
  while (*length && is_space((*text)[*length - 1])) --*length;
  while (*length && is_space(**text)) ++*text, --*length;
}

static throng_status take_line(vocabulary *v, int64_t number, const char *text, size_t length) {
  int64_t word;
  bool added;
  trim(&text, &length);
  if (!length) return THRONG_OK;
  THRONG_TRY(interner_add(v->words, text, length, &word, &added));
  THRONG_TRY(throng_grow((void **)&v->line, &v->line_capacity, (size_t)v->n + 1, sizeof *v->line,
                         "vocabulary"));
  if (added) {
    THRONG_TRY(throng_grow((void **)&v->first, &v->first_capacity, (size_t)word + 1,
                           sizeof *v->first, "vocabulary"));
    v->first[word] = v->n;
  }
  v->line[v->n++] = (vocabulary_line){word, number};
  v->total = number;
  return THRONG_OK;
}

static throng_status read_vocabulary(const char *path, const throng_progress *progress,
                                     vocabulary *v) {
  line_reader *reader;
  throng_status status;
  v->path = stream_name(path);
  THRONG_TRY(interner_create(&v->words));
  THRONG_TRY(line_reader_open(path, "embedding.vocabulary", "read vocabulary", progress, &reader));
  for (;;) {
    char *line;
    size_t length;
    THRONG_TRY_GOTO(line_reader_next(reader, &line, &length));
    if (!line) break;
    THRONG_TRY_GOTO(line_reader_require_utf8(reader, line, length));
    THRONG_TRY_GOTO(take_line(v, line_reader_number(reader), line, length));
  }
done:
  line_reader_close(reader);
  return status;
}

/// Row of the tensor that belongs to the n-th line that holds a keyword.
static int64_t row_of(const vocabulary *v, int64_t n) {
  return v->blanks_are_rows ? v->line[n].number - 1 : n;
}

static throng_status check_shape(const embedding_def *def, const safetensors_tensor *tensor,
                                 vocabulary *v) {
  const char *expected = "expected a tensor 'embedding' of floats, (n_keywords, d)";
  if (tensor->rank != 2)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor 'embedding' has %d dimensions; %s", def->file,
                       tensor->rank, expected);
  v->blanks_are_rows = tensor->shape[0] != v->n;
  if (v->blanks_are_rows && tensor->shape[0] != v->total)
    return throng_fail(
        THRONG_ERROR_DATA,
        "%s: tensor 'embedding' has %lld rows, but the vocabulary %s has %lld lines (%lld of them "
        "blank); expected a row a line%s",
        def->file, (long long)tensor->shape[0], def->vocabulary, (long long)v->total,
        (long long)(v->total - v->n),
        tensor->shape[1] == v->n || tensor->shape[1] == v->total
            ? ": it has as many columns, so turn it round"
        : tensor->shape[0] + 1 == v->total
            ? ": one is missing, or the vocabulary's first line is a heading"
            : "");
  if (tensor->shape[1] < 1 || tensor->shape[1] > EMBEDDINGS_MAX_DIM)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'embedding' has %lld columns, expected 1 to %d", def->file,
                       (long long)tensor->shape[1], EMBEDDINGS_MAX_DIM);
  return THRONG_OK;
}

/// A file without the tensor, with what it has in its place.
static throng_status name_tensors(const embedding_def *def, const safetensors_file *file) {
  char names[400] = "no tensor";
  size_t used = 0;
  for (size_t i = 0; i < safetensors_count(file) && used + 1 < sizeof names; i++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%s'%.60s'", used ? ", " : "",
                             safetensors_at(file, i)->name);
  return throng_fail(
      THRONG_ERROR_DATA,
      "%s: no such tensor; expected a tensor 'embedding' of floats, (n_keywords, d); "
      "it has %s: save it again with that name",
      def->file, names);
}

/// What people keep vectors in besides safetensors, with the command that writes them as such.
static throng_status refuse_other_files(const char *path) {
  static const struct {
    const char *bytes, *what, *load;
  } kind[] = {
      {"\x93NUMPY", "a NumPy array (.npy)", "import numpy; a = numpy.load(f)"},
      {"PK\x03\x04",
       "a file of PyTorch (.pt) or a NumPy archive (.npz, which numpy.load(f)['NAME'] reads)",
       "import torch; a = torch.load(f).float().numpy()"},
      {"\x80\x02", "a Python pickle", "import numpy; a = numpy.load(f, allow_pickle=True)"},
      {"\x80\x03", "a Python pickle", "import numpy; a = numpy.load(f, allow_pickle=True)"},
      {"\x80\x04", "a Python pickle", "import numpy; a = numpy.load(f, allow_pickle=True)"},
      {"\x80\x05", "a Python pickle", "import numpy; a = numpy.load(f, allow_pickle=True)"},
      {"\x89HDF", "an HDF5 file", "import h5py; a = h5py.File(f)['NAME'][:]"},
  };
  char head[16] = "";
  struct stat facts;
  FILE *file = stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? fopen(path, "rb") : NULL;
  if (!file) return THRONG_OK;  // safetensors_open says why
  size_t n = fread(head, 1, sizeof head, file);
  fclose(file);
  const char *what = NULL, *load = "import numpy; a = numpy.loadtxt(f)";
  for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
    size_t width = strlen(kind[i].bytes);
    // A safetensors file begins with its header's length, which may hold any bytes.
    if (n < width || memcmp(head, kind[i].bytes, width) != 0 || (n > 8 && head[8] == '{')) continue;
    what = kind[i].what;
    load = kind[i].load;
  }
  bool text = n > 0;
  for (size_t i = 0; i < n; i++) text &= (unsigned char)head[i] >= ' ' || is_space(head[i]);
  if (!what && text) what = "a text";
  if (!what) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: %s, expected a safetensors file; make one in Python: f = '%s'; %s; from "
                     "safetensors.numpy import save_file; save_file({'embedding': a}, "
                     "'embedding.safetensors')",
                     path, what, path, load);
}

/// A vector that says something: finite, and not all zero.
static throng_status check_row(const char *path, const char *keyword, int64_t row,
                               const float *vector, int32_t dim) {
  bool zero = true;
  for (int32_t j = 0; j < dim; ++j) {
    if (!isfinite(vector[j]))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: tensor 'embedding', row %lld (keyword \"%.60s\"), column %d is %g; "
                         "expected a finite number",
                         path, (long long)row, keyword, j, (double)vector[j]);
    zero = zero && vector[j] == 0;
  }
  if (!zero) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: tensor 'embedding', row %lld (keyword \"%.60s\") is all zeros, which is "
                     "no direction; give it a vector, or take the keyword from the items",
                     path, (long long)row, keyword);
}

/// A keyword that stands on two lines must have one vector.
static throng_status check_repeats(const vocabulary *v, const uint8_t *used, const float *all,
                                   int32_t dim) {
  for (int64_t n = 0; n < v->n; ++n) {
    int64_t word = v->line[n].word, first = v->first[word];
    if (first == n || !used[word]) continue;
    const float *a = all + row_of(v, first) * dim, *b = all + row_of(v, n) * dim;
    if (memcmp(a, b, (size_t)dim * sizeof *a) != 0)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s:%lld: keyword \"%.60s\" stood already on line %lld, with another "
                         "vector; expected one of them",
                         v->path, (long long)v->line[n].number,
                         strings_get(interner_strings(v->words), word),
                         (long long)v->line[first].number);
  }
  return THRONG_OK;
}

/// The vocabulary's number of each keyword into `word`, or an error that counts the missing.
static throng_status find_words(const vocabulary *v, const keyword_sets *sets, int64_t *word,
                                uint8_t *used) {
  const string_table *keywords = &sets->keyword;
  int64_t missing = -1, n_found = 0;
  uint8_t *found;
  THRONG_TRY(throng_alloc((void **)&found, (size_t)keywords->n, 1, "keywords"));
  for (int64_t k = 0; k < keywords->n; ++k) {
    const char *text = strings_get(keywords, k);
    size_t length = strings_length(keywords, k);
    trim(&text, &length);
    word[k] = interner_find(v->words, text, length);
    if (word[k] < 0) {
      if (missing < 0) missing = k;
      continue;
    }
    used[word[k]] = found[k] = 1;
    ++n_found;
  }
  throng_status status = THRONG_OK;
  if (missing >= 0) {
    char advice[512];
    status = join_advice(keywords, found, interner_strings(v->words), advice, sizeof advice);
    if (status == THRONG_OK)
      status = throng_fail(THRONG_ERROR_DATA,
                           "%s: keyword \"%.60s\" is missing: %lld of %lld keywords of the items "
                           "are in it%s%s; every one needs a line here and a row in "
                           "embedding.file",
                           v->path, strings_get(keywords, missing), (long long)n_found,
                           (long long)keywords->n, *advice ? ": " : "", advice);
  }
  free(found);
  return status;
}

static throng_status take_rows(const embedding_def *def, const keyword_sets *sets, vocabulary *v,
                               safetensors_file *file, float **out, int32_t *dim) {
  const safetensors_tensor *tensor = safetensors_find(file, "embedding");
  float *all = NULL;
  int64_t *word = NULL;
  uint8_t *used = NULL;
  size_t n = (size_t)sets->keyword.n;
  throng_status status;
  if (!tensor) THRONG_TRY_GOTO(name_tensors(def, file));
  THRONG_TRY_GOTO(check_shape(def, tensor, v));
  THRONG_TRY_GOTO(throng_alloc((void **)&word, n, sizeof *word, "keywords"));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&used, (size_t)interner_strings(v->words)->n, 1, "vocabulary"));
  THRONG_TRY_GOTO(find_words(v, sets, word, used));
  *dim = (int32_t)tensor->shape[1];
  THRONG_TRY_GOTO(safetensors_read_float(file, tensor, &all));
  THRONG_TRY_GOTO(check_repeats(v, used, all, *dim));
  THRONG_TRY_GOTO(throng_alloc((void **)out, n, (size_t)*dim * sizeof **out, "keyword embeddings"));
  for (size_t k = 0; k < n; ++k) {
    int64_t row = row_of(v, v->first[word[k]]);
    const float *from = all + row * *dim;
    THRONG_TRY_GOTO(check_row(def->file, strings_get(&sets->keyword, (int64_t)k), row, from, *dim));
    memcpy(*out + k * (size_t)*dim, from, (size_t)*dim * sizeof *from);
  }
done:
  free(all);
  free(word);
  free(used);
  return status;
}

throng_status embeddings_from_file(const embedding_def *def, const keyword_sets *sets,
                                   const throng_progress *progress, float **out, int32_t *dim) {
  if (!def->file || !def->vocabulary)
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "embedding.%s: missing; provider file needs a safetensors file and a "
                       "vocabulary",
                       def->file ? "vocabulary" : "file");
  vocabulary v = {0};
  safetensors_file *file = NULL;
  throng_status status;
  THRONG_TRY_GOTO(read_vocabulary(def->vocabulary, progress, &v));
  status = file_kind_require(def->file, FILE_KIND_TENSORS);
  if (status != THRONG_OK) {
    throng_fail_context(status, "embedding.file");
    goto done;
  }
  THRONG_TRY_GOTO(refuse_other_files(def->file));
  THRONG_TRY_GOTO(safetensors_open(def->file, &file));
  THRONG_TRY_GOTO(take_rows(def, sets, &v, file, out, dim));
  throng_note(progress, "%lld of %lld keywords of the items are in %s", (long long)sets->keyword.n,
              (long long)sets->keyword.n, def->vocabulary);
done:
  vocabulary_free(&v);
  safetensors_close(file);
  return status;
}
