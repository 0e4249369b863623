/// A page that is one file: its head, style, sections, figures, tables and small parts, for a
/// browser without a network, in light and dark, on a phone and on paper. What is not said by a
/// caller is escaped here, so that ids and titles of anybody's files stay text.
#ifndef THRONG_REPORT_PAGE_H
#define THRONG_REPORT_PAGE_H

#include "report/svg.h"

/// Sizes of drawings, in pixels where they are not scaled: of one among others, and of one as wide
/// as the text.
enum {
  PAGE_SMALL = 350,
  PAGE_SMALL_HIGH = 210,
  PAGE_WIDE = 420,
  PAGE_HIGH = 270,
  PAGE_FULL = 720,
  PAGE_FULL_HIGH = 320,
};

/// Up to <h1>, the title. `lead` is a line under it, or NULL.
void page_begin(FILE *out, const char *title, const char *lead);
/// "throng 0.1.0" at its foot; `version` may be NULL.
void page_end(FILE *out, const char *version);

/// <section> with a heading and, behind it, a paragraph that says how to read what follows; `note`
/// may be NULL. `id` is unique in its page, or NULL. And its end.
void page_section(FILE *out, const char *id, const char *heading, const char *note);
void page_section_end(FILE *out);
/// A heading within a section, and a paragraph.
void page_heading(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_note(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// <figure> with a drawing, its grid drawn and the usual place of its axes in it: PAGE_WIDE x
/// PAGE_HIGH. And its end.
void page_figure(FILE *out, const char *id, const char *title, const char *description, svg_axis *x,
                 svg_axis *y);
/// The same of any size and never larger, with `right` pixels beside it, for names of lines.
void page_figure_of(FILE *out, const char *id, double width, double height, double right,
                    const char *title, const char *description, svg_axis *x, svg_axis *y);
/// <figure> with a drawing of this size, never larger, and nothing in it yet.
void page_drawing(FILE *out, const char *id, double width, double height, const char *title,
                  const char *description);
void page_figure_end(FILE *out);

/// A table that scrolls by itself; `head` (n) are its columns' names, of a
/// column of text with a tab before it; `caption` what it is, for
/// those who do not see it. Rows are <tr> of page_cell.
void page_table(FILE *out, const char *caption, int n, const char *const *head);
void page_table_end(FILE *out);
/// "td" or "th"; a "th" heads its row.
void page_cell(FILE *out, const char *element, const char *text);
/// "12.3 ± 0.4" and the like: a cell of formatted text.
void page_cell_of(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// A name out of anybody's file, at most `most` characters of it: whatever way it is read, it turns
/// nothing around it. One without a visible character is `otherwise`.
void page_name(FILE *out, const char *name, const char *otherwise, int most);
/// A bar of a list of bars that begins at y = 0: its name, itself, `share` of the widest, and what
/// stands behind it. `rest` (0..1, at least `share`) is drawn hollow behind it.
enum { PAGE_BAR = 22 /* pixels a bar */ };
void page_bar(FILE *out, const char *style, int row, double width, double share, double rest,
              const char *name, const char *text);
/// A number that people look for first, in a list of tiles: what it is, itself, and what to hold it
/// against, or NULL.
void page_tiles(FILE *out);
void page_tile(FILE *out, const char *label, const char *value, const char *note);
void page_tiles_end(FILE *out);

#endif
