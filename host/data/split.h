/// What is held out, for keywords, f_sta and the fidelity of votes alike.
///
/// Leave-one-out by time keeps each user's last interaction for the test and the one before it for
/// validation. Neither their texts nor their answers may shape a keyword or a fit, or the votes
/// would be judged on what they were told. So the last two of each user are left out of training,
/// whoever they are (of users with one or two interactions nothing is left).
#ifndef THRONG_DATA_SPLIT_H
#define THRONG_DATA_SPLIT_H

#include <stdint.h>

/// Places counted from the end of a user's history, in time order.
enum { SPLIT_TEST = 1, SPLIT_VALIDATION = 2, SPLIT_HELD_OUT = 2 };

/// How many of `n_entry` interactions there are to learn from: the first ones.
static inline int64_t split_train_length(int64_t n_entry) {
  return n_entry > SPLIT_HELD_OUT ? n_entry - SPLIT_HELD_OUT : 0;
}

#endif
