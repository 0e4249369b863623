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
    "caption{text-align:left;color:var(--soft);padding:.2em 0}\n"
    "th,td{text-align:right;padding:.2em .6em;border-bottom:1px solid var(--rule);"
    "white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left}tbody th{font-weight:inherit}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#ddd;--paper:#16181c;--soft:#a3abb8;"
    "--card:#20242b;--link:#7cc4f5;--good:#4fd0a0;--bad:#ff9955}}\n"
    "@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--soft:#444;--card:#f4f6f9;"
    "--link:#000;--good:#0a7a55;--bad:#b34a00}"
    "body{max-width:none;margin:0;font-size:11px}"
    "svg{--p:#fff!important;color:#000!important;min-width:0!important;max-width:13cm!important}"
    "section,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}"
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

void page_heading(FILE *out, const char *heading) {
  fputs("<h3>", out);
  svg_escaped(out, heading);
  fputs("</h3>\n", out);
}

/// Longer text is cut: it is never more than a few sentences.
static void escaped_format(FILE *out, const char *format, va_list arguments) {
  NUMBERS_WITHOUT_LOCALE;
  char text[2048];
  vsnprintf(text, sizeof text, format, arguments);
  svg_escaped(out, text);
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
  fputs("<figure>\n", out);
  svg_begin(out, id, width, height, title, description, false);
}

void page_figure(FILE *out, const char *id, const char *title, const char *description, svg_axis *x,
                 svg_axis *y) {
  x->from = y->name ? 142 : 52, x->to = PAGE_WIDE - 12;
  y->from = PAGE_HIGH - 40, y->to = 30;
  page_drawing(out, id, PAGE_WIDE, PAGE_HIGH, title, description);
  svg_grid(out, x, y);
}

void page_wide_figure(FILE *out, const char *id, const char *title, const char *description,
                      svg_axis *x, svg_axis *y) {
  x->from = y->name ? 142 : 52, x->to = PAGE_WIDER - 12;
  y->from = PAGE_HIGHER - 40, y->to = 44;
  page_drawing(out, id, PAGE_WIDER, PAGE_HIGHER, title, description);
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
    fputs("<th scope=\"col\">", out);
    svg_escaped(out, head[k]);
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
