/// bash completion, from the command table and the key table.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/generate_parts.h"
#include "cli/generate_words.h"

/// One case for all keys of a kind: "a|b|c) what ;;"
static void case_of(field_kind kind, const char *what) {
  fputs("    ", stdout);
  generate_keys(kind, "|");
  printf(") %s ;;\n", what);
}

/// Behind --set: keys, and behind their '=' what they take.
static void set_function(void) {
  config_key key;
  puts("_throng_set() {");
  puts("  local spec=$1");
  puts("  if [[ $spec != *=* ]]; then");
  puts("    compopt -o nospace");
  fputs("    COMPREPLY=($(compgen -W \"", stdout);
  for (int i = 0; config_key_at(i, &key); ++i) printf("%s%s=", i ? " " : "", key.path);
  puts("\" -- \"$spec\"))");
  puts("    return\n  fi");
  puts("  local key=${spec%%=*} value=${spec#*=} values=");
  puts("  case $key in");
  for (int i = 0; config_key_at(i, &key); ++i) {
    if (!key.field->names) continue;
    printf("    %s) values=\"", key.path);
    for (int k = 0; key.field->names[k]; ++k) printf("%s%s", k ? " " : "", key.field->names[k]);
    puts("\" ;;");
  }
  case_of(FIELD_KIND_BOOL, "values=\"true false\"");
  case_of(FIELD_KIND_PATH, "_throng_files -f \"$value\"; return");
  puts("  esac");
  puts("  COMPREPLY=($(compgen -W \"$values\" -- \"$value\"))\n}");
}

static void option_values(const cli_command *command, const cli_option *option) {
  char names[CLI_ARGUMENT_SIZE];
  const char *const argument = cli_argument(option, names);
  if (!argument || !strcmp(option->name, "set")) return;
  printf("    %s,--%s", command->name, option->name);
  if (option->letter) printf("|%s,-%c", command->name, option->letter);
  if (!strcmp(argument, "FILE")) {
    puts(") _throng_files -f \"$cur\"; return ;;");
  } else if (!strcmp(argument, "FOLDER")) {
    puts(") _throng_files -d \"$cur\"; return ;;");
  } else if (strchr(argument, '|')) {
    fputs(") COMPREPLY=($(compgen -W \"", stdout);
    generate_choices(argument);
    puts("\" -- \"$cur\")); return ;;");
  } else {
    puts(") COMPREPLY=(); return ;;");
  }
}

void generate_bash(void) {
  puts("# bash completion for throng, generated from its command table");
  puts("_throng_files() {\n  compopt -o filenames");
  puts("  mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$2\")\n}");
  set_function();
  puts("_throng() {");
  // bash splits words at '=', which is a part of ours; it replaces what stands behind the last one.
  puts("  local cur prev word words=() joined=0");
  puts("  for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do");
  puts("    if [[ ${#words[@]} -gt 0 && ( $word == '=' || $joined == 1 ) ]]; then");
  puts("      words[-1]+=$word");
  puts("    else");
  puts("      words+=(\"$word\")");
  puts("    fi");
  puts("    [[ $word == '=' ]] && joined=1 || joined=0");
  puts("  done");
  puts("  COMPREPLY=()");
  puts("  cur=${words[-1]} prev=");
  puts("  [ ${#words[@]} -lt 2 ] || prev=${words[-2]}");
  puts("  if [ ${#words[@]} -eq 2 ]; then");
  fputs("    COMPREPLY=($(compgen -W \"", stdout);
  for (int i = 0; i < cli_command_count; ++i) printf("%s ", cli_commands[i].name);
  puts("help --help --version\" -- \"$cur\"))\n    return\n  fi");
  puts("  [[ $cur == --*=* ]] && prev=${cur%%=*} cur=${cur#*=}");
  puts("  case $prev in\n    -s|--set) _throng_set \"$cur\"; return ;;\n  esac");
  puts("  case ${words[1]},$prev in");
  for (int c = 0; c < cli_command_count; ++c) {
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i)
      option_values(&cli_commands[c], option);
  }
  fputs("    help,*) COMPREPLY=($(compgen -W \"", stdout);
  for (int i = 0; i < cli_command_count; ++i) printf("%s ", cli_commands[i].name);
  puts("\" -- \"$cur\")); return ;;");
  puts("  esac\n  if [[ $cur == -* ]]; then\n    case ${words[1]} in");
  for (int c = 0; c < cli_command_count; ++c) {
    printf("      %s) COMPREPLY=($(compgen -W \"", cli_commands[c].name);
    const cli_option *option;
    for (int i = 0; (option = cli_option_at(&cli_commands[c], i)); ++i)
      printf("%s--%s", i ? " " : "", option->name);
    puts("\" -- \"$cur\")) ;;");
  }
  puts("    esac\n    return\n  fi");
  puts("  _throng_files -f \"$cur\"\n}\ncomplete -F _throng throng");
}
