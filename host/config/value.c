/// One key's value: from JSON into its option, and back.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/keys.h"

throng_status config_assign(throng_config *config, const config_key *key, const cJSON *value,
                            config_origin origin, const char *where) {
  void *owned;
  const field *f = key->field;
  void *def = config_def_of(config, key);
  THRONG_TRY(field_assign(f, def, value, where, &owned));
  if (owned) {
    throng_status status = config_keep(config, owned);
    if (status != THRONG_OK) field_reset(f, def);
    THRONG_TRY(status);
  }
  config->origin[key->index] = cJSON_IsNull(value) ? CONFIG_DEFAULT : (uint8_t)origin;
  config->raw[key->index] = f->kind == FIELD_KIND_PATH && owned && config_path_is_raw(owned);
  return THRONG_OK;
}

/// A path in which something stands for something else is printed as it was read.
cJSON *config_value_json(const throng_config *config, const config_key *key) {
  if (config->raw[key->index]) return cJSON_CreateString(*config_text_of(config, key));
  return field_json(key->field, config_def_of(config, key));
}

void config_value_text(const throng_config *config, const config_key *key, char *buffer,
                       size_t size) {
  cJSON *node = config_value_json(config, key);
  char *printed = node && json_keep_digits(node) ? cJSON_PrintUnformatted(node) : NULL;
  snprintf(buffer, size, "%s", printed ? printed : "null");
  cJSON_free(printed);
  cJSON_Delete(node);
}

const char *config_place_text(const throng_config *config, const config_key *key, char *text,
                              size_t size) {
  const config_place *place = &config->place[key->index];
  if (config->origin[key->index] == CONFIG_FILE && place->line)
    snprintf(text, size, "%s:%d:%d: %s", config->source ? config->source : "config", place->line,
             place->column, key->path);
  else
    snprintf(text, size, "--set %s", key->path);
  return text;
}
