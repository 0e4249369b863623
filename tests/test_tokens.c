/// The tokeniser folds, stems and stops as its header promises.
#include <stdio.h>

#include "text/tokens.h"
#include "throng_test.h"

typedef struct tape {
  char text[1024];
  bool stems;
} tape;

static throng_status record(void *context, token_kind kind, const char *surface, const char *stem) {
  tape *t = context;
  size_t used = strlen(t->text);
  const char *word = kind == TOKEN_BREAK ? "|" : t->stems ? stem : surface;
  snprintf(t->text + used, sizeof t->text - used, "%s%s%s", used ? " " : "",
           kind == TOKEN_NEGATION ? "!" : "", word);
  return THRONG_OK;
}

static const char *read_words(const char *text, size_t length, bool stems) {
  static tape t;
  t = (tape){.stems = stems};
  tokenizer *k = NULL;
  EXPECT_OK(tokenizer_create(&k));
  EXPECT_OK(tokenize(k, text, length, record, &t));
  tokenizer_free(k);
  return t.text;
}
#define SURFACES(text) read_words(text, sizeof(text) - 1, false)
#define STEMS(text) read_words(text, sizeof(text) - 1, true)

TEST(tokens, words_are_folded_and_stop_words_break) {
  EXPECT_STREQ(SURFACES("The Guitar of Dreams"), "| guitar | dreams");
}

TEST(tokens, variants_share_a_stem) {
  EXPECT_STREQ(STEMS("disappointing disappointed disappoints"), "disappoint disappoint disappoint");
}

TEST(tokens, punctuation_breaks_and_hyphens_do_not) {
  EXPECT_STREQ(SURFACES("slow-burning soul, sweet"), "slow burning soul | sweet");
  EXPECT_STREQ(SURFACES("Great title\nfine text"), "great title | fine text");
}

TEST(tokens, full_width_and_sharp_s_fold_by_nfkc) {
  EXPECT_STREQ(SURFACES("\xef\xbc\xa7\xef\xbd\x8f\xef\xbd\x8f\xef\xbd\x84 Stra\xc3\x9f"
                        "e \xc3\x89TOILE"),
               "good strasse \xc3\xa9toile");
}

TEST(tokens, negations_are_marked_and_possessives_cut) {
  EXPECT_STREQ(SURFACES("Enya's voice doesn\xe2\x80\x99t bore"), "enya voice !doesn't bore");
}

TEST(tokens, digits_alone_and_single_letters_break) {
  EXPECT_STREQ(SURFACES("track 12 x 80s"), "track | | 80s");
}

TEST(tokens, contractions_break) { EXPECT_STREQ(SURFACES("we've waited"), "| waited"); }

TEST(tokens, tags_and_invalid_bytes_break) {
  EXPECT_STREQ(SURFACES("fine<br />\xff tune <3 love"), "fine | | tune | | love");
}

TEST(tokens, a_text_cut_inside_a_character_is_read_to_its_end) {
  EXPECT_STREQ(SURFACES("caf\xc3"), "caf |");
}

TEST(tokens, an_endless_word_breaks) {
  EXPECT_STREQ(SURFACES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end"), "| end");
}

TEST(tokens, the_empty_text_has_no_words) { EXPECT_STREQ(SURFACES(""), ""); }

TEST(tokens, chinese_is_cut_into_words_without_its_particles) {
  EXPECT_STREQ(SURFACES("这张专辑的音乐清晰精彩好听，推荐给大家。"),
               "| | 专辑 | 音乐 清晰 精彩 好听 | 推荐 | | |");
  EXPECT_STREQ(SURFACES("我不喜歡這個產品"), "| 不喜歡 | 產品");
}

TEST(tokens, japanese_is_cut_into_words_without_its_particles) {
  EXPECT_STREQ(SURFACES("このアルバムは美しい音楽です。"), "| アルバム | 美しい 音楽 | |");
  // Half-width kana fold first.
  EXPECT_STREQ(SURFACES("ｱﾙﾊﾞﾑ"), "アルバム");
}

TEST(tokens, thai_is_cut_into_words_with_its_vowels_whole) {
  EXPECT_STREQ(SURFACES("อาหารอร่อยมากครับ"), "อาหาร อร่อย | |");
  EXPECT_STREQ(SURFACES("น้ำดื่ม"), "น้ำ ดื่ม");
  EXPECT_STREQ(SURFACES("ไม่อร่อย"), "!ไม่ อร่อย");
}

TEST(tokens, lao_khmer_and_burmese_are_cut_by_their_dictionaries) {
  EXPECT_CONTAINS(SURFACES("ຂ້ອຍມັກອາຫານລາວ"), "ອາຫານ");
  EXPECT_CONTAINS(SURFACES("ខ្ញុំចូលចិត្តម្ហូបខ្មែរ"), "ខ្មែរ");
  EXPECT_CONTAINS(SURFACES("မြန်မာစာပေ"), "မြန်မာ");
}

TEST(tokens, scripts_side_by_side_are_told_apart) {
  EXPECT_STREQ(SURFACES("iPhone手机 great屏幕123"), "iphone 手机 great 屏幕 |");
  EXPECT_STREQ(SURFACES("2023年"), "| |");
  EXPECT_STREQ(SURFACES("안녕하세요 세계"), "안녕하세요 세계");
}
