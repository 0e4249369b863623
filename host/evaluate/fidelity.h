/// Fidelity: how well the votes, the rules and their ensemble foretell what real users answered.
/// Leave-one-out by time: of every user with at least two interactions the last is the test, and
/// with three the one before it the validation; the history is all that stands before.
#ifndef THRONG_EVALUATE_FIDELITY_H
#define THRONG_EVALUATE_FIDELITY_H

#include <cjson/cJSON.h>

#include "base/statistics.h"
#include "throng/sim.h"

typedef enum fidelity_split { FIDELITY_TEST = 0, FIDELITY_VALIDATION } fidelity_split;

typedef struct fidelity {
  int64_t users;         ///< asked about, one interaction each
  int64_t users_short;   ///< left out: history too short for the split
  int64_t interactions;  ///< of the world
  int64_t likes;         ///< among those asked about
  int64_t sampled;  ///< unseen items asked about too, as dislikes: the world has none of its own
  /// By throng_vote_id: answer is the hard vote, score the vote's own (spec, "Fidelity"). f_sta is
  /// measured where its weights are given; f_pop, which is also the yardstick that the others are
  /// held against (what a user's and an item's like rates say alone), wherever it can be fitted.
  classification vote[THRONG_VOTE_COUNT];
  bool measured[THRONG_VOTE_COUNT];
  /// By throng_rule, those whose votes are all measured. The score is the weighted share of votes
  /// that say like; for the probability rule the weighted mean of scores.
  classification rule[THRONG_RULE_COUNT];
  /// Of the votes of throng_vote. Score: mean of the votes' scores; answer: score >= 0.5.
  classification ensemble;
  char f_pop_missing[256];  ///< why f_pop is not measured, or ""
} fidelity;

/// `votes` gives semantics and weights; its rule does not matter. `sta` may be NULL. Errors:
/// DATA (no user has enough interactions), MEMORY, CANCELLED, and those of throng_votes_evaluate.
throng_status fidelity_evaluate(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                                fidelity_split split, const throng_progress *progress,
                                fidelity *out);

/// {"users", "interactions", ..., "votes": {"f_mat": {...}}, "rules": {...}, "ensemble": {...}};
/// what was not measured is null. `*out` is freed with cJSON_Delete. Errors: MEMORY.
throng_status fidelity_json(const fidelity *f, cJSON **out);

#endif
