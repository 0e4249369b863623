/// Fuzzes tables of items and tags beside fixed interactions: option byte, table, separator, tags.
#include "reader_fuzz.h"

/// A third file for the interactions, which stay as they are.
static const char *interactions(dataset_format format) {
  static const char csv[] = "user,item,rating\nu,1,5\nu,2,1\nv,1,4\nv,3,2\nw,a,5\nw,b,3\n";
  static const char movielens[] = "userId,movieId,rating,timestamp\n1,1,5,10\n1,2,1,20\n2,3,4,30\n";
  static char path[2][64];
  int which = format == DATASET_CSV ? 0 : 1;
  if (path[which][0] == '\0') {
    const char *text = which ? movielens : csv;
    int descriptor = memfd_create("rows", 0);
    REQUIRE(descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path[which], sizeof path[which], "/proc/self/fd/%d", descriptor);
  }
  return path[which];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const char *path[2];
  dataset_def def = dataset_default_def();
  reader_fuzz_split(data + 1, size - 1, path);
  def.format = data[0] & 1 ? DATASET_MOVIELENS : DATASET_CSV;
  def.file = def.ratings = interactions(def.format);
  def.items = path[0];
  def.tags = def.format == DATASET_MOVIELENS ? path[1] : NULL;
  def.cold_items = data[0] & 2;
  def.repeated = (dataset_repeated)(data[0] >> 2 & 3) % 3;
  if (data[0] & 16) {
    def.items_item = "i";
    def.items_title = "t";
    def.items_categories = "c, d";
    def.items_attributes = data[0] & 32 ? "a,year,price" : NULL;
  }
  reader_fuzz_read(&def);
  return 0;
}
