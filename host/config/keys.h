/// The keys of a configuration, one for each option of each section's table: reading, overrides,
/// printing, the JSON Schema and the manual page's reference go through them.
#ifndef THRONG_CONFIG_KEYS_H
#define THRONG_CONFIG_KEYS_H

#include "base/field.h"
#include "config/config.h"

typedef struct config_key {
  int index;      // in the config's arrays origin, place and raw
  char path[64];  // "sim.lanes"
  const field_table *table;
  const field *field;
  size_t offset;  // of its Def within throng_config
} config_key;

typedef struct config_section {
  const char *name, *help;
} config_section;

extern const config_section config_sections[];
extern const int config_section_count;

void config_defaults(throng_config *out);

/// False past the last:  config_key key;  for (int i = 0; config_key_at(i, &key); ++i) ...
bool config_key_at(int index, config_key *out);
/// False, and `*out` is no key, where there is none.
bool config_find_key(const char *path, config_key *out);
/// The known key with all of `flags` that `path` was most likely meant to be.
bool config_nearest_key(const char *path, unsigned flags, config_key *out);
/// Does the key lie below `group`: "dataset", "dataset.columns"?
bool config_key_within(const config_key *key, const char *group);
/// True where some key lies below `path`.
bool config_is_group(const char *path);
/// Which formats of raw files use the key: bit f set for dataset_format f; 0: all do, or it is of
/// another section.
unsigned config_key_formats(const config_key *key);
/// The Def that holds the key's option.
static inline void *config_def_of(const throng_config *config, const config_key *key) {
  return (char *)config + key->offset;
}
/// A string or a path.
static inline const char **config_text_of(const throng_config *config, const config_key *key) {
  return (const char **)(void *)((char *)config_def_of(config, key) + key->field->offset);
}

/// Put a value into its field; null unsets the key. `where` begins the error message
/// ("run.json:3:12: sim.lanes").
throng_status config_assign(throng_config *config, const config_key *key, const cJSON *value,
                            config_origin origin, const char *where);
/// Where a key's value comes from, as far as that is known: "run.json:3:12: dataset.reviews" or
/// "--set dataset.reviews". Returns `text`.
const char *config_place_text(const throng_config *config, const config_key *key, char *text,
                              size_t size);
/// A key's present value as the config would say it; NULL where memory is short. Caller deletes.
cJSON *config_value_json(const throng_config *config, const config_key *key);
/// The same as text, into `buffer`, as far as there is room: to be read by people.
void config_value_text(const throng_config *config, const config_key *key, char *buffer,
                       size_t size);
/// Let the config own `block`, which is freed where that fails.
throng_status config_keep(throng_config *config, void *block);
/// The schema of a key whose value is JSON; NULL where memory is short. Caller deletes.
cJSON *config_json_schema(const config_key *key);
/// "agent.gamma" of "sweep.space.agent.gamma", NULL of other paths; and its parameter put into the
/// space, taken out where `value` is null.
const char *config_space_member(const char *path);
throng_status config_set_member(throng_config *config, const char *name, const cJSON *value,
                                const char *where);
/// True where something in the path stands for something else.
bool config_path_is_raw(const char *text);
/// CONFIG where a "${" has no name or no end. config_check_paths: the same of every path that is
/// left after the overrides.
throng_status config_path_check(const char *text, const char *where);
throng_status config_check_paths(const throng_config *config);

#endif
