/// What a trained run has shown when it was opened: sessions that its agent played, with popular
/// and random items beside it, answers with their reasons, and its votes against real answers.
#ifndef THRONG_RUN_REPORT_MEASURED_H
#define THRONG_RUN_REPORT_MEASURED_H

#include "evaluate/fidelity_report.h"
#include "study/trained.h"
#include "throng/explain.h"

enum {
  MEASURE_SESSIONS = 256,  // at most; evaluation.episodes where that is less
  MEASURE_EXPLAINED = 32,  // of which every answer is explained
  MEASURE_USERS = 5,       // of which the first steps are told
  MEASURE_STEPS = 6,
  MEASURE_QUESTIONS = 1000,  // users whose real answers are asked about
  MEASURE_RESAMPLES = 200,
  MEASURE_KEYWORDS = 3,  // named of an answer's
};

/// Who plays beside the agent; only those that are cheap.
enum { PLAYED_AGENT, PLAYED_RANDOM, PLAYED_POPULAR, PLAYED_COUNT };

/// One side of an answer. Texts are the world's.
typedef struct told_side {
  int32_t met;      // keywords of the item that past items of this side have, each counted once
  int32_t n_named;  // of which the first ones
  const char *keyword[MEASURE_KEYWORDS];
  int32_t past[MEASURE_KEYWORDS];  // an item that has it
  int32_t nearest;                 // past item, -1: none
  double similarity;
} told_side;

/// What a user was shown, and why the answer was as it was.
typedef struct told_step {
  int32_t item;
  bool known;  // the answer is there; false: the user did not look at it
  uint8_t like;
  double score;  // of the rule, 0..1
  uint8_t asked[THRONG_VOTE_COUNT], vote[THRONG_VOTE_COUNT];
  double value[THRONG_VOTE_COUNT];  // scores
  told_side side[2];                // liking, disliking
  throng_leave left;
} told_step;

typedef struct told_user {
  int32_t user;
  int64_t history, liked;  // entries at the start, of which likes
  int32_t n;
  told_step step[MEASURE_STEPS];
  int32_t steps;  // of the whole session
  double likes;   // of it
} told_user;

/// How often a keyword was met on one side, and what was answered then.
typedef struct keyword_count {
  int32_t keyword;
  int64_t met, decided;  // answers; of which those that went this side's way
} keyword_count;

typedef struct run_measures {
  trained opened;    // folder "" where it could not be opened
  char why[512];     // why it could not, or ""
  int32_t episodes;  // sessions that each of those who play had
  throng_metrics metrics[PLAYED_COUNT];
  int64_t *exposure[PLAYED_COUNT];  // (n_item) or NULL
  double *returns;                  // (episodes) of the agent
  fidelity_report *fidelity;        // NULL: none
  char why_no_fidelity[512];
  int64_t explained;        // answers that keywords are counted over
  keyword_count *count[2];  // (n_keyword) by keyword: liking, disliking; NULL: none
  int32_t n_told;
  told_user told[MEASURE_USERS];
  double seconds;
} run_measures;

#endif
