/// From raw files to a data set: what a config's section "dataset" asks for.
#ifndef THRONG_DATA_DATASET_READ_H
#define THRONG_DATA_DATASET_READ_H

#include "data/dataset.h"

/// Read and thin. Errors: CONFIG (settings that do not fit), DATA naming file, line and what was
/// expected, IO, MEMORY, CANCELLED; `*out` is empty then.
throng_status dataset_read(const dataset_def *def, const throng_progress *progress, dataset *out);
/// "amazon": how a config names the format.
const char *dataset_format_name(dataset_format format);

#endif
