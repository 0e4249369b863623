/// Fuzzes dialects, times, missing values and bad rows of a CSV file: three option bytes, file. The
/// file may be compressed.
#include "reader_fuzz.h"

static const char *choose(const char *const list[8], unsigned at) { return list[at & 7]; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const separator[8] = {NULL, ",", ";", "tab", "|", "::", " ", NULL};
  static const char *const quote[8] = {NULL, "\"", "'", "none", NULL, "\"", NULL, NULL};
  static const char *const escape[8] = {NULL, "\\", "none", "\"", NULL, "^", NULL, NULL};
  static const char *const names[] = {"user", "item", "rating", "time", NULL};
  static const char *const missing[] = {"0", "", "-", NULL};
  if (size < 3) return 0;
  dataset_def def = dataset_default_def();
  def.format = DATASET_CSV;
  def.file = reader_fuzz_file(0, data + 3, size - 3);
  def.csv.separator = choose(separator, data[0]);
  def.csv.quote = choose(quote, data[0] >> 3);
  def.csv.escape = choose(escape, data[1]);
  def.csv.names = data[0] & 0x80 ? names : NULL;
  if (data[0] & 0x40) def.missing = missing;
  def.time_unit = (time_unit)((data[1] >> 3) % 6);
  def.rating_kind = (dataset_rating)((data[2] & 3) % 3);
  def.negatives = data[2] >> 2 & 3;
  def.max_bad_rows = data[2] & 16 ? 3 : data[2] & 32 ? 1000 : 0;
  reader_fuzz_read(&def);
  return 0;
}
