/// How a slot's agent came to be what it is: from what it began, what options it had for how many
/// rounds. Training repeats to the bit, so whoever has lost an agent can train it again from here.
#ifndef THRONG_CREW_LINE_H
#define THRONG_CREW_LINE_H

#include "base/status.h"
#include "deal/frame.h"

/// Rounds with the same options. Each leg but the first begins as a copy of where the one before
/// ended (PBT).
typedef struct crew_leg {
  const char **overrides;  // NULL-terminated, one block
  int64_t rounds;
} crew_leg;

typedef struct crew_line {
  char *file;  // the agent's state that the first leg goes on from; NULL: a fresh agent
  int32_t n;   // 0: the slot is free
  crew_leg *leg;
  size_t capacity;
} crew_line;

/// Errors of all: MEMORY, and then the line is as it was.
throng_status line_add(crew_line *line, const char *const *overrides);
throng_status line_copy(crew_line *line, const crew_line *of);
/// What was before its last leg is forgotten: the state in the file stands for it.
throng_status line_begin_at(crew_line *line, const char *file);
void line_free(crew_line *line);
int64_t line_rounds(const crew_line *line);

/// The legs (not the file, only whether there is one).
void line_put(wire_writer *w, const crew_line *line);
/// Errors: MEMORY, DATA (no line).
throng_status line_get(wire_reader *r, crew_line *out, bool *has_file);

#endif
