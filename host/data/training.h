/// The interactions that keywords may be learned from (split.h), by item, and how items fared in
/// them.
#ifndef THRONG_DATA_TRAINING_H
#define THRONG_DATA_TRAINING_H

#include "data/dataset.h"

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
