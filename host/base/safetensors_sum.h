/// The checksum in the tensor files that this project writes, kept in their metadata so that other
/// programs open them as before. It covers every byte: the header (its own digits read as zeros)
/// and the data. For accidents, not for secrets.
#ifndef THRONG_BASE_SAFETENSORS_SUM_H
#define THRONG_BASE_SAFETENSORS_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/// How a header with a checksum begins; SAFETENSORS_SUM_DIGITS hexadecimal digits and a quote come
/// next. Always the first key, so that its place is known without parsing.
#define SAFETENSORS_SUM_KEY "checksum"
#define SAFETENSORS_SUM_KIND "xxh3 "
#define SAFETENSORS_SUM_BEGIN \
  "{\"__metadata__\":{\"" SAFETENSORS_SUM_KEY "\":\"" SAFETENSORS_SUM_KIND
enum {
  SAFETENSORS_SUM_DIGITS = 16,
  SAFETENSORS_SUM_AT = sizeof SAFETENSORS_SUM_BEGIN - 1,  // of the first digit in the header
};

typedef enum sum_presence {
  SUM_NONE,     // an older file, or another program's
  SUM_DAMAGED,  // the header nearly begins as it should
  SUM_THERE,
} sum_presence;

sum_presence safetensors_sum_look(const char *header, size_t length);

/// Running hash of some bytes in pieces. NULL where there is no memory.
typedef struct sum_state sum_state;
sum_state *sum_state_create(void);
void sum_state_free(sum_state *state);  ///< NULL is allowed
void sum_state_add(sum_state *state, const void *data, size_t bytes);
uint64_t sum_state_value(const sum_state *state);

/// The file's sum from its header and the sums of its tensors in the order of their bytes.
throng_status safetensors_sum(const char *header, size_t length, const uint64_t *tensor, size_t n,
                              uint64_t *out);
/// SAFETENSORS_SUM_DIGITS digits and a NUL.
void safetensors_sum_text(uint64_t sum, char text[SAFETENSORS_SUM_DIGITS + 1]);

#endif
