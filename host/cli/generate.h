/// The parts of `throng --generate`, which only the build runs.
#ifndef THRONG_CLI_GENERATE_H
#define THRONG_CLI_GENERATE_H

#include "config/keys.h"

/// throng(1) in roff on standard output, from the command table and the key table.
void generate_man(void);

/// What bash, zsh and fish complete a command line by: commands, options and their values, keys
/// behind --set and what these keys take.
void generate_bash(void);
void generate_zsh(void);
void generate_fish(void);

/// Pieces of those: an option's "a|b" as words, the keys of a kind with `between` between them.
void generate_choices(const char *choices);
void generate_keys(field_kind kind, const char *between);

#endif
