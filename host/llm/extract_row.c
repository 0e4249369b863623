/// From answers to rows, and their faults counted.
#include "llm/extract_row.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

throng_status row_maker_open(row_maker *m) {
  *m = (row_maker){0};
  return keyword_reader_create(&m->reader);
}

void row_maker_close(row_maker *m) {
  keyword_reader_free(m->reader);
  for (int side = 0; side < 2; ++side) bytes_free(&m->kept[side]);
  bytes_free(&m->keywords);
  *m = (row_maker){0};
}

static throng_status keep_keyword(void *context, chat_side side, const char *surface,
                                  const char *stem) {
  (void)stem;
  byte_buffer *list = &((row_maker *)context)->kept[side == CHAT_DISLIKE];
  size_t before = list->length;
  if (before) THRONG_TRY(bytes_append(list, ",", 1));
  size_t from = list->length;
  THRONG_TRY(chat_append_string(list, surface, strlen(surface)));
  if (!memmem(list->data, before, list->data + from, list->length - from)) return THRONG_OK;
  list->length = before;  // it is there already
  list->data[before] = '\0';
  return THRONG_OK;
}

static throng_status join_lists(row_maker *m) {
  static const char *const before[] = {"{\"like\":[", ",\"dislike\":["};
  bytes_clear(&m->keywords);
  for (int side = 0; side < 2; ++side) {
    THRONG_TRY(bytes_append(&m->keywords, before[side], strlen(before[side])));
    THRONG_TRY(bytes_append(&m->keywords, bytes_text(&m->kept[side]), m->kept[side].length));
    THRONG_TRY(bytes_append(&m->keywords, "]", 1));
  }
  return bytes_append(&m->keywords, "}", 1);
}

const char *extract_row_fault(const char *answer, const char *finish, const answer_shape *shape) {
  const char *fault = answer_fault(shape);
  if (!fault) return NULL;
  if (!strcmp(finish, "refusal")) return "the model refused";
  if (!strcmp(finish, "content_filter")) return "stopped by a content filter";
  if (!strcmp(finish, "length"))
    return shape->thought
               ? "cut off at the token limit while it was thinking (raise llm.max_tokens)"
               : "cut off at the token limit before a reason was whole (raise "
                 "llm.max_tokens)";
  while (isspace((unsigned char)*answer)) ++answer;
  return *answer ? fault : "an empty text";
}

throng_status row_read(row_maker *m, const llm_request *request, const chat_reply *reply,
                       store_row *row) {
  llm_counts read = {0};
  bool refused = reply->refusal && !*reply->content;
  for (int side = 0; side < 2; ++side) bytes_clear(&m->kept[side]);
  row->answer = refused ? reply->refusal : reply->content;
  THRONG_TRY(keyword_reader_read(m->reader, row->answer, request->side, bytes_text(&request->given),
                                 request->given.length, keep_keyword, m, &read));
  m->shape = *keyword_reader_shape(m->reader);
  THRONG_TRY(join_lists(m));
  row->keywords = bytes_text(&m->keywords);
  row->finish = reply->refusal ? "refusal" : reply->finish;
  const char *fault = extract_row_fault(row->answer, row->finish, &m->shape);
  row->error = reply->refusal                             ? "the model refused"
               : !strcmp(reply->finish, "content_filter") ? "stopped by a content filter"
               : fault                                    ? fault
               : !strcmp(reply->finish, "length")         ? "cut off at the token limit"
                                                          : NULL;
  return THRONG_OK;
}

/// The start of a text in one line of printable characters.
static void shorten(const char *text, char *out, size_t size) {
  size_t used = 0;
  const size_t most = size - 12;
  for (const unsigned char *c = (const unsigned char *)text; *c; ++c) {
    if (used >= most) {
      out[used] = '\0';
      used = utf8_valid_prefix(out, used);
      memcpy(out + used, "...", 3);
      used += 3;
      break;
    }
    bool escape = *c < 0x20 || *c == 0x7f;
    if (*c == '\n')
      used += (size_t)snprintf(out + used, size - used, "\\n");
    else if (escape || (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0))  // C1 controls begin with C2
      used += (size_t)snprintf(out + used, size - used, "\\x%02x", escape ? *c : *++c);
    else
      out[used++] = (char)*c;
  }
  out[used] = '\0';
}

void row_count_fault(llm_counts *counts, const char *why, const char *answer) {
  ++counts->unreadable;
  for (int i = 0; i < LLM_MAX_FAULTS; ++i) {
    llm_fault *f = &counts->fault[i];
    if (f->why && strcmp(f->why, why) != 0) continue;
    if (!f->why) shorten(answer, f->example, sizeof f->example);
    f->why = why;
    ++f->n;
    return;
  }
}
