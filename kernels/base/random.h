/// Stateless random numbers: Philox4x32-10 (Salmon et al., SC 2011) with
/// key = (seed, purpose) and counter = (draw, step, lane, episode). On CUDA the words come from
/// cuRAND's device header, on the CPU from Random123; they are the same words.
#ifndef THRONG_KERNELS_BASE_RANDOM_H
#define THRONG_KERNELS_BASE_RANDOM_H

#include "kernels/base/portable.h"

#ifdef THRONG_DEVICE
#include <curand_philox4x32_x.h>
#else
#include <Random123/philox.h>
#endif

/// What a draw is for. Part of the key, so that no two uses share a word. Append only: the numbers
/// are part of what a seed means.
enum random_purpose {
  RANDOM_USER = 1,         ///< which user a lane's episode simulates
  RANDOM_LEAVE = 2,        ///< whether the user leaves after a step
  RANDOM_COIN_F_MAT = 3,   ///< tie of the keyword vote
  RANDOM_COIN_F_SIM = 4,   ///< tie of the similarity vote
  RANDOM_ANSWER = 5,       ///< answer drawn with a probability; coin of the logical rule
  RANDOM_EXPLORE = 6,      ///< whether an agent explores, and with which item
  RANDOM_YARDSTICK = 7,    ///< the random yardstick
  RANDOM_REPLAY = 8,       ///< which transitions are sampled
  RANDOM_INIT = 9,         ///< weights at the start
  RANDOM_DROPOUT = 10,     ///< fit of f_sta
  RANDOM_NEGATIVE = 11,    ///< sampled negatives
  RANDOM_SHUFFLE = 12,     ///< order of training windows
  RANDOM_SYNTH = 13,       ///< synthetic worlds
  RANDOM_PROJECTION = 14,  ///< random projections (LSA's range finder, item features)
  RANDOM_SPLIT = 15,       ///< which part of the users one belongs to
  RANDOM_BOOTSTRAP = 16,   ///< resamples of a statistic
  RANDOM_SUGGEST = 17,     ///< a sweep's next point
  RANDOM_SCHEDULE = 18,    ///< exploits, explorations and brackets of a sweep
  RANDOM_IMPORTANCE = 19,  ///< trees of an importance
  RANDOM_APPETITE = 20,    ///< whether a change of appetite changes an answer
  RANDOM_CHOICE = 21,      ///< which items of a slate are looked at
  RANDOM_RETURN = 22,      ///< whether a user comes back, and when
  RANDOM_POLICY = 30,      ///< which item a policy draws: Gumbel noise of every item
  RANDOM_MINIBATCH = 31,   ///< order of a rollout's steps in an epoch
  RANDOM_BANDIT = 35,      ///< a linear bandit's draw of its coefficients
  RANDOM_LOG = 40,         ///< whether logged episodes explore, and with which item
};

typedef struct random_words {
  uint32_t w[4];
} random_words;

/// Made in place: for rows in which a draw is most of the work, since what is constant or not asked
/// of it then costs nothing.
THRONG_INLINE random_words random_draw_inline(uint32_t seed, uint32_t purpose, uint32_t draw,
                                              uint32_t step, uint32_t lane, uint32_t episode) {
  random_words r;
#ifdef THRONG_DEVICE
  uint4 c = curand_Philox4x32_10(make_uint4(draw, step, lane, episode), make_uint2(seed, purpose));
  r.w[0] = c.x;
  r.w[1] = c.y;
  r.w[2] = c.z;
  r.w[3] = c.w;
#else
  philox4x32_ctr_t counter = {{draw, step, lane, episode}};
  philox4x32_key_t key = {{seed, purpose}};
  philox4x32_ctr_t c = philox4x32_R(10, counter, key);
  r.w[0] = c.v[0];
  r.w[1] = c.v[1];
  r.w[2] = c.v[2];
  r.w[3] = c.v[3];
#endif
  return r;
}
THRONG_ROW random_words random_draw(uint32_t seed, uint32_t purpose, uint32_t draw, uint32_t step,
                                    uint32_t lane, uint32_t episode) {
  return random_draw_inline(seed, purpose, draw, step, lane, episode);
}

enum { RANDOM_SOME = 64, RANDOM_GROUP = 16 };

#ifdef THRONG_FLOATS16
#ifdef __AVX512F__
typedef __m512i random_lanes;
enum { RANDOM_LANES = 16 };
#define RANDOM_LANE_OP(name) _mm512_##name
#define RANDOM_LANE_XOR(a, b, c) _mm512_ternarylogic_epi32((a), (b), (c), 0x96)
#define RANDOM_LANE_LOW(even, odd) _mm512_mask_shuffle_epi32((even), 0xaaaa, (odd), _MM_PERM_CDAB)
#define RANDOM_LANE_HIGH(even, odd) _mm512_mask_shuffle_epi32((odd), 0x5555, (even), _MM_PERM_CDAB)
#define RANDOM_LANE_BELOW(x, least) (_mm512_cmple_epu32_mask((x), (least)) != 0)
#define RANDOM_LANE_STORE(to, x) _mm512_storeu_si512((to), (x))
#define RANDOM_LANE_COUNT _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
typedef __m256i random_lanes;
enum { RANDOM_LANES = 8 };
#define RANDOM_LANE_OP(name) _mm256_##name
#define RANDOM_LANE_XOR(a, b, c) _mm256_xor_si256(_mm256_xor_si256((a), (b)), (c))
#define RANDOM_LANE_LOW(even, odd) _mm256_blend_epi32((even), _mm256_slli_epi64((odd), 32), 0xaa)
#define RANDOM_LANE_HIGH(even, odd) _mm256_blend_epi32(_mm256_srli_epi64((even), 32), (odd), 0xaa)
#define RANDOM_LANE_BELOW(x, least) \
  (_mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_min_epu32((x), (least)), (x))) != 0)
#define RANDOM_LANE_STORE(to, x) _mm256_storeu_si256((__m256i *)(void *)(to), (x))
#define RANDOM_LANE_COUNT _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
#endif

/// High and low halves of every lane times a number: products of even lanes and of odd ones.
THRONG_INLINE void random_multiply(random_lanes x, uint32_t by, random_lanes *high,
                                   random_lanes *low) {
  const random_lanes factor = RANDOM_LANE_OP(set1_epi32)((int)by);
  const random_lanes even = RANDOM_LANE_OP(mul_epu32)(x, factor);
  const random_lanes odd = RANDOM_LANE_OP(mul_epu32)(RANDOM_LANE_OP(srli_epi64)(x, 32), factor);
  *high = RANDOM_LANE_HIGH(even, odd);
  *low = RANDOM_LANE_LOW(even, odd);
}
#endif

/// The words of draws draw .. draw + 63, random_draw's: word j of draw k at word[j][k]. Bit g of
/// the answer: one of draws 16 g .. 16 g + 15 has a word of `bound` or less.
THRONG_ROW uint32_t random_draw_some(uint32_t seed, uint32_t purpose, uint32_t draw, uint32_t step,
                                     uint32_t lane, uint32_t episode, uint32_t bound,
                                     uint32_t word[4][RANDOM_SOME]) {
  uint32_t below = 0;
#ifdef THRONG_FLOATS16
  enum { BESIDE = 2 };  // vectors that wait for their products together
  for (int32_t first = 0; first < RANDOM_SOME; first += BESIDE * RANDOM_LANES) {
    random_lanes c[BESIDE][4];
    uint32_t k0 = seed, k1 = purpose;
    for (int32_t v = 0; v < BESIDE; ++v) {
      const uint32_t own = draw + (uint32_t)(first + v * RANDOM_LANES);
      c[v][0] = RANDOM_LANE_OP(add_epi32)(RANDOM_LANE_COUNT, RANDOM_LANE_OP(set1_epi32)((int)own));
      c[v][1] = RANDOM_LANE_OP(set1_epi32)((int)step);
      c[v][2] = RANDOM_LANE_OP(set1_epi32)((int)lane);
      c[v][3] = RANDOM_LANE_OP(set1_epi32)((int)episode);
    }
    for (int32_t round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
      for (int32_t v = 0; v < BESIDE; ++v) {
        random_lanes high0, low0, high1, low1;
        random_multiply(c[v][0], 0xD2511F53u, &high0, &low0);
        random_multiply(c[v][2], 0xCD9E8D57u, &high1, &low1);
        c[v][0] = RANDOM_LANE_XOR(high1, c[v][1], RANDOM_LANE_OP(set1_epi32)((int)k0));
        c[v][2] = RANDOM_LANE_XOR(high0, c[v][3], RANDOM_LANE_OP(set1_epi32)((int)k1));
        c[v][1] = low1;
        c[v][3] = low0;
      }
    for (int32_t v = 0; v < BESIDE; ++v) {
      const int32_t at = first + v * RANDOM_LANES;
      for (int32_t j = 0; j < 4; ++j) RANDOM_LANE_STORE(word[j] + at, c[v][j]);
      const random_lanes least = RANDOM_LANE_OP(min_epu32)(
          RANDOM_LANE_OP(min_epu32)(c[v][0], c[v][1]), RANDOM_LANE_OP(min_epu32)(c[v][2], c[v][3]));
      below |= (uint32_t)RANDOM_LANE_BELOW(least, RANDOM_LANE_OP(set1_epi32)((int)bound))
               << at / RANDOM_GROUP;
    }
  }
#else
  for (int32_t k = 0; k < RANDOM_SOME; ++k) {
    const random_words r = random_draw(seed, purpose, draw + (uint32_t)k, step, lane, episode);
    for (int32_t j = 0; j < 4; ++j) {
      word[j][k] = r.w[j];
      below |= (uint32_t)(r.w[j] <= bound) << k / RANDOM_GROUP;
    }
  }
#endif
  return below;
}

/// In (0, 1], as curand_uniform: x * 2^-32 + 2^-33.
THRONG_ROW float random_uniform(uint32_t word) {
  return (float)word * 2.3283064365386963e-10f + 1.1641532182693481e-10f;
}

/// Uniform in 0 .. n-1 by multiplication (bias below n / 2^32).
THRONG_ROW uint32_t random_index(uint32_t word, uint32_t n) {
  return (uint32_t)(((uint64_t)word * n) >> 32);
}

/// True with probability p; never at 0, always at 1.
THRONG_ROW int random_bernoulli(uint32_t word, float p) { return random_uniform(word) <= p; }

/// Standard normal by Box-Muller from two words, in double so that host and device agree.
THRONG_ROW float random_normal(uint32_t word_a, uint32_t word_b) {
  double u = ((double)word_a + 0.5) * 2.3283064365386963e-10;
  double v = ((double)word_b + 0.5) * 2.3283064365386963e-10;
  return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

#endif
