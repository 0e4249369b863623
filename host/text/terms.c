/// Counting terms: read all texts once into a stream of word numbers, then count phrases of words
/// that are frequent enough, then count by item.
#include "text/terms.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text/pair_numbers.h"
#include "text/tokens.h"

/// What stands in the stream beside word numbers.
enum { CODE_BREAK = -1, CODE_LIKE = -2, CODE_DISLIKE = -3, CODE_FACTS = -4 };

/// In how many items something occurs, for visits in the order of items.
typedef struct spread {
  int32_t items, last;  // last: item + 1
} spread;

/// A way of writing a term, and how often it is written so.
typedef struct writing {
  int32_t of;  // stem, or pair of stems
  int32_t count;
} writing;

typedef struct reader {
  tokenizer *tokens;
  interner *surface, *stem;
  pair_numbers pair, pair_surface;  // of two stems, of two surfaces
  writing *word;                    // (surfaces)
  writing *phrase;                  // (pairs of surfaces)
  spread *stem_spread;              // (stems)
  spread *pair_spread;              // (pairs)
  bool *negation;                   // (stems)
  int32_t *stem_term, *pair_term;   // term or -1
  int32_t *code;
  int64_t *item_code;  // (n_item + 1) into code
  size_t word_capacity, phrase_capacity, stem_capacity, pair_capacity, negation_capacity;
  size_t code_count, code_capacity;
  int32_t item;
  int64_t least;
} reader;

static void reader_free(reader *r) {
  tokenizer_free(r->tokens);
  interner_free(r->surface);
  interner_free(r->stem);
  pair_numbers_free(&r->pair);
  pair_numbers_free(&r->pair_surface);
  free(r->word);
  free(r->phrase);
  free(r->stem_spread);
  free(r->pair_spread);
  free(r->negation);
  free(r->stem_term);
  free(r->pair_term);
  free(r->code);
  free(r->item_code);
}

static throng_status put_code(reader *r, int32_t code) {
  THRONG_TRY(throng_grow((void **)&r->code, &r->code_capacity, r->code_count + 1, sizeof *r->code,
                         "words of the reviews"));
  r->code[r->code_count++] = code;
  return THRONG_OK;
}

static void meet(spread *s, int32_t item) {
  if (s->last != item + 1) ++s->items;
  s->last = item + 1;
}

static throng_status take_token(void *context, token_kind kind, const char *surface,
                                const char *stem) {
  reader *r = context;
  if (kind == TOKEN_BREAK) {
    if (r->code_count && r->code[r->code_count - 1] < 0) return THRONG_OK;
    return put_code(r, CODE_BREAK);
  }
  int64_t word, root;
  bool new_word, new_root;
  THRONG_TRY(interner_add(r->surface, surface, strlen(surface), &word, &new_word));
  if (new_word) {
    THRONG_TRY(interner_add(r->stem, stem, strlen(stem), &root, &new_root));
    THRONG_TRY(throng_grow((void **)&r->word, &r->word_capacity, (size_t)word + 1, sizeof *r->word,
                           "distinct words"));
    r->word[word] = (writing){.of = (int32_t)root};
    if (new_root) {
      THRONG_TRY(throng_grow((void **)&r->stem_spread, &r->stem_capacity, (size_t)root + 1,
                             sizeof *r->stem_spread, "distinct stems"));
      THRONG_TRY(throng_grow((void **)&r->negation, &r->negation_capacity, (size_t)root + 1,
                             sizeof *r->negation, "distinct stems"));
      r->stem_spread[root] = (spread){0};
      r->negation[root] = kind == TOKEN_NEGATION;
    }
  }
  if (r->word[word].count < INT32_MAX) ++r->word[word].count;
  meet(&r->stem_spread[r->word[word].of], r->item);
  return put_code(r, (int32_t)word);
}

static throng_status read_text(reader *r, int32_t mark, const string_table *table, int64_t i) {
  if (i >= table->n || !strings_length(table, i)) return THRONG_OK;
  THRONG_TRY(put_code(r, mark));
  return tokenize(r->tokens, strings_get(table, i), strings_length(table, i), take_token, r);
}

static throng_status read_texts(reader *r, const dataset *data, const training *train,
                                const throng_progress *progress) {
  for (int64_t i = 0; i < data->n_item; ++i) {
    if (i % 256 == 0 && !throng_report(progress, "words", i, data->n_item, "items"))
      return throng_cancelled("words");
    r->item = (int32_t)i;
    for (int64_t k = train->item_offset[i]; k < train->item_offset[i + 1]; ++k) {
      int64_t row = train->row[k];
      THRONG_TRY(read_text(r, data->like[row] ? CODE_LIKE : CODE_DISLIKE, &data->text, row));
    }
    THRONG_TRY(read_text(r, CODE_FACTS, &data->item_name, i));
    THRONG_TRY(read_text(r, CODE_FACTS, &data->facts, i));
    if (data->attribute_offset)
      for (int64_t a = data->attribute_offset[i]; a < data->attribute_offset[i + 1]; ++a)
        THRONG_TRY(read_text(r, CODE_FACTS, &data->attribute_name, data->attribute[a]));
    r->item_code[i + 1] = (int64_t)r->code_count;
  }
  return THRONG_OK;
}

/// The stem at position k of the stream; -1 for a break or a word too rare for any term.
static int32_t stem_at(const reader *r, int64_t k) {
  if (r->code[k] < 0) return -1;
  int32_t stem = r->word[r->code[k]].of;
  return r->stem_spread[stem].items >= r->least ? stem : -1;
}

/// Number of the phrase that ends at position k, taken in where `add`; -1 where there is none.
static throng_status phrase_at(reader *r, int64_t begin, int64_t k, bool add, int64_t *out) {
  *out = -1;
  int32_t second = stem_at(r, k);
  int32_t first = k > begin ? stem_at(r, k - 1) : -1;
  if (first < 0 || second < 0 || first == second || r->negation[second]) return THRONG_OK;
  const number_pair key = {first, second};
  if (!add) {
    *out = pair_numbers_find(&r->pair, key);
    return THRONG_OK;
  }
  bool fresh;
  THRONG_TRY(pair_numbers_add(&r->pair, key, out, &fresh));
  if (fresh) {
    THRONG_TRY(throng_grow((void **)&r->pair_spread, &r->pair_capacity, (size_t)*out + 1,
                           sizeof *r->pair_spread, "distinct phrases"));
    r->pair_spread[*out] = (spread){0};
  }
  return THRONG_OK;
}

static throng_status count_phrases(reader *r, int64_t n_item) {
  for (int64_t i = 0; i < n_item; ++i)
    for (int64_t k = r->item_code[i]; k < r->item_code[i + 1]; ++k) {
      int64_t pair;
      THRONG_TRY(phrase_at(r, r->item_code[i], k, true, &pair));
      if (pair >= 0) meet(&r->pair_spread[pair], (int32_t)i);
    }
  return THRONG_OK;
}

/// How a phrase is written here: one more for the pair of surfaces.
static throng_status note_phrase(reader *r, int64_t k, int64_t pair) {
  int64_t id;
  bool fresh;
  THRONG_TRY(
      pair_numbers_add(&r->pair_surface, (number_pair){r->code[k - 1], r->code[k]}, &id, &fresh));
  if (fresh) {
    THRONG_TRY(throng_grow((void **)&r->phrase, &r->phrase_capacity, (size_t)id + 1,
                           sizeof *r->phrase, "distinct phrases"));
    r->phrase[id] = (writing){.of = (int32_t)pair};
  }
  if (r->phrase[id].count < INT32_MAX) ++r->phrase[id].count;
  return THRONG_OK;
}

static int compare_numbers(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/// Give terms their numbers: stems first, then phrases.
static throng_status number_terms(reader *r, int64_t *n_term) {
  int64_t n_stem = interner_strings(r->stem)->n, n_pair = r->pair.n, n = 0;
  THRONG_TRY(throng_alloc((void **)&r->stem_term, (size_t)n_stem, sizeof *r->stem_term, "terms"));
  THRONG_TRY(throng_alloc((void **)&r->pair_term, (size_t)n_pair, sizeof *r->pair_term, "terms"));
  for (int64_t s = 0; s < n_stem; ++s) {
    bool good = !r->negation[s] && r->stem_spread[s].items >= r->least;
    r->stem_term[s] = good ? (int32_t)n++ : -1;
  }
  for (int64_t p = 0; p < n_pair; ++p) {
    bool good = r->pair_spread[p].items >= r->least;
    if (good && n == INT32_MAX)
      return throng_fail(THRONG_ERROR_MEMORY, "keywords: more than %d distinct terms", INT32_MAX);
    r->pair_term[p] = good ? (int32_t)n++ : -1;
  }
  *n_term = n;
  return THRONG_OK;
}

/// Counts of one item's terms in a scratch as wide as all terms, and which of them are in use.
typedef struct tally {
  term_count *slot;  // (n_term) term + 1 where in use
  int32_t *used;     // (n_term)
  size_t n;
} tally;

static void tally_add(tally *t, int32_t term, int32_t mark) {
  term_count *slot = &t->slot[term];
  if (!slot->term) {
    slot->term = term + 1;
    t->used[t->n++] = term;
  }
  if (mark == CODE_LIKE) ++slot->like;
  if (mark == CODE_DISLIKE) ++slot->dislike;
}

static throng_status tally_item(reader *r, tally *t, int64_t i) {
  int32_t mark = CODE_FACTS;
  for (int64_t k = r->item_code[i]; k < r->item_code[i + 1]; ++k) {
    if (r->code[k] < CODE_BREAK) mark = r->code[k];
    int32_t stem = stem_at(r, k);
    if (stem < 0) continue;
    if (r->stem_term[stem] >= 0) tally_add(t, r->stem_term[stem], mark);
    int64_t pair;
    THRONG_TRY(phrase_at(r, r->item_code[i], k, false, &pair));
    if (pair < 0 || r->pair_term[pair] < 0) continue;
    tally_add(t, r->pair_term[pair], mark);
    THRONG_TRY(note_phrase(r, k, pair));
  }
  return THRONG_OK;
}

/// A number of 7 bits a byte, the lowest first; the last byte is below 128.
static uint8_t *put_number(uint8_t *to, uint32_t x) {
  for (; x >= 128; x >>= 7) *to++ = (uint8_t)(x | 128);
  *to++ = (uint8_t)x;
  return to;
}
static const uint8_t *take_number(const uint8_t *from, int32_t *x) {
  uint32_t sum = 0;
  int shift = 0;
  for (; *from >= 128; ++from, shift += 7) sum |= (uint32_t)(*from & 127) << shift;
  *x = (int32_t)(sum | (uint32_t)*from << shift);
  return from + 1;
}

term_walk terms_of(const term_table *t, int64_t item) {
  return (term_walk){.at = t->code + t->offset[item], .end = t->code + t->offset[item + 1]};
}

bool terms_next(term_walk *walk) {
  if (walk->at == walk->end) return false;
  int32_t step;
  walk->at = take_number(walk->at, &step);
  walk->count.term += step;
  walk->at = take_number(walk->at, &walk->count.like);
  walk->at = take_number(walk->at, &walk->count.dislike);
  return true;
}

/// Append what was tallied of item i, rising by term, and forget it.
static throng_status write_item(tally *t, int64_t i, size_t *capacity, term_table *out) {
  enum { MOST_BYTES = 3 * 5 };
  const size_t begin = (size_t)out->offset[i];
  THRONG_TRY(
      throng_grow((void **)&out->code, capacity, begin + t->n * MOST_BYTES + 1, 1, "term counts"));
  if (t->n) qsort(t->used, t->n, sizeof *t->used, compare_numbers);
  uint8_t *at = out->code + begin;
  int32_t before = 0;
  for (size_t k = 0; k < t->n; ++k) {
    term_count *c = &t->slot[t->used[k]];
    at = put_number(at, (uint32_t)(t->used[k] - before));
    at = put_number(at, (uint32_t)c->like);
    at = put_number(at, (uint32_t)c->dislike);
    before = t->used[k];
    *c = (term_count){0};
  }
  out->offset[i + 1] = at - out->code;
  return THRONG_OK;
}

static throng_status count_items(reader *r, int64_t n_item, int64_t n_term, term_table *out) {
  tally t = {0};
  size_t capacity = 0;
  throng_status status = THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc((void **)&t.slot, (size_t)n_term, sizeof *t.slot, "term counts"));
  THRONG_TRY_GOTO(throng_alloc((void **)&t.used, (size_t)n_term, sizeof *t.used, "term counts"));
  THRONG_TRY_GOTO(
      throng_alloc((void **)&out->offset, (size_t)n_item + 1, sizeof *out->offset, "term counts"));
  for (int64_t i = 0; i < n_item; ++i) {
    t.n = 0;
    THRONG_TRY_GOTO(tally_item(r, &t, i));
    THRONG_TRY_GOTO(write_item(&t, i, &capacity, out));
  }
done:
  free(t.slot);
  free(t.used);
  return status;
}

/// The most frequent writing of each term, the first seen where several are as frequent.
static throng_status name_terms(const reader *r, int64_t n_term, string_table *name) {
  int64_t *best = NULL;  // surface or pair of surfaces, + 1
  const pair_numbers *pair_surface = &r->pair_surface;
  throng_status status = THRONG_OK;
  THRONG_TRY_GOTO(throng_alloc((void **)&best, (size_t)n_term, sizeof *best, "names of terms"));
  for (int64_t w = 0; w < interner_strings(r->surface)->n; ++w) {
    int32_t term = r->stem_term[r->word[w].of];
    if (term >= 0 && (!best[term] || r->word[w].count > r->word[best[term] - 1].count))
      best[term] = w + 1;
  }
  int64_t n_word_term = 0;
  for (int64_t s = 0; s < interner_strings(r->stem)->n; ++s) n_word_term += r->stem_term[s] >= 0;
  for (int64_t p = 0; p < pair_surface->n; ++p) {
    int32_t term = r->pair_term[r->phrase[p].of];
    if (!best[term] || r->phrase[p].count > r->phrase[best[term] - 1].count) best[term] = p + 1;
  }
  for (int64_t t = 0; t < n_term; ++t) {
    const string_table *surface = interner_strings(r->surface);
    if (t < n_word_term) {
      THRONG_TRY_GOTO(strings_append(name, strings_get(surface, best[t] - 1),
                                     strings_length(surface, best[t] - 1)));
      continue;
    }
    const number_pair word = pair_surface->pair[best[t] - 1];
    char text[128];
    size_t first = strings_length(surface, word.first);
    size_t second = strings_length(surface, word.second);
    memcpy(text, strings_get(surface, word.first), first);  // words have at most 40 bytes
    text[first] = ' ';
    memcpy(text + first + 1, strings_get(surface, word.second), second);
    THRONG_TRY_GOTO(strings_append(name, text, first + 1 + second));
  }
done:
  free(best);
  return status;
}

throng_status terms_make(const dataset *data, const training *train, int64_t least_items,
                         const throng_progress *progress, term_table *out) {
  *out = (term_table){0};
  reader r = {.least = least_items > 1 ? least_items : 1};
  throng_status status;
  int64_t n_term = 0;
  THRONG_TRY_GOTO(tokenizer_create(&r.tokens));
  THRONG_TRY_GOTO(interner_create(&r.surface));
  THRONG_TRY_GOTO(interner_create(&r.stem));
  THRONG_TRY_GOTO(throng_alloc((void **)&r.item_code, (size_t)data->n_item + 1, sizeof *r.item_code,
                               "words of the reviews"));
  THRONG_TRY_GOTO(read_texts(&r, data, train, progress));
  THRONG_TRY_GOTO(count_phrases(&r, data->n_item));
  THRONG_TRY_GOTO(number_terms(&r, &n_term));
  THRONG_TRY_GOTO(count_items(&r, data->n_item, n_term, out));
  THRONG_TRY_GOTO(name_terms(&r, n_term, &out->name));
done:
  reader_free(&r);
  if (status != THRONG_OK) term_table_free(out);
  return status;
}

void term_table_free(term_table *t) {
  strings_free(&t->name);
  free(t->offset);
  free(t->code);
  *t = (term_table){0};
}
