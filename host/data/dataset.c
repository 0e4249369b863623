/// A data set's end.
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

const char *const dataset_usual_missing[] = {"NA",   "N/A",  "n/a", "NaN",  "nan", "None",
                                             "NULL", "null", "\\N", "<NA>", NULL};

void dataset_free(dataset *d) {
  if (!d) return;
  strings_free(&d->user_id);
  strings_free(&d->item_id);
  strings_free(&d->item_name);
  strings_free(&d->text);
  strings_free(&d->category_name);
  strings_free(&d->attribute_name);
  strings_free(&d->facts);
  free(d->user_offset);
  free(d->item);
  free(d->rating);
  free(d->like);
  free(d->time);
  free(d->later_offset);
  free(d->later_item);
  free(d->later_rating);
  free(d->later_like);
  free(d->later_time);
  free(d->category_offset);
  free(d->category);
  free(d->attribute_offset);
  free(d->attribute);
  *d = (dataset){0};
}
