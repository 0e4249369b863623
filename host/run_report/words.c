/// Numbers, times and states of a run's page, as people read them.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/numbers.h"
#include "run_report/parts.h"

const char *page_mean(double mean, double error, int digits, char text[64]) {
  NUMBERS_WITHOUT_LOCALE;
  enum { BOUND = 30 };  // the longest number that is shown
  if (!isfinite(mean) || fabs(mean) > 1e15) return strcpy(text, "-");
  int n = snprintf(text, BOUND, "%.*f", digits, mean);
  if (isfinite(error) && error < 1e12)
    snprintf(text + n, 64 - (size_t)n, " \xc2\xb1 %.*f", digits, 1.96 * error);
  return text;
}

const char *page_count(double n, char text[32]) {
  NUMBERS_WITHOUT_LOCALE;
  char plain[32];
  if (!isfinite(n) || fabs(n) > 1e15) return strcpy(text, "-");
  const int length = snprintf(plain, sizeof plain, "%.0f", n);
  int at = 0;
  for (int k = 0; k < length && at < 30; ++k) {
    if (k > 0 && plain[k - 1] != '-' && (length - k) % 3 == 0) text[at++] = ',';
    text[at++] = plain[k];
  }
  text[at] = '\0';
  return text;
}

const char *page_percent(double share, char text[32]) {
  NUMBERS_WITHOUT_LOCALE;
  if (!isfinite(share)) return strcpy(text, "-");
  snprintf(text, 32, "%.1f %%", 100 * share);
  return text;
}

const char *page_state(const run_files *f, char text[96]) {
  char taken[32], wanted[32];
  page_count(f->steps, taken);
  if (f->summary)
    snprintf(text, 96, "finished after %s user-steps", taken);
  else if (isfinite(f->wanted))
    snprintf(text, 96, "not finished: %s of %s user-steps", taken, page_count(f->wanted, wanted));
  else
    snprintf(text, 96, "not finished: %s user-steps", taken);
  return text;
}

const char *page_time(double seconds, char text[32]) {
  struct tm parts;
  const time_t when = (time_t)seconds;
  if (!isfinite(seconds) || fabs(seconds) > 1e11 || !gmtime_r(&when, &parts) ||
      strftime(text, 32, "%Y-%m-%d %H:%M UTC", &parts) == 0)
    return strcpy(text, "not known");
  return text;
}

void page_shell_word(const char *text, char *to, size_t size) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,@%+-";
  if (*text && text[strspn(text, plain)] == '\0' && *text != '-') {
    snprintf(to, size, "%s", text);
    return;
  }
  size_t n = 0;
  to[n++] = '\'';
  for (; *text && n + 6 < size; ++text) {
    if (*text == '\'')
      n += (size_t)snprintf(to + n, size - n, "'\\''");
    else
      to[n++] = *text;
  }
  to[n++] = '\'';
  to[n] = '\0';
}

void page_fact(FILE *out, const char *name, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  char text[8192];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fputs("<tr>", out);
  page_cell(out, "th", name);
  fputs("<td class=\"text\">", out);
  svg_escaped(out, text);
  fputs("</td></tr>\n", out);
}
