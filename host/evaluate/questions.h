/// What users really answered, as questions: (user, candidate) after the history before it, with
/// the real answer held back. Three sets of them:
///   test, validation  each user's last interaction, or the one before it (leave-one-out by time)
///   later             the first LATER_MOST rows of each user's later part, all after the history
#ifndef THRONG_EVALUATE_QUESTIONS_H
#define THRONG_EVALUATE_QUESTIONS_H

#include "sim/rule.h"
#include "throng/sim.h"

typedef enum fidelity_split {
  FIDELITY_TEST = 0,
  FIDELITY_VALIDATION,
  FIDELITY_LATER,
} fidelity_split;
enum { LATER_MOST = 40 };

typedef struct questions {
  fidelity_split split;
  int64_t n;           // those of a user follow one another, in time order
  int32_t *user;       // (n)
  int32_t *candidate;  // (n)
  uint8_t *label;      // (n) the real answer
  float *rating;       // (n) the real rating; NaN of an unseen item that stands for a dislike
  int64_t *offset;     // (n + 1) histories, as throng_pairs has them
  int32_t *item;       // (offset[n])
  uint8_t *like;       // (offset[n])
  int64_t capacity, entry_capacity;
  int64_t users, users_short;  // asked about, and left out: nothing to ask, or nothing before it
  int64_t likes;               // among the real answers
  int64_t sampled;             // unseen items that stand for dislikes, where the world has none
  // What the votes said (questions_ask).
  throng_vote *vote;                       // (n)
  float *further[THRONG_VOTE_FURTHER];     // (n)
  bool measured[THRONG_VOTE_COUNT];        // which votes could be asked
  char missing[THRONG_VOTE_FURTHER][256];  // why a further vote could not, or ""
} questions;

/// How many of each user's last interactions nothing that is measured may have learned from: those
/// that are asked about, and what came after.
int questions_hide(fidelity_split split);
/// The questions of a split, of at most `most` users, spread evenly over those of the world (0:
/// all). Errors: DATA (no user has one), MEMORY.
throng_status questions_make(const throng_world *world, fidelity_split split, int64_t most,
                             uint32_t seed, questions *out);
/// Room for `n` questions with `n_entry` entries of histories, none asked yet. Errors: MEMORY.
throng_status questions_reserve(int64_t n, int64_t n_entry, questions *out);
/// Append a question: its history without earlier answers about the candidate itself, which would
/// give the label away. There must be room.
void questions_add(questions *q, int64_t user, int32_t candidate, uint8_t label, float rating,
                   int64_t n_entry, const int32_t *item, const uint8_t *like);
/// Ask every vote that there is. A further vote that has nothing to be fitted on is left out, and
/// `missing` says why. `votes` gives semantics; its rule does not matter. Errors: MEMORY, and those
/// of throng_votes_evaluate.
throng_status questions_ask(questions *q, throng_backend *backend, const throng_world *world,
                            const throng_sta *sta, const throng_votes_def *votes, uint32_t seed);
/// Only those further votes that `asked` has (VOTE_BIT each); the others are not measured, and no
/// model is made for them.
throng_status questions_ask_some(questions *q, throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_votes_def *votes,
                                 uint32_t seed, unsigned asked);
/// A rule's answers (n) to the questions that were asked, coins and draws as throng_votes_evaluate
/// has them, and its scores (n). Errors: those of throng_votes_evaluate.
throng_status questions_join(const questions *q, throng_backend *backend, const throng_world *world,
                             const throng_sta *sta, const throng_votes_def *rule, uint32_t seed,
                             uint8_t *answer, double *score);
/// Are all votes that the rule asks measured, and has one of them a weight?
bool questions_answer_rule(const questions *q, const throng_votes_def *rule);
vote_further questions_further(const questions *q, int64_t i);
void questions_free(questions *q);

#endif
