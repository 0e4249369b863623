/// Lists of words: English, and what models write that answer in their reviews' language.
#include "llm/answer_words.h"

#include <ctype.h>
#include <string.h>

enum { MOST_WORD = 64 };

static const char *const like_words[] = {
    "like",      "likes",       "liked",        "liking",      "likeable",   "pro",
    "pros",      "positive",    "positives",    "love",        "loves",      "loved",
    "praise",    "upside",      "good",         "upsides",     "advantages", "advantage",
    "strength",  "strengths",   "enjoy",        "enjoys",      "plus",       "gefällt",
    "positiv",   "vorteile",    "aime",         "avantages",   "gusta",      "ventajas",
    "positivo",  "mögen",       "aiment",       "aimer",       "positifs",   "gustan",
    "positivos", "gosta",       "gostam",       "gostar",      "vantagens",  "prós",
    "piace",     "piacciono",   "vantaggi",     "pregi",       "positivi",   "voordelen",
    "positief",  "lubi",        "zalety",       "plusy",       "gillar",     "fördelar",
    "liker",     "fordeler",    "fordele",      "нравится",    "нравятся",   "плюсы",
    "плюс",      "достоинства", "преимущества", "подобається", "переваги",   "olumlu",
    "artılar",   "thích",       "suka",         "kelebihan",   "إيجابيات",   "يعجب",
    "المزايا",   NULL};
static const char *const dislike_words[] = {
    "dislike",    "dislikes",   "disliked",      "disliking",
    "con",        "cons",       "negative",      "negatives",
    "hate",       "hates",      "hated",         "bad",
    "downside",   "downsides",  "disadvantages", "disadvantage",
    "weakness",   "weaknesses", "unlike",        "minus",
    "criticism",  "criticisms", "complaint",     "complaints",
    "negativ",    "nachteile",  "inconvénients", "desventajas",
    "negativo",   "négatifs",   "negativos",     "desvantagens",
    "contras",    "svantaggi",  "difetti",       "negativi",
    "nadelen",    "negatief",   "wady",          "minusy",
    "nackdelar",  "ulemper",    "минусы",        "минус",
    "недостатки", "недоліки",   "olumsuz",       "eksiler",
    "kekurangan", "سلبيات",     "العيوب",        NULL};
static const char *const negations[] = {"not",   "don",   "dont",  "doesn", "doesnt", "no", "never",
                                        "nicht", "non",   "não",   "nao",   "nie",    "не", "ні",
                                        "niet",  "không", "tidak", "لا",    NULL};
static const char *const negations_behind[] = {"nicht", "pas", "niet", "inte", "ikke", NULL};

/// Where words are not divided; the first that is found counts.
static const struct {
  const char *text;
  chat_side side;
} signs[] = {{"不喜欢", CHAT_DISLIKE}, {"不喜歡", CHAT_DISLIKE},     {"缺点", CHAT_DISLIKE},
             {"缺點", CHAT_DISLIKE},   {"欠点", CHAT_DISLIKE},       {"嫌い", CHAT_DISLIKE},
             {"短所", CHAT_DISLIKE},   {"悪い", CHAT_DISLIKE},       {"デメリット", CHAT_DISLIKE},
             {"싫어", CHAT_DISLIKE},   {"단점", CHAT_DISLIKE},       {"좋아하지 않", CHAT_DISLIKE},
             {"ไม่ชอบ", CHAT_DISLIKE},  {"ข้อเสีย", CHAT_DISLIKE},      {"नापसंद", CHAT_DISLIKE},
             {"नुकसान", CHAT_DISLIKE},  {"nhược điểm", CHAT_DISLIKE}, {"लाभ", CHAT_LIKE},
             {"良い", CHAT_LIKE},      {"メリット", CHAT_LIKE},      {"좋아", CHAT_LIKE},
             {"장점", CHAT_LIKE},      {"ชอบ", CHAT_LIKE},           {"ข้อดี", CHAT_LIKE},
             {"पसंद", CHAT_LIKE},       {"ưu điểm", CHAT_LIKE},       {"喜欢", CHAT_LIKE},
             {"喜歡", CHAT_LIKE},      {"优点", CHAT_LIKE},          {"優點", CHAT_LIKE},
             {"長所", CHAT_LIKE},      {"好き", CHAT_LIKE}};

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
    {"grund", FIELD_REASON},
    {"begründung", FIELD_REASON},
    {"raison", FIELD_REASON},
    {"razón", FIELD_REASON},
    {"motivo", FIELD_REASON},
    {"原因", FIELD_REASON},
    {"理由", FIELD_REASON},
    {"beleg", FIELD_EVIDENCE},
    {"zitat", FIELD_EVIDENCE},
    {"preuve", FIELD_EVIDENCE},
    {"evidencia", FIELD_EVIDENCE},
    {"cita", FIELD_EVIDENCE},
    {"证据", FIELD_EVIDENCE},
    {"證據", FIELD_EVIDENCE},
    {"引用", FIELD_EVIDENCE},
    {"根拠", FIELD_EVIDENCE},
    {"schlüsselwörter", FIELD_KEYWORDS},
    {"stichwörter", FIELD_KEYWORDS},
    {"stichworte", FIELD_KEYWORDS},
    {"motsclés", FIELD_KEYWORDS},
    {"palabrasclave", FIELD_KEYWORDS},
    {"关键词", FIELD_KEYWORDS},
    {"關鍵詞", FIELD_KEYWORDS},
    {"キーワード", FIELD_KEYWORDS},
    {"razão", FIELD_REASON},
    {"ragione", FIELD_REASON},
    {"reden", FIELD_REASON},
    {"причина", FIELD_REASON},
    {"powód", FIELD_REASON},
    {"이유", FIELD_REASON},
    {"neden", FIELD_REASON},
    {"lýdo", FIELD_REASON},
    {"alasan", FIELD_REASON},
    {"السبب", FIELD_REASON},
    {"कारण", FIELD_REASON},
    {"เหตุผล", FIELD_REASON},
    {"anledning", FIELD_REASON},
    {"begrunnelse", FIELD_REASON},
    {"evidência", FIELD_EVIDENCE},
    {"citação", FIELD_EVIDENCE},
    {"prova", FIELD_EVIDENCE},
    {"citazione", FIELD_EVIDENCE},
    {"bewijs", FIELD_EVIDENCE},
    {"citaat", FIELD_EVIDENCE},
    {"доказательство", FIELD_EVIDENCE},
    {"доказательства", FIELD_EVIDENCE},
    {"цитата", FIELD_EVIDENCE},
    {"dowód", FIELD_EVIDENCE},
    {"cytat", FIELD_EVIDENCE},
    {"근거", FIELD_EVIDENCE},
    {"증거", FIELD_EVIDENCE},
    {"인용", FIELD_EVIDENCE},
    {"kanıt", FIELD_EVIDENCE},
    {"bằngchứng", FIELD_EVIDENCE},
    {"bukti", FIELD_EVIDENCE},
    {"الدليل", FIELD_EVIDENCE},
    {"प्रमाण", FIELD_EVIDENCE},
    {"หลักฐาน", FIELD_EVIDENCE},
    {"extrait", FIELD_EVIDENCE},
    {"textstelle", FIELD_EVIDENCE},
    {"bevis", FIELD_EVIDENCE},
    {"palavraschave", FIELD_KEYWORDS},
    {"parolechiave", FIELD_KEYWORDS},
    {"trefwoorden", FIELD_KEYWORDS},
    {"sleutelwoorden", FIELD_KEYWORDS},
    {"ключевыеслова", FIELD_KEYWORDS},
    {"słowakluczowe", FIELD_KEYWORDS},
    {"키워드", FIELD_KEYWORDS},
    {"anahtarkelimeler", FIELD_KEYWORDS},
    {"từkhóa", FIELD_KEYWORDS},
    {"katakunci", FIELD_KEYWORDS},
    {"الكلماتالمفتاحية", FIELD_KEYWORDS},
    {"कीवर्ड", FIELD_KEYWORDS},
    {"คำสำคัญ", FIELD_KEYWORDS},
    {"nyckelord", FIELD_KEYWORDS},
    {"nøkkelord", FIELD_KEYWORDS},
    {"schlagwörter", FIELD_KEYWORDS},
    {"motclé", FIELD_KEYWORDS},
    {"palabraclave", FIELD_KEYWORDS},
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

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c; }

/// Bytes of the letter at `at`; 0: it is none. Beyond ASCII: letters and marks of any script (of
/// three bytes from U+0800 on), but no bullets, quotes and pictures.
static size_t letter_at(const char *at, const char *end) {
  const unsigned char *c = (const unsigned char *)at;
  if (at < end && isalpha(*c)) return 1;
  if (end - at >= 2 && *c >= 0xc3 && *c <= 0xdf) return 2;
  bool mark = end - at >= 3 && ((*c == 0xe3 && c[1] == 0x80) || *c == 0xe2);
  return end - at >= 3 && *c >= 0xe0 && *c <= 0xed && !mark ? 3 : 0;
}

/// A letter in small ones: those of ASCII, Latin-1 and Cyrillic, which names of fields begin with.
static void append_lower(char *word, size_t *n, const char *letter, size_t length) {
  unsigned char *to = (unsigned char *)word + *n;
  memcpy(to, letter, length);
  *n += length;
  if (length == 1) to[0] = (unsigned char)lower(*letter);
  if (length != 2) return;
  if (to[0] == 0xc3 && to[1] >= 0x80 && to[1] <= 0x9e && to[1] != 0x97) to[1] += 0x20;
  if (to[0] == 0xd0 && to[1] >= 0x90 && to[1] <= 0x9f) to[1] += 0x20;
  if (to[0] == 0xd0 && to[1] >= 0xa0 && to[1] <= 0xaf) {
    to[0] = 0xd1;
    to[1] -= 0x20;
  }
}

/// The next word of letters, in small ones; "likedParts" has two. False: there is none left.
static bool next_word(const char **at, const char *end, char word[MOST_WORD]) {
  size_t n = 0, length;
  while (*at < end && !letter_at(*at, end)) ++*at;
  const char *from = *at;
  while ((length = letter_at(*at, end))) {
    if (*at > from && isupper((unsigned char)**at) && islower((unsigned char)(*at)[-1])) break;
    if (n + length < MOST_WORD) append_lower(word, &n, *at, length);
    *at += length;
  }
  word[n] = '\0';
  return n > 0;
}

chat_side answer_side_of(const char *text, size_t length) {
  const char *at = text, *end = text + length;
  char word[MOST_WORD];
  int sides = 0;
  bool negated = false;
  for (size_t i = 0; i < sizeof signs / sizeof *signs; ++i)
    if (memmem(text, length, signs[i].text, strlen(signs[i].text))) return signs[i].side;
  while (next_word(&at, end, word)) {
    if (is_listed(negations, word)) negated = true;
    if (is_listed(like_words, word)) sides |= negated ? CHAT_DISLIKE : CHAT_LIKE;
    if (is_listed(dislike_words, word)) sides |= CHAT_DISLIKE;
    if (is_listed(negations_behind, word) && sides == CHAT_LIKE) sides = CHAT_DISLIKE;
  }
  return sides == CHAT_BOTH ? 0 : (chat_side)sides;
}

answer_field answer_field_of(const char *text, size_t length) {
  char name[MOST_WORD];
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    size_t letter = letter_at(text + i, text + length);
    if (n + letter > MOST_WORD - 1) return FIELD_NONE;
    if (letter) append_lower(name, &n, text + i, letter);
    i += letter ? letter : 1;
  }
  name[n] = '\0';
  for (size_t i = 0; i < sizeof fields / sizeof *fields; ++i)
    if (!strcmp(fields[i].name, name)) return fields[i].field;
  return FIELD_NONE;
}
