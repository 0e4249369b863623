/// Any bytes as a stream of messages, and as a message's numbers and texts, lines and reports: what
/// is taken lies within what was given, and what is refused says why.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew/orders.h"
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

/// An order's line: what is taken reads back the same after it was written.
static void read_line(const uint8_t *data, size_t size) {
  wire_reader r = {data, size, false};
  crew_line line, again;
  bool has_file;
  if (line_get(&r, &line, &has_file) != THRONG_OK) {
    must(line.n == 0, "a refused line is empty");
    return;
  }
  must(line.n > 0 && line_rounds(&line) >= 0, "a line has legs");
  wire_writer w = {0};
  line_put(&w, &line);
  r = (wire_reader){w.data, w.size, false};
  must(line_get(&r, &again, &has_file) == THRONG_OK && again.n == line.n &&
           line_rounds(&again) == line_rounds(&line) && wire_end(&r, "line") == THRONG_OK,
       "a line reads back");
  free(w.data);
  line_free(&again);
  line_free(&line);
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

  read_line(data, size);
  crew_report report;
  message = (deal_message){ORDER_REPORT, data, size};
  if (report_get(&message, 8, &report) == THRONG_OK)
    must(report.slot >= 0 && report.slot < 8 && strlen(report.cause) < sizeof report.cause,
         "a report's limits");

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
