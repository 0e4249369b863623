/// One pass over a line of JSON; see json_line.h.
#include "data/json_line.h"
#include "base/numbers.h"

#include <string.h>

enum { MAX_DEPTH = 64 };

typedef struct scanner {
  const line_reader *reader;
  const char *line, *at, *end;
} scanner;

static throng_status expected(const scanner *s, const char *what) {
  if (s->at >= s->end)
    return line_reader_fail(s->reader, "line ends at column %zu, expected %s",
                            (size_t)(s->at - s->line) + 1, what);
  return line_reader_fail(s->reader, "column %zu: expected %s", (size_t)(s->at - s->line) + 1,
                          what);
}

static void skip_space(scanner *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
    s->at++;
}

static bool is_digit(const scanner *s) { return s->at < s->end && *s->at >= '0' && *s->at <= '9'; }

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Set where a byte of `word` is a quote, a backslash or below 0x20 (or, harmlessly, next to one).
static uint64_t special_bytes(uint64_t word) {
  const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
  uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
  uint64_t found = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                   ((word - ones * 0x20) & ~word);
  return found & high;
}

/// At a quote: past the closing one.
static throng_status skip_string(scanner *s, const char **raw, size_t *length, bool *escaped) {
  s->at++;
  *raw = s->at;
  *escaped = false;
  for (;;) {
    uint64_t word;
    while ((size_t)(s->end - s->at) >= sizeof word) {
      memcpy(&word, s->at, sizeof word);
      if (special_bytes(word)) break;
      s->at += sizeof word;
    }
    while (s->at < s->end && *s->at != '"' && *s->at != '\\' && (unsigned char)*s->at >= 0x20)
      s->at++;
    if (s->at == s->end) return expected(s, "the string's closing quote");
    if (*s->at == '"') break;
    if (*s->at != '\\') return expected(s, "no control character in a string");
    *escaped = true;
    s->at++;
    if (s->at == s->end || !strchr("\"\\/bfnrtu", *s->at))
      return expected(s, "one of \" \\ / b f n r t u after a backslash");
    if (*s->at++ == 'u')
      for (int i = 0; i < 4; i++, s->at++)
        if (s->at == s->end || hex_digit(*s->at) < 0)
          return expected(s, "four hexadecimal digits after \\u");
  }
  *length = (size_t)(s->at - *raw);
  s->at++;
  return THRONG_OK;
}

static throng_status skip_number(scanner *s) {
  if (*s->at == '-') s->at++;
  if (!is_digit(s)) return expected(s, "a digit");
  if (*s->at == '0') {
    s->at++;
  } else {
    while (is_digit(s)) s->at++;
  }
  if (s->at < s->end && *s->at == '.') {
    s->at++;
    if (!is_digit(s)) return expected(s, "a digit after the decimal point");
    while (is_digit(s)) s->at++;
  }
  if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-')) s->at++;
    if (!is_digit(s)) return expected(s, "a digit in the exponent");
    while (is_digit(s)) s->at++;
  }
  return THRONG_OK;
}

static throng_status skip_word(scanner *s, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
    return expected(s, "a JSON value (true, false, null, a number, a string, [ or {)");
  s->at += n;
  return THRONG_OK;
}

static throng_status skip_value(scanner *s, int depth, json_line_field *out);

/// At '[' or '{', not the outermost.
static throng_status skip_container(scanner *s, int depth, char close) {
  if (depth >= MAX_DEPTH) return expected(s, "at most 64 levels of nesting");
  s->at++;
  skip_space(s);
  if (s->at < s->end && *s->at == close) {
    s->at++;
    return THRONG_OK;
  }
  for (;;) {
    json_line_field ignored;
    if (close == '}') {
      bool escaped;
      if (s->at == s->end || *s->at != '"') return expected(s, "a key in double quotes");
      THRONG_TRY(skip_string(s, &ignored.raw, &ignored.length, &escaped));
      skip_space(s);
      if (s->at == s->end || *s->at != ':') return expected(s, "':' after the key");
      s->at++;
      skip_space(s);
    }
    THRONG_TRY(skip_value(s, depth + 1, &ignored));
    skip_space(s);
    if (s->at < s->end && *s->at == close) break;
    if (s->at == s->end || *s->at != ',')
      return expected(s, close == '}' ? "',' or '}'" : "',' or ']'");
    s->at++;
    skip_space(s);
  }
  s->at++;
  return THRONG_OK;
}

static throng_status skip_value(scanner *s, int depth, json_line_field *out) {
  if (s->at == s->end) return expected(s, "a value");
  out->raw = s->at;
  bool escaped;
  switch (*s->at) {
    case '"':
      out->kind = JSON_LINE_STRING;
      return skip_string(s, &out->raw, &out->length, &escaped);
    case '{':
      out->kind = JSON_LINE_OBJECT;
      THRONG_TRY(skip_container(s, depth, '}'));
      break;
    case '[':
      out->kind = JSON_LINE_ARRAY;
      THRONG_TRY(skip_container(s, depth, ']'));
      break;
    case 't':
      out->kind = JSON_LINE_TRUE;
      THRONG_TRY(skip_word(s, "true"));
      break;
    case 'f':
      out->kind = JSON_LINE_FALSE;
      THRONG_TRY(skip_word(s, "false"));
      break;
    case 'n':
      out->kind = JSON_LINE_NULL;
      THRONG_TRY(skip_word(s, "null"));
      break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      out->kind = JSON_LINE_NUMBER;
      THRONG_TRY(skip_number(s));
      break;
    case 'N':
    case 'I': return expected(s, "a JSON value (NaN and Infinity are not JSON)");
    default: return skip_word(s, "null");
  }
  out->length = (size_t)(s->at - out->raw);
  return THRONG_OK;
}

static json_line_field *find_field(json_line_field *field, int n_field, const char *key,
                                   size_t length) {
  for (int i = 0; i < n_field; i++)
    if (strncmp(field[i].key, key, length) == 0 && field[i].key[length] == '\0') return &field[i];
  return NULL;
}

/// At the quote of a key of the outermost object; past the colon.
static throng_status take_key(scanner *s, json_line_field *field, int n_field,
                              json_line_field **wanted) {
  const char *raw;
  size_t length;
  bool escaped;
  if (s->at == s->end || *s->at != '"') return expected(s, "a key in double quotes");
  THRONG_TRY(skip_string(s, &raw, &length, &escaped));
  if (escaped) {
    byte_buffer key = {0};
    json_line_field text = {.raw = raw, .length = length, .kind = JSON_LINE_STRING};
    throng_status status = json_line_text(&text, &key);
    *wanted = status == THRONG_OK ? find_field(field, n_field, key.data, key.length) : NULL;
    bytes_free(&key);
    THRONG_TRY(status);
  } else {
    *wanted = find_field(field, n_field, raw, length);
  }
  if (*wanted && (*wanted)->kind != JSON_LINE_ABSENT)
    return line_reader_fail(s->reader, "column %zu: key \"%s\" comes twice, expected once",
                            (size_t)(raw - s->line), (*wanted)->key);
  skip_space(s);
  if (s->at == s->end || *s->at != ':') return expected(s, "':' after the key");
  s->at++;
  skip_space(s);
  return THRONG_OK;
}

/// The first line ends within its object: the file is printed for people.
static throng_status over_several_lines(const scanner *s) {
  char command[700];
  const char *end = s->end;
  while (end > s->line && (end[-1] == ' ' || end[-1] == '\t')) end--;
  if (line_reader_number(s->reader) > 1 || s->at < end || s->line == end || end[-1] != ',')
    return THRONG_ERROR_DATA;
  line_reader_command(s->reader, "jq -c .", command, sizeof command);
  return line_reader_fail(
      s->reader, "JSON over several lines, expected one object a line; make it so with: %s",
      command);
}

static throng_status scan_object(scanner *s, json_line_field *field, int n_field) {
  for (int i = 0; i < n_field; i++) {
    field[i].kind = JSON_LINE_ABSENT;
    field[i].raw = NULL;
    field[i].length = 0;
  }
  skip_space(s);
  if (s->at == s->end || *s->at != '{')
    return expected(s, "'{' of a JSON object (dataset.format csv reads tables)");
  s->at++;
  skip_space(s);
  if (s->at < s->end && *s->at == '}') {
    s->at++;
  } else {
    for (;;) {
      json_line_field *wanted = NULL, ignored;
      THRONG_TRY(take_key(s, field, n_field, &wanted));
      THRONG_TRY(skip_value(s, 1, wanted ? wanted : &ignored));
      skip_space(s);
      if (s->at < s->end && *s->at == '}') break;
      if (s->at == s->end || *s->at != ',') return expected(s, "',' or '}'");
      s->at++;
      skip_space(s);
    }
    s->at++;
  }
  skip_space(s);
  return s->at == s->end ? THRONG_OK : expected(s, "the end of the line");
}

throng_status json_line_scan(const line_reader *reader, const char *line, size_t length,
                             json_line_field *field, int n_field) {
  scanner s = {.reader = reader, .line = line, .at = line, .end = line + length};
  throng_status status = scan_object(&s, field, n_field);
  return status == THRONG_ERROR_DATA ? over_several_lines(&s) : status;
}

throng_status json_line_require(const line_reader *reader, const json_line_field *field,
                                json_line_kind kind, const char *what) {
  if (field->kind == kind) return THRONG_OK;
  if (field->kind == JSON_LINE_ABSENT)
    return line_reader_fail(reader, "no \"%s\", expected %s", field->key, what);
  return line_reader_fail(reader, "\"%s\" is %.*s, expected %s", field->key,
                          (int)(field->length < 40 ? field->length : 40), field->raw, what);
}

bool json_line_is_text(const json_line_field *field) {
  return field->kind == JSON_LINE_STRING || field->kind == JSON_LINE_NUMBER;
}

throng_status json_line_require_text(const line_reader *reader, const json_line_field *field,
                                     const char *what) {
  return json_line_is_text(field) ? THRONG_OK
                                  : json_line_require(reader, field, JSON_LINE_STRING, what);
}

static uint32_t hex4(const char *at) {
  return (uint32_t)(hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 |
                    hex_digit(at[3]));
}

throng_status json_line_text(const json_line_field *field, byte_buffer *out) {
  const char *at = field->raw, *end = at + field->length;
  while (at < end) {
    const char *backslash = memchr(at, '\\', (size_t)(end - at));
    if (!backslash) return bytes_append(out, at, (size_t)(end - at));
    THRONG_TRY(bytes_append(out, at, (size_t)(backslash - at)));
    char escape = backslash[1];
    at = backslash + 2;
    if (escape != 'u') {
      static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
      const char *known = strchr(from, escape);
      THRONG_TRY(bytes_append(out, known ? to + (known - from) : &escape, 1));
      continue;
    }
    uint32_t codepoint = hex4(at);
    at += 4;
    if (codepoint >= 0xD800 && codepoint < 0xDC00 && end - at >= 6 && at[0] == '\\' &&
        at[1] == 'u') {
      uint32_t low = hex4(at + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        codepoint = 0x10000 + ((codepoint - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
    }
    if (codepoint == 0 || (codepoint >= 0xD800 && codepoint < 0xE000)) codepoint = 0xFFFD;
    THRONG_TRY(bytes_append_codepoint(out, codepoint));
  }
  return THRONG_OK;
}

/// Overwrite escapes of U+0000 and of half surrogate pairs with that of U+FFFD.
static void mend_escapes(char *line, size_t length) {
  char *at = line, *end = line + length;
  while ((at = memchr(at, '\\', (size_t)(end - at)))) {
    if (at[1] != 'u') {
      at += 2;
      continue;
    }
    uint32_t unit = hex4(at + 2);
    bool high = unit >= 0xD800 && unit < 0xDC00;
    if (high && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
      uint32_t low = hex4(at + 8);
      if (low >= 0xDC00 && low < 0xE000) {
        at += 12;
        continue;
      }
    }
    if (unit == 0 || (unit >= 0xD800 && unit < 0xE000)) memcpy(at, "\\ufffd", 6);
    at += 6;
  }
}

throng_status json_line_tree(const line_reader *reader, char *line, size_t length, cJSON **out) {
  NUMBERS_WITHOUT_LOCALE;
  mend_escapes(line, length);
  *out = cJSON_ParseWithLengthOpts(line, length + 1, NULL, true);
  return *out ? THRONG_OK : line_reader_fail(reader, "no memory for this object, or no JSON");
}
