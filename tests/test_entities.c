/// Tests of the cleaning of HTML fragments.
#include "data/entities.h"
#include "throng_test.h"

static byte_buffer cleaned;

static const char *clean(const char *text) {
  bytes_clear(&cleaned);
  if (text_clean(&cleaned, text, strlen(text)) != THRONG_OK) return "(failed)";
  return bytes_text(&cleaned);
}

static const char *clean_line(const char *text) {
  bytes_clear(&cleaned);
  if (text_clean_line(&cleaned, text, strlen(text)) != THRONG_OK) return "(failed)";
  return bytes_text(&cleaned);
}

TEST(entities, resolves_named_decimal_and_hexadecimal_ones) {
  EXPECT_STREQ(clean("a &amp; b &lt;c&gt; &quot;d&quot; &apos;e&#39; &#x26;&#X41;"),
               "a & b <c> \"d\" 'e' &A");
  EXPECT_STREQ(clean("&eacute;&hellip;&euro;&Omega;"), "\xC3\xA9\xE2\x80\xA6\xE2\x82\xAC\xCE\xA9");
  EXPECT_STREQ(clean("&#128512;"), "\xF0\x9F\x98\x80");
}

TEST(entities, resolves_once) {
  EXPECT_STREQ(clean("&amp;lt; &amp;amp;amp;"), "&lt; &amp;amp;");
  EXPECT_STREQ(clean("&lt;b&gt;bold&lt;/b&gt;"), "<b>bold</b>");
}

TEST(entities, leaves_what_is_no_entity) {
  EXPECT_STREQ(clean("R&B AT&T &bogus; &; &#; &#x; &amp &#12"),
               "R&B AT&T &bogus; &; &#; &#x; &amp &#12");
}

TEST(entities, replaces_numbers_that_are_no_characters) {
  EXPECT_STREQ(clean("&#0;"), "\xEF\xBF\xBD");
  EXPECT_STREQ(clean("&#xD800;"), "\xEF\xBF\xBD");
  EXPECT_STREQ(clean("&#x110000;"), "\xEF\xBF\xBD");
  EXPECT_STREQ(clean("&#99999999999999999999;"), "\xEF\xBF\xBD");
  // Windows-1252, as browsers read it.
  EXPECT_STREQ(clean("&#150;&#146;"), "\xE2\x80\x93\xE2\x80\x99");
}

TEST(entities, takes_out_tags_and_breaks_lines_at_blocks) {
  EXPECT_STREQ(clean("one<br />two<BR>three"), "one\ntwo\nthree");
  EXPECT_STREQ(clean("<p>a</p><b>b</b> <a href=\"x?a=1&amp;b=2\">c</a>"), "\na\nb c");
  EXPECT_STREQ(clean("a<script type='x'>var b = '<br>';</script>c<style>d</style>e"), "ace");
  EXPECT_STREQ(clean("a<!-- b <c> -->d"), "ad");
}

TEST(entities, keeps_signs_that_only_look_like_tags) {
  EXPECT_STREQ(clean("I <3 it, 1<2 and 3>2 <- yes"), "I <3 it, 1<2 and 3>2 <- yes");
  EXPECT_STREQ(clean("a < b, <unclosed"), "a < b, <unclosed");
  EXPECT_STREQ(clean("x<y&z>w"), "x<y&z>w");
}

TEST(entities, gives_valid_utf8_without_control_characters) {
  EXPECT_STREQ(clean("a\xE9"
                     "b\xC3"),
               "a\xEF\xBF\xBD"
               "b\xEF\xBF\xBD");
  EXPECT_STREQ(clean("a\tb\x01"
                     "c\r\nd\x7F"),
               "a b c\nd ");
  EXPECT_STREQ(clean("caf\xC3\xA9"), "caf\xC3\xA9");
}

TEST(entities, makes_one_trimmed_line_of_names) {
  EXPECT_STREQ(clean_line("  Rock &amp;\n\n  Roll<br>2 "), "Rock & Roll 2");
  EXPECT_STREQ(clean_line(" \n "), "");
  EXPECT_STREQ(clean_line(""), "");
}
