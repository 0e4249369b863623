/// Keywords: defaults and checks of the settings.
#include "text/keywords.h"

#include <math.h>
#include <stdlib.h>

keywords_def keywords_default_def(void) {
  return (keywords_def){.provider = KEYWORDS_LEXICAL,
                        .min_items = 2,
                        .max_share = 0.5,
                        .per_item = 12,
                        .per_category = 8,
                        .prior = 0.01,
                        .min_z = 1.0};
}

throng_status keywords_check(const keywords_def *def) {
  const throng_status bad = THRONG_ERROR_ARGUMENT;
  if (def->min_items < 0)
    return throng_fail(bad, "keywords.min_items: %d, expected 0 or more", def->min_items);
  if (!(def->max_share > 0 && def->max_share <= 1))
    return throng_fail(bad, "keywords.max_share: %g, expected above 0 and at most 1",
                       def->max_share);
  if (def->per_item < 0 || def->per_item > 10000)
    return throng_fail(bad, "keywords.per_item: %d, expected 0 to 10000", def->per_item);
  if (def->per_category < 0 || def->per_category > 10000)
    return throng_fail(bad, "keywords.per_category: %d, expected 0 to 10000", def->per_category);
  if (!(def->prior > 0 && isfinite(def->prior)))
    return throng_fail(bad, "keywords.prior: %g, expected a number above 0", def->prior);
  if (!(def->min_z >= 0 && isfinite(def->min_z)))
    return throng_fail(bad, "keywords.min_z: %g, expected a number from 0", def->min_z);
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
