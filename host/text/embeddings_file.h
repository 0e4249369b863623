/// Embeddings of keywords from a safetensors file and a vocabulary, taken as they are.
#ifndef THRONG_TEXT_EMBEDDINGS_FILE_H
#define THRONG_TEXT_EMBEDDINGS_FILE_H

#include "text/keywords.h"

enum { EMBEDDINGS_MAX_DIM = 16384 };

/// Vectors of the keywords, (n_keyword, dim), malloc'd and not scaled. Of the vocabulary, spaces at
/// the ends of lines and a byte-order mark do not count, blank lines only where there are rows for
/// them. Errors: ARGUMENT (no file or vocabulary), IO, DATA: a keyword that is missing, that stands
/// on two lines with different vectors, or whose vector is zero or not finite.
throng_status embeddings_from_file(const embedding_def *def, const keyword_sets *sets,
                                   const throng_progress *progress, float **out, int32_t *dim);

#endif
