/// throng(1), from the command table and the key table.
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/generate_parts.h"
#include "config/keys.h"

/// Text as roff: hyphens that are minus signs, backslashes, and no request at a line's start.
static void roff(const char *text) {
  if (*text == '.' || *text == '\'') fputs("\\&", stdout);
  for (; *text; ++text) {
    if (*text == '-')
      fputs("\\-", stdout);
    else if (*text == '\\')
      fputs("\\e", stdout);
    else
      putchar(*text);
  }
}

static void line(const char *text) {
  roff(text);
  putchar('\n');
}

static void option(const cli_option *o) {
  char names[CLI_ARGUMENT_SIZE];
  const char *const argument = cli_argument(o, names);
  fputs(".TP\n", stdout);
  if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
  fputs("\\fB\\-\\-", stdout);
  roff(o->name);
  fputs("\\fR", stdout);
  if (argument) {
    fputs(" \\fI", stdout);
    roff(argument);
    fputs("\\fR", stdout);
  }
  putchar('\n');
  line(o->help);
}

static void command(const cli_command *c) {
  fputs(".SS throng ", stdout);
  roff(c->name);
  if (*c->arguments) putchar(' ');
  line(c->arguments);
  line(c->description);
  for (const cli_option *o = c->options; o->name; ++o) option(o);
  for (int i = 0; c->examples[i]; i += 2) {
    fputs(".PP\n", stdout);
    line(c->examples[i + 1]);
    fputs(".RS 4\n.nf\n", stdout);
    line(c->examples[i]);
    fputs(".fi\n.RE\n", stdout);
  }
}

static void keys(void) {
  throng_config defaults;
  config_defaults(&defaults);
  for (int s = 0; s < config_section_count; ++s) {
    fputs(".SS ", stdout);
    line(config_sections[s].name);
    printf("%c", config_sections[s].help[0] >= 'a' ? config_sections[s].help[0] - 32
                                                   : config_sections[s].help[0]);
    roff(config_sections[s].help + 1);
    puts(".");
    config_key key;
    for (int i = 0; config_key_at(i, &key); ++i) {
      if (!config_key_within(&key, config_sections[s].name)) continue;
      char expected[512], value[512];
      field_expectation(key.field, expected, sizeof expected);
      config_value_text(&defaults, &key, value, sizeof value);
      fputs(".TP\n\\fB", stdout);
      roff(key.path);
      fputs("\\fR\n", stdout);
      roff(key.field->help);
      fputs("; ", stdout);
      roff(expected);
      if (strcmp(value, "null")) {
        fputs("; default ", stdout);
        roff(value);
      }
      puts(".");
    }
  }
}

void generate_man(void) {
  printf(".TH THRONG 1 \"\" \"throng %s\" \"User Commands\"\n", throng_version());
  puts(".SH NAME\nthrong \\- simulated users of recommender systems, and agents trained on them");
  puts(".SH SYNOPSIS\n.B throng\n.I COMMAND\n[\\fIOPTION\\fR...]");
  puts(".SH DESCRIPTION");
  line(
      "Simulates thousands of recommender-system users at once by three votes (keywords that met, "
      "the nearest past item, a fitted sequence model) and trains many agents against them.");
  puts("Results go to standard output, progress and messages to standard error.");
  puts(".SH COMMANDS");
  for (int i = 0; i < cli_command_count; ++i) command(&cli_commands[i]);
  puts(".SH COMMON OPTIONS");
  for (const cli_option *o = cli_common_options; o->name; ++o) option(o);
  puts(".SH CONFIGURATION");
  line(
      "A configuration is JSON with // and /* */ comments: sections, and keys within them. Any key "
      "can be overridden with --set section.key=value; arrays are written a,b,c. An unknown key is "
      "an error that names the nearest one. null unsets a key or a section, and --set "
      "section={...} gives several keys at once. Paths are relative to the current directory; "
      "${NAME} in them stands for the environment variable NAME, $${ for a dollar and a brace, and "
      "~/ at their beginning for HOME. A variable must be set only where its path is used. A file "
      "of data may be gzip or plain, a pipe, or -, which is standard input: a pipe is copied into "
      "TMPDIR first, for data are read more than once.");
  keys();
  puts(".SH ENVIRONMENT\n.TP\n.B THRONG_DATA");
  puts("Where the configurations that come with throng look for raw data sets.");
  puts(
      ".SH EXIT STATUS\n0: done. 1: failed, also where a configuration or the key or value of a "
      "\\-\\-set is wrong; a message names the place, the cause and what was expected. 2: wrong "
      "usage: "
      "commands, options and their arguments. 130, 143: stopped by SIGINT or SIGTERM; a training "
      "run has saved what it learned by then.");
  puts(".SH SEE ALSO");
  line(
      "Zhang et al., LLM-Powered User Simulator for Recommender System, AAAI 2025, arXiv "
      "2412.16984.");
}
