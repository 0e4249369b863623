/// Golden files of tensors: what independent code said (tests/golden/make_*.py).
#ifndef THRONG_TESTS_GOLDEN_ARRAY_H
#define THRONG_TESTS_GOLDEN_ARRAY_H

#include "base/safetensors.h"
#include "throng_test.h"

/// All of a tensor, and its number of elements into `*n` (or NULL); the test has failed where there
/// is none. Freed by the caller.
static inline void *golden_array(safetensors_file *file, const char *name, int64_t *n) {
  const safetensors_tensor *t = safetensors_find(file, name);
  void *data = NULL;
  if (!t || safetensors_read_all(file, t, &data) != THRONG_OK)
    throng_test_fail(__FILE__, __LINE__, "golden tensor '%s' is missing", name);
  if (n) *n = t ? t->elements : 0;
  return data;
}

#endif
