/// Progress for people: on a terminal one line, redrawn ten times a second at most, with rate and
/// time left; elsewhere a plain line every ten seconds. Notes are lines of their own.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

static volatile sig_atomic_t interrupted;

static struct {
  bool terminal, drawn;
  char stage[80];
  double started, shown;  // of this stage; seconds
  int64_t first;          // done when it was first heard of
} line;

/// The second signal finds the default action: the program ends at once.
static void on_signal(int number) { interrupted = number; }

int cli_interrupted(void) { return interrupted; }

bool cli_stop(void *unused) {
  (void)unused;
  return interrupted != 0;
}

void cli_interrupt_at_once(void) {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
}

void cli_progress_clear(void) {
  if (line.drawn) fprintf(stderr, "\r\033[K");
  line.drawn = false;
}

static void duration(double seconds, char *buffer, size_t size) {
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

static bool report(void *context, const char *stage, int64_t done, int64_t total,
                   const char *unit) {
  const cli_run *run = context;
  if (interrupted) return false;
  if (run->quiet) return true;
  double now = clock_now();
  if (strcmp(stage, line.stage) || done < line.first) {
    snprintf(line.stage, sizeof line.stage, "%s", stage);
    line.started = now;
    line.shown = line.terminal ? 0 : now;
    line.first = done;
  }
  bool last = total > 0 && done >= total;
  if (!last && now - line.shown < (line.terminal ? 0.1 : 10)) return true;
  if (last && !line.terminal) return true;
  line.shown = now;
  double seconds = now - line.started;
  double rate = seconds > 0 ? (double)(done - line.first) / seconds : 0;
  char text[200], speed[64] = "", left[32] = "";
  int used = snprintf(text, sizeof text, "%s", cli_word(stage));
  if (total > 0)
    used += snprintf(text + used, sizeof text - (size_t)used, "  %3.0f %%",
                     100.0 * (double)done / (double)total);
  if (rate > 0) {
    rate_text(rate, unit ? unit : "", speed, sizeof speed);
    used += snprintf(text + used, sizeof text - (size_t)used, "  %s", speed);
    if (total > done) {
      duration((double)(total - done) / rate, left, sizeof left);
      snprintf(text + used, sizeof text - (size_t)used, "  %s left", left);
    }
  }
  if (line.terminal)
    fprintf(stderr, "\r\033[K%s", text);
  else
    fprintf(stderr, "%s\n", text);
  line.drawn = line.terminal;
  fflush(stderr);
  return true;
}

static void note(void *context, const char *text) {
  const cli_run *run = context;
  if (run->quiet) return;
  cli_progress_clear();
  fprintf(stderr, "%s\n", cli_word(text));
}

void cli_progress_start(cli_run *run) {
  line.terminal = isatty(STDERR_FILENO) && !run->quiet;
  run->progress = (throng_progress){.report = report, .note = note, .context = run};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}
