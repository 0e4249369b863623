/// Several runs beside each other.
#include "run_report/join.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/numbers.h"
#include "compare/compare.h"
#include "evaluate/returns.h"
#include "run_report/parts.h"

enum { DRAWN = SVG_COLOURS, RESAMPLES = 10000, KEY = 160, VALUE = 200 };

typedef struct joined {
  FILE *out;
  int n;
  const run_files *files;
  const run_measures *m;
} joined;

static const char *const colour[DRAWN] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};

/// "A demo": letters tell runs of one name apart.
static const char *name_of(const joined *j, int k, char text[144]) {
  char name[128];
  run_files_name(&j->files[k], name);
  if (k < 26)
    snprintf(text, 144, "%c %s", 'A' + k, name);
  else
    snprintf(text, 144, "%d %s", k + 1, name);
  return text;
}

static void name_cell(const joined *j, int k) {
  char text[144];
  fputs("<th>", j->out);
  page_name(j->out, name_of(j, k, text), "-", 40);
  fputs("</th>", j->out);
}

// ---- what each came to --------------------------------------------------------------------------
static void write_runs(const joined *j) {
  static const char *const head[] = {"run",          "agent",      "A.Rwd",
                                     "likes a step", "Liking%",    "coverage",
                                     "gap closed",   "user-steps", "state"};
  page_table(j->out, NULL, 9, head);
  for (int k = 0; k < j->n; ++k) {
    const run_files *f = &j->files[k];
    const cJSON *agent = cJSON_GetObjectItemCaseSensitive(f->policies, "agent");
    char title[32], text[96];
    fputs("<tr>", j->out);
    name_cell(j, k);
    page_cell(j->out, "td", run_files_agent(f, title));
    page_cell(j->out, "td",
              page_mean(json_number(agent, "average_reward"),
                        json_number(agent, "average_reward_sem"), 2, text));
    page_cell(j->out, "td",
              page_mean(json_number(agent, "reward_per_step"),
                        json_number(agent, "reward_per_step_sem"), 3, text));
    page_cell(j->out, "td", page_mean(json_number(agent, "liking"), (double)NAN, 2, text));
    page_cell(j->out, "td", page_percent(json_number(agent, "coverage"), text));
    page_cell(j->out, "td", page_percent(json_number(f->summary, "gap_closed") / 100, text));
    page_cell(j->out, "td", page_count(f->steps, text));
    page_cell(j->out, "td", f->summary ? "finished" : "not finished");
    fputs("</tr>\n", j->out);
  }
  page_table_end(j->out);
}

// ---- curves -------------------------------------------------------------------------------------
static throng_status draw_metric(const joined *j, const char *metric, const char *id,
                                 const char *label, bool with_yardsticks) {
  page_curve curve[DRAWN];
  page_level level[16];
  char name[DRAWN][144], player[16][32];
  size_t total = 0;
  int n = 0, n_level = 0;
  double *room;
  for (int k = 0; k < j->n && k < DRAWN; ++k) total += 2 * (size_t)j->files[k].n_row;
  THRONG_TRY(throng_alloc((void **)&room, total + 1, sizeof *room, "report"));
  double *x = room;
  for (int k = 0; k < j->n && k < DRAWN; ++k) {
    double *y = x + j->files[k].n_row;
    const int64_t count = run_files_series(&j->files[k], metric, x, y);
    if (count > 0)
      curve[n++] = (page_curve){name_of(j, k, name[k]), colour[k], count, x, y, NULL, NULL};
    x = y + j->files[k].n_row;
  }
  const cJSON *one;
  const cJSON *policies = with_yardsticks ? j->files[0].policies : NULL;
  cJSON_ArrayForEach(one, policies) {
    const double value = json_number(one, "average_reward");
    if (!strcmp(one->string, "agent") || !isfinite(value) || n_level == 16) continue;
    level[n_level] =
        (page_level){run_files_player(&j->files[0], one->string, player[n_level]), value, NULL};
    ++n_level;
  }
  throng_status status = THRONG_OK;
  if (n > 0)
    status = run_page_draw_curves(j->out, id, PAGE_FULL, PAGE_FULL_HIGH, label,
                                  "A line a run over its user-steps, named at its right end.", n,
                                  curve, n_level, level);
  free(room);
  return status;
}

static throng_status write_curves(const joined *j) {
  page_section(j->out, "curves", "Learning curves",
               "A line a run, named at its end; dashed: the first run's yardsticks.");
  THRONG_TRY(draw_metric(j, "evaluation/agent/average_reward", "curve-reward",
                         "A.Rwd: likes a session", true));
  THRONG_TRY(draw_metric(j, "evaluation/agent/liking", "curve-liking", "Liking%", false));
  THRONG_TRY(draw_metric(j, "train/loss", "curve-loss", "loss", false));
  if (j->n > DRAWN) page_note(j->out, "Drawn: the first %d of %d runs.", DRAWN, j->n);
  page_section_end(j->out);
  return THRONG_OK;
}

// ---- differences in pairs of sessions -----------------------------------------------------------
/// Why a run's sessions are not the first one's: other users, draws or answers; NULL: they are.
static const char *why_not_paired(const joined *j, int k) {
  static const char *const same[] = {
      "train.evaluation.seed", "votes",         "users",          "sim.history",
      "sim.leave_probability", "sim.max_steps", "sim.slate_size", "sim.environment"};
  const run_measures *a = &j->m[0], *b = &j->m[k];
  if (!a->returns || !b->returns) return "its agent was not played";
  if (throng_world_hash(a->opened.world) != throng_world_hash(b->opened.world))
    return "another world";
  for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
    const cJSON *x = run_files_option(&j->files[0], same[i]);
    const cJSON *y = run_files_option(&j->files[k], same[i]);
    if (x && y && !cJSON_Compare(x, y, true)) return same[i];
  }
  return NULL;
}

static void write_pair(const joined *j, int k, const throng_paired *pair) {
  const throng_metrics *m = &j->m[k].metrics[PLAYED_AGENT];
  const char *why = k > 0 ? why_not_paired(j, k) : NULL;
  char text[64];
  fputs("<tr>", j->out);
  name_cell(j, k);
  page_cell(
      j->out, "td",
      page_mean(m->episodes > 0 ? m->average_reward : (double)NAN, m->average_reward_sem, 2, text));
  if (why) {
    page_cell_of(j->out, "not paired: %s%s%s", why, *j->m[k].why ? "; " : "", j->m[k].why);
  } else if (k == 0) {
    page_cell(j->out, "td", "-");
  } else {
    page_cell_of(j->out, "%+.2f [%+.2f, %+.2f]", pair->mean, pair->low, pair->high);
  }
  page_cell(j->out, "td", pair->sessions > 0 ? page_count((double)pair->sessions, text) : "-");
  fputs("</tr>\n", j->out);
}

static throng_status write_sessions(const joined *j) {
  static const char *const head[] = {"run", "likes a session", "more than A, 95 %", "pairs"};
  double difference[MEASURE_SESSIONS];
  page_interval row[DRAWN];
  char name[DRAWN][144];
  int rows = 0;
  page_section(
      j->out, "sessions", "Differences in pairs of sessions",
      "Every run's newest agent played the same sessions for this page: the same users, "
      "the same draws. An interval without 0 tells these two agents apart; whether another "
      "seed would do the same is said by runs of several seeds.");
  page_table(j->out, NULL, 4, head);
  for (int k = 0; k < j->n; ++k) {
    throng_paired pair = {.sessions = 0};
    if (k > 0 && !why_not_paired(j, k)) {
      const int32_t n = j->m[k].episodes < j->m[0].episodes ? j->m[k].episodes : j->m[0].episodes;
      pair = paired_difference(n, j->m[k].returns, j->m[0].returns, difference);
      if (rows < DRAWN) {
        row[rows] = (page_interval){name_of(j, k, name[rows]), colour[k % DRAWN], pair.mean,
                                    pair.low, pair.high};
        ++rows;
      }
    }
    write_pair(j, k, &pair);
  }
  page_table_end(j->out);
  run_page_draw_intervals(j->out, "differences", "likes a session more than A",
                          "A row a run: the mean difference of its likes a session to those of the "
                          "first run in the same sessions, with its 95 % interval.",
                          rows, row);
  page_section_end(j->out);
  return THRONG_OK;
}

// ---- seeds --------------------------------------------------------------------------------------
static void write_contender(const joined *j, const contender *c, bool first) {
  char text[64], low[32], high[32];
  fputs("<tr><th>", j->out);
  page_name(j->out, c->name, "-", 60);
  fputs("</th>", j->out);
  page_cell_of(j->out, "%lld%s", (long long)c->n, c->without ? " (and diverged ones)" : "");
  page_cell_of(j->out, isnan(c->iqm.low) ? "%s" : "%s [%s, %s]",
               svg_number(c->iqm.point, false, text), svg_number(c->iqm.low, false, low),
               svg_number(c->iqm.high, false, high));
  if (first)
    fputs("<td>-</td><td>-</td>", j->out);
  else {
    if (isnan(c->improvement.low))  // of a single run nothing can be said
      page_cell(j->out, "td", "-");
    else
      page_cell_of(j->out, "%.2f", c->improvement.point);
    if (isnan(c->difference.point))
      page_cell(j->out, "td", c->pairs == 1 ? "one common seed" : "no common seeds");
    else
      page_cell_of(j->out, "%+.2f [%+.2f, %+.2f], p = %.2g", c->difference.point, c->difference.low,
                   c->difference.high, c->p);
  }
  fputs("</tr>\n", j->out);
}

static throng_status write_seeds(const joined *j) {
  static const char *const head[] = {"config", "seeds", "IQM of A.Rwd", "P(better than the first)",
                                     "minus the first, by seeds"};
  compare_runs runs = {0};
  comparison c = {.n = 0};
  const compare_def def = {
      .metric = "average_reward", .level = 0.95, .resamples = RESAMPLES, .seed = 1};
  int unfinished = 0;
  throng_status status = THRONG_OK;
  for (int k = 0; k < j->n && status == THRONG_OK; ++k) {
    if (!j->files[k].summary) {
      ++unfinished;
      continue;
    }
    status = compare_read(j->files[k].folder, def.metric, &runs);
  }
  page_section(
      j->out, "seeds", "Seeds",
      "Runs, and agents of populations, that differ in nothing but seeds and files are one "
      "config; as throng compare has it.");
  if (status == THRONG_OK && runs.n > 0) status = compare_make(&runs, &def, &c);
  if (status == THRONG_OK && c.n > 0) {
    page_table(j->out, NULL, 5, head);
    for (int64_t i = 0; i < c.n; ++i) write_contender(j, &c.contender[i], i == 0);
    page_table_end(j->out);
  }
  if (unfinished) page_note(j->out, "Without %d runs that have not finished.", unfinished);
  if (status != THRONG_OK && status != THRONG_ERROR_MEMORY) {
    page_note(j->out, "Not compared: %s", throng_error_message());
    status = THRONG_OK;
  }
  page_section_end(j->out);
  compare_free(&c);
  compare_runs_free(&runs);
  return status;
}

// ---- configs ------------------------------------------------------------------------------------
static void value_text(const cJSON *value, char text[VALUE]) {
  NUMBERS_WITHOUT_LOCALE;
  char *printed = value ? cJSON_PrintUnformatted(value) : NULL;
  snprintf(text, VALUE, "%s", printed ? printed : "-");
  free(printed);
}

/// Was this key told already, for an earlier run that has it too?
static bool stands_before(const joined *j, int k, const char *path) {
  for (int i = 0; i < k; ++i)
    if (run_files_option(&j->files[i], path)) return true;
  return false;
}

static int write_key(const joined *j, const char *path) {
  const cJSON *first = run_files_option(&j->files[0], path);
  bool differs = false;
  char text[VALUE];
  for (int k = 1; k < j->n; ++k) {
    const cJSON *other = run_files_option(&j->files[k], path);
    differs |= !first != !other || (first && !cJSON_Compare(first, other, true));
  }
  if (!differs) return 0;
  fputs("<tr>", j->out);
  page_cell(j->out, "th", path);
  for (int k = 0; k < j->n; ++k) {
    value_text(run_files_option(&j->files[k], path), text);
    fputs("<td class=\"text\">", j->out);
    svg_escaped(j->out, text);
    fputs("</td>", j->out);
  }
  fputs("</tr>\n", j->out);
  return 1;
}

static int write_keys(const joined *j, int k, const char *path, const cJSON *object) {
  const cJSON *item;
  char name[KEY];
  int rows = 0;
  cJSON_ArrayForEach(item, object) {
    snprintf(name, sizeof name, "%s%s%.80s", path, *path ? "." : "", item->string);
    if (!strncmp(name, "llm", 3)) continue;
    if (cJSON_IsObject(item))
      rows += write_keys(j, k, name, item);
    else if (!stands_before(j, k, name))
      rows += write_key(j, name);
  }
  return rows;
}

static throng_status write_configs(const joined *j) {
  const char **head;
  char(*name)[144];
  const size_t n = (size_t)j->n;
  int rows = 0;
  THRONG_TRY(throng_alloc((void **)&head, n + 1, sizeof *head, "report"));
  throng_status status = throng_alloc((void **)&name, n, sizeof *name, "report");
  if (status == THRONG_OK) {
    head[0] = "key";
    for (int k = 0; k < j->n; ++k) {
      name[k][0] = '\t';
      name_of(j, k, name[k] + 1);
      head[k + 1] = name[k];
    }
    page_section(j->out, "config", "Where the configs differ", NULL);
    page_table(j->out, NULL, j->n + 1, head);
    for (int k = 0; k < j->n; ++k) rows += write_keys(j, k, "", j->files[k].config);
    page_table_end(j->out);
    if (rows == 0) fputs("<p>Nowhere.</p>\n", j->out);
    page_section_end(j->out);
    free(name);
  }
  free(head);
  return status;
}

throng_status run_page_join(FILE *out, int n, const run_files *files,
                            const run_measures *measures) {
  const joined j = {out, n, files, measures};
  char title[64];
  snprintf(title, sizeof title, "%d runs", n);
  page_begin(out, title, NULL);
  write_runs(&j);
  THRONG_TRY(write_curves(&j));
  THRONG_TRY(write_sessions(&j));
  THRONG_TRY(write_seeds(&j));
  THRONG_TRY(write_configs(&j));
  page_end(out, throng_version());
  return THRONG_OK;
}
