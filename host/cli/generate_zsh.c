/// zsh completion, from the command table and the key table.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/generate_parts.h"
#include "cli/generate_words.h"

/// Within single quotes and _arguments' brackets.
static void text_of(const char *text) {
  for (; *text; ++text) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else if (strchr("[]:\\", *text))
      printf("\\%c", *text);
    else
      putchar(*text);
  }
}

static void option_of(const cli_option *option) {
  char names[CLI_ARGUMENT_SIZE];
  const char *const argument = cli_argument(option, names);
  bool repeats = !strcmp(option->name, "set");
  fputs("        ", stdout);
  if (repeats)
    printf("'*'{-%c+,--%s=}'", option->letter, option->name);
  else if (option->letter)
    printf("'(-%c --%s)'{-%c%s,--%s%s}'", option->letter, option->name, option->letter,
           argument ? "+" : "", option->name, argument ? "=" : "");
  else
    printf("'--%s%s", option->name, argument ? "=" : "");
  putchar('[');
  text_of(option->help);
  putchar(']');
  if (repeats) {
    fputs(":key:_throng_set", stdout);
  } else if (argument && !strcmp(argument, "FILE")) {
    fputs(":file:_files", stdout);
  } else if (argument && !strcmp(argument, "FOLDER")) {
    fputs(":folder:_files -/", stdout);
  } else if (argument && strchr(argument, '|')) {
    fputs(":choice:(", stdout);
    generate_choices(argument);
    putchar(')');
  } else if (argument) {
    printf(":%s:", argument);
  }
  puts("' \\");
}

static void case_of(field_kind kind, const char *what) {
  fputs("    ", stdout);
  generate_keys(kind, "|");
  printf(") %s ;;\n", what);
}

static void set_function(void) {
  config_key key;
  puts("_throng_set() {\n  local key\n  local -a keys");
  puts("  if compset -P 1 '(#b)(*)='; then");
  puts("    key=$match[1]");
  puts("    case $key in");
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!key.field->names) continue;
    printf("    %s) compadd --", key.path);
    for (int k = 0; key.field->names[k]; ++k) printf(" %s", key.field->names[k]);
    puts(" ;;");
  }
  case_of(FIELD_KIND_BOOL, "compadd -- true false");
  case_of(FIELD_KIND_PATH, "_files");
  puts("    esac\n    return\n  fi\n  keys=(");
  for (int i = 0; config_key_at(i, &key); ++i) {
    printf("    '%s:", key.path);
    text_of(key.field->help);
    puts("'");
  }
  puts("  )\n  _describe -t keys key keys -S =\n}");
}

void generate_zsh(void) {
  puts("#compdef throng\n# zsh completion for throng, generated from its command table");
  set_function();
  puts("_throng() {\n  setopt localoptions extendedglob\n  local -a commands\n  commands=(");
  for (int i = 0; i < cli_command_count; ++i) {
    printf("    '%s:", cli_commands[i].name);
    text_of(cli_commands[i].summary);
    puts("'");
  }
  puts(
      "  )\n  if (( CURRENT == 2 )); then\n    _describe -t commands command commands\n    return\n"
      "  fi");
  puts("  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in");
  for (int c = 0; c < cli_command_count; ++c) {
    printf("    %s)\n      _arguments -s \\\n", cli_commands[c].name);
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i) option_of(option);
    puts("        '*:file:_files' ;;");
  }
  puts("    help) _describe -t commands command commands ;;");
  puts("  esac\n}\n_throng \"$@\"");
}
