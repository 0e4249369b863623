/// throng evaluate --agent: agents of a trained run, judged again.
#ifndef THRONG_CLI_EVALUATE_AGENT_H
#define THRONG_CLI_EVALUATE_AGENT_H

#include "cli/cli.h"

/// The exit code.
int evaluate_agent(cli_run *run);

#endif
