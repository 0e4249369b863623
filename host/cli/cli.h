/// What every command of the program shares: the command table, the parsed command line, output and
/// progress. A command lives in cmd_<name>.c; main.c runs it. The only folder that prints.
#ifndef THRONG_CLI_CLI_H
#define THRONG_CLI_CLI_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/status.h"
#include "config/config.h"
#include "report/text_table.h"
#include "throng/throng.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };  // exit codes
enum { CLI_MAX_OPTIONS = 32, CLI_MAX_SETS = 256 };

/// `argument`: NULL for a flag; "N" takes an integer >= 0, "X" a number, "a|b|c" one of the names,
/// "KEY" one of those that its key takes, "KEY=VALUE" what has a '=' behind a name (all checked
/// before the command runs); anything else is free text, its capital word says what.
typedef struct cli_option {
  const char *name;
  char letter;  // 0: none
  const char *argument;
  const char *help;
  const char *key;  // the configuration key that it is short for, or NULL
} cli_option;

typedef struct cli_run cli_run;

typedef struct cli_command {
  const char *name;
  const char *summary;    // one line, no full stop
  const char *arguments;  // "WORLD [CONFIG]"
  int least, most;        // positional arguments
  const char *description;
  const cli_option *options;    // ended by a NULL name; the common ones come on top
  const char *const *examples;  // NULL-terminated: command line, what it does, ...
  const char *seed_key;         // the configuration key that --seed sets
  int (*run)(cli_run *run);     // exit code
} cli_command;

extern const cli_command cli_commands[];
extern const int cli_command_count;
extern const cli_option cli_common_options[];  // ended by a NULL name

struct cli_run {
  const cli_command *command;
  char *const *argument;  // positional
  int n_argument;
  const char *value[CLI_MAX_OPTIONS];  // in the order of cli_option_at; "" for a given flag
  const char *set[CLI_MAX_SETS + CLI_MAX_OPTIONS + 1];  // "a.b=c", NULL-terminated
  int n_set;
  bool json, quiet;
  throng_progress progress;
};

/// Option `i` of a command, its own first, then the common ones; NULL past the last.
const cli_option *cli_option_at(const cli_command *command, int i);
/// What `argument` stands for: "KEY" as "a|b|c", which is written into `names`.
enum { CLI_ARGUMENT_SIZE = 128 };
const char *cli_argument(const cli_option *option, char names[CLI_ARGUMENT_SIZE]);
const cli_command *cli_find_command(const char *name);

/// Parse everything behind the command's name. CLI_DONE, or CLI_USAGE after printing why; `*help`
/// where --help was given.
int cli_parse(const cli_command *command, int argc, char **argv, cli_run *run, bool *help);
/// What an option was given, or NULL. Asking for one that the table lacks is a programmer's
/// mistake.
const char *cli_text(const cli_run *run, const char *name);
bool cli_flag(const cli_run *run, const char *name);
double cli_number(const cli_run *run, const char *name, double otherwise);

/// Print "throng fit: ..." on stderr. cli_wrong returns CLI_USAGE, cli_fail CLI_FAILED with the
/// library's message.
int cli_wrong(const cli_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_fail(const cli_run *run);

/// Defaults, the file (NULL: none), --set in order, then the options that are short for keys.
throng_status cli_config(const cli_run *run, const char *path, throng_config *config);
/// Open the backend that the configuration names; a note says which it is, and why not CUDA.
throng_status cli_backend(const cli_run *run, const throng_config *config, throng_backend **out);

/// Before work that takes minutes: can a file be made beside where `path` will be? IO where not;
/// the second also where `path` is a pipe or a device, which takes no tensor file. From then on the
/// output is this process's.
throng_status cli_check_output(const char *path);
throng_status cli_check_tensor_output(const char *path);
/// True where `path` means standard output, by whatever name: text can go there.
bool cli_is_stdout(const char *path);

/// From here on stdout shows what would steer a terminal (escapes, other control characters, marks
/// that turn the direction of text) as \x1b and the like; line ends and tabs stay. cli_word shows
/// these too: an id, a name or a path as one word, valid for the next fifteen calls.
void cli_guard_stdout(void);
const char *cli_word(const char *text);
/// The word as a shell takes it, quoted where it must be; valid until the next call.
const char *cli_shell_word(const char *text);
extern const char *cli_program;  // what the program was called as
/// Standard output for data that programs read, as they are; guarded where it is a terminal.
FILE *cli_data_stream(void);
/// False where something of all that was printed could not be written; errno says why.
bool cli_flush_stdout(void);
/// JSON with what would steer a terminal as \u escapes; malloc'd.
char *cli_safe_json(const char *text);
/// The second half: IO where another process writes the same, or a run into the same folder.
throng_status cli_hold_output(const char *path);

/// Does the locale say that the terminal takes UTF-8?
bool cli_unicode(void);
/// Characters of a line of the terminal behind `fd`, asked anew at each call; COLUMNS of the
/// environment where there is none, 80 without it; 40 at least, for nothing is laid out for less.
int cli_width(int fd);
/// Is stderr a terminal on which what was printed can be printed over? None where TERM is dumb or
/// not set.
bool cli_redraws(void);
/// May colours go to `fd`? By NO_COLOR (any text: no), CLICOLOR_FORCE (not 0: yes), CLICOLOR (0:
/// no), and whether a terminal is there that is no dumb one.
bool cli_colour(int fd);
/// What was printed, as words in lines that fit standard output's terminal, those behind the first
/// indented by `indent`; with a line end.
void cli_say(int indent, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// A table in the width of standard output's terminal; what it holds is freed. Where memory runs
/// out its message stands there instead.
void cli_print_table(text_table *table);
/// Print a document on stdout and free it.
int cli_json(cJSON *document);
/// 1,234,567
const char *cli_count(int64_t n, char *buffer);  // 32 bytes
/// 12.3 MB
const char *cli_bytes(double bytes, char *buffer);  // 32 bytes
double cli_peak_memory(void);                       // bytes, of this process so far

/// Progress on stderr: a redrawn line on a terminal, else a line now and then. Ctrl-C makes the
/// next report ask the library to stop; a second one ends the program at once.
void cli_progress_start(cli_run *run);
/// How progress is shown from here on. Without a terminal that can be redrawn (none there, TERM
/// dumb or unset) and under --quiet nothing is live.
typedef enum cli_progress {
  CLI_PROGRESS_AUTO = 0,  // live where it can be
  CLI_PROGRESS_LIVE,
  CLI_PROGRESS_LINES,  // lines that stay, and on a terminal the redrawn one
  CLI_PROGRESS_NONE,   // notes alone
} cli_progress;
/// What stands above the progress bar while a view is live: lines of `width` characters and no more
/// than `height` of them, in colours where `colour` says so.
typedef void cli_view(void *context, int width, int height, bool colour, FILE *out);
/// Live where `wanted` and the terminal let it be (true); `view` is drawn with the bar from then
/// on, as often as the redrawn line would be. The cursor is shown again at the end of every draw,
/// so that no end of the program leaves it hidden.
bool cli_progress_live(cli_progress wanted, cli_view *view, void *context);
/// Draw it now.
void cli_progress_draw(void);
/// A line on stderr in the place of what is redrawn; on a terminal folded to its width.
void cli_print_line(const char *text);
/// The same where progress is shown.
void cli_progress_line(const char *text);
/// "1:05", "2:01:05".
void cli_duration(double seconds, char *buffer, size_t size);
/// Take what is redrawn away, before other output.
void cli_progress_clear(void);
/// The signal that asked to stop, SIGINT or SIGTERM; 0: none has. A command that it ended exits
/// with 128 and its number, as shells have it.
int cli_interrupted(void);
/// The same as backend.stop, which asks it during work that makes no reports.
bool cli_stop(void *unused);
/// From here on the first Ctrl-C ends the program: for work that makes no reports and no files.
void cli_interrupt_at_once(void);

void cli_print_help(const cli_command *command);  // NULL: of the program
/// Words from `column` on, continuing lines at `indent`, and a line end.
void cli_wrap(const char *text, int column, int indent);
/// man, bash-completion, zsh-completion or schema on stdout.
int cli_generate(const char *what);

int cmd_synth(cli_run *run);
int cmd_prepare(cli_run *run);
int cmd_extract(cli_run *run);
int cmd_fit(cli_run *run);
int cmd_fit_users(cli_run *run);
int cmd_votes(cli_run *run);
int cmd_explain(cli_run *run);
int cmd_evaluate(cli_run *run);
int cmd_play(cli_run *run);
int cmd_export(cli_run *run);
int cmd_recommend(cli_run *run);
int cmd_train(cli_run *run);
int cmd_experiment(cli_run *run);
int cmd_sweep(cli_run *run);
int cmd_trials(cli_run *run);
int cmd_compare(cli_run *run);
int cmd_report(cli_run *run);
int cmd_worker(cli_run *run);
int cmd_bench(cli_run *run);
int cmd_info(cli_run *run);
int cmd_config(cli_run *run);

#endif
