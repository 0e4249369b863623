/// What a config owns beside its Defs.
#include <stdlib.h>

#include "config/keys.h"

throng_status config_keep(throng_config *config, void *block) {
  throng_status status =
      throng_grow((void **)&config->owned, &config->owned_capacity, config->n_owned + 1,
                  sizeof *config->owned, "configuration strings");
  if (status != THRONG_OK) {
    free(block);
    return status;
  }
  config->owned[config->n_owned++] = block;
  return THRONG_OK;
}
