/// Raw files to a world, stage by stage.
#include "prepare/prepare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "data/dataset_read.h"
#include "llm/extract.h"
#include "prepare/build_world.h"
#include "prepare/providers.h"

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/// "amazon reviews_x.json.gz meta_x.json.gz; keywords lexical; embedding lsa"
static void describe(const prepare_def *def, bool implicit, char *text, size_t size) {
  NUMBERS_WITHOUT_LOCALE;
  size_t used = (size_t)snprintf(text, size, "%s", dataset_format_names[def->dataset->format]);
  for (int i = 0; i < dataset_fields.count && used < size; ++i) {
    const field *f = &dataset_fields.row[i];
    const char *path = f->kind == FIELD_KIND_PATH ? field_text(f, def->dataset) : NULL;
    if (path) used += (size_t)snprintf(text + used, size - used, " %s", base_name(path));
  }
  if (used < size)
    snprintf(text + used, size - used, "%s; keywords %s; embedding %s",
             implicit ? ", every row a like" : "",
             field_name(fields_find(&keywords_fields, "provider"), def->keywords),
             field_name(fields_find(&embedding_fields, "provider"), def->embedding));
  const double share = def->dataset->later_share;
  used = strlen(text);
  if (share > 0 && used < size)
    snprintf(text + used, size - used, "; the last %g of each history kept apart", share);
}

throng_status prepare_world(const prepare_def *def, const char *path,
                            const throng_progress *progress, prepare_report *report) {
  prepare_report local = {0};
  dataset data = {0};
  keyword_sets sets = {0};
  float *embedding = NULL;
  int32_t dim = 0;
  char source[512];
  throng_world *world = NULL;
  throng_status status;
  double start = clock_now();
  THRONG_TRY_GOTO(throng_alloc((void **)&world, 1, sizeof *world, "world"));
  THRONG_TRY_GOTO(dataset_read(def->dataset, progress, &data));
  local.counts = data.counts;
  local.has_text = data.has_text;
  double after_reading = clock_now();
  THRONG_TRY_GOTO(keywords_extract(def->keywords, def->llm, &data, progress, &sets, &local.llm));
  if (def->llm) THRONG_TRY_GOTO(extract_verdict(&local.llm, def->llm->store));
  strings_free(&data.text);  // the largest part by far, and needed no more
  double after_keywords = clock_now();
  THRONG_TRY_GOTO(
      embeddings_make(def->embedding, def->llm, &sets, data.n_item, progress, &embedding, &dim));
  double after_embedding = clock_now();
  describe(def, data.implicit, source, sizeof source);
  THRONG_TRY_GOTO(world_build(&data, &sets, embedding, dim, source,
                              data.implicit ? NAN : def->dataset->like_threshold, world));
  THRONG_TRY_GOTO(throng_world_save(world, path));
  local.keywords = sets.keyword.n;
  local.dropped_common = sets.dropped_common;
  local.dropped_rare = sets.dropped_rare;
  local.items_without = sets.items_without;
  local.keyword_join = sets.join;
  local.keyword_seconds = after_keywords - after_reading;
  local.embedding_seconds = after_embedding - after_keywords;
  local.seconds = clock_now() - start;
  if (report) *report = local;
done:
  throng_world_close(world);
  free(embedding);
  keyword_sets_free(&sets);
  dataset_free(&data);
  return status;
}
