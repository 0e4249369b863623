/// Points and lines of an experiment.
#include "experiment/draw.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "report/svg.h"

enum { WIDTH = 720, HEIGHT = 400, LEFT = 70, RIGHT = 690, UPPER = 60, LOWER = 350 };

static const char *const colour[SVG_COLOURS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

typedef struct drawing {
  const experiment_table *t;
  const experiment_columns *c;
  FILE *out;
  int n_series;
  const char *series[SVG_COLOURS];  // the first ones; further ones have the last colour
  svg_axis x, y;
} drawing;

static int series_of(const drawing *d, int64_t row) {
  const char *name = experiment_table_row(d->t, row)->label[d->c->series];
  for (int k = 0; k < d->n_series; ++k)
    if (!strcmp(d->series[k], name)) return k;
  return SVG_COLOURS - 1;
}

static void find_series(drawing *d) {
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const char *name = experiment_table_row(d->t, i)->label[d->c->series];
    bool known = false;
    for (int k = 0; k < d->n_series; ++k) known |= !strcmp(d->series[k], name);
    if (!known && d->n_series < SVG_COLOURS) d->series[d->n_series++] = name;
  }
}

static void draw_series(const drawing *d, int which, double *x, double *y) {
  NUMBERS_WITHOUT_LOCALE;
  int64_t n = 0;
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const experiment_row *row = experiment_table_row(d->t, i);
    if (series_of(d, i) != which) continue;
    x[n] = row->value[d->c->x];
    y[n] = row->value[d->c->y];
    char hint[4 * TABLE_TEXT];
    snprintf(hint, sizeof hint, "%s %s %s: %.5g, %.5g", row->label[0], row->label[1], row->label[2],
             x[n], y[n]);
    if (isfinite(x[n]) && isfinite(y[n]))
      svg_point(d->out, colour[which], svg_place(&d->x, x[n]), svg_place(&d->y, y[n]), 4, hint);
    ++n;
  }
  if (d->c->lines) svg_line(d->out, colour[which], &d->x, &d->y, n, x, y, false);
}

throng_status experiment_draw(const experiment_table *t, const char *folder) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/results.svg", folder) >= PATH_MAX)
    return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", folder);
  const int64_t n = experiment_table_count(t);
  drawing d = {.t = t, .c = experiment_table_columns(t)};
  double *x;
  atomic_file *file;
  THRONG_TRY(throng_alloc((void **)&x, (size_t)(2 * n + 1), sizeof *x, "drawing"));
  throng_status status = atomic_file_create(path, &file);
  if (status == THRONG_OK) {
    for (int64_t i = 0; i < n; ++i) {
      x[i] = experiment_table_row(t, i)->value[d.c->x];
      x[n + i] = experiment_table_row(t, i)->value[d.c->y];
    }
    d.out = atomic_file_stream(file);
    d.x = svg_axis_around(d.c->value[d.c->x], n, x, d.c->log_x);
    d.y = svg_axis_around(d.c->value[d.c->y], n, x + n, false);
    d.x.from = LEFT, d.x.to = RIGHT, d.y.from = LOWER, d.y.to = UPPER;
    find_series(&d);
    svg_begin(d.out, d.c->name, WIDTH, HEIGHT, d.c->name,
              "A point a row of results.csv, a colour a series.", true);
    svg_legend(d.out, LEFT, 24, d.n_series, colour, d.series);
    svg_grid(d.out, &d.x, &d.y);
    for (int k = 0; k < d.n_series; ++k) draw_series(&d, k, x, x + n);
    svg_end(d.out);
    status = atomic_file_commit(file);
  }
  free(x);
  return status;
}
