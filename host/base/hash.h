/// A 64-bit hash for tables and for telling contents apart; not for secrets.
#ifndef THRONG_BASE_HASH_H
#define THRONG_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/// Hash of `bytes` bytes, started from `seed` (another hash, where several blocks are chained).
/// MurmurHash64A (A. Appleby, public domain), little-endian words.
uint64_t hash64(const void *data, size_t bytes, uint64_t seed);

#endif
