/// SHA-256 (FIPS 180-4): names requests in the store, so that no two different ones, not even ones
/// that hostile review text was made for, can share an answer. Not for passwords.
#ifndef THRONG_LLM_SHA256_H
#define THRONG_LLM_SHA256_H

#include "base/status.h"

enum { SHA256_TEXT = 65 };  // 64 hexadecimal digits and a NUL

/// The hash of `length` bytes, as text. Errors: MEMORY.
throng_status sha256_text(const void *data, size_t length, char out[SHA256_TEXT]);

#endif
