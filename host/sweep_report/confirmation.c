/// What the best trials are worth on fresh seeds: the figures of a report that one may quote.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep_report/parts.h"

enum { MOST = SVG_COLOURS };

static const char *const colour[MOST] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

static const char *interval_text(const statistics_interval *i, char *text, size_t size) {
  char point[32], low[32], high[32];
  if (isnan(i->point)) return strcpy(text, "-");
  snprintf(text, size, "%s [%s, %s]", svg_number(i->point, false, point),
           svg_number(i->low, false, low), svg_number(i->high, false, high));
  return text;
}

static const char *contender_name(const sweep_report_contender *c, char *text, size_t size) {
  snprintf(text, size, c->trial ? "trial %lld" : "trial %lld (the config)", (long long)c->trial);
  return text;
}

static void write_table(const report *r) {
  char text[128];
  static const char *const head[] = {"trial", "seeds", "IQM", "P(better than the config)"};
  page_table(r->out, NULL, 4, head);
  for (int32_t k = 0; k < r->extra->n_contender; ++k) {
    const sweep_report_contender *c = &r->extra->contender[k];
    fputs("<tr>", r->out);
    page_cell(r->out, "td", contender_name(c, text, sizeof text));
    snprintf(text, sizeof text, "%lld", (long long)c->n_seed);
    page_cell(r->out, "td", text);
    page_cell(r->out, "td", interval_text(&c->iqm, text, sizeof text));
    page_cell(r->out, "td", interval_text(&c->improvement, text, sizeof text));
    fputs("</tr>\n", r->out);
  }
  page_table_end(r->out);
}

/// A row a contender: its seeds, its interval, its IQM.
static void draw_intervals(const report *r, int32_t n, double *value, int64_t n_value) {
  char text[MOST][64], hint[128], number[32];
  const char *name[MOST];
  for (int32_t k = 0; k < n; ++k)
    name[k] = contender_name(&r->extra->contender[k], text[k], sizeof text[k]);
  svg_axis x = svg_axis_around(r->def->metric[0], n_value, value, false);
  svg_axis y = {.low = n - 0.5, .high = -0.5, .name = name, .n_name = n};
  page_figure(r->out, "confirmed", "Interquartile means on fresh seeds",
              "A row a trial: a small point a seed, a bar for the interval of the interquartile "
              "mean, a large point for the mean itself.",
              &x, &y);
  for (int32_t k = 0; k < n; ++k) {
    const sweep_report_contender *c = &r->extra->contender[k];
    const double at = svg_place(&y, k), low = svg_place(&x, c->iqm.low);
    char style[16];
    snprintf(style, sizeof style, "hollow %s", colour[k]);
    if (isfinite(c->iqm.low) && isfinite(c->iqm.high)) {
      interval_text(&c->iqm, hint, sizeof hint);
      svg_bar(r->out, colour[k], low, at - 3, svg_place(&x, c->iqm.high) - low, 6, hint);
    }
    for (int64_t i = 0; i < c->n_seed; ++i)
      if (isfinite(c->score[i]))
        svg_point(r->out, style, svg_place(&x, c->score[i]), at + 10, 2.5,
                  svg_number(c->score[i], false, number));
    if (isfinite(c->iqm.point))
      svg_point(r->out, colour[k], svg_place(&x, c->iqm.point), at, 5,
                svg_number(c->iqm.point, false, number));
  }
  page_figure_end(r->out);
}

static void draw_profiles(const report *r, int32_t n, double *work) {
  const int32_t n_tau = r->extra->n_tau;
  double *share = work, *low = share + n_tau, *high = low + n_tau;
  const double ends[2] = {0, 1};
  svg_axis x = svg_axis_around(r->def->metric[0], n_tau, r->extra->tau, false);
  svg_axis y = svg_axis_around("share of seeds above", 2, ends, false);
  char text[MOST][64];
  const char *name[MOST];
  int32_t drawn = 0;
  page_figure(r->out, "profiles", "Performance profiles",
              "For each trial the share of fresh seeds with a value above what the axis says.", &x,
              &y);
  for (int32_t k = 0; k < n; ++k) {
    const sweep_report_contender *c = &r->extra->contender[k];
    snprintf(text[k], sizeof text[k], "trial %lld", (long long)c->trial);
    name[k] = text[k];
    if (!c->profile) continue;
    for (int32_t i = 0; i < n_tau; ++i)
      share[i] = c->profile[i].point, low[i] = c->profile[i].low, high[i] = c->profile[i].high;
    svg_band(r->out, colour[k], &x, &y, n_tau, r->extra->tau, low, high);
    svg_line(r->out, colour[k], &x, &y, n_tau, r->extra->tau, share, false);
    drawn = k + 1;
  }
  svg_legend(r->out, 150, 14, drawn, colour, name);
  page_figure_end(r->out);
}

throng_status report_confirmation(const report *r) {
  const int32_t n = r->extra->n_contender < MOST ? r->extra->n_contender : MOST;
  if (n == 0) return THRONG_OK;
  size_t n_value = 0;
  bool profiles = false;
  for (int32_t k = 0; k < n; ++k) {
    n_value += (size_t)r->extra->contender[k].n_seed + 3;
    profiles |= r->extra->contender[k].profile != NULL;
  }
  void *block = NULL;
  THRONG_TRY(throng_alloc(&block, n_value + 3 * (size_t)r->extra->n_tau, sizeof(double), "report"));
  double *value = block;
  int64_t filled = 0;
  for (int32_t k = 0; k < n; ++k) {
    const sweep_report_contender *c = &r->extra->contender[k];
    for (int64_t i = 0; i < c->n_seed; ++i) value[filled++] = c->score[i];
    value[filled++] = c->iqm.low;
    value[filled++] = c->iqm.point;
    value[filled++] = c->iqm.high;
  }
  char note[192];
  snprintf(note, sizeof note,
           "Trained again on seeds that the sweep has not seen: interquartile means (IQM), and how "
           "likely a seed beats one of the config's own, with %.0f %% bootstrap intervals.",
           100 * (r->extra->level > 0 ? r->extra->level : 0.95));
  page_section(r->out, NULL, "Confirmation on fresh seeds", note);
  write_table(r);
  draw_intervals(r, n, value, filled);
  if (profiles && r->extra->n_tau > 1) draw_profiles(r, n, value + n_value);
  page_section_end(r->out);
  free(block);
  return THRONG_OK;
}
