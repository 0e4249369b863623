/// The table of algorithms.
#include "agent/algorithm.h"

extern const agent_algorithm algorithm_dqn;

/// In the order of throng_algorithm.
static const agent_algorithm *const algorithms[] = {&algorithm_dqn};

const agent_algorithm *agent_algorithm_of(throng_algorithm algorithm) {
  return (unsigned)algorithm < sizeof algorithms / sizeof *algorithms ? algorithms[algorithm]
                                                                      : NULL;
}
