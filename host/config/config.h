/// A run's configuration: every section of a config file as the Def structs that the stages take.
/// Reading, overriding, checking and printing; what a key means stands in keys.c.
#ifndef THRONG_CONFIG_CONFIG_H
#define THRONG_CONFIG_CONFIG_H

#include "data/dataset.h"
#include "llm/llm.h"
#include "text/keywords.h"
#include "throng/throng.h"

typedef enum config_algorithm { CONFIG_DQN = 0 } config_algorithm;

enum { CONFIG_MAX_KEYS = 200 };

/// Who gave a key's value; a later one wins.
typedef enum config_origin { CONFIG_DEFAULT = 0, CONFIG_FILE, CONFIG_OVERRIDE } config_origin;

typedef struct throng_config {
  dataset_def dataset;
  keywords_def keywords;
  embedding_def embedding;
  llm_def llm;
  throng_synth_def synth;
  const char *world_file;  // a world made earlier; NULL: make one
  throng_sta_def sta;
  const char *sta_file;  // weights fitted earlier; NULL: fit
  throng_sim_def sim;    // holds the section "votes" too
  config_algorithm algorithm;
  throng_agent_def agent;
  throng_train_def train;
  uint32_t seed;  // train.seed: what every other seed follows unless it is given itself
  throng_backend_def backend;

  const char *source;               // the file's name, or NULL
  uint8_t origin[CONFIG_MAX_KEYS];  // config_origin of each key, in the order of config_keys
  char **owned;                     // strings that live as long as the config
  size_t n_owned, owned_capacity;
} throng_config;

/// Defaults, then `path` (NULL: none), then `overrides` ("a.b=c", NULL-terminated; NULL: none),
/// then the checks that span keys. Relative paths inside a config are relative to the current
/// directory, and ${NAME} in them is the environment variable NAME. Errors: CONFIG
/// ("file:line:column: key: cause, expected ..."), IO. On error `*out` needs no config_free.
throng_status config_load(const char *path, const char *const *overrides, throng_config *out);
/// The same from NUL-terminated text in memory; `name` stands in error messages.
throng_status config_load_text(const char *text, size_t length, const char *name,
                               const char *const *overrides, throng_config *out);
void config_free(throng_config *config);

/// What the checks of config_load leave to those who read raw files: format, files and providers
/// must fit together. `prepare` calls it.
throng_status config_check_dataset(const throng_config *config);
/// True where any key of the section ("dataset") was given.
bool config_has_section(const throng_config *config, const char *section);
/// True where this key ("sim.lanes") was given.
bool config_has_key(const throng_config *config, const char *path);

/// Every key with its value, as JSON that config_load reads back to the same config. Caller frees.
throng_status config_print(const throng_config *config, char **out);
/// JSON Schema (2020-12) of config files, for editors. Caller frees.
throng_status config_schema(char **out);

#endif
