/// fish completion, from the command table and the key table.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/generate_parts.h"
#include "cli/generate_words.h"

/// A text in single quotes.
static void quoted(const char *text) {
  putchar('\'');
  for (; *text; ++text) {
    if (*text == '\'' || *text == '\\') putchar('\\');
    putchar(*text);
  }
  putchar('\'');
}

static void case_of(field_kind kind, const char *what) {
  fputs("    case ", stdout);
  generate_keys(kind, " ");
  printf("\n      %s\n", what);
}

/// Behind --set: keys with what they mean, and behind their '=' what they take.
static void set_function(void) {
  config_key key, after;
  puts("function __throng_set");
  puts("  set -l token (commandline -ct | string replace -r '^(--set=|-s(?=.))' '')");
  puts("  if not string match -q '*=*' -- $token");
  puts("    printf '%s\\n' \\");
  for (int i = 0; config_key_at(i, &key); ++i) {
    fputs("      ", stdout);
    printf("%s=\\t", key.path);
    quoted(key.field->help);
    puts(config_key_at(i + 1, &after) ? " \\" : "");
  }
  puts("    return\n  end");
  puts("  set -l key (string split -m 1 = -- $token)[1]");
  puts("  set -l value (string split -m 1 = -- $token)[2]");
  puts("  switch $key");
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!key.field->names) continue;
    printf("    case %s\n      printf \"$key=%%s\\n\"", key.path);
    for (int k = 0; key.field->names[k]; ++k) printf(" %s", key.field->names[k]);
    putchar('\n');
  }
  case_of(FIELD_KIND_BOOL, "printf \"$key=%s\\n\" true false");
  case_of(FIELD_KIND_PATH, "printf \"$key=%s\\n\" (__fish_complete_path \"$value\")");
  puts("  end\nend");
}

static void option_of(const cli_command *command, const cli_option *option) {
  char names[CLI_ARGUMENT_SIZE];
  const char *const argument = cli_argument(option, names);
  printf("complete -c throng -n '__fish_seen_subcommand_from %s'", command->name);
  if (option->letter) printf(" -s %c", option->letter);
  printf(" -l %s", option->name);
  if (!strcmp(option->name, "set")) {
    fputs(" -x -a '(__throng_set)'", stdout);
  } else if (argument && !strcmp(argument, "FILE")) {
    fputs(" -r -F", stdout);
  } else if (argument && !strcmp(argument, "FOLDER")) {
    fputs(" -x -a '(__fish_complete_directories)'", stdout);
  } else if (argument && strchr(argument, '|')) {
    fputs(" -x -a '", stdout);
    generate_choices(argument);
    putchar('\'');
  } else if (argument) {
    fputs(" -x", stdout);
  }
  fputs(" -d ", stdout);
  quoted(option->help);
  putchar('\n');
}

void generate_fish(void) {
  puts("# fish completion for throng, generated from its command table");
  set_function();
  for (int c = 0; c < cli_command_count; ++c) {
    printf("complete -c throng -n __fish_use_subcommand -f -a %s -d ", cli_commands[c].name);
    quoted(cli_commands[c].summary);
    putchar('\n');
  }
  puts("complete -c throng -n __fish_use_subcommand -f -l help -s h -d 'show help'");
  puts("complete -c throng -n __fish_use_subcommand -f -l version -s V -d 'show the version'");
  for (int c = 0; c < cli_command_count; ++c) {
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i)
      option_of(&cli_commands[c], option);
  }
}
