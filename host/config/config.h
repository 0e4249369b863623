/// A run's configuration: every section of a config file as the Def structs that the stages take.
/// Reading, overriding, checking and printing; what a key means stands in its stage's table. This
/// room stands above every room with a section, from data to train, and below study and cli alone:
/// no stage knows that there are configs.
#ifndef THRONG_CONFIG_CONFIG_H
#define THRONG_CONFIG_CONFIG_H

#include "data/dataset.h"
#include "llm/llm.h"
#include "text/keywords.h"
#include "throng/config.h"
#include "throng/sweep.h"
#include "throng/throng.h"

enum { CONFIG_MAX_KEYS = 384 };

/// Who gave a key's value; a later one wins.
typedef enum config_origin { CONFIG_DEFAULT = 0, CONFIG_FILE, CONFIG_OVERRIDE } config_origin;

typedef struct config_place {
  int line, column;  // from 1; 0: not from a file
} config_place;

struct throng_config {
  dataset_def dataset;
  keywords_def keywords;
  embedding_def embedding;
  llm_def llm;
  throng_synth_def synth;
  const char *world_file;  // a world made earlier; NULL: make one
  throng_sta_def sta;
  const char *sta_file;  // weights fitted earlier; NULL: fit
  throng_sim_def sim;    // holds the sections "votes" and "users" too
  throng_agent_def agent;
  throng_train_def train;
  uint32_t seed;  // train.seed: what every other seed follows unless it is given itself
  bool report;    // train.report: the program writes the run's page (run_report/run_report.h)
  throng_backend_def backend;
  throng_sweep_def sweep;
  const char *sweep_space, *sweep_objective;  // JSON texts, or NULL; see config_sweep.h

  const char *source;                   // the file's name, or NULL
  uint8_t origin[CONFIG_MAX_KEYS];      // config_origin of each key, by its index
  config_place place[CONFIG_MAX_KEYS];  // of each key's value in the file
  const char *space_source;             // sweep.space as the file has it, for messages; or NULL
  bool raw[CONFIG_MAX_KEYS];            // a path with ${NAME} or ~/ that nobody has used yet
  void **owned;                         // strings that live as long as the config
  size_t n_owned, owned_capacity;
  char *text;  // what throng_config_get_json or throng_config_get_schema gave last, or NULL
};

/// Defaults, then `path` (NULL: none), then `overrides` ("a.b=c", NULL-terminated; NULL: none),
/// then the checks that span keys. Relative paths inside a config are relative to the current
/// directory; ${NAME} in them is the environment variable NAME, $${ is a dollar and a brace, and a
/// leading ~/ is HOME: config_use puts them in. null unsets a key, or a whole section. Errors:
/// CONFIG
/// ("file:line:column: key: cause, expected ..."), IO. On error `*out` needs no config_free.
throng_status config_load(const char *path, const char *const *overrides, throng_config *out);
/// The same from NUL-terminated text in memory; `name` stands in error messages.
throng_status config_load_text(const char *text, size_t length, const char *name,
                               const char *const *overrides, throng_config *out);
void config_free(throng_config *config);

/// Before a path is used: put in what its variables stand for. `path` names the key ("sta.file").
/// CONFIG where a variable is not set, with the key's place.
throng_status config_use(throng_config *config, const char *path);
/// The same for every path that the raw files' readers use with this format and these providers.
throng_status config_use_data(throng_config *config);
/// The same for every path; a note names those whose variables are not set, which stay as they are.
throng_status config_use_set(throng_config *config, const throng_progress *progress);

/// What the checks of config_load leave to those who read raw files: format, files and providers
/// must fit together, and variables must be set (config_use_data). `prepare` calls it.
throng_status config_check_dataset(throng_config *config);
/// True where any key of the section ("dataset") was given.
bool config_has_section(const throng_config *config, const char *section);
/// True where this key ("sim.lanes") was given.
bool config_has_key(const throng_config *config, const char *path);

/// Every key with its value, as JSON that config_load reads back to the same config. Caller frees.
throng_status config_print(const throng_config *config, char **out);
/// JSON Schema (2020-12) of config files, for editors. Caller frees.
throng_status config_schema(char **out);

#endif
