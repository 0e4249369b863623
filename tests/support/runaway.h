/// Options with which an agent diverges within a few updates: an Adam without memory of gradients
/// and with nothing to divide by, so that where a gradient is zero for once, the step is the mean
/// of those before it over 1e-20.
#ifndef THRONG_TEST_RUNAWAY_H
#define THRONG_TEST_RUNAWAY_H

#include "throng/agent.h"

static inline void runaway_def(throng_agent_def *def) {
  def->learning_rate = 10;
  def->beta2 = 0;
  def->adam_epsilon = 1e-20f;
  def->max_grad_norm = 0;
}

/// Give an agent those options of `def`.
static inline throng_status runaway_take(throng_population *population, int32_t agent,
                                         const throng_agent_def *def) {
  const struct {
    const char *name;
    float value;
  } option[] = {{"learning_rate", def->learning_rate},
                {"beta2", def->beta2},
                {"adam_epsilon", def->adam_epsilon},
                {"max_grad_norm", def->max_grad_norm}};
  // Where there is such an option: RMSprop has no mean to divide.
  (void)throng_population_set(population, agent, "use_rms_prop", 0);
  throng_status status = THRONG_OK;
  for (size_t k = 0; k < sizeof option / sizeof *option && status == THRONG_OK; ++k)
    status = throng_population_set(population, agent, option[k].name, (double)option[k].value);
  return status;
}

static inline throng_status runaway_set(throng_population *population, int32_t agent) {
  throng_agent_def def = throng_default_agent_def();
  runaway_def(&def);
  return runaway_take(population, agent, &def);
}

/// The usual ones again.
static inline throng_status runaway_unset(throng_population *population, int32_t agent) {
  const throng_agent_def def = throng_default_agent_def();
  return runaway_take(population, agent, &def);
}

#endif
