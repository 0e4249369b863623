/// What `throng prepare`, and `throng train` on its way, tell about the reading of raw files.
#ifndef THRONG_CLI_PREPARE_REPORT_H
#define THRONG_CLI_PREPARE_REPORT_H

#include <stdio.h>

#include "cli/cli.h"
#include "prepare/prepare.h"

void prepare_report_print(FILE *to, const prepare_report *report);
void prepare_report_json(const prepare_report *report, cJSON *object);

#endif
