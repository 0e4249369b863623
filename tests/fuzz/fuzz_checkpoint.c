/// Changes to a whole checkpoint: refused as a data error with nothing changed, or taken, and then
/// the agent can train on. An input is a byte that chooses (1: the checksum is made anew, 2: the
/// other agent) and edits of EDIT_BYTES each (support/tensor_edit.h), so that kept inputs stay good
/// when the format of a checkpoint changes.
#include "../support/tiny_checkpoint.h"

static void must(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "broken: %s: %s\n", what, throng_error_message());
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static tiny_checkpoint agents[2];
  static bool made;
  for (int variant = 0; !made && variant < 2; ++variant)
    must(tiny_checkpoint_make(&agents[variant], variant) == THRONG_OK, "an agent");
  made = true;
  if (size < 1) return 0;
  tiny_checkpoint *agent = &agents[data[0] >> 1 & 1];
  uint8_t *bytes = malloc(agent->bytes.length);
  memcpy(bytes, agent->bytes.data, agent->bytes.length);
  for (size_t at = 1; at + EDIT_BYTES <= size; at += EDIT_BYTES)
    file_bytes_edit(bytes, agent->bytes.length, data + at);
  bool changed = memcmp(bytes, agent->bytes.data, agent->bytes.length) != 0;
  bool summed = (data[0] & 1) && file_bytes_sum(bytes, agent->bytes.length);
  throng_status status = tiny_checkpoint_try(agent, bytes, agent->bytes.length);
  must(status == THRONG_OK || status == THRONG_ERROR_DATA, "a refusal is a data error");
  must(status != THRONG_OK || summed || !changed, "a change without its checksum is refused");
  must(status == THRONG_OK || changed, "what was written is taken");
  free(bytes);
  return 0;
}
