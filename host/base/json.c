/// A validating pass that knows line and column, then cJSON for the tree, then duplicate keys.
#include "base/json.h"
#include "base/field.h"
#include "base/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scanner {
  const char *name;
  const char *begin, *at, *end;
  int64_t first_line;
  int64_t values;
} scanner;

/// "name:line:column: message"; columns count bytes from 1.
static throng_status scan_fail(const scanner *s, const char *at, const char *message) {
  int64_t line = s->first_line;
  const char *start = s->begin;
  for (const char *p = s->begin; p < at; ++p)
    if (*p == '\n') {
      ++line;
      start = p + 1;
    }
  return throng_fail(THRONG_ERROR_DATA, "%s:%lld:%lld: %s", s->name, (long long)line,
                     (long long)(at - start) + 1, message);
}

size_t utf8_valid_prefix(const char *text, size_t length) {
  const unsigned char *p = (const unsigned char *)text;
  size_t i = 0;
  while (i < length) {
    if (p[i] < 0x80) {
      ++i;
      continue;
    }
    int more = p[i] >= 0xc2 && p[i] <= 0xdf ? 1 : (p[i] & 0xf0) == 0xe0 ? 2 : 3;
    if (p[i] < 0xc2 || p[i] > 0xf4 || length - i <= (size_t)more) return i;
    unsigned char low = 0x80, high = 0xbf;
    if (p[i] == 0xe0) low = 0xa0;   // overlong
    if (p[i] == 0xed) high = 0x9f;  // surrogates
    if (p[i] == 0xf0) low = 0x90;   // overlong
    if (p[i] == 0xf4) high = 0x8f;  // above U+10FFFF
    if (p[i + 1] < low || p[i + 1] > high) return i;
    for (int k = 2; k <= more; ++k)
      if ((p[i + (size_t)k] & 0xc0) != 0x80) return i;
    i += (size_t)more + 1;
  }
  return i;
}

static void skip_space(scanner *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
    ++s->at;
}

static int hex4(const char *p, const char *end) {
  int value = 0;
  if (end - p < 4) return -1;
  for (int i = 0; i < 4; ++i) {
    char c = p[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// After a backslash. `\u0000` would end a C string early, so it is refused.
static throng_status scan_escape(scanner *s) {
  const char *start = s->at - 1;
  if (s->at >= s->end) return scan_fail(s, start, "string without its closing quote");
  char c = *s->at++;
  if (memchr("\"\\/bfnrt", c, 8)) return THRONG_OK;
  if (c != 'u') return scan_fail(s, start, "unknown escape in a string");
  int unit = hex4(s->at, s->end);
  if (unit < 0) return scan_fail(s, start, "\\u without four hexadecimal digits");
  s->at += 4;
  if (unit == 0) return scan_fail(s, start, "\\u0000 in a string is not supported");
  if (unit >= 0xdc00 && unit <= 0xdfff) return scan_fail(s, start, "lone surrogate in a string");
  if (unit >= 0xd800 && unit <= 0xdbff) {
    int second =
        s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u' ? hex4(s->at + 2, s->end) : -1;
    if (second < 0xdc00 || second > 0xdfff)
      return scan_fail(s, start, "lone surrogate in a string");
    s->at += 6;
  }
  return THRONG_OK;
}

static throng_status scan_string(scanner *s) {
  const char *start = s->at++;
  while (s->at < s->end) {
    unsigned char c = (unsigned char)*s->at++;
    if (c == '"') return THRONG_OK;
    if (c < 0x20)
      return scan_fail(s, s->at - 1,
                       c == '\n' ? "string without its closing quote on this line"
                                 : "control character in a string, expected an escape");
    if (c == '\\') THRONG_TRY(scan_escape(s));
  }
  return scan_fail(s, start, "string without its closing quote");
}

static bool is_digit(const scanner *s) { return s->at < s->end && *s->at >= '0' && *s->at <= '9'; }

static throng_status scan_number(scanner *s) {
  const char *start = s->at;
  if (*s->at == '-') ++s->at;
  if (!is_digit(s)) return scan_fail(s, start, "expected a value");
  if (*s->at++ == '0' && is_digit(s)) return scan_fail(s, start, "number with a leading zero");
  while (is_digit(s)) ++s->at;
  if (s->at < s->end && *s->at == '.') {
    ++s->at;
    if (!is_digit(s)) return scan_fail(s, start, "number without digits after its point");
    while (is_digit(s)) ++s->at;
  }
  if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
    ++s->at;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) ++s->at;
    if (!is_digit(s)) return scan_fail(s, start, "number without digits in its exponent");
    while (is_digit(s)) ++s->at;
  }
  // cJSON copies a number into 64 bytes and would split a longer one in two.
  if (s->at - start > 60) return scan_fail(s, start, "number of more than 60 characters");
  char digits[64] = {0};
  memcpy(digits, start, (size_t)(s->at - start));
  if (!isfinite(strtod_l(digits, NULL, numbers_locale())))
    return scan_fail(s, start, "number out of range");
  return THRONG_OK;
}

static throng_status scan_value(scanner *s, int depth);

static throng_status scan_container(scanner *s, int depth, char close) {
  bool object = close == '}';
  const char *open = s->at++;
  if (depth >= JSON_MAX_DEPTH) return scan_fail(s, open, "nested more than 200 deep");
  skip_space(s);
  if (s->at < s->end && *s->at == close) {
    ++s->at;
    return THRONG_OK;
  }
  for (;;) {
    skip_space(s);
    if (object) {
      if (s->at >= s->end || *s->at != '"')
        return scan_fail(s, s->at, "expected a key in double quotes");
      THRONG_TRY(scan_string(s));
      skip_space(s);
      if (s->at >= s->end || *s->at != ':') return scan_fail(s, s->at, "expected ':' after a key");
      ++s->at;
    }
    THRONG_TRY(scan_value(s, depth + 1));
    skip_space(s);
    if (s->at < s->end && *s->at == close) {
      ++s->at;
      return THRONG_OK;
    }
    if (s->at >= s->end || *s->at != ',')
      return scan_fail(s, s->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
    ++s->at;
  }
}

static throng_status scan_word(scanner *s, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
    return scan_fail(s, s->at, "expected a value");
  s->at += length;
  return THRONG_OK;
}

static throng_status scan_value(scanner *s, int depth) {
  skip_space(s);
  if (s->at >= s->end) return scan_fail(s, s->at, "text ends where a value is expected");
  if (++s->values > JSON_MAX_VALUES) return scan_fail(s, s->at, "more than 10,000,000 values");
  switch (*s->at) {
    case '{': return scan_container(s, depth, '}');
    case '[': return scan_container(s, depth, ']');
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    default: return scan_number(s);
  }
}

/// Comments become spaces in a copy, so that lines and columns stay what they were.
static throng_status blank_comments(const scanner *s, char *text, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (text[i] == '"') {
      for (++i; i < length && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '/') {
      for (; i < length && text[i] != '\n'; ++i) text[i] = ' ';
    } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '*') {
      size_t open = i;
      for (i += 2; i + 1 < length && !(text[i] == '*' && text[i + 1] == '/'); ++i) {
      }
      if (i + 1 >= length) return scan_fail(s, s->begin + open, "comment without its end");
      ++i;
      for (size_t k = open; k <= i; ++k)
        if (text[k] != '\n') text[k] = ' ';
    }
  }
  return THRONG_OK;
}

static int compare_keys(const void *a, const void *b) {
  return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/// `place` is "name" or, for a document of one line, "name:line".
static throng_status check_object(const char *place, const cJSON *object) {
  size_t n = 0;
  for (const cJSON *c = object->child; c; c = c->next) ++n;
  if (n < 2) return THRONG_OK;
  const cJSON **key;
  THRONG_TRY(throng_alloc((void **)&key, n, sizeof *key, "JSON keys"));
  n = 0;
  for (const cJSON *c = object->child; c; c = c->next) key[n++] = c;
  qsort(key, n, sizeof *key, compare_keys);
  throng_status status = THRONG_OK;
  for (size_t i = 1; i < n && status == THRONG_OK; ++i)
    if (!strcmp(key[i - 1]->string, key[i]->string))
      status = throng_fail(THRONG_ERROR_DATA, "%s: key '%s' stands twice in one object", place,
                           key[i]->string);
  free(key);
  return status;
}

/// Depth is bounded by the scanner.
static throng_status check_keys(const char *place, const cJSON *value) {
  if (cJSON_IsObject(value)) THRONG_TRY(check_object(place, value));
  for (const cJSON *c = value->child; c; c = c->next)
    if (c->child) THRONG_TRY(check_keys(place, c));
  return THRONG_OK;
}

throng_status json_parse(const char *name, int64_t first_line, const char *text, size_t length,
                         int flags, cJSON **out) {
  NUMBERS_WITHOUT_LOCALE;
  scanner s = {.name = name, .begin = text, .first_line = first_line};
  char *copy = NULL;
  *out = NULL;
  throng_status status = THRONG_OK;
  size_t valid = utf8_valid_prefix(text, length);
  if (valid < length) return scan_fail(&s, text + valid, "invalid UTF-8");
  if (flags & JSON_COMMENTS) {
    THRONG_TRY(throng_alloc((void **)&copy, length + 1, 1, name));
    if (length) memcpy(copy, text, length);
    THRONG_TRY_GOTO(blank_comments(&s, copy, length));
    text = copy;
  }
  s.begin = s.at = text;
  s.end = text + length;
  // A byte order mark; cJSON skips it only where more than one character follows.
  if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) s.at += 3;
  const char *document = s.at;
  THRONG_TRY_GOTO(scan_value(&s, 0));
  skip_space(&s);
  if (s.at < s.end) {
    status = scan_fail(&s, s.at, "text after the end of the document");
    goto done;
  }
  *out = cJSON_ParseWithLengthOpts(document, (size_t)(s.end - document), NULL, 0);
  if (!*out) {
    status = throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for %lld JSON values", name,
                         (long long)s.values);
    goto done;
  }
  char place[512];
  if (memchr(text, '\n', length))
    snprintf(place, sizeof place, "%s", name);
  else
    snprintf(place, sizeof place, "%s:%lld", name, (long long)first_line);
  if (!(flags & JSON_DUPLICATES)) status = check_keys(place, *out);
  if (status != THRONG_OK) {
    cJSON_Delete(*out);
    *out = NULL;
  }
done:
  free(copy);
  return status;
}

bool json_integer(const cJSON *value, int64_t *out) {
  const double most = 9007199254740992.0;
  if (!cJSON_IsNumber(value)) return false;
  double x = value->valuedouble;
  if (!(x >= -most && x <= most) || x != floor(x)) return false;
  *out = (int64_t)x;
  return true;
}

bool json_add_number(cJSON *object, const char *key, double value) {
  if (isfinite(value)) return cJSON_AddNumberToObject(object, key, value) != NULL;
  return cJSON_AddNullToObject(object, key) != NULL;
}

bool json_keep_digits(cJSON *value) {
  bool good = true;
  char text[40];
  NUMBERS_WITHOUT_LOCALE;
  for (cJSON *at = value ? value->child : NULL; at && good; at = at->next)
    good = json_keep_digits(at);
  if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble)) return good;
  snprintf(text, sizeof text, "%.15g", value->valuedouble);
  if (strtod(text, NULL) == value->valuedouble) return true;
  field_number_text(value->valuedouble, false, text, sizeof text);
  value->valuestring = cJSON_malloc(strlen(text) + 1);
  if (!value->valuestring) return false;
  strcpy(value->valuestring, text);
  value->type = (value->type & ~0xff) | cJSON_Raw;
  return true;
}

void json_write_string(FILE *to, const char *text) {
  putc('"', to);
  for (const unsigned char *p = (const unsigned char *)text; *p; ++p) {
    switch (*p) {
      case '"': fputs("\\\"", to); break;
      case '\\': fputs("\\\\", to); break;
      case '\n': fputs("\\n", to); break;
      case '\r': fputs("\\r", to); break;
      case '\t': fputs("\\t", to); break;
      case '\b': fputs("\\b", to); break;
      case '\f': fputs("\\f", to); break;
      default:
        if (*p < 0x20)
          fprintf(to, "\\u%04x", *p);
        else
          putc(*p, to);
    }
  }
  putc('"', to);
}
