/// Drift: does a simulated user stay like the real one? A lane begins with a user's history, is
/// shown the items that the user really met next (the later part), in order, and answers by a rule;
/// what is appended to its history, of which the newest `history` entries are kept as in a session,
/// are
///   forced  the real answers (teacher forcing)
///   free    its own
#ifndef THRONG_EVALUATE_ROLLOUT_H
#define THRONG_EVALUATE_ROLLOUT_H

#include <cjson/cJSON.h>

#include "evaluate/questions.h"

typedef enum rollout_mode { ROLLOUT_FORCED = 0, ROLLOUT_FREE, ROLLOUT_MODES } rollout_mode;

typedef struct rollout_def {
  int32_t history;    // sim.history
  int32_t resamples;  // 1,000; 0: no intervals
  int64_t users;      // at most so many, spread evenly; 0: all
  uint32_t seed;
} rollout_def;

/// X(ID, name, help): what a mode comes to; the first of those that have a real side have it too.
#define ROLLOUT_MEASURES(X)                                                            \
  X(LIKE_RATE, "like_rate", "share of likes")                                          \
  X(GAP, "gap", "simulated minus real like rate")                                      \
  X(FIRST_GAP, "first_gap", "the same over the first fifth of each user's positions")  \
  X(LAST_GAP, "last_gap", "the same over the last fifth")                              \
  X(AUC, "auc", "AUC of the scores against the real answers")                          \
  X(WITHIN_AUC, "within_user_auc", "within users")                                     \
  X(CORRELATION, "correlation", "of users' simulated like rates with their real ones") \
  X(ALIKE, "alike", "share of users whose answers are all alike")

typedef enum rollout_measure {
#define X(ID, name, help) ROLLOUT_##ID,
  ROLLOUT_MEASURES(X)
#undef X
      ROLLOUT_MEASURE_COUNT
} rollout_measure;
extern const char *const rollout_measure_names[ROLLOUT_MEASURE_COUNT];
extern const char *const rollout_mode_names[ROLLOUT_MODES];

typedef struct rollout_value {
  double value, low, high;  // 95 %, over users
} rollout_value;

/// All users who have so many positions.
typedef struct rollout_position {
  int64_t users;
  double real;                      // like rate
  double simulated[ROLLOUT_MODES];  // like rate
  double auc[ROLLOUT_MODES];        // of the scores; NaN where one answer is missing
} rollout_position;

typedef struct rollout {
  rollout_def def;
  throng_rule rule;
  bool has_time;  // later is later in time, not in the file
  int64_t users, answers;
  rollout_value real_like_rate, real_alike;
  rollout_value mode[ROLLOUT_MODES][ROLLOUT_MEASURE_COUNT];
  rollout_value free_minus_forced[ROLLOUT_MEASURE_COUNT];  // paired
  rollout_position position[LATER_MOST];
} rollout;

/// What each lane came to, for tests and experiments: arrays (users, LATER_MOST), rows of a user
/// filled up to length[user].
typedef struct rollout_lanes {
  int64_t n;        // users
  int32_t *user;    // (n)
  int32_t *length;  // (n)
  uint8_t *real;    // (n, LATER_MOST)
  uint8_t *answer[ROLLOUT_MODES];
  double *score[ROLLOUT_MODES];  // the rule's weighted mean of scores
} rollout_lanes;

/// Play all lanes under `votes`' rule. Errors: DATA (the world has no later part), MEMORY,
/// CANCELLED, those of throng_votes_evaluate.
throng_status rollout_play(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_votes_def *votes,
                           const rollout_def *def, const throng_progress *progress,
                           rollout_lanes *out);
void rollout_lanes_free(rollout_lanes *lanes);
/// Measure them. Errors: MEMORY.
throng_status rollout_measure_lanes(const rollout_lanes *lanes, const rollout_def *def,
                                    rollout *out);
/// Both. `*out` holds no memory of its own.
throng_status rollout_make(throng_backend *backend, const throng_world *world,
                           const throng_sta *sta, const throng_votes_def *votes,
                           const rollout_def *def, const throng_progress *progress, rollout *out);
/// Errors: MEMORY.
throng_status rollout_json(const rollout *r, cJSON **out);

#endif
