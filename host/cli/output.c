/// Numbers and documents on stdout, as people and programs read them.
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

bool cli_is_stdout(const char *path) {
  static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (!strcmp(path, names[i])) return true;
  struct stat given, ours;
  return stat(path, &given) == 0 && fstat(STDOUT_FILENO, &ours) == 0 && !S_ISREG(ours.st_mode) &&
         given.st_dev == ours.st_dev && given.st_ino == ours.st_ino;
}

throng_status cli_check_output(const char *path) {
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) + 1 : 0;  // the root's own slash stays
  if (length >= (int)sizeof folder)
    return throng_fail(THRONG_ERROR_IO, "%s: cannot be written: %s", path, strerror(ENAMETOOLONG));
  snprintf(folder, sizeof folder, "%.*s", length, path);
  if (access(slash ? folder : ".", W_OK | X_OK) != 0)
    return throng_fail(THRONG_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
  struct stat state;
  if (stat(path, &state) == 0 && S_ISDIR(state.st_mode))
    return throng_fail(THRONG_ERROR_IO, "%s: cannot be written: %s", path, strerror(EISDIR));
  return cli_hold_output(path);
}

throng_status cli_check_tensor_output(const char *path) {
  struct stat state;
  THRONG_TRY(cli_check_output(path));
  if (cli_is_stdout(path) || (stat(path, &state) == 0 && !S_ISREG(state.st_mode)))
    return throng_fail(THRONG_ERROR_IO,
                       "%s: a tensor file is written out of order and read again; expected the "
                       "path of a file, not a pipe or a device",
                       path);
  return THRONG_OK;
}

int cli_json(cJSON *document) {
  char *printed = document ? cJSON_Print(document) : NULL;
  char *text = printed ? cli_safe_json(printed) : NULL;
  cJSON_Delete(document);
  free(printed);
  if (!text) {
    fprintf(stderr, "throng: printing JSON: out of memory\n");
    return CLI_FAILED;
  }
  puts(text);
  free(text);
  return CLI_DONE;
}

const char *cli_count(int64_t n, char *buffer) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%lld", (long long)(n < 0 ? -n : n));
  char *to = buffer;
  if (n < 0) *to++ = '-';
  for (int i = 0; i < length; ++i) {
    if (i && (length - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return buffer;
}

const char *cli_bytes(double bytes, char *buffer) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (fabs(bytes) >= 1000 && unit < 4) bytes /= 1000, ++unit;
  snprintf(buffer, 32, unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return buffer;
}

double cli_peak_memory(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0;
}

bool cli_unicode(void) {
  const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (int k = 0; k < 3; ++k) {
    const char *value = getenv(names[k]);
    if (value && *value) return strstr(value, "UTF-8") || strstr(value, "utf8");
  }
  return false;
}

int cli_width(int fd) {
  enum { USUAL = 80, NARROWEST = 40, WIDEST = 400 };
  struct winsize window;
  const char *said = getenv("COLUMNS");
  long columns = said ? strtol(said, NULL, 10) : 0;
  if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) columns = window.ws_col;
  if (columns <= 0) columns = USUAL;
  return (int)(columns < NARROWEST ? NARROWEST : columns > WIDEST ? WIDEST : columns);
}

bool cli_colour(int fd) {
  const char *never = getenv("NO_COLOR"), *always = getenv("CLICOLOR_FORCE");
  const char *wanted = getenv("CLICOLOR"), *terminal = getenv("TERM");
  if (never && *never) return false;
  if (always && *always && strcmp(always, "0") != 0) return true;
  if (wanted && !strcmp(wanted, "0")) return false;
  return isatty(fd) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void cli_say(int indent, const char *format, ...) {
  char *text;
  va_list arguments;
  va_start(arguments, format);
  const int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  text_fold(text, cli_width(STDOUT_FILENO), indent, stdout);
  free(text);
}

void cli_print_table(text_table *table) {
  if (text_table_print(table, cli_width(STDOUT_FILENO), cli_unicode(), stdout) != THRONG_OK)
    printf("%s\n", throng_error_message());
}
