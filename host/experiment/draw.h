/// An experiment's table as one SVG file.
#ifndef THRONG_EXPERIMENT_DRAW_H
#define THRONG_EXPERIMENT_DRAW_H

#include "experiment/table.h"

/// Write results.svg into `folder`: points of the columns x and y, in a colour a series, with their
/// labels as hints. Errors: IO, MEMORY.
throng_status experiment_draw(const experiment_table *t, const char *folder);

#endif
