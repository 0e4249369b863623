/// throng config: a configuration with everything put in, and the reference of every key.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "config/config_sweep.h"
#include "config/keys.h"

enum { INDENT = 4, TEXT = 1024 };

static const char *type_of(field_kind kind) {
  switch (kind) {
    case FIELD_KIND_STRING: return "string";
    case FIELD_KIND_PATH: return "path";
    case FIELD_KIND_TEXTS: return "list of strings";
    case FIELD_KIND_JSON: return "JSON";
    case FIELD_KIND_BOOL: return "boolean";
    case FIELD_KIND_ENUM: return "name";
    case FIELD_KIND_F32:
    case FIELD_KIND_F64: return "number";
    default: return "integer";
  }
}

static bool has_range(const field *f) { return f->kind != FIELD_KIND_BOOL && f->most > f->least; }

static void print_formats(unsigned formats) {
  const char *const *names = dataset_format_names;
  const char *before = " (";
  for (int k = 0; names[k]; ++k) {
    if (!(formats >> k & 1u)) continue;
    printf("%s%s", before, names[k]);
    before = ", ";
  }
  putchar(')');
}

/// sim.lanes = 1024; an integer in 1..16777216
///     user sessions that advance together
static void print_key(const throng_config *config, const throng_config *defaults,
                      const config_key *key) {
  char value[TEXT], expected[TEXT];
  config_value_text(defaults, key, value, sizeof value);
  field_expectation(key->field, expected, sizeof expected);
  printf("%s = %s; %s", key->path, value, expected);
  if (config_key_formats(key)) print_formats(config_key_formats(key));
  putchar('\n');
  if (config->origin[key->index] != CONFIG_DEFAULT) {
    config_value_text(config, key, value, sizeof value);
    printf("%*shere: %s\n", INDENT, "", cli_word(value));
  }
  printf("%*s", INDENT, "");
  cli_wrap(key->field->help, INDENT, INDENT);
}

static int print_keys(const throng_config *config, const throng_config *defaults) {
  puts("key = default; what it takes. null unsets a key.");
  for (int s = 0; s < config_section_count; ++s) {
    printf("\n%s: ", config_sections[s].name);
    int column = (int)strlen(config_sections[s].name) + 2;
    cli_wrap(config_sections[s].help, column, column);
    putchar('\n');
    config_key key;
    for (int i = 0; config_key_at(i, &key); ++i)
      if (config_key_within(&key, config_sections[s].name)) print_key(config, defaults, &key);
  }
  return CLI_DONE;
}

static int json_keys(const throng_config *config, const throng_config *defaults) {
  cJSON *document = cJSON_CreateObject(), *keys = cJSON_AddArrayToObject(document, "keys");
  const char *const *names = dataset_format_names;
  config_key key;
  for (int i = 0; config_key_at(i, &key); ++i) {
    const field *f = key.field;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(keys, object);
    cJSON_AddStringToObject(object, "key", key.path);
    cJSON_AddStringToObject(object, "type", type_of(f->kind));
    if (f->count > 1) cJSON_AddNumberToObject(object, "count", f->count);
    if (has_range(f)) {
      cJSON_AddNumberToObject(object, "minimum", f->least);
      cJSON_AddNumberToObject(object, "maximum", f->most);
    }
    if (f->names) {
      cJSON *values = cJSON_AddArrayToObject(object, "values");
      for (int k = 0; f->names[k]; ++k)
        cJSON_AddItemToArray(values, cJSON_CreateString(f->names[k]));
    }
    const unsigned uses = config_key_formats(&key);
    if (uses) {
      cJSON *formats = cJSON_AddArrayToObject(object, "formats");
      for (int k = 0; names[k]; ++k)
        if (uses >> k & 1u) cJSON_AddItemToArray(formats, cJSON_CreateString(names[k]));
    }
    if (f->flags & FIELD_PER_AGENT) cJSON_AddTrueToObject(object, "per_agent");
    if (f->flags & FIELD_UP_TO) cJSON_AddTrueToObject(object, "up_to_population");
    if (f->flags & FIELD_SWEEPABLE) cJSON_AddTrueToObject(object, "sweepable");
    cJSON_AddItemToObject(object, "default", config_value_json(defaults, &key));
    if (config->origin[i] != CONFIG_DEFAULT)
      cJSON_AddItemToObject(object, "here", config_value_json(config, &key));
    cJSON_AddStringToObject(object, "help", f->help);
  }
  return cli_json(document);
}

/// What config_load leaves to sweeps.
static throng_status check_sweep(const throng_config *config) {
  config_objective objective[SWEEP_MOST_OBJECTIVES];
  int32_t n;
  space *s = NULL;
  if (config->sweep_space) THRONG_TRY(config_space(config, &s));
  space_free(s);
  return config_objectives(config, objective, &n);
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
  } else if (check_sweep(&config) != THRONG_OK ||
             config_use_set(&config, &run->progress) != THRONG_OK ||
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
