/// Raw files to a world file: reading, keywords, embeddings and building in one call, with a
/// report. The stages themselves are in host/data, host/text and host/world.
#ifndef THRONG_PREPARE_PREPARE_H
#define THRONG_PREPARE_PREPARE_H

#include "config/config.h"

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

/// Write the world that the sections dataset, keywords and embedding ask for to `path`, atomically;
/// the variables of the paths that it reads are put in. `report` may be NULL.
throng_status prepare_world(throng_config *config, const char *path,
                            const throng_progress *progress, prepare_report *report);

#endif
