/// Cutting the ends of the histories off a data set (dataset.later_share), before anything is made
/// of it: what is measured on them then knows nothing of them.
#ifndef THRONG_DATA_LATER_PART_H
#define THRONG_DATA_LATER_PART_H

#include "data/dataset.h"

/// Move the last def->later_share of each user's rows (split.h) into data->later_*; their texts are
/// dropped. Items that only they have go behind those of the histories and count among
/// counts->cold_items: names, categories and attributes stay theirs. Errors: DATA (the data has no
/// times, or nobody has def->later_least rows), MEMORY.
throng_status later_part_cut(dataset *data, const dataset_def *def, dataset_counts *counts);

#endif
