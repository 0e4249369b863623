/// What is held out, for keywords, f_sta and the fidelity of votes alike.
///
/// Leave-one-out by time keeps each user's last interaction for the test and the one before it for
/// validation. Neither their texts nor their answers may shape a keyword or a fit, or the votes
/// would be judged on what they were told. So the last two of each user are left out of training,
/// whoever they are (of users with one or two interactions nothing is left).
///
/// A later part (dataset.later_share) is cut off before all that: histories are what stands before
/// it, and nothing but measures ever reads it.
#ifndef THRONG_DATA_SPLIT_H
#define THRONG_DATA_SPLIT_H

#include <math.h>
#include <stdint.h>

/// Places counted from the end of a user's history, in time order.
enum { SPLIT_TEST = 1, SPLIT_VALIDATION = 2, SPLIT_HELD_OUT = 2 };

/// How many of `n_entry` interactions there are to learn from: the first ones.
static inline int64_t split_train_length(int64_t n_entry) {
  return n_entry > SPLIT_HELD_OUT ? n_entry - SPLIT_HELD_OUT : 0;
}

/// How many of a user's last interactions are the later part: a share of them, rounded down, and
/// none of users with fewer than `least`. At least one stays before it.
static inline int64_t split_later_length(int64_t n_entry, double share, int64_t least) {
  if (n_entry < least || n_entry < 2) return 0;
  const int64_t n = (int64_t)floor((double)n_entry * share + 1e-9);  // 0.7 * 10 is 7
  return n < n_entry ? n : n_entry - 1;
}

#endif
