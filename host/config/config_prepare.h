/// Raw files to a world as a config says: its sections handed to host/prepare.
#ifndef THRONG_CONFIG_CONFIG_PREPARE_H
#define THRONG_CONFIG_CONFIG_PREPARE_H

#include "config/config.h"
#include "prepare/prepare.h"

/// Write the world that the sections dataset, keywords and embedding ask for to `path`, atomically;
/// the variables of the paths that it reads are put in. `report` may be NULL. Errors: those of
/// config_check_dataset and of prepare_world.
throng_status config_prepare(throng_config *config, const char *path,
                             const throng_progress *progress, prepare_report *report);

#endif
