/// Charts: axes and ticks for any range, text that stays text, files of their own.
#include "report/svg.h"

#include <libxml/parser.h>
#include <math.h>
#include <stdlib.h>

#include "throng_test.h"

/// Is it 1, 2 or 5 times a power of ten, or a multiple of such a number that is not small beside
/// it?
static bool is_round(double value, double step) {
  return fabs(value / step - rint(value / step)) < 1e-6 * fmax(1, fabs(value / step));
}

static void check_ticks(double low, double high, bool log) {
  const double ends[2] = {low, high};
  const svg_axis a = svg_axis_around("x", 2, ends, log);
  double tick[SVG_MOST_TICKS];
  const int n = svg_ticks(&a, 7, tick);
  EXPECT_GE(n, 2);
  EXPECT_LE(n, SVG_MOST_TICKS);
  for (int k = 0; k < n; ++k) {
    EXPECT_GE(tick[k], a.low - 1e-9 * fabs(a.low));
    EXPECT_LE(tick[k], a.high + 1e-9 * fabs(a.high));
    if (k) EXPECT_GT(tick[k], tick[k - 1]);
  }
  if (a.log && a.high / a.low > 10) {
    for (int k = 0; k < n; ++k) {
      const double lead = tick[k] / pow(10, floor(log10(tick[k]) + 1e-9));
      EXPECT_TRUE(fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 5) < 1e-6);
    }
    return;
  }
  const double step = tick[1] - tick[0], lead = step / pow(10, floor(log10(step) + 1e-6));
  EXPECT_TRUE(fabs(lead - 1) < 1e-3 || fabs(lead - 2) < 1e-3 || fabs(lead - 5) < 1e-3);
  for (int k = 0; k < n; ++k) EXPECT_TRUE(is_round(tick[k], step));
}

TEST(svg, ticks_are_round_and_lie_within_for_any_range) {
  uint32_t state = 1;
  for (int k = 0; k < 3000; ++k) {
    double u[3];
    for (int j = 0; j < 3; ++j) {
      state = state * 1664525u + 1013904223u;
      u[j] = (double)(state >> 8) / 16777216.0;
    }
    const double size = pow(10, 24 * u[0] - 12), low = size * (2 * u[1] - 1);
    check_ticks(low, low + size * pow(10, -4 * u[2]), false);
    check_ticks(size, size * pow(10, 12 * u[2]), true);
  }
}

TEST(svg, an_axis_is_there_for_no_numbers_equal_ones_and_those_without_logarithm) {
  const double none[] = {(double)NAN, (double)INFINITY}, equal[] = {3, 3, (double)NAN};
  const double zeros[] = {0, 0}, mixed[] = {-1, 10}, large[] = {1e300, 1e300};
  svg_axis a = svg_axis_around(NULL, 2, none, true);
  EXPECT_EQ(a.low < a.high, true);
  EXPECT_FALSE(a.log);
  a = svg_axis_around(NULL, 3, equal, false);
  EXPECT_TRUE(a.low < 3 && a.high > 3);
  a = svg_axis_around(NULL, 2, zeros, false);
  EXPECT_TRUE(a.low < 0 && a.high > 0);
  EXPECT_FALSE(svg_axis_around(NULL, 2, mixed, true).log);
  a = svg_axis_around(NULL, 2, large, false);
  EXPECT_TRUE(a.low < 1e300 && a.high > 1e300);
}

TEST(svg, values_lie_between_the_ends_and_in_the_logarithm_where_log) {
  svg_axis a = {.low = 1, .high = 100, .from = 10, .to = 210, .log = true};
  EXPECT_NEAR(svg_place(&a, 1), 10, 1e-9);
  EXPECT_NEAR(svg_place(&a, 10), 110, 1e-9);
  EXPECT_NEAR(svg_place(&a, 100), 210, 1e-9);
  a.log = false;
  EXPECT_NEAR(svg_place(&a, 50.5), 110, 1e-9);
}

TEST(svg, numbers_are_short) {
  char text[32];
  EXPECT_STREQ(svg_number(0.1 + 0.2, false, text), "0.3");
  EXPECT_STREQ(svg_number(-0.0, false, text), "0");
  EXPECT_STREQ(svg_number(-0.0, true, text), "0");
  EXPECT_STREQ(svg_number(2.5e6, true, text), "2.5M");
  EXPECT_STREQ(svg_number((double)NAN, false, text), "-");
}

TEST(svg, a_chart_of_its_own_is_a_document_whose_texts_are_what_was_given) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  const double x[] = {1, 2, 3, 4}, y[] = {1, (double)NAN, 2, 3}, low[] = {0, 0, 1, 2};
  svg_axis ax = svg_axis_around("x & <y>", 4, x, false), ay = svg_axis_around("\"y\"", 4, y, false);
  ax.from = 50, ax.to = 300, ay.from = 200, ay.to = 30;
  svg_begin(out, "chart", 320, 240, "a < b", "c & d \xff", true);
  svg_grid(out, &ax, &ay);
  svg_band(out, "c1", &ax, &ay, 4, x, low, y);
  svg_line(out, "c0", &ax, &ay, 4, x, y, true);
  svg_point(out, "c2", 10, 10, 3, "<script>");
  static const char *const style[] = {"c0"}, *const name[] = {"</svg>"};
  svg_legend(out, 60, 14, 1, style, name);
  svg_end(out);
  fclose(out);
  xmlDoc *doc = xmlReadMemory(text, (int)size, "chart.svg", NULL, XML_PARSE_NONET);
  ASSERT_TRUE(doc != NULL);
  const xmlNode *root = xmlDocGetRootElement(doc);
  EXPECT_STREQ((const char *)root->name, "svg");
  EXPECT_STREQ((const char *)root->ns->href, "http://www.w3.org/2000/svg");
  xmlChar *content = xmlNodeGetContent(root);
  static const char *const parts[] = {"a < b", "c & d \xef\xbf\xbd", "x & <y>",
                                      "\"y\"", "<script>",           "</svg>"};
  for (int k = 0; k < 6; ++k) EXPECT_CONTAINS((const char *)content, parts[k]);
  xmlFree(content);
  // The line breaks where a number is missing.
  EXPECT_CONTAINS(text, "class=\"line c0\" d=\"M");
  const char *path = strstr(text, "class=\"line c0\" d=\"") + 19;
  int moves = 0;
  for (; *path != '"'; ++path) moves += *path == 'M';
  EXPECT_EQ(moves, 2);
  xmlFreeDoc(doc);
  free(text);
}
