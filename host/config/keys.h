/// The table of every configuration key. It drives reading, range checks, overrides, printing, the
/// JSON Schema and the manual page's reference.
#ifndef THRONG_CONFIG_KEYS_H
#define THRONG_CONFIG_KEYS_H

#include <cjson/cJSON.h>

#include "config/config.h"

typedef enum key_kind {
  KEY_STRING,
  KEY_PATH,   // a string in which ${NAME} and a leading ~/ stand for something (expand.c)
  KEY_TEXTS,  // an array of strings; the field is a NULL-terminated const char *const *
  KEY_I32,
  KEY_U32,
  KEY_I64,
  KEY_F32,
  KEY_F64,
  KEY_BOOL,
  KEY_ENUM,
} key_kind;

typedef struct config_key {
  const char *path;  // "sim.lanes"
  key_kind kind;
  int count;                 // elements; above 1 the value is an array of exactly so many
  size_t offset;             // of the first element within throng_config
  double minimum, maximum;   // numbers
  const char *const *names;  // enums: NULL-terminated, by value
  unsigned formats;          // dataset: bit f set where dataset_format f uses the key; 0: all do
  const char *help;          // one line, with the unit
  int fewest;                // arrays: so many elements do, the rest have their defaults; 0: count
} config_key;

typedef struct config_section {
  const char *name, *help;
} config_section;

extern const config_key config_keys[];
extern const int config_key_count;
extern const config_section config_sections[];
extern const int config_section_count;

void config_defaults(throng_config *out);

const config_key *config_find_key(const char *path);
/// The known key that `path` was most likely meant to be, or NULL.
const config_key *config_nearest_key(const char *path);
/// True where some key lies below `path`: "dataset", "dataset.columns".
bool config_is_group(const char *path);

/// Put a value into its field; null unsets the key. `where` begins the error message
/// ("run.json:3:12: sim.lanes").
throng_status config_assign(throng_config *config, const config_key *key, const cJSON *value,
                            config_origin origin, const char *where);
/// A key's present value; NULL where memory is short. Caller deletes.
cJSON *config_value_json(const throng_config *config, const config_key *key);
/// The same as text, into `buffer`, as far as there is room: to be read by people.
void config_value_text(const throng_config *config, const config_key *key, char *buffer,
                       size_t size);
/// Let the config own `text`, which is freed where that fails.
throng_status config_keep(throng_config *config, char *text);
/// True where something in the path stands for something else.
bool config_path_is_raw(const char *text);
/// CONFIG where a "${" has no name or no end. config_check_paths: the same of every path that is
/// left after the overrides.
throng_status config_path_check(const char *text, const char *where);
throng_status config_check_paths(const throng_config *config);
/// The path as a config takes it to mean the same again. Caller frees.
throng_status config_path_print(const throng_config *config, const config_key *key, char **out);
/// A KEY_TEXTS value as an array of JSON; NULL where memory is short.
cJSON *config_texts_json(const throng_config *config, const config_key *key);
/// What the key accepts: "integer in 1..16777216".
void config_expectation(const config_key *key, char *buffer, size_t size);

#endif
