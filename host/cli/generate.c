/// What the build makes from the command table and the key table: shell completions and the schema;
/// the manual page is in generate_man.c.
#include "cli/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "config/keys.h"

static void bash_words_of(const char *choices) {
  for (; *choices; ++choices) putchar(*choices == '|' ? ' ' : *choices);
}

static void bash_completion(void) {
  puts("# bash completion for throng, generated from its command table");
  puts("_throng() {");
  puts("  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}");
  puts("  if [ \"$COMP_CWORD\" -eq 1 ]; then");
  printf("    COMPREPLY=($(compgen -W \"");
  for (int i = 0; i < cli_command_count; ++i) printf("%s ", cli_commands[i].name);
  puts("--help --version\" -- \"$cur\"))\n    return\n  fi");
  puts("  case $prev in");
  printf("    -s|--set)\n      compopt -o nospace\n      COMPREPLY=($(compgen -W \"");
  for (int i = 0; i < config_key_count; ++i) printf("%s%s=", i ? " " : "", config_keys[i].path);
  puts("\" -- \"$cur\"))\n      return ;;\n  esac");
  puts("  case ${COMP_WORDS[1]},$prev in");
  for (int c = 0; c < cli_command_count; ++c) {
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i) {
      if (!option->argument || !strcmp(option->name, "set")) continue;
      printf("    %s,--%s", cli_commands[c].name, option->name);
      if (option->letter) printf("|%s,-%c", cli_commands[c].name, option->letter);
      if (!strcmp(option->argument, "FILE"))
        puts(") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;");
      else if (!strcmp(option->argument, "FOLDER"))
        puts(") compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\")); return ;;");
      else if (strchr(option->argument, '|')) {
        printf(") COMPREPLY=($(compgen -W \"");
        bash_words_of(option->argument);
        puts("\" -- \"$cur\")); return ;;");
      } else {
        puts(") COMPREPLY=(); return ;;");
      }
    }
  }
  puts("  esac\n  if [[ $cur == -* ]]; then\n    case ${COMP_WORDS[1]} in");
  for (int c = 0; c < cli_command_count; ++c) {
    printf("      %s) COMPREPLY=($(compgen -W \"", cli_commands[c].name);
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i)
      printf("%s--%s", i ? " " : "", option->name);
    puts("\" -- \"$cur\")) ;;");
  }
  puts("    esac\n    return\n  fi");
  puts("  compopt -o filenames");
  puts("  COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _throng throng");
}

/// Within single quotes and _arguments' brackets.
static void zsh_text(const char *text) {
  for (; *text; ++text) {
    if (*text == '\'')
      fputs("'\\''", stdout);
    else if (strchr("[]:\\", *text))
      printf("\\%c", *text);
    else
      putchar(*text);
  }
}

static void zsh_option(const cli_option *option) {
  bool repeats = !strcmp(option->name, "set");
  printf("        %s", repeats ? "'*" : option->letter ? "" : "'");
  if (option->letter && !repeats)
    printf("'(-%c --%s)'{-%c,--%s}'", option->letter, option->name, option->letter, option->name);
  else
    printf("--%s", option->name);
  putchar('[');
  zsh_text(option->help);
  putchar(']');
  if (repeats) {
    fputs(":key:(", stdout);
    for (int i = 0; i < config_key_count; ++i) printf("%s%s=", i ? " " : "", config_keys[i].path);
    putchar(')');
  } else if (option->argument && !strcmp(option->argument, "FILE")) {
    fputs(":file:_files", stdout);
  } else if (option->argument && !strcmp(option->argument, "FOLDER")) {
    fputs(":folder:_files -/", stdout);
  } else if (option->argument && strchr(option->argument, '|')) {
    fputs(":choice:(", stdout);
    bash_words_of(option->argument);
    putchar(')');
  } else if (option->argument) {
    printf(":%s:", option->argument);
  }
  puts("' \\");
}

static void zsh_completion(void) {
  puts("#compdef throng\n# zsh completion for throng, generated from its command table");
  puts("_throng() {\n  local -a commands\n  commands=(");
  for (int i = 0; i < cli_command_count; ++i) {
    printf("    '%s:", cli_commands[i].name);
    zsh_text(cli_commands[i].summary);
    puts("'");
  }
  puts("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi");
  puts("  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in");
  for (int c = 0; c < cli_command_count; ++c) {
    printf("    %s)\n      _arguments -s \\\n", cli_commands[c].name);
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i) zsh_option(option);
    puts("        '*:file:_files' ;;");
  }
  puts("  esac\n}\n_throng \"$@\"");
}

static int schema(void) {
  char *text = NULL;
  if (config_schema(&text) != THRONG_OK) {
    fprintf(stderr, "throng: %s\n", throng_error_message());
    return CLI_FAILED;
  }
  puts(text);
  free(text);
  return CLI_DONE;
}

int cli_generate(const char *what) {
  if (!strcmp(what, "man"))
    generate_man();
  else if (!strcmp(what, "bash-completion"))
    bash_completion();
  else if (!strcmp(what, "zsh-completion"))
    zsh_completion();
  else if (!strcmp(what, "schema"))
    return schema();
  else {
    fprintf(stderr,
            "throng: --generate: expected man, bash-completion, zsh-completion or schema, "
            "not '%s'\n",
            what);
    return CLI_USAGE;
  }
  return CLI_DONE;
}
