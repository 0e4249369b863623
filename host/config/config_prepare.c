/// A config's sections for prepare_world(), and the public call.
#include "config/config_prepare.h"

throng_status config_prepare(throng_config *config, const char *path,
                             const throng_progress *progress, prepare_report *report) {
  const prepare_def def = {&config->dataset, &config->keywords, &config->embedding, &config->llm};
  THRONG_TRY(config_check_dataset(config));
  return prepare_world(&def, path, progress, report);
}

throng_status throng_prepare(const char *config_path, const char *const *overrides,
                             const char *path, const throng_progress *progress) {
  throng_config config;
  THRONG_TRY(config_load(config_path, overrides, &config));
  throng_status status = config_prepare(&config, path, progress, NULL);
  config_free(&config);
  return status;
}
