/// Rows of the command table that stand in files of their own.
#ifndef THRONG_CLI_TABLE_H
#define THRONG_CLI_TABLE_H

#include "cli/cli.h"

extern const cli_option evaluate_options[], play_options[];
extern const char *const evaluate_examples[], *const play_examples[];

#endif
