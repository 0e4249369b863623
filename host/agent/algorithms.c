/// The table of algorithms.
#include "agent/algorithm.h"

#define X(NAME, name) extern const agent_algorithm algorithm_##name;
AGENT_ALGORITHMS(X)
#undef X

static const agent_algorithm *const algorithms[] = {
#define X(NAME, name) [THRONG_ALGORITHM_##NAME] = &algorithm_##name,
    AGENT_ALGORITHMS(X)
#undef X
};

const agent_algorithm *agent_algorithm_of(throng_algorithm algorithm) {
  return (unsigned)algorithm < sizeof algorithms / sizeof *algorithms ? algorithms[algorithm]
                                                                      : NULL;
}
