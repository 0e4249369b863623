/// --help, of the program and of each command, wrapped to the terminal's width, 80 columns at most.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

void cli_wrap(const char *text, int column, int indent) {
  enum { MOST = 80 };
  const int columns = cli_width(STDOUT_FILENO), width = columns < MOST ? columns : (int)MOST;
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (column > indent && column + 1 + length > width) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      putchar(' ');
      ++column;
    }
    printf("%.*s", length, text);
    column += length;
    text += length + (text[length] == ' ');
  }
  putchar('\n');
}

static void print_option(const cli_option *option) {
  char left[80], names[CLI_ARGUMENT_SIZE];
  const char *const argument = cli_argument(option, names);
  int used = option->letter
                 ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                 : snprintf(left, sizeof left, "      --%s", option->name);
  if (argument) snprintf(left + used, sizeof left - (size_t)used, " %s", argument);
  int column = 30;
  if (strlen(left) + 2 > (size_t)column)
    printf("%s\n%*s", left, column, "");
  else
    printf("%-*s", column, left);
  cli_wrap(option->help, column, column);
}

void cli_print_help(const cli_command *command) {
  if (!command) {
    puts("usage: throng COMMAND [OPTION...]\n");
    cli_wrap("Simulates thousands of recommender-system users at once and trains agents on them.",
             0, 0);
    puts("\nCommands:");
    for (int i = 0; i < cli_command_count; ++i)
      printf("  %-10s %s\n", cli_commands[i].name, cli_commands[i].summary);
    puts("\n`throng COMMAND --help` explains one; `man throng` lists every configuration key.");
    puts("From nothing to a trained agent:\n");
    puts("  throng synth -o world.safetensors");
    puts("  throng fit world.safetensors -o sta.safetensors");
    puts("  throng train configs/demo.json");
    return;
  }
  printf("usage: throng %s%s%s [OPTION...]\n\n", command->name, *command->arguments ? " " : "",
         command->arguments);
  cli_wrap(command->description, 0, 0);
  puts("\nOptions:");
  const cli_option *option;
  for (int i = 0; (option = cli_option_at(command, i)); ++i) print_option(option);
  puts("\nExamples:");
  for (int i = 0; command->examples[i]; i += 2) {
    printf("  %s\n", command->examples[i]);
    fputs("      ", stdout);
    cli_wrap(command->examples[i + 1], 6, 6);
  }
  putchar('\n');
  cli_wrap("Exit status: 0 done, 1 failed, 2 wrong usage; 130 and 143: stopped by SIGINT, SIGTERM.",
           0, 0);
}
