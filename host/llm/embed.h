/// Embeddings of texts from a server's /embeddings, in batches, through the store.
#ifndef THRONG_LLM_EMBED_H
#define THRONG_LLM_EMBED_H

#include "llm/store.h"
#include "text/keywords.h"

/// What one answer's body says: `n` vectors of `*dim` numbers (0: any; then set), in the order of
/// `index`, into `out` (n, *dim; malloc'd). Base64 of little-endian float32 or lists of numbers.
/// Errors: DATA naming what is wrong: no such body, an index missing or twice, a dimension other
/// than expected, a number that is not finite; MEMORY.
/// `*json` false: the body is no JSON at all, which another try may heal.
throng_status embed_read(const char *body, size_t length, int64_t n, int32_t *dim, float **out,
                         int64_t *tokens, bool *json);

/// Rows of unit length for every keyword, (n_keyword, *dim), malloc'd; provider server.
throng_status embed_from_server(const embedding_def *def, const keyword_sets *sets,
                                const throng_progress *progress, float **out, int32_t *dim);

#endif
