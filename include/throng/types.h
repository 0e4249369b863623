/// What callers and kernels both know of a simulated answer: votes, rules, how a step ended, and
/// the record of one answer. Plain C and C++ with <stdint.h> alone, so that device code includes it
/// too.
#ifndef THRONG_TYPES_H
#define THRONG_TYPES_H

#include <stdint.h>

/// X(name, ID, title): every vote, in the order of `weights`, of columns and of JSON. The votes of
/// the paper stand in throng_vote. A further vote is a score in 0..1 that says like from 1/2 on; it
/// has an array of its own, which exists only where the rule asks the vote: lanes, their files and
/// their hashes without it stay what they were before the vote was added.
#define THRONG_RECORD_VOTES(X)       \
  X(f_mat, F_MAT, "keyword vote")    \
  X(f_sim, F_SIM, "similarity vote") \
  X(f_sta, F_STA, "statistical vote")
#define THRONG_FURTHER_VOTES(X)      \
  X(f_pop, F_POP, "popularity vote") \
  X(f_cal, F_CAL, "calibrated vote")
#define THRONG_VOTES(X) THRONG_RECORD_VOTES(X) THRONG_FURTHER_VOTES(X)

#define THRONG_VOTE_ID(name, ID, title) THRONG_VOTE_##ID,
#define THRONG_VOTE_ONE(name, ID, title) +1
/// A number for each vote.
typedef enum throng_vote_id {
  THRONG_VOTES(THRONG_VOTE_ID)  ///< THRONG_VOTE_F_MAT, THRONG_VOTE_F_SIM, ...
  THRONG_VOTE_COUNT,            ///< how many votes there are
  /// Votes that stand in throng_vote; further votes are numbered from here on.
  THRONG_VOTE_IN_RECORD = 0 THRONG_RECORD_VOTES(THRONG_VOTE_ONE),
  THRONG_VOTE_FURTHER = THRONG_VOTE_COUNT - THRONG_VOTE_IN_RECORD,  ///< further votes
} throng_vote_id;
#undef THRONG_VOTE_ID
#undef THRONG_VOTE_ONE

/// Which text the keyword and similarity votes follow where the paper and its code differ.
typedef enum throng_semantics {
  THRONG_SEMANTICS_PAPER = 0,       ///< the equations, with stated ties and empty sides
  THRONG_SEMANTICS_PUBLISHED_CODE,  ///< the authors' released infer_user_interaction
} throng_semantics;

/// Who answers, and after which history.
typedef enum throng_environment {
  THRONG_ENVIRONMENT_SESSION = 0,  ///< the session's user, after the whole of the history
  /// The authors' released `step`, rows of the data in time order: an item is answered after the
  /// history of whoever wrote its first row, before that row, with the session behind it; by a fair
  /// coin where that history is empty. Sessions begin with their user's first two rows.
  THRONG_ENVIRONMENT_PUBLISHED_BY_TIME,
  THRONG_ENVIRONMENT_PUBLISHED_BY_USER,  ///< the same, rows in the order of the world's users
} throng_environment;

/// How votes are joined to an answer.
typedef enum throng_rule {
  THRONG_RULE_MAJORITY = 0,  ///< at least two of the paper's three (eq. 9)
  THRONG_RULE_F_MAT,         ///< the keyword vote alone
  THRONG_RULE_F_SIM,         ///< the similarity vote alone
  THRONG_RULE_F_STA,         ///< the statistical vote alone
  THRONG_RULE_LOGICAL,       ///< keyword and similarity votes; a coin where they disagree
  THRONG_RULE_WEIGHTED,      ///< weights . votes >= weight_threshold
  THRONG_RULE_PROBABILITY,   ///< the answer is drawn with the weighted mean of the scores
  THRONG_RULE_F_POP,         ///< the popularity vote alone
  THRONG_RULE_CALIBRATED,    ///< the calibrated vote alone, as votes.answer says
  THRONG_RULE_COUNT,         ///< how many rules there are
} throng_rule;

/// What the similarity vote compares a candidate with.
typedef enum throng_similarity {
  THRONG_SIMILARITY_MAX = 0,  ///< the nearest past item that counts (eq. 4-8)
  THRONG_SIMILARITY_MEAN,     ///< the mean of all past items: the user's preference vectors
} throng_similarity;

/// How the calibrated rule comes from the probability of a like to an answer.
typedef enum throng_answer {
  THRONG_ANSWER_DRAW = 0,   ///< drawn with it
  THRONG_ANSWER_THRESHOLD,  ///< a like from the probability on at which as many like as really do
} throng_answer;

/// Which items may not be shown to a user (again).
typedef enum throng_mask {
  THRONG_MASK_NONE = 0,  ///< all may
  THRONG_MASK_SESSION,   ///< not those that the session has shown
  THRONG_MASK_ALL,       ///< nor those of the history that the session began with
} throng_mask;

/// How a lane's step ended. Gymnasium's terminated and truncated.
typedef enum throng_end {
  THRONG_END_NONE = 0,       ///< the session goes on
  THRONG_END_LEFT = 1,       ///< the user left: terminated
  THRONG_END_TRUNCATED = 2,  ///< max_steps reached
} throng_end;

/// Why a user left.
typedef enum throng_leave {
  THRONG_LEAVE_NONE = 0,    ///< the user did not
  THRONG_LEAVE_CHANCE,      ///< by throng_sim_def.leave_probability
  THRONG_LEAVE_MOOD,        ///< the budget of temper fell below 1
  THRONG_LEAVE_REPETITION,  ///< a topic came again too soon
  THRONG_LEAVE_NO_RETURN,   ///< a session was over and the user did not come back
  THRONG_LEAVE_COUNT        ///< may grow: no struct's size depends on it
} throng_leave;

/// Which items of a slate a user looks at, and so answers.
typedef enum throng_choice {
  THRONG_CHOICE_EACH = 0,       ///< each for itself: all of them without position bias
  THRONG_CHOICE_MULTINOMIAL,    ///< one at most, by its chance of a like (RecSim)
  THRONG_CHOICE_PLACKETT_LUCE,  ///< a few, chosen so one after the other
  THRONG_CHOICE_CASCADE,        ///< from the first on until one is liked (RecSim)
} throng_choice;

/// Ways to recommend that need no learning, to hold agents against.
typedef enum throng_yardstick {
  THRONG_YARDSTICK_RANDOM = 0,    ///< uniform over items
  THRONG_YARDSTICK_POPULAR,       ///< most liked in the real histories
  THRONG_YARDSTICK_MOST_SIMILAR,  ///< largest b+ - b- against the lane's history
  /// Myopic: asks the simulator about every item first and shows the one whose like is likeliest
  /// now, whatever becomes of the session. No bound: planning may earn more.
  THRONG_YARDSTICK_MYOPIC,
  THRONG_YARDSTICK_PLANNER,  ///< asks it about whole plans of items (beam search)
  THRONG_YARDSTICK_LINUCB,  ///< linear bandit, explores by upper confidence bounds (Li et al. 2010)
  THRONG_YARDSTICK_THOMPSON,  ///< linear bandit, explores by draws (Agrawal & Goyal 2013)
  THRONG_YARDSTICK_COUNT      ///< may grow: no struct's size depends on it
} throng_yardstick;

/// One answer with its reasons (votes.csv has the same columns).
typedef struct throng_vote {
  int32_t alpha_pos, alpha_neg;  ///< shared keywords with liked (disliked) past items
  float beta_pos, beta_neg;      ///< nearest liked (disliked) past item; -1 where there is none
  float p_like;                  ///< f_sta's probability
  uint8_t f_mat, f_sim, f_sta;   ///< votes, 0 or 1
  uint8_t like;                  ///< the answer after the rule
} throng_vote;

#endif
