/// SHA-256 (FIPS 180-4): names requests in the store, so that no two different ones, not even ones
/// that hostile review text was made for, can share an answer. Not for passwords.
#ifndef THRONG_LLM_SHA256_H
#define THRONG_LLM_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_TEXT = 65 };  // 64 hexadecimal digits and a NUL

typedef struct sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
} sha256;

void sha256_start(sha256 *s);
void sha256_add(sha256 *s, const void *data, size_t length);
void sha256_text(sha256 *s, char out[SHA256_TEXT]);

#endif
