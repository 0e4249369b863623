/// A person's answers, line by line from standard input: a terminal, a pipe or a file.
#ifndef THRONG_CLI_PLAY_PERSON_H
#define THRONG_CLI_PLAY_PERSON_H

#include "base/status.h"

typedef enum person_answer {
  PERSON_NO = 0,
  PERSON_YES,
  PERSON_QUIT,
  PERSON_INPUT_ENDED,
  PERSON_STOPPED,  // by a signal
} person_answer;

/// Ask with `question` on standard error and wait for y, n or q (yes, no, quit; any case). On a
/// terminal what is neither is asked again. Errors: DATA (elsewhere: the line and what was
/// expected), IO.
throng_status person_ask(const char *question, person_answer *out);

#endif
