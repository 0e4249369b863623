/// Tokens: their files, and the proofs of having one.
#include "deal/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

throng_status deal_token_read(const char *path, deal_token *out) {
  memset(out, 0, sizeof *out);
  FILE *file = fopen(path, "re");
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  size_t n = fread(out->text, 1, sizeof out->text, file);
  const bool failed = ferror(file);
  fclose(file);
  if (failed) return throng_fail(THRONG_ERROR_IO, "%s: cannot be read", path);
  const char *end = memchr(out->text, '\n', n);
  if (end) n = (size_t)(end - out->text);
  if (n > 0 && out->text[n - 1] == '\r') --n;
  if (n < DEAL_LEAST_TOKEN || n > DEAL_MOST_TOKEN) {
    OPENSSL_cleanse(out, sizeof *out);
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: a token of %zu characters in its first line, expected %d to %d", path,
                       n, DEAL_LEAST_TOKEN, DEAL_MOST_TOKEN);
  }
  out->text[n] = 0;
  out->length = n;
  return THRONG_OK;
}

/// A file that only its owner may read, there whole or not at all: workers may be waiting for it.
/// What stands at `path` already, or is put there meanwhile, stays.
static throng_status put_new(const char *path, const char *text, size_t size) {
  char beside[PATH_MAX];
  if (snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid()) >= (int)sizeof beside)
    return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(ENAMETOOLONG));
  if (access(path, F_OK) == 0) return THRONG_OK;
  unlink(beside);  // of a process that was killed and had this one's number
  const int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  const bool written = write(fd, text, size) == (ssize_t)size;
  int cause = written ? 0 : errno;
  if (close(fd) != 0 && !cause) cause = errno;
  if (!cause && link(beside, path) != 0 && errno != EEXIST) cause = errno;
  unlink(beside);
  if (!cause && written) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(cause ? cause : EIO));
}

throng_status deal_token_make(const char *path) {
  uint8_t bytes[TOKEN_CHALLENGE];
  char text[2 * TOKEN_CHALLENGE + 2];
  THRONG_TRY(token_challenge(bytes));
  for (int k = 0; k < TOKEN_CHALLENGE; ++k) snprintf(text + 2 * k, 3, "%02x", bytes[k]);
  text[2 * TOKEN_CHALLENGE] = '\n';
  return put_new(path, text, sizeof text - 1);
}

throng_status token_challenge(uint8_t out[TOKEN_CHALLENGE]) {
  if (getrandom(out, TOKEN_CHALLENGE, 0) == TOKEN_CHALLENGE) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "random numbers: %s", strerror(errno));
}

throng_status token_proof(const deal_token *token, const char *role,
                          const uint8_t owner[TOKEN_CHALLENGE],
                          const uint8_t worker[TOKEN_CHALLENGE], uint8_t out[TOKEN_PROOF]) {
  uint8_t said[2 * TOKEN_CHALLENGE + 16] = {0};
  memcpy(said, owner, TOKEN_CHALLENGE);
  memcpy(said + TOKEN_CHALLENGE, worker, TOKEN_CHALLENGE);
  snprintf((char *)said + (size_t)2 * TOKEN_CHALLENGE, 16, "%s", role);
  unsigned size = TOKEN_PROOF;
  if (HMAC(EVP_sha256(), token->text, (int)token->length, said, sizeof said, out, &size) &&
      size == TOKEN_PROOF)
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_MEMORY, "a token's proof could not be made");
}

bool token_proof_equal(const uint8_t a[TOKEN_PROOF], const uint8_t b[TOKEN_PROOF]) {
  return CRYPTO_memcmp(a, b, TOKEN_PROOF) == 0;
}
