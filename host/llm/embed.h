/// Embeddings of texts from a server's /embeddings, in batches, through the store.
#ifndef THRONG_LLM_EMBED_H
#define THRONG_LLM_EMBED_H

#include "llm/llm.h"
#include "llm/redact.h"
#include "llm/store.h"
#include "text/keywords.h"

/// What one answer said beside its vectors.
typedef struct embed_reply {
  int64_t tokens;     // -1: not told
  bool json;          // false: the body is no JSON at all, which another try may heal
  int64_t at;         // after an error: the text whose vector is wrong; -1: none alone
  long error_status;  // after an error: the HTTP status that the body stands for; 0
} embed_reply;

/// What one answer's body says: `n` vectors of `*dim` numbers (0: any; then set), in the order of
/// `index`, into `out` (n, *dim; malloc'd). Base64 of little-endian float32 (or float64, where that
/// alone makes sense) or lists of numbers. Errors: DATA naming what is wrong: no such body, the
/// server's own error, an index missing or twice, lists within lists, a dimension other than
/// expected, a number that is not finite, nothing but zeros; MEMORY.
throng_status embed_read(const char *body, size_t length, int64_t n, const secrets *secret,
                         int32_t *dim, float **out, embed_reply *reply);

/// Rows of unit length for every keyword, (n_keyword, *dim), malloc'd; provider server, with
/// `llm`'s store, retries, limits and, where the section has none, address.
throng_status embed_from_server(const embedding_def *def, const llm_def *llm,
                                const keyword_sets *sets, const throng_progress *progress,
                                float **out, int32_t *dim);

#endif
