/// Any bytes as a stream of messages, and as a message's numbers and texts: what is taken lies
/// within what was given, and what is refused says why.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deal/frame.h"

static void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "broken: %s (%s)\n", what, throng_error_message());
  abort();
}

static void read_stream(const uint8_t *data, size_t size) {
  while (size > 0) {
    deal_message message;
    size_t used;
    if (frame_read(data, size, 4096, &message, &used) != THRONG_OK || used == 0) return;
    must(used == FRAME_HEADER + message.size && used <= size, "a frame's length");
    must(message.size == 0 || (message.data > data && message.data + message.size <= data + size),
         "a frame's place");
    data += used;
    size -= used;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_stream(data, size);
  // The same bytes behind a header that fits them.
  uint8_t *frame = malloc(FRAME_HEADER + size);
  if (!frame) return 0;
  frame_header(frame, 77, data, size);
  memcpy(frame + FRAME_HEADER, data, size);
  deal_message message;
  size_t used;
  must(frame_read(frame, FRAME_HEADER + size, size, &message, &used) == THRONG_OK &&
           used == FRAME_HEADER + size && message.type == 77,
       "a frame reads back");
  free(frame);

  wire_reader r = {data, size, false};
  const char **texts;
  must(wire_get_texts(&r, &texts) == THRONG_OK, "texts");
  size_t length = 0;
  for (int k = 0; texts[k]; ++k) length += strlen(texts[k]) + 5;
  must(length <= size, "texts within the message");
  free(texts);
  while (r.left > 0 && !r.bad) {
    wire_get_u32(&r);
    wire_get_text(&r);
  }
  if (!r.bad) must(wire_end(&r, "input") == THRONG_OK, "an end");
  return 0;
}
