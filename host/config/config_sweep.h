/// A config's section "sweep": what varies, and what trials are judged by.
#ifndef THRONG_CONFIG_CONFIG_SWEEP_H
#define THRONG_CONFIG_CONFIG_SWEEP_H

#include "config/config.h"
#include "space/space.h"
#include "space/sweep_fields.h"

typedef struct config_objective {
  char metric[64];  // as reports name it; whether any does is the sweep's business
  bool directed;    // a direction was given
  bool minimize;
} config_objective;

/// How the options of this config are found by name, for space_read; the config outlives it.
space_options config_space_options(const throng_config *config);
/// sweep.space over the options of this config, whose own values become the parameters' initial
/// ones. The config outlives the space. Errors: CONFIG (no space is given; those of space_read,
/// with the place in the file), MEMORY.
throng_status config_space(const throng_config *config, space **out);
/// sweep.objective; where there is none, average_reward. Errors: CONFIG, MEMORY.
throng_status config_objectives(const throng_config *config,
                                config_objective out[SWEEP_MOST_OBJECTIVES], int32_t *n);

#endif
