/// What is read from a model's text, in every form that models write, and what never comes through.
#include "llm/answer.h"

#include <stdio.h>

#include "throng_test.h"

static char seen[8192];
static answer_shape shape;

static throng_status note(void *context, const answer_reason *reason) {
  (void)context;
  size_t used = strlen(seen);
  used +=
      (size_t)snprintf(seen + used, sizeof seen - used, "%s(%s|%s|",
                       reason->side == CHAT_LIKE ? "+" : "-", reason->reason, reason->evidence[0]);
  for (int32_t k = 0; k < reason->n_keyword; ++k)
    used +=
        (size_t)snprintf(seen + used, sizeof seen - used, "%s%s", k ? ";" : "", reason->keyword[k]);
  snprintf(seen + used, sizeof seen - used, ")");
  return THRONG_OK;
}

static const char *read_as(const char *text, chat_side asked) {
  seen[0] = '\0';
  EXPECT_OK(answer_read(text, asked, note, NULL, &shape));
  return seen;
}

#define ENTRY(r, e, k) "{\"reason\":\"" r "\",\"evidence\":\"" e "\",\"keywords\":[" k "]}"

TEST(llm_answer, json_of_both_sides_is_read_in_its_order) {
  EXPECT_STREQ(read_as("{\"like\":[" ENTRY("a", "b", "\"c\",\"d e\"") "],\"dislike\":[" ENTRY(
                           "f", "g", "\"h\"") "]}",
                       CHAT_BOTH),
               "+(a|b|c;d e)-(f|g|h)");
  EXPECT_TRUE(shape.json && !shape.cut);
  EXPECT_EQ(shape.reasons, 2);
}

TEST(llm_answer, fences_thoughts_and_talk_around_json_do_not_matter) {
  EXPECT_STREQ(read_as("<think>{\"like\": wrong}</think>Sure!\n```json\n{\"like\":[" ENTRY(
                           "a", "b", "\"c\"") "]}\n```\nAnything else?",
                       CHAT_LIKE),
               "+(a|b|c)");
}

TEST(llm_answer, json_that_breaks_off_keeps_its_whole_entries) {
  EXPECT_STREQ(read_as("{\"like\":[" ENTRY("a", "b", "\"c\"") "," ENTRY(
                           "d", "e", "\"f\"") ",{\"reason\":\"g\",\"evid",
                       CHAT_LIKE),
               "+(a|b|c)+(d|e|f)");
  EXPECT_TRUE(shape.cut);
  EXPECT_STREQ(read_as("{\"like\":[" ENTRY("a", "b", "\"c\"") "],\"dislike\":[{\"rea", CHAT_BOTH),
               "+(a|b|c)");
  EXPECT_STREQ(read_as("{\"like\":[{\"reason\":\"never end", CHAT_LIKE), "");
}

#define BOTH                                                                                   \
  "{\"like\":[{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":["          \
  "\"warm sound\"]}],\"dislike\":[{\"reason\":\"bad\",\"evidence\":\"is dull\",\"keywords\":[" \
  "\"dull tone\"]}]}"
#define SAID "+(it sounds good|is warm|warm sound)-(bad|is dull|dull tone)"

/// One answer in the ways in which models write it.
static const char *const ways[] = {
    "Using the template {like, dislike}:\n" BOTH,
    "See [1] for the format.\n" BOTH,
    "[Reasoning: I will list {pros} and {cons}] Answer:\n" BOTH "\nThat is {all} [2].",
    "An open { bracket and another [ here.\n" BOTH,
    "\xef\xbb\xbf" BOTH,
    "[" BOTH "]",
    "{\"result\":" BOTH "}",
    "{\"status\":\"ok\",\"data\":{\"reasons\":[" BOTH "]}}",
    BOTH "\n\n" BOTH,
    "~~~\n" BOTH "\n~~~",
    // Commas, comments, ellipses.
    "{\"like\":[{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":[\"warm "
    "sound\",],},],\"dislike\":[{\"reason\":\"bad\",\"evidence\":\"is "
    "dull\",\"keywords\":[\"dull "
    "tone\", ...]}, ...],}",
    "{ // my answer\n\"like\": [ # first\n{\"reason\":\"it sounds good\", /* a {b */ "
    "\"evidence\":\"is warm\" \"keywords\":[\"warm sound\"]}]\n\"dislike\":[{\"reason\":\"bad\"\n"
    "\"evidence\":\"is dull\"\n\"keywords\":[\"dull tone\"]}] // done\n}",
    // Quotes of Python, of word processors, and none.
    "{'like': [{'reason': 'it sounds good', 'evidence': 'is warm', 'keywords': ['warm sound'], "
    "'sure': True, 'note': None}], 'dislike': [{'reason': 'bad', 'evidence': 'is dull', "
    "'keywords': ('dull tone',)}]}",
    "{\xe2\x80\x9clike\xe2\x80\x9d: [{\xe2\x80\x9creason\xe2\x80\x9d: \xe2\x80\x9cit sounds "
    "good\xe2\x80\x9d, \xe2\x80\x98"
    "evidence\xe2\x80\x99: \xe2\x80\x98is warm\xe2\x80\x99, "
    "\"keywords\": [\xe2\x80\x9cwarm sound\xe2\x80\x9d]}], \"dislike\": [{\"reason\": \"bad\", "
    "\"evidence\": \"is dull\", \"keywords\": [\"dull tone\"]}]}",
    "{like: [{reason: it sounds good, evidence: is warm, keywords: [warm sound]}], dislike: "
    "[{reason: bad, evidence: is dull, keywords: {\"dull tone\"}}]}",
    // Keys.
    "{\"Like\":[{\"Reason\":\"it sounds good\",\"Evidence\":\"is warm\",\"Keywords\":[\"warm "
    "sound\"]}],\"DISLIKES\":[{\"reason\":\"bad\",\"quote\":\"is dull\",\"key_words\":[\"dull "
    "tone\"]}]}",
    "{\"pros\":[{\"explanation\":\"it sounds good\",\"words_that_show_it\":\"is warm\","
    "\"keyword\":\"warm sound\"}],\"reasons_to_dislike\":{\"1\":{\"why\":\"bad\",\"evidence\":["
    "\"is dull\"],\"keywords\":[{\"keyword\":\"dull tone\"}]}}}",
    "{\"reasons\":[{\"side\":\"like\",\"reason\":\"it sounds good\",\"evidence\":\"is warm\","
    "\"keywords\":[\"warm sound\"]},{\"sentiment\":\"negative\",\"reason\":\"bad\",\"evidence\":"
    "\"is dull\",\"keywords\":[\"dull tone\"]}]}",
    // Without its opening brace, as a model goes on behind one; punctuation of other keyboards.
    "\"like\": [{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":[\"warm "
    "sound\"]}],\n\"dislike\": [{\"reason\":\"bad\",\"evidence\":\"is "
    "dull\",\"keywords\":[\"dull "
    "tone\"]}]}",
    "\xef\xbd\x9b\"like\"\xef\xbc\x9a[{\"reason\":\"it sounds "
    "good\"\xef\xbc\x8c\"evidence\":\"is "
    "warm\",\"keywords\":[\"warm "
    "sound\"]}]\xef\xbc\x8c\"dislike\":[{\"reason\":\"bad\",\"evidence\":\"is "
    "dull\",\"keywords\":[\"dull tone\"]}]}",
    "{&quot;like&quot;:[{&quot;reason&quot;:&quot;it sounds "
    "good&quot;,&quot;evidence&quot;:&quot;is "
    "warm&quot;,&quot;keywords&quot;:[&quot;warm "
    "sound&quot;]}],&quot;dislike&quot;:[{&quot;reason"
    "&quot;:&quot;bad&quot;,&quot;evidence&quot;:&quot;is "
    "dull&quot;,&quot;keywords&quot;:[&quot;dull "
    "tone&quot;]}]}",
    "<answer>\n{\"choices\":[{\"message\":{\"content\":{\"output\":" BOTH "}}}]}\n</answer>",
    "{\"like\":{\"reasons\":[{\"reason\":\"it sounds good\",\"evidence\":\"is "
    "warm\",\"keywords\":[\"warm "
    "sound\"]}]},\"dislike\":\"[{'reason':'bad','evidence':'is dull','keywords':['dull "
    "tone']}]\"}",
    // Several values.
    "{\"like\":[{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":[\"warm "
    "sound\"]}]}\n{\"dislike\":[{\"reason\":\"bad\",\"evidence\":\"is "
    "dull\",\"keywords\":[\"dull "
    "tone\"]}]}",
    "{\"side\":\"like\",\"reason\":\"it sounds good\",\"evidence\":\"is "
    "warm\",\"keywords\":[\"warm "
    "sound\"]}\n{\"side\":\"dislike\",\"reason\":\"bad\",\"evidence\":\"is "
    "dull\",\"keywords\":[\"dull "
    "tone\"]}",
    "**Likes:**\n```json\n[{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":["
    "\"warm sound\"]}]\n```\n**Dislikes:**\n```json\n[{\"reason\":\"bad\",\"evidence\":\"is "
    "dull\","
    "\"keywords\":[\"dull tone\"]}]\n```\n",
    // Thoughts.
    "The user wants {x}.\n</think>\n\n" BOTH,
    "<think>Maybe {\"like\":[{\"evidence\":\"x\",\"keywords\":[\"y\"]}]}</think>" BOTH,
    "<thinking>hm</thinking>" BOTH "<think>and now",
    "[THINK]hm[/THINK]" BOTH,
    "<|channel|>analysis<|message|>hm {\"like\":[]}<|end|><|start|>assistant<|channel|>final"
    "<|message|>" BOTH "<|return|>",
    "<think>I am sure that the answer is " BOTH,
    // No JSON.
    "| side | reason | evidence | keywords |\n|---|---|---|---|\n| like | it sounds good | is "
    "warm | warm sound |\n| dislike | bad | is dull | dull tone |\n",
    "like:\n  - reason: it sounds good\n    evidence: is warm\n    keywords:\n      - warm "
    "sound\n"
    "dislike:\n  - reason: bad\n    evidence:\n      - 'is dull'\n    keywords: [dull tone]\n",
    "{\"like\":[{\"reason\":\"it sounds good\",\"evidence\":\"is warm\",\"keywords\":{\"warm "
    "sound\":0.9}}],"
    "\"dislike\":{\"reason\":\"bad\",\"evidence\":\"is dull\",\"keywords\":\"dull tone\"}}",
    "### Likes\n1. **Reason:** it sounds good\n   **Evidence:** \"is warm\"\n   **Keywords:** "
    "warm sound\n### Dislikes\n1. **Reason:** bad\n   - Evidence: 'is dull'\n   - Keywords: "
    "[dull tone]\n",
};

TEST(llm_answer, what_a_person_would_read_is_read_however_the_json_is_written) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
    EXPECT_STREQ(read_as(ways[i], CHAT_BOTH), SAID);
    EXPECT_EQ(shape.malformed, 0);
    EXPECT_TRUE(answer_fault(&shape) == NULL);
  }
}

static const char *quoted(const char *text, int times) {
  static char out[2][8192];
  static int turn;
  snprintf(out[turn], sizeof out[turn], "%s", text);
  for (; times; --times) {
    char *to = out[turn ^ 1];
    *to++ = '"';
    for (const char *at = out[turn]; *at; ++at) {
      if (*at == '"' || *at == '\\') *to++ = '\\';
      *to++ = *at;
    }
    strcpy(to, "\"");
    turn ^= 1;
  }
  return out[turn];
}

TEST(llm_answer, json_in_json_strings_is_read_twice_over) {
  char wrapped[8192];
  EXPECT_STREQ(read_as(quoted(BOTH, 1), CHAT_BOTH), SAID);
  EXPECT_STREQ(read_as(quoted(BOTH, 2), CHAT_BOTH), SAID);
  snprintf(wrapped, sizeof wrapped, "{\"answer\":%s}", quoted(BOTH, 1));
  EXPECT_STREQ(read_as(wrapped, CHAT_BOTH), SAID);
  snprintf(wrapped, sizeof wrapped, "{\"type\":\"text\",\"text\":%s}", quoted(BOTH, 1));
  EXPECT_STREQ(read_as(wrapped, CHAT_BOTH), SAID);
  // Escaped quotes that no string is around.
  snprintf(wrapped, sizeof wrapped, "%s", quoted(BOTH, 1) + 1);
  wrapped[strlen(wrapped) - 1] = '\0';
  EXPECT_STREQ(read_as(wrapped, CHAT_BOTH), SAID);
}

TEST(llm_answer, strings_hold_line_ends_bad_escapes_and_quotes_that_nobody_escaped) {
  EXPECT_STREQ(
      read_as("{\"like\":[" ENTRY("it's\n\tso", "the \"best\" album, they said", "\"c\"") "]}",
              CHAT_LIKE),
      "+(it's\n\tso|the \"best\" album, they said|c)");
  EXPECT_STREQ(read_as("{\"like\":[" ENTRY("it\\'s \\_so\\_", "a\\dz \\u00e9\\ud83d\\ude00\\ud83d",
                                           "\"c\"") "]}",
                       CHAT_LIKE),
               "+(it's _so_|a\\dz \xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd|c)");
  EXPECT_STREQ(
      read_as("{'like':[{'reason':'it's so', 'evidence':'don't you, dear', 'keywords':['c']}]}",
              CHAT_LIKE),
      "+(it's so|don't you, dear|c)");
  EXPECT_STREQ(
      read_as(
          "{\"like\":[{\"reason\":\"\"\"a \"b\"\"\"\",\"evidence\":\"e\",\"keywords\":[\"c\"]}]}",
          CHAT_LIKE),
      "+(a \"b|e|c)");
}

TEST(llm_answer, what_is_whole_before_the_token_limit_is_read) {
  static const char whole[] = BOTH;
  char text[sizeof whole];
  int with_first = 0;
  for (size_t n = 0; n < sizeof whole - 1; ++n) {
    memcpy(text, whole, n);
    text[n] = '\0';
    const char *got = read_as(text, CHAT_BOTH);
    EXPECT_TRUE(!*got || !strncmp(got, "+(it sounds good|is warm|warm sound)", 36));
    EXPECT_EQ(shape.malformed, 0);
    if (!*got && !shape.empty) EXPECT_TRUE(answer_fault(&shape) != NULL);
    with_first += *got != '\0';
  }
  // From the first keyword's closing quote on.
  EXPECT_EQ(with_first,
            (long long)(sizeof whole - 1 - (size_t)(strstr(whole, "warm sound\"") + 11 - whole)));
}

TEST(llm_answer, an_answer_that_there_is_nothing_is_no_unreadable_one) {
  EXPECT_STREQ(read_as("{\"dislike\":[]}", CHAT_DISLIKE), "");
  EXPECT_TRUE(shape.empty && answer_fault(&shape) == NULL);
  EXPECT_STREQ(read_as("```json\n{\"dislike\": null}\n```", CHAT_DISLIKE), "");
  EXPECT_TRUE(shape.empty);
  EXPECT_STREQ(read_as("{\"like\":[\"good sound\"],\"dislike\":[\"bad tone\"]}", CHAT_BOTH), "");
  EXPECT_EQ(shape.malformed, 2);
  EXPECT_STREQ(answer_fault(&shape), "reasons without evidence or keywords");
  read_as("I'm sorry, I can't help with that.", CHAT_BOTH);
  EXPECT_STREQ(answer_fault(&shape), "no reasons in the form that was asked for");
  read_as("<think>hm, {pros} and [cons]", CHAT_BOTH);
  EXPECT_STREQ(answer_fault(&shape), "thoughts without an answer");
}

TEST(llm_answer, brackets_without_end_take_no_time_without_end) {
  static char text[1 << 18];
  memset(text, '[', sizeof text - 1);
  EXPECT_STREQ(read_as(text, CHAT_BOTH), "");
  for (size_t i = 0; i + 6 < sizeof text; i += 6) memcpy(text + i, "{\"a\":", 6);
  EXPECT_STREQ(read_as(text, CHAT_BOTH), "");
  for (size_t i = 0; i + 3 < sizeof text; i += 3) memcpy(text + i, "[1,", 3);
  EXPECT_STREQ(read_as(text, CHAT_BOTH), "");
}

TEST(llm_answer, lines_are_read_with_and_without_bullets) {
  EXPECT_STREQ(
      read_as("Here you are:\nlike | a | b | c; d e\n 2. Dislike: f | g | h, i\n- **like** "
              "| j | k | l\nlike | too | few\nnothing",
              CHAT_BOTH),
      "+(a|b|c;d e)-(f|g|h;i)+(j|k|l)");
  EXPECT_FALSE(shape.json);
  EXPECT_EQ(shape.malformed, 1);
}

TEST(llm_answer, a_tables_head_says_what_its_columns_are) {
  EXPECT_STREQ(read_as("| # | Keywords | Evidence | Reason | Side |\n|--:|---|---|---|---|\n"
                       "| 1 | c; d | b | good | like |\n| 2 | h | g | bad | dislike |\n",
                       CHAT_BOTH),
               "+(good|b|c;d)-(bad|g|h)");
  EXPECT_STREQ(
      read_as("## Likes\n| Evidence | Keywords |\n|---|---|\n| b | c |\n\nlike | a | b | d",
              CHAT_LIKE),
      "+(|b|c)+(a|b|d)");
}

TEST(llm_answer, a_reason_that_praises_is_no_side_of_its_own) {
  EXPECT_STREQ(read_as("Dislikes:\n- not as good as the first | b | c\n", CHAT_BOTH),
               "-(not as good as the first|b|c)");
  EXPECT_STREQ(
      read_as("{\"dislike\":[\"good but short | b | c; d\",\"bad | e | f\"]}", CHAT_DISLIKE),
      "-(good but short|b|c;d)-(bad|e|f)");
}

TEST(llm_answer, a_label_belongs_to_the_reason_that_it_stands_with) {
  static const char *const texts[] = {
      "Side: like\nReason: a\nEvidence: b\nKeywords: c\n\nSide: dislike\nReason: f\nEvidence: "
      "g\nKeywords: h\n",
      "Reason: a\nEvidence: b\nKeywords: c\nSide: like\n\nReason: f\nEvidence: g\nKeywords: "
      "h\nSide: dislike",
      "Likes:\n- Reason: a | Evidence: \"b\" | Keywords: c\nDislikes:\n- Reason: f | Evidence: g | "
      "Keywords: h",
      "{\"like\":[\"reason: a, evidence: 'b', keywords: c\"],\"dislike\":[\"reason: f; evidence: "
      "g; "
      "keywords: h\"]}",
      "like:\n  - reason: >-\n      a\n    evidence: |\n      b\n    keywords:\n      - c\n"
      "dislike:\n  - reason: f\n    evidence: |\n      g\n    keywords: h\n",
      "[[like]]\nreason = \"a\"\nevidence = \"b\"\nkeywords = [\"c\"]\n[[dislike]]\nreason = "
      "\"f\"\nevidence = \"g\"\nkeywords = [\"h\"]\n",
      "<answer><like><item id=\"1\"><reason>a</reason><evidence>b</evidence><keywords><keyword>c"
      "</keyword></keywords></item></like>\n<dislike><item><reason>f</reason>\n<evidence>g"
      "</evidence><keywords>h</keywords></item></dislike></answer>",
      "{\"like\":[[\"a\",\"b\",[\"c\"]]],\"dislike\":[[\"f\",\"g\",[\"h\"]]]}",
      "{\"type\":\"object\",\"properties\":{\"like\":{\"type\":\"array\",\"items\":[" ENTRY(
          "a", "b", "\"c\"") "]},\"dislike\":{\"type\":\"array\",\"items\":[" ENTRY("f", "g",
                                                                                    "\"h\"") "]}}}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
    EXPECT_STREQ(read_as(texts[i], CHAT_BOTH), "+(a|b|c)-(f|g|h)");
  EXPECT_STREQ(read_as("Likes\n1) sounds warm (evidence: \"b\"; keywords: c)", CHAT_LIKE),
               "+(|b|c))");
  EXPECT_STREQ(
      read_as("<like><evidence>b</evidence><keyword>c</keyword><keyword>d</keyword></like>",
              CHAT_BOTH),
      "+(|b|c;d)");
}

TEST(llm_answer, keys_in_the_reviews_language_are_read) {
#define KEYS(like, dislike, reason, evidence, keywords)                                    \
  "{\"" like "\":[{\"" reason "\":\"a\",\"" evidence "\":\"b\",\"" keywords                \
  "\":[\"c\"]}],\"" dislike "\":[{\"" reason "\":\"f\",\"" evidence "\":\"g\",\"" keywords \
  "\":[\"h\"]}]}"
  static const char *const texts[] = {
      KEYS("喜欢", "不喜欢", "原因", "证据", "关键词"),
      KEYS("优点", "缺点", "理由", "引用", "关键词"),
      KEYS("好きな点", "嫌いな点", "理由", "根拠", "キーワード"),
      KEYS("gefällt", "gefällt nicht", "Grund", "Beleg", "Schlüsselwörter"),
      KEYS("aime", "n'aime pas", "raison", "preuve", "mots-clés"),
      KEYS("me_gusta", "no_me_gusta", "razón", "evidencia", "palabras_clave"),
      KEYS("Mögen", "Nicht mögen", "Grund", "Beleg", "Schlüsselwörter"),
      KEYS("gostam", "não gostam", "Razão", "Evidência", "Palavras-chave"),
      KEYS("Mi piace", "Non mi piace", "motivo", "citazione", "parole chiave"),
      KEYS("Нравится", "Не нравится", "Причина", "Цитата", "Ключевые слова"),
      KEYS("ПЛЮСЫ", "МИНУСЫ", "причина", "доказательство", "ключевые_слова"),
      KEYS("장점", "단점", "이유", "근거", "키워드"),
      KEYS("メリット", "デメリット", "理由", "引用", "キーワード"),
      KEYS("thích", "không thích", "Lý do", "Bằng chứng", "Từ khóa"),
      KEYS("ข้อดี", "ข้อเสีย", "เหตุผล", "หลักฐาน", "คำสำคัญ"),
      KEYS("पसंद", "नापसंद", "कारण", "प्रमाण", "कीवर्ड"),
      KEYS("إيجابيات", "سلبيات", "السبب", "الدليل", "الكلمات المفتاحية"),
      "喜欢：\n• 原因: a\n• 证据: “b”\n• 关键词: c\n缺点\n- 原因: f\n- 证据: g\n- 关键词: h\n",
      "✅ Likes\n• Reason: a\n• Evidence: b\n• Keywords: c\n❌ Dislikes\n▪ Reason: f\n▪ “Evidence”: "
      "g\n▪ Keywords: h\n",
  };
  for (size_t i = 0; i + 2 < sizeof texts / sizeof *texts; ++i)
    EXPECT_STREQ(read_as(texts[i], CHAT_BOTH), "+(a|b|c)-(f|g|h)");
  EXPECT_STREQ(read_as(texts[17], CHAT_BOTH), "+(a|“b”|c)-(f|g|h)");
  EXPECT_STREQ(read_as(texts[18], CHAT_BOTH), "+(a|b|c)-(f|g|h)");
}

TEST(llm_answer, a_side_that_was_not_asked_for_hides_no_fault_of_the_one_that_was) {
  read_as("{\"like\":[{\"evidence\":\"b\",\"keywords\":[[\"c\"]]}],\"dislike\":[" ENTRY(
              "f", "g", "\"h\"") "]}",
          CHAT_LIKE);
  EXPECT_STREQ(answer_fault(&shape), "reasons without evidence or keywords");
}

TEST(llm_answer, a_side_that_was_not_asked_for_is_left_out_and_counted) {
  EXPECT_STREQ(read_as("{\"dislike\":[" ENTRY("a", "b", "\"c\"") "],\"like\":[" ENTRY("d", "e",
                                                                                      "\"f\"") "]}",
                       CHAT_LIKE),
               "+(d|e|f)");
  EXPECT_EQ(shape.other_side, 1);
}

TEST(llm_answer, a_bare_list_belongs_to_the_one_side_that_was_asked_for) {
  EXPECT_STREQ(read_as("[" ENTRY("a", "b", "\"c\"") "]", CHAT_DISLIKE), "-(a|b|c)");
  EXPECT_STREQ(read_as("[" ENTRY("a", "b", "\"c\"") "]", CHAT_BOTH), "");
}

TEST(llm_answer, other_keys_types_and_empty_keywords_come_to_nothing) {
  EXPECT_STREQ(read_as("{\"system\":\"pwned\",\"like\":{\"reason\":1}}", CHAT_LIKE), "");
  EXPECT_STREQ(read_as("{\"like\":[1,\"x\",null,{\"reason\":\"a\"},{\"keywords\":[\"\",\" \",3]}]}",
                       CHAT_LIKE),
               "");
  EXPECT_EQ(shape.malformed, 5);
  EXPECT_STREQ(read_as("I cannot help with that.", CHAT_BOTH), "");
  EXPECT_STREQ(read_as("", CHAT_BOTH), "");
  EXPECT_EQ(shape.reasons, 0);
}

TEST(llm_answer, keywords_in_one_string_are_split) {
  EXPECT_STREQ(
      read_as("{\"like\":[{\"reason\":\"a\",\"evidence\":\"b\",\"keywords\":\"c, d; e\"}]}",
              CHAT_LIKE),
      "+(a|b|c;d;e)");
  EXPECT_STREQ(read_as("{\"like\":[" ENTRY(
                           "a", "b", "\"c, d / e\",\"1,000 f|g\",\"温暖、清晰\",\"R&amp;B\"") "]}",
                       CHAT_LIKE),
               "+(a|b|c;d;e;1,000 f;g;温暖;清晰;R&amp;B)");
}

TEST(llm_answer, an_answer_of_thousands_of_reasons_is_cut_at_the_limit) {
  static char text[1 << 18];
  size_t used = (size_t)sprintf(text, "{\"like\":[");
  for (int i = 0; i < 2000; ++i)
    used += (size_t)sprintf(text + used, "%s" ENTRY("a", "b", "\"c\""), i ? "," : "");
  sprintf(text + used, "]}");
  read_as(text, CHAT_LIKE);
  EXPECT_EQ(shape.reasons, ANSWER_MAX_REASONS);
}
