/// Any bytes as JSON: the parser answers with a tree or with an error that says where, what it
/// takes reads back the same after printing, and its idea of UTF-8 is utf8proc's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/json.h"

static void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "broken: %s (%s)\n", what, throng_error_message());
  abort();
}

static int valid_by_utf8proc(const uint8_t *data, size_t size) {
  utf8proc_int32_t point;
  for (size_t at = 0; at < size;) {
    utf8proc_ssize_t n = utf8proc_iterate(data + at, (utf8proc_ssize_t)(size - at), &point);
    if (n <= 0) return 0;
    at += (size_t)n;
  }
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  must((utf8_valid_prefix(text, size) == size) == valid_by_utf8proc(data, size), "UTF-8");
  for (int flags = JSON_STRICT; flags <= JSON_COMMENTS; ++flags) {
    cJSON *root, *again;
    throng_status status = json_parse("input", 7, text, size, flags, &root);
    if (status != THRONG_OK) {
      must(root == NULL && status == THRONG_ERROR_DATA, "a refusal is a data error");
      must(!strncmp(throng_error_message(), "input", 5), "an error names its place");
      continue;
    }
    char *printed = cJSON_PrintUnformatted(root);
    must(printed != NULL, "a tree prints");
    must(json_parse("printed", 1, printed, strlen(printed), JSON_STRICT, &again) == THRONG_OK,
         "what was printed parses");
    must(cJSON_Compare(root, again, 1), "what was printed reads back the same");
    cJSON_free(printed);
    cJSON_Delete(root);
    cJSON_Delete(again);
  }
  return 0;
}
