/// Charts as SVG, for a page or a file of their own: axes with round ticks, lines, points, bars,
/// legends. Colours are classes of svg_style, so that a page in the dark or on paper has its own.
#ifndef THRONG_REPORT_SVG_H
#define THRONG_REPORT_SVG_H

#include <stdio.h>

#include "base/status.h"

enum { SVG_COLOURS = 8, SVG_SHADES = 5, SVG_MOST_TICKS = 16 };

/// `text` for XML: <, >, &, quotes as entities; what XML or UTF-8 does not allow as U+FFFD.
void svg_escaped(FILE *out, const char *text);
/// "agent.a_very_lo…": at most `most` characters of a name, as there is room for; a whole
/// character of UTF-8 is never cut. Returns `text`.
const char *svg_shortened(const char *name, size_t most, char *text, size_t size);
/// The style sheet of charts: within <style> of a page, or of a chart that is a file of its own.
void svg_style(FILE *out);

typedef struct svg_axis {
  const char *label;
  double low, high;  // of the values
  double from, to;   // where they lie, in pixels
  bool log;
  bool count;               // ticks as "2.5M"
  const char *const *name;  // at 0, 1, ... n_name - 1 instead of ticks, or NULL
  int32_t n_name;
} svg_axis;

/// An axis around all finite ones of n values, a little wider, or with round ends. Where none is,
/// 0 .. 1; `log` is dropped where one is not above 0.
svg_axis svg_axis_around(const char *label, int64_t n, const double *value, bool log);
double svg_place(const svg_axis *axis, double value);
/// Round values within the axis, rising; at most SVG_MOST_TICKS, some `wanted`. Returns how many.
int svg_ticks(const svg_axis *axis, int wanted, double *tick);
/// A value in few characters: "0.001", "2.5M" where `count`. `text` holds 32 bytes.
const char *svg_number(double value, bool count, char *text);

/// <svg> with a title and a description for those who do not see it; `own_file`: with namespace and
/// style. `id` is unique in its page.
void svg_begin(FILE *out, const char *id, double width, double height, const char *title,
               const char *description, bool own_file);
void svg_end(FILE *out);
/// Lines at the ticks, their numbers, and the names of both axes.
void svg_grid(FILE *out, const svg_axis *x, const svg_axis *y);

// Colours are 0 .. SVG_COLOURS - 1 and shades 0 .. SVG_SHADES - 1 as classes "c0", "s0"; `style` is
// such a class or several: "c0 thin".
/// A line through the finite points; it breaks where one is not. `steps`: level until the next.
void svg_line(FILE *out, const char *style, const svg_axis *x, const svg_axis *y, int64_t n,
              const double *x_value, const double *y_value, bool steps);
/// A band between two curves.
void svg_band(FILE *out, const char *style, const svg_axis *x, const svg_axis *y, int64_t n,
              const double *x_value, const double *low, const double *high);
/// A disc; `hint` is shown under the pointer and read out, or NULL.
void svg_point(FILE *out, const char *style, double x, double y, double radius, const char *hint);
void svg_bar(FILE *out, const char *style, double x, double y, double width, double height,
             const char *hint);
/// "start", "middle" or "end" at (x, y).
void svg_text(FILE *out, const char *anchor, double x, double y, const char *text);
/// Names in a row from (x, y) on, each with a patch of its style.
void svg_legend(FILE *out, double x, double y, int n, const char *const *style,
                const char *const *name);

#endif
