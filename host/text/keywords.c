/// The end of keyword sets.
#include "text/keywords.h"

#include <stdlib.h>

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
