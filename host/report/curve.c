/// Braille and ASCII drawing of one series and its reference lines.
#include "report/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "report/text_table.h"

/// Dots, a bit each: bit 0 the curve, bit 1 a level.
typedef struct canvas {
  int dots_x, dots_y;  // dots in all
  int cell_x, cell_y;  // dots of a character
  uint8_t *dot;        // (dots_y, dots_x), row 0 on top
} canvas;

enum { DOT_CURVE = 1, DOT_LEVEL = 2 };
enum { MOST_LEVELS = 16, LABEL_SIZE = 64 };

static void put(canvas *c, int x, int y, uint8_t kind) {
  if (x >= 0 && x < c->dots_x && y >= 0 && y < c->dots_y) c->dot[y * c->dots_x + x] |= kind;
}

typedef struct scale {
  double low, high;
} scale;

static int place(double value, scale s, int dots) {
  return (int)lround((value - s.low) / (s.high - s.low) * (dots - 1));
}

static void widen(scale *s, double value) {
  if (!isfinite(value)) return;
  s->low = fmin(s->low, value);
  s->high = fmax(s->high, value);
}

/// A range that is empty or a single point gets room around it.
static void open_up(scale *s) {
  if (!(s->low <= s->high)) *s = (scale){0, 1};
  if (s->low == s->high) {
    double room = s->low != 0 ? fabs(s->low) * 0.5 : 1;
    *s = (scale){s->low - room, s->high + room};
  }
}

/// A row's value; rows are numbered from the top.
static double value_of_row(const curve_def *def, scale sy, int row) {
  return sy.high - (sy.high - sy.low) * row / (def->height - 1);
}

static bool is_numbered(const curve_def *def, int row) {
  return row == 0 || row == def->height - 1 || row == def->height / 2;
}

/// Characters of the numbers to the left of the drawing.
static int margin_of(const curve_def *def, scale sy) {
  NUMBERS_WITHOUT_LOCALE;
  int most = 0;
  if (!def->columns) return 9;
  for (int row = 0; row < def->height; ++row) {
    const int n = is_numbered(def, row) ? snprintf(NULL, 0, "%.4g", value_of_row(def, sy, row)) : 0;
    if (n > most) most = n;
  }
  return most;
}

static void draw_series(canvas *c, const curve_def *def, scale sx, scale sy) {
  int last_x = -1, last_y = 0;
  for (int64_t i = 0; i < def->n; ++i) {
    if (!isfinite(def->x[i]) || !isfinite(def->y[i])) continue;
    int x = place(def->x[i], sx, c->dots_x);
    int y = c->dots_y - 1 - place(def->y[i], sy, c->dots_y);
    int from_x = last_x < 0 ? x : last_x, from_y = last_x < 0 ? y : last_y;
    int steps = abs(x - from_x) > abs(y - from_y) ? abs(x - from_x) : abs(y - from_y);
    for (int k = 0; k <= steps; ++k) {
      double share = steps ? (double)k / steps : 0;
      put(c, from_x + (int)lround(share * (x - from_x)), from_y + (int)lround(share * (y - from_y)),
          DOT_CURVE);
    }
    last_x = x;
    last_y = y;
  }
}

static void draw_levels(canvas *c, const curve_def *def, scale sy) {
  for (int64_t i = 0; i < def->n_level; ++i) {
    if (!isfinite(def->level[i].y)) continue;
    int y = c->dots_y - 1 - place(def->level[i].y, sy, c->dots_y);
    for (int x = 0; x < c->dots_x; x += 2 * c->cell_x) put(c, x, y, DOT_LEVEL);
  }
}

static void print_cell(FILE *out, const canvas *c, int column, int row, bool unicode) {
  // Bits of U+2800's dots by (row, column) of the 4 x 2 cell.
  static const uint8_t braille[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
  unsigned bits = 0;
  uint8_t kinds = 0;
  for (int y = 0; y < c->cell_y; ++y)
    for (int x = 0; x < c->cell_x; ++x) {
      uint8_t kind = c->dot[(row * c->cell_y + y) * c->dots_x + column * c->cell_x + x];
      kinds |= kind;
      if (kind && unicode) bits |= braille[y][x];
    }
  if (!unicode) {
    fputc(kinds & DOT_CURVE ? '*' : kinds & DOT_LEVEL ? '-' : ' ', out);
  } else if (!bits) {
    fputc(' ', out);
  } else {
    unsigned code = 0x2800 + bits;
    fprintf(out, "%c%c%c", (int)(0xe0 | (code >> 12)), (int)(0x80 | ((code >> 6) & 0x3f)),
            (int)(0x80 | (code & 0x3f)));
  }
}

/// Names of the levels, each on a row of its own.
typedef struct labels {
  int n, width;  // width: of the longest
  int row[MOST_LEVELS];
  char text[MOST_LEVELS][LABEL_SIZE];
} labels;

/// `numbers`: with the levels' values. From the highest to the lowest, and no two on one row.
static void write_labels(const curve_def *def, const canvas *c, scale sy, bool numbers,
                         labels *out) {
  NUMBERS_WITHOUT_LOCALE;
  int64_t order[MOST_LEVELS];
  *out = (labels){.n = 0};
  for (int64_t i = 0; i < def->n_level && out->n < MOST_LEVELS; ++i) {
    if (!isfinite(def->level[i].y)) continue;
    int at = out->n++;
    for (; at > 0 && def->level[i].y > def->level[order[at - 1]].y; --at) order[at] = order[at - 1];
    order[at] = i;
  }
  if (out->n > def->height) out->n = def->height;
  for (int k = 0; k < out->n; ++k) {
    const curve_level *level = &def->level[order[k]];
    const int y = c->dots_y - 1 - place(level->y, sy, c->dots_y);
    out->row[k] = y / c->cell_y;
    if (k > 0 && out->row[k] <= out->row[k - 1]) out->row[k] = out->row[k - 1] + 1;
    if (numbers)
      snprintf(out->text[k], LABEL_SIZE, "%s %.4g", level->name, level->y);
    else
      snprintf(out->text[k], LABEL_SIZE, "%s", level->name);
    const int length = text_width(out->text[k]);
    if (length > out->width) out->width = length;
  }
  for (int k = out->n - 1, last = def->height - 1; k >= 0; --k, --last)
    if (out->row[k] > last) out->row[k] = last;
}

const char *curve_count(double count, char *text) {
  NUMBERS_WITHOUT_LOCALE;
  static const struct {
    double size;
    const char *mark;
  } unit[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (size_t i = 0; i < sizeof unit / sizeof *unit; ++i)
    if (fabs(count) >= unit[i].size) {
      snprintf(text, 32, "%.3g%s", count / unit[i].size, unit[i].mark);
      return text;
    }
  snprintf(text, 32, "%.3g", count);
  return text;
}

static void print_axis(FILE *out, const curve_def *def, scale sx, int width, int margin) {
  fprintf(out, "%*s %s", margin, "", def->unicode ? "└" : "+");
  for (int x = 0; x < width; ++x) fputs(def->unicode ? "─" : "-", out);
  char first[32], last[32];
  curve_count(sx.low, first);
  curve_count(sx.high, last);
  const char *label = def->x_label ? def->x_label : "";
  int room = width - (int)strlen(first), more = (int)strlen(label) + 1;
  if (def->columns && room - more < (int)strlen(last) + 1) label = "";
  if (def->columns && *label) room -= more;  // the label ends where the drawing does
  fprintf(out, "\n%*s  %s%*s%s%s\n", margin, "", first, room > 0 ? room : 1, last,
          *label ? " " : "", label);
}

static void print_drawing(FILE *out, const canvas *c, const curve_def *def, scale sx, scale sy,
                          const labels *names) {
  NUMBERS_WITHOUT_LOCALE;
  const int margin = margin_of(def, sy);
  if (def->title && def->columns)
    text_fold(def->title, def->columns, 2, out);
  else if (def->title)
    fprintf(out, "%s\n", def->title);
  for (int row = 0, name = 0; row < def->height; ++row) {
    if (is_numbered(def, row))
      fprintf(out, "%*.4g %s", margin, value_of_row(def, sy, row), def->unicode ? "┤" : "|");
    else
      fprintf(out, "%*s %s", margin, "", def->unicode ? "│" : "|");
    for (int column = 0; column < c->dots_x / c->cell_x; ++column)
      print_cell(out, c, column, row, def->unicode);
    if (name < names->n && names->row[name] == row) fprintf(out, " %s", names->text[name++]);
    fputc('\n', out);
  }
  print_axis(out, def, sx, c->dots_x / c->cell_x, margin);
}

static void find_scales(const curve_def *def, scale *sx, scale *sy) {
  *sx = *sy = (scale){INFINITY, -INFINITY};
  for (int64_t i = 0; i < def->n; ++i)
    if (isfinite(def->x[i]) && isfinite(def->y[i])) {
      widen(sx, def->x[i]);
      widen(sy, def->y[i]);
    }
  if (def->x_end > 0) widen(sx, def->x_end);
  for (int64_t i = 0; i < def->n_level; ++i) widen(sy, def->level[i].y);
  open_up(sx);
  open_up(sy);
}

/// What the labels leave of a line; they lose their numbers where that is little.
static int choose_width(const curve_def *def, const canvas *c, scale sy, labels *names) {
  enum { LITTLE = 24 };
  write_labels(def, c, sy, true, names);
  if (!def->columns) return def->width;
  const int all = def->columns - margin_of(def, sy) - 2;
  if (all - names->width - 1 < LITTLE) write_labels(def, c, sy, false, names);
  return names->n ? all - names->width - 1 : all;
}

throng_status curve_render(const curve_def *def, char **out) {
  *out = NULL;
  scale sx, sy;
  labels names;
  canvas c = {.cell_x = def->unicode ? 2 : 1, .cell_y = def->unicode ? 4 : 1};
  c.dots_y = def->height * c.cell_y;
  find_scales(def, &sx, &sy);
  const int width = choose_width(def, &c, sy, &names);
  if (width < 8 || width > 400 || def->height < 3 || def->height > 400)
    return throng_fail(THRONG_ERROR_ARGUMENT, "curve: %d x %d is not in 8..400 x 3..400", width,
                       def->height);
  c.dots_x = width * c.cell_x;
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)c.dots_x * (size_t)c.dots_y, 1, "curve"));
  c.dot = block;
  draw_levels(&c, def, sy);
  draw_series(&c, def, sx, sy);

  size_t size;
  FILE *text = open_memstream(out, &size);
  bool good = text != NULL;
  if (good) {
    print_drawing(text, &c, def, sx, sy, &names);
    good = !ferror(text);
    good = fclose(text) == 0 && good;
  }
  free(c.dot);
  if (good) return THRONG_OK;
  free(*out);
  *out = NULL;
  return throng_fail(THRONG_ERROR_MEMORY, "curve: no memory for its text");
}
