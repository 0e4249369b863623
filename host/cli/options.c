/// The command line of one command: getopt_long over the table's options, with the nearest known
/// name in every complaint.
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/backend.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "config/keys.h"

const cli_option *cli_option_at(const cli_command *command, int i) {
  for (const cli_option *o = command->options; o->name; ++o)
    if (i-- == 0) return o;
  for (const cli_option *o = cli_common_options; o->name; ++o)
    if (i-- == 0) return o;
  return NULL;
}

const char *cli_argument(const cli_option *option, char names[CLI_ARGUMENT_SIZE]) {
  if (!option->argument || strcmp(option->argument, "KEY")) return option->argument;
  config_key key;
  const bool known = config_find_key(option->key, &key) && key.field->names;
  assert(known);
  size_t used = 0;
  names[0] = '\0';
  for (int k = 0; known && key.field->names[k]; ++k) {
    const char *const name = key.field->names[k];
    assert(used + strlen(name) + 2 <= CLI_ARGUMENT_SIZE);
    used += (size_t)snprintf(names + used, CLI_ARGUMENT_SIZE - used, "%s%s", k ? "|" : "", name);
  }
  return names;
}

const cli_command *cli_find_command(const char *name) {
  for (int i = 0; i < cli_command_count; ++i)
    if (!strcmp(cli_commands[i].name, name)) return &cli_commands[i];
  return NULL;
}

static int index_of(const cli_command *command, const char *name) {
  const cli_option *option;
  for (int i = 0; (option = cli_option_at(command, i)); ++i)
    if (!strcmp(option->name, name)) return i;
  return -1;
}

const char *cli_text(const cli_run *run, const char *name) {
  int i = index_of(run->command, name);
  assert(i >= 0);
  return run->value[i];
}

bool cli_flag(const cli_run *run, const char *name) { return cli_text(run, name) != NULL; }

double cli_number(const cli_run *run, const char *name, double otherwise) {
  const char *text = cli_text(run, name);
  return text ? strtod(text, NULL) : otherwise;
}

int cli_wrong(const cli_run *run, const char *format, ...) {
  cli_progress_clear();
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "throng %s: %s\n`throng %s --help` says more.\n", run->command->name,
          cli_word(text), run->command->name);
  return CLI_USAGE;
}

int cli_fail(const cli_run *run) {
  char *text;
  if (asprintf(&text, "throng %s: %s", run->command->name, cli_word(throng_error_message())) < 0)
    return CLI_FAILED;
  cli_print_line(text);
  free(text);
  return CLI_FAILED;
}

static int unknown_option(const cli_run *run, const char *given) {
  char name[80];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
  const char *nearest = NULL;
  const char *bare = name + strspn(name, "-");
  size_t best = edit_limit(bare) + 1;
  const cli_option *option;
  for (int i = 0; (option = cli_option_at(run->command, i)); ++i) {
    size_t distance = edit_distance(bare, option->name, best);
    if (distance < best) best = distance, nearest = option->name;
  }
  if (nearest && name[1] == '-')
    return cli_wrong(run, "no option '%s'; did you mean '--%s'?", name, nearest);
  return cli_wrong(run, "no option '%s'", name);
}

/// True where `text` is one of "a|b|c".
static bool is_choice(const char *choices, const char *text) {
  size_t length = strlen(text);
  for (const char *at = choices; at; at = strchr(at, '|')) {
    at += *at == '|';
    if (strcspn(at, "|") == length && !strncmp(at, text, length)) return true;
  }
  return false;
}

/// A name that a choice had once: still taken, and the command tells the new one.
static bool is_former_choice(const cli_option *option, const char *text) {
  return !strcmp(option->name, "policy") && !strcmp(text, "oracle");
}

/// What commands take into a number of 32 bits.
static double most_of(const cli_option *option) {
  return !strcmp(option->name, "session") ? UINT32_MAX : INT32_MAX;
}

static int check_value(const cli_run *run, const cli_option *option, const char *text) {
  char names[CLI_ARGUMENT_SIZE];
  const char *kind = cli_argument(option, names);
  if (!kind) return CLI_DONE;
  char *end;
  errno = 0;
  if (!strcmp(kind, "N")) {
    long long x = strtoll(text, &end, 10);
    const char *path = !strcmp(option->name, "seed") ? run->command->seed_key : option->key;
    config_key key;
    bool known = path && config_find_key(path, &key);
    double least = known ? key.field->least : 0, most = known ? key.field->most : most_of(option);
    if (*text < '0' || *text > '9' || *end || errno || (double)x < least || (double)x > most)
      return cli_wrong(run, "--%s: expected an integer in %.0f..%.0f, not '%s'", option->name,
                       least, most, text);
  } else if (!strcmp(kind, "X")) {
    double x = strtod(text, &end);
    if (end == text || *end || !isfinite(x))
      return cli_wrong(run, "--%s: expected a number, not '%s'", option->name, text);
  } else if (!strcmp(kind, "KEY=VALUE")) {
    if (strcspn(text, "=") == 0 || !strchr(text, '='))
      return cli_wrong(run, "--%s: expected %s, not '%s'", option->name, kind, text);
  } else if (strchr(kind, '|')) {
    if (!is_choice(kind, text) && !is_former_choice(option, text))
      return cli_wrong(run, "--%s: expected %s, not '%s'", option->name, kind, text);
  } else if (!*text) {
    return cli_wrong(run, "--%s: expected %s, not an empty text", option->name, kind);
  }
  return CLI_DONE;
}

/// The options that are short for configuration keys, as overrides behind every --set. Their texts
/// live as long as the program.
static int add_shorthands(cli_run *run) {
  const cli_option *option;
  for (int i = 0; (option = cli_option_at(run->command, i)); ++i) {
    const char *key = !strcmp(option->name, "seed") ? run->command->seed_key : option->key;
    if (!key || !run->value[i]) continue;
    const char *value = option->argument ? run->value[i] : "true";
    char *text;
    if (asprintf(&text, "%s=%s", key, value) < 0) {
      fprintf(stderr, "throng %s: out of memory\n", run->command->name);
      return CLI_FAILED;
    }
    run->set[run->n_set++] = text;
  }
  return CLI_DONE;
}

int cli_parse(const cli_command *command, int argc, char **argv, cli_run *run, bool *help) {
  *run = (cli_run){.command = command};
  struct option options[CLI_MAX_OPTIONS + 1] = {{0}};
  char letters[2 * CLI_MAX_OPTIONS + 2] = ":";
  const cli_option *option;
  for (int i = 0; (option = cli_option_at(command, i)); ++i) {
    assert(i < CLI_MAX_OPTIONS);
    options[i] = (struct option){option->name, option->argument ? required_argument : no_argument,
                                 NULL, 256 + i};
    if (option->letter) {
      char spec[3] = {option->letter, option->argument ? ':' : '\0', '\0'};
      strcat(letters, spec);
    }
  }
  optind = 1;
  opterr = 0;
  for (int found; (found = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
    if (found == '?' || found == ':') {
      // getopt has moved past a long option, but maybe not past a cluster of letters.
      char letter[3] = {'-', (char)optopt, '\0'};
      bool is_letter = optopt > 0 && optopt < 256;
      const char *given = is_letter ? letter : argv[optind - 1];
      if (found == ':') return cli_wrong(run, "%s needs a value", given);
      if (optopt >= 256)
        return cli_wrong(run, "%.*s takes no value", (int)strcspn(given, "="), given);
      return unknown_option(run, given);
    }
    int i = found - 256;
    if (found < 256)
      for (i = 0; cli_option_at(command, i)->letter != found;) ++i;
    option = cli_option_at(command, i);
    if (!strcmp(option->name, "help")) {
      *help = true;
      return CLI_DONE;
    }
    int code = check_value(run, option, optarg ? optarg : "");
    if (code != CLI_DONE) return code;
    if (!strcmp(option->name, "set")) {
      if (run->n_set >= CLI_MAX_SETS) return cli_wrong(run, "more than %d --set", CLI_MAX_SETS);
      run->set[run->n_set++] = optarg;
    }
    run->value[i] = option->argument ? optarg : "";
  }
  run->argument = argv + optind;
  run->n_argument = argc - optind;
  run->json = cli_flag(run, "json");
  run->quiet = cli_flag(run, "quiet");
  if (run->n_argument < command->least) return cli_wrong(run, "expected %s", command->arguments);
  if (run->n_argument > command->most)
    return cli_wrong(run, "one argument too many: '%s'; expected %s", run->argument[command->most],
                     *command->arguments ? command->arguments : "none");
  return add_shorthands(run);
}

/// Where `make install` put the configs, seen from the program: "configs/demo.json" is found there
/// too, so that what --help and README say works in any folder.
static bool installed_config(const char *path, char *found, size_t size) {
  char program[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  if (n <= 0 || strncmp(path, "configs/", 8) != 0 || access(path, F_OK) == 0) return false;
  program[n] = '\0';
  for (int up = 0; up < 2; ++up) {
    char *slash = strrchr(program, '/');
    if (!slash) return false;
    *slash = '\0';
  }
  int length = snprintf(found, size, "%s/share/throng/%s", program, path);
  return length > 0 && (size_t)length < size && access(found, F_OK) == 0;
}

throng_status cli_config(const cli_run *run, const char *path, throng_config *config) {
  char found[PATH_MAX + 64];
  if (path && installed_config(path, found, sizeof found)) {
    throng_note(&run->progress, "%s: taken from %s", path, found);
    path = found;
  }
  return config_load(path, run->set, config);
}

throng_status cli_backend(const cli_run *run, const throng_config *config, throng_backend **out) {
  THRONG_TRY(throng_backend_open(&config->backend, out));
  (*out)->stop = cli_stop;
  throng_note(&run->progress, "backend: %s", throng_backend_describe(*out));
  return THRONG_OK;
}
