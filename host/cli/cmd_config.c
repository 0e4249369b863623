/// throng config: a configuration with everything put in, and the reference of every key.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "config/keys.h"

enum { INDENT = 4, TEXT = 1024 };

static const char *type_of(const config_key *key) {
  switch (key->kind) {
    case KEY_STRING: return "string";
    case KEY_PATH: return "path";
    case KEY_TEXTS: return "list of strings";
    case KEY_BOOL: return "boolean";
    case KEY_ENUM: return "name";
    case KEY_F32:
    case KEY_F64: return "number";
    default: return "integer";
  }
}

static bool has_range(const config_key *key) { return key->maximum > key->minimum; }

static void print_formats(unsigned formats) {
  const config_key *format = config_find_key("dataset.format");
  const char *before = " (";
  for (int k = 0; format->names[k]; ++k) {
    if (!(formats >> k & 1u)) continue;
    printf("%s%s", before, format->names[k]);
    before = ", ";
  }
  putchar(')');
}

/// sim.lanes = 1024; an integer in 1..16777216
///     user sessions that advance together
static void print_key(const throng_config *config, const throng_config *defaults, int i) {
  const config_key *key = &config_keys[i];
  char value[TEXT], expected[TEXT];
  config_value_text(defaults, key, value, sizeof value);
  config_expectation(key, expected, sizeof expected);
  printf("%s = %s; %s", key->path, value, expected);
  if (key->formats) print_formats(key->formats);
  putchar('\n');
  if (config->origin[i] != CONFIG_DEFAULT) {
    config_value_text(config, key, value, sizeof value);
    printf("%*shere: %s\n", INDENT, "", cli_word(value));
  }
  printf("%*s", INDENT, "");
  cli_wrap(key->help, INDENT, INDENT);
}

static int print_keys(const throng_config *config, const throng_config *defaults) {
  puts("key = default; what it takes. null unsets a key.");
  for (int s = 0; s < config_section_count; ++s) {
    printf("\n%s: ", config_sections[s].name);
    int column = (int)strlen(config_sections[s].name) + 2;
    cli_wrap(config_sections[s].help, column, column);
    putchar('\n');
    size_t length = strlen(config_sections[s].name);
    for (int i = 0; i < config_key_count; ++i)
      if (!strncmp(config_keys[i].path, config_sections[s].name, length) &&
          config_keys[i].path[length] == '.')
        print_key(config, defaults, i);
  }
  return CLI_DONE;
}

static int json_keys(const throng_config *config, const throng_config *defaults) {
  cJSON *document = cJSON_CreateObject(), *keys = cJSON_AddArrayToObject(document, "keys");
  const config_key *format = config_find_key("dataset.format");
  for (int i = 0; i < config_key_count; ++i) {
    const config_key *key = &config_keys[i];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(keys, object);
    cJSON_AddStringToObject(object, "key", key->path);
    cJSON_AddStringToObject(object, "type", type_of(key));
    if (key->count > 1) cJSON_AddNumberToObject(object, "count", key->count);
    if (has_range(key)) {
      cJSON_AddNumberToObject(object, "minimum", key->minimum);
      cJSON_AddNumberToObject(object, "maximum", key->maximum);
    }
    if (key->names) {
      cJSON *values = cJSON_AddArrayToObject(object, "values");
      for (int k = 0; key->names[k]; ++k)
        cJSON_AddItemToArray(values, cJSON_CreateString(key->names[k]));
    }
    if (key->formats) {
      cJSON *formats = cJSON_AddArrayToObject(object, "formats");
      for (int k = 0; format->names[k]; ++k)
        if (key->formats >> k & 1u)
          cJSON_AddItemToArray(formats, cJSON_CreateString(format->names[k]));
    }
    cJSON_AddItemToObject(object, "default", config_value_json(defaults, key));
    if (config->origin[i] != CONFIG_DEFAULT)
      cJSON_AddItemToObject(object, "here", config_value_json(config, key));
    cJSON_AddStringToObject(object, "help", key->help);
  }
  return cli_json(document);
}

int cmd_config(cli_run *run) {
  throng_config config, defaults;
  config_defaults(&defaults);
  if (cli_config(run, run->n_argument ? run->argument[0] : NULL, &config) != THRONG_OK)
    return cli_fail(run);
  char *text = NULL;
  int code = CLI_DONE;
  if (cli_flag(run, "keys")) {
    code = run->json ? json_keys(&config, &defaults) : print_keys(&config, &defaults);
  } else if (config_use_set(&config, &run->progress) != THRONG_OK ||
             config_print(&config, &text) != THRONG_OK) {
    code = cli_fail(run);
  } else {
    char *safe = cli_safe_json(text);
    puts(safe ? safe : text);
    free(safe);
  }
  free(text);
  config_free(&config);
  return code;
}
