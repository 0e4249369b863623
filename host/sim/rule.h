/// The table of rules: what each is called, which votes it asks, and the weights and threshold that
/// it comes to. (Joining the votes is kernels/vote/vote_rule.h, for every rule alike.)
#ifndef THRONG_SIM_RULE_H
#define THRONG_SIM_RULE_H

#include "base/status.h"
#include "kernels/vote/vote_rule.h"
#include "sim/vote_models.h"
#include "throng/sim.h"

#define VOTE_BIT_OF(name, ID, title) | VOTE_BIT(THRONG_VOTE_##ID)
#define VOTES_OF_RECORD (0u THRONG_RECORD_VOTES(VOTE_BIT_OF))

/// X(ID, name, votes, threshold, equal, draws, help): a rule joins `votes` with weight 1 each
/// against `threshold`; with 0 there, all votes by votes.weights against votes.weight_threshold.
/// `equal`: what a sum says that equals the threshold; the published code, which has no coins, says
/// dislike in place of RULE_EQUAL_COIN. `draws`: the answer is drawn with the mean of the scores.
#define RULES(X)                                                                                \
  X(MAJORITY, "majority", VOTES_OF_RECORD, 2, RULE_EQUAL_LIKES, false, "at least two of three") \
  X(F_MAT, "f_mat", VOTE_BIT(THRONG_VOTE_F_MAT), 1, RULE_EQUAL_LIKES, false,                    \
    "the keyword vote alone")                                                                   \
  X(F_SIM, "f_sim", VOTE_BIT(THRONG_VOTE_F_SIM), 1, RULE_EQUAL_LIKES, false,                    \
    "the similarity vote alone")                                                                \
  X(F_STA, "f_sta", VOTE_BIT(THRONG_VOTE_F_STA), 1, RULE_EQUAL_LIKES, false,                    \
    "the statistical vote alone")                                                               \
  X(LOGICAL, "logical", VOTE_BIT(THRONG_VOTE_F_MAT) | VOTE_BIT(THRONG_VOTE_F_SIM), 1,           \
    RULE_EQUAL_COIN, false, "keyword and similarity votes, a coin where they disagree")         \
  X(WEIGHTED, "weighted", 0, 0, RULE_EQUAL_LIKES, false, "weighted votes against a threshold")  \
  X(PROBABILITY, "probability", 0, 0, RULE_EQUAL_LIKES, true,                                   \
    "drawn with the weighted mean of the scores")                                               \
  X(F_POP, "f_pop", VOTE_BIT(THRONG_VOTE_F_POP), 1, RULE_EQUAL_LIKES, false,                    \
    "the popularity vote alone: like rates of item and user")                                   \
  X(CALIBRATED, "calibrated", VOTE_BIT(THRONG_VOTE_F_CAL), 1, RULE_EQUAL_LIKES, true,           \
    "drawn with the calibrated vote's probability, or thresholded (votes.answer)")

/// For configurations: NULL-terminated, by throng_rule; and what each rule does, in one line.
extern const char *const rule_names[THRONG_RULE_COUNT + 1];
#define RULE_HELP_OF(ID, name, votes, threshold, equal, draws, help) "; " name ": " help
#define RULES_HELP (&("" RULES(RULE_HELP_OF))[2])
#define VOTE_NAME_OF(name, ID, title) " " #name
#define RECORD_WEIGHT_OF(name, ID, title) 1,
#define FURTHER_WEIGHT_OF(name, ID, title) 0,
#define WEIGHTS_USUAL THRONG_RECORD_VOTES(RECORD_WEIGHT_OF) THRONG_FURTHER_VOTES(FURTHER_WEIGHT_OF)
#define WEIGHTS_HELP "weights of the votes, in this order:" THRONG_VOTES(VOTE_NAME_OF)

const char *rule_help(throng_rule rule);
/// The vote that a rule asks alone, or -1.
int rule_single_vote(throng_rule rule);
/// Is the answer to a question drawn (or a coin), so that two askings may differ?
bool rule_draws(const throng_votes_def *def);
/// Votes that the answer depends on, a VOTE_BIT each. (The published code's statistical vote is
/// always 1, so that only rule "probability" asks it there.)
unsigned rule_asks(const throng_votes_def *def);
/// Is the answer another one where there is an f_sta? (f_cal joins it where it is given.)
bool rule_takes_sta(const throng_votes_def *def);
/// The weighted mean of votes (of scores, where the rule draws): a rule's own score in 0..1, 0.5
/// where nothing has a weight.
double rule_score(const vote_rule *rule, const throng_vote *v, const vote_further *further);

/// The rule as kernels take it. `models` may be NULL where no further vote is asked.
vote_rule vote_make_rule(const throng_votes_def *def, const throng_sta *sta,
                         const vote_models *models);
/// throng_votes_evaluate with each user's last `hidden` interactions unknown to rates: for measures
/// that hold these out.
throng_status votes_evaluate_hiding(throng_backend *backend, const throng_world *world,
                                    const throng_sta *sta, const throng_votes_def *def,
                                    uint32_t seed, int hidden, const throng_pairs *pairs,
                                    throng_vote *vote, float *const *further);
/// The same by models that were made for what the rule and `further` ask, for who asks often.
throng_status votes_evaluate_by(throng_backend *backend, const throng_world *world,
                                const throng_sta *sta, const throng_votes_def *def, uint32_t seed,
                                const vote_models *models, const throng_pairs *pairs,
                                throng_vote *vote, float *const *further);
/// Every field in range, and a statistical vote there where the rule asks for one; fitted on this
/// world, where it is there at all.
throng_status votes_check(const throng_votes_def *def, const throng_world *world,
                          const throng_sta *sta);

#endif
