/// MurmurHash64A: eight bytes a multiplication, where FNV-1a takes one.
#include "base/hash.h"

#include <string.h>

uint64_t hash64(const void *data, size_t bytes, uint64_t seed) {
  const uint64_t multiplier = 0xc6a4a7935bd1e995ull;
  const unsigned char *p = data;
  uint64_t hash = seed ^ (bytes * multiplier);
  for (; bytes >= 8; bytes -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    word *= multiplier;
    word ^= word >> 47;
    word *= multiplier;
    hash = (hash ^ word) * multiplier;
  }
  if (bytes > 0) {
    uint64_t word = 0;
    memcpy(&word, p, bytes);
    hash = (hash ^ word) * multiplier;
  }
  hash ^= hash >> 47;
  hash *= multiplier;
  return hash ^ (hash >> 47);
}
