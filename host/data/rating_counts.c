/// Histograms of ratings; see rating_counts.h.
#include "data/rating_counts.h"

#include <math.h>
#include <stdlib.h>

const char *dataset_repeated_word(dataset_repeated repeated) {
  static const char *const word[] = {"first", "last", "mean"};
  return word[repeated];
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/// A float as the decimal that it was read from: 3.9 and not 3.900000095.
static double as_read(float rating) {
  double r = (double)rating;
  return fabs(r) < 1e6 ? rint(r * 1e4) / 1e4 : r;
}

/// One bin a value of the sorted ratings; false where there are too many.
static bool bin_values(const float *sorted, int64_t n, dataset_counts *counts) {
  counts->n_rating = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || sorted[i] != sorted[i - 1]) {
      if (counts->n_rating == DATASET_MAX_BINS) return false;
      counts->rating[counts->n_rating++] = (rating_bin){as_read(sorted[i]), as_read(sorted[i]), 0};
    }
    counts->rating[counts->n_rating - 1].count++;
  }
  return true;
}

static void bin_widths(const float *sorted, int64_t n, dataset_counts *counts) {
  double least = (double)sorted[0], width = ((double)sorted[n - 1] - least) / DATASET_MAX_BINS;
  counts->n_rating = DATASET_MAX_BINS;
  for (int b = 0; b < DATASET_MAX_BINS; b++)
    counts->rating[b] = (rating_bin){least + b * width, least + (b + 1) * width, 0};
  counts->rating[DATASET_MAX_BINS - 1].to = (double)sorted[n - 1];
  int b = 0;
  for (int64_t i = 0; i < n; i++) {
    while (b + 1 < DATASET_MAX_BINS && (double)sorted[i] >= counts->rating[b].to) b++;
    counts->rating[b].count++;
  }
}

throng_status dataset_count_ratings(const dataset *data, dataset_counts *counts) {
  int64_t n = data->n_interaction;
  float *sorted;
  counts->likes = 0;
  for (int64_t i = 0; i < n; i++) counts->likes += data->like[i];
  counts->dislikes = n - counts->likes;
  THRONG_TRY(throng_alloc((void **)&sorted, (size_t)n, sizeof *sorted, "ratings"));
  for (int64_t i = 0; i < n; i++) sorted[i] = data->rating[i];
  if (n > 1) qsort(sorted, (size_t)n, sizeof *sorted, by_value);
  if (n > 0 && !bin_values(sorted, n, counts)) bin_widths(sorted, n, counts);
  free(sorted);
  return THRONG_OK;
}
