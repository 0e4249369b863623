/// The tables of `throng evaluate`, for people.
#ifndef THRONG_CLI_FIDELITY_PRINT_H
#define THRONG_CLI_FIDELITY_PRINT_H

#include "evaluate/fidelity_report.h"

void fidelity_print(const fidelity_report *r);

#endif
