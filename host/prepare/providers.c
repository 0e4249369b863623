/// The tables of providers, and what holds whichever of them is asked.
#include "prepare/providers.h"

#include <stdlib.h>

#include "llm/embed.h"
#include "llm/keywords_llm.h"
#include "text/embeddings_file.h"
#include "text/embeddings_lsa.h"
#include "text/keyword_builder.h"

/// What a provider of keywords is given, and where it puts what it finds.
typedef struct keywords_task {
  const keywords_def *def;
  const llm_def *llm;
  const dataset *data;
  const throng_progress *progress;
  keyword_sets *out;
  llm_counts *counts;
} keywords_task;

static throng_status from_texts(const keywords_task *t) {
  return keywords_lexical(t->def, t->data, t->progress, t->out);
}
static throng_status from_file(const keywords_task *t) {
  return keywords_from_file(t->def, t->data, t->progress, t->out);
}
static throng_status from_model(const keywords_task *t) {
  if (!t->llm)
    return throng_fail(THRONG_ERROR_ARGUMENT, "keywords: provider llm needs the section llm");
  return keywords_llm(t->def, t->llm, t->data, t->progress, t->out, t->counts);
}

static throng_status (*const keywords_providers[])(const keywords_task *) = {
    [KEYWORDS_LEXICAL] = from_texts,
    [KEYWORDS_FILE] = from_file,
    [KEYWORDS_LLM] = from_model,
};

typedef struct embedding_task {
  const embedding_def *def;
  const llm_def *llm;
  const keyword_sets *sets;
  int64_t n_item;
  const throng_progress *progress;
  float **out;
  int32_t *dim;
} embedding_task;

static throng_status by_lsa(const embedding_task *t) {
  return embeddings_lsa(t->def, t->sets, t->n_item, t->progress, t->out, t->dim);
}
static throng_status by_file(const embedding_task *t) {
  return embeddings_from_file(t->def, t->sets, t->progress, t->out, t->dim);
}
static throng_status by_server(const embedding_task *t) {
  if (!t->llm)
    return throng_fail(THRONG_ERROR_ARGUMENT, "embedding: provider server needs the section llm");
  return embed_from_server(t->def, t->llm, t->sets, t->progress, t->out, t->dim);
}

static throng_status (*const embedding_providers[])(const embedding_task *) = {
    [EMBEDDING_LSA] = by_lsa,
    [EMBEDDING_FILE] = by_file,
    [EMBEDDING_SERVER] = by_server,
};

static void warn_of_items_without(const keyword_sets *sets, int64_t n_item,
                                  const throng_progress *progress) {
  if (!sets->items_without) return;
  throng_note(progress, "warning: %lld of %lld items have no keyword%s",
              (long long)sets->items_without, (long long)n_item,
              sets->items_without * 2 > n_item
                  ? ", so that most logical votes are coins; see keywords.min_items and max_share, "
                    "and what is known of the items (dataset.items, review texts)"
                  : "");
}

throng_status keywords_extract(const keywords_def *def, const llm_def *llm, const dataset *data,
                               const throng_progress *progress, keyword_sets *out,
                               llm_counts *counts) {
  llm_counts uncounted;
  keywords_task task = {def, llm, data, progress, out, counts ? counts : &uncounted};
  *task.out = (keyword_sets){0};
  *task.counts = (llm_counts){0};
  THRONG_TRY(fields_check(&keywords_fields, def));
  throng_status status = keywords_providers[def->provider](&task);
  if (status == THRONG_OK)
    warn_of_items_without(out, data->n_item, progress);
  else
    keyword_sets_free(out);
  return status;
}

throng_status embeddings_make(const embedding_def *def, const llm_def *llm,
                              const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim) {
  *out = NULL;
  *dim = 0;
  if (!sets->keyword.n)
    return throng_fail(THRONG_ERROR_DATA,
                       "embedding: the items have no keyword at all; lower keywords.min_items, "
                       "raise keywords.max_share, give what is known of the items "
                       "(dataset.items, review texts), or keywords by file");
  THRONG_TRY(fields_check(&embedding_fields, def));
  const embedding_task task = {def, llm, sets, n_item, progress, out, dim};
  throng_status status = embedding_providers[def->provider](&task);
  if (status != THRONG_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}
