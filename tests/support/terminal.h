/// A program on a terminal of our own: what it writes goes through as much of a terminal as our
/// programs steer, and anything else that they send fails the test.
#ifndef TESTS_TERMINAL_H
#define TESTS_TERMINAL_H

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "throng_test.h"

enum { TERMINAL_COLUMNS = 120, TERMINAL_ROWS = 100 };

typedef struct terminal {
  int fd, columns, rows;
  pid_t process;
  uint32_t cell[TERMINAL_ROWS][TERMINAL_COLUMNS];  // code points; 0: empty
  int row, column;
  int wrapped;                   // characters that a line had no room for
  int colours, redraws, beyond;  // SGR; moves up; characters outside ASCII
  int draws;                     // how often the cursor was hidden
  bool hidden;                   // the cursor
  char sequence[32];             // an escape sequence that has begun
  int n_sequence;
  uint32_t point;  // a character that has begun
  int more;        // bytes of it that are missing
  int code;        // exit code, 128 + signal where it was killed
} terminal;

static inline void terminal_new_line(terminal *t) {
  if (++t->row < t->rows) return;
  memmove(t->cell[0], t->cell[1], sizeof t->cell[0] * (size_t)(t->rows - 1));
  memset(t->cell[t->rows - 1], 0, sizeof t->cell[0]);
  t->row = t->rows - 1;
}

static inline void terminal_erase(terminal *t, int row, int from) {
  memset(&t->cell[row][from], 0, sizeof t->cell[0][0] * (size_t)(TERMINAL_COLUMNS - from));
}

/// A whole sequence, from its '[' to its letter.
static inline void terminal_obey(terminal *t) {
  const char *s = t->sequence, last = s[t->n_sequence - 1];
  const int number = atoi(s + 1);
  if (!strcmp(s, "[?25l") || !strcmp(s, "[?25h")) {
    t->hidden = last == 'l';
    t->draws += t->hidden;
  } else if (last == 'm') {
    ++t->colours;
  } else if (last == 'A') {
    ++t->redraws;
    t->row = t->row > number ? t->row - number : 0;
  } else if (!strcmp(s, "[K")) {
    terminal_erase(t, t->row, t->column);
  } else if (!strcmp(s, "[J")) {
    terminal_erase(t, t->row, t->column);
    for (int row = t->row + 1; row < t->rows; ++row) terminal_erase(t, row, 0);
  } else {
    throng_test_fail(__FILE__, __LINE__, "an escape sequence that no test knows: %s", s);
  }
}

static inline void terminal_show(terminal *t, uint32_t point) {
  if (point > 0x7e) ++t->beyond;
  if (t->column >= t->columns) {
    ++t->wrapped;
    t->column = 0;
    terminal_new_line(t);
  }
  t->cell[t->row][t->column++] = point;
}

static inline void terminal_take(terminal *t, unsigned char byte) {
  if (t->n_sequence > 0) {
    if (t->n_sequence == 1 && t->sequence[0] == '\033') t->n_sequence = 0;  // the escape itself
    t->sequence[t->n_sequence++] = (char)byte;
    t->sequence[t->n_sequence] = '\0';
    if ((byte >= '@' && byte != '[') || t->n_sequence > 20) {
      terminal_obey(t);
      t->n_sequence = 0;
    }
  } else if (byte == '\033') {
    t->sequence[0] = (char)byte;
    t->n_sequence = 1;
  } else if (byte == '\r') {
    t->column = 0;
  } else if (byte == '\n') {
    terminal_new_line(t);
  } else if (byte < 0x80) {
    terminal_show(t, byte);
  } else if (byte >= 0xc0) {
    t->more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    t->point = byte & (0x3fu >> t->more);
  } else {
    t->point = t->point << 6 | (byte & 0x3fu);
    if (--t->more == 0) terminal_show(t, t->point);
  }
}

static inline void terminal_resize(terminal *t, int columns) {
  const struct winsize size = {.ws_col = (unsigned short)columns,
                               .ws_row = (unsigned short)t->rows};
  t->columns = columns;
  ioctl(t->fd, TIOCSWINSZ, &size);
}

/// `command` through the shell, in `folder`.
static inline bool terminal_start(terminal *t, int columns, int rows, const char *folder,
                                  const char *command) {
  const struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  *t = (terminal){.columns = columns, .rows = rows};
  t->process = forkpty(&t->fd, NULL, NULL, &size);
  if (t->process == 0) {
    if (chdir(folder) != 0) _exit(126);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
  }
  return t->process > 0;
}

/// Read what comes within `seconds`, and of a frame that has come in part (the cursor is hidden as
/// long) the rest, for a second more; false once the program has ended and all is read.
static inline bool terminal_read(terminal *t, double seconds) {
  unsigned char bytes[4096];
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (;;) {
    struct pollfd one = {.fd = t->fd, .events = POLLIN};
    if (poll(&one, 1, 10) > 0) {
      const ssize_t n = read(t->fd, bytes, sizeof bytes);
      if (n <= 0) return false;  // EIO: nobody is at the other end
      for (ssize_t k = 0; k < n; ++k) terminal_take(t, bytes[k]);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double spent =
        (double)(now.tv_sec - begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - begin.tv_nsec);
    if (spent >= seconds + (t->hidden ? 1 : 0)) return true;
  }
}

/// To its end; a minute at most.
static inline void terminal_finish(terminal *t) {
  int status = 0;
  bool goes_on = true;
  for (int k = 0; goes_on && k < 600; ++k) goes_on = terminal_read(t, 0.1);
  if (goes_on) kill(t->process, SIGKILL);
  waitpid(t->process, &status, 0);
  close(t->fd);
  t->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// What stands there, as UTF-8 lines without spaces at their ends; freed by the caller.
static inline char *terminal_text(const terminal *t) {
  char *text = calloc(TERMINAL_ROWS, TERMINAL_COLUMNS * 3 + 1), *to = text;
  for (int row = 0; row < t->rows; ++row) {
    char *end = to;
    for (int column = 0; column < t->columns; ++column) {
      const uint32_t c = t->cell[row][column];
      if (c < 0x80)
        *to++ = c ? (char)c : ' ';
      else if (c < 0x800)
        *to++ = (char)(0xc0 | c >> 6), *to++ = (char)(0x80 | (c & 0x3f));
      else
        *to++ = (char)(0xe0 | c >> 12), *to++ = (char)(0x80 | ((c >> 6) & 0x3f)),
        *to++ = (char)(0x80 | (c & 0x3f));
      if (c && c != ' ') end = to;
    }
    to = end;
    *to++ = '\n';
  }
  return text;
}

/// How often `part` stands in `text`.
static inline int terminal_count(const char *text, const char *part) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) ++n;
  return n;
}

#endif
