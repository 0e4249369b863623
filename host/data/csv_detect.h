/// A table's dialect, as given or as a sample of the file tells it.
#ifndef THRONG_DATA_CSV_DETECT_H
#define THRONG_DATA_CSV_DETECT_H

#include "data/csv_dialect.h"

/// The dialect of a file: what is given counts; the separator is else told from the first line
/// (where the most of `wanted`, a NULL-terminated list of column names, are found, then the most
/// columns; where the names are given, as many fields as these), quotes and escapes from the first
/// records (the first of doubled quotes, escapes by '\' and no quotes that reads them all). `usual`
/// is kept where nothing tells otherwise; `say` (size bytes) gets what was taken where it is not
/// `usual`, "" else. Errors: CONFIG (a wish that is no character), those of reading.
throng_status csv_detect(const char *path, const char *key, const csv_wishes *wishes,
                         const char *const wanted[], csv_dialect usual, csv_dialect *out, char *say,
                         size_t size);

#endif
