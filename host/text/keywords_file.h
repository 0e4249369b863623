/// The keyword file as a stream, apart from its opening (tests, fuzzers).
#ifndef THRONG_TEXT_KEYWORDS_FILE_H
#define THRONG_TEXT_KEYWORDS_FILE_H

#include "data/line_reader.h"
#include "text/keywords.h"

/// Read JSON lines; "item", "pros" and "cons" are required, "categories" may be absent: then, and
/// for items that the file does not name, the dataset's own categories hold. An item that the
/// dataset does not have is checked, counted and left out. Errors: DATA with file and line (a key
/// misspelt, repeated or missing, a wrong type, an empty text, an item named twice), IO, MEMORY.
throng_status keywords_read(line_reader *lines, const dataset *data,
                            const throng_progress *progress, keyword_sets *out);

#endif
