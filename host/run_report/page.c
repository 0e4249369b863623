/// report.html: the page around a run's parts.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "run_report/join.h"
#include "run_report/measure.h"
#include "run_report/parts.h"
#include "run_report/run_report.h"

static const struct {
  const char *id, *name;
  throng_status (*write)(const run_page *p);
} part[] = {
    {"curves", "curves", run_page_curves},       {"policies", "policies", run_page_players},
    {"fidelity", "fidelity", run_page_fidelity}, {"exposure", "exposure", run_page_exposure},
    {"keywords", "keywords", run_page_keywords}, {"users", "users", run_page_users},
    {"config", "config", run_page_settings},     {"repeat", "machine, repeat", run_page_repeat},
};
enum { PARTS = sizeof part / sizeof *part };

static void write_navigation(FILE *out) {
  fputs("<nav aria-label=\"Sections\"><ul>\n", out);
  for (int k = 0; k < PARTS; ++k)
    fprintf(out, "<li><a href=\"#%s\">%s</a></li>\n", part[k].id, part[k].name);
  fputs("</ul></nav>\n", out);
}

// ---- what people look for first -----------------------------------------------------------------
static double gap_closed(const run_files *f) {
  const double said = json_number(f->summary, "gap_closed");
  if (isfinite(said)) return said;
  const double random =
      json_number(cJSON_GetObjectItemCaseSensitive(f->policies, "random"), "average_reward");
  const double best =
      json_number(cJSON_GetObjectItemCaseSensitive(f->policies, "myopic"), "average_reward");
  const double own =
      json_number(cJSON_GetObjectItemCaseSensitive(f->policies, "agent"), "average_reward");
  return best > random ? 100 * (own - random) / (best - random) : (double)NAN;
}

static void write_tiles(const run_page *p) {
  NUMBERS_WITHOUT_LOCALE;
  const run_files *f = p->files;
  const cJSON *agent = cJSON_GetObjectItemCaseSensitive(f->policies, "agent");
  const cJSON *pair = cJSON_GetObjectItemCaseSensitive(agent, "against_random");
  char value[64], note[96], number[64];
  page_tiles(p->out);
  page_tile(p->out, "A.Rwd, likes a session",
            page_mean(json_number(agent, "average_reward"), (double)NAN, 2, value),
            "mean of evaluation sessions");
  const double gap = gap_closed(f);
  if (isfinite(gap)) {
    snprintf(value, sizeof value, "%.1f %%", gap);
    page_tile(p->out, "gap closed", value, "from random to the myopic policy");
  }
  const double more = json_number(pair, "mean");
  if (isfinite(more)) {
    snprintf(value, sizeof value, "%+.2f", more);
    snprintf(note, sizeof note, "95 %%: %+.2f to %+.2f", json_number(pair, "low"),
             json_number(pair, "high"));
    page_tile(p->out, "likes more than random", value,
              isfinite(json_number(pair, "low")) ? note : "in pairs of sessions");
  }
  if (isfinite(json_number(agent, "liking"))) {
    snprintf(value, sizeof value, "%.1f %%", json_number(agent, "liking"));
    page_tile(p->out, "Liking%", value, "of the items ranked first");
  }
  if (isfinite(json_number(agent, "coverage"))) {
    snprintf(note, sizeof note, "Gini %s",
             page_mean(json_number(agent, "gini"), (double)NAN, 3, number));
    page_tile(p->out, "coverage", page_percent(json_number(agent, "coverage"), value), note);
  }
  const double seconds = json_number(f->row[f->n_row - 1], "seconds");
  snprintf(note, sizeof note, "%s a second",
           page_count(seconds > 0 ? f->steps / seconds : (double)NAN, number));
  page_tile(p->out, "user-steps", page_count(f->steps, value), seconds > 0 ? note : NULL);
  page_tiles_end(p->out);
}

static int64_t count_evaluations(const run_files *f) {
  int64_t n = 0;
  for (int64_t i = 0; i < f->n_row; ++i)
    n += isfinite(json_number(f->row[i], "evaluation/agent/average_reward"));
  return n;
}

static int count_diverged(const run_files *f) {
  int n = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, f->agents) {
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "state"));
    n += state && !strcmp(state, "diverged");
  }
  return n;
}

/// What a reader should know before believing the rest.
static void write_warnings(const run_page *p) {
  const run_files *f = p->files;
  const cJSON *agent = cJSON_GetObjectItemCaseSensitive(f->policies, "agent");
  const cJSON *pair = cJSON_GetObjectItemCaseSensitive(agent, "against_random");
  const double low = json_number(pair, "low"), coverage = json_number(agent, "coverage");
  char text[96];
  fputs("<ul class=\"worth\">\n", p->out);
  if (!f->summary) {
    fputs("<li>The run is ", p->out);
    svg_escaped(p->out, page_state(f, text));
    fputs(": all figures are of its newest evaluation.</li>\n", p->out);
  }
  if (f->cut_line)
    fprintf(p->out, "<li>metrics.jsonl could be read up to line %lld alone.</li>\n",
            (long long)f->cut_line - 1);
  if (f->n_bad == 1)
    fprintf(p->out,
            "<li>Line %lld of metrics.jsonl is damaged and was left out: its figures are "
            "missing here.</li>\n",
            (long long)f->bad_line);
  else if (f->n_bad > 1)
    fprintf(p->out,
            "<li>%lld lines of metrics.jsonl, the first of them line %lld, are damaged and were "
            "left out: their figures are missing here.</li>\n",
            (long long)f->n_bad, (long long)f->bad_line);
  if (count_evaluations(f) < 2)
    fputs("<li>There is one evaluation at most: a curve says nothing yet.</li>\n", p->out);
  const int diverged = count_diverged(f);
  if (diverged > 0)
    fprintf(p->out, "<li>%d of %d agents diverged and are left out.</li>\n", diverged,
            cJSON_GetArraySize(f->agents));
  if (isfinite(low) && low <= 0)
    fputs(
        "<li>Not shown to be better than random: the interval of the difference holds 0 or lies "
        "below it.</li>\n",
        p->out);
  if (coverage < 0.02) fputs("<li>Less than 2 % of the catalogue is shown.</li>\n", p->out);
  if (p->m->opened.world && !p->m->opened.same_world)
    fputs("<li>The world is not the one that the agent was trained in.</li>\n", p->out);
  fputs("</ul>\n", p->out);
}

static void write_lead(const run_page *p, char *lead, size_t size) {
  const run_files *f = p->files;
  char title[32], state[96], users[32], items[32];
  run_files_agent(f, title);
  const double count = run_files_number(f, "agent.count");
  int n = snprintf(lead, size, "%s", title);
  if (count > 1) n += snprintf(lead + n, size - (size_t)n, ", %.0f agents", count);
  if (p->m->opened.world) {
    const throng_world_info w = throng_world_get_info(p->m->opened.world);
    n += snprintf(lead + n, size - (size_t)n, " on %s users and %s items",
                  page_count((double)w.n_user, users), page_count((double)w.n_item, items));
  }
  snprintf(lead + n, size - (size_t)n, "; %s.", page_state(f, state));
}

static throng_status write_run(FILE *out, const run_files *files, const run_measures *m) {
  const run_page p = {out, files, m};
  char name[128], title[160], lead[512];
  snprintf(title, sizeof title, "Run %s", run_files_name(files, name));
  write_lead(&p, lead, sizeof lead);
  page_begin(out, title, lead);
  write_tiles(&p);
  write_warnings(&p);
  write_navigation(out);
  for (int k = 0; k < PARTS; ++k) THRONG_TRY(part[k].write(&p));
  page_end(out, throng_version());
  return THRONG_OK;
}

// ---- files --------------------------------------------------------------------------------------
/// The best of a population that still learns; 0 where there is one agent.
static int32_t best_agent(const run_files *f) {
  double best = -INFINITY;
  int32_t at = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, f->agents) {
    const double value =
        json_number(cJSON_GetObjectItemCaseSensitive(one, "metrics"), "average_reward");
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "state"));
    const double number = json_number(one, "agent");
    if (!(value > best) || (state && !strcmp(state, "diverged"))) continue;
    if (!(number >= 0 && number < INT32_MAX)) continue;
    best = value;
    at = (int32_t)number;
  }
  return at;
}

static throng_status take_all(const run_report_def *def, const throng_progress *progress,
                              run_files *files, run_measures *measures) {
  for (int k = 0; k < def->n_run; ++k) THRONG_TRY(run_files_read(def->run[k], progress, &files[k]));
  for (int k = 0; k < def->n_run; ++k) {
    if (def->files_only)
      snprintf(measures[k].why, sizeof measures[k].why, "the agent was not opened (files only)");
    else
      THRONG_TRY(run_measures_take(def->run[k], best_agent(&files[k]), def->n_run > 1,
                                   def->overrides, def->stop, def->world, progress, &measures[k]));
  }
  return THRONG_OK;
}

static throng_status write_page(const run_report_def *def, const char *path, const run_files *files,
                                const run_measures *measures) {
  atomic_file *file;
  THRONG_TRY(atomic_file_create(path, &file));
  FILE *out = atomic_file_stream(file);
  const throng_status status = def->n_run == 1 ? write_run(out, &files[0], &measures[0])
                                               : run_page_join(out, def->n_run, files, measures);
  if (status == THRONG_OK) return atomic_file_commit(file);
  atomic_file_abort(file);
  return status;
}

throng_status run_report_write(const run_report_def *def, const throng_progress *progress,
                               char *wrote) {
  NUMBERS_WITHOUT_LOCALE;
  if (def->n_run < 1) return throng_fail(THRONG_ERROR_ARGUMENT, "report: no run");
  if (def->n_run > 1 && !def->path)
    return throng_fail(THRONG_ERROR_ARGUMENT, "report: %d runs on one page: expected where it goes",
                       def->n_run);
  const size_t n = (size_t)def->n_run;
  run_files *files = NULL;
  run_measures *measures = NULL;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc((void **)&files, n, sizeof *files, "report"));
  THRONG_TRY_GOTO(throng_alloc((void **)&measures, n, sizeof *measures, "report"));
  if (def->path)
    snprintf(wrote, PATH_MAX, "%s", def->path);
  else
    snprintf(wrote, PATH_MAX, "%.*s/report.html", PATH_MAX - 16, def->run[0]);
  THRONG_TRY_GOTO(take_all(def, progress, files, measures));
  status = write_page(def, wrote, files, measures);
done:
  for (size_t k = 0; k < n && files; ++k) run_files_free(&files[k]);
  for (size_t k = 0; k < n && measures; ++k) run_measures_free(&measures[k]);
  free(files);
  free(measures);
  return status;
}
