/// Tensor sets: registering, one allocation, saving, loading and hashing through the backend.
#include "base/tensors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/safetensors.h"

enum { STAGING_BYTES = 4 << 20 };  // a multiple of 8, as the chained hash wants

size_t tensor_type_size(tensor_type type) {
  switch (type) {
    case TENSOR_U8: return 1;
    case TENSOR_I32:
    case TENSOR_U32:
    case TENSOR_F32: return 4;
    case TENSOR_I64:
    case TENSOR_U64:
    case TENSOR_F64: return 8;
  }
  return 0;
}

const char *tensor_type_name(tensor_type type) {
  switch (type) {
    case TENSOR_U8: return "U8";
    case TENSOR_I32: return "I32";
    case TENSOR_U32: return "U32";
    case TENSOR_F32: return "F32";
    case TENSOR_I64: return "I64";
    case TENSOR_U64: return "U64";
    case TENSOR_F64: return "F64";
  }
  return "?";
}

throng_status tensors_add(tensor_set *set, void *slot, tensor_type type, int rank,
                          const int64_t *shape, const char *name_format, ...) {
  tensor t = {.type = type, .rank = rank, .slot = slot};
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

typedef struct save_context {
  safetensors_writer *writer;
  size_t number;
} save_context;

static throng_status save_piece(void *context, const tensor *t, size_t at, void *piece,
                                size_t bytes) {
  const save_context *save = context;
  (void)t;
  (void)at;
  return safetensors_writer_data(save->writer, save->number, piece, bytes);
}

throng_status tensors_save(const tensor_set *const *set, const char *const *prefix, int n_set,
                           const char *const *metadata, const char *path) {
  save_context save = {0};
  char name[FULL_NAME];
  throng_status status;
  THRONG_TRY(safetensors_writer_create(path, &save.writer));
  for (const char *const *m = metadata; m && m[0]; m += 2)
    THRONG_TRY_GOTO(safetensors_writer_metadata(save.writer, m[0], m[1]));
  for (int s = 0; s < n_set; ++s)
    for (size_t i = 0; i < set[s]->count; ++i) {
      const tensor *t = &set[s]->tensor[i];
      THRONG_TRY_GOTO(full_name(name, sizeof name, prefix_of(prefix, s), t));
      THRONG_TRY_GOTO(
          safetensors_writer_declare(save.writer, name, t->type, t->rank, t->shape, NULL));
    }
  THRONG_TRY_GOTO(safetensors_writer_begin(save.writer));
  for (int s = 0; s < n_set; ++s)
    for (size_t i = 0; i < set[s]->count; ++i, ++save.number)
      THRONG_TRY_GOTO(for_pieces(set[s], &set[s]->tensor[i], false, save_piece, &save));
  return safetensors_writer_commit(save.writer);
done:
  safetensors_writer_abort(save.writer);
  return status;
}

typedef struct load_context {
  safetensors_file *file;
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

throng_status tensors_load(tensor_set *const *set, const char *const *prefix, int n_set,
                           const char *path) {
  load_context load = {0};
  char name[FULL_NAME];
  throng_status status = THRONG_OK;
  THRONG_TRY(safetensors_open(path, &load.file));
  // Two rounds: nothing is overwritten before all names and shapes are known to fit.
  for (int round = 0; round < 2; ++round) {
    for (int s = 0; s < n_set; ++s)
      for (size_t i = 0; i < set[s]->count; ++i) {
        const tensor *t = &set[s]->tensor[i];
        THRONG_TRY_GOTO(full_name(name, sizeof name, prefix_of(prefix, s), t));
        THRONG_TRY_GOTO(
            safetensors_require(load.file, name, t->type, t->rank, t->shape, &load.from));
        if (round == 1) THRONG_TRY_GOTO(for_pieces(set[s], t, true, load_piece, &load));
      }
    if (round == 0) THRONG_TRY_GOTO(check_known(load.file, set, prefix, n_set));
  }
done:
  safetensors_close(load.file);
  return status;
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
