/// The parts of `throng --generate`, which only the build runs.
#ifndef THRONG_CLI_GENERATE_PARTS_H
#define THRONG_CLI_GENERATE_PARTS_H

/// throng(1) in roff on standard output, from the command table and the key table.
void generate_man(void);

/// What bash, zsh and fish complete a command line by: commands, options and their values, keys
/// behind --set and what these keys take.
void generate_bash(void);
void generate_zsh(void);
void generate_fish(void);

#endif
