/// A matcher that reads one character of a secret however it is escaped.
#include "llm/redact.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

throng_status secrets_add(secrets *s, const char *text, size_t length) {
  if (length < SECRET_LEAST || s->n == SECRETS_MOST) return THRONG_OK;
  char *copy = malloc(length + 1);
  if (!copy) return throng_fail(THRONG_ERROR_MEMORY, "a key: out of memory");
  memcpy(copy, text, length);
  copy[length] = '\0';
  s->text[s->n++] = copy;
  return THRONG_OK;
}

void secrets_free(secrets *s) {
  for (int32_t i = 0; i < s->n; ++i) {
    explicit_bzero(s->text[i], strlen(s->text[i]));
    free(s->text[i]);
  }
  *s = (secrets){0};
}

/// "41" as 0x41; -1 where these are no `n` hexadecimal digits.
static int hex(const char *at, int n) {
  int value = 0;
  for (int i = 0; i < n; ++i) {
    if (!isxdigit((unsigned char)at[i])) return -1;
    value = 16 * value + (isdigit((unsigned char)at[i]) ? at[i] - '0' : (at[i] | 32) - 'a' + 10);
  }
  return value;
}

/// Bytes that an HTML entity for `wanted` takes at `at`; 0: there is none.
static size_t entity(const char *at, char wanted) {
  static const struct {
    const char *text;
    char c;
  } names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].c == wanted && !strncmp(at, names[i].text, strlen(names[i].text)))
      return strlen(names[i].text);
  if (strncmp(at, "&#", 2) != 0) return 0;
  char *end;
  bool x = at[2] == 'x' || at[2] == 'X';
  if (!isxdigit((unsigned char)at[x ? 3 : 2])) return 0;
  long value = strtol(at + (x ? 3 : 2), &end, x ? 16 : 10);
  return value == (unsigned char)wanted && *end == ';' ? (size_t)(end + 1 - at) : 0;
}

/// Bytes at `at` that stand for the character `wanted` by an escape; 0: they do not.
static size_t escaped(const char *at, char wanted) {
  if (*at == '%') return hex(at + 1, 2) == (unsigned char)wanted ? 3 : 0;
  if (*at == '&') return entity(at, wanted);
  if (*at != '\\') return 0;
  size_t n = strspn(at, "\\");  // escaped again for each layer of JSON
  if (at[n] == 'u' && hex(at + n + 1, 4) == (unsigned char)wanted) return n + 5;
  if (at[n] == 'x' && hex(at + n + 1, 2) == (unsigned char)wanted) return n + 3;
  if (wanted == '\\') return n;  // how many of these are escapes, what follows tells
  return at[n] == wanted && ispunct((unsigned char)wanted) ? n + 1 : 0;
}

/// Bytes of the whole secret at `at`; 0: it does not stand here. A character that could begin an
/// escape ("&amp;") may stand for itself too.
static size_t match(const char *at, const char *secret) {
  const char *from = at;
  for (; *secret; ++secret) {
    size_t n = escaped(at, *secret);
    if (n && *at == *secret) {
      size_t rest = secret[1] ? match(at + n, secret + 1) : 0;
      if (rest) return (size_t)(at - from) + n + rest;
      if (secret[1]) n = 1;
    }
    if (n == 0 && *at == *secret) n = 1;
    if (n == 0) return 0;
    at += n;
  }
  return (size_t)(at - from);
}

/// Does a word end before `at`? An escape's last letter is of no word.
static bool begins(const char *text, const char *at) {
  size_t n = (size_t)(at - text);
  if (n == 0 || !isalnum((unsigned char)at[-1])) return true;
  if (n >= 2 && at[-2] == '\\') return true;
  if (n >= 3 && at[-3] == '%' && hex(at - 2, 2) >= 0) return true;
  return n >= 6 && at[-6] == '\\' && at[-5] == 'u' && hex(at - 4, 4) >= 0;
}

static void replace(char *at, size_t length) {
  memcpy(at, "***", 3);
  memmove(at + 3, at + length, strlen(at + length) + 1);
}

static void redact_plain(const char *secret, char *text) {
  for (char *at = text; *at; ++at) {
    size_t n = match(at, secret);
    if (n == 0 || !begins(text, at) || isalnum((unsigned char)at[n])) continue;
    replace(at, n);
    at += 2;
  }
}

/// The digits of base64 that `shift` bytes and then the secret have for sure, whatever stands
/// around: "Basic dXNlcjpzay0..." holds one of three.
static void redact_base64(const char *secret, int shift, char *text) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char wanted[512];
  size_t n = 0, bits = 8 * strlen(secret), at = shift == 0 ? 0 : shift == 1 ? 4 : 2;
  for (; at + 6 <= bits && n < sizeof wanted - 1; at += 6) {
    unsigned value = 0;
    for (size_t b = at; b < at + 6; ++b)
      value = value << 1 | ((unsigned char)secret[b / 8] >> (7 - b % 8) & 1);
    wanted[n++] = digits[value];
  }
  wanted[n] = '\0';
  if (n < SECRET_LEAST) return;
  for (char *found = text; (found = strstr(found, wanted)); found += 3) replace(found, n);
  explicit_bzero(wanted, sizeof wanted);
}

void redact(const secrets *s, char *text) {
  for (int32_t i = 0; s && i < s->n; ++i) {
    redact_plain(s->text[i], text);
    for (int shift = 0; shift < 3; ++shift) redact_base64(s->text[i], shift, text);
  }
}

void redact_tree(const secrets *s, cJSON *tree) {
  if (!s || s->n == 0) return;
  if (cJSON_IsString(tree)) redact(s, tree->valuestring);
  for (cJSON *c = tree->child; c; c = c->next) {
    if (c->string) redact(s, c->string);
    redact_tree(s, c);
  }
}
