/// Writes what every page has.
#include "report/page.h"

#include <stdarg.h>

#include "base/numbers.h"

static const char page_style[] =
    ":root{color-scheme:light dark;--ink:#222;--paper:#fff;--soft:#5a6270;--rule:#8884;"
    "--card:#f4f6f9;--link:#00629b;--good:#0a7a55;--bad:#b34a00}\n"
    "body{font:16px/1.45 system-ui,sans-serif;max-width:80ch;margin:1.5em auto;padding:0 1em;"
    "color:var(--ink);background:var(--paper)}\n"
    "a{color:var(--link)}\n"
    "h1{font-size:1.5em;margin:.2em 0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.15em;margin:1.8em 0 .3em}\n"
    "h3{font-size:1em;margin:1.2em 0 .2em;overflow-wrap:anywhere}\n"
    "p{margin:.4em 0;overflow-wrap:anywhere}.small{font-size:.85em;color:var(--soft)}\n"
    "figure{margin:.6em 0;overflow-x:auto}svg{display:block;width:100%;height:auto}\n"
    ".grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:0 1em}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.85em;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;color:var(--soft);padding:.9em 0 .2em;white-space:nowrap}\n"
    "th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid var(--rule);"
    "white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left}tbody th{font-weight:inherit}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:.6em;"
    "margin:.8em 0}.tiles div{background:var(--card);border-radius:.5em;padding:.5em .8em}\n"
    ".tiles dt{font-size:.8em;color:var(--soft)}.tiles dd{margin:0}.tiles b{font-size:1.35em}\n"
    ".tiles small{display:block;color:var(--soft)}\n"
    ".worth{padding-left:1.2em}.worth:empty{display:none}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.2em 1em;list-style:none;padding:0;margin:.8em 0}\n"
    "pre{font-size:.8em;background:var(--card);border-radius:.5em;padding:.6em .8em;"
    "overflow:auto;margin:.5em 0;tab-size:2}pre.all{max-height:24em}\n"
    "th.text,td.text{text-align:left}"
    "td.text{white-space:normal;min-width:11em;overflow-wrap:anywhere}\n"
    "td small{display:block;color:var(--soft);font-size:.9em}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#16181c;--soft:#a3abb8;"
    "--card:#20242b;--link:#7cc4f5;--good:#4fd0a0;--bad:#ff9955}}\n"
    "@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--soft:#444;--card:#f4f6f9;"
    "--link:#000;--good:#0a7a55;--bad:#b34a00}"
    "body{max-width:none;margin:0;font-size:11px}"
    "svg{--p:#fff!important;color:#000!important;min-width:0!important;max-width:13cm!important}"
    "figure,tr,.tiles,dl div{break-inside:avoid}h2,h3,caption,thead{break-after:avoid}"
    ".grid{grid-template-columns:repeat(3,1fr)}pre.all{columns:3;font-size:.6em}"
    "nav{display:none}pre,pre.all{max-height:none;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".tiles div{border:1px solid var(--rule)}"
    "figure,.scroll{overflow:visible}th,td{white-space:normal;padding:.15em .3em}}\n";

void page_begin(FILE *out, const char *title, const char *lead) {
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
      out);
  svg_escaped(out, title);
  fputs("</title>\n<style>\n", out);
  svg_style(out);
  fputs(page_style, out);
  fputs("</style>\n</head>\n<body>\n<h1>", out);
  svg_escaped(out, title);
  fputs("</h1>\n", out);
  if (!lead) return;
  fputs("<p>", out);
  svg_escaped(out, lead);
  fputs("</p>\n", out);
}

void page_end(FILE *out, const char *version) {
  fputs("<p class=\"small\">throng", out);
  if (version) {
    fputc(' ', out);
    svg_escaped(out, version);
  }
  fputs("</p>\n</body>\n</html>\n", out);
}

void page_section(FILE *out, const char *id, const char *heading, const char *note) {
  if (id)
    fprintf(out, "<section id=\"%s\">\n<h2>", id);
  else
    fputs("<section>\n<h2>", out);
  svg_escaped(out, heading);
  fputs("</h2>\n", out);
  if (!note) return;
  fputs("<p>", out);
  svg_escaped(out, note);
  fputs("</p>\n", out);
}

void page_section_end(FILE *out) { fputs("</section>\n", out); }

/// Longer text is cut: it is never more than a few sentences.
static void escaped_format(FILE *out, const char *format, va_list arguments) {
  NUMBERS_WITHOUT_LOCALE;
  char text[2048];
  vsnprintf(text, sizeof text, format, arguments);
  svg_escaped(out, text);
}

void page_heading(FILE *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("<h3>", out);
  escaped_format(out, format, arguments);
  fputs("</h3>\n", out);
  va_end(arguments);
}

void page_note(FILE *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("<p>", out);
  escaped_format(out, format, arguments);
  fputs("</p>\n", out);
  va_end(arguments);
}

void page_drawing(FILE *out, const char *id, double width, double height, const char *title,
                  const char *description) {
  fprintf(out, "<figure style=\"max-width:%.0fpx\">\n", width);
  svg_begin(out, id, width, height, title, description, false);
}

static void place_axes(double width, double height, double right, svg_axis *x, svg_axis *y) {
  x->from = y->name ? 142 : 52, x->to = width - 12 - right;
  y->from = height - 40, y->to = 30;
}

void page_figure_of(FILE *out, const char *id, double width, double height, double right,
                    const char *title, const char *description, svg_axis *x, svg_axis *y) {
  place_axes(width, height, right, x, y);
  page_drawing(out, id, width, height, title, description);
  svg_grid(out, x, y);
}

void page_figure(FILE *out, const char *id, const char *title, const char *description, svg_axis *x,
                 svg_axis *y) {
  place_axes(PAGE_WIDE, PAGE_HIGH, 0, x, y);
  fputs("<figure>\n", out);
  svg_begin(out, id, PAGE_WIDE, PAGE_HIGH, title, description, false);
  svg_grid(out, x, y);
}

void page_figure_end(FILE *out) {
  svg_end(out);
  fputs("</figure>\n", out);
}

void page_table(FILE *out, const char *caption, int n, const char *const *head) {
  fputs("<div class=\"scroll\"><table>\n", out);
  if (caption) {
    fputs("<caption>", out);
    svg_escaped(out, caption);
    fputs("</caption>\n", out);
  }
  fputs("<thead><tr>", out);
  for (int k = 0; k < n; ++k) {
    const bool text = head[k][0] == '\t';
    fprintf(out, "<th scope=\"col\"%s>", text ? " class=\"text\"" : "");
    svg_escaped(out, head[k] + text);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
}

void page_table_end(FILE *out) { fputs("</tbody></table></div>\n", out); }

void page_cell(FILE *out, const char *element, const char *text) {
  fprintf(out, "<%s>", element);
  svg_escaped(out, text);
  fprintf(out, "</%s>", element);
}

void page_cell_of(FILE *out, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("<td>", out);
  escaped_format(out, format, arguments);
  fputs("</td>", out);
  va_end(arguments);
}

/// Bytes of the character at s where it is white space or has no width (joiners, marks of
/// direction, a byte order mark), else 0.
static int invisible(const unsigned char *s) {
  static const unsigned char range[][4] = {// two bytes, and the third from .. to
                                           {0xe1, 0x9a, 0x80, 0x80}, {0xe2, 0x80, 0x80, 0x8f},
                                           {0xe2, 0x80, 0xa8, 0xaf}, {0xe2, 0x81, 0x9f, 0xaf},
                                           {0xe3, 0x80, 0x80, 0x80}, {0xef, 0xbb, 0xbf, 0xbf}};
  if (*s <= ' ' || *s == 0x7f) return 1;
  if (s[0] == 0xc2) return (s[1] >= 0x80 && s[1] <= 0xa0) || s[1] == 0xad ? 2 : 0;
  for (size_t k = 0; k < sizeof range / sizeof *range; ++k)
    if (s[0] == range[k][0] && s[1] == range[k][1] && s[2] >= range[k][2] && s[2] <= range[k][3])
      return 3;
  return 0;
}

static bool is_invisible(const char *name) {
  const unsigned char *s = (const unsigned char *)name;
  for (int n; *s; s += n)
    if ((n = invisible(s)) == 0) return false;
  return true;
}

void page_name(FILE *out, const char *name, const char *otherwise, int most) {
  if (is_invisible(name)) name = otherwise;
  char text[1024];
  fputs("<bdi>", out);
  svg_escaped(out, svg_shortened(name, (size_t)most, text, sizeof text));
  fputs("</bdi>", out);
}

void page_bar(FILE *out, const char *style, int row, double width, double share, double rest,
              const char *name, const char *text) {
  enum { LEFT = 190, BEHIND = 110 };
  const double y = 4 + (double)PAGE_BAR * row, most = width - LEFT - BEHIND;
  char hollow[32], cut[128];
  snprintf(hollow, sizeof hollow, "hollow %s", style);
  if (rest > share) svg_bar(out, hollow, LEFT, y, most * rest, PAGE_BAR - 6, NULL);
  svg_bar(out, style, LEFT, y, most * share, PAGE_BAR - 6, NULL);
  svg_text(out, "end", LEFT - 6, y + 12, svg_shortened(name, 26, cut, sizeof cut));
  svg_text(out, "start", LEFT + 6 + most * (rest > share ? rest : share), y + 12, text);
}

void page_tiles(FILE *out) { fputs("<dl class=\"tiles\">\n", out); }
void page_tiles_end(FILE *out) { fputs("</dl>\n", out); }

void page_tile(FILE *out, const char *label, const char *value, const char *note) {
  fputs("<div><dt>", out);
  svg_escaped(out, label);
  fputs("</dt><dd><b>", out);
  svg_escaped(out, value);
  fputs("</b>", out);
  if (note) {
    fputs(" <small>", out);
    svg_escaped(out, note);
    fputs("</small>", out);
  }
  fputs("</dd></div>\n", out);
}
