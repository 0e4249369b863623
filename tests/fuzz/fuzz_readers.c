/// Fuzzes the readers of Yelp, Anime, MovieLens and RecBole: option byte whose low bits choose,
/// interactions, separator, items.
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const dataset_format format[4] = {DATASET_YELP, DATASET_ANIME, DATASET_MOVIELENS,
                                           DATASET_RECBOLE};
  if (size == 0) return 0;
  const char *path[2];
  reader_fuzz_split(data + 1, size - 1, path);
  dataset_def def = dataset_default_def();
  def.format = format[data[0] & 3];
  def.reviews = def.ratings = def.interactions = path[0];
  def.businesses = def.items = path[1];
  def.state = data[0] & 4 ? "MO" : NULL;
  def.k_core = data[0] >> 3 & 3;
  def.max_interactions = data[0] >> 6;
  reader_fuzz_read(&def);
  return 0;
}
