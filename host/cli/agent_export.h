/// throng export RUN: the agent itself, in place of episodes that it plays.
#ifndef THRONG_CLI_AGENT_EXPORT_H
#define THRONG_CLI_AGENT_EXPORT_H

#include "cli/cli.h"

/// Do the format, or without one the first argument, ask for the agent? `*wrong` is what does not
/// go together then, or NULL.
bool agent_export_is_asked(const cli_run *run, const char **wrong);
/// The exit code.
int agent_export(cli_run *run);

#endif
