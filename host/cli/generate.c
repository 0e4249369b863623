/// What the build makes from the command table and the key table: here the schema; the manual page
/// is in generate_man.c, what shells complete by in generate_bash.c, _zsh.c and _fish.c.
#include "cli/generate_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

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
    generate_bash();
  else if (!strcmp(what, "zsh-completion"))
    generate_zsh();
  else if (!strcmp(what, "fish-completion"))
    generate_fish();
  else if (!strcmp(what, "schema"))
    return schema();
  else {
    fprintf(stderr,
            "throng: --generate: expected man, bash-completion, zsh-completion, fish-completion or "
            "schema, not '%s'\n",
            what);
    return CLI_USAGE;
  }
  return CLI_DONE;
}
