/// Changes to a file of f_sta's weights (inputs as fuzz_checkpoint.c has them): refused as a data
/// error, or opened, and then every answer is a probability and the weights can be written again.
#include "../support/small_world.h"
#include "../support/tensor_edit.h"
#include "cpu/backend_cpu.h"
#include "sta/sta.h"

static void must(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "broken: %s: %s\n", what, throng_error_message());
  abort();
}

static throng_backend *backend;
static throng_world world;

static file_bytes make_weights(void) {
  char path[] = "/tmp/throng-weights-XXXXXX";
  throng_sta_def def = throng_default_sta_def();
  throng_sta *sta;
  def.width = 4;
  def.layers = 2;
  def.heads = 2;
  def.window = 4;
  world = small_world(7, 6, 20, 3, 4);
  int file = mkstemp(path);
  must(file >= 0 && backend_cpu_open(1, &backend) == THRONG_OK, "a backend");
  must(throng_sta_create(backend, &world, &def, &sta) == THRONG_OK, "weights");
  must(throng_sta_save(sta, path) == THRONG_OK, "weights can be written");
  throng_sta_close(sta);
  close(file);
  file_bytes bytes = file_bytes_read(path);
  unlink(path);
  return bytes;
}

static void ask(const throng_sta *sta) {
  const int64_t offset[] = {0, 0, 6};
  const int32_t user[] = {5, 1}, candidate[] = {19, 3}, item[] = {1, 2, 3, 4, 5, 6};
  const uint8_t like[] = {1, 0, 1, 1, 0, 0};
  float p[2];
  must(throng_sta_score(sta, 2, user, candidate, offset, item, like, p) == THRONG_OK, "an answer");
  for (int k = 0; k < 2; ++k) must(p[k] >= 0 && p[k] <= 1, "an answer is a probability");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static file_bytes whole;
  if (!whole.data) whole = make_weights();
  if (size < 1) return 0;
  uint8_t *bytes = malloc(whole.length);
  memcpy(bytes, whole.data, whole.length);
  for (size_t at = 1; at + EDIT_BYTES <= size; at += EDIT_BYTES)
    file_bytes_edit(bytes, whole.length, data + at);
  if (data[0] & 1) (void)file_bytes_sum(bytes, whole.length);
  throng_sta *sta = NULL;
  throng_status status =
      throng_sta_open(backend, &world, file_bytes_path(bytes, whole.length), &sta);
  must(status == THRONG_OK || status == THRONG_ERROR_DATA, "a refusal is a data error");
  must((status == THRONG_OK) == (sta != NULL), "nothing is opened by a refusal");
  if (sta) {
    ask(sta);
    must(throng_sta_save(sta, "/dev/null") == THRONG_OK, "what opens can be written");
  }
  throng_sta_close(sta);
  free(bytes);
  return 0;
}
