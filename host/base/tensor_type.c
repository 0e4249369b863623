/// Sizes and names of element types.
#include "base/tensor_type.h"

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
