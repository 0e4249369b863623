/// Keywords: the choice of the provider.
#include "text/keywords.h"

#include <stdlib.h>

#include "text/keyword_builder.h"

throng_status keywords_extract(const keywords_def *def, const dataset *data,
                               const throng_progress *progress, keyword_sets *out) {
  *out = (keyword_sets){0};
  THRONG_TRY(fields_check(&keywords_fields, def));
  throng_status status = THRONG_OK;
  switch (def->provider) {
    case KEYWORDS_LEXICAL: status = keywords_lexical(def, data, progress, out); break;
    case KEYWORDS_FILE: status = keywords_from_file(def, data, progress, out); break;
    case KEYWORDS_LLM: status = keywords_llm(def, data, progress, out); break;
  }
  if (status != THRONG_OK) {
    keyword_sets_free(out);
    return status;
  }
  if (out->items_without)
    throng_note(
        progress, "warning: %lld of %lld items have no keyword%s", (long long)out->items_without,
        (long long)data->n_item,
        out->items_without * 2 > data->n_item
            ? ", so that most logical votes are coins; see keywords.min_items and max_share, "
              "and what is known of the items (dataset.items, review texts)"
            : "");
  return THRONG_OK;
}

void keyword_sets_free(keyword_sets *sets) {
  strings_free(&sets->keyword);
  strings_free(&sets->category);
  free(sets->pos_offset);
  free(sets->pos);
  free(sets->neg_offset);
  free(sets->neg);
  free(sets->category_offset);
  free(sets->category_id);
  *sets = (keyword_sets){0};
}
