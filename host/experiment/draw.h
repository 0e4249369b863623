/// An experiment's table as one SVG file.
#ifndef THRONG_EXPERIMENT_DRAW_H
#define THRONG_EXPERIMENT_DRAW_H

#include "experiment/table.h"

/// Points of the columns x and y, in a colour a series, with their labels as hints. Errors: IO,
/// MEMORY.
throng_status experiment_draw(const experiment_table *t, const char *path);

#endif
