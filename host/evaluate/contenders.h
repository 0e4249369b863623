/// Who is measured on questions: yardsticks that know little, the votes, the rules, the ensemble.
/// Each gives every question a score, its probability of a like, and an answer.
#ifndef THRONG_EVALUATE_CONTENDERS_H
#define THRONG_EVALUATE_CONTENDERS_H

#include "evaluate/questions.h"
#include "sim/biased_mf.h"

typedef enum contender_kind {
  CONTENDER_YARDSTICK,
  CONTENDER_VOTE,
  CONTENDER_RULE,
  CONTENDER_ENSEMBLE,
} contender_kind;

/// X(ID, name, help): what knows little. What they learn from are the histories, as f_cal's
/// effects: of the split test without each user's last interaction, of validation without the last
/// two.
#define FIDELITY_YARDSTICKS(X)                                                                   \
  X(RANDOM, "random", "the share of likes for every question; answers drawn with it")            \
  X(USER_MEAN, "user_mean", "the user's like rate in the history before the question, smoothed") \
  X(ITEM_MEAN, "item_mean", "the item's like rate among all users, smoothed; knows no user")     \
  X(BIASED_MF, "biased_mf", "biased matrix factorisation of likes (biased_mf.h)")

typedef enum fidelity_yardstick {
#define X(ID, name, help) FIDELITY_##ID,
  FIDELITY_YARDSTICKS(X)
#undef X
      FIDELITY_YARDSTICK_COUNT
} fidelity_yardstick;

enum {
  CONTENDER_COUNT = FIDELITY_YARDSTICK_COUNT + THRONG_VOTE_COUNT + THRONG_RULE_COUNT + 1,
  CONTENDER_OF_VOTES = FIDELITY_YARDSTICK_COUNT,
  CONTENDER_OF_RULES = CONTENDER_OF_VOTES + THRONG_VOTE_COUNT,
  CONTENDER_OF_ENSEMBLE = CONTENDER_OF_RULES + THRONG_RULE_COUNT,  // the last
};

contender_kind contender_kind_of(int contender);
/// "item_mean", "f_mat", "majority", "ensemble".
const char *contender_name(int contender);

/// What yardsticks have learned of a world.
typedef struct learned_rates {
  double share;       // of likes among all answers
  double rating[2];   // mean rating of dislikes, of likes; NaN where the world has no ratings
  int64_t n;          // answers
  int64_t *item_n;    // (n_item) answers
  double *item_rate;  // (n_item)
  biased_mf mf;
} learned_rates;
/// Errors: MEMORY.
throng_status learned_rates_make(const throng_world *world, fidelity_split split, uint32_t seed,
                                 learned_rates *out);
void learned_rates_free(learned_rates *rates);

typedef struct contender_task {
  const questions *questions;
  const learned_rates *rates;
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  const throng_votes_def *votes;
  uint32_t seed;
} contender_task;

/// A contender's scores (n) in 0..1 and answers (n); `*measured` false, and nothing written, where
/// a vote is missing. Errors: those of throng_votes_evaluate.
throng_status contender_answer(const contender_task *task, int contender, double *score,
                               uint8_t *answer, bool *measured);

#endif
