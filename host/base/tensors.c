/// Tensor sets: registering, one allocation, saving, loading and hashing through the backend.
#include "base/tensors.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/safetensors.h"

enum { RANGE_BLOCK = 4096 };       // values
enum { CHECK_BYTES = 1 << 18 };    // a multiple of 8; stays in the second cache
enum { STAGING_BYTES = 4 << 20 };  // a multiple of 8, as the chained hash wants

/// Every value of the type but those that are no numbers.
static tensor_range whole_range(tensor_type type) {
  switch (type) {
    case TENSOR_F32: return (tensor_range){-(double)FLT_MAX, (double)FLT_MAX};
    case TENSOR_F64: return (tensor_range){-DBL_MAX, DBL_MAX};
    default: return (tensor_range){-(double)INFINITY, (double)INFINITY};
  }
}

void tensors_within(tensor_set *set, double least, double most) {
  set->tensor[set->count - 1].range = (tensor_range){least, most};
}

throng_status tensors_add(tensor_set *set, void *slot, tensor_type type, int rank,
                          const int64_t *shape, const char *name_format, ...) {
  tensor t = {.type = type, .rank = rank, .range = whole_range(type), .slot = slot};
  va_list arguments;
  va_start(arguments, name_format);
  int length = vsnprintf(t.name, sizeof t.name, name_format, arguments);
  va_end(arguments);
  if (length < 0 || length >= TENSOR_MAX_NAME)
    return throng_fail(THRONG_ERROR_ARGUMENT, "tensor '%s...': name has more than %d bytes", t.name,
                       TENSOR_MAX_NAME - 1);
  if (rank < 0 || rank > TENSOR_MAX_RANK)
    return throng_fail(THRONG_ERROR_ARGUMENT, "tensor '%s': rank %d is not in 0..%d", t.name, rank,
                       TENSOR_MAX_RANK);
  if (set->block)
    return throng_fail(THRONG_ERROR_ARGUMENT, "tensor '%s': registered after allocation", t.name);
  if (tensors_find(set, t.name))
    return throng_fail(THRONG_ERROR_ARGUMENT, "tensor '%s' is registered twice", t.name);
  size_t bytes = tensor_type_size(type);
  bool empty = false;
  for (int d = 0; d < rank; ++d) {
    t.shape[d] = shape[d];
    if (shape[d] == 0)
      empty = true;
    else if (shape[d] < 0 || __builtin_mul_overflow(bytes, (size_t)shape[d], &bytes) ||
             bytes > (size_t)INT64_MAX / 2)
      return throng_fail(THRONG_ERROR_ARGUMENT,
                         "tensor '%s': dimension %d is %lld: negative or too large", t.name, d,
                         (long long)shape[d]);
  }
  if (empty) bytes = 0;
  THRONG_TRY(throng_grow((void **)&set->tensor, &set->capacity, set->count + 1, sizeof *set->tensor,
                         "tensor set"));
  set->tensor[set->count++] = t;
  return THRONG_OK;
}

int64_t tensor_elements(const tensor *t) {
  int64_t elements = 1;
  for (int d = 0; d < t->rank; ++d)
    if (t->shape[d] == 0) return 0;
  for (int d = 0; d < t->rank; ++d) elements *= t->shape[d];
  return elements;
}

size_t tensor_bytes(const tensor *t) {
  return (size_t)tensor_elements(t) * tensor_type_size(t->type);
}

throng_status tensors_allocate(tensor_set *set, throng_backend *backend, const char *what) {
  size_t bytes = 0;
  if (set->block) return throng_fail(THRONG_ERROR_ARGUMENT, "%s: memory was taken before", what);
  for (size_t i = 0; i < set->count; ++i)
    if (__builtin_add_overflow(bytes, (tensor_bytes(&set->tensor[i]) + 63) / 64 * 64, &bytes) ||
        bytes > (size_t)INT64_MAX / 2)
      return throng_fail(THRONG_ERROR_MEMORY, "%s: too large for any memory", what);
  THRONG_TRY(backend->ops->alloc(backend, bytes, what, &set->block));
  set->bytes = bytes;
  set->backend = backend;
  char *at = set->block;
  for (size_t i = 0; i < set->count; ++i) {
    tensor *t = &set->tensor[i];
    t->data = at;
    // The slot is a pointer to some other type than void *: its bytes are set, not its value.
    if (t->slot) memcpy((void *)t->slot, &t->data, sizeof t->data);
    at += (tensor_bytes(t) + 63) / 64 * 64;
  }
  return THRONG_OK;
}

void tensors_free(tensor_set *set) {
  if (set->block) set->backend->ops->release(set->backend, set->block);
  free(set->tensor);
  *set = (tensor_set){0};
}

const tensor *tensors_find(const tensor_set *set, const char *name) {
  for (size_t i = 0; i < set->count; ++i)
    if (!strcmp(set->tensor[i].name, name)) return &set->tensor[i];
  return NULL;
}

/// A piece of a tensor's contents on its way to or from the host.
typedef throng_status piece_fn(void *context, const tensor *t, size_t at, void *piece,
                               size_t bytes);

/// Call `each` on every piece of a tensor: the block itself where the host may read it, else copies
/// of bounded size.
static throng_status for_pieces(const tensor_set *set, const tensor *t, bool store, piece_fn *each,
                                void *context) {
  throng_backend *backend = set->backend;
  size_t bytes = tensor_bytes(t);
  if (backend->host_memory) return bytes ? each(context, t, 0, t->data, bytes) : THRONG_OK;
  char *staging;
  size_t most = bytes < STAGING_BYTES ? bytes : STAGING_BYTES;
  throng_status status = throng_alloc((void **)&staging, most, 1, "staging buffer");
  for (size_t at = 0; status == THRONG_OK && at < bytes; at += most) {
    size_t part = bytes - at < most ? bytes - at : most;
    char *device = (char *)t->data + at;
    if (!store) status = backend->ops->download(backend, staging, device, part);
    if (status == THRONG_OK) status = each(context, t, at, staging, part);
    if (status == THRONG_OK && store) status = backend->ops->upload(backend, device, staging, part);
  }
  free(staging);
  return status;
}

static const char *prefix_of(const char *const *prefix, int i) {
  return prefix && prefix[i] ? prefix[i] : "";
}

static throng_status full_name(char *name, size_t size, const char *prefix, const tensor *t) {
  int length = snprintf(name, size, "%s%s", prefix, t->name);
  if (length >= 0 && (size_t)length < size) return THRONG_OK;
  return throng_fail(THRONG_ERROR_ARGUMENT, "tensor '%s': prefix '%.40s...' is too long", t->name,
                     prefix);
}

enum { FULL_NAME = 2 * TENSOR_MAX_NAME };

/// Number of the first of `n` values out of range, or n. Looked at a block at a time, without a
/// branch a value.
#define FIRST_OUTSIDE(type)                                                    \
  for (size_t at = 0; at < n; at += RANGE_BLOCK) {                             \
    const type *x = (const type *)values + at;                                 \
    size_t part = n - at < RANGE_BLOCK ? n - at : RANGE_BLOCK;                 \
    int outside = 0;                                                           \
    for (size_t i = 0; i < part; ++i)                                          \
      outside |= !((double)x[i] >= range.least && (double)x[i] <= range.most); \
    for (size_t i = 0; outside && i < part; ++i)                               \
      if (!((double)x[i] >= range.least && (double)x[i] <= range.most)) {      \
        *value = (double)x[i];                                                 \
        return at + i;                                                         \
      }                                                                        \
  }                                                                            \
  return n

static size_t first_outside(tensor_type type, tensor_range range, const void *values, size_t n,
                            double *value) {
  if (range.least == -(double)INFINITY && range.most == (double)INFINITY) return n;
  switch (type) {
    case TENSOR_U8: FIRST_OUTSIDE(uint8_t);
    case TENSOR_I32: FIRST_OUTSIDE(int32_t);
    case TENSOR_U32: FIRST_OUTSIDE(uint32_t);
    case TENSOR_I64: FIRST_OUTSIDE(int64_t);
    case TENSOR_U64: FIRST_OUTSIDE(uint64_t);
    case TENSOR_F32: FIRST_OUTSIDE(float);
    case TENSOR_F64: FIRST_OUTSIDE(double);
  }
  return n;
}
#undef FIRST_OUTSIDE

/// `bytes` bytes of an array's contents, from its byte `at` on; `name` is its name in the file.
static throng_status check_range(const char *path, const char *name, const tensor *t, size_t at,
                                 const void *piece, size_t bytes) {
  const size_t size = tensor_type_size(t->type), n = bytes / size;
  double value = 0;
  size_t found = first_outside(t->type, t->range, piece, n, &value);
  if (found == n) return THRONG_OK;
  const long long element = (long long)(at / size + found);
  if (!isfinite(value))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor '%s', element %lld is %g, expected a finite number", path, name,
                       element, value);
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: tensor '%s', element %lld is %.15g, expected %.15g to %.15g", path, name,
                     element, value, t->range.least, t->range.most);
}

typedef struct save_context {
  safetensors_writer *writer;
  size_t number;
  const char *path;
  char name[FULL_NAME];
} save_context;

static throng_status save_piece(void *context, const tensor *t, size_t at, void *piece,
                                size_t bytes) {
  const save_context *save = context;
  THRONG_TRY(check_range(save->path, save->name, t, at, piece, bytes));
  return safetensors_writer_data(save->writer, save->number, piece, bytes);
}

throng_status tensors_save(const tensor_set *const *set, const char *const *prefix, int n_set,
                           const char *const *metadata, const char *path) {
  save_context save = {.path = path};
  throng_status status;
  THRONG_TRY(safetensors_writer_create(path, &save.writer));
  for (const char *const *m = metadata; m && m[0]; m += 2)
    THRONG_TRY_GOTO(safetensors_writer_metadata(save.writer, m[0], m[1]));
  for (int s = 0; s < n_set; ++s)
    for (size_t i = 0; i < set[s]->count; ++i) {
      const tensor *t = &set[s]->tensor[i];
      THRONG_TRY_GOTO(full_name(save.name, sizeof save.name, prefix_of(prefix, s), t));
      THRONG_TRY_GOTO(
          safetensors_writer_declare(save.writer, save.name, t->type, t->rank, t->shape, NULL));
    }
  THRONG_TRY_GOTO(safetensors_writer_begin(save.writer));
  for (int s = 0; s < n_set; ++s)
    for (size_t i = 0; i < set[s]->count; ++i, ++save.number) {
      THRONG_TRY_GOTO(
          full_name(save.name, sizeof save.name, prefix_of(prefix, s), &set[s]->tensor[i]));
      THRONG_TRY_GOTO(for_pieces(set[s], &set[s]->tensor[i], false, save_piece, &save));
    }
  return safetensors_writer_commit(save.writer);
done:
  safetensors_writer_abort(save.writer);
  return status;
}

typedef struct load_context {
  const safetensors_file *file;
  const safetensors_tensor *from;
} load_context;

static throng_status load_piece(void *context, const tensor *t, size_t at, void *piece,
                                size_t bytes) {
  const load_context *load = context;
  (void)t;
  return safetensors_read(load->file, load->from, at, piece, bytes);
}

/// Every array of the file must belong to some set.
static throng_status check_known(const safetensors_file *file, tensor_set *const *set,
                                 const char *const *prefix, int n_set) {
  for (size_t k = 0; k < safetensors_count(file); ++k) {
    const char *name = safetensors_at(file, k)->name;
    bool known = false;
    for (int s = 0; s < n_set && !known; ++s) {
      size_t length = strlen(prefix_of(prefix, s));
      known = !strncmp(name, prefix_of(prefix, s), length) && tensors_find(set[s], name + length);
    }
    if (!known)
      return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' is not expected here",
                         safetensors_path(file), name);
  }
  return THRONG_OK;
}

static throng_status check_values(const safetensors_file *file, const tensor *t,
                                  const safetensors_tensor *from, void *staging) {
  throng_status status = THRONG_OK;
  for (uint64_t at = 0; status == THRONG_OK && at < from->bytes; at += CHECK_BYTES) {
    size_t part = from->bytes - at < CHECK_BYTES ? (size_t)(from->bytes - at) : CHECK_BYTES;
    status = safetensors_read(file, from, at, staging, part);
    if (status == THRONG_OK)
      status = check_range(safetensors_path(file), from->name, t, (size_t)at, staging, part);
  }
  return status;
}

/// Call for every array of the sets with its name in the file.
typedef throng_status file_fn(const safetensors_file *file, const tensor_set *set, const tensor *t,
                              const safetensors_tensor *from, void *context);

static throng_status for_arrays(tensor_set *const *set, const char *const *prefix, int n_set,
                                const safetensors_file *file, file_fn *each, void *context) {
  char name[FULL_NAME];
  for (int s = 0; s < n_set; ++s)
    for (size_t i = 0; i < set[s]->count; ++i) {
      const tensor *t = &set[s]->tensor[i];
      const safetensors_tensor *from;
      THRONG_TRY(full_name(name, sizeof name, prefix_of(prefix, s), t));
      THRONG_TRY(safetensors_require(file, name, t->type, t->rank, t->shape, &from));
      if (each) THRONG_TRY(each(file, set[s], t, from, context));
    }
  return THRONG_OK;
}

static throng_status check_array(const safetensors_file *file, const tensor_set *set,
                                 const tensor *t, const safetensors_tensor *from, void *staging) {
  (void)set;
  return check_values(file, t, from, staging);
}

static throng_status read_array(const safetensors_file *file, const tensor_set *set,
                                const tensor *t, const safetensors_tensor *from, void *unused) {
  load_context load = {file, from};
  (void)unused;
  return for_pieces(set, t, true, load_piece, &load);
}

throng_status tensors_check_file(tensor_set *const *set, const char *const *prefix, int n_set,
                                 const safetensors_file *file) {
  void *staging;
  // Names and shapes first: a file of another kind is told without reading its data.
  THRONG_TRY(for_arrays(set, prefix, n_set, file, NULL, NULL));
  THRONG_TRY(check_known(file, set, prefix, n_set));
  THRONG_TRY(throng_alloc(&staging, CHECK_BYTES, 1, "staging buffer"));
  throng_status status = for_arrays(set, prefix, n_set, file, check_array, staging);
  free(staging);
  return status;
}

throng_status tensors_read_file(tensor_set *const *set, const char *const *prefix, int n_set,
                                const safetensors_file *file) {
  return for_arrays(set, prefix, n_set, file, read_array, NULL);
}

/// The pieces' size must not show in the hash, so it is taken block by block of a fixed size.
static throng_status hash_piece(void *context, const tensor *t, size_t at, void *piece,
                                size_t bytes) {
  uint64_t *hash = context;
  (void)t;
  (void)at;
  const char *from = piece;
  while (bytes > 0) {
    size_t part = bytes < STAGING_BYTES ? bytes : STAGING_BYTES;
    *hash = hash64(from, part, *hash);
    from += part;
    bytes -= part;
  }
  return THRONG_OK;
}

throng_status tensors_hash(const tensor_set *set, uint64_t *hash) {
  *hash = 0;
  for (size_t i = 0; i < set->count; ++i) {
    const tensor *t = &set->tensor[i];
    *hash = hash64(t->name, strlen(t->name), *hash);
    *hash = hash64(t->shape, (size_t)t->rank * sizeof *t->shape, *hash + (uint64_t)t->type);
    THRONG_TRY(for_pieces(set, t, false, hash_piece, hash));
  }
  return THRONG_OK;
}
