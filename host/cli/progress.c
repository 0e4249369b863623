/// Progress for people: on a terminal a line with a bar, redrawn ten times a second at most, with
/// rate and time left, and above it a command's live view; elsewhere a plain line every ten
/// seconds. Notes are lines of their own.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

static volatile sig_atomic_t interrupted;

enum { SIGNALS = 3 };
/// Ctrl-C, the end of a job, the end of a terminal.
static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

enum { MOST_LINES = 64, STAGE = 80 };

static struct {
  bool terminal, shown;  // terminal: lines can be redrawn; shown: there is progress at all
  bool told;             // this stage was shown
  char stage[STAGE];
  double started, when;  // of this stage; when it was last shown; seconds
  int64_t first;         // done when it was first heard of
  int64_t done, total;   // as last heard of
  char unit[32];
} line;

/// What stands on the terminal now, to be drawn over: the characters of each of its lines.
static struct {
  int n, length[MOST_LINES];
  cli_view *view;  // NULL: the line alone
  void *context;
} drawn;

/// The second signal finds the default action: the program ends at once.
static void on_signal(int number) { interrupted = number; }

int cli_interrupted(void) { return interrupted; }

bool cli_stop(void *unused) {
  (void)unused;
  return interrupted != 0;
}

void cli_interrupt_at_once(void) {
  for (int k = 0; k < SIGNALS; ++k) {
    struct sigaction now;
    if (sigaction(signals[k], NULL, &now) == 0 && now.sa_handler == on_signal)
      signal(signals[k], SIG_DFL);
  }
}

/// Rows that the drawing takes, where the terminal has become narrower and has wrapped it.
static int drawn_rows(int width) {
  int rows = 0;
  for (int k = 0; k < drawn.n; ++k)
    rows += drawn.length[k] > width ? (drawn.length[k] - 1) / width + 1 : 1;
  return rows;
}

/// Back to the first character of what was drawn.
static void go_back(FILE *out) {
  const int rows = drawn_rows(cli_width(STDERR_FILENO));
  fputc('\r', out);
  if (rows > 1) fprintf(out, "\033[%dA", rows - 1);
}

void cli_progress_clear(void) {
  if (drawn.n == 0) return;
  go_back(stderr);
  fputs("\033[J", stderr);
  fflush(stderr);
  drawn.n = 0;
}

void cli_duration(double seconds, char *buffer, size_t size) {
  long s = (long)(seconds + 0.5);
  if (s >= 3600)
    snprintf(buffer, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(buffer, size, "%ld:%02ld", s / 60, s % 60);
}

/// "12.3 MB/s", "1.2 M steps/s": bytes and counts alike, with the unit that the stage counts in.
static void rate_text(double rate, const char *unit, char *buffer, size_t size) {
  char bytes[32];
  if (!strcmp(unit, "bytes") || !strcmp(unit, "B")) {
    snprintf(buffer, size, "%s/s", cli_bytes(rate, bytes));
    return;
  }
  const char *scale = rate >= 1e6 ? " M" : rate >= 1e4 ? " k" : "";
  double value = rate >= 1e6 ? rate / 1e6 : rate >= 1e4 ? rate / 1e3 : rate;
  snprintf(buffer, size, value < 100 ? "%.1f%s %s/s" : "%.0f%s %s/s", value, scale, unit);
}

/// "34 %  29.1 k user-steps/s  0:30 left", as much of it as is known and as `room` holds; the time
/// left of this stage where no view tells that of the whole.
static void figures(int room, bool left, char *text, size_t size) {
  const double seconds = line.when - line.started;
  const double rate = seconds > 0 ? (double)(line.done - line.first) / seconds : 0;
  char part[3][64] = {"", "", ""};
  if (line.total > 0)
    snprintf(part[0], sizeof part[0], "%3.0f %%", 100.0 * (double)line.done / (double)line.total);
  if (rate > 0) rate_text(rate, line.unit, part[1], sizeof part[1]);
  if (left && rate > 0 && line.total > line.done) {
    char time[32];
    cli_duration((double)(line.total - line.done) / rate, time, sizeof time);
    snprintf(part[2], sizeof part[2], "%s left", time);
  }
  static const int order[3] = {0, 2, 1};  // the rate gives way first
  bool fits[3] = {false};
  int used = 0;
  for (int k = 0; k < 3; ++k) {
    const int p = order[k], length = (int)strlen(part[p]);
    if (length == 0 || used + 2 + length > room) continue;
    fits[p] = true;
    used += 2 + length;
  }
  text[0] = '\0';
  for (int p = 0; p < 3; ++p)
    if (fits[p]) snprintf(text + strlen(text), size - strlen(text), "  %s", part[p]);
}

/// `cells` of a bar of which `share` is done.
static void print_bar(FILE *out, int cells, double share, bool colour) {
  const bool unicode = cli_unicode();
  const int full = (int)(share * cells + 0.5);
  fputs(unicode ? "  " : "  [", out);
  if (colour) fputs("\033[32m", out);
  for (int k = 0; k < cells; ++k) {
    if (k == full && colour) fputs("\033[0m\033[2m", out);
    fputs(unicode ? (k < full ? "━" : "─") : (k < full ? "#" : "."), out);
  }
  if (colour) fputs("\033[0m", out);
  if (!unicode) fputc(']', out);
}

/// The line of this stage in no more than `width` characters; `below`: a view that says more.
static void print_stage(FILE *out, int width, bool bar, bool below, bool colour) {
  enum { LEAST = 8, MOST = 40 };
  char text[256];
  snprintf(text, sizeof text, "%.*s", width < STAGE ? width : STAGE - 1, cli_word(line.stage));
  fputs(text, out);
  int used = text_width(text);
  figures(width - used, !below, text, sizeof text);
  const int edges = cli_unicode() ? 2 : 4, room = width - used - text_width(text) - edges;
  if (bar && line.total > 0 && room >= LEAST) {
    const double share = (double)line.done / (double)line.total;
    print_bar(out, room < MOST ? room : MOST, share > 1 ? 1 : share, colour);
  }
  fputs(text, out);
}

static int terminal_height(void) {
  struct winsize window;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row > 0 ? window.ws_row : 24;
}

/// Characters of a line of the drawing, without what steers the terminal.
static int visible_length(const char *text, size_t n) {
  int length = 0;
  for (size_t k = 0; k < n; ++k) {
    if (text[k] == '\033')
      while (k < n && text[k] != 'm') ++k;
    else
      length += ((unsigned char)text[k] & 0xc0) != 0x80;
  }
  return length;
}

/// View and line over those of before, in one write: the cursor is hidden no longer than that.
void cli_progress_draw(void) {
  if (!line.terminal) return;
  char *block = NULL, *all = NULL;
  size_t size, all_size;
  // A character less than there are: none is then wrapped, nor left waiting at the edge.
  const int width = cli_width(STDERR_FILENO) - 1, height = terminal_height();
  const bool colour = cli_colour(STDERR_FILENO);
  FILE *lines = open_memstream(&block, &size);
  if (!lines) return;
  if (drawn.view)
    drawn.view(drawn.context, width, height - 2 < MOST_LINES - 1 ? height - 2 : MOST_LINES - 1,
               colour, lines);
  fflush(lines);
  print_stage(lines, width, drawn.view != NULL, size > 0, colour);
  fclose(lines);
  FILE *out = block ? open_memstream(&all, &all_size) : NULL;
  if (out) {
    fputs("\033[?25l", out);
    if (drawn.n > 0) go_back(out);
    drawn.n = 0;
    for (const char *at = block; drawn.n < MOST_LINES; ++at) {
      const size_t n = strcspn(at, "\n");
      drawn.length[drawn.n++] = visible_length(at, n);
      fprintf(out, "%.*s\033[K", (int)n, at);
      at += n;
      if (!*at) break;
      fputc('\n', out);
    }
    fputs("\033[J\033[?25h", out);
    if (fclose(out) == 0) fwrite(all, 1, all_size, stderr);
    fflush(stderr);
  }
  free(all);
  free(block);
}

static bool report(void *context, const char *stage, int64_t done, int64_t total,
                   const char *unit) {
  (void)context;
  if (interrupted) return false;
  if (!line.shown) return true;
  double now = clock_now();
  if (strncmp(stage, line.stage, STAGE - 1) || done < line.first) {
    snprintf(line.stage, sizeof line.stage, "%s", stage);
    line.started = now;
    line.told = false;
    if (!line.terminal) line.when = now;
    line.first = done;
  }
  bool last = total > 0 && done >= total;
  // A stage that is over before it was shown never is: many short ones do not redraw for each.
  const bool ends = last && line.told;
  if (!ends && now - line.when < (line.terminal ? 0.1 : 10)) return true;
  if (last && !line.terminal) return true;
  line.told = true;
  line.when = now;
  line.done = done;
  line.total = total;
  snprintf(line.unit, sizeof line.unit, "%s", unit ? unit : "");
  if (line.terminal) {
    cli_progress_draw();
  } else {
    print_stage(stderr, cli_width(STDERR_FILENO), false, false, false);
    fputc('\n', stderr);
    fflush(stderr);
  }
  return true;
}

void cli_print_line(const char *text) {
  cli_progress_clear();
  if (isatty(STDERR_FILENO))
    text_fold(cli_word(text), cli_width(STDERR_FILENO), 2, stderr);
  else
    fprintf(stderr, "%s\n", cli_word(text));
}

void cli_progress_line(const char *text) {
  if (!line.shown) return;
  cli_print_line(text);
  line.when = clock_now();  // it says as much as the next line would
}

static void note(void *context, const char *text) {
  const cli_run *run = context;
  if (!run->quiet) cli_print_line(text);
}

bool cli_redraws(void) {
  const char *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

bool cli_progress_live(cli_progress wanted, cli_view *view, void *context) {
  enum { FEWEST_ROWS = 10 };
  if (wanted == CLI_PROGRESS_NONE) line.shown = line.terminal = false;
  if (!line.terminal || wanted == CLI_PROGRESS_LINES || terminal_height() < FEWEST_ROWS)
    return false;
  drawn.view = view;
  drawn.context = context;
  return true;
}

void cli_progress_start(cli_run *run) {
  line.shown = !run->quiet;
  line.terminal = line.shown && cli_redraws();
  run->progress = (throng_progress){.report = report, .note = note, .context = run};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (int k = 0; k < SIGNALS; ++k) {
    struct sigaction before;
    // Ignored is what nohup, and the shell for what it starts in the background, asked for.
    if (sigaction(signals[k], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(signals[k], &action, NULL);
  }
}
