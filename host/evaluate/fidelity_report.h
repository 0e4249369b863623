/// The whole of `throng evaluate`: yardsticks, votes, rules and the ensemble beside each other,
/// every measure with its bootstrap interval and its paired difference to the ensemble, for all
/// questions and for groups of them.
#ifndef THRONG_EVALUATE_FIDELITY_REPORT_H
#define THRONG_EVALUATE_FIDELITY_REPORT_H

#include "evaluate/fidelity.h"
#include "evaluate/measures.h"
#include "evaluate/strata.h"

typedef struct fidelity_report_def {
  fidelity_split split;
  int32_t resamples;  // 1,000; 0: no intervals
  int64_t users;      // at most so many, spread evenly; 0: all
  uint32_t seed;      // of coins, drawn items and resamples
  /// For a page, in a tenth of the time: no ranks and no groups of questions (theirs are NaN), no
  /// rules but that of `votes`, where it joins votes of the record; f_pop where that rule asks it.
  bool brief;
} fidelity_report_def;

/// NaN where something cannot be measured.
typedef struct measured_value {
  double value, low, high;              // 95 %
  double minus, minus_low, minus_high;  // minus the ensemble's, on the same resamples
} measured_value;

typedef struct contender_report {
  bool measured;
  int same_as;  // a rule that asks one vote and answers as it does: the vote's contender; else -1
  measured_value all[MEASURE_COUNT];
  measured_value stratum[STRATUM_COUNT][MEASURE_COUNT];
  reliability_bin bin[RELIABILITY_BINS];
} contender_report;

typedef struct fidelity_report {
  fidelity_report_def def;
  fidelity basic;  // today's table
  int64_t ranked;  // questions that hit_rate_10 and ndcg_10 are of
  strata groups;   // how many questions, users and likes each has; its rows are gone
  contender_report contender[CONTENDER_COUNT];
} fidelity_report;

/// Rows of `contender` with same_as -1 and measured are all different. Errors: those of
/// fidelity_evaluate. `*out` is freed with free().
throng_status fidelity_report_make(throng_backend *backend, const throng_world *world,
                                   const throng_sta *sta, const throng_votes_def *votes,
                                   const fidelity_report_def *def, const throng_progress *progress,
                                   fidelity_report **out);
/// fidelity_json's document with yardsticks, measures, strata and reliability added. Errors:
/// MEMORY.
throng_status fidelity_report_json(const fidelity_report *r, cJSON **out);

#endif
