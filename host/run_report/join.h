/// Several runs on one page.
#ifndef THRONG_RUN_REPORT_JOIN_H
#define THRONG_RUN_REPORT_JOIN_H

#include <stdio.h>

#include "run_report/files.h"
#include "run_report/measured.h"

/// Their curves together, what each came to, differences in pairs, and where their configs differ.
/// Errors: MEMORY.
throng_status run_page_join(FILE *out, int n, const run_files *files, const run_measures *measures);

#endif
