/// Fuzzes the CSV reader: option byte, file. Columns have the usual names or single letters.
#include "reader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = reader_fuzz_file(0, data + 1, size - 1);
  def.k_core = data[0] & 3;
  def.max_interactions = data[0] >> 6;
  if (data[0] & 4) {
    def.column_user = "u";
    def.column_item = "i";
    def.column_rating = "r";
    def.column_time = data[0] & 8 ? "t" : NULL;
    def.column_text = data[0] & 16 ? "x" : NULL;
  }
  reader_fuzz_read(&def);
  return 0;
}
