/// What an array's elements are, in memory and in files, and how its shape is written down.
#ifndef THRONG_BASE_TENSOR_TYPE_H
#define THRONG_BASE_TENSOR_TYPE_H

#include <stddef.h>
#include <stdint.h>

typedef enum tensor_type {
  TENSOR_U8,
  TENSOR_I32,
  TENSOR_U32,
  TENSOR_I64,
  TENSOR_U64,
  TENSOR_F32,
  TENSOR_F64,
} tensor_type;

size_t tensor_type_size(tensor_type type);       ///< bytes
const char *tensor_type_name(tensor_type type);  ///< safetensors' "F32", "I64", ...

enum { TENSOR_MAX_RANK = 4, TENSOR_MAX_NAME = 64 };

/// Rank and shape, as arguments: TENSOR_SHAPE(n_lane, dim).
#define TENSOR_SHAPE(...) \
  (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }

#endif
