/// Plain text from HTML fragments; see entities.h.
#include "data/entities.h"
#include "base/numbers.h"

#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum { MAX_ENTITY_NAME = 31, REPLACEMENT = 0xFFFD };

/// Numbers 128 .. 159 name Windows-1252 characters on the web (HTML standard, 13.2.5.80).
static uint32_t windows_1252(uint32_t number) {
  static const uint16_t table[32] = {
      0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
      0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
      0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  return number >= 0x80 && number <= 0x9F ? table[number - 0x80] : number;
}

static int digit_value(char c, int base) {
  int value = c >= '0' && c <= '9'   ? c - '0'
              : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                     : 99;
  return value < base ? value : -1;
}

/// At '&': the character and the bytes that name it; 0 bytes where this is no entity.
static size_t resolve_entity(const char *at, const char *end, uint32_t *codepoint) {
  const char *c = at + 1;
  if (c < end && *c == '#') {
    c++;
    int base = 10;
    if (c < end && (*c == 'x' || *c == 'X')) {
      base = 16;
      c++;
    }
    const char *digits = c;
    uint32_t number = 0;
    for (; c < end && digit_value(*c, base) >= 0; c++)
      if (number <= 0x10FFFF) number = number * (uint32_t)base + (uint32_t)digit_value(*c, base);
    if (c == digits || c == end || *c != ';') return 0;
    number = windows_1252(number);
    bool scalar = number > 0 && number <= 0x10FFFF && (number < 0xD800 || number > 0xDFFF);
    *codepoint = scalar ? number : REPLACEMENT;
    return (size_t)(c + 1 - at);
  }
  char name[MAX_ENTITY_NAME + 1];
  size_t n = 0;
  while (c < end && n < MAX_ENTITY_NAME &&
         ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
    name[n++] = *c++;
  if (n == 0 || c == end || *c != ';') return 0;
  name[n] = '\0';
  // libxml2 follows HTML 4, which has no &apos;.
  if (strcmp(name, "apos") == 0) {
    *codepoint = '\'';
    return (size_t)(c + 1 - at);
  }
  const htmlEntityDesc *entity = htmlEntityLookup((const xmlChar *)name);
  if (!entity) return 0;
  *codepoint = entity->value;
  return (size_t)(c + 1 - at);
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool name_is(const char *name, size_t length, const char *other) {
  return strlen(other) == length && strncasecmp_l(name, other, length, numbers_locale()) == 0;
}

static bool is_block(const char *name, size_t length) {
  static const char *const block[] = {"br", "p",  "div", "li", "ul", "ol", "tr", "table", "td",
                                      "h1", "h2", "h3",  "h4", "h5", "h6", "hr", "dd",    "dt"};
  for (size_t i = 0; i < sizeof block / sizeof block[0]; i++)
    if (name_is(name, length, block[i])) return true;
  return false;
}

/// Past "</name ...>", or the end.
static const char *skip_content(const char *at, const char *end, const char *name, size_t length) {
  for (; at < end; at++) {
    if (*at != '<' || (size_t)(end - at) < length + 2 || at[1] != '/' ||
        strncasecmp_l(at + 2, name, length, numbers_locale()) != 0)
      continue;
    const char *close = memchr(at, '>', (size_t)(end - at));
    return close ? close + 1 : end;
  }
  return end;
}

/// At '<': how many bytes are markup, 0 where this is just a sign. `*line_end` for block tags.
static size_t skip_tag(const char *at, const char *end, bool *line_end) {
  const char *c = at + 1;
  *line_end = false;
  if (end - at >= 4 && memcmp(at, "<!--", 4) == 0) {
    const char *close = memmem(at + 4, (size_t)(end - at - 4), "-->", 3);
    return close ? (size_t)(close + 3 - at) : 0;
  }
  bool closing = c < end && *c == '/';
  if (closing) c++;
  const char *name = c;
  while (c < end && (is_letter(*c) || (c > name && *c >= '0' && *c <= '9'))) c++;
  size_t length = (size_t)(c - name);
  if (length == 0 || c == end) return 0;
  // A name is followed by a space, '/' or '>' or this is text such as "a<b&c>d".
  if (*c != '>' && *c != '/' && *c != ' ' && *c != '\t' && *c != '\n' && *c != '\r') return 0;
  while (c < end && *c != '>' && *c != '<') c++;
  if (c == end || *c != '>') return 0;
  c++;
  *line_end = is_block(name, length);
  if (!closing && (name_is(name, length, "script") || name_is(name, length, "style")))
    c = skip_content(c, end, name, length);
  return (size_t)(c - at);
}

/// A decoded character, made fit for text.
static throng_status put(byte_buffer *out, uint32_t codepoint) {
  if (codepoint == '\r') return THRONG_OK;
  if ((codepoint < 0x20 && codepoint != '\n') || (codepoint >= 0x7F && codepoint < 0xA0))
    codepoint = ' ';
  return bytes_append_codepoint(out, codepoint);
}

static bool is_plain(char c) { return (unsigned char)(c - 0x20) < 0x5F && c != '&' && c != '<'; }

throng_status text_clean(byte_buffer *out, const char *text, size_t length) {
  const char *at = text, *end = text + length;
  while (at < end) {
    const char *start = at;
    while (at < end && is_plain(*at)) at++;
    if (at > start) THRONG_TRY(bytes_append(out, start, (size_t)(at - start)));
    if (at == end) break;
    uint32_t codepoint;
    bool line_end;
    size_t n = 0;
    if (*at == '&' && (n = resolve_entity(at, end, &codepoint)) > 0) {
      THRONG_TRY(put(out, codepoint));
    } else if (*at == '<' && (n = skip_tag(at, end, &line_end)) > 0) {
      if (line_end) THRONG_TRY(bytes_append(out, "\n", 1));
    } else {
      utf8proc_int32_t decoded;
      utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)at, end - at, &decoded);
      n = used > 0 ? (size_t)used : 1;
      THRONG_TRY(put(out, used > 0 ? (uint32_t)decoded : REPLACEMENT));
    }
    at += n;
  }
  return THRONG_OK;
}

throng_status text_clean_line(byte_buffer *out, const char *text, size_t length) {
  size_t start = out->length;
  THRONG_TRY(text_clean(out, text, length));
  if (!out->data) return THRONG_OK;
  size_t to = start;
  for (size_t from = start; from < out->length; from++) {
    char c = out->data[from] == '\n' ? ' ' : out->data[from];
    if (c == ' ' && (to == start || out->data[to - 1] == ' ')) continue;
    out->data[to++] = c;
  }
  if (to > start && out->data[to - 1] == ' ') to--;
  out->length = to;
  out->data[to] = '\0';
  return THRONG_OK;
}
