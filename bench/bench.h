/// What every benchmark program shares: a table on stdout with each figure against the machine's
/// ceiling, and the same rows appended to bench/results/<machine>.csv. Timing itself is
/// host/timing/timing.h.
#ifndef THRONG_BENCH_H
#define THRONG_BENCH_H

#include "timing/timing.h"

/// Where rows go. Start with bench_open(), print rows as they come, end with bench_close().
typedef struct bench_output {
  measure_ceiling ceiling;
  const char *backend;  // its name; rows of another than the CPU end their size with it
  void *csv;            // FILE
} bench_output;

/// Measure the ceilings, print the header, open the CSV file (`--csv FILE`, or THRONG_BENCH_CSV;
/// none where neither is given or it is empty). `--ceilings no` leaves the ceilings out. Exits with
/// a message where that fails.
bench_output bench_open(throng_backend *backend, int argc, char **argv);
/// One row: name, size, milliseconds, rate, and share of the memory's and the processor's ceiling.
void bench_print(bench_output *out, const measure_row *row);
void bench_close(bench_output *out);

/// Value of `--name VALUE` on the command line, or `otherwise`.
const char *bench_option(int argc, char **argv, const char *name, const char *otherwise);
/// A backend whose memory the host may write: what samples for the peers are put together on,
/// whatever backend is measured.
throng_backend *bench_host_backend(void);
/// Print throng_error_message() and exit where a call failed.
void bench_require(throng_status status);

#endif
