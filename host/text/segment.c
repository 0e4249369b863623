/// Segmentation by ICU; see segment.h.
#include "text/segment.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>
#include <utf8proc.h>

struct segmenter {
  UBreakIterator *breaks;
  UText text;
  char *word;  // NUL-terminated
  size_t word_capacity;
};

// Rising, for bsearch: what every text of the language is full of, and what restates a rating.
// clang-format off
static const char *const stop_words[] = {
    "กว่า", "กัน", "กับ", "การ", "ก็", "ของ", "ขึ้น", "ครับ", "ความ", "คะ", "คือ", "คุณ",
    "ค่ะ", "จะ", "จาก", "ฉัน", "ซึ่ง", "ด้วย", "ตาม", "ต้อง", "ถึง", "ถ้า", "ทำ", "ทำไม",
    "ที่", "ทุก", "นะ", "นั้น", "นี้", "บาง", "ผม", "พวก", "มัน", "มา", "มาก", "มี",
    "ยัง", "รีวิว", "ลง", "ว่า", "หรือ", "อยู่", "อย่าง", "ออก", "อะไร", "อีก", "เขา",
    "เข้า", "เธอ", "เป็น", "เพราะ", "เพียง", "เพื่อ", "เมื่อ", "เรา", "เลย", "แค่", "แต่",
    "แบบ", "และ", "แล้ว", "โดย", "ใน", "ให้", "ได้", "ไป", "ກັບ", "ການ", "ກໍ", "ກໍ່",
    "ຂອງ", "ຂ້ອຍ", "ຄື", "ຈະ", "ຈາກ", "ດ້ວຍ", "ທີ່", "ນັ້ນ", "ນີ້", "ມັນ", "ມີ", "ຢູ່",
    "ວ່າ", "ຫຼື", "ເປັນ", "ເຮົາ", "ແຕ່", "ແລະ", "ແລ້ວ", "ໃນ", "ໃຫ້", "ໄດ້", "ကို",
    "ကျွန်တော်", "ကျွန်မ", "တယ်", "တွင်", "ထို", "ဒီ", "နဲ့", "နှင့်", "ပါ", "ပြီး",
    "ဖြစ်", "များ", "မှ", "မှာ", "ရှိ", "လည်း", "သည်", "သို့", "သူ", "အတွက်", "ဤ", "ការ",
    "ក៏", "ក្នុង", "ខ្ញុំ", "គឺ", "ជា", "ដើម្បី", "ដែល", "ដោយ", "ណាស់", "ទៅ", "និង",
    "នេះ", "នោះ", "នៅ", "បាន", "ពី", "មក", "មាន", "យើង", "របស់", "វា", "ហើយ", "អ្នក", "ឬ",
    "あそこ", "あの", "ある", "あれ", "いた", "いて", "いる", "かなり", "から", "くらい", "ぐらい", "けど", "けれど",
    "ここ", "こと", "この", "これ", "させる", "しかし", "した", "して", "すごく", "する", "せる", "そこ", "そして",
    "その", "それ", "たい", "ため", "だけ", "だった", "ちょっと", "である", "でした", "でしょう", "です", "では", "でも",
    "という", "として", "とても", "とは", "どこ", "どの", "どれ", "ない", "なかっ", "なく", "など", "なる", "における",
    "について", "には", "によって", "による", "のが", "ので", "のに", "のは", "のを", "ばかり", "へは", "ほど", "ました",
    "ます", "ません", "また", "まで", "もう", "もの", "よう", "より", "られ", "られる", "れる", "レビュー", "一下",
    "一个", "一些", "一個", "一定", "一样", "一点", "一直", "上面", "下面", "不过", "东西", "中", "为什么", "之前",
    "之后", "也是", "于是", "人", "什么", "什麼", "他们", "他們", "以前", "以及", "以后", "但是", "你们", "你們",
    "僕", "十分", "只是", "可以", "可是", "哪个", "哪里", "因为", "因此", "因為", "大家", "她们", "她們", "如果",
    "它们", "少し", "就是", "已經", "已经", "并且", "怎么", "怎样", "怎麼", "感覺", "感觉", "我们", "我們", "或者",
    "所以", "方", "时候", "星级", "時", "時候", "有些", "有点", "東西", "比较", "為什麼", "然后", "特别", "现在",
    "現在", "的", "真是", "真的", "私", "而且", "自分", "自己", "虽然", "覺得", "觉得", "評價", "評論", "评价",
    "评论", "还是", "还有", "这个", "这么", "这些", "这样", "这里", "這些", "這個", "這樣", "這麼", "還是", "還有",
    "那个", "那么", "那些", "那個", "那样", "那里", "都是", "里面", "雖然", "非常", "非常に"};
static const char *const negations[] = {
    "ไม่", "ບໍ່", "မ", "មិន", "មិនមែន", "不", "不是", "別", "别", "未", "沒", "沒有", "没", "没有",
    "無"};
// clang-format on

static int compare_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}
#define LISTED(word, list) \
  (bsearch(&(word), list, sizeof list / sizeof *list, sizeof *list, compare_text) != NULL)

throng_status segmenter_create(segmenter **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "segmenter"));
  UErrorCode error = U_ZERO_ERROR;
  segmenter *s = *out;
  s->text = (UText)UTEXT_INITIALIZER;
  // The root locale's rules hold for all of these scripts, whatever the machine speaks.
  s->breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &error);
  if (U_SUCCESS(error)) return THRONG_OK;
  segmenter_free(s);
  *out = NULL;
  return throng_fail(THRONG_ERROR_ARGUMENT,
                     "words without spaces: ICU's word breaks: %s (is libicu's data installed?)",
                     u_errorName(error));
}

void segmenter_free(segmenter *s) {
  if (!s) return;
  if (s->breaks) ubrk_close(s->breaks);
  utext_close(&s->text);
  free(s->word);
  free(s);
}

bool segment_is_spaceless(int32_t point) {
  if (point < 0x0E00) return false;
  return u_getIntPropertyValue(point, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT ||
         uscript_hasScript(point, USCRIPT_HAN) || uscript_hasScript(point, USCRIPT_HIRAGANA) ||
         uscript_hasScript(point, USCRIPT_KATAKANA);
}

/// What a word is made of: its letters (marks aside), and whether all are hiragana, or digits.
typedef struct word_shape {
  int letters;
  bool hiragana, digits;
} word_shape;

static word_shape shape_of(const char *word, size_t length) {
  word_shape shape = {0, true, true};
  for (size_t at = 0; at < length;) {
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)word + at,
                                             (utf8proc_ssize_t)(length - at), &point);
    if (used <= 0) break;
    at += (size_t)used;
    utf8proc_category_t category = utf8proc_category(point);
    bool mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
                category == UTF8PROC_CATEGORY_ME;
    shape.letters += !mark;
    shape.hiragana = shape.hiragana && point >= 0x3040 && point <= 0x309F;
    shape.digits = shape.digits && category == UTF8PROC_CATEGORY_ND;
  }
  return shape;
}

static throng_status visit_word(segmenter *s, const char *start, size_t length, size_t longest,
                                token_visitor *visit, void *context) {
  THRONG_TRY(throng_grow((void **)&s->word, &s->word_capacity, length + 1, 1, "word"));
  memcpy(s->word, start, length);
  s->word[length] = '\0';
  const char *word = s->word;
  if (LISTED(word, negations)) return visit(context, TOKEN_NEGATION, word, word);
  word_shape shape = shape_of(word, length);
  // One letter says too little by itself, and so do two of hiragana, which are mostly particles.
  bool slight = shape.letters < 2 || (shape.hiragana && shape.letters < 3) || shape.digits;
  if (slight || length > longest || LISTED(word, stop_words))
    return visit(context, TOKEN_BREAK, NULL, NULL);
  return visit(context, TOKEN_WORD, word, word);
}

throng_status segment_run(segmenter *s, const char *text, size_t length, size_t longest,
                          token_visitor *visit, void *context) {
  UErrorCode error = U_ZERO_ERROR;
  utext_openUTF8(&s->text, text, (int64_t)length, &error);
  ubrk_setUText(s->breaks, &s->text, &error);
  if (U_FAILURE(error))
    return throng_fail(error == U_MEMORY_ALLOCATION_ERROR ? THRONG_ERROR_MEMORY : THRONG_ERROR_DATA,
                       "words without spaces (%zu bytes): %s", length, u_errorName(error));
  int32_t begin = ubrk_first(s->breaks);
  for (int32_t end; (end = ubrk_next(s->breaks)) != UBRK_DONE; begin = end)
    THRONG_TRY(visit_word(s, text + begin, (size_t)(end - begin), longest, visit, context));
  return THRONG_OK;
}
