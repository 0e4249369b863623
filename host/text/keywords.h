/// Reasons to like and dislike an item, as keywords, and their embeddings.
#ifndef THRONG_TEXT_KEYWORDS_H
#define THRONG_TEXT_KEYWORDS_H

#include "data/dataset.h"

typedef enum keywords_provider { KEYWORDS_LEXICAL, KEYWORDS_FILE, KEYWORDS_LLM } keywords_provider;
typedef enum embedding_provider {
  EMBEDDING_LSA,
  EMBEDDING_FILE,
  EMBEDDING_SERVER
} embedding_provider;

struct llm_def;  // llm/llm.h

/// Section "keywords".
typedef struct keywords_def {
  keywords_provider provider;
  const char *file;           // provider file: JSON lines {"item","categories","pros","cons"}
  int32_t min_items;          // 2; keywords of fewer items go (extracted ones only)
  double max_share;           // 0.5; keywords of a larger share of items go (extracted ones only)
  int32_t per_item;           // 12; at most so many a side from an item's own reviews
  int32_t per_category;       // 8; at most so many a side from each category
  double prior;               // 0.01; strength of the Dirichlet prior, per corpus word
  double min_z;               // 1.0; least z-score of a log-odds ratio
  const struct llm_def *llm;  // provider llm: whom to ask
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
  const struct llm_def *llm;
} embedding_def;

extern const field_table keywords_fields, embedding_fields;
keywords_def keywords_default_def(void);
embedding_def embedding_default_def(void);

/// Why answers could not be read, most of all and one of them, in one line.
typedef struct llm_fault {
  const char *why;  // static
  int64_t n;
  char example[168];
} llm_fault;
enum { LLM_MAX_FAULTS = 10 };

/// How a language model's answers became keywords; zeros with the other providers.
typedef struct llm_counts {
  int64_t requests, from_store, asked, failed;  // failed: no answer could be had
  int64_t refused, filtered, cut_off;           // answers: by the model, by a filter, by max_tokens
  int64_t answers;                              // in the store, of these requests
  int64_t empty;                                // answers that there is no reason
  int64_t unreadable;                           // answers in which none was found otherwise
  int64_t reread, recovered;                    // read again; of these, with reasons now alone
  int64_t reasons;                              // read from answers
  int64_t other_side, malformed;                // left out while reading
  int64_t keywords;                             // of the reasons
  int64_t unproven;                             // dropped: the evidence is not in the given text
  int64_t unusable;                             // dropped: no word left, or too many
  int64_t kept;                                 // (item, side, keyword), before they are joined
  int64_t items_both_sides;                     // items with keywords on both sides in the end
  int64_t prompt_tokens, completion_tokens;     // of this run
  double seconds, busy;                         // of this run; request-seconds in flight
  llm_fault fault[LLM_MAX_FAULTS];              // of the unreadable ones
} llm_counts;

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
  llm_counts llm;
} keyword_sets;

throng_status keywords_extract(const keywords_def *def, const dataset *data,
                               const throng_progress *progress, keyword_sets *out);
void keyword_sets_free(keyword_sets *sets);

/// Embedding of every keyword: (n_keyword, dim), of unit length or zero by lsa and server, as they
/// are from a file. `*out` is malloc'd.
throng_status embeddings_make(const embedding_def *def, const keyword_sets *sets, int64_t n_item,
                              const throng_progress *progress, float **out, int32_t *dim);

#endif
