/// From raw files to a data set: what a config's section "dataset" asks for.
#ifndef THRONG_DATA_DATASET_READ_H
#define THRONG_DATA_DATASET_READ_H

#include "data/dataset.h"

/// Read and thin. Errors: CONFIG (settings that do not fit), DATA naming file, line and what was
/// expected, IO, MEMORY, CANCELLED; `*out` is empty then.
throng_status dataset_read(const dataset_def *def, const throng_progress *progress, dataset *out);
/// Which formats use a key ("dataset.reviews"): bit f set for dataset_format f; 0: all do.
unsigned dataset_key_formats(const char *key);
/// The key of a file that the format needs and that is not given; NULL: none.
const char *dataset_missing_key(const dataset_def *def);

#endif
