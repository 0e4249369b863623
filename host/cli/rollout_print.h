/// The tables of `throng evaluate --rollout`, for people.
#ifndef THRONG_CLI_ROLLOUT_PRINT_H
#define THRONG_CLI_ROLLOUT_PRINT_H

#include "evaluate/rollout.h"

void rollout_print(const rollout *r);

#endif
