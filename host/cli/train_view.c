/// What stands above the progress bar of a training run, and the lines that stand for it elsewhere.
#include "cli/train_view.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "evaluate/yardsticks.h"

enum { LINE = 512, FIELD = 64, FIELDS = 8 };

static const char curve_title[] = "A.Rwd, mean return of an evaluation episode";

static void add_point(train_view *v, double x, double y) {
  if (throng_grow((void **)&v->x, &v->capacity_x, (size_t)v->n + 1, sizeof *v->x, "curve") ||
      throng_grow((void **)&v->y, &v->capacity_y, (size_t)v->n + 1, sizeof *v->y, "curve"))
    return;
  v->x[v->n] = x;
  v->y[v->n++] = y;
}

/// The evaluations before `step` that the run folder has: a resumed run shows all of its curve.
static void read_earlier(train_view *v, int64_t before) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/metrics.jsonl", v->out);
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  while (file && getline(&line, &capacity, file) > 0) {
    cJSON *row = cJSON_Parse(line);
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(row, "step");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, "evaluation/agent/average_reward");
    if (cJSON_IsNumber(step) && cJSON_IsNumber(value) && step->valuedouble < (double)before)
      add_point(v, step->valuedouble, value->valuedouble);
    cJSON_Delete(row);
  }
  free(line);
  if (file) fclose(file);
}

// --- the figures of an evaluation ------------------------------------------------------------

/// Figures and how gladly each gives way where the line is short: those of 0 never.
typedef struct figures {
  char text[FIELDS][FIELD];
  int gives_way[FIELDS];
  int n;
} figures;

static void add(figures *f, int gives_way, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(figures *f, int gives_way, const char *format, ...) {
  NUMBERS_WITHOUT_LOCALE;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(f->text[f->n], FIELD, format, arguments);
  va_end(arguments);
  f->gives_way[f->n++] = gives_way;
}

/// By what this process has done since its first evaluation, so that evaluations count too; NaN
/// before there is anything.
static double seconds_left(const train_view *v) {
  const int64_t done = v->last.user_steps - v->started_at;
  if (done <= 0) return NAN;
  const double each = (v->heard - v->started) / (double)done;
  return each * (double)(v->last.steps - v->last.user_steps) - (clock_now() - v->heard);
}

static void gather(const train_view *v, bool live, figures *f) {
  const train_evaluation *e = &v->last;
  char done[32], all[32], rate[32], left[32];
  f->n = 0;
  if (!live)
    add(f, 0, "%s/%s", curve_count((double)e->user_steps, done),
        curve_count((double)e->steps, all));
  if (e->n_agent > 1)
    add(f, 0, "A.Rwd %.2f, best %.2f", e->agent->average_reward, e->best);
  else
    add(f, 0, "A.Rwd %.2f", e->agent->average_reward);
  add(f, 2, "liking %.1f%%", e->agent->liking);
  if (!isnan(e->loss)) add(f, 1, "loss %.2g", e->loss);
  if (!isnan(e->epsilon)) add(f, 3, "epsilon %.2g", e->epsilon);
  if (!isnan(e->entropy)) add(f, 3, "entropy %.2g", e->entropy);
  if (e->user_steps_per_second > 0) add(f, 4, "%s/s", curve_count(e->user_steps_per_second, rate));
  const double seconds = seconds_left(v);
  if (!isnan(seconds) && seconds > 0.5) {
    cli_duration(seconds, left, sizeof left);
    add(f, 1, "%s left", left);
  }
}

/// In no more than `width` characters.
static void write_figures(figures *f, int width, char text[LINE]) {
  for (;;) {
    int worst = -1;
    text[0] = '\0';
    for (int k = 0; k < f->n; ++k) {
      if (f->gives_way[k] < 0) continue;
      snprintf(text + strlen(text), LINE - strlen(text), "%s%s", *text ? "  " : "", f->text[k]);
      if (f->gives_way[k] > 0 && (worst < 0 || f->gives_way[k] > f->gives_way[worst])) worst = k;
    }
    if (text_width(text) <= width || worst < 0) return;
    f->gives_way[worst] = -1;
  }
}

// --- the view --------------------------------------------------------------------------------

static throng_status render(const train_view *v, int width, int height, double x_end, char **out) {
  enum { MOST_COLUMNS = 120 };
  const curve_def def = {.columns = width < MOST_COLUMNS ? width : MOST_COLUMNS,
                         .height = height,
                         .unicode = cli_unicode(),
                         .title = curve_title,
                         .x_label = "user-steps",
                         .n = v->n,
                         .x = v->x,
                         .y = v->y,
                         .x_end = x_end,
                         .n_level = v->n_level,
                         .level = v->level};
  return curve_render(&def, out);
}

static void draw(void *context, int width, int height, bool colour, FILE *out) {
  enum { AROUND = 5, LEAST = 3, MOST = 15 };  // title (two lines of a narrow one), axis, figures
  const train_view *v = context;
  char *curve, text[LINE];
  figures f;
  if (v->n == 0) return;
  const int rows = height - AROUND < MOST ? height - AROUND : MOST;
  if (rows >= LEAST && render(v, width, rows, (double)v->last.steps, &curve) == THRONG_OK) {
    fputs(curve, out);
    free(curve);
  }
  gather(v, true, &f);
  write_figures(&f, width, text);
  fprintf(out, "%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

static void on_yardstick(void *context, throng_yardstick yardstick, const throng_metrics *metrics,
                         bool kept, double seconds) {
  train_view *v = context;
  char text[LINE];
  v->level[v->n_level++] = (curve_level){yardstick_title(yardstick), metrics->average_reward};
  if (v->live || kept) return;  // those that were kept share a note
  NUMBERS_WITHOUT_LOCALE;
  snprintf(text, sizeof text, "yardstick %s: A.Rwd %.2f  liking %.1f%%  in %.1f s",
           yardstick_title(yardstick), metrics->average_reward, metrics->liking, seconds);
  cli_progress_line(text);
}

static void on_evaluation(void *context, const train_evaluation *e) {
  train_view *v = context;
  char text[LINE];
  figures f;
  if (v->last.n_agent == 0) {
    read_earlier(v, e->user_steps);
    v->started = clock_now();
    v->started_at = e->user_steps;
  }
  v->heard = clock_now();
  v->metrics = *e->agent;
  v->last = *e;
  v->last.agent = &v->metrics;
  add_point(v, (double)e->user_steps, e->agent->average_reward);
  if (v->live) {
    cli_progress_draw();
    return;
  }
  gather(v, false, &f);
  write_figures(&f, isatty(STDERR_FILENO) ? cli_width(STDERR_FILENO) : LINE, text);
  cli_progress_line(text);
}

void train_view_start(train_view *v, const char *out, cli_progress wanted) {
  *v = (train_view){.out = out};
  v->watch = (train_watch){.yardstick = on_yardstick, .evaluation = on_evaluation, .context = v};
  v->live = cli_progress_live(wanted, draw, v);
}

throng_status train_view_print(const train_view *v) {
  enum { HEIGHT = 15 };
  char *text;
  if (v->n == 0) return THRONG_OK;
  THRONG_TRY(render(v, cli_width(STDOUT_FILENO), HEIGHT, 0, &text));
  printf("%s\n", text);
  free(text);
  return THRONG_OK;
}

void train_view_free(train_view *v) {
  free(v->x);
  free(v->y);
  v->x = v->y = NULL;
  v->n = 0;
}
