/// Tensor files (huggingface/safetensors): named arrays with type and shape, and a few strings.
/// Reading checks everything that the format promises; writing streams and is atomic. What the
/// arrays mean is their owners' matter (host/base/tensors.h, host/world).
#ifndef THRONG_BASE_SAFETENSORS_H
#define THRONG_BASE_SAFETENSORS_H

#include "base/status.h"
#include "base/tensor_type.h"

enum { SAFETENSORS_MAX_RANK = 8, SAFETENSORS_MAX_HEADER = 100000000 };

/// One array of a file.
typedef struct safetensors_tensor {
  const char *name;
  const char *dtype;  // "F32", "BF16", ...
  int type;           // tensor_type, or -1 where this project has none for the dtype
  int rank;
  int64_t shape[SAFETENSORS_MAX_RANK];
  int64_t elements;
  uint64_t bytes;
  uint64_t offset;  // from the file's start
} safetensors_tensor;

typedef struct safetensors_file safetensors_file;

/// Open, check the whole header and, where there is one, the checksum over every byte (the files
/// of this project carry one; older files and those of other programs open without).
/// Errors: IO and MEMORY, which say nothing about the file; DATA (it is damaged or no such file),
/// naming file, tensor and what was expected.
throng_status safetensors_open(const char *path, safetensors_file **out);
void safetensors_close(safetensors_file *file);  ///< NULL is allowed
const char *safetensors_path(const safetensors_file *file);
size_t safetensors_count(const safetensors_file *file);
const safetensors_tensor *safetensors_at(const safetensors_file *file, size_t i);  ///< by offset
const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name);
/// A string of `__metadata__`; NULL where absent.
const char *safetensors_metadata(const safetensors_file *file, const char *key);

/// The tensor with this type and shape (-1: any length). Errors: DATA with what was expected.
throng_status safetensors_require(const safetensors_file *file, const char *name, tensor_type type,
                                  int rank, const int64_t *shape, const safetensors_tensor **out);
/// Copy `bytes` bytes of a tensor's data from its byte `at` on.
throng_status safetensors_read(const safetensors_file *file, const safetensors_tensor *tensor,
                               uint64_t at, void *to, size_t bytes);
/// All of a tensor's data in a new block (free it); one spare byte where it is empty.
throng_status safetensors_read_all(const safetensors_file *file, const safetensors_tensor *tensor,
                                   void **out);
/// All elements of an F64, F32, F16 or BF16 tensor as floats in a new block.
throng_status safetensors_read_float(const safetensors_file *file, const safetensors_tensor *tensor,
                                     float **out);

typedef struct safetensors_writer safetensors_writer;

/// A checksum is added to the metadata. Declare metadata and tensors, then begin, then give each
/// tensor's data, in any order and in pieces that are appended; then commit. After an error call
/// safetensors_writer_abort.
throng_status safetensors_writer_create(const char *path, safetensors_writer **out);
throng_status safetensors_writer_metadata(safetensors_writer *writer, const char *key,
                                          const char *value);
/// `*number` (may be NULL) is what safetensors_writer_data takes: 0, 1, ... in declared order.
throng_status safetensors_writer_declare(safetensors_writer *writer, const char *name,
                                         tensor_type type, int rank, const int64_t *shape,
                                         size_t *number);
throng_status safetensors_writer_begin(safetensors_writer *writer);
throng_status safetensors_writer_data(safetensors_writer *writer, size_t number, const void *data,
                                      size_t bytes);
/// Every tensor must have got all its bytes. Releases the writer whatever happens.
throng_status safetensors_writer_commit(safetensors_writer *writer);
void safetensors_writer_abort(safetensors_writer *writer);  ///< NULL is allowed

#endif
