/// A comparison as one SVG file: what each contender's runs came to, and the share of its runs that
/// are better than each value.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "compare/compare.h"
#include "report/svg.h"

enum { WIDTH = 720, ROW = 30, TOP = 60, LEFT = 90, RIGHT = 690, PROFILE = 260, MARGIN = 50 };

static const char *const colour[SVG_COLOURS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

typedef struct drawing {
  const comparison *c;
  int32_t n;  // contenders that are drawn
  const char *name[SVG_COLOURS];
  char text[SVG_COLOURS][40];
  FILE *out;
} drawing;

static svg_axis values(const drawing *d, double *room) {
  int64_t n = 0;
  for (int32_t k = 0; k < d->n; ++k)
    for (int64_t i = 0; i < d->c->contender[k].n; ++i) room[n++] = d->c->contender[k].value[i];
  svg_axis x = svg_axis_around(d->c->metric, n, room, false);
  x.from = LEFT;
  x.to = RIGHT;
  return x;
}

/// A row a contender: its runs, the interval of its interquartile mean, the mean itself.
static void draw_runs(const drawing *d, svg_axis x) {
  NUMBERS_WITHOUT_LOCALE;
  svg_axis y = {.low = d->n - 0.5,
                .high = -0.5,
                .from = TOP + ROW * d->n,
                .to = TOP,
                .name = d->name,
                .n_name = d->n};
  svg_grid(d->out, &x, &y);
  for (int32_t k = 0; k < d->n; ++k) {
    const contender *c = &d->c->contender[k];
    const double at = svg_place(&y, k);
    char hint[160], style[16];
    snprintf(style, sizeof style, "hollow %s", colour[k]);
    for (int64_t i = 0; i < c->n; ++i) {
      snprintf(hint, sizeof hint, "%s: %.6g", d->name[k], c->value[i]);
      svg_point(d->out, style, svg_place(&x, c->value[i]), at, 3, hint);
    }
    if (isnan(c->iqm.point)) continue;
    snprintf(hint, sizeof hint, "%s: interquartile mean %.6g, %g %%: %.6g to %.6g", d->name[k],
             c->iqm.point, 100 * d->c->level, c->iqm.low, c->iqm.high);
    const double low = svg_place(&x, c->iqm.low), high = svg_place(&x, c->iqm.high);
    if (!isnan(c->iqm.low)) svg_bar(d->out, colour[k], low, at - 2, high - low, 4, hint);
    svg_point(d->out, colour[k], svg_place(&x, c->iqm.point), at, 5, hint);
  }
}

static void draw_profiles(const drawing *d, svg_axis x, double top, double *room) {
  const comparison *c = d->c;
  svg_axis y = {.label = c->minimise ? "share of runs below" : "share of runs above",
                .low = 0,
                .high = 1,
                .from = top + PROFILE,
                .to = top};
  double *share = room, *low = share + c->n_tau, *high = low + c->n_tau;
  svg_grid(d->out, &x, &y);
  for (int32_t k = 0; k < d->n; ++k) {
    for (int64_t i = 0; i < c->n_tau; ++i) {
      const statistics_interval *v = &c->profile[k * c->n_tau + i];
      share[i] = v->point, low[i] = v->low, high[i] = v->high;
    }
    svg_band(d->out, colour[k], &x, &y, c->n_tau, c->tau, low, high);
    svg_line(d->out, colour[k], &x, &y, c->n_tau, c->tau, share, true);
  }
}

static void draw(drawing *d, double *room) {
  const svg_axis x = values(d, room);
  const bool profiles = d->c->n_tau > 1;
  const double end = TOP + ROW * d->n + MARGIN;
  svg_begin(d->out, "comparison", WIDTH, end + (profiles ? PROFILE + MARGIN : 0), "Comparison",
            "Above, a row a contender: small points are its runs, a bar the interval of their "
            "interquartile mean. Below, the share of its runs that are better than each value.",
            true);
  svg_legend(d->out, LEFT, 24, d->n, colour, d->name);
  draw_runs(d, x);
  if (profiles) draw_profiles(d, x, end, room);
  svg_end(d->out);
}

static throng_status to_text(const comparison *c, char **text, size_t *size) {
  void *room;
  int64_t n = 3 * c->n_tau + 1;
  drawing d = {.c = c, .n = c->n < SVG_COLOURS ? (int32_t)c->n : SVG_COLOURS};
  for (int32_t k = 0; k < d.n; ++k) {
    n += c->contender[k].n;
    snprintf(d.text[k], sizeof d.text[k], "%c", 'A' + k);
    d.name[k] = d.text[k];
  }
  *text = NULL;
  THRONG_TRY(throng_alloc(&room, (size_t)n, sizeof(double), "comparison"));
  d.out = open_memstream(text, size);
  bool good = d.out != NULL;
  if (good) {
    draw(&d, room);
    good = !ferror(d.out);
    good = fclose(d.out) == 0 && good;
  }
  free(room);
  if (good) return THRONG_OK;
  free(*text);
  *text = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "comparison: no memory for its drawing");
}

throng_status compare_draw(const comparison *c, const char *path) {
  char *text;
  size_t size = 0;
  atomic_file *file;
  THRONG_TRY(to_text(c, &text, &size));
  throng_status status = atomic_file_create(path, &file);
  if (status == THRONG_OK) {
    status = atomic_file_write(file, text, size);
    if (status == THRONG_OK)
      status = atomic_file_commit(file);
    else
      atomic_file_abort(file);
  }
  free(text);
  return status;
}
