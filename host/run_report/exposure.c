/// What is shown: by popularity, by category, how unevenly, and the items themselves.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "run_report/parts.h"

enum { GROUPS = 10, CATEGORIES = 12, ITEMS = 10 };

/// What all drawings look up; one is made a page.
typedef struct exposure {
  const run_page *p;
  const throng_world *world;
  int64_t n_item;
  int64_t *known;              // (n_item) answers in the histories
  int32_t *popular;            // (n_item) items, the most answered first
  double shown[PLAYED_COUNT];  // in all
  double answers;
} exposure;

typedef struct ranked_item {
  int64_t count;
  int32_t item;
} ranked_item;

static int most_first(const void *a, const void *b) {
  const ranked_item *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return (x->item > y->item) - (x->item < y->item);
}

static void rank_by(int64_t n, const int64_t *count, ranked_item *to) {
  for (int64_t i = 0; i < n; ++i) to[i] = (ranked_item){count[i], (int32_t)i};
  qsort(to, (size_t)n, sizeof *to, most_first);
}

static const char *const played_name[PLAYED_COUNT] = {NULL, "random", "popular"};
static const char *const played_style[PLAYED_COUNT] = {"c0", "c6 dash", "c1 dash"};

// ---- by popularity ------------------------------------------------------------------------------
static double share_of_group(const exposure *e, const int64_t *count, double total, int group) {
  double sum = 0;
  for (int64_t i = e->n_item * group / GROUPS; i < e->n_item * (group + 1) / GROUPS; ++i)
    sum += (double)count[e->popular[i]];
  return total > 0 ? sum / total : (double)NAN;
}

/// Bars of the agent, and lines of what real users answered, random and popular.
static void draw_popularity(const exposure *e, const char *title) {
  NUMBERS_WITHOUT_LOCALE;
  FILE *out = e->p->out;
  double place[GROUPS], value[PLAYED_COUNT + 1][GROUPS], high = 0.01;
  const char *name[GROUPS] = {"top 10 %", "2nd", "3rd", "4th", "5th",
                              "6th",      "7th", "8th", "9th", "10th"};
  for (int g = 0; g < GROUPS; ++g) {
    place[g] = g;
    for (int k = 0; k < PLAYED_COUNT; ++k)
      value[k][g] = e->p->m->exposure[k] ? share_of_group(e, e->p->m->exposure[k], e->shown[k], g)
                                         : (double)NAN;
    value[PLAYED_COUNT][g] = share_of_group(e, e->known, e->answers, g);
    for (int k = 0; k <= PLAYED_COUNT; ++k)
      if (k != PLAYED_POPULAR) high = fmax(high, value[k][g]);  // its first bar is all of it
  }
  svg_axis x = {.label = "items by how often real users answered them, in tenths",
                .low = -0.5,
                .high = GROUPS - 0.5,
                .name = name,
                .n_name = GROUPS};
  svg_axis y = {.label = "share of what was shown", .low = 0, .high = 1.06 * high};
  page_figure_of(out, "popularity", PAGE_FULL, 280, 0, "Exposure by popularity",
                 "For each tenth of the catalogue, from the most to the least answered items, the "
                 "share of what sessions showed: bars the agent, lines random and the real users.",
                 &x, &y);
  for (int g = 0; g < GROUPS; ++g) {
    char hint[96];
    if (!isfinite(value[0][g])) continue;
    const double top = svg_place(&y, fmin(value[0][g], y.high)),
                 width = 0.6 * (x.to - x.from) / GROUPS;
    snprintf(hint, sizeof hint, "%s, %s: %.1f %%", title, name[g], 100 * value[0][g]);
    svg_bar(out, "c0", svg_place(&x, g) - width / 2, top, width, y.from - top, hint);
  }
  svg_line(out, played_style[PLAYED_RANDOM], &x, &y, GROUPS, place, value[PLAYED_RANDOM], false);
  svg_line(out, "c2", &x, &y, GROUPS, place, value[PLAYED_COUNT], false);
  const char *const style[] = {"c0", "c6", "c2"}, *const who[] = {title, "random", "real users"};
  svg_legend(out, 260, 14, 3, style, who);
  page_figure_end(out);
}

// ---- how unevenly -------------------------------------------------------------------------------
enum { CURVE = 101 };

/// Share of all that the least shown `share` of the items have.
static void lorenz(const exposure *e, const int64_t *count, double total, ranked_item *room,
                   double *y) {
  double sum = 0;
  int64_t at = e->n_item;
  rank_by(e->n_item, count, room);
  for (int k = 0; k < CURVE; ++k) {
    const int64_t until = e->n_item - e->n_item * k / (CURVE - 1);
    while (at > until) sum += (double)room[--at].count;
    y[k] = total > 0 ? sum / total : (double)NAN;
  }
}

static void draw_lorenz(const exposure *e, const char *title, ranked_item *room) {
  FILE *out = e->p->out;
  double x_value[CURVE], y_value[CURVE];
  const double ends[] = {0, 1};
  svg_axis x = {.label = "share of the items, the least shown first", .low = 0, .high = 1};
  svg_axis y = {.label = "share of what was shown", .low = 0, .high = 1};
  page_figure_of(
      out, "lorenz", 560, 340, 0, "How evenly items are shown",
      "Lorenz curves: the share of what was shown that went to the least shown items. The "
      "diagonal shows all items alike; twice the area above a curve is its Gini "
      "coefficient.",
      &x, &y);
  svg_line(out, "thin", &x, &y, 2, ends, ends, false);
  const char *style[PLAYED_COUNT], *name[PLAYED_COUNT];
  int n = 0;
  for (int k = 0; k < CURVE; ++k) x_value[k] = (double)k / (CURVE - 1);
  for (int k = 0; k < PLAYED_COUNT; ++k) {
    if (!e->p->m->exposure[k]) continue;
    lorenz(e, e->p->m->exposure[k], e->shown[k], room, y_value);
    svg_line(out, played_style[k], &x, &y, CURVE, x_value, y_value, false);
    style[n] = played_style[k];
    name[n++] = k == PLAYED_AGENT ? title : played_name[k];
  }
  svg_legend(out, 220, 14, n, style, name);
  page_figure_end(out);
}

static void write_unevenness(const exposure *e, const char *title, ranked_item *room) {
  static const char *const head[] = {"policy",   "shown", "of different items",
                                     "coverage", "Gini",  "to the 1 % most shown"};
  const run_measures *m = e->p->m;
  page_table(e->p->out, NULL, 6, head);
  for (int k = 0; k < PLAYED_COUNT; ++k) {
    char shown[32], items[32], coverage[32], top[32], gini[64];
    double different = 0, first = 0;
    if (!m->exposure[k]) continue;
    rank_by(e->n_item, m->exposure[k], room);
    for (int64_t i = 0; i < e->n_item; ++i) {
      different += room[i].count > 0;
      if (i < (e->n_item + 99) / 100) first += (double)room[i].count;
    }
    fputs("<tr>", e->p->out);
    page_cell(e->p->out, "th", k == PLAYED_AGENT ? title : played_name[k]);
    page_cell(e->p->out, "td", page_count(e->shown[k], shown));
    page_cell(e->p->out, "td", page_count(different, items));
    page_cell(e->p->out, "td", page_percent(different / (double)e->n_item, coverage));
    page_cell(e->p->out, "td", page_mean(m->metrics[k].gini, (double)NAN, 3, gini));
    page_cell(e->p->out, "td",
              page_percent(e->shown[k] > 0 ? first / e->shown[k] : (double)NAN, top));
    fputs("</tr>\n", e->p->out);
  }
  page_table_end(e->p->out);
}

// ---- categories ---------------------------------------------------------------------------------
/// An item of several categories counts a part for each.
static void add_categories(const exposure *e, const int64_t *count, double *to) {
  for (int64_t i = 0; i < e->n_item; ++i) {
    const int32_t *list;
    const int64_t n = throng_world_item_categories(e->world, i, &list);
    for (int64_t k = 0; k < n; ++k) to[list[k]] += (double)count[i] / (double)n;
  }
}

static throng_status draw_categories(const exposure *e) {
  FILE *out = e->p->out;
  const int64_t n = throng_world_get_info(e->world).n_category;
  double *agent, high = 1e-9;
  int64_t best[CATEGORIES];
  int rows = 0;
  if (n < 2 || !(e->shown[0] > 0)) return THRONG_OK;
  THRONG_TRY(throng_alloc((void **)&agent, 2 * (size_t)n, sizeof *agent, "report"));
  double *real = agent + n;
  add_categories(e, e->p->m->exposure[PLAYED_AGENT], agent);
  add_categories(e, e->known, real);
  for (int64_t c = 0; c < n; ++c) {
    agent[c] /= e->shown[0];
    real[c] = e->answers > 0 ? real[c] / e->answers : 0;
    int at = rows < CATEGORIES ? rows++ : CATEGORIES;
    for (; at > 0 && agent[best[at - 1]] < agent[c]; --at)
      if (at < CATEGORIES) best[at] = best[at - 1];
    if (at < CATEGORIES) best[at] = c;
  }
  for (int k = 0; k < rows; ++k) high = fmax(high, fmax(agent[best[k]], real[best[k]]));
  page_drawing(out, "categories", PAGE_FULL, 12 + PAGE_BAR * rows, "Categories",
               "A bar for each category that was shown most: its share of what the agent showed; "
               "hollow, where it reaches further, its share of what real users answered.");
  for (int k = 0; k < rows; ++k) {
    char shown[32], answered[32], text[96];
    const int64_t c = best[k];
    snprintf(text, sizeof text, "%s (%s)", page_percent(agent[c], shown),
             page_percent(real[c], answered));
    page_bar(out, "c0", k, PAGE_FULL, agent[c] / high, real[c] / high,
             throng_world_category_name(e->world, c), text);
  }
  page_figure_end(out);
  free(agent);
  return THRONG_OK;
}

// ---- items --------------------------------------------------------------------------------------
static void write_items(const exposure *e, ranked_item *room) {
  static const char *const head[] = {"item", "\ttitle", "shown", "of all", "place by popularity"};
  FILE *out = e->p->out;
  rank_by(e->n_item, e->p->m->exposure[PLAYED_AGENT], room);
  page_table(out, "The items that the agent shows most", 5, head);
  for (int64_t i = 0; i < e->n_item && i < ITEMS && room[i].count > 0; ++i) {
    char shown[32], share[32], place[32];
    const int32_t item = room[i].item;
    int64_t at = 0;
    while (e->popular[at] != item) ++at;
    const char *id = throng_world_item_id(e->world, item);
    fputs("<tr><th>", out);
    page_name(out, id, "(no id)", 40);
    fputs("</th><td class=\"text\">", out);
    page_name(out, throng_world_item_name(e->world, item), id, 120);
    fputs("</td>", out);
    page_cell(out, "td", page_count((double)room[i].count, shown));
    page_cell(out, "td", page_percent((double)room[i].count / e->shown[0], share));
    page_cell(out, "td", page_count((double)at + 1, place));
    fputs("</tr>\n", out);
  }
  page_table_end(out);
}

static throng_status write(exposure *e, ranked_item *room) {
  char title[32];
  const run_measures *m = e->p->m;
  run_files_agent(e->p->files, title);
  throng_world_item_counts(e->world, e->known, NULL);
  rank_by(e->n_item, e->known, room);
  for (int64_t i = 0; i < e->n_item; ++i) {
    e->popular[i] = room[i].item;
    e->answers += (double)e->known[i];
    for (int k = 0; k < PLAYED_COUNT; ++k)
      if (m->exposure[k]) e->shown[k] += (double)m->exposure[k][i];
  }
  draw_popularity(e, title);
  write_unevenness(e, title, room);
  draw_lorenz(e, title, room);
  page_heading(e->p->out, "Categories: what is shown (what real users answered)");
  THRONG_TRY(draw_categories(e));
  write_items(e, room);
  return THRONG_OK;
}

throng_status run_page_exposure(const run_page *p) {
  const run_measures *m = p->m;
  page_section(
      p->out, "exposure", "Exposure: what is shown",
      "Of sessions that the newest checkpoint's agent played for this page, and random and "
      "popular items beside it.");
  if (!m->exposure[PLAYED_AGENT]) {
    page_note(p->out, "Not measured: %s", m->why);
    page_section_end(p->out);
    return THRONG_OK;
  }
  exposure e = {.p = p, .world = m->opened.world};
  ranked_item *room = NULL;
  throng_status status;
  e.n_item = throng_world_get_info(e.world).n_item;
  const size_t n = (size_t)e.n_item;
  THRONG_TRY_GOTO(throng_alloc((void **)&e.known, n, sizeof *e.known, "report"));
  THRONG_TRY_GOTO(throng_alloc((void **)&e.popular, n, sizeof *e.popular, "report"));
  THRONG_TRY_GOTO(throng_alloc((void **)&room, n, sizeof *room, "report"));
  status = write(&e, room);
done:
  free(e.known);
  free(e.popular);
  free(room);
  page_section_end(p->out);
  return status;
}
