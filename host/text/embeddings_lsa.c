/// Embeddings by LSA, with what a person should know of them.
#include "text/embeddings_lsa.h"

#include <stdlib.h>

#include "text/embeddings_file.h"
#include "text/lsa.h"

throng_status embeddings_lsa(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                             const throng_progress *progress, float **out, int32_t *dim) {
  if (!throng_report(progress, "embedding", 0, sets->keyword.n, "keywords"))
    return throng_cancelled("embedding");
  THRONG_TRY(lsa_embed(sets, n_item, def->dim, def->seed, out, dim));
  if (*dim == def->dim) return THRONG_OK;
  throng_note(progress, "embedding.dim lowered from %d to %d, the rank of the keywords' PPMI",
              def->dim, *dim > 0 ? *dim : 1);
  if (*dim > 0) return THRONG_OK;
  // Keywords that tell no items apart: all zero, and one number wide so that arrays have a shape.
  free(*out);
  *dim = 1;
  return throng_alloc((void **)out, (size_t)sets->keyword.n, sizeof **out, "keyword embeddings");
}
