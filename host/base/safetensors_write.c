/// Writing tensor files: laid out as the stock writer does (falling alignment, then name; header
/// padded to eight bytes), streamed in any order, atomic.
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/safetensors.h"
#include "base/safetensors_sum.h"

typedef struct declared {
  char *name;
  sum_state *sum;  // of the data so far
  tensor_type type;
  int rank;
  int64_t shape[SAFETENSORS_MAX_RANK];
  uint64_t bytes, offset, written;  // offset from the file's start
} declared;

struct safetensors_writer {
  char *path;
  atomic_file *file;
  declared *tensor;
  size_t n_tensor, tensor_capacity;
  char **metadata;  // key, value, key, value, ...
  size_t n_metadata, metadata_capacity;
  char *header;  // as written, the checksum's digits still zeros
  size_t header_length;
  bool begun;
};

static throng_status copy_text(const char *text, char **out) {
  *out = strdup(text);
  return *out ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for a name", text);
}

throng_status safetensors_writer_create(const char *path, safetensors_writer **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(safetensors_writer), path));
  safetensors_writer *writer = block;
  throng_status status = copy_text(path, &writer->path);
  if (status == THRONG_OK) status = atomic_file_create(path, &writer->file);
  if (status == THRONG_OK)
    *out = writer;
  else
    safetensors_writer_abort(writer);
  return status;
}

void safetensors_writer_abort(safetensors_writer *writer) {
  if (!writer) return;
  atomic_file_abort(writer->file);
  for (size_t i = 0; i < writer->n_tensor; ++i) {
    free(writer->tensor[i].name);
    sum_state_free(writer->tensor[i].sum);
  }
  for (size_t i = 0; i < writer->n_metadata; ++i) free(writer->metadata[i]);
  free(writer->tensor);
  free(writer->metadata);
  free(writer->header);
  free(writer->path);
  free(writer);
}

throng_status safetensors_writer_metadata(safetensors_writer *writer, const char *key,
                                          const char *value) {
  for (size_t i = 0; i < writer->n_metadata; i += 2)
    if (!strcmp(writer->metadata[i], key))
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s: metadata '%s' is given twice", writer->path,
                         key);
  if (!strcmp(key, SAFETENSORS_SUM_KEY))
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: metadata '%s' is the writer's own", writer->path,
                       key);
  if (utf8_valid_prefix(value, strlen(value)) != strlen(value))
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: metadata '%s' is not UTF-8", writer->path, key);
  THRONG_TRY(throng_grow((void **)&writer->metadata, &writer->metadata_capacity,
                         writer->n_metadata + 2, sizeof *writer->metadata, writer->path));
  char *key_copy, *value_copy;
  THRONG_TRY(copy_text(key, &key_copy));
  throng_status status = copy_text(value, &value_copy);
  if (status != THRONG_OK) {
    free(key_copy);
    return status;
  }
  writer->metadata[writer->n_metadata++] = key_copy;
  writer->metadata[writer->n_metadata++] = value_copy;
  return THRONG_OK;
}

throng_status safetensors_writer_declare(safetensors_writer *writer, const char *name,
                                         tensor_type type, int rank, const int64_t *shape,
                                         size_t *number) {
  declared t = {.type = type, .rank = rank};
  bool empty = false;
  if (writer->begun || rank < 0 || rank > SAFETENSORS_MAX_RANK || !strcmp(name, "__metadata__"))
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor '%s' cannot be declared", writer->path,
                       name);
  t.bytes = tensor_type_size(type);
  for (int d = 0; d < rank; ++d) {
    t.shape[d] = shape[d];
    if (shape[d] == 0)
      empty = true;
    else if (shape[d] < 0 || __builtin_mul_overflow(t.bytes, (uint64_t)shape[d], &t.bytes) ||
             t.bytes > INT64_MAX / 2)
      return throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor '%s': shape is negative or too large",
                         writer->path, name);
  }
  if (empty) t.bytes = 0;
  THRONG_TRY(throng_grow((void **)&writer->tensor, &writer->tensor_capacity, writer->n_tensor + 1,
                         sizeof *writer->tensor, writer->path));
  THRONG_TRY(copy_text(name, &t.name));
  t.sum = sum_state_create();
  if (!t.sum) {
    free(t.name);
    return throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for a checksum", writer->path);
  }
  if (number) *number = writer->n_tensor;
  writer->tensor[writer->n_tensor++] = t;
  return THRONG_OK;
}

/// The stock writer's order of types: wider first, and among equals as its enumeration falls.
static int type_rank(tensor_type type) {
  static const int rank[] = {[TENSOR_U64] = 0, [TENSOR_I64] = 1, [TENSOR_F64] = 2, [TENSOR_F32] = 3,
                             [TENSOR_U32] = 4, [TENSOR_I32] = 5, [TENSOR_U8] = 6};
  return rank[type];
}

static int compare_layout(const void *a, const void *b) {
  const declared *x = *(declared *const *)a, *y = *(declared *const *)b;
  if (x->type != y->type) return type_rank(x->type) - type_rank(y->type);
  return strcmp(x->name, y->name);
}

static void write_header(FILE *to, const safetensors_writer *writer, declared *const *order) {
  fprintf(to, SAFETENSORS_SUM_BEGIN "%0*d\"", SAFETENSORS_SUM_DIGITS, 0);
  for (size_t i = 0; i < writer->n_metadata; i += 2) {
    putc(',', to);
    json_write_string(to, writer->metadata[i]);
    putc(':', to);
    json_write_string(to, writer->metadata[i + 1]);
  }
  putc('}', to);
  uint64_t at = 0;
  for (size_t i = 0; i < writer->n_tensor; ++i) {
    declared *t = order[i];
    putc(',', to);
    json_write_string(to, t->name);
    fprintf(to, ":{\"dtype\":\"%s\",\"shape\":[", tensor_type_name(t->type));
    for (int d = 0; d < t->rank; ++d) fprintf(to, "%s%lld", d ? "," : "", (long long)t->shape[d]);
    fprintf(to, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
            (unsigned long long)(at + t->bytes));
    t->offset = at;
    at += t->bytes;
  }
  putc('}', to);
  for (long length = ftell(to); length % 8 != 0; ++length) putc(' ', to);
}

throng_status safetensors_writer_begin(safetensors_writer *writer) {
  declared **order = NULL;
  char *text = NULL;
  size_t length = 0;
  throng_status status;
  if (writer->begun)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: was begun before", writer->path);
  THRONG_TRY(throng_alloc((void **)&order, writer->n_tensor, sizeof *order, writer->path));
  for (size_t i = 0; i < writer->n_tensor; ++i) order[i] = &writer->tensor[i];
  qsort(order, writer->n_tensor, sizeof *order, compare_layout);
  for (size_t i = 1; i < writer->n_tensor; ++i)
    if (!strcmp(order[i - 1]->name, order[i]->name)) {
      status = throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor '%s' is declared twice", writer->path,
                           order[i]->name);
      goto done;
    }
  FILE *memory = open_memstream(&text, &length);
  if (memory) {
    write_header(memory, writer, order);
    bool bad = ferror(memory) != 0;
    if (fclose(memory) != 0 || bad) length = 0;
  }
  if (length == 0) {
    status = throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for its header", writer->path);
    goto done;
  }
  if (length > SAFETENSORS_MAX_HEADER) {
    status = throng_fail(THRONG_ERROR_ARGUMENT, "%s: header of %zu bytes, at most %d are allowed",
                         writer->path, length, SAFETENSORS_MAX_HEADER);
    goto done;
  }
  uint64_t n = length;
  THRONG_TRY_GOTO(atomic_file_write_at(writer->file, 0, &n, sizeof n));
  THRONG_TRY_GOTO(atomic_file_write_at(writer->file, 8, text, length));
  for (size_t i = 0; i < writer->n_tensor; ++i) writer->tensor[i].offset += 8 + length;
  writer->header = text;
  writer->header_length = length;
  text = NULL;
  writer->begun = true;
done:
  free(text);
  free(order);
  return status;
}

throng_status safetensors_writer_data(safetensors_writer *writer, size_t number, const void *data,
                                      size_t bytes) {
  declared *t = number < writer->n_tensor ? &writer->tensor[number] : NULL;
  if (!writer->begun || !t || bytes > t->bytes - t->written)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor %zu ('%s') cannot take %zu more bytes",
                       writer->path, number, t ? t->name : "?", bytes);
  THRONG_TRY(atomic_file_write_at(writer->file, t->offset + t->written, data, bytes));
  sum_state_add(t->sum, data, bytes);
  t->written += bytes;
  return THRONG_OK;
}

static int compare_offset(const void *a, const void *b) {
  const declared *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return strcmp(x->name, y->name);
}

/// The sum is known when the last byte is, and takes the place that the header kept for it.
static throng_status write_sum(safetensors_writer *writer) {
  void *block;
  uint64_t sum;
  char digits[SAFETENSORS_SUM_DIGITS + 1];
  qsort(writer->tensor, writer->n_tensor, sizeof *writer->tensor, compare_offset);
  THRONG_TRY(throng_alloc(&block, writer->n_tensor, sizeof(uint64_t), writer->path));
  uint64_t *tensor = block;
  for (size_t i = 0; i < writer->n_tensor; ++i) tensor[i] = sum_state_value(writer->tensor[i].sum);
  throng_status status =
      safetensors_sum(writer->header, writer->header_length, tensor, writer->n_tensor, &sum);
  free(block);
  THRONG_TRY(status);
  safetensors_sum_text(sum, digits);
  return atomic_file_write_at(writer->file, 8 + SAFETENSORS_SUM_AT, digits, SAFETENSORS_SUM_DIGITS);
}

throng_status safetensors_writer_commit(safetensors_writer *writer) {
  throng_status status = THRONG_OK;
  for (size_t i = 0; i < writer->n_tensor && status == THRONG_OK; ++i)
    if (!writer->begun || writer->tensor[i].written != writer->tensor[i].bytes)
      status =
          throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor '%s' got %llu of %llu bytes", writer->path,
                      writer->tensor[i].name, (unsigned long long)writer->tensor[i].written,
                      (unsigned long long)writer->tensor[i].bytes);
  if (status == THRONG_OK && !writer->begun)
    status = throng_fail(THRONG_ERROR_ARGUMENT, "%s: was never begun", writer->path);
  if (status == THRONG_OK) status = write_sum(writer);
  if (status == THRONG_OK) {
    status = atomic_file_commit(writer->file);
    writer->file = NULL;
  }
  safetensors_writer_abort(writer);
  return status;
}
