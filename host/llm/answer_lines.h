/// Reasons in lines of text and labelled lists, for a model that writes no JSON.
#ifndef THRONG_LLM_ANSWER_LINES_H
#define THRONG_LLM_ANSWER_LINES_H

#include "llm/answer_reading.h"

/// A line "like | reason | evidence | keyword; keyword", with or without bullets or a table around.
/// False: it is none. `line` is changed and must live as long as the reading.
bool answer_take_line(answer_reading *r, char *line, chat_side heading);
/// All lines of a text: those, and lists of "Reason: ..", "Evidence: ..", "Keywords: ..".
/// `heading`: the side that is named above the text; 0: none.
throng_status answer_take_lines(answer_reading *r, const char *text, chat_side heading);

#endif
