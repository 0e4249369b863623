/// Reasons to like and dislike an item, as keywords, and their embeddings: what is asked for and
/// what comes out. Which provider makes them is prepare/providers.h.
#ifndef THRONG_TEXT_KEYWORDS_H
#define THRONG_TEXT_KEYWORDS_H

#include "data/dataset.h"

typedef enum keywords_provider { KEYWORDS_LEXICAL, KEYWORDS_FILE, KEYWORDS_LLM } keywords_provider;
typedef enum embedding_provider {
  EMBEDDING_LSA,
  EMBEDDING_FILE,
  EMBEDDING_SERVER
} embedding_provider;

/// Section "keywords".
typedef struct keywords_def {
  keywords_provider provider;
  const char *file;      // provider file: JSON lines {"item","categories","pros","cons"}
  int32_t min_items;     // 2; keywords of fewer items go (extracted ones only)
  double max_share;      // 0.5; keywords of a larger share of items go (extracted ones only)
  int32_t per_item;      // 12; at most so many a side from an item's own reviews
  int32_t per_category;  // 8; at most so many a side from each category
  double prior;          // 0.01; strength of the Dirichlet prior, per corpus word
  double min_z;          // 1.0; least z-score of a log-odds ratio
} keywords_def;

/// Section "embedding".
typedef struct embedding_def {
  embedding_provider provider;
  const char *file, *vocabulary;  // provider file
  int32_t dim;                    // 128
  uint32_t seed;                  // 1; of the range finder
  // Provider server: a model behind /embeddings, with what `llm` says of store, retries and limits.
  const char *url, *model, *api_key_env;  // url NULL: llm's, and its key and headers with it
  const char *api_key_header, *headers;
  int32_t batch;  // 64; texts a request
} embedding_def;

extern const field_table keywords_fields, embedding_fields;
keywords_def keywords_default_def(void);
embedding_def embedding_default_def(void);

/// P(i), N(i) and C(i) of every item: CSR lists, rising within an item.
typedef struct keyword_sets {
  string_table keyword;  // (n_keyword)
  int64_t *pos_offset;   // (n_item + 1)
  int32_t *pos;
  int64_t *neg_offset;  // (n_item + 1)
  int32_t *neg;
  string_table category;  // (n_category)
  int64_t *category_offset;
  int32_t *category_id;
  int64_t dropped_common, dropped_rare, items_without;  // for the report
  join_count join;                                      // provider file: of items and their lines
} keyword_sets;

void keyword_sets_free(keyword_sets *sets);

#endif
