/// Texts that came from files, on their way to a terminal: what would steer it is shown, not
/// obeyed. Standard output is a stream that does so, whoever prints; data for programs go around
/// it.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cli.h"

enum { LONGEST = 4, ESCAPED = 8, RING = 16, CHUNK = 4096 };

typedef enum safe_style {
  SAFE_TEXT,  // line ends and tabs stay
  SAFE_WORD,  // they are shown too
  SAFE_JSON,  // \u escapes; what JSON escapes by itself is not there any more
} safe_style;

/// The marks that turn the direction of the text behind them, and the other line ends.
static bool turns(uint32_t code) {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029 || code == 0x61c;
}

/// The character at `text`: its bytes, and as `code` what must be shown in its place, or 0.
static size_t character(const char *text, size_t left, uint32_t *code) {
  const unsigned char *p = (const unsigned char *)text;
  *code = 0;
  if (p[0] < 0x80) {
    if (p[0] < 0x20 || p[0] == 0x7f) *code = p[0];
    return 1;
  }
  size_t n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (n > left || utf8_valid_prefix(text, n) != n) return *code = p[0], 1;
  uint32_t value = n == 2   ? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu)
                   : n == 3 ? (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu)
                            : 0x10000u;
  if (value < 0xa0 || turns(value)) *code = value;
  return n;
}

static size_t escape(uint32_t code, safe_style style, char *to) {
  if (style == SAFE_TEXT && (code == '\n' || code == '\t')) return *to = (char)code, 1;
  // Between the strings; within them JSON wrote \u itself.
  if (style == SAFE_JSON && code < 0x20) return *to = (char)code, 1;
  if (style != SAFE_JSON && code == '\n') return memcpy(to, "\\n", 2), 2;
  if (style != SAFE_JSON && code == '\r') return memcpy(to, "\\r", 2), 2;
  if (style != SAFE_JSON && code == '\t') return memcpy(to, "\\t", 2), 2;
  const char *format = style == SAFE_JSON || code > 0xff ? "\\u%04x" : "\\x%02x";
  return (size_t)snprintf(to, ESCAPED, format, code);
}

/// `to` has room for ESCAPED bytes for each of `text`.
static size_t escape_all(const char *text, size_t length, safe_style style, char *to) {
  size_t used = 0;
  for (size_t i = 0; i < length;) {
    uint32_t code;
    size_t n = character(text + i, length - i, &code);
    if (code) {
      used += escape(code, style, to + used);
    } else {
      memcpy(to + used, text + i, n);
      used += n;
    }
    i += n;
  }
  return used;
}

const char *cli_word(const char *text) {
  static char *ring[RING];
  static int next;
  bool plain = true;
  uint32_t code;
  size_t length = strlen(text);
  for (size_t i = 0; plain && i < length; i += character(text + i, length - i, &code))
    plain = character(text + i, length - i, &code) && !code;
  if (plain) return text;
  char *to = malloc(length * ESCAPED + 1);
  if (!to) return "(out of memory)";
  to[escape_all(text, length, SAFE_WORD, to)] = '\0';
  free(ring[next]);
  ring[next] = to;
  next = (next + 1) % RING;
  return to;
}

const char *cli_shell_word(const char *text) {
  static char *word;
  static const char plain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./=:,+@%-";
  if (*text && strspn(text, plain) == strlen(text)) return text;
  const char *shown = cli_word(text);
  bool steers = shown != text;  // then written as the shell's $'\x1b'
  free(word);
  word = malloc(4 * strlen(shown) + 4);
  if (!word) return "(out of memory)";
  char *to = word;
  if (steers) *to++ = '$';
  *to++ = '\'';
  for (const char *at = shown; *at; ++at) {
    if (*at == '\'') to = stpcpy(to, steers ? "\\'" : "'\\'");
    if (*at != '\'' || !steers) *to++ = *at;
  }
  strcpy(to, "'");
  return word;
}

static FILE *raw;  // what stdout was, for data

/// Bytes that end within a character wait for the rest of it.
static struct {
  char text[LONGEST];
  size_t n;
} waiting;

static bool write_all(const char *text, size_t n) {
  while (n > 0) {
    ssize_t put = write(STDOUT_FILENO, text, n);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text += put;
    n -= (size_t)put;
  }
  return true;
}

/// Bytes at the end that may be the beginning of a character.
static size_t unfinished(const char *text, size_t n) {
  for (size_t back = 1; back < LONGEST && back <= n; ++back) {
    unsigned char c = (unsigned char)text[n - back];
    if (c < 0x80) return 0;
    if (c >= 0xc0) return back < (c < 0xe0 ? 2u : c < 0xf0 ? 3u : 4u) ? back : 0;
  }
  return 0;
}

static ssize_t write_safe(void *cookie, const char *text, size_t size) {
  (void)cookie;
  char part[CHUNK + LONGEST], safe[(CHUNK + LONGEST) * ESCAPED];
  for (size_t at = 0; at < size;) {
    size_t n = size - at < CHUNK ? size - at : CHUNK;
    memcpy(part, waiting.text, waiting.n);
    memcpy(part + waiting.n, text + at, n);
    at += n;
    n += waiting.n;
    waiting.n = unfinished(part, n);
    n -= waiting.n;
    memcpy(waiting.text, part + n, waiting.n);
    if (!write_all(safe, escape_all(part, n, SAFE_TEXT, safe))) return 0;
  }
  return (ssize_t)size;
}

void cli_guard_stdout(void) {
  FILE *guarded = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_safe});
  if (!guarded) return;
  if (isatty(STDOUT_FILENO)) setvbuf(guarded, NULL, _IOLBF, 0);
  raw = stdout;
  stdout = guarded;
}

FILE *cli_data_stream(void) {
  fflush(stdout);
  return raw && !isatty(STDOUT_FILENO) ? raw : stdout;
}

bool cli_flush_stdout(void) {
  bool good = fflush(stdout) == 0 && !ferror(stdout);
  char rest[LONGEST * ESCAPED];
  if (good && waiting.n > 0)
    good = write_all(rest, escape_all(waiting.text, waiting.n, SAFE_TEXT, rest));
  waiting.n = 0;
  return good && (!raw || (fflush(raw) == 0 && !ferror(raw)));
}

char *cli_safe_json(const char *text) {
  size_t length = strlen(text);
  char *to = malloc(length * ESCAPED + 1);
  if (to) to[escape_all(text, length, SAFE_JSON, to)] = '\0';
  return to;
}
