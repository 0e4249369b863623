/// SHA-256 from OpenSSL's libcrypto, which libcurl brings along.
#include "llm/sha256.h"

#include <openssl/sha.h>

throng_status sha256_text(const void *data, size_t length, char out[SHA256_TEXT]) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  if (!SHA256(data, length, digest))
    return throng_fail(THRONG_ERROR_MEMORY, "SHA-256 of %zu bytes: out of memory", length);
  for (int i = 0; i < SHA256_DIGEST_LENGTH; ++i) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  out[SHA256_TEXT - 1] = '\0';
  return THRONG_OK;
}
