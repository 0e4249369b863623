/// World files: safetensors with one tensor an array of WORLD_ARRAYS, two a string table, those of
/// later parts where there are any, and a few facts as metadata. They open in Python with the stock
/// package.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_kind.h"
#include "base/numbers.h"
#include "base/safetensors.h"
#include "world/world.h"

#define FORMAT "throng world"
#define VERSION "1"

enum { STAGING = 1 << 16 };

/// Arrays whose second dimension is written 1 in the list are vectors, the others matrices.
#define RANK(d1) (sizeof(#d1) > sizeof "1" ? 2 : 1)

static throng_status write_metadata(safetensors_writer *writer, const throng_world *w) {
  NUMBERS_WITHOUT_LOCALE;
  char threshold[64] = "none";
  if (!isnan(w->like_threshold)) snprintf(threshold, sizeof threshold, "%.17g", w->like_threshold);
  THRONG_TRY(safetensors_writer_metadata(writer, "format", FORMAT));
  THRONG_TRY(safetensors_writer_metadata(writer, "version", VERSION));
  THRONG_TRY(safetensors_writer_metadata(writer, "source", w->source ? w->source : ""));
  THRONG_TRY(safetensors_writer_metadata(writer, "like_threshold", threshold));
  if (w->n_cold > 0) {
    char cold[32];
    snprintf(cold, sizeof cold, "%" PRId64, w->n_cold);
    THRONG_TRY(safetensors_writer_metadata(writer, "cold_items", cold));
  }
  return safetensors_writer_metadata(writer, "has_time", w->has_time ? "true" : "false");
}

/// The text without the NULs between strings, then the offsets that fit it.
static throng_status write_strings(safetensors_writer *writer, size_t number,
                                   const string_table *table, int64_t n) {
  char text[STAGING] = {0};
  int64_t offset[STAGING / sizeof(int64_t)];
  size_t used = 0;
  for (int64_t i = 0; i < n; ++i) {
    const char *from = strings_get(table, i);
    for (size_t left = strings_length(table, i); left > 0;) {
      size_t part = left < sizeof text - used ? left : sizeof text - used;
      memcpy(text + used, from, part);
      used += part;
      from += part;
      left -= part;
      if (used < sizeof text) continue;
      THRONG_TRY(safetensors_writer_data(writer, number, text, used));
      used = 0;
    }
  }
  THRONG_TRY(safetensors_writer_data(writer, number, text, used));
  const int64_t most = (int64_t)(sizeof offset / sizeof *offset);
  for (int64_t i = 0; i <= n; i += most) {
    int64_t part = n + 1 - i < most ? n + 1 - i : most;
    for (int64_t k = 0; k < part; ++k) offset[k] = n ? table->offset[i + k] - (i + k) : 0;
    THRONG_TRY(safetensors_writer_data(writer, number + 1, offset, (size_t)part * sizeof *offset));
  }
  return THRONG_OK;
}

#define DECLARE_ARRAY(type, tensor_type, name, d0, d1)                                 \
  THRONG_TRY(safetensors_writer_declare(writer, #name, TENSOR_##tensor_type, RANK(d1), \
                                        (const int64_t[]){d0, d1}, NULL));
#define DECLARE_STRINGS(name, count)                                         \
  THRONG_TRY(safetensors_writer_declare(                                     \
      writer, #name ".blob", TENSOR_U8,                                      \
      TENSOR_SHAPE((count) ? w->name.offset[count] - (count) : 0), NULL));   \
  THRONG_TRY(safetensors_writer_declare(writer, #name ".offset", TENSOR_I64, \
                                        TENSOR_SHAPE((count) + 1), NULL));
#define WRITE_ARRAY(type, tensor_type, name, d0, d1)            \
  THRONG_TRY(safetensors_writer_data(writer, number++, w->name, \
                                     (size_t)(d0) * (size_t)(d1) * sizeof(type)));
#define WRITE_STRINGS(name, count)                            \
  THRONG_TRY(write_strings(writer, number, &w->name, count)); \
  number += 2;

static throng_status declare_and_write(safetensors_writer *writer, const throng_world *w) {
  const bool later = w->n_later > 0;
  size_t number = 0;
  THRONG_TRY(write_metadata(writer, w));
  WORLD_ARRAYS(DECLARE_ARRAY, w)
  WORLD_STRINGS(DECLARE_STRINGS, w)
  if (later) {
    WORLD_LATER_ARRAYS(DECLARE_ARRAY, w)
  }
  THRONG_TRY(safetensors_writer_begin(writer));
  WORLD_ARRAYS(WRITE_ARRAY, w)
  WORLD_STRINGS(WRITE_STRINGS, w)
  if (later) {
    WORLD_LATER_ARRAYS(WRITE_ARRAY, w)
  }
  return THRONG_OK;
}

throng_status throng_world_save(const throng_world *world, const char *path) {
  safetensors_writer *writer;
  THRONG_TRY(world_check(world, path));
  THRONG_TRY(safetensors_writer_create(path, &writer));
  throng_status status = declare_and_write(writer, world);
  if (status == THRONG_OK) return safetensors_writer_commit(writer);
  safetensors_writer_abort(writer);
  return status;
}

static throng_status read_metadata(const safetensors_file *file, throng_world *w) {
  NUMBERS_WITHOUT_LOCALE;
  const char *path = safetensors_path(file);
  const char *format = safetensors_metadata(file, "format");
  const char *version = safetensors_metadata(file, "version");
  const char *source = safetensors_metadata(file, "source");
  const char *threshold = safetensors_metadata(file, "like_threshold");
  const char *has_time = safetensors_metadata(file, "has_time");
  if (!format || strcmp(format, FORMAT) != 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: metadata format is '%s', expected '" FORMAT "'",
                       path, format ? format : "(none)");
  if (!version || strcmp(version, VERSION) != 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: world file version '%s', expected " VERSION, path,
                       version ? version : "(none)");
  if (!has_time || (strcmp(has_time, "true") != 0 && strcmp(has_time, "false") != 0))
    return throng_fail(THRONG_ERROR_DATA, "%s: metadata has_time is '%s', expected true or false",
                       path, has_time ? has_time : "(none)");
  w->has_time = !strcmp(has_time, "true");
  char *end = NULL;
  w->like_threshold = threshold ? strtod(threshold, &end) : 0;
  if (threshold && !strcmp(threshold, "none"))
    w->like_threshold = (double)NAN;
  else if (!threshold || end == threshold || *end || !isfinite(w->like_threshold))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: metadata like_threshold is '%s', expected a number or none", path,
                       threshold ? threshold : "(none)");
  const char *cold = safetensors_metadata(file, "cold_items");
  w->n_cold = cold ? strtoll(cold, &end, 10) : 0;
  if (cold && (end == cold || *end || w->n_cold < 0))
    return throng_fail(THRONG_ERROR_DATA, "%s: metadata cold_items is '%.40s', expected a count",
                       path, cold);
  w->source = strdup(source ? source : "");
  return w->source ? THRONG_OK : throng_fail(THRONG_ERROR_MEMORY, "%s: no memory", path);
}

/// Length of a vector: what the sizes of a world are read off from.
static throng_status length_of(const safetensors_file *file, const char *name, tensor_type type,
                               int64_t less, int64_t *out) {
  const safetensors_tensor *t;
  THRONG_TRY(safetensors_require(file, name, type, 1, (const int64_t[]){-1}, &t));
  *out = t->shape[0] - less;
  if (*out >= 0 && *out <= INT32_MAX * (less ? (int64_t)1 : INT64_MAX / INT32_MAX))
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' has %lld entries, expected %lld to %d",
                     safetensors_path(file), name, (long long)t->shape[0], (long long)less,
                     INT32_MAX);
}

static throng_status read_sizes(const safetensors_file *file, throng_world *w) {
  const safetensors_tensor *t;
  THRONG_TRY(length_of(file, "user_offset", TENSOR_I64, 1, &w->n_user));
  THRONG_TRY(length_of(file, "category_offset", TENSOR_I64, 1, &w->n_item));
  THRONG_TRY(length_of(file, "category_name.offset", TENSOR_I64, 1, &w->n_category));
  THRONG_TRY(length_of(file, "keyword.offset", TENSOR_I64, 1, &w->n_keyword));
  THRONG_TRY(length_of(file, "history_item", TENSOR_I32, 0, &w->n_interaction));
  THRONG_TRY(length_of(file, "category", TENSOR_I32, 0, &w->n_category_entry));
  THRONG_TRY(length_of(file, "pos", TENSOR_I32, 0, &w->n_pos_entry));
  THRONG_TRY(length_of(file, "neg", TENSOR_I32, 0, &w->n_neg_entry));
  THRONG_TRY(safetensors_require(file, "embedding_pos", TENSOR_F32, 2,
                                 (const int64_t[]){w->n_item, -1}, &t));
  if (t->shape[1] < 1 || t->shape[1] > 65536)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor 'embedding_pos' has rows of %lld, expected 1 to 65536",
                       safetensors_path(file), (long long)t->shape[1]);
  w->dim = (int32_t)t->shape[1];
  return THRONG_OK;
}

/// Where one of the arrays of later parts is there, all must be.
static bool has_later(const safetensors_file *file) {
#define X(type, tensor_type, name, d0, d1) \
  if (safetensors_find(file, #name)) return true;
  WORLD_LATER_ARRAYS(X, )
#undef X
  return false;
}

static throng_status read_array(const safetensors_file *file, const char *name, tensor_type type,
                                int rank, const int64_t *shape, void **out) {
  const safetensors_tensor *t;
  THRONG_TRY(safetensors_require(file, name, type, rank, shape, &t));
  return safetensors_read_all(file, t, out);
}

/// Strings in memory end with NUL, in the file they touch.
static throng_status build_strings(const char *path, const char *name, const char *blob,
                                   int64_t length, const int64_t *offset, int64_t n,
                                   string_table *out) {
  for (int64_t i = 0; i <= n; ++i) {
    int64_t before = i ? offset[i - 1] : 0;
    if (offset[i] < before || offset[i] > length || (i == 0 && offset[0] != 0) ||
        (i == n && offset[n] != length))
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: tensor '%s.offset' at index %lld: %lld, expected offsets that rise "
                         "from 0 to %lld",
                         path, name, (long long)i, (long long)offset[i], (long long)length);
  }
  THRONG_TRY(throng_grow((void **)&out->offset, &out->offset_capacity, (size_t)n + 1,
                         sizeof *out->offset, name));
  THRONG_TRY(
      throng_grow((void **)&out->blob, &out->blob_capacity, (size_t)(length + n) + 1, 1, name));
  out->offset[0] = 0;
  for (int64_t i = 0; i < n; ++i)
    THRONG_TRY(strings_append(out, blob + offset[i], (size_t)(offset[i + 1] - offset[i])));
  return THRONG_OK;
}

static throng_status read_strings(const safetensors_file *file, const char *name, int64_t n,
                                  string_table *out) {
  char tensor[TENSOR_MAX_NAME];
  const safetensors_tensor *t;
  char *blob = NULL;
  int64_t *offset = NULL;
  throng_status status;
  snprintf(tensor, sizeof tensor, "%s.offset", name);
  THRONG_TRY_GOTO(
      read_array(file, tensor, TENSOR_I64, 1, (const int64_t[]){n + 1}, (void **)&offset));
  snprintf(tensor, sizeof tensor, "%s.blob", name);
  THRONG_TRY_GOTO(safetensors_require(file, tensor, TENSOR_U8, 1, (const int64_t[]){-1}, &t));
  THRONG_TRY_GOTO(safetensors_read_all(file, t, (void **)&blob));
  status = build_strings(safetensors_path(file), name, blob, t->shape[0], offset, n, out);
done:
  free(blob);
  free(offset);
  return status;
}

#define READ_ARRAY(type, tensor_type, name, d0, d1)                                             \
  THRONG_TRY(read_array(file, #name, TENSOR_##tensor_type, RANK(d1), (const int64_t[]){d0, d1}, \
                        (void **)&w->name));

static throng_status read_world(const safetensors_file *file, throng_world *w) {
  THRONG_TRY(read_metadata(file, w));
  THRONG_TRY(read_sizes(file, w));
  WORLD_ARRAYS(READ_ARRAY, w)
  if (has_later(file)) {
    THRONG_TRY(length_of(file, "later_item", TENSOR_I32, 0, &w->n_later));
    WORLD_LATER_ARRAYS(READ_ARRAY, w)
  }
#define X(name, count) THRONG_TRY(read_strings(file, #name, count, &w->name));
  WORLD_STRINGS(X, w)
#undef X
  THRONG_TRY(world_check(w, safetensors_path(file)));
  throng_status status = world_finish(w);
  return status == THRONG_OK ? status : throng_fail_context(status, "%s", safetensors_path(file));
}

throng_status throng_world_open(const char *path, throng_world **out) {
  safetensors_file *file;
  throng_world *world;
  *out = NULL;
  THRONG_TRY(file_kind_require(path, FILE_KIND_WORLD));
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = throng_alloc((void **)&world, 1, sizeof *world, path);
  if (status == THRONG_OK) {
    status = read_world(file, world);
    world->path = realpath(path, NULL);
    if (status == THRONG_OK)
      *out = world;
    else
      throng_world_close(world);
  }
  safetensors_close(file);
  return status;
}
