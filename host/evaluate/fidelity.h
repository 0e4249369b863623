/// Fidelity: how well the votes, the rules and their ensemble foretell what real users answered.
/// The questions are those of questions.h; what knows little stands beside the votes in
/// fidelity_report.h.
#ifndef THRONG_EVALUATE_FIDELITY_H
#define THRONG_EVALUATE_FIDELITY_H

#include <cjson/cJSON.h>

#include "base/statistics.h"
#include "evaluate/contenders.h"
#include "throng/sim.h"

typedef struct fidelity {
  int64_t users;         ///< asked about
  int64_t users_short;   ///< left out: nothing to ask, or no history before it
  int64_t interactions;  ///< of the world
  int64_t questions;     ///< one a user; of the later part up to LATER_MOST
  int64_t likes;         ///< among those asked about
  int64_t sampled;  ///< unseen items asked about too, as dislikes: the world has none of its own
  /// By throng_vote_id: answer is the hard vote, score the vote's own (spec, "Fidelity"). f_sta is
  /// measured where its weights are given; further votes wherever they can be fitted.
  classification vote[THRONG_VOTE_COUNT];
  bool measured[THRONG_VOTE_COUNT];
  /// By throng_rule, those whose votes are all measured. The score is the weighted share of votes
  /// that say like; for rules that draw the weighted mean of scores.
  classification rule[THRONG_RULE_COUNT];
  /// Of the votes of throng_vote. Score: mean of the votes' scores; answer: score >= 0.5.
  classification ensemble;
  char missing[THRONG_VOTE_FURTHER][256];  ///< why a further vote is not measured, or ""
} fidelity;

/// `votes` gives semantics and weights; its rule does not matter. `sta` may be NULL. Errors:
/// DATA (no user has a question), MEMORY, CANCELLED, and those of throng_votes_evaluate.
throng_status fidelity_evaluate(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *votes, uint32_t seed,
                                fidelity_split split, const throng_progress *progress,
                                fidelity *out);

/// Users and questions alone; nothing is measured.
void fidelity_count(const contender_task *task, fidelity *out);
/// The same of questions that have been asked already (task->rates is not needed).
throng_status fidelity_measure(const contender_task *task, const throng_progress *progress,
                               fidelity *out);

/// {"users", "interactions", ..., "votes": {"f_mat": {...}}, "rules": {...}, "ensemble": {...}};
/// what was not measured is null. `*out` is freed with cJSON_Delete. Errors: MEMORY.
throng_status fidelity_json(const fidelity *f, cJSON **out);

#endif
