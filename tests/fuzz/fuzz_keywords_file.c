/// Any bytes as a keyword file give an error or lists that keep every promise of keyword_sets; also
/// any bytes as a review's text can be tokenised.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "text/keywords_file.h"
#include "text/tokens.h"

enum { N_ITEM = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

static void check_lists(const int64_t *offset, const int32_t *list, int64_t bound) {
  must(offset[0] == 0);
  for (int i = 0; i < N_ITEM; ++i) {
    must(offset[i] <= offset[i + 1]);
    for (int64_t k = offset[i]; k < offset[i + 1]; ++k) {
      must(list[k] >= 0 && list[k] < bound);
      must(k == offset[i] || list[k] > list[k - 1]);
    }
  }
}

static throng_status check_token(void *context, token_kind kind, const char *surface,
                                 const char *stem) {
  (void)context;
  must((kind == TOKEN_BREAK) == (surface == NULL) && (kind == TOKEN_BREAK) == (stem == NULL));
  must(!surface || (*surface && *stem && strlen(surface) <= 40));
  return THRONG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static dataset d;
  static tokenizer *tokens;
  static const char *const id[N_ITEM] = {"a", "b", "c"};
  static int64_t category_offset[N_ITEM + 1] = {0, 1, 1, 1};
  static int32_t category[1] = {0};
  if (!tokens) {
    must(tokenizer_create(&tokens) == THRONG_OK);
    d = (dataset){.n_item = N_ITEM, .n_category = 1};
    d.category_offset = category_offset;
    d.category = category;
    for (int i = 0; i < N_ITEM; ++i) must(strings_append(&d.item_id, id[i], 1) == THRONG_OK);
    must(strings_append(&d.category_name, "rock", 4) == THRONG_OK);
  }
  must(tokenize(tokens, (const char *)data, size, check_token, NULL) == THRONG_OK);
  static int descriptor = -1;
  char path[64];
  if (descriptor < 0) descriptor = memfd_create("fuzz", 0);
  must(descriptor >= 0 && ftruncate(descriptor, 0) == 0);
  must(pwrite(descriptor, data, size, 0) == (ssize_t)size);
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  keyword_sets sets = {0};
  line_reader *lines;
  throng_status status = line_reader_open(path, "keywords.file", "read", NULL, &lines);
  if (status == THRONG_OK) status = keywords_read(lines, &d, NULL, &sets);
  line_reader_close(lines);
  if (status == THRONG_OK) {
    check_lists(sets.pos_offset, sets.pos, sets.keyword.n);
    check_lists(sets.neg_offset, sets.neg, sets.keyword.n);
    check_lists(sets.category_offset, sets.category_id, sets.category.n);
    for (int64_t k = 0; k < sets.keyword.n; ++k) must(strings_length(&sets.keyword, k) > 0);
  } else {
    must(status == THRONG_ERROR_DATA && *throng_error_message());
  }
  keyword_sets_free(&sets);
  return 0;
}
