/// From votes to an answer: each vote's score, and the rule that joins them (arXiv 2412.16984,
/// eq. 9, and what ablations need). A rule is weights and a threshold here, whatever it is called;
/// names, and which rule asks which vote, stand in the table of host/sim/rule.h.
#ifndef THRONG_KERNELS_VOTE_VOTE_RULE_H
#define THRONG_KERNELS_VOTE_VOTE_RULE_H

#include "kernels/base/random.h"
#include "kernels/vote/calibration.h"
#include "kernels/vote/like_rates.h"
#include "throng/types.h"

/// A vote (throng_vote_id) as one bit of a mask.
#define VOTE_BIT(id) (1u << (id))

enum { VOTE_TIE = 2 };  // a vote that waits for its coin

/// What a weighted sum says that equals the threshold.
enum { RULE_EQUAL_LIKES = 0, RULE_EQUAL_COIN, RULE_EQUAL_DISLIKES };

typedef struct vote_rule {
  int32_t semantics, similarity;     // throng_semantics, throng_similarity
  float weights[THRONG_VOTE_COUNT];  // 0: not asked
  float threshold;                   // of the weighted sum of votes
  int32_t equal;                     // RULE_EQUAL_LIKES, ...
  int32_t draws;                     // the answer is drawn with the weighted mean of scores instead
  int32_t by_threshold;              // f_cal alone, from the threshold of its probability on
  int32_t leaves_own;                // an earlier entry of the candidate itself is no evidence
  float sta_threshold;
  int32_t has_sta;
  like_rates_view rates;         // of f_pop
  calibration_view calibration;  // of f_cal
} vote_rule;

/// Where a draw stands in the random stream.
typedef struct vote_stream {
  uint32_t seed, slot, step, lane, episode;
} vote_stream;

THRONG_ROW uint8_t vote_coin(const vote_stream *s, uint32_t purpose) {
  return (uint8_t)(random_draw(s->seed, purpose, s->slot, s->step, s->lane, s->episode).w[0] >> 31);
}

/// The statistical vote from p. The published code applies the sigmoid twice and so always says 1.
THRONG_ROW void vote_decide_sta(const vote_rule *rule, float p, throng_vote *v) {
  if (rule->semantics == THRONG_SEMANTICS_PUBLISHED_CODE) {
    v->p_like = sigmoid(p);
    v->f_sta = 1;
    return;
  }
  v->p_like = p;
  v->f_sta = rule->has_sta && p >= rule->sta_threshold;
}

/// Scores of the votes that do not stand in the record; 0 where the rule does not ask one.
typedef struct vote_further {
  float score[THRONG_VOTE_FURTHER];  // by throng_vote_id - THRONG_VOTE_IN_RECORD
} vote_further;
enum {
  FURTHER_F_POP = THRONG_VOTE_F_POP - THRONG_VOTE_IN_RECORD,
  FURTHER_F_CAL = THRONG_VOTE_F_CAL - THRONG_VOTE_IN_RECORD,
};

/// To add a vote: fill in its score here. `v`: what the votes of the record came to before.
THRONG_ROW vote_further vote_score_further(const vote_rule *rule, const throng_vote *v,
                                           int32_t user, int32_t item) {
  vote_further f = {{0}};
  if (rule->rates.item) f.score[FURTHER_F_POP] = like_rates_score(&rule->rates, user, item);
  if (rule->calibration.user)
    f.score[FURTHER_F_CAL] = calibration_score(&rule->calibration, v, rule->has_sta, user, item);
  return f;
}

/// Vote `k` (throng_vote_id): 0, 1 or VOTE_TIE.
THRONG_ROW uint8_t vote_hard(const throng_vote *v, const vote_further *further, int32_t k) {
  switch (k) {
#define X(name, ID, title) \
  case THRONG_VOTE_##ID: return v->name;
    THRONG_RECORD_VOTES(X)
#undef X
    default: return further->score[k - THRONG_VOTE_IN_RECORD] >= 0.5f;
  }
}

/// The score in 0..1 of vote `k` (spec, "Fidelity"). vote_score is what kernels join; in double it
/// is what fidelity measures.
#define DEFINE_VOTE_SCORE(NAME, REAL)                                                  \
  THRONG_ROW REAL NAME(const throng_vote *v, const vote_further *further, int32_t k) { \
    const int32_t met = v->alpha_pos + v->alpha_neg;                                   \
    switch (k) {                                                                       \
      case THRONG_VOTE_F_MAT: return met ? (REAL)v->alpha_pos / (REAL)met : (REAL)0.5; \
      case THRONG_VOTE_F_SIM:                                                          \
          return ((REAL)v->beta_pos - (REAL)v->beta_neg + (REAL)2) * (REAL)0.25;       \
      case THRONG_VOTE_F_STA: return (REAL)v->p_like;                                  \
      default: return (REAL)further->score[k - THRONG_VOTE_IN_RECORD];                 \
    }                                                                                  \
  }
DEFINE_VOTE_SCORE(vote_score, float)
DEFINE_VOTE_SCORE(vote_score_double, double)

/// The ensemble of the paper's votes: the mean of their scores.
THRONG_ROW float vote_ensemble(const throng_vote *v) {
  const vote_further none = {{0}};
  float sum = 0.0f;
  for (int32_t k = 0; k < THRONG_VOTE_IN_RECORD; ++k) sum += vote_score(v, &none, k);
  return sum / (float)THRONG_VOTE_IN_RECORD;
}

/// Weighted mean of the scores. The weights are not all 0.
THRONG_ROW float rule_mean(const vote_rule *rule, const throng_vote *v,
                           const vote_further *further) {
  float sum = 0.0f, total = 0.0f;
  for (int32_t k = 0; k < THRONG_VOTE_COUNT; ++k) {
    sum += rule->weights[k] * vote_score(v, further, k);
    total += rule->weights[k];
  }
  return sum / total;
}

/// Weighted sum of the votes, with `mat` and `sim` in place of f_mat and f_sim, which may be ties.
THRONG_ROW float rule_sum_with(const vote_rule *rule, const throng_vote *v,
                               const vote_further *further, int32_t mat, int32_t sim) {
  float sum = 0.0f;
  for (int32_t k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const int32_t vote = k == THRONG_VOTE_F_MAT   ? mat
                         : k == THRONG_VOTE_F_SIM ? sim
                                                  : vote_hard(v, further, k);
    sum += rule->weights[k] * (float)vote;
  }
  return sum;
}
THRONG_ROW float rule_sum(const vote_rule *rule, const throng_vote *v,
                          const vote_further *further) {
  return rule_sum_with(rule, v, further, v->f_mat, v->f_sim);
}

/// The calibrated rule's answer where it is not drawn.
THRONG_ROW uint8_t rule_reaches(const vote_rule *rule, const vote_further *further) {
  return further->score[FURTHER_F_CAL] >= rule->calibration.threshold;
}

THRONG_ROW uint8_t rule_answer(const vote_rule *rule, const vote_stream *s, const throng_vote *v,
                               const vote_further *further) {
  if (rule->by_threshold) return rule_reaches(rule, further);
  if (rule->draws) {
    uint32_t word = random_draw(s->seed, RANDOM_ANSWER, s->slot, s->step, s->lane, s->episode).w[0];
    return (uint8_t)random_bernoulli(word, rule_mean(rule, v, further));
  }
  const float sum = rule_sum(rule, v, further);
  if (sum == rule->threshold && rule->equal != RULE_EQUAL_LIKES)
    return rule->equal == RULE_EQUAL_COIN ? vote_coin(s, RANDOM_ANSWER) : 0;
  return sum >= rule->threshold;
}

/// Chance that the rule says like to a weighted sum, over its coin.
THRONG_ROW float rule_chance_of(const vote_rule *rule, float sum) {
  if (sum == rule->threshold && rule->equal != RULE_EQUAL_LIKES)
    return rule->equal == RULE_EQUAL_COIN ? 0.5f : 0.0f;
  return sum >= rule->threshold ? 1.0f : 0.0f;
}

/// Chance that rule_answer says like, over its coin and the coins of ties: the mean over their ways
/// to fall.
THRONG_ROW float rule_chance(const vote_rule *rule, const throng_vote *v,
                             const vote_further *further) {
  if (rule->by_threshold) return rule_reaches(rule, further) ? 1.0f : 0.0f;
  if (rule->draws) return rule_mean(rule, v, further);
  const int32_t mat_tie = v->f_mat == VOTE_TIE, sim_tie = v->f_sim == VOTE_TIE;
  float chance = 0.0f;
  for (int32_t mat = mat_tie ? 0 : v->f_mat; mat <= (mat_tie ? 1 : v->f_mat); ++mat)
    for (int32_t sim = sim_tie ? 0 : v->f_sim; sim <= (sim_tie ? 1 : v->f_sim); ++sim)
      chance += rule_chance_of(rule, rule_sum_with(rule, v, further, mat, sim));
  return chance / (float)((1 + mat_tie) * (1 + sim_tie));
}

#endif
