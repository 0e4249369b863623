/// The program: finds the command, runs it, and makes sure that what was printed has arrived.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "cli/cli.h"
#include "data/stream.h"

/// A full disk or a closed pipe is a failure, even where every computation went well.
static int finish(int code) {
  if (cli_flush_stdout()) return code;
  fprintf(stderr, "throng: writing to standard output: %s\n", strerror(errno));
  return CLI_FAILED;
}

static int unknown_command(const char *name) {
  const char *nearest = NULL;
  size_t best = edit_limit(name) + 1;
  for (int i = 0; i < cli_command_count; ++i) {
    size_t distance = edit_distance(name, cli_commands[i].name, best);
    if (distance < best) best = distance, nearest = cli_commands[i].name;
  }
  fprintf(stderr, "throng: no command '%s'", cli_word(name));
  if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
  fprintf(stderr, "\n`throng --help` lists the commands.\n");
  return CLI_USAGE;
}

const char *cli_program = "throng";

/// Where one of the three was closed, the next file that is opened would take its place and be read
/// or written as it. What stands there now can be neither.
static void hold_standard_streams(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
  if (argc > 0) cli_program = argv[0];
  hold_standard_streams();
  signal(SIGPIPE, SIG_IGN);  // a closed pipe is then an error of write, told apart by finish
  signal(SIGXFSZ, SIG_IGN);  // so is a file beyond `ulimit -f`, whose beginning goes again
  cli_guard_stdout();
  if (argc < 2) {
    fprintf(stderr, "usage: throng COMMAND [OPTION...]\n`throng --help` lists the commands.\n");
    return CLI_USAGE;
  }
  const char *first = argv[1];
  if (!strcmp(first, "--help") || !strcmp(first, "-h") || !strcmp(first, "help")) {
    const cli_command *command = argc > 2 ? cli_find_command(argv[2]) : NULL;
    if (argc > 2 && !command) return unknown_command(argv[2]);
    cli_print_help(command);
    return finish(CLI_DONE);
  }
  if (!strcmp(first, "--version") || !strcmp(first, "-V")) {
    printf("throng %s\n", throng_version());
    return finish(CLI_DONE);
  }
  if (!strcmp(first, "--generate")) return finish(cli_generate(argc > 2 ? argv[2] : ""));
  const cli_command *command = cli_find_command(first);
  if (!command) {
    if (*first != '-') return unknown_command(first);
    fprintf(stderr, "throng: option '%s' before a command\n", cli_word(first));
    fprintf(stderr, "`throng --help` lists the commands.\n");
    return CLI_USAGE;
  }
  static cli_run run;  // large, and its strings outlive every call
  bool help = false;
  int code = cli_parse(command, argc - 1, argv + 1, &run, &help);
  if (help) {
    cli_print_help(command);
    return finish(CLI_DONE);
  }
  if (code != CLI_DONE) return code;
  cli_progress_start(&run);
  stream_scope pipes;  // of the whole command: what one option has read another cannot
  stream_scope_begin(&pipes, &run.progress);
  code = command->run(&run);
  stream_scope_end(&pipes);
  cli_progress_clear();
  if (code == CLI_FAILED && cli_interrupted()) code = 128 + cli_interrupted();
  return finish(code);
}
