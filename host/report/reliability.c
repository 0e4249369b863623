/// One square with a diagonal; see reliability.h.
#include "report/reliability.h"

#include <math.h>
#include <stdio.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "report/svg.h"

enum { WIDTH = 640, HEIGHT = 560, LEFT = 70, RIGHT = 610, TOP = 70, BOTTOM = 500, LEGEND = 24 };

static const char *const colour[SVG_COLOURS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

static void draw_curve(FILE *out, const svg_axis *x, const svg_axis *y, const char *style,
                       const reliability_curve *c) {
  NUMBERS_WITHOUT_LOCALE;
  char hint[200];
  svg_line(out, style, x, y, c->n, c->said, c->real, false);
  for (int b = 0; b < c->n; ++b) {
    const double at = svg_place(x, c->said[b]);
    snprintf(hint, sizeof hint, "%s says %.3f, real %.3f [%.3f, %.3f]", c->name, c->said[b],
             c->real[b], c->low[b], c->high[b]);
    if (!isnan(c->low[b])) {
      const double high = svg_place(y, c->high[b]);
      svg_bar(out, style, at - 0.75, high, 1.5, svg_place(y, c->low[b]) - high, hint);
    }
    svg_point(out, style, at, svg_place(y, c->real[b]), 3.5, hint);
  }
}

svg_axis reliability_said(void) {
  return (svg_axis){.label = "probability of a like that was said", .low = 0, .high = 1};
}

svg_axis reliability_real(void) {
  return (svg_axis){.label = "share of likes that were real", .low = 0, .high = 1};
}

void reliability_curves(FILE *out, const svg_axis *x, const svg_axis *y, int n,
                        const reliability_curve *curve) {
  const double ends[] = {0, 1};
  svg_line(out, "thin", x, y, 2, ends, ends, false);
  for (int k = 0; k < n; ++k) draw_curve(out, x, y, colour[k], &curve[k]);
}

void reliability_legend(FILE *out, double x, double y, int in_row, int n,
                        const reliability_curve *curve) {
  NUMBERS_WITHOUT_LOCALE;
  char text[SVG_COLOURS][64];
  const char *name[SVG_COLOURS];
  for (int k = 0; k < n; ++k) {
    snprintf(text[k], sizeof text[k], isnan(curve[k].ece) ? "%s" : "%s, ECE %.3f", curve[k].name,
             curve[k].ece);
    name[k] = text[k];
  }
  for (int k = 0; k < n; k += in_row, y += 18)
    svg_legend(out, x, y, n - k < in_row ? n - k : in_row, colour + k, name + k);
}

static void draw(FILE *out, const char *subject, int n, const reliability_curve *curve) {
  svg_axis x = reliability_said(), y = reliability_real();
  char title[200];
  x.from = LEFT, x.to = RIGHT, y.from = BOTTOM, y.to = TOP;
  snprintf(title, sizeof title, "Reliability: %s", subject);
  svg_begin(out, "reliability", WIDTH, HEIGHT, title,
            "What contenders said to be the probability of a like, in bins of equal size, against "
            "the share of likes in each; on the diagonal both agree.",
            true);
  svg_grid(out, &x, &y);
  reliability_curves(out, &x, &y, n, curve);
  reliability_legend(out, LEFT, LEGEND, 4, n, curve);
  svg_end(out);
}

throng_status reliability_draw(const char *path, const char *subject, int n,
                               const reliability_curve *curve) {
  atomic_file *file;
  THRONG_TRY(atomic_file_create(path, &file));
  draw(atomic_file_stream(file), subject, n < SVG_COLOURS ? n : SVG_COLOURS, curve);
  return atomic_file_commit(file);
}
