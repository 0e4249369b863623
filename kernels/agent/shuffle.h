/// A random order that is a function: who asks for one number of it makes no list.
#ifndef THRONG_KERNELS_AGENT_SHUFFLE_H
#define THRONG_KERNELS_AGENT_SHUFFLE_H

#include "kernels/base/random.h"

/// A permutation of 0 .. n-1: a Feistel network of Philox's words over the next even number of
/// bits, walked on until it is below n (Black & Rogaway 2002).
typedef struct shuffle {
  int64_t n;
  uint64_t order;  // its number
  uint32_t seed;
  int32_t half;          // bits
  const uint32_t *word;  // (SHUFFLE_ROUNDS, 2^half) words that were drawn before, or NULL
} shuffle;

enum { SHUFFLE_ROUNDS = 6, SHUFFLE_MOST_HALF = 9 };
enum { SHUFFLE_WORDS = SHUFFLE_ROUNDS << SHUFFLE_MOST_HALF };

THRONG_ROW shuffle shuffle_of(int64_t n, uint32_t seed, uint64_t order) {
  shuffle s = {n, order, seed, 1, 0};
  while (((int64_t)1 << 2 * s.half) < n) ++s.half;
  return s;
}

THRONG_ROW uint32_t shuffle_word(const shuffle *s, uint32_t round, uint32_t right) {
  if (s->word) return s->word[((int64_t)round << s->half) + right];
  return random_draw(s->seed, RANDOM_MINIBATCH, right, round, (uint32_t)s->order,
                     (uint32_t)(s->order >> 32))
      .w[0];
}

/// Draw all of its words into `word` (SHUFFLE_WORDS), where `asked` numbers of it need more.
THRONG_ROW void shuffle_draw_words(shuffle *s, int64_t asked, uint32_t *word) {
  const int32_t all = 1 << s->half;
  if (s->half > SHUFFLE_MOST_HALF || all < RANDOM_SOME || asked * 4 < all) return;
  for (uint32_t round = 0; round < SHUFFLE_ROUNDS; ++round)
    for (int32_t right = 0; right < all; right += RANDOM_SOME) {
      uint32_t some[4][RANDOM_SOME];
      (void)random_draw_some(s->seed, RANDOM_MINIBATCH, (uint32_t)right, round, (uint32_t)s->order,
                             (uint32_t)(s->order >> 32), 0, some);
      uint32_t *to = word + ((int64_t)round << s->half) + right;
      for (int32_t k = 0; k < RANDOM_SOME; ++k) to[k] = some[0][k];
    }
  s->word = word;
}

/// Where number `i` goes.
THRONG_ROW int64_t shuffled(const shuffle *s, int64_t i) {
  const uint32_t mask = (uint32_t)(((int64_t)1 << s->half) - 1);
  uint64_t x = (uint64_t)i;
  do {
    uint32_t left = (uint32_t)(x >> s->half), right = (uint32_t)x & mask;
    for (uint32_t round = 0; round < SHUFFLE_ROUNDS; ++round) {
      const uint32_t next = left ^ (shuffle_word(s, round, right) & mask);
      left = right;
      right = next;
    }
    x = (uint64_t)left << s->half | right;
  } while (x >= (uint64_t)s->n);
  return (int64_t)x;
}

#endif
