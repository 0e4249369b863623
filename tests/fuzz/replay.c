/// Runs a fuzz target once over every file of its corpus: what libFuzzer's -runs=0 does, for
/// compilers that have no libFuzzer. Finds nothing new.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static int replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  uint8_t *data = NULL;
  size_t size = 0, got;
  do {
    uint8_t *grown = realloc(data, size + 65536);
    if (!grown) {
      fprintf(stderr, "%s: %zu bytes do not fit into memory\n", path, size);
      free(data);
      fclose(file);
      return 1;
    }
    data = grown;
    got = fread(data + size, 1, 65536, file);
    size += got;
  } while (got > 0);
  fclose(file);
  // A buffer of the exact size, so that AddressSanitizer sees a read past its end.
  uint8_t *exact = realloc(data, size ? size : 1);
  LLVMFuzzerTestOneInput(exact ? exact : data, size);
  free(exact ? exact : data);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  DIR *folder = opendir(argv[1]);
  if (!folder) {
    perror(argv[1]);
    return 1;
  }
  int n_file = 0, failed = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    failed |= replay(path);
    ++n_file;
  }
  closedir(folder);
  printf("%d inputs replayed\n", n_file);
  return failed || n_file == 0;
}
