/// Joins by ids: counting, and trying ways of writing until ids meet; see join.h.
#include "data/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "data/byte_buffer.h"

/// Ways in which the same id is written, from the most harmless on; each alone, then together.
typedef enum form {
  FORM_SPACE,
  FORM_QUOTE,
  FORM_CASE,
  FORM_POINT,
  FORM_ZERO,
  FORM_MARKS,
  FORM_PREFIX,
  FORM_ALL,
  FORM_ALL_PREFIX,
  FORM_COUNT,
} form;

static const char *const form_difference[FORM_COUNT] = {
    "without the spaces around them",
    "without quotes",
    "if upper and lower case were written alike",
    "without \".0\"",
    "without leading zeros",
    "by their letters and digits alone",
    "without what stands before the digits",
    "without spaces, quotes, \".0\" and leading zeros, in one case",
    "by their digits alone, without \".0\" and leading zeros",
};

typedef struct span {
  const char *text;
  size_t length;
} span;

static bool starts_with(span s, const char *with) {
  size_t n = strlen(with);
  return s.length >= n && memcmp(s.text, with, n) == 0;
}

static bool ends_with(span s, const char *with) {
  size_t n = strlen(with);
  return s.length >= n && memcmp(s.text + s.length - n, with, n) == 0;
}

/// Without whatever of `mark` (NULL-terminated) stands at the ends, again and again.
static span strip(span s, const char *const mark[]) {
  for (bool more = true; more;) {
    more = false;
    for (int k = 0; mark[k]; k++) {
      size_t n = strlen(mark[k]);
      if (starts_with(s, mark[k])) {
        s = (span){s.text + n, s.length - n};
        more = true;
      }
      if (ends_with(s, mark[k])) {
        s.length -= n;
        more = true;
      }
    }
  }
  return s;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "12.0" and "12.00" to "12".
static span without_point(span s) {
  size_t n = s.length;
  while (n > 0 && s.text[n - 1] == '0') n--;
  if (n == s.length || n < 2 || s.text[n - 1] != '.' || !is_digit(s.text[n - 2])) return s;
  return (span){s.text, n - 1};
}

static span without_zeros(span s) {
  while (s.length > 1 && s.text[0] == '0' && is_digit(s.text[1]))
    s = (span){s.text + 1, s.length - 1};
  return s;
}

static span without_prefix(span s) {
  size_t n = 0;
  while (n < s.length && !is_digit(s.text[n])) n++;
  return n < s.length ? (span){s.text + n, s.length - n} : s;
}

/// "0-306-40615-2" to "0306406152"; what is not ASCII stays.
static throng_status letters_and_digits(span s, byte_buffer *out) {
  for (size_t i = 0; i < s.length; i++) {
    char c = s.text[i];
    bool mark = c > 0 && !is_digit(c) && ((c | 32) < 'a' || (c | 32) > 'z');
    if (!mark) THRONG_TRY(bytes_append(out, &c, 1));
  }
  return bytes_append(out, "", 0);
}

/// The id in this form, into `out`.
static throng_status bring_to(form way, const char *text, size_t length, byte_buffer *out) {
  // Spaces of Latin-1 and of CJK text, and a byte-order mark, beside ASCII's.
  static const char *const space[] = {" ",        "\t",           "\r",           "\n",
                                      "\xC2\xA0", "\xE3\x80\x80", "\xEF\xBB\xBF", NULL};
  static const char *const quote[] = {
      "\"", "'", "`", "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x98", "\xE2\x80\x99", NULL};
  bool all = way == FORM_ALL || way == FORM_ALL_PREFIX;
  span s = {text, length};
  if (way == FORM_SPACE || all) s = strip(s, space);
  if (way == FORM_QUOTE || all) s = strip(s, quote);
  if (all) s = strip(s, space);
  if (way == FORM_POINT || all) s = without_point(s);
  if (way == FORM_PREFIX || way == FORM_ALL_PREFIX) s = without_prefix(s);
  if (way == FORM_ZERO || all) s = without_zeros(s);
  bytes_clear(out);
  if (strip(s, space).length == 0) return THRONG_OK;  // nothing is written here
  if (way == FORM_MARKS) return letters_and_digits(s, out);
  THRONG_TRY(bytes_append(out, s.text, s.length));
  if (way != FORM_CASE && !all) return THRONG_OK;
  utf8proc_uint8_t *folded = NULL;
  utf8proc_ssize_t n = utf8proc_map(
      (const utf8proc_uint8_t *)bytes_text(out), (utf8proc_ssize_t)out->length, &folded,
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
  if (n == UTF8PROC_ERROR_NOMEM) return throng_fail(THRONG_ERROR_MEMORY, "an id's form");
  if (n < 0) return THRONG_OK;  // not UTF-8: as it is
  bytes_clear(out);
  throng_status status = bytes_append(out, (const char *)folded, (size_t)n);
  free(folded);
  return status;
}

/// What one form would bring: how many more of ours would be found, and an example.
typedef struct trial {
  int64_t matches, ours, theirs;  // the example's numbers
} trial;

static throng_status try_form(form way, const string_table *ours, const uint8_t *found,
                              const string_table *theirs, trial *out) {
  interner *forms = NULL;
  byte_buffer text = {0};
  int64_t *from = NULL;  // (forms) which of theirs
  throng_status status;
  *out = (trial){0};
  int64_t n_theirs = theirs->n < JOIN_SAMPLE ? theirs->n : JOIN_SAMPLE;
  THRONG_TRY_GOTO(interner_create(&forms));
  THRONG_TRY_GOTO(throng_alloc((void **)&from, (size_t)n_theirs, sizeof *from, "forms of ids"));
  for (int64_t i = 0; i < n_theirs; i++) {
    int64_t id;
    bool added;
    THRONG_TRY_GOTO(bring_to(way, strings_get(theirs, i), strings_length(theirs, i), &text));
    THRONG_TRY_GOTO(interner_add(forms, bytes_text(&text), text.length, &id, &added));
    if (added) from[id] = i;
  }
  int64_t looked = 0;
  for (int64_t i = 0; i < ours->n && looked < JOIN_SAMPLE; i++) {
    if (found && found[i]) continue;
    looked++;
    THRONG_TRY_GOTO(bring_to(way, strings_get(ours, i), strings_length(ours, i), &text));
    int64_t id = text.length ? interner_find(forms, bytes_text(&text), text.length) : -1;
    if (id < 0) continue;
    if (out->matches++ == 0) {
      out->ours = i;
      out->theirs = from[id];
    }
  }
  // Digits alone make strangers meet by accident.
  bool loose = way == FORM_MARKS || way == FORM_PREFIX || way == FORM_ALL_PREFIX;
  int64_t fewer = looked < n_theirs ? looked : n_theirs;
  if (loose && out->matches * 4 < fewer) out->matches = 0;
done:
  interner_free(forms);
  bytes_free(&text);
  free(from);
  return status;
}

throng_status join_advice(const string_table *ours, const uint8_t *found,
                          const string_table *theirs, char *out, size_t size) {
  trial best = {0};
  int way = 0;
  out[0] = '\0';
  for (int f = 0; f < FORM_COUNT; f++) {
    trial t;
    THRONG_TRY(try_form((form)f, ours, found, theirs, &t));
    if (t.matches > best.matches) {
      best = t;
      way = f;
    }
  }
  if (best.matches > 0)
    snprintf(out, size, "\"%.60s\" and \"%.60s\" would match %s", strings_get(ours, best.ours),
             strings_get(theirs, best.theirs), form_difference[way]);
  return THRONG_OK;
}

throng_status join_find_alike(const string_table *ids, const char *text, int64_t *found,
                              const char **difference) {
  byte_buffer wanted = {0}, other = {0};
  throng_status status = THRONG_OK;
  *found = -1;
  for (int f = 0; f < FORM_COUNT && *found < 0; f++) {
    THRONG_TRY_GOTO(bring_to((form)f, text, strlen(text), &wanted));
    for (int64_t i = 0; i < ids->n && wanted.length > 0 && *found < 0; i++) {
      THRONG_TRY_GOTO(bring_to((form)f, strings_get(ids, i), strings_length(ids, i), &other));
      if (other.length != wanted.length || memcmp(other.data, wanted.data, other.length) != 0)
        continue;
      *found = i;
      *difference = form_difference[f];
    }
  }
done:
  bytes_free(&wanted);
  bytes_free(&other);
  return status;
}

throng_status join_check(const join_def *def, const throng_progress *progress, join_count *out) {
  char advice[512] = "";
  *out = (join_count){.key = def->key, .file = def->file, .total = def->ours->n};
  for (int64_t i = 0; i < def->ours->n; i++) out->found += def->found[i] != 0;
  bool few = out->found * 2 < out->total && !(def->sparse && out->found > 0);
  if (few && def->theirs->n > 0)
    THRONG_TRY(join_advice(def->ours, def->found, def->theirs, advice, sizeof advice));
  if (few && !*advice && def->theirs->n > 0) {
    int64_t i = 0;
    while (def->found[i]) i++;
    snprintf(advice, sizeof advice, "ids there look like \"%.60s\", here like \"%.60s\"",
             strings_get(def->theirs, 0), strings_get(def->ours, i));
  }
  if (few && out->found == 0) {
    char without[128] = "";
    if (!def->needed) snprintf(without, sizeof without, ", or leave %s out", def->key);
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: 0 of %lld %s %s are in %s: %s; write the ids of one file as in the "
                       "other%s",
                       def->key, (long long)out->total, def->what, def->of, def->file,
                       *advice ? advice : "it names none", without);
  }
  throng_note(progress, "%s%lld of %lld %s %s are in %s%s%s", few ? "warning: " : "",
              (long long)out->found, (long long)out->total, def->what, def->of, def->file,
              *advice ? ": " : "", advice);
  return THRONG_OK;
}
