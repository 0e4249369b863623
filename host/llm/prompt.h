/// Prompts: text with named {{placeholders}}, a part for the system and one for the user, divided
/// by a line "---". What is filled in is never looked at for placeholders again.
#ifndef THRONG_LLM_PROMPT_H
#define THRONG_LLM_PROMPT_H

#include "data/byte_buffer.h"
#include "llm/sha256.h"

extern const char prompt_objective[], prompt_subjective[];  // configs/prompts/, built in

enum { PROMPT_MAX_VALUES = 8 };

typedef struct prompt_value {
  const char *name, *text;
} prompt_value;

typedef struct prompt {
  char *system, *user;  // system: "" where the text has no "---"
  char hash[SHA256_TEXT];
} prompt;

/// Read `path` (NULL: take `built_in`) and check that every placeholder is one of `names` and that
/// those of `required` are there. Errors: IO; CONFIG with file and line, and the names there are.
throng_status prompt_open(const char *path, const char *built_in, const char *const *names,
                          const char *const *required, prompt *out);
void prompt_free(prompt *p);

/// Append `text` with its placeholders filled in.
throng_status prompt_fill(const char *text, const prompt_value *value, int n_value,
                          byte_buffer *out);

/// Append foreign text (a review, a description) so that it can neither end the delimiters <<< >>>
/// nor spell a chat template's control tokens: a space parts '<' from what follows, '>' from '>',
/// and '[' from INST. Invalid UTF-8 becomes U+FFFD, control characters spaces. Cut at `most` bytes,
/// at a word where there is one.
throng_status prompt_append_data(const char *text, size_t length, size_t most, byte_buffer *out);

#endif
