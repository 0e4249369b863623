/// Fuzzes the Amazon reader: option byte, reviews or ratings, separator, metadata.
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *path[2];
  reader_fuzz_split(data + 1, size - 1, path);
  dataset_def def = dataset_default_def();
  def.format = DATASET_AMAZON;
  def.reviews = path[0];
  def.metadata = path[1];
  def.k_core = data[0] & 3;
  def.max_interactions = data[0] >> 6;
  reader_fuzz_read(&def);
  return 0;
}
