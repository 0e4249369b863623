/// Raw files to a world file: reading, keywords, embeddings and building in one call, with a
/// report. The stages themselves are in host/data, host/text, host/llm and host/world.
#ifndef THRONG_PREPARE_PREPARE_H
#define THRONG_PREPARE_PREPARE_H

#include "data/dataset.h"
#include "llm/llm.h"
#include "llm/llm_counts.h"
#include "text/keywords.h"

/// What a world is made from and how: the Defs of the rooms that take part.
typedef struct prepare_def {
  const dataset_def *dataset;
  const keywords_def *keywords;
  const embedding_def *embedding;
  const llm_def *llm;  // asked where a provider is llm or server
} prepare_def;

typedef struct prepare_report {
  dataset_counts counts;  // what was read and dropped
  bool has_text;
  int64_t keywords;                      // kept
  int64_t dropped_common, dropped_rare;  // by the document-frequency bounds
  int64_t items_without;                 // items that ended without any keyword
  join_count keyword_join;               // of items and keywords.file
  llm_counts llm;                        // zeros where no model was asked
  double keyword_seconds, embedding_seconds, seconds;
} prepare_report;

/// Write the world to `path`, atomically. `report` may be NULL. Errors: those of reading
/// (dataset.h), of the providers (providers.h), DATA where most of a model's answers could not be
/// read, those of world_build and world_save.
throng_status prepare_world(const prepare_def *def, const char *path,
                            const throng_progress *progress, prepare_report *report);

#endif
