/// Inside answer.h: reasons gather here while values and lines of a text are read.
#ifndef THRONG_LLM_ANSWER_READING_H
#define THRONG_LLM_ANSWER_READING_H

#include "llm/answer_reason.h"
#include "llm/answer_words.h"

enum { ANSWER_MAX_COLUMNS = 8 };

typedef struct answer_reading {
  chat_side asked;
  answer_shape *shape;
  cJSON *texts;  // an array that owns every tree and string that reasons point into
  answer_reason reason[ANSWER_MAX_REASONS];
  int32_t n;
  int32_t earlier;                          // reasons of values before the one that is read
  chat_side heading;                        // named by the line before that value; 0: none
  bool last_malformed;                      // the entry that came last
  answer_field column[ANSWER_MAX_COLUMNS];  // of the table whose head has been read
  int n_column;                             // 0: within none
} answer_reading;

/// Past the spaces.
const char *answer_skip_space(const char *text);
/// Take a reason that is whole and of a side asked for, once; count what is not.
void answer_take(answer_reading *r, const answer_reason *reason);
/// Keywords between ';', ',', '|', " / " and their like of other scripts; `listed`: the text is one
/// of a list, whose commas divide where a space follows. Changes the text.
void answer_split_keywords(answer_reason *reason, char *text, bool listed);
void answer_add_evidence(answer_reason *reason, const char *text);
void answer_add_keyword(answer_reason *reason, const char *text);
/// The side that counts where an entry names none: the heading's, or the only one asked for; else
/// 0.
chat_side answer_default_side(const answer_reading *r, chat_side heading);

/// A string that lives as long as the reading.
throng_status answer_keep_text(answer_reading *r, const char *text, size_t length, char **out);

#endif
