/// Embeddings of keywords: LSA, and the choice of the provider.
#include <stdlib.h>

#include "llm/embed.h"
#include "text/embeddings_file.h"
#include "text/keywords.h"
#include "text/lsa.h"

static throng_status make_lsa(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
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

throng_status embeddings_make(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim) {
  *out = NULL;
  *dim = 0;
  if (!sets->keyword.n)
    return throng_fail(THRONG_ERROR_DATA,
                       "embedding: the items have no keyword at all; lower keywords.min_items, "
                       "raise keywords.max_share, give what is known of the items "
                       "(dataset.items, review texts), or keywords by file");
  THRONG_TRY(fields_check(&embedding_fields, def));
  throng_status status = THRONG_OK;
  switch (def->provider) {
    case EMBEDDING_LSA: status = make_lsa(def, sets, n_item, progress, out, dim); break;
    case EMBEDDING_FILE: status = embeddings_from_file(def, sets, progress, out, dim); break;
    case EMBEDDING_SERVER: status = embed_from_server(def, sets, progress, out, dim); break;
  }
  if (status != THRONG_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}
