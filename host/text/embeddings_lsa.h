/// Embeddings of keywords from their items alone: the provider "lsa".
#ifndef THRONG_TEXT_EMBEDDINGS_LSA_H
#define THRONG_TEXT_EMBEDDINGS_LSA_H

#include "text/keywords.h"

/// Rows of unit length or zero, (n_keyword, *dim), malloc'd. `*dim` is `def->dim` or, with a note,
/// the rank of the keywords' PPMI where that is less; keywords that tell no items apart get one
/// zero each. Errors: ARGUMENT (dim), CANCELLED, MEMORY.
throng_status embeddings_lsa(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                             const throng_progress *progress, float **out, int32_t *dim);

#endif
