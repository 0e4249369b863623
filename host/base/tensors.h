/// Named arrays: shapes are registered first, then memory is taken once. The same list drives
/// allocation on a backend, upload, hashing, and saving to and loading from safetensors.
#ifndef THRONG_BASE_TENSORS_H
#define THRONG_BASE_TENSORS_H

#include "base/backend.h"
#include "base/tensor_type.h"

/// What an array may hold: least .. most, and nothing that is not a number.
typedef struct tensor_range {
  double least, most;
} tensor_range;

typedef struct tensor {
  char name[TENSOR_MAX_NAME];
  tensor_type type;
  int rank;
  int64_t shape[TENSOR_MAX_RANK];
  tensor_range range;
  void **slot;  // where the array's pointer is put by tensors_allocate
  void *data;   // on the backend
} tensor;

typedef struct tensor_set {
  tensor *tensor;  // (count)
  size_t count, capacity;
  void *block;  // all arrays, each aligned to 64 bytes
  size_t bytes;
  throng_backend *backend;
} tensor_set;

/// Register an array; `slot` gets its address later. Up to four dimensions, all >= 0.
throng_status tensors_add(tensor_set *set, void *slot, tensor_type type, int rank,
                          const int64_t *shape, const char *name_format, ...)
    __attribute__((format(printf, 6, 7)));
/// Bound the values of the array that was registered last. Without this, floats must be finite and
/// whole numbers may be any. The range is checked when a file is written and when it is read: what
/// indexes, counts and chooses must have one, since nothing after the reading looks again.
void tensors_within(tensor_set *set, double least, double most);
/// Elements and bytes of one array.
int64_t tensor_elements(const tensor *t);
size_t tensor_bytes(const tensor *t);
/// Take memory for all at once (zeroed) and fill the slots. `what` names them in an error.
throng_status tensors_allocate(tensor_set *set, throng_backend *backend, const char *what);
/// Release everything; the set may be used anew.
void tensors_free(tensor_set *set);
const tensor *tensors_find(const tensor_set *set, const char *name);

/// Several sets into one safetensors file, atomically; `metadata` is key, value, ..., NULL or NULL.
/// Errors: IO; DATA where a value is out of its array's range (the file there is left alone).
throng_status tensors_save(const tensor_set *const *set, const char *const *prefix, int n_set,
                           const char *const *metadata, const char *path);
struct safetensors_file;
/// Is in the file what tensors_save wrote? Every registered array must be there with its type,
/// shape and values in range; arrays that no set registers are an error too. Errors: DATA, IO,
/// MEMORY.
throng_status tensors_check_file(tensor_set *const *set, const char *const *prefix, int n_set,
                                 const struct safetensors_file *file);
/// Read it, once that is known.
throng_status tensors_read_file(tensor_set *const *set, const char *const *prefix, int n_set,
                                const struct safetensors_file *file);
/// 64-bit hash (base/hash.h) over names, types, shapes and contents.
throng_status tensors_hash(const tensor_set *set, uint64_t *hash);

#endif
