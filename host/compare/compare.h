/// Runs beside each other: those that differ in nothing but their seeds are one contender, and
/// contenders are compared by the statistics of few runs (statistics/statistics.h), paired where
/// seeds agree.
#ifndef THRONG_COMPARE_COMPARE_H
#define THRONG_COMPARE_COMPARE_H

#include "statistics/statistics.h"

/// One agent that was trained and measured.
typedef struct compare_run {
  char *name;    // of what it was read from: "runs/a", "runs/a, agent 3", "runs/s, trial 12"
  char *config;  // canonical JSON of what it was trained with, but for seeds and files
  char *seed;    // what tells it from others of the same config
  double value;  // of the metric; NaN: it has none (diverged)
} compare_run;

typedef struct compare_runs {
  int64_t n, capacity;
  compare_run *run;
} compare_runs;

/// Read a run's folder (all its agents) or a sweep's (the trials that it confirmed on fresh seeds).
/// `metric`: a number of throng_metrics, "average_reward", "evaluation/agent/" may stand before.
/// Errors: IO, DATA (no such folder, no summary yet, another kind of folder, no such metric: which
/// there are), MEMORY.
throng_status compare_read(const char *path, const char *metric, compare_runs *runs);
void compare_runs_free(compare_runs *runs);

typedef struct contender {
  char *name;
  char *options;    // where it differs from the first: "agent.gamma=0.5 agent.head=flat", or NULL
  int64_t n;        // runs with a number
  int64_t without;  // runs without one
  const double *value;  // (n)
  double mean, standard_error;
  statistics_interval iqm;
  // Beside the first contender; NaN for the first.
  statistics_interval improvement;  // P(a run of this is better than one of the first)
  int64_t pairs;                    // seeds that both have
  statistics_interval difference;   // mean of this minus the first over these; NaN below 2
  double p;                         // two-sided signed-rank test of it; NaN below 2
} contender;

typedef struct comparison {
  const char *metric;
  bool minimise;
  double level;  // of the intervals
  int64_t n;
  contender *contender;  // (n) in the order in which they were given
  int64_t n_tau;
  double *tau;                   // (n_tau) values at which profiles are taken
  statistics_interval *profile;  // (n, n_tau) share of runs that are better than tau
  void *owned;
} comparison;

typedef struct compare_def {
  const char *metric;
  bool minimise;  // lower is better
  double level;
  int64_t resamples;
  uint32_t seed;
} compare_def;

/// Errors: ARGUMENT (no run), MEMORY.
throng_status compare_make(const compare_runs *runs, const compare_def *def, comparison *out);
void compare_free(comparison *c);

/// Text in lines of `width` characters, and JSON; malloc'd. Errors: MEMORY.
throng_status compare_table(const comparison *c, int width, bool unicode, char **out);
throng_status compare_json(const comparison *c, char **out);
/// One SVG file of the first eight contenders, as A to H. Errors: IO, MEMORY.
throng_status compare_draw(const comparison *c, const char *path);

#endif
