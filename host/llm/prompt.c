/// Prompts from files, their placeholders, and foreign text made harmless.
#include "llm/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/json.h"

enum { MOST_BYTES = 1 << 18 };

static bool is_listed(const char *const *names, const char *name, size_t length) {
  for (; *names; ++names)
    if (strlen(*names) == length && !memcmp(*names, name, length)) return true;
  return false;
}

static int line_of(const char *text, const char *at) {
  int line = 1;
  for (; text < at; ++text) line += *text == '\n';
  return line;
}

static throng_status check(const char *name, const char *text, const char *const *names,
                           const char *const *required) {
  char all[256] = "";
  for (const char *const *n = names; *n; ++n) {
    size_t used = strlen(all);
    snprintf(all + used, sizeof all - used, "%s{{%s}}", used ? ", " : "", *n);
  }
  for (const char *at = text; (at = strstr(at, "{{"));) {
    const char *end = strstr(at, "}}");
    if (!end || !is_listed(names, at + 2, (size_t)(end - at - 2)))
      return throng_fail(THRONG_ERROR_CONFIG, "%s:%d: %.*s is no placeholder; expected %s", name,
                         line_of(text, at), end && end - at < 40 ? (int)(end - at) + 2 : 20, at,
                         all);
    at = end + 2;
  }
  for (; *required; ++required) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "{{%s}}", *required);
    if (!strstr(text, wanted))
      return throng_fail(THRONG_ERROR_CONFIG,
                         "%s: %s is missing; without it nothing is asked about", name, wanted);
  }
  return THRONG_OK;
}

static throng_status read_text(const char *path, char **out) {
  FILE *file = fopen(path, "rbe");
  if (!file)
    return throng_fail(THRONG_ERROR_IO, "%s: %s; expected a prompt", path, strerror(errno));
  throng_status status = throng_alloc((void **)out, MOST_BYTES + 2, 1, "a prompt");
  size_t length = 0;
  if (status == THRONG_OK) length = fread(*out, 1, MOST_BYTES + 1, file);
  if (status == THRONG_OK && ferror(file))
    status = throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  if (status == THRONG_OK &&
      (length > MOST_BYTES || strlen(*out) != length || utf8_valid_prefix(*out, length) != length))
    status = throng_fail(THRONG_ERROR_CONFIG, "%s: expected UTF-8 text of at most %d bytes", path,
                         MOST_BYTES);
  fclose(file);
  return status;
}

throng_status prompt_open(const char *path, const char *built_in, const char *const *names,
                          const char *const *required, prompt *out) {
  *out = (prompt){0};
  char *text = NULL;
  throng_status status = THRONG_OK;
  if (path)
    THRONG_TRY_GOTO(read_text(path, &text));
  else if (!(text = strdup(built_in)))
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_MEMORY, "a prompt: out of memory"));
  THRONG_TRY_GOTO(check(path ? path : "the built-in prompt", text, names, required));
  THRONG_TRY_GOTO(sha256_text(text, strlen(text), out->hash));
  char *divide = strstr(text, "\n---\n");
  out->system = divide ? strndup(text, (size_t)(divide - text)) : strdup("");
  out->user = strdup(divide ? divide + 5 : text);
  if (!out->system || !out->user)
    status = throng_fail(THRONG_ERROR_MEMORY, "a prompt: out of memory");
done:
  free(text);
  if (status != THRONG_OK) prompt_free(out);
  return status;
}

void prompt_free(prompt *p) {
  free(p->system);
  free(p->user);
  *p = (prompt){0};
}

throng_status prompt_fill(const char *text, const prompt_value *value, int n_value,
                          byte_buffer *out) {
  for (const char *open; (open = strstr(text, "{{"));) {
    const char *end = strstr(open, "}}");
    if (!end) break;
    THRONG_TRY(bytes_append(out, text, (size_t)(open - text)));
    size_t length = (size_t)(end - open - 2);
    for (int i = 0; i < n_value; ++i)
      if (strlen(value[i].name) == length && !memcmp(value[i].name, open + 2, length))
        THRONG_TRY(bytes_append(out, value[i].text, strlen(value[i].text)));
    text = end + 2;
  }
  return bytes_append(out, text, strlen(text));
}

/// Where to cut so that at most `most` bytes stay: behind a whole word, or else a whole character.
static size_t cut_at(const char *text, size_t length, size_t most) {
  if (length <= most) return length;
  for (size_t at = most; at > most - most / 4; --at)
    if (text[at] == ' ' || text[at] == '\n') return at;
  while (most && ((unsigned char)text[most] & 0xc0) == 0x80) --most;
  return most;
}

throng_status prompt_append_data(const char *text, size_t length, size_t most, byte_buffer *out) {
  length = cut_at(text, length, most);
  for (size_t i = 0; i < length;) {
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text + i,
                                             (utf8proc_ssize_t)(length - i), &point);
    if (used < 1) {
      THRONG_TRY(bytes_append(out, "\xef\xbf\xbd", 3));
      ++i;
      continue;
    }
    bool control = (point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0);
    THRONG_TRY(bytes_append(out, control ? " " : text + i, control ? 1 : (size_t)used));
    size_t next = i + (size_t)used;
    const char *rest = text + next;
    size_t left = length - next;
    bool part = (point == '<' && left && *rest != ' ') || (point == '>' && left && *rest == '>') ||
                (point == '[' && ((left >= 4 && !memcmp(rest, "INST", 4)) ||
                                  (left >= 5 && !memcmp(rest, "/INST", 5))));
    if (part) THRONG_TRY(bytes_append(out, " ", 1));
    i = next;
  }
  return THRONG_OK;
}
