/// Learning curves: what evaluations came to, with yardsticks as lines, and what learning says of
/// itself.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "run_report/parts.h"

enum { MOST_POINTS = 2000, LEVELS_MOST = 16, NAMES = 112 /* pixels beside a drawing */ };

// ---- a drawing ----------------------------------------------------------------------------------
/// Names at the right ends, from the top down, each below the one before.
static void write_ends(FILE *out, const svg_axis *x, int n, const page_level *end,
                       const svg_axis *y) {
  bool done[LEVELS_MOST + SVG_COLOURS] = {false};
  double last = -INFINITY;
  char text[64];
  for (int k = 0; k < n; ++k) {
    int top = -1;
    for (int i = 0; i < n; ++i)
      if (!done[i] && (top < 0 || end[i].y > end[top].y)) top = i;
    done[top] = true;
    last = fmax(svg_place(y, end[top].y) + 4, last + 12);
    const double from = x->to + (end[top].style ? 16 : 5);
    if (end[top].style) svg_bar(out, end[top].style, x->to + 5, last - 8, 8, 8, NULL);
    svg_text(out, "start", from, last, svg_shortened(end[top].name, 16, text, sizeof text));
  }
}

static svg_axis value_axis(const char *label, int n, const page_curve *curve, int n_level,
                           const page_level *level, double *room) {
  int64_t at = 0;
  for (int k = 0; k < n; ++k)
    for (int64_t i = 0; i < curve[k].n; ++i) {
      room[at++] = curve[k].y[i];
      if (!curve[k].low) continue;
      room[at++] = curve[k].low[i];
      room[at++] = curve[k].high[i];
    }
  for (int k = 0; k < n_level; ++k) room[at++] = level[k].y;
  return svg_axis_around(label, at, room, false);
}

static void draw_curve(FILE *out, const page_curve *c, const svg_axis *x, const svg_axis *y) {
  NUMBERS_WITHOUT_LOCALE;
  char hint[160], steps[32];
  if (c->low) svg_band(out, c->style, x, y, c->n, c->x, c->low, c->high);
  svg_line(out, c->style, x, y, c->n, c->x, c->y, false);
  const int64_t every = c->n > 60 ? c->n : 1;  // points that one can point at, the last always
  for (int64_t i = c->n - 1; i >= 0; i -= every) {
    snprintf(hint, sizeof hint, "%s%s%s user-steps: %.5g", c->name ? c->name : "",
             c->name ? ", " : "", page_count(c->x[i], steps), c->y[i]);
    if (isfinite(c->y[i]))
      svg_point(out, c->style, svg_place(x, c->x[i]), svg_place(y, c->y[i]),
                strstr(c->style, "thin") ? 1.5 : 2.5, hint);
  }
}

throng_status run_page_draw_curves(FILE *out, const char *id, double width, double height,
                                   const char *label, const char *description, int n,
                                   const page_curve *curve, int n_level, const page_level *level) {
  int64_t total = LEVELS_MOST;
  double most = 0;
  int n_end = 0;
  page_level end[LEVELS_MOST + SVG_COLOURS];
  double *room;
  for (int k = 0; k < n; ++k) {
    total += 3 * curve[k].n;
    if (curve[k].n) most = fmax(most, curve[k].x[curve[k].n - 1]);
    if (curve[k].name && curve[k].n && n_end < SVG_COLOURS)
      end[n_end++] = (page_level){curve[k].name, curve[k].y[curve[k].n - 1], curve[k].style};
  }
  if (n_level > LEVELS_MOST) n_level = LEVELS_MOST;
  for (int k = 0; k < n_level; ++k) end[n_end++] = level[k];
  THRONG_TRY(throng_alloc((void **)&room, (size_t)total, sizeof *room, "report"));
  svg_axis y = value_axis(label, n, curve, n_level, level, room);
  free(room);
  svg_axis x = {.label = "user-steps", .low = 0, .high = most > 0 ? most : 1, .count = true};
  page_figure_of(out, id, width, height, n_end ? NAMES : 0, label, description, &x, &y);
  for (int k = 0; k < n_level; ++k) {
    const double across[] = {x.low, x.high}, at[] = {level[k].y, level[k].y};
    svg_line(out, "c6 dash", &x, &y, 2, across, at, false);
  }
  for (int k = n; k-- > 0;) draw_curve(out, &curve[k], &x, &y);  // the first on top
  write_ends(out, &x, n_end, end, &y);
  page_figure_end(out);
  return THRONG_OK;
}

// ---- intervals ----------------------------------------------------------------------------------
void run_page_draw_intervals(FILE *out, const char *id, const char *label, const char *description,
                             int n, const page_interval *row) {
  NUMBERS_WITHOUT_LOCALE;
  enum { MOST = 64 };
  const char *name[MOST];
  double ends[3 * MOST + 1] = {0};
  char hint[200];
  int n_end = 1;
  if (n > MOST) n = MOST;
  if (n < 1) return;
  for (int k = 0; k < n; ++k) {
    name[k] = row[k].name;
    const double all[] = {row[k].mean, row[k].low, row[k].high};
    for (int j = 0; j < 3; ++j)
      if (isfinite(all[j])) ends[n_end++] = all[j];
  }
  svg_axis x = svg_axis_around(label, n_end, ends, false);
  svg_axis y = {.low = n - 0.5, .high = -0.5, .name = name, .n_name = n};
  page_figure_of(out, id, PAGE_FULL, 74 + 26 * n, 0, label, description, &x, &y);
  fprintf(out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1f\"/>\n", svg_place(&x, 0), y.from, y.to);
  for (int k = 0; k < n; ++k) {
    const double at = svg_place(&y, k), low = svg_place(&x, row[k].low);
    snprintf(hint, sizeof hint, "%s: %+.2f [%+.2f, %+.2f]", name[k], row[k].mean, row[k].low,
             row[k].high);
    if (isfinite(row[k].low) && isfinite(row[k].high))
      svg_bar(out, row[k].style, low, at - 2, svg_place(&x, row[k].high) - low, 4, hint);
    if (isfinite(row[k].mean))
      svg_point(out, row[k].style, svg_place(&x, row[k].mean), at, 5, hint);
  }
  page_figure_end(out);
}

// ---- a run's ------------------------------------------------------------------------------------
/// At most MOST_POINTS of a series, evenly, the last among them.
static int64_t thin_out(int64_t n, double *x, double *y) {
  const int64_t every = (n + MOST_POINTS - 1) / MOST_POINTS;
  int64_t kept = 0;
  if (every <= 1) return n;
  for (int64_t i = (n - 1) % every; i < n; i += every) {
    x[kept] = x[i];
    y[kept++] = y[i];
  }
  return kept;
}

/// A.Rwd with its interval, single agents of a population as thin lines, yardsticks across.
static throng_status draw_reward(const run_page *p, double *room) {
  const run_files *f = p->files;
  const size_t n_row = (size_t)f->n_row;
  page_curve curve[RUN_AGENTS_MOST + 1];
  page_level level[LEVELS_MOST];
  char title[32], player[LEVELS_MOST][32], name[64];
  int n = 0, n_level = 0;
  double *x = room, *y = x + n_row, *error = y + n_row, *low = error + n_row, *high = low + n_row;
  const int64_t count = run_files_series(f, "evaluation/agent/average_reward", x, y);
  const int64_t errors = run_files_series(f, "evaluation/agent/average_reward_sem", low, error);
  const bool band = errors == count && count <= MOST_POINTS;
  for (int64_t i = 0; i < count && band; ++i) {
    low[i] = y[i] - 1.96 * error[i];
    high[i] = y[i] + 1.96 * error[i];
  }
  curve[n++] =
      (page_curve){run_files_agent(f, title), "c0", thin_out(count, x, y), x, y, band ? low : NULL,
                   band ? high : NULL};
  double *more = high + n_row;
  for (int k = 0; k < RUN_AGENTS_MOST; ++k, more += 2 * n_row) {
    snprintf(name, sizeof name, "evaluation/agent_%d/average_reward", k);
    const int64_t own = run_files_series(f, name, more, more + n_row);
    if (own == 0) break;
    curve[n++] = (page_curve){
        NULL, "c5 thin", thin_out(own, more, more + n_row), more, more + n_row, NULL, NULL};
  }
  const cJSON *one;
  cJSON_ArrayForEach(one, f->policies) {
    const double value = json_number(one, "average_reward");
    if (!strcmp(one->string, "agent") || !isfinite(value) || n_level == LEVELS_MOST) continue;
    level[n_level] = (page_level){run_files_player(f, one->string, player[n_level]), value, NULL};
    ++n_level;
  }
  if (count == 0 && n == 1) {
    fputs("<p>No evaluation of the agent was written.</p>\n", p->out);
    return THRONG_OK;
  }
  return run_page_draw_curves(
      p->out, "curve-reward", PAGE_FULL, PAGE_FULL_HIGH, "A.Rwd: likes a session",
      "The agent's mean return of an evaluation session over its user-steps, with yardsticks as "
      "dashed lines.",
      n, curve, n_level, level);
}

/// Metrics of small drawings, those that a run has.
static const struct {
  const char *metric, *id, *label, *what;
  const char *yardsticks;  // the players' metric, as lines; NULL: none
} small[] = {
    {"evaluation/agent/liking", "liking", "Liking%",
     "Of the items ranked first at a session's start, the share that is liked.", "liking"},
    {"evaluation/agent/reward_per_step", "step", "likes a step",
     "Likes over steps of all evaluation sessions.", "reward_per_step"},
    {"evaluation/agent/coverage", "coverage", "coverage",
     "Share of the catalogue that evaluation sessions showed.", "coverage"},
    {"train/return", "return", "return in training",
     "Mean return of sessions that ended in training, with exploration.", NULL},
    {"train/loss", "loss", "loss", "The loss that is minimised.", NULL},
    {"train/epsilon", "epsilon", "epsilon", "Share of random actions in training.", NULL},
    {"train/entropy_loss", "entropy", "entropy loss",
     "Minus the policy's entropy: it rises to 0 as the policy settles.", NULL},
    {"train/q", "q", "mean Q", "Mean value of what was shown.", NULL},
    {"train/value_loss", "value", "value loss", "The critic's squared error.", NULL},
    {"train/approx_kl", "kl", "approximate KL",
     "How far an update moved the policy from the one that made the rollout.", NULL},
    {"train/explained_variance", "variance", "explained variance",
     "Of the returns by the critic: 1 is all of it.", NULL},
    {"train/grad_norm", "gradient", "gradient norm", "Before clipping.", NULL},
    {"train/user_steps_per_second", "rate", "user-steps a second", "Of training alone.", NULL},
};

static throng_status draw_small(const run_page *p, size_t k, double *room) {
  const run_files *f = p->files;
  page_level level[LEVELS_MOST];
  char id[32], player[LEVELS_MOST][32];
  int n_level = 0;
  double *x = room, *y = room + f->n_row;
  const int64_t n = run_files_series(f, small[k].metric, x, y);
  const page_curve curve = {NULL, "c0", thin_out(n, x, y), x, y, NULL, NULL};
  // Policies draw what they show: their epsilon says nothing.
  const bool draws = strcmp(run_files_text(f, "agent.algorithm", "dqn"), "dqn") != 0;
  if (n == 0 || (draws && !strcmp(small[k].id, "epsilon"))) return THRONG_OK;
  const cJSON *one;
  cJSON_ArrayForEach(one, f->policies) {
    const double value = small[k].yardsticks ? json_number(one, small[k].yardsticks) : (double)NAN;
    if (!strcmp(one->string, "agent") || !isfinite(value) || n_level == LEVELS_MOST) continue;
    level[n_level] = (page_level){run_files_player(f, one->string, player[n_level]), value, NULL};
    ++n_level;
  }
  snprintf(id, sizeof id, "curve-%s", small[k].id);
  return run_page_draw_curves(p->out, id, PAGE_SMALL, PAGE_SMALL_HIGH, small[k].label,
                              small[k].what, 1, &curve, n_level, level);
}

throng_status run_page_curves(const run_page *p) {
  double *room;
  const size_t n = (size_t)p->files->n_row * (5 + 2 * RUN_AGENTS_MOST);
  THRONG_TRY(throng_alloc((void **)&room, n, sizeof *room, "report"));
  page_section(p->out, "curves", "Learning curves",
               "Points are evaluations on users apart from training's; the band holds 95 % by "
               "these users' spread, which all who play share. Dashed: those who learn nothing.");
  throng_status status = draw_reward(p, room);
  fputs("<div class=\"grid\">\n", p->out);
  for (size_t k = 0; k < sizeof small / sizeof *small && status == THRONG_OK; ++k)
    status = draw_small(p, k, room);
  fputs("</div>\n", p->out);
  page_section_end(p->out);
  free(room);
  return status;
}
