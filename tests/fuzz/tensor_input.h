/// What the fuzzers of tensor files share: bytes as a file without a disk, and a mutator that keeps
/// the header's length right, without which nearly every input would end at the first check.
#ifndef THRONG_FUZZ_TENSOR_INPUT_H
#define THRONG_FUZZ_TENSOR_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "broken: %s\n", what);
  abort();
}

/// A path that opens as a file with these bytes, the same at every call.
static inline const char *tensor_input_path(const uint8_t *data, size_t size) {
  static int fd = -1;
  static char path[64];
  if (fd < 0) fd = memfd_create("input", MFD_CLOEXEC);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  must(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size,
       "a file in memory");
  return path;
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/// Change the header or the data, then write the length that the header has now.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  uint64_t n = 0;
  if (size >= 8) memcpy(&n, data, 8);
  if (seed % 8 == 0 || size < 8 || n > size - 8) return LLVMFuzzerMutate(data, size, most);
  size_t rest = size - 8 - (size_t)n;
  if (seed % 8 < 4) return 8 + n + LLVMFuzzerMutate(data + 8 + n, rest, most - 8 - (size_t)n);
  uint8_t *tail = malloc(rest ? rest : 1);
  memcpy(tail, data + 8 + n, rest);
  n = LLVMFuzzerMutate(data + 8, (size_t)n, most - 8 - rest);
  memcpy(data + 8 + n, tail, rest);
  memcpy(data, &n, 8);
  free(tail);
  return 8 + (size_t)n + rest;
}
#endif

#endif
