/// A recursive descent that asks at every quote whether it can be the closing one.
#include "llm/lenient.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/numbers.h"
#include "data/byte_buffer.h"

enum { MOST_KEY = 64 };

typedef enum place { IN_ARRAY, IN_OBJECT, IN_KEY } place;

typedef struct lenient {
  const char *at, *end;
  char open[LENIENT_MAX_DEPTH];  // closing brackets that are waited for
  int depth;
  int64_t values;
  bool cut, no_memory;
  byte_buffer text;
} lenient;

/// Quotes by how they open; what closes them is in closer_length.
typedef enum quote { NO_QUOTE, DOUBLE, SINGLE, BACKTICK, SMART_DOUBLE, SMART_SINGLE, ANGLE } quote;

static bool starts(const char *at, const char *end, const char *with) {
  size_t n = strlen(with);
  return (size_t)(end - at) >= n && !memcmp(at, with, n);
}

static quote quote_at(const char *at, const char *end, size_t *length) {
  static const struct {
    const char *text;
    quote kind;
  } quotes[] = {{"\"", DOUBLE},
                {"'", SINGLE},
                {"`", BACKTICK},
                {"\xe2\x80\x9c", SMART_DOUBLE},
                {"\xe2\x80\x9d", SMART_DOUBLE},
                {"\xe2\x80\x9e", SMART_DOUBLE},
                {"\xe2\x80\x9f", SMART_DOUBLE},
                {"\xe2\x80\x98", SMART_SINGLE},
                {"\xe2\x80\x99", SMART_SINGLE},
                {"\xc2\xab", ANGLE}};
  for (size_t i = 0; i < sizeof quotes / sizeof *quotes; ++i)
    if (starts(at, end, quotes[i].text)) {
      *length = strlen(quotes[i].text);
      return quotes[i].kind;
    }
  return NO_QUOTE;
}

/// Bytes of what closes `kind` at `at`; 0 where nothing does.
static size_t closer_length(const char *at, const char *end, quote kind) {
  size_t n = 0;
  if (kind == ANGLE) return starts(at, end, "\xc2\xbb") ? 2 : 0;
  quote here = quote_at(at, end, &n);
  bool fits = here == kind || (kind == SMART_DOUBLE && here == DOUBLE) ||
              ((kind == SMART_SINGLE || kind == BACKTICK) && here == SINGLE);
  return here != NO_QUOTE && fits ? n : 0;
}

/// The mark at `at`, full-width ones as ASCII's; 0 at the end. `*n`: its bytes.
static char mark_at(const char *at, const char *end, size_t *n) {
  static const char wide[] = "\x9a:\x8c,\x9b;\xbd]";
  *n = at < end;
  if (at == end) return 0;
  if (end - at < 3 || *at != '\xef') return *at;
  const char *found = at[1] == '\xbc' ? memchr(wide, at[2], sizeof wide - 1) : NULL;
  if (at[1] == '\xbd' && at[2] == '\x9d') return *n = 3, '}';
  if (!found || (found - wide) % 2) return *at;
  *n = 3;
  return found[1];
}

/// Past white space; `*line` is set where a line ended. NBSP and a byte order mark count.
static const char *skip_blank(const char *at, const char *end, bool *line) {
  for (;;) {
    if (at < end && isspace((unsigned char)*at)) {
      if (line && *at == '\n') *line = true;
      ++at;
    } else if (starts(at, end, "\xc2\xa0")) {
      at += 2;
    } else if (starts(at, end, "\xef\xbb\xbf")) {
      at += 3;
    } else {
      return at;
    }
  }
}

static bool comment_at(const char *at, const char *end) {
  return starts(at, end, "//") || starts(at, end, "/*") || starts(at, end, "#");
}

/// Past white space, comments and ellipses.
static void skip_space(lenient *l) {
  for (;;) {
    l->at = skip_blank(l->at, l->end, NULL);
    if (starts(l->at, l->end, "/*")) {
      const char *close = memmem(l->at + 2, (size_t)(l->end - l->at - 2), "*/", 2);
      l->at = close ? close + 2 : l->end;
    } else if (comment_at(l->at, l->end)) {
      const char *line = memchr(l->at, '\n', (size_t)(l->end - l->at));
      l->at = line ? line : l->end;
    } else if (starts(l->at, l->end, "...") || starts(l->at, l->end, "\xe2\x80\xa6")) {
      l->at += 3;
    } else {
      return;
    }
  }
}

/// The word at `at` and then a colon: an unquoted key.
static bool key_at(const char *at, const char *end) {
  const char *from = at;
  while (at < end && (isalnum((unsigned char)*at) || *at == '_' || *at == '-')) ++at;
  if (at == from) return false;
  at = skip_blank(at, end, NULL);
  return at < end && *at == ':';
}

static bool literal_at(const char *at, const char *end) {
  static const char *const words[] = {"true", "false", "null", "None", "True", "False", "NaN"};
  for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
    if (starts(at, end, words[i])) return true;
  return false;
}

/// May a value or a key begin here, behind a comma?
static bool begins_next(const char *at, const char *end, place in) {
  size_t n;
  if (at == end || strchr("{[}])(-.", *at) || isdigit((unsigned char)*at)) return true;
  if (quote_at(at, end, &n) != NO_QUOTE || comment_at(at, end)) return true;
  return in == IN_OBJECT ? key_at(at, end) : literal_at(at, end);
}

/// Is a quote the end of its string, with `at` behind it? Quotes within strings are often not
/// escaped: what follows tells. Strict JSON always passes.
static bool closes(const char *at, const char *end, place in) {
  size_t n;
  bool line = false;
  const char *from = at;
  at = skip_blank(at, end, &line);
  char c = mark_at(at, end, &n);
  if (c == 0 || c == '}' || c == ']' || c == ')') return true;
  if (comment_at(at, end)) return true;
  if (in == IN_KEY && (c == ':' || c == '=' || c == ',' || c == '}')) return true;
  if (c == ',' || c == ';') {
    bool next_line = false;
    at = skip_blank(at + n, end, &next_line);
    return next_line || begins_next(at, end, in);
  }
  if (in == IN_KEY) return false;
  // A missing comma.
  if (quote_at(at, end, &n) != NO_QUOTE) return at > from;
  return line && (*at == '{' || *at == '[' || key_at(at, end));
}

static int hex_value(const char *at, const char *end, int digits) {
  int value = 0;
  if (end - at < digits) return -1;
  for (int i = 0; i < digits; ++i) {
    if (!isxdigit((unsigned char)at[i])) return -1;
    value = 16 * value + (isdigit((unsigned char)at[i]) ? at[i] - '0' : (at[i] | 32) - 'a' + 10);
  }
  return value;
}

/// \uXXXX behind its 'u', two of them where they are a pair. Halves become U+FFFD, NUL a space.
static throng_status append_unicode(lenient *l, int unit) {
  uint32_t point = (uint32_t)unit;
  if (unit >= 0xd800 && unit <= 0xdbff && starts(l->at, l->end, "\\u")) {
    int low = hex_value(l->at + 2, l->end, 4);
    if (low >= 0xdc00 && low <= 0xdfff) {
      point = 0x10000u + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
      l->at += 6;
    }
  }
  if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
  return bytes_append_codepoint(&l->text, point ? point : ' ');
}

/// Behind a backslash. What is no escape stands for itself: a letter with its backslash.
static throng_status append_escape(lenient *l) {
  static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
  if (l->at == l->end) return THRONG_OK;
  char c = *l->at++;
  const char *known = strchr(from, c);
  if (c && known) return bytes_append(&l->text, &to[known - from], 1);
  int digits = c == 'u' ? 4 : c == 'x' ? 2 : 0;
  int value = digits ? hex_value(l->at, l->end, digits) : -1;
  if (value >= 0) {
    l->at += digits;
    return append_unicode(l, value);
  }
  if (c == '\n') return THRONG_OK;  // a line that goes on
  if (isalnum((unsigned char)c)) THRONG_TRY(bytes_append(&l->text, "\\", 1));
  return bytes_append(&l->text, &c, 1);
}

/// A string into l->text. False: it broke off, or memory ran out.
static bool read_string(lenient *l, place in) {
  size_t open = 0;
  quote kind = quote_at(l->at, l->end, &open);
  bool triple = starts(l->at, l->end, "\"\"\"") || starts(l->at, l->end, "'''");
  bytes_clear(&l->text);
  l->at += triple ? 3 : open;
  throng_status status = THRONG_OK;
  while (l->at < l->end && status == THRONG_OK) {
    size_t n = closer_length(l->at, l->end, kind);
    if (triple) n = n && starts(l->at + 1, l->end, kind == DOUBLE ? "\"\"" : "''") ? 3 : 0;
    if (n && (triple || closes(l->at + n, l->end, in))) {
      l->at += n;
      return true;
    }
    if (*l->at == '\\') {
      ++l->at;
      status = append_escape(l);
    } else {
      status = bytes_append(&l->text, l->at, 1);
      ++l->at;
    }
  }
  if (status != THRONG_OK) l->no_memory = true;
  l->cut = true;
  return false;
}

/// Text without quotes, up to what ends it, without the white space around it.
static bool read_bare(lenient *l, const char *stops, size_t most) {
  const char *from = l->at;
  while (l->at < l->end && !strchr(stops, *l->at)) ++l->at;
  const char *last = l->at;
  while (last > from && isspace((unsigned char)last[-1])) --last;
  bytes_clear(&l->text);
  if (l->at == l->end) return l->cut = true, false;
  if (last == from || (size_t)(last - from) > most) return false;
  if (bytes_append(&l->text, from, (size_t)(last - from)) == THRONG_OK) return true;
  l->no_memory = true;
  return false;
}

static cJSON *make_word(const char *word) {
  if (!strcasecmp(word, "true")) return cJSON_CreateTrue();
  if (!strcasecmp(word, "false")) return cJSON_CreateFalse();
  if (!strcasecmp(word, "null") || !strcasecmp(word, "none") || !strcasecmp(word, "nan") ||
      !strcasecmp(word, "undefined"))
    return cJSON_CreateNull();
  char *end;
  NUMBERS_WITHOUT_LOCALE;
  if (word[strspn(word, "0123456789+-.eE")]) return cJSON_CreateString(word);
  double number = strtod(word, &end);
  return end == word || *end ? cJSON_CreateString(word) : cJSON_CreateNumber(number);
}

static cJSON *read_value(lenient *l, place in);

/// A key into l->text, and past its colon; false where there is none. A first "key" without a
/// colon tells a Python set: `*set`.
static bool read_key(lenient *l, bool first, bool *set) {
  size_t n;
  bool quoted = quote_at(l->at, l->end, &n) != NO_QUOTE;
  if (!(quoted ? read_string(l, IN_KEY) : read_bare(l, ":={}[],\"\n", MOST_KEY))) return false;
  skip_space(l);
  char c = mark_at(l->at, l->end, &n);
  if (c == 0) return l->cut = true, false;
  if (first && quoted && (c == ',' || c == '}')) return *set = true;
  if (c != ':' && c != '=') return false;
  l->at += starts(l->at, l->end, "=>") ? 2 : n;
  return true;
}

static bool is_awaited(const lenient *l, char close) {
  for (int i = 0; i < l->depth; ++i)
    if (l->open[i] == close) return true;
  return false;
}

/// The next element or member. False: there is no such value here, unless l->cut.
static bool read_element(lenient *l, cJSON *into, bool *object) {
  cJSON *value;
  if (!*object) {
    value = read_value(l, IN_ARRAY);
    if (value && !cJSON_AddItemToArray(into, value)) l->no_memory = true;
    return value != NULL;
  }
  bool set = false;
  if (!read_key(l, !into->child, &set)) return false;
  if (set) {
    *object = false;
    into->type = cJSON_Array;
    value = cJSON_CreateString(bytes_text(&l->text));
    if (!value || !cJSON_AddItemToArray(into, value)) l->no_memory = true;
    return true;
  }
  char key[1024];
  if (l->text.length >= sizeof key) return false;
  memcpy(key, bytes_text(&l->text), l->text.length + 1);
  skip_space(l);
  bool none = l->at < l->end && strchr(",}", *l->at);
  value = none ? cJSON_CreateNull() : read_value(l, IN_OBJECT);
  if (value && !cJSON_AddItemToObject(into, key, value)) l->no_memory = true;
  return value != NULL;
}

static cJSON *read_container(lenient *l) {
  bool object = *l->at == '{';
  char close = object ? '}' : *l->at == '[' ? ']' : ')';
  if (l->depth == LENIENT_MAX_DEPTH) return NULL;
  cJSON *made = object ? cJSON_CreateObject() : cJSON_CreateArray();
  if (!made) return l->no_memory = true, NULL;
  l->open[l->depth++] = close;
  ++l->at;
  for (;;) {
    size_t n;
    char c;
    skip_space(l);
    while ((c = mark_at(l->at, l->end, &n)) == ',' || c == ';') {
      l->at += n;
      skip_space(l);
    }
    if (c == 0) l->cut = true;
    if (l->cut) break;
    if (c == close) {
      l->at += n;
      break;
    }
    // Somebody else's bracket: this one was forgotten.
    if (strchr("}])", c) && is_awaited(l, c)) break;
    if (!read_element(l, made, &object) && !l->cut) {
      cJSON_Delete(made);
      return NULL;
    }
  }
  --l->depth;
  return made;
}

/// NULL: no value, or one that broke off (l->cut). A container that breaks off keeps what it has.
static cJSON *read_value(lenient *l, place in) {
  size_t n;
  skip_space(l);
  if (l->at == l->end) return l->cut = true, NULL;
  if (++l->values > LENIENT_MAX_VALUES || l->no_memory) return NULL;
  if (*l->at == '{' || *l->at == '[' || *l->at == '(') return read_container(l);
  cJSON *made;
  if (quote_at(l->at, l->end, &n) != NO_QUOTE) {
    if (!read_string(l, in)) return NULL;
    made = cJSON_CreateString(bytes_text(&l->text));
  } else {
    if (!read_bare(l, in == IN_OBJECT ? ",{}[]\n" : ",{}[]()\n", 2000)) return NULL;
    made = make_word(bytes_text(&l->text));
  }
  if (!made) l->no_memory = true;
  return made;
}

throng_status lenient_parse(const char *text, size_t length, size_t *used, bool *cut, cJSON **out) {
  lenient l = {.at = text, .end = text + length};
  *out = length && (*text == '{' || *text == '[') ? read_container(&l) : NULL;
  *used = (size_t)(l.at - text);
  *cut = l.cut;
  bytes_free(&l.text);
  if (!l.no_memory) return THRONG_OK;
  cJSON_Delete(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "an answer of %zu bytes: out of memory", length);
}
