/// Which interactions keywords may be learned from, and how items fared in them.
///
/// Leave-one-out by time keeps each user's last interaction for the test and the one before it for
/// validation. Neither their texts nor their answers may shape a keyword, or the votes would be
/// judged on what they were told. So the last two of each user are left out here, whoever they are
/// (of users with one or two interactions nothing is left).
#ifndef THRONG_DATA_SPLIT_H
#define THRONG_DATA_SPLIT_H

#include "data/dataset.h"

enum { SPLIT_HELD_OUT = 2 };
/// Interactions of a user, oldest first, that may be learned from.
static inline int64_t split_train_length(int64_t n_interaction) {
  return n_interaction > SPLIT_HELD_OUT ? n_interaction - SPLIT_HELD_OUT : 0;
}

typedef struct training {
  int64_t n_item;
  int64_t n, n_like;     // rows, and likes among them
  int64_t *item_offset;  // (n_item + 1)
  int64_t *row;          // (n) rows of the dataset by item, rising
  int64_t *item_like;    // (n_item) likes of item_offset[i+1] - item_offset[i] rows
} training;

/// Errors: DATA where nothing is left to learn from, MEMORY.
throng_status training_make(const dataset *data, training *out);
void training_free(training *t);

/// How much better an item was received than the average item, as a difference of log-odds of a
/// like; smoothed with RECEPTION_PRIOR average answers, so 0 where nothing is known.
/// Where nothing at all is disliked it is how much more popular the item is than the average one,
/// as if one unseen item a like were disliked.
double training_reception(const training *t, int64_t item);

#endif
