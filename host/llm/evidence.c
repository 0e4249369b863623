/// Folding of texts for comparison, and of keywords for joining.
#include "llm/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

enum { LEAST_LETTERS = 5, LEAST_WORDS_CUT = 4, MOST_LABEL = 24 };

static bool is_word_point(utf8proc_int32_t point) {
  utf8proc_category_t c = utf8proc_category(point);
  return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_ME) ||
         (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

static bool is_apostrophe(utf8proc_int32_t point) {
  return point == '\'' || point == 0x2018 || point == 0x2019 || point == 0x02bc || point == '`';
}

/// Letters and digits of valid text; `*space` is whether the output ends with a space.
static throng_status fold_ascii(const char *text, size_t length, byte_buffer *out, bool *space) {
  for (size_t i = 0; i < length; ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c == '\'' || c == '`' || (!word && *space)) continue;
    *space = !word;
    THRONG_TRY(bytes_append(out, word ? &c : " ", 1));
  }
  return THRONG_OK;
}

static throng_status fold_unicode(const char *text, size_t length, byte_buffer *out, bool *space) {
  utf8proc_uint8_t *folded = NULL;
  utf8proc_ssize_t n =
      utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &folded,
                   UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                       UTF8PROC_IGNORE | UTF8PROC_STRIPMARK);
  if (n == UTF8PROC_ERROR_NOMEM)
    return throng_fail(THRONG_ERROR_MEMORY, "folding a text of %zu bytes", length);
  throng_status status = THRONG_OK;
  for (utf8proc_ssize_t i = 0; i < n && status == THRONG_OK;) {
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate(folded + i, n - i, &point);
    if (used < 1) break;
    bool word = is_word_point(point);
    if (!is_apostrophe(point) && (word || !*space)) {
      *space = !word;
      status = bytes_append(out, word ? (const char *)folded + i : " ", word ? (size_t)used : 1);
    }
    i += used;
  }
  free(folded);
  return status;
}

throng_status evidence_fold(const char *text, size_t length, byte_buffer *out) {
  bool space = true;
  THRONG_TRY(bytes_append(out, " ", 1));
  bool ascii = true;
  for (size_t i = 0; i < length && ascii; ++i) ascii = (unsigned char)text[i] < 0x80;
  if (ascii) {
    THRONG_TRY(fold_ascii(text, length, out, &space));
  } else {
    for (size_t i = 0; i < length;) {
      utf8proc_int32_t point;
      size_t valid = i;
      for (utf8proc_ssize_t used;
           valid < length &&
           (used = utf8proc_iterate((const utf8proc_uint8_t *)text + valid,
                                    (utf8proc_ssize_t)(length - valid), &point)) > 0;)
        valid += (size_t)used;
      THRONG_TRY(fold_unicode(text + i, valid - i, out, &space));
      if (valid < length && !space) {
        THRONG_TRY(bytes_append(out, " ", 1));
        space = true;
      }
      i = valid + 1;
    }
  }
  return space ? THRONG_OK : bytes_append(out, " ", 1);
}

/// Do these words stand in the folded text? `*letters`: how many letters and digits they have.
static throng_status find_words(const char *folded_text, const char *text, size_t length,
                                byte_buffer *scratch, int *letters, bool *found) {
  *found = false;
  *letters = 0;
  bytes_clear(scratch);
  THRONG_TRY(evidence_fold(text, length, scratch));
  int words = 0;
  size_t last = 0;  // where the space before the last word stands
  for (size_t i = 0; i < scratch->length; ++i) {
    unsigned char c = (unsigned char)scratch->data[i];
    *letters += c != ' ' && (c & 0xc0) != 0x80;
    if (c != ' ' || i + 1 == scratch->length) continue;
    ++words;
    last = i;
  }
  if (*letters == 0) return THRONG_OK;
  *found = strstr(folded_text, scratch->data) != NULL;
  if (*found || words < LEAST_WORDS_CUT) return THRONG_OK;
  scratch->data[last + 1] = '\0';  // with the space that ends the word before
  *found = strstr(folded_text, scratch->data) != NULL;
  return THRONG_OK;
}

/// The first ellipsis in [at, end), or `end`; `*width` bytes of dots and brackets.
static const char *find_ellipsis(const char *at, const char *end, size_t *width) {
  static const char *const sign[] = {"[...]", "(...)", "[\xe2\x80\xa6]", "...", "\xe2\x80\xa6"};
  const char *first = end;
  *width = 0;
  for (size_t i = 0; i < sizeof sign / sizeof *sign; ++i) {
    const char *found = memmem(at, (size_t)(end - at), sign[i], strlen(sign[i]));
    if (!found || found >= first) continue;
    first = found;
    *width = strlen(sign[i]);
  }
  return first;
}

/// Every passage between ellipses stands in the text, one of them long enough to be one.
static throng_status find_passages(const char *folded_text, const char *at, const char *end,
                                   byte_buffer *scratch, bool *found) {
  int most = 0;
  *found = false;
  while (at < end) {
    size_t width;
    int letters;
    bool stands;
    const char *stop = find_ellipsis(at, end, &width);
    THRONG_TRY(find_words(folded_text, at, (size_t)(stop - at), scratch, &letters, &stands));
    if (letters && !stands) return THRONG_OK;
    if (letters > most) most = letters;
    at = stop + width;
  }
  *found = most >= LEAST_LETTERS;
  return THRONG_OK;
}

/// Without what models put around a quote to say whose it is: "Review 2: ..", ".. (review 2)".
static void strip_source(const char **from, const char **end) {
  const char *at = *from + strspn(*from, " \t\"'[(*-");
  if (!strncasecmp(at, "review", 6)) {
    const char *colon = memchr(at, ':', (size_t)(*end - at));
    if (colon && colon - at <= MOST_LABEL && colon + 1 < *end) *from = colon + 1;
  }
  for (const char *open = *end; open > *from && *end - open <= MOST_LABEL; --open)
    if ((*open == '(' || *open == '[') && !strncasecmp(open + 1, "review", 6)) {
      *end = open;
      return;
    }
}

throng_status evidence_found(const char *folded_text, const char *evidence, byte_buffer *scratch,
                             bool *found) {
  const char *from = evidence, *end = evidence + strlen(evidence);
  int letters;
  THRONG_TRY(find_words(folded_text, from, (size_t)(end - from), scratch, &letters, found));
  *found = *found && letters >= LEAST_LETTERS;
  if (*found || letters < LEAST_LETTERS) return THRONG_OK;
  strip_source(&from, &end);
  return find_passages(folded_text, from, end, scratch, found);
}

typedef struct joining {
  byte_buffer *surface, *stem;
  int words;
} joining;

static throng_status join(void *context, token_kind kind, const char *surface, const char *stem) {
  joining *j = context;
  if (kind == TOKEN_BREAK) return THRONG_OK;
  if (j->words++) {
    THRONG_TRY(bytes_append(j->surface, " ", 1));
    THRONG_TRY(bytes_append(j->stem, " ", 1));
  }
  THRONG_TRY(bytes_append(j->surface, surface, strlen(surface)));
  return bytes_append(j->stem, stem, strlen(stem));
}

throng_status keyword_fold(tokenizer *tokens, const char *keyword, byte_buffer *surface,
                           byte_buffer *stem, bool *usable) {
  joining j = {surface, stem, 0};
  bytes_clear(surface);
  bytes_clear(stem);
  THRONG_TRY(tokenize(tokens, keyword, strlen(keyword), join, &j));
  *usable = j.words >= 1 && j.words <= KEYWORD_MAX_WORDS;
  return THRONG_OK;
}
