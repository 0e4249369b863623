/// Pieces of what shells complete by.
#ifndef THRONG_CLI_GENERATE_WORDS_H
#define THRONG_CLI_GENERATE_WORDS_H

#include "config/keys.h"

/// An option's "a|b" as words, and the keys of a kind with `between` between them, on standard
/// output.
void generate_choices(const char *choices);
void generate_keys(field_kind kind, const char *between);

#endif
