/// What the kept ratings look like, for the report: a histogram, likes and dislikes.
#ifndef THRONG_DATA_RATING_COUNTS_H
#define THRONG_DATA_RATING_COUNTS_H

#include "data/dataset.h"

/// Fill likes, dislikes and the histogram: a bin a value, or DATASET_MAX_BINS of equal width where
/// there are more values than that. Errors: MEMORY.
throng_status dataset_count_ratings(const dataset *data, dataset_counts *counts);

/// "first", "last" or "mean".
const char *dataset_repeated_word(dataset_repeated repeated);

#endif
