/// Points and lines of an experiment.
#include "experiment/draw.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "report/svg.h"

enum { WIDTH = 720, WIDER = 200, HEIGHT = 400, LEFT = 70, RIGHT = 690, UPPER = 60, LOWER = 350 };

static const char *const colour[SVG_COLOURS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

typedef struct drawing {
  const experiment_table *t;
  const experiment_columns *c;
  FILE *out;
  int n_series;
  int64_t n_row;
  const char *series[SVG_COLOURS];  // the first ones; further ones have the last colour
  svg_axis x, y;
} drawing;

static bool is_drawn(const drawing *d, const experiment_row *row) {
  return !d->c->only || !strcmp(row->label[d->c->only_label], d->c->only);
}

static int series_of(const drawing *d, int64_t row) {
  const char *name = experiment_table_row(d->t, row)->label[d->c->series];
  for (int k = 0; k < d->n_series; ++k)
    if (!strcmp(d->series[k], name)) return k;
  return SVG_COLOURS - 1;
}

/// True where a series is one point: it has its name beside it, and there is no legend.
static bool find_series(drawing *d) {
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const experiment_row *row = experiment_table_row(d->t, i);
    bool known = !is_drawn(d, row);
    for (int k = 0; k < d->n_series; ++k) known |= !strcmp(d->series[k], row->label[d->c->series]);
    if (!known && d->n_series < SVG_COLOURS) d->series[d->n_series++] = row->label[d->c->series];
    d->n_row += is_drawn(d, row);
  }
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i)
    for (int64_t j = 0; j < i; ++j)
      if (!strcmp(experiment_table_row(d->t, i)->label[d->c->series],
                  experiment_table_row(d->t, j)->label[d->c->series]))
        return false;
  return true;
}

static void draw_interval(const drawing *d, const experiment_row *row, const char *style) {
  if (d->c->low == d->c->high) return;
  const double x[] = {row->value[d->c->x], row->value[d->c->x]};
  const double y[] = {row->value[d->c->low], row->value[d->c->high]};
  svg_line(d->out, style, &d->x, &d->y, 2, x, y, false);
}

static void draw_series(const drawing *d, int which, double *x, double *y) {
  NUMBERS_WITHOUT_LOCALE;
  int64_t n = 0;
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const experiment_row *row = experiment_table_row(d->t, i);
    if (!is_drawn(d, row) || series_of(d, i) != which) continue;
    x[n] = row->value[d->c->x];
    y[n] = row->value[d->c->y];
    char hint[4 * TABLE_TEXT];
    snprintf(hint, sizeof hint, "%s %s %s: %.5g, %.5g", row->label[0], row->label[1], row->label[2],
             x[n], y[n]);
    draw_interval(d, row, colour[which]);
    if (isfinite(x[n]) && isfinite(y[n]))
      svg_point(d->out, colour[which], svg_place(&d->x, x[n]), svg_place(&d->y, y[n]), 4, hint);
    ++n;
  }
  if (d->c->lines) svg_line(d->out, colour[which], &d->x, &d->y, n, x, y, false);
}

/// The highest point that is not above `last`, by rows where two are as high; -1: none is left.
static int64_t next_below(const drawing *d, int64_t last) {
  int64_t best = -1;
  const int y = d->c->y;
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const double value = experiment_table_row(d->t, i)->value[y];
    const double top = last < 0 ? INFINITY : experiment_table_row(d->t, last)->value[y];
    if (!isfinite(value) || value > top || (value == top && i <= last)) continue;
    if (best < 0 || value > experiment_table_row(d->t, best)->value[y]) best = i;
  }
  return best;
}

/// Names beside their points from the highest down; one that would lie on another goes below it.
static void draw_names(const drawing *d, double *x, double *y) {
  enum { BESIDE = 7, LINE = 12, WIDE = 75 };
  int64_t n = 0;
  for (int64_t i = next_below(d, -1); i >= 0; i = next_below(d, i), ++n) {
    const experiment_row *row = experiment_table_row(d->t, i);
    const double at = svg_place(&d->x, row->value[d->c->x]);
    const bool left = at + WIDE > RIGHT;
    x[n] = left ? at - BESIDE : at + BESIDE;
    y[n] = svg_place(&d->y, row->value[d->c->y]) + 4;
    for (int64_t k = 0; k < n; ++k)
      if (fabs(x[k] - x[n]) < WIDE && fabs(y[k] - y[n]) < LINE) y[n] = y[k] + LINE, k = -1;
    svg_text(d->out, left ? "end" : "start", x[n], y[n], row->label[d->c->series]);
  }
}

/// Axes around what is drawn, intervals too.
static void place_axes(drawing *d, double *room) {
  double *x = room, *y = room + d->n_row;
  int64_t n = 0, n_y = 0;
  for (int64_t i = 0; i < experiment_table_count(d->t); ++i) {
    const experiment_row *row = experiment_table_row(d->t, i);
    if (!is_drawn(d, row)) continue;
    x[n++] = row->value[d->c->x];
    y[n_y++] = row->value[d->c->y];
    if (d->c->low == d->c->high) continue;
    y[n_y++] = row->value[d->c->low];
    y[n_y++] = row->value[d->c->high];
  }
  d->x = svg_axis_around(d->c->value[d->c->x], n, x, d->c->log_x);
  d->y = svg_axis_around(d->c->value[d->c->y], n_y, y, false);
  d->x.from = LEFT, d->x.to = RIGHT + (d->c->name_x ? WIDER : 0), d->y.from = LOWER,
  d->y.to = UPPER;
}

static void draw(drawing *d, const char **name, double *room) {
  const bool named = find_series(d);
  place_axes(d, room);
  if (d->c->name_x) {
    for (int64_t i = 0; i < d->n_row; ++i) name[i] = experiment_table_row(d->t, i)->label[0];
    d->x.label = d->c->label[0];
    d->x.name = name;
    d->x.n_name = (int32_t)d->n_row;
  }
  svg_begin(d->out, d->c->name, WIDTH + (d->c->name_x ? WIDER : 0), HEIGHT, d->c->name,
            "A point a row of results.csv, a colour a series.", true);
  if (!named) svg_legend(d->out, LEFT, 24, d->n_series, colour, d->series);
  svg_grid(d->out, &d->x, &d->y);
  if (d->c->equal) {
    const double ends[] = {fmax(d->x.low, d->y.low), fmin(d->x.high, d->y.high)};
    svg_line(d->out, "c6 thin", &d->x, &d->y, 2, ends, ends, false);
  }
  for (int k = 0; k < d->n_series; ++k) draw_series(d, k, room, room + d->n_row);
  if (named && !d->c->name_x) draw_names(d, room, room + d->n_row);
  svg_end(d->out);
}

throng_status experiment_draw(const experiment_table *t, const char *folder) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s/results.svg", folder) >= PATH_MAX)
    return throng_fail(THRONG_ERROR_IO, "%s: the path is too long", folder);
  const size_t n = (size_t)experiment_table_count(t);
  drawing d = {.t = t, .c = experiment_table_columns(t)};
  double *room = NULL;
  const char **name = NULL;
  atomic_file *file;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&room, 4 * n + 1, sizeof *room, "drawing"));
  THRONG_TRY_GOTO(throng_alloc((void **)&name, n + 1, sizeof *name, "drawing"));
  THRONG_TRY_GOTO(atomic_file_create(path, &file));
  d.out = atomic_file_stream(file);
  draw(&d, name, room);
  status = atomic_file_commit(file);
done:
  free(room);
  free(name);
  return status;
}
