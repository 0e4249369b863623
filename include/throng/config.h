/// Configurations: every option of every stage by its name, with its limits, as `throng train
/// CONFIG` reads them; the Defs that they come to, and the run that they ask for. For programs and
/// languages that set options by name.
#ifndef THRONG_CONFIG_H
#define THRONG_CONFIG_H

#include "agent.h"
#include "base.h"
#include "sim.h"
#include "sta.h"
#include "train.h"
#include "world.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A configuration, checked. Threads: from one at a time.
typedef struct throng_config throng_config;

/// Read a file (JSON with comments), then `overrides` ("a.b=c", NULL-terminated; NULL: none). Keys
/// that are not given have their defaults; `path` NULL: none is. null unsets a key, or a section.
/// Errors: CONFIG (file, line and column, key, cause and what was expected; a name that is no key,
/// with the nearest one), IO, MEMORY.
THRONG_API throng_status throng_config_open(const char *path, const char *const *overrides,
                                            throng_config **out);
/// The same from text in memory; `name` stands in messages where a file's name would.
/// Errors: as throng_config_open.
THRONG_API throng_status throng_config_read(const char *text, const char *name,
                                            const char *const *overrides, throng_config **out);
/// NULL is allowed. Texts in its Defs end with it.
THRONG_API void throng_config_close(throng_config *config);

/// Every key with its value, which throng_config_read takes to be the same again: `*out` is JSON,
/// valid until the next call with it. Errors: MEMORY.
THRONG_API throng_status throng_config_get_json(throng_config *config, const char **out);
/// JSON Schema (2020-12) of all keys, with types, limits, defaults and help; it does not depend on
/// the configuration. `*out` is valid until the next call with it. Errors: MEMORY.
THRONG_API throng_status throng_config_get_schema(throng_config *config, const char **out);

/// Section "synth".
THRONG_API throng_synth_def throng_config_get_synth_def(const throng_config *config);
/// Section "sta".
THRONG_API throng_sta_def throng_config_get_sta_def(const throng_config *config);
/// Section "sim", with "votes" and "users" within.
THRONG_API throng_sim_def throng_config_get_sim_def(const throng_config *config);
/// Section "agent".
THRONG_API throng_agent_def throng_config_get_agent_def(const throng_config *config);
/// Section "train", with "train.evaluation" within. Its `out` lives as long as the configuration.
THRONG_API throng_train_def throng_config_get_train_def(const throng_config *config);
/// Section "backend". Its `name` lives as long as the configuration.
THRONG_API throng_backend_def throng_config_get_backend_def(const throng_config *config);

/// The world that the configuration asks for: world.file opened; or one made of raw files (section
/// dataset) or made up (section synth), written to `path` and opened. Errors: CONFIG (no such
/// section, a variable of a path that is not set), as throng_prepare, as throng_world_open.
THRONG_API throng_status throng_config_make_world(throng_config *config, const char *path,
                                                  const throng_progress *progress,
                                                  throng_world **out);
/// The whole run, as `throng train` does it: the run folder train.out locked, world and weights
/// opened or made there, or used again where nothing they are made of has changed, then
/// throng_train. The backend is the section's. Errors: CONFIG (train.out is missing; what a resumed
/// run was made with has changed), as throng_backend_open, as throng_prepare, as throng_sta_fit, as
/// throng_train.
THRONG_API throng_status throng_config_train(throng_config *config, const throng_progress *progress,
                                             throng_train_report *out);

#ifdef __cplusplus
}
#endif
#endif
