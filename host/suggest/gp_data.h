/// What a sweep's Gaussian processes learn from: which trials, and their scores, costs and failures
/// as numbers of mean 0 and variance 1.
#ifndef THRONG_SUGGEST_GP_DATA_H
#define THRONG_SUGGEST_GP_DATA_H

#include "suggest/gp_points.h"
#include "suggest/sampler.h"

enum {
  GP_MOST_TRIALS = 750,    // with a score
  GP_MOST_PENDING = 256,   // running: the last
  GP_MOST_COSTS = 256,     // the last
  GP_MOST_OUTCOMES = 256,  // failures and others, the last
};

/// Observations of one process.
typedef struct gp_table {
  int64_t n;        // with an output
  int64_t n_all;    // and hallucinated ones behind them
  double *input;    // (n_all, n_input)
  double *y;        // (n) standardised
  double mean, sd;  // what y was before: y * sd + mean
} gp_table;

typedef struct gp_data {
  gp_table score, cost, outcome;
  // Of the score's observations:
  double *u;                   // (n, space->n)
  double *trained;             // (n) as gp_points_input has it
  double *value;               // (n) to be minimised: one objective's, or several made into one
  double *log_cost;            // (n) of the whole trial, NaN: not known
  double cost_low, cost_high;  // logarithms, of whole trials; NaN where costs do not differ
} gp_data;

/// `finished` (n_finished): places in the history, in the order in which the trials ended. The same
/// `draw` makes several objectives into one by the same weights (Knowles 2006, ParEGO).
/// Errors: MEMORY.
throng_status gp_data_gather(const gp_points *points, const sampler_history *history,
                             const int64_t *finished, int64_t n_finished, gp_draw draw,
                             gp_data *out);
void gp_data_free(gp_data *data);
/// Did it end with numbers that a process can learn from?
bool gp_data_scored(const sampler_history *history, int64_t k);

#endif
