/// The tokeniser: utf8proc folds, libstemmer stems, a small English list stops.
#include "text/tokens.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "text/segment.h"

enum { WORD_MIN = 2, WORD_MAX = 40, TAG_MAX = 100 };

struct tokenizer {
  segmenter *segments;  // made when the first word without spaces comes
  struct sb_stemmer *stemmer;
  char *clean;  // valid UTF-8
  size_t clean_capacity;
  char surface[WORD_MAX + 1];
};

// Rising, for bsearch. Rating words ("five stars") restate the answer and give no reason.
static const char *const stop_words[] = {
    "about",   "after",  "again",   "all",     "also",  "am",     "an",     "and",     "any",
    "are",     "as",     "at",      "be",      "been",  "before", "being",  "both",    "but",
    "by",      "can",    "could",   "did",     "do",    "does",   "doing",  "done",    "down",
    "during",  "each",   "either",  "else",    "even",  "ever",   "few",    "for",     "from",
    "get",     "gets",   "getting", "go",      "goes",  "going",  "got",    "had",     "has",
    "have",    "having", "he",      "her",     "here",  "hers",   "him",    "his",     "how",
    "however", "if",     "in",      "into",    "is",    "it",     "its",    "itself",  "just",
    "least",   "let",    "many",    "may",     "me",    "might",  "mine",   "more",    "most",
    "much",    "must",   "my",      "myself",  "of",    "off",    "on",     "once",    "one",
    "only",    "or",     "other",   "our",     "ours",  "out",    "over",   "own",     "rate",
    "rated",   "rating", "review",  "reviews", "same",  "she",    "should", "since",   "so",
    "some",    "star",   "stars",   "such",    "than",  "that",   "the",    "their",   "them",
    "then",    "there",  "these",   "they",    "this",  "those",  "though", "through", "to",
    "too",     "two",    "under",   "until",   "up",    "upon",   "us",     "very",    "was",
    "we",      "were",   "what",    "when",    "where", "which",  "while",  "who",     "whom",
    "whose",   "why",    "will",    "with",    "would", "yet",    "you",    "your",    "yours"};
static const char *const negations[] = {"cannot", "hardly", "neither", "never",
                                        "no",     "nor",    "not",     "without"};

static int compare_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}
#define LISTED(word, list) \
  (bsearch(&(word), list, sizeof list / sizeof *list, sizeof *list, compare_text) != NULL)

throng_status tokenizer_create(tokenizer **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "tokenizer"));
  (*out)->stemmer = sb_stemmer_new("english", "UTF_8");
  if ((*out)->stemmer) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "tokenizer: libstemmer's English stemmer was refused");
}

void tokenizer_free(tokenizer *t) {
  if (!t) return;
  sb_stemmer_delete(t->stemmer);
  segmenter_free(t->segments);
  free(t->clean);
  free(t);
}

static bool ends_with(const char *word, size_t length, const char *ending) {
  size_t n = strlen(ending);
  return length >= n && !memcmp(word + length - n, ending, n);
}

/// One word [start, start + length) of the folded text.
static throng_status visit_word(tokenizer *t, const char *start, size_t length, bool digits,
                                token_visitor *visit, void *context) {
  while (length && start[length - 1] == '\'') --length;
  if (ends_with(start, length, "'s")) length -= 2;
  if (length < WORD_MIN || length > WORD_MAX || digits)
    return visit(context, TOKEN_BREAK, NULL, NULL);
  memcpy(t->surface, start, length);
  t->surface[length] = '\0';
  const char *word = t->surface;
  if (ends_with(word, length, "n't") || LISTED(word, negations))
    return visit(context, TOKEN_NEGATION, word, word);
  // "i'm", "we've", "it'll": what is left before the apostrophe is a stop word too
  if (memchr(word, '\'', length) || LISTED(word, stop_words))
    return visit(context, TOKEN_BREAK, NULL, NULL);
  const sb_symbol *stem = sb_stemmer_stem(t->stemmer, (const sb_symbol *)word, (int)length);
  return visit(context, TOKEN_WORD, word, stem && *stem ? (const char *)stem : word);
}

/// Copy with invalid bytes and markup tags as full stops and typographic apostrophes as plain ones.
static throng_status clean_text(tokenizer *t, const char *text, size_t length, bool *ascii) {
  THRONG_TRY(
      throng_grow((void **)&t->clean, &t->clean_capacity, length + 1, 1, "text to tokenise"));
  const utf8proc_uint8_t *in = (const utf8proc_uint8_t *)text;
  size_t out = 0;
  *ascii = true;
  for (size_t i = 0; i < length;) {
    if (in[i] == '<' && i + 2 < length) {
      size_t limit = length - i < TAG_MAX ? length - i : TAG_MAX;
      const char *end = memchr(text + i, '>', limit);
      bool tag = (in[i + 1] | 32) >= 'a' && (in[i + 1] | 32) <= 'z';
      if (end && (tag || in[i + 1] == '/')) {
        i = (size_t)(end - text) + 1;
        t->clean[out++] = '.';
        continue;
      }
    }
    if (in[i] < 0x80) {
      char c = (char)in[i++];
      if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
      t->clean[out++] = c ? c : '.';
      continue;
    }
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate(in + i, (utf8proc_ssize_t)(length - i), &point);
    if (used <= 0) {
      t->clean[out++] = '.';
      ++i;
      continue;
    }
    if (point == 0x2018 || point == 0x2019 || point == 0x02BC) {
      t->clean[out++] = '\'';
    } else {
      memcpy(t->clean + out, in + i, (size_t)used);
      out += (size_t)used;
      *ascii = false;
    }
    i += (size_t)used;
  }
  t->clean[out] = '\0';
  return THRONG_OK;
}

static bool word_point(utf8proc_int32_t point, bool *digit) {
  *digit = false;
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return true;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: *digit = true; return true;
    default: return false;
  }
}

/// Marks and figures that belong to every script.
static bool of_no_script(utf8proc_int32_t point) {
  bool digit;
  if (point < 0x80) return point >= '0' && point <= '9';
  utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_MN || (word_point(point, &digit) && digit);
}

static bool separates_softly(utf8proc_int32_t point) {
  return point == '-' || point == '_' || point == 0x2010 || point == 0x2011 || point == '\t' ||
         utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

/// A run of word characters: of a script with spaces it is one word, of another ICU says which.
static throng_status visit_run(tokenizer *t, const char *start, size_t length, bool spaceless,
                               bool digits, token_visitor *visit, void *context) {
  if (!spaceless) return visit_word(t, start, length, digits, visit, context);
  if (!t->segments) THRONG_TRY(segmenter_create(&t->segments));
  return segment_run(t->segments, start, length, WORD_MAX, visit, context);
}

static throng_status visit_words(tokenizer *t, const char *text, token_visitor *visit,
                                 void *context) {
  const utf8proc_uint8_t *in = (const utf8proc_uint8_t *)text;
  const char *start = NULL;
  bool all_digits = true, spaceless = false;
  for (const char *at = text;;) {
    utf8proc_int32_t point = 0;
    utf8proc_ssize_t used = 0;
    if (*at) used = utf8proc_iterate(in + (at - text), -1, &point);
    if (used < 1) point = 0;
    bool digit = false;
    bool inside = point && (word_point(point, &digit) || (point == '\'' && start));
    if (inside) {
      bool other = spaceless != segment_is_spaceless(point);
      // Figures and marks of no script go on as what is before them.
      if (start && other && (!spaceless || !of_no_script(point))) {
        THRONG_TRY(
            visit_run(t, start, (size_t)(at - start), spaceless, all_digits, visit, context));
        start = NULL;
      }
      if (!start) {
        start = at;
        all_digits = true;
        spaceless = segment_is_spaceless(point);
      }
      if (!digit && point != '\'') all_digits = false;
    } else {
      if (start)
        THRONG_TRY(
            visit_run(t, start, (size_t)(at - start), spaceless, all_digits, visit, context));
      start = NULL;
      if (point && !separates_softly(point)) THRONG_TRY(visit(context, TOKEN_BREAK, NULL, NULL));
    }
    if (!*at) return THRONG_OK;
    at += used > 0 ? used : 1;
  }
}

/// NFKC takes the vowel "am" of Thai and Lao apart, which dictionaries hold whole.
static void compose_am(char *text) {
  static const char *const pair[2] = {"\xE0\xB9\x8D\xE0\xB8\xB2", "\xE0\xBB\x8D\xE0\xBA\xB2"};
  static const char *const whole[2] = {"\xE0\xB8\xB3", "\xE0\xBA\xB3"};
  for (int k = 0; k < 2; ++k) {
    char *at = strstr(text, pair[k]);
    if (!at) continue;
    char *to = at;
    while (*at) {
      bool here = strncmp(at, pair[k], 6) == 0;
      memmove(to, here ? whole[k] : at, here ? 3 : 1);
      to += here ? 3 : 1;
      at += here ? 6 : 1;
    }
    *to = '\0';
  }
}

throng_status tokenize(tokenizer *t, const char *text, size_t length, token_visitor *visit,
                       void *context) {
  bool ascii;
  THRONG_TRY(clean_text(t, text, length, &ascii));
  if (ascii) return visit_words(t, t->clean, visit, context);
  utf8proc_uint8_t *folded = NULL;
  utf8proc_ssize_t got = utf8proc_map((const utf8proc_uint8_t *)t->clean, 0, &folded,
                                      UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                                          UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  if (got < 0)
    return throng_fail(got == UTF8PROC_ERROR_NOMEM ? THRONG_ERROR_MEMORY : THRONG_ERROR_DATA,
                       "text to tokenise (%zu bytes): %s", length, utf8proc_errmsg(got));
  compose_am((char *)folded);
  throng_status status = visit_words(t, (const char *)folded, visit, context);
  free(folded);
  return status;
}
