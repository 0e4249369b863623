/// What a sweep is judged by: numbers of a trial's evaluation, by the names that metrics.jsonl has
/// for them, and which way is better.
#ifndef THRONG_SWEEP_OBJECTIVE_H
#define THRONG_SWEEP_OBJECTIVE_H

#include "config/config_sweep.h"
#include "crew/crew.h"

typedef struct sweep_objective {
  const char *name;  // "average_reward"
  bool maximise;
} sweep_objective;

/// The config's objectives as those that are reported. Without a direction what costs or goes wrong
/// is minimised (loss, grad_norm, gini, average_reward_sem, seconds, user_steps, updates), all else
/// maximised. Errors: CONFIG (cause, and the names that there are), MEMORY.
/// `given` becomes the config's own words; with `any` names that nobody reports are taken, too, and
/// point into them.
throng_status objectives_find(const throng_config *config, bool any,
                              config_objective given[SWEEP_MOST_OBJECTIVES],
                              sweep_objective out[SWEEP_MOST_OBJECTIVES], int32_t *n);
/// A report's number of this name; NaN where it was not measured.
double objective_value(const sweep_objective *objective, const crew_report *report);
/// The same, to be minimised.
static inline double objective_signed(const sweep_objective *objective, double value) {
  return objective->maximise ? -value : value;
}
/// Every name, for messages and metrics: NULL past the last.
const char *objective_name(int k);
double objective_measure(int k, const crew_report *report);

#endif
