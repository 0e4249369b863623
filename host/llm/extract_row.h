/// Rows of the store from answers: what was kept of them, or why nothing could be. For runs and for
/// reading again what is stored.
#ifndef THRONG_LLM_EXTRACT_ROW_H
#define THRONG_LLM_EXTRACT_ROW_H

#include "llm/keyword_reader.h"
#include "llm/request_list.h"
#include "llm/store.h"

typedef struct row_maker {
  keyword_reader *reader;
  byte_buffer kept[2];  // keywords of one answer, as JSON lists
  byte_buffer keywords;
  answer_shape shape;  // of the last answer
} row_maker;

throng_status row_maker_open(row_maker *m);
void row_maker_close(row_maker *m);

/// Read `reply` to `request` into row->answer, keywords, finish and error; these live until the
/// next call and as long as the reply.
throng_status row_read(row_maker *m, const llm_request *request, const chat_reply *reply,
                       store_row *row);

/// Why an answer that came to this shape could not be read, in static words; NULL where it could.
const char *extract_row_fault(const char *answer, const char *finish, const answer_shape *shape);
/// Count a fault, with the first answer that had it as its example.
void row_count_fault(llm_counts *counts, const char *why, const char *answer);

#endif
