/// XXH3 (64 bits) of a tensor file: of its header, then of its tensors' own sums, since tensors are
/// written in any order and read one by one.
#include "base/safetensors_sum.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { DAMAGED_BYTES = 4 };  // a beginning that differs in so many bytes or fewer was once right

sum_presence safetensors_sum_look(const char *header, size_t length) {
  const char *begin = SAFETENSORS_SUM_BEGIN;
  if (length < SAFETENSORS_SUM_AT + SAFETENSORS_SUM_DIGITS) return SUM_NONE;
  int wrong = 0;
  for (size_t i = 0; i < SAFETENSORS_SUM_AT; ++i) wrong += header[i] != begin[i];
  return wrong == 0 ? SUM_THERE : wrong <= DAMAGED_BYTES ? SUM_DAMAGED : SUM_NONE;
}

// XXH3's state under a name of ours, so that only this file knows the library.
sum_state *sum_state_create(void) {
  XXH3_state_t *state = XXH3_createState();
  if (state) (void)XXH3_64bits_reset(state);
  return (sum_state *)state;
}

void sum_state_free(sum_state *state) { (void)XXH3_freeState((XXH3_state_t *)state); }

void sum_state_add(sum_state *state, const void *data, size_t bytes) {
  if (bytes) (void)XXH3_64bits_update((XXH3_state_t *)state, data, bytes);
}

uint64_t sum_state_value(const sum_state *state) {
  return XXH3_64bits_digest((const XXH3_state_t *)state);
}

throng_status safetensors_sum(const char *header, size_t length, const uint64_t *tensor, size_t n,
                              uint64_t *out) {
  char zeros[SAFETENSORS_SUM_DIGITS];
  uint64_t header_length = length;
  sum_state *state = sum_state_create();
  if (!state) return throng_fail(THRONG_ERROR_MEMORY, "checksum: no memory");
  memset(zeros, '0', sizeof zeros);
  sum_state_add(state, &header_length, sizeof header_length);
  sum_state_add(state, header, SAFETENSORS_SUM_AT);
  sum_state_add(state, zeros, sizeof zeros);
  const size_t after = SAFETENSORS_SUM_AT + SAFETENSORS_SUM_DIGITS;
  sum_state_add(state, header + after, length - after);
  sum_state_add(state, tensor, n * sizeof *tensor);
  *out = sum_state_value(state);
  sum_state_free(state);
  return THRONG_OK;
}

void safetensors_sum_text(uint64_t sum, char text[SAFETENSORS_SUM_DIGITS + 1]) {
  snprintf(text, SAFETENSORS_SUM_DIGITS + 1, "%016llx", (unsigned long long)sum);
}
