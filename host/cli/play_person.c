/// Reading a person's answers.
#include "cli/play_person.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/cli.h"

enum { LONGEST = 256, ENDLESS = 1 << 16 };

/// What was read and not asked for yet. Not stdio's: a signal must end the wait, which stdio would
/// begin again.
static struct {
  char text[4096];
  size_t begin, end;
  long line;  // lines taken
} input;

/// The next character, or -1 at the end of the input, -2 after a signal, -3 after an error.
static int next_character(void) {
  if (input.begin < input.end) return (unsigned char)input.text[input.begin++];
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  while (poll(&in, 1, -1) < 0) {
    if (cli_interrupted()) return -2;
    if (errno != EINTR) return -3;
  }
  if (cli_interrupted()) return -2;
  const ssize_t n = read(STDIN_FILENO, input.text, sizeof input.text);
  if (n <= 0) return n == 0 ? -1 : -3;
  input.begin = 1;
  input.end = (size_t)n;
  return (unsigned char)input.text[0];
}

/// A line without blanks around it, cut off at LONGEST: 0, or as next_character; -4: it does not
/// end, as those of /dev/zero.
static int read_line(char line[LONGEST]) {
  size_t n = 0, all = 0;
  int c;
  while ((c = next_character()) >= 0 && c != '\n') {
    if (++all > ENDLESS) return -4;
    if (n == 0 && isspace(c)) continue;
    if (n + 1 < LONGEST) line[n++] = (char)c;
  }
  if (c < 0 && (c != -1 || n == 0)) return c;
  while (n > 0 && isspace((unsigned char)line[n - 1])) --n;
  line[n] = '\0';
  input.line += 1;
  return 0;
}

static bool is_one_of(const char *text, const char *letter, const char *word) {
  return !strcasecmp(text, letter) || !strcasecmp(text, word);
}

throng_status person_ask(const char *question, person_answer *out) {
  const bool terminal = isatty(STDIN_FILENO);
  char line[LONGEST];
  for (;;) {
    fprintf(stderr, "%s [y/n/q] ", question);
    fflush(stderr);
    const int code = read_line(line);
    if (!terminal || code != 0) fputc('\n', stderr);  // nobody's return key has ended the line
    if (code == -3)
      return throng_fail(THRONG_ERROR_IO, "standard input: cannot be read: %s", strerror(errno));
    if (code == -4)
      return throng_fail(THRONG_ERROR_DATA,
                         "standard input, line %ld: longer than 64 KiB, expected y, n or q",
                         input.line + 1);
    *out = code == -1                     ? PERSON_INPUT_ENDED
           : code == -2                   ? PERSON_STOPPED
           : is_one_of(line, "y", "yes")  ? PERSON_YES
           : is_one_of(line, "n", "no")   ? PERSON_NO
           : is_one_of(line, "q", "quit") ? PERSON_QUIT
                                          : (person_answer)-1;
    if ((int)*out >= 0) return THRONG_OK;
    if (!terminal)
      return throng_fail(THRONG_ERROR_DATA,
                         "standard input, line %ld: '%.40s' is no answer; expected y (likes it), n "
                         "(does not) or q (leaves)",
                         input.line, line);
    fprintf(stderr, "'%s' is no answer: y likes it, n does not, q leaves\n", cli_word(line));
  }
}
