/// Why a user likes an item or not: each vote with what it goes by, and what the rule made of them.
#ifndef THRONG_EXPLAIN_H
#define THRONG_EXPLAIN_H

#include "sim.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A keyword of the candidate that a past item has, too.
typedef struct throng_shared_keyword {
  /// The world's own text. NULL: neither item has any, which the published code counts as one.
  const char *keyword;
  int32_t item;  ///< the past item
} throng_shared_keyword;

/// One side of the history: liked items with the liking keywords, or disliked with the disliking.
typedef struct throng_evidence {
  int64_t n_past;                       ///< past items of this side
  int64_t n_same_category;              ///< of which share a category with the candidate
  bool all_count;                       ///< nothing shares one, so that all of the side count
  int64_t n_shared;                     ///< alpha
  const throng_shared_keyword *shared;  ///< (n_shared) by keyword, then from the oldest item on
  int32_t nearest;   ///< of the items that count, the latest of equals; -1 where there is none
  float similarity;  ///< of `nearest`: beta, unless votes.similarity is "mean"; -1 without one
} throng_evidence;

/// One vote of the answer.
typedef struct throng_explained_vote {
  const char *name, *title;  ///< "f_mat", "keyword vote"
  bool made;      ///< false: nothing to make it with (f_sta without weights), or not asked (f_pop)
  bool asked;     ///< the rule's answer depends on it
  bool coin;      ///< a tie that a fair coin decided
  uint8_t vote;   ///< 0 or 1
  float score;    ///< in 0..1 (see THRONG_RULE_PROBABILITY)
  double margin;  ///< what decides by its sign: alpha+ - alpha-, beta+ - beta-, p - threshold
} throng_explained_vote;

/// How often an item is liked, or how often a user likes. f_pop goes by one of each:
/// p = sigmoid(weight[0] + weight[1] item.logit + weight[2] user.logit).
typedef struct throng_like_rate {
  int64_t answers;  ///< in the part of the world that is learned from
  double rate;      ///< share of likes, smoothed towards that of all answers
  double logit;     ///< log(rate / (1 - rate))
} throng_like_rate;
/// Both rates, and what f_pop makes of them.
typedef struct throng_like_rates {
  throng_like_rate item, user;  ///< the candidate's, and the user's own
  double weight[3];             ///< w0, w1, w2, fitted to the world
  double p;                     ///< probability of a like; f_pop votes 1 from 1/2 on
} throng_like_rates;

/// One term of the calibrated vote: what it adds to the log-odds of a like.
typedef struct throng_calibrated_term {
  const char *name;  ///< "intercept", "f_mat", "f_sim", "f_sta", "item", "user", "factors"
  double value;      ///< the intercept's is 1, f_mat's the logit of its smoothed share, f_sim's
                     ///< tanh(3 (b+ - b-)), f_sta's a logit, the item's and the user's an effect,
                     ///< the factors' (with throng_votes_def.factors alone) their product
  double weight;     ///< fitted to the world
  double log_odds;   ///< weight * value
} throng_calibrated_term;
/// The calibrated vote, term by term: p = sigmoid(sum of the terms' log_odds).
typedef struct throng_calibrated {
  int32_t n;                           ///< terms
  const throng_calibrated_term *term;  ///< (n)
  int64_t item_answers, user_answers;  ///< behind the item's and the user's effect
  double smoothing;                    ///< keywords that f_mat's prior weighs
  double p;                            ///< probability of a like
  double threshold;                    ///< from which votes.answer "threshold" says like
  throng_answer answer;                ///< as asked: how p becomes an answer
} throng_calibrated;
/// What the session has made of a lane's user, and would of this item (throng_sim_def.users;
/// docs/dynamics.md has the equations). Topics are categories, -1 where there is none; what is off
/// is 0.
typedef struct throng_explained_session {
  int32_t n_shown;       ///< items of the session that the user remembers
  uint8_t rule_like;     ///< what the votes' rule says, before the session is asked
  bool mood_counts;      ///< there is a temper: `mood` and `mood_after` mean something
  double mood;           ///< what is left of temper's budget; the user leaves below 1
  double mood_after[2];  ///< the same after a slate of dislikes [0] or likes [1]
  int32_t repeats;       ///< times that repeat_window showed the topic of the item's it showed most
  int32_t repeats_topic;    ///< which topic
  int32_t bored;            ///< steps, the coming one counted, for which boredom keeps from liking
  int32_t bored_topic;      ///< which topic bores
  double satiation;         ///< s of the item's topic that has most
  int32_t satiation_topic;  ///< which topic
  double exposure;          ///< E
  double drift;             ///< <u - u at the session's start, e+(item)>
  double appetite;          ///< d: the sum of what satiation, exposure and drift change
  double keep;              ///< chance that the rule's like stays one
  double turn;              ///< chance that the rule's dislike becomes a like
  /// Why the user would leave, chance apart, after disliking [0] or liking [1] the item.
  throng_leave leaves[2];
  throng_leave left;  ///< why the lane's user left on the last step
  int32_t number;     ///< of the session in the user's episode, from 0 (throng_users_def.sessions)
  int32_t gap;        ///< days before it; 0: the first
  /// Chance to come back on any one day, were the session over after disliking [0] or liking [1]
  /// the item; 0 where the user could not.
  double return_chance[2];
} throng_explained_session;

/// Lives until throng_explanation_free(); its names are the world's.
typedef struct throng_explanation {
  int32_t user, candidate;              ///< who is asked, and about which item
  int64_t n_history;                    ///< past items
  throng_evidence liked, disliked;      ///< what speaks for and against
  throng_vote vote;                     ///< with the answer, `like`
  const throng_explained_vote *votes;   ///< (THRONG_VOTE_COUNT) by throng_vote_id
  const throng_like_rates *like_rates;  ///< NULL where the rule does not ask f_pop
  const throng_calibrated *calibrated;  ///< NULL where the rule does not ask f_cal
  double sta_threshold;                 ///< f_sta votes 1 from this probability on
  throng_semantics semantics;           ///< as asked
  throng_rule rule;                     ///< as asked
  const char *rule_help;                ///< "at least two of three"
  double score;  ///< the weighted mean of votes, or of scores where the rule draws, in 0..1
  /// NULL outside a lane, and where throng_sim_def.users is off.
  const throng_explained_session *session;
} throng_explanation;

/// Of one pair (`pair->n` is 1) outside any lane; `def` and `seed` as in throng_votes_evaluate.
/// Errors: as throng_votes_evaluate; `*out` is NULL then.
THRONG_API throng_status throng_explain(throng_backend *backend, const throng_world *world,
                                        const throng_sta *sta, const throng_votes_def *def,
                                        uint32_t seed, const throng_pairs *pair,
                                        throng_explanation **out);
/// The same with a simulator's votes and what they were fitted to, so that many pairs cost one fit.
/// Its lanes are not asked. Errors: as throng_votes_evaluate; `*out` is NULL then.
THRONG_API throng_status throng_sim_explain_pair(throng_sim *sim, const throng_pairs *pair,
                                                 throng_explanation **out);
/// What the user of `lane` would answer to `item`, were it the first one shown on the next step.
/// Nothing moves. In the released environment (throng_sim_def.environment) `user` and the evidence
/// are those of the item's first row; a coin has neither evidence nor margin.
/// Errors: ARGUMENT (no such lane or item), MEMORY, BACKEND; `*out` is NULL then.
THRONG_API throng_status throng_sim_explain(throng_sim *sim, int32_t lane, int32_t item,
                                            throng_explanation **out);
/// NULL is allowed.
THRONG_API void throng_explanation_free(throng_explanation *explanation);

#ifdef __cplusplus
}
#endif
#endif
