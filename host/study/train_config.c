/// A configuration's world, and its whole training run, for callers outside: throng/config.h.
#include <stdlib.h>

#include "config/config_prepare.h"
#include "study/open_or_make.h"
#include "train/train_folder.h"

throng_status throng_config_make_world(throng_config *config, const char *path,
                                       const throng_progress *progress, throng_world **out) {
  const bool synth = config_has_section(config, "synth");
  *out = NULL;
  THRONG_TRY(config_use(config, "world.file"));
  if (config->world_file) return throng_world_open(config->world_file, out);
  if (!synth && !config_has_section(config, "dataset"))
    return throng_fail(THRONG_ERROR_CONFIG,
                       "%s: no world: give world.file, or a section dataset or synth to make one",
                       config->source ? config->source : "config");
  if (!synth) THRONG_TRY(config_check_dataset(config));
  THRONG_TRY(synth ? throng_synth(&config->synth, path, progress)
                   : config_prepare(config, path, progress, NULL));
  return throng_world_open(path, out);
}

throng_status throng_config_train(throng_config *config, const throng_progress *progress,
                                  throng_train_report *out) {
  throng_backend *backend = NULL;
  train_inputs in = {0};
  train_result result = {0};
  char *resolved = NULL;
  throng_status status;
  THRONG_TRY_GOTO(train_inputs_use(config));
  THRONG_TRY_GOTO(throng_backend_open(&config->backend, &backend));
  THRONG_TRY_GOTO(train_inputs_open(config, backend, progress, &in));
  throng_train_def train = config->train;
  // What a run was started with does not say that it was resumed.
  config->train.resume = false;
  status = config_print(config, &resolved);
  config->train.resume = train.resume;
  if (status != THRONG_OK) goto done;
  train.config_json = resolved;
  THRONG_TRY_GOTO(train_in_folder(backend, in.world, in.sta, &config->sim, &config->agent, &train,
                                  &in.folder, progress, NULL, &result));
  *out = result.report;
done:
  train_result_free(&result);
  train_inputs_close(&in);
  throng_backend_close(backend);
  free(resolved);
  return status;
}
