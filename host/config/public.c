/// Configurations for callers outside: throng/config.h.
#include <stdlib.h>
#include <string.h>

#include "base/host_memory.h"
#include "config/config.h"

/// A block that outlives the reading of it.
static throng_status keep(throng_status status, const throng_config *read, throng_config **out) {
  void *kept;
  *out = NULL;
  if (status != THRONG_OK) return status;
  status = throng_alloc(&kept, 1, sizeof **out, "configuration");
  if (status != THRONG_OK) {
    config_free((throng_config *)(uintptr_t)read);
    return status;
  }
  *out = kept;
  **out = *read;
  return THRONG_OK;
}

throng_status throng_config_open(const char *path, const char *const *overrides,
                                 throng_config **out) {
  throng_config read;
  return keep(config_load(path, overrides, &read), &read, out);
}

throng_status throng_config_read(const char *text, const char *name, const char *const *overrides,
                                 throng_config **out) {
  throng_config read;
  return keep(config_load_text(text, strlen(text), name, overrides, &read), &read, out);
}

void throng_config_close(throng_config *config) {
  if (!config) return;
  config_free(config);
  free(config);
}

static throng_status give(throng_config *config, throng_status status, char *text,
                          const char **out) {
  *out = NULL;
  if (status != THRONG_OK) return status;
  free(config->text);
  *out = config->text = text;
  return THRONG_OK;
}

throng_status throng_config_get_json(throng_config *config, const char **out) {
  char *text = NULL;
  throng_status status = config_print(config, &text);
  return give(config, status, text, out);
}

throng_status throng_config_get_schema(throng_config *config, const char **out) {
  char *text = NULL;
  throng_status status = config_schema(&text);
  return give(config, status, text, out);
}

throng_synth_def throng_config_get_synth_def(const throng_config *config) { return config->synth; }
throng_sta_def throng_config_get_sta_def(const throng_config *config) { return config->sta; }
throng_sim_def throng_config_get_sim_def(const throng_config *config) { return config->sim; }
throng_agent_def throng_config_get_agent_def(const throng_config *config) { return config->agent; }
throng_train_def throng_config_get_train_def(const throng_config *config) { return config->train; }
throng_backend_def throng_config_get_backend_def(const throng_config *config) {
  return config->backend;
}
