/// Where keywords and their embeddings come from: one table of providers each. To add a provider:
/// a value of its enum (text/keywords.h) and a row in providers.c.
#ifndef THRONG_PREPARE_PROVIDERS_H
#define THRONG_PREPARE_PROVIDERS_H

#include "llm/llm.h"
#include "llm/llm_counts.h"
#include "text/keywords.h"

/// `llm`: whom the provider llm asks; NULL will do for the others. `counts` (NULL is allowed) gets
/// what became of a model's answers, zeros where none was asked. Errors: ARGUMENT (a value out of
/// range, no `llm`), those of the provider; `*out` is empty then.
throng_status keywords_extract(const keywords_def *def, const llm_def *llm, const dataset *data,
                               const throng_progress *progress, keyword_sets *out,
                               llm_counts *counts);

/// Embedding of every keyword: (n_keyword, *dim), malloc'd; of unit length or zero by lsa and
/// server, as they are from a file. `llm`: what the provider server takes its store, retries and
/// limits from. Errors: DATA where there are no keywords, ARGUMENT, those of the provider.
throng_status embeddings_make(const embedding_def *def, const llm_def *llm,
                              const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim);

#endif
