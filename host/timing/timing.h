/// Timing as benchmarks do it: warm up, time chunks, take the median, and hold the figure against
/// what the machine can do at all. Prints nothing; bench/ and `throng bench` print.
#ifndef THRONG_TIMING_TIMING_H
#define THRONG_TIMING_TIMING_H

#include "base/backend.h"

/// One figure.
typedef struct measure_row {
  char name[64];      // "votes, majority, table"
  char size[160];     // "N=10000 d=384 H=64 L=50 B=4096"
  const char *unit;   // what is counted: "user-steps"
  int32_t threads;    // of the backend
  int32_t chunks;     // timed
  double units;       // a call
  double seconds;     // a call, median over chunks
  double low, high;   // quartiles of the same
  double bytes;       // that a call must move to and from memory, by arithmetic; 0: not counted
  double operations;  // floating-point operations that a call must do; 0: not counted
} measure_row;

/// One timed call: the same work every time.
typedef throng_status measure_call(void *context);

/// Call for a fifth of `seconds` without timing, then for `seconds` in some 20 chunks. Fills
/// seconds, low, high and chunks of `row`; the rest is the caller's.
throng_status measure(measure_call *call, void *context, double seconds, measure_row *row);

/// What this machine can do with the threads of `backend`, measured in about a second; on a device,
/// what the device can. Calls measured from here on are waited for on it, until the next machine.
typedef struct measure_ceiling {
  double bytes;  // a second, triad over arrays far beyond the caches (STREAM); a device: a copy
  double
      operations;  // a second, single-precision product of square matrices, 1,024 (device: 4,096)
  double loads;    // a second, cache lines at random addresses of 192 MiB; a device: 0
} measure_ceiling;

throng_status measure_machine(throng_backend *backend, measure_ceiling *out);
/// Wait for calls on this backend, as after measure_machine, without measuring what it can do.
void measure_on(throng_backend *backend);

#endif
