/// Who decides which trials train on: none, ASHA, Hyperband, PBT, MF-PBT. Decisions are functions
/// of the seed and of the reports so far, in their order.
#ifndef THRONG_SCHEDULE_SCHEDULER_H
#define THRONG_SCHEDULE_SCHEDULER_H

#include "base/status.h"
#include "space/space.h"
#include "space/sweep_fields.h"

typedef struct scheduler_def {
  const space *space;  // PBT explores in it; outlives the scheduler
  const char *study;   // the sweep's name: Hyperband draws brackets by it, as Optuna does
  uint32_t seed;
  int32_t slots;      // agents at once: PBT's population
  int64_t period;     // user-steps between reports
  int64_t min_steps;  // of the first rung; 0: period. PBT: before the first exploit (burn-in)
  int64_t max_steps;  // of a trial
  double reduction;   // 4 (ASHA), 3 (Hyperband)
  int64_t interval;   // PBT: user-steps between exploits
  double quantile;    // PBT: share that is replaced, and that it is replaced from
  double resample;    // PBT: chance that a parameter is drawn anew and not perturbed
  double factor_low, factor_high;  // PBT: 0.8, 1.2
} scheduler_def;

/// One trial's evaluation. Reports of a round come together, ordered by slot. PBT: a slot whose
/// agent has diverged reports NaN round by round until it is replaced.
typedef struct scheduler_report {
  int32_t slot;
  int64_t trial;
  int64_t steps;    // user-steps of the trial, a multiple of the period (its end: max_steps)
  double value;     // to be minimised; NaN: no number
  const double *x;  // (space->n) of the trial
} scheduler_report;

typedef enum schedule_action {
  SCHEDULE_GO_ON = 0,
  SCHEDULE_PRUNE,    // the slot is free
  SCHEDULE_REPLACE,  // PBT: the slot becomes a copy of slot `from`, with `x`, as a new trial
} schedule_action;

typedef struct schedule_decision {
  schedule_action action;
  int32_t from;  // slot
  double *x;     // (space->n) room of the caller's
  int32_t rung;  // last one that the trial has reached, of min_steps * reduction^rung; -1: none
} schedule_decision;

typedef struct scheduler scheduler;

/// Errors: ARGUMENT (key, cause, what was expected), MEMORY.
throng_status scheduler_create(int kind, const scheduler_def *def, scheduler **out);
void scheduler_free(scheduler *s);
/// Decide on all reports of a round, one after another. ASHA and Hyperband prune at rungs alone, a
/// value that is no number always, and never at max_steps. PBT replaces at exploits alone, first of
/// all what is no number; no slot is copied from that is replaced itself. Of a trial that ends for
/// another reason nothing need be said: what it reached stays, as Optuna has it. Errors: MEMORY.
throng_status scheduler_round(scheduler *s, int64_t n, const scheduler_report *report,
                              schedule_decision *decision);
/// User-steps of the rungs up to max_steps (ASHA, Hyperband), `most` at the most, into `steps`. How
/// many there are.
int32_t scheduler_rungs(const scheduler_def *def, int32_t most, double *steps);
/// Do its members keep their slots, so that new trials are made by SCHEDULE_REPLACE alone (PBT)?
bool scheduler_is_population(int kind);
/// User-steps that `trials` trials take where as many go on as the rule means to, for a prediction.
int64_t scheduler_steps(int kind, const scheduler_def *def, int64_t trials);
const char *scheduler_name(int kind);

#endif
