/// Tensor files of ours with some bytes changed, and their checksum made anew or left as it was:
/// the first tests what is behind the checksum, the second the checksum.
#ifndef TESTS_TENSOR_EDIT_H
#define TESTS_TENSOR_EDIT_H

#include <cjson/cJSON.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/safetensors.h"
#include "base/safetensors_sum.h"

enum { EDIT_BYTES = 6, EDIT_TENSORS = 256 };

typedef struct file_bytes {
  uint8_t *data;
  size_t length;
} file_bytes;

static inline file_bytes file_bytes_read(const char *path) {
  file_bytes b = {0};
  FILE *file = fopen(path, "rb");
  if (!file) return b;
  fseek(file, 0, SEEK_END);
  b.length = (size_t)ftell(file);
  rewind(file);
  b.data = malloc(b.length);
  if (fread(b.data, 1, b.length, file) != b.length) b.length = 0;
  fclose(file);
  return b;
}

/// A path that opens as a file with these bytes, the same at every call.
static inline const char *file_bytes_path(const uint8_t *data, size_t length) {
  static int fd = -1;
  static char path[64];
  if (fd < 0) fd = memfd_create("edited", MFD_CLOEXEC);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, data, length, 0) != (ssize_t)length) abort();
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return path;
}

typedef struct edit_range {
  uint64_t begin, end;
  const char *name;
} edit_range;

static inline int edit_compare(const void *a, const void *b) {
  const edit_range *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end) return x->end < y->end ? -1 : 1;
  return strcmp(x->name, y->name);
}

/// Write the checksum that the bytes have now. False where the header is no header any more.
static inline bool file_bytes_sum(uint8_t *data, size_t length) {
  uint64_t n, sum, part[EDIT_TENSORS];
  edit_range range[EDIT_TENSORS];
  size_t n_range = 0;
  if (length < 8) return false;
  memcpy(&n, data, 8);
  if (n > length - 8 || safetensors_sum_look((char *)data + 8, n) != SUM_THERE) return false;
  cJSON *header = cJSON_ParseWithLength((char *)data + 8, n);
  bool good = header != NULL;
  for (cJSON *c = header ? header->child : NULL; c && good; c = c->next) {
    if (!strcmp(c->string, "__metadata__")) continue;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(c, "data_offsets");
    const cJSON *begin = cJSON_GetArrayItem(offsets, 0), *end = cJSON_GetArrayItem(offsets, 1);
    double most = (double)(length - 8 - n);
    good = n_range < EDIT_TENSORS && cJSON_IsNumber(begin) && cJSON_IsNumber(end) &&
           begin->valuedouble >= 0 && begin->valuedouble <= end->valuedouble &&
           end->valuedouble <= most;
    if (good)
      range[n_range++] =
          (edit_range){(uint64_t)begin->valuedouble, (uint64_t)end->valuedouble, c->string};
  }
  qsort(range, n_range, sizeof *range, edit_compare);
  for (size_t i = 0; i < n_range && good; ++i) {
    sum_state *state = sum_state_create();
    sum_state_add(state, data + 8 + n + range[i].begin, (size_t)(range[i].end - range[i].begin));
    part[i] = sum_state_value(state);
    sum_state_free(state);
  }
  cJSON_Delete(header);
  if (!good || safetensors_sum((char *)data + 8, n, part, n_range, &sum) != THRONG_OK) return false;
  char digits[SAFETENSORS_SUM_DIGITS + 1];
  safetensors_sum_text(sum, digits);
  memcpy(data + 8 + SAFETENSORS_SUM_AT, digits, SAFETENSORS_SUM_DIGITS);
  return true;
}

/// One change: at (4 bytes), how, value. Bytes are set or turned, aligned words set to what
/// indices, counts and floats may not be.
static inline void file_bytes_edit(uint8_t *data, size_t length, const uint8_t edit[EDIT_BYTES]) {
  static const uint32_t words[] = {0,          1,          2,          3,
                                   0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe,
                                   0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff,
                                   0xff7fffff, 0x3f800000, 0x00000001, 0x00010000};
  uint32_t at;
  memcpy(&at, edit, 4);
  at %= (uint32_t)length;
  switch (edit[4] % 4) {
    case 0: data[at] = edit[5]; return;
    case 1: data[at] ^= (uint8_t)(1u << edit[5] % 8); return;
    default: {
      at &= ~3u;
      if (at + 4 > length) return;
      memcpy(data + at, &words[edit[5] % 16], 4);
      if (edit[4] % 4 == 3 && at + 8 <= length) memcpy(data + at + 4, &words[edit[5] / 16], 4);
    }
  }
}

#endif
