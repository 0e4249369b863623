/// Lists of words.
#include "llm/answer_words.h"

#include <ctype.h>
#include <string.h>

enum { MOST_WORD = 24 };

static const char *const like_words[] = {
    "like",       "likes",     "liked",    "liking",    "likeable", "pro",    "pros", "positive",
    "positives",  "love",      "loves",    "loved",     "praise",   "upside", "good", "upsides",
    "advantages", "advantage", "strength", "strengths", "enjoy",    "enjoys", "plus", NULL};
static const char *const dislike_words[] = {
    "dislike",       "dislikes",     "disliked",   "disliking",  "con",    "cons",     "negative",
    "negatives",     "hate",         "hates",      "hated",      "bad",    "downside", "downsides",
    "disadvantages", "disadvantage", "weakness",   "weaknesses", "unlike", "minus",    "criticism",
    "criticisms",    "complaint",    "complaints", NULL};
static const char *const negations[] = {"not",    "don", "dont",  "doesn",
                                        "doesnt", "no",  "never", NULL};

static const struct {
  const char *name;
  answer_field field;
} fields[] = {
    {"reason", FIELD_REASON},
    {"explanation", FIELD_REASON},
    {"why", FIELD_REASON},
    {"rationale", FIELD_REASON},
    {"thereason", FIELD_REASON},
    {"description", FIELD_REASON},
    {"evidence", FIELD_EVIDENCE},
    {"evidences", FIELD_EVIDENCE},
    {"quote", FIELD_EVIDENCE},
    {"quotes", FIELD_EVIDENCE},
    {"quotation", FIELD_EVIDENCE},
    {"words", FIELD_EVIDENCE},
    {"excerpt", FIELD_EVIDENCE},
    {"snippet", FIELD_EVIDENCE},
    {"proof", FIELD_EVIDENCE},
    {"citation", FIELD_EVIDENCE},
    {"text", FIELD_EVIDENCE},
    {"material", FIELD_EVIDENCE},
    {"copiedwords", FIELD_EVIDENCE},
    {"wordsthatshowit", FIELD_EVIDENCE},
    {"support", FIELD_EVIDENCE},
    {"supportingevidence", FIELD_EVIDENCE},
    {"source", FIELD_EVIDENCE},
    {"thewordsthatshowit", FIELD_EVIDENCE},
    {"keywords", FIELD_KEYWORDS},
    {"keyword", FIELD_KEYWORDS},
    {"keywordlist", FIELD_KEYWORDS},
    {"tags", FIELD_KEYWORDS},
    {"tag", FIELD_KEYWORDS},
    {"keyphrases", FIELD_KEYWORDS},
    {"terms", FIELD_KEYWORDS},
    {"property", FIELD_KEYWORDS},
    {"properties", FIELD_KEYWORDS},
    {"labels", FIELD_KEYWORDS},
    {"side", FIELD_SIDE},
    {"type", FIELD_SIDE},
    {"sentiment", FIELD_SIDE},
    {"polarity", FIELD_SIDE},
    {"category", FIELD_SIDE},
    {"opinion", FIELD_SIDE},
    {"label", FIELD_SIDE},
    {"kind", FIELD_SIDE},
};

static bool is_listed(const char *const *list, const char *word) {
  for (; *list; ++list)
    if (!strcmp(*list, word)) return true;
  return false;
}

/// The next word of letters, in small ones; "likedParts" has two. False: there is none left.
static bool next_word(const char **at, const char *end, char word[MOST_WORD]) {
  size_t n = 0;
  while (*at < end && !isalpha((unsigned char)**at)) ++*at;
  const char *from = *at;
  while (*at < end && isalpha((unsigned char)**at)) {
    if (*at > from && isupper((unsigned char)**at) && islower((unsigned char)(*at)[-1])) break;
    if (n < MOST_WORD - 1) word[n++] = (char)tolower((unsigned char)**at);
    ++*at;
  }
  word[n] = '\0';
  return n > 0;
}

chat_side answer_side_of(const char *text, size_t length) {
  const char *at = text, *end = text + length;
  char word[MOST_WORD];
  int sides = 0;
  bool negated = false;
  while (next_word(&at, end, word)) {
    if (is_listed(negations, word)) negated = true;
    if (is_listed(like_words, word)) sides |= negated ? CHAT_DISLIKE : CHAT_LIKE;
    if (is_listed(dislike_words, word)) sides |= CHAT_DISLIKE;
  }
  return sides == CHAT_BOTH ? 0 : (chat_side)sides;
}

answer_field answer_field_of(const char *text, size_t length) {
  char name[MOST_WORD];
  size_t n = 0;
  for (size_t i = 0; i < length; ++i) {
    if (!isalpha((unsigned char)text[i])) continue;
    if (n == MOST_WORD - 1) return FIELD_NONE;
    name[n++] = (char)tolower((unsigned char)text[i]);
  }
  name[n] = '\0';
  for (size_t i = 0; i < sizeof fields / sizeof *fields; ++i)
    if (!strcmp(fields[i].name, name)) return fields[i].field;
  return FIELD_NONE;
}
