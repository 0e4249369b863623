/// throng trials: what a sweep has tried and found, also while it goes on.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/trials_view.h"
#include "config/config_sweep.h"
#include "report/curve.h"

enum { MOST = 20, MOST_COMPARED = 64, TEXT = 64, COLUMN = 14 };

// --- the list --------------------------------------------------------------------------------

static const trials_view *sorted;  // qsort takes no context

/// Complete ones first, then given up, running, failed; the better first among each.
static int by_value(const void *a, const void *b) {
  static const int order[] = {[TRIAL_COMPLETE] = 0,
                              [TRIAL_PRUNED] = 1,
                              [TRIAL_RUNNING] = 2,
                              [TRIAL_FAILED] = 3,
                              [TRIAL_WAITING] = 4};
  const trial_row *p = &sorted->list.row[*(const int64_t *)a];
  const trial_row *q = &sorted->list.row[*(const int64_t *)b];
  double x = trials_view_value(p, 0), y = trials_view_value(q, 0);
  if (order[p->state] != order[q->state]) return order[p->state] < order[q->state] ? -1 : 1;
  if (isnan(x) != isnan(y)) return isnan(x) ? 1 : -1;
  if (x != y && !isnan(x)) return (x > y) == sorted->def->maximise[0] ? -1 : 1;
  return p->number < q->number ? -1 : 1;
}

/// How wide the columns are.
typedef struct columns {
  int metric[SWEEP_MOST_OBJECTIVES];
  int32_t shown;  // options, in the order of the space
  int option[SPACE_MOST];
} columns;

/// A metric's name as a head of a column.
static const char *metric_name(const trials_view *v, int32_t k, char text[TEXT]) {
  const char *slash = strrchr(v->def->metric[k], '/');
  snprintf(text, TEXT, "%.16s", slash ? slash + 1 : v->def->metric[k]);
  return text;
}

/// All objectives, and as many options as the lines have room for.
static void choose_columns(const trials_view *v, const int64_t *order, int64_t n, columns *c) {
  int left = cli_width(STDOUT_FILENO) - 6 - 10 - 8;  // number, state, steps
  char text[TEXT];
  for (int32_t k = 0; k < v->def->n_objective; ++k) {
    const int length = (int)strlen(metric_name(v, k, text));
    c->metric[k] = length > 8 ? length : 8;
    left -= 2 + c->metric[k];
  }
  for (c->shown = 0; c->shown < v->def->space->n; ++c->shown) {
    const space_parameter *p = &v->def->space->parameter[c->shown];
    size_t most = strlen(trials_view_short(v->def->space, c->shown));
    for (int64_t k = 0; k < n; ++k) {
      trials_view_brief(p, v->list.row[order[k]].x[c->shown], text, sizeof text);
      if (strlen(text) > most) most = strlen(text);
    }
    c->option[c->shown] = most < COLUMN ? (int)most : COLUMN;
    left -= 2 + c->option[c->shown];
    if (left < 0) break;
  }
}

static void print_head(const trials_view *v) {
  int64_t count[TRIAL_WAITING + 1] = {0};
  static const trial_state states[] = {TRIAL_COMPLETE, TRIAL_PRUNED, TRIAL_RUNNING, TRIAL_FAILED};
  for (int64_t k = 0; k < v->list.n; ++k) ++count[v->list.row[k].state];
  char text[32], states_text[160] = "";
  for (int k = 0; k < 4; ++k) {
    const trial_row one = {.state = states[k]};
    const size_t used = strlen(states_text);
    if (count[states[k]])
      snprintf(states_text + used, sizeof states_text - used, ", %s %s",
               cli_count(count[states[k]], text), trials_view_state(&one));
  }
  cli_say(2, "%s: %s trials%s", cli_word(v->folder), cli_count(v->list.n, text), states_text);
  for (int32_t k = 0; k < v->def->n_objective; ++k)
    cli_say(2, "%s: %s is better", v->def->metric[k], v->def->maximise[k] ? "more" : "less");
  putchar('\n');
}

static void put_row(text_table *t, const trials_view *v, const trial_row *row, const columns *c) {
  char text[TEXT];
  double steps = trials_view_steps(v, row);
  text_table_put(t, "%" PRId64, row->number);
  text_table_put(t, "%s", trials_view_state(row));
  for (int32_t k = 0; k < v->def->n_objective; ++k)
    text_table_put(t, "%s", trials_view_number(trials_view_value(row, k), text));
  text_table_put(t, "%s", isnan(steps) ? "-" : curve_count(steps, text));
  for (int32_t p = 0; p < c->shown; ++p) {
    trials_view_brief(&v->def->space->parameter[p], row->x[p], text, sizeof text);
    text_table_put(t, "%.*s", COLUMN, text);
  }
}

static int print_list(const trials_view *v, const int64_t *order, int64_t n) {
  columns c;
  char name[TEXT];
  text_table t;
  choose_columns(v, order, n, &c);
  print_head(v);
  text_table_begin(&t, 3 + v->def->n_objective + c.shown);
  t.left[1] = true;
  text_table_put(&t, "trial");
  text_table_put(&t, "state");
  for (int32_t k = 0; k < v->def->n_objective; ++k)
    text_table_put(&t, "%s", metric_name(v, k, name));
  text_table_put(&t, "steps");
  for (int32_t p = 0; p < c.shown; ++p)
    text_table_put(&t, "%.*s", COLUMN, trials_view_short(v->def->space, p));
  for (int64_t k = 0; k < n; ++k) put_row(&t, v, &v->list.row[order[k]], &c);
  cli_print_table(&t);
  if (n < v->list.n) cli_say(2, "and %" PRId64 " more: --most 0 lists all", v->list.n - n);
  if (c.shown < v->def->space->n)
    cli_say(2, "and %d more options: --show K has all of trial K", v->def->space->n - c.shown);
  return CLI_DONE;
}

static int json_list(const trials_view *v, const int64_t *order, int64_t n, bool reports) {
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "sweep", v->folder);
  cJSON *objectives = cJSON_AddArrayToObject(document, "objectives");
  for (int32_t k = 0; k < v->def->n_objective; ++k) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "metric", v->def->metric[k]);
    cJSON_AddStringToObject(one, "direction", v->def->maximise[k] ? "maximize" : "minimize");
    cJSON_AddItemToArray(objectives, one);
  }
  cJSON_AddNumberToObject(document, "count", (double)v->list.n);
  cJSON *list = cJSON_AddArrayToObject(document, "trials");
  for (int64_t k = 0; k < n; ++k)
    cJSON_AddItemToArray(list, trials_view_json(v, &v->list.row[order[k]], reports));
  return cli_json(document);
}

static int list_trials(const cli_run *run, const trials_view *v) {
  const char *sort = cli_text(run, "sort");
  int64_t *order, most = (int64_t)cli_number(run, "most", run->json ? 0 : MOST);
  if (throng_alloc((void **)&order, (size_t)v->list.n + 1, sizeof *order, "trials") != THRONG_OK)
    return cli_fail(run);
  for (int64_t k = 0; k < v->list.n; ++k) order[k] = k;
  sorted = v;
  if (!sort || !strcmp(sort, "value")) qsort(order, (size_t)v->list.n, sizeof *order, by_value);
  if (most <= 0 || most > v->list.n) most = v->list.n;
  int code = run->json ? json_list(v, order, most, false) : print_list(v, order, most);
  free(order);
  return code;
}

// --- the config of a trial -------------------------------------------------------------------

/// Is an option of the section ("sta") among those that vary?
static bool varies(const space *s, const char *section) {
  size_t n = strlen(section);
  for (int32_t p = 0; p < s->n; ++p)
    if (!strncmp(s->parameter[p].name, section, n) && s->parameter[p].name[n] == '.') return true;
  return false;
}

/// What the sweep made on its way (world, weights) is not made again, where no option says other.
static bool made_by_sweep(const trials_view *v, const throng_config *base, const char *key,
                          const char *name, char *line, size_t size) {
  static const char *const sections[] = {"dataset", "keywords", "embedding", "llm", "synth", "sta"};
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", v->folder, name);
  for (size_t k = 0; k < sizeof sections / sizeof *sections; ++k)
    if (varies(v->def->space, sections[k])) return false;
  if (config_has_key(base, key) || access(path, R_OK) != 0) return false;
  return snprintf(line, size, "%s=%s", key, path) < (int)size;
}

static int print_config(const cli_run *run, const trials_view *v, const char *path,
                        const throng_config *base, int64_t number) {
  char **of_point = NULL, *text = NULL, line[3][PATH_MAX + 64];
  const int64_t parent = trials_view_parent(&v->list.row[number]);
  if (parent >= 0)
    throng_note(&run->progress,
                "trial %" PRId64 " began as a copy of trial %" PRId64
                ": its options alone, from the start, train otherwise; throng sweep --replay "
                "trains it again",
                number, parent);
  const char *override[SPACE_MOST + 4];
  size_t n = 0, more = 0;
  throng_status status = space_overrides(v->def->space, v->list.row[number].x, &of_point);
  for (; status == THRONG_OK && of_point[n]; ++n) override[n] = of_point[n];
  // A run of its own: in the sweep's folder it would push the sweep's files aside.
  snprintf(line[more++], sizeof *line, "train.out=%s/trial-%" PRId64, v->folder, number);
  more += made_by_sweep(v, base, "world.file", "world.safetensors", line[more], sizeof *line);
  more += made_by_sweep(v, base, "sta.file", "sta.safetensors", line[more], sizeof *line);
  for (size_t k = 0; k < more; ++k) override[n++] = line[k];
  override[n] = NULL;
  throng_config config;
  bool loaded = status == THRONG_OK && (status = config_load(path, override, &config)) == THRONG_OK;
  if (loaded) status = config_print(&config, &text);
  if (loaded) config_free(&config);
  if (status == THRONG_OK) {
    char *safe = cli_safe_json(text);
    puts(safe ? safe : text);
    free(safe);
  }
  free(text);
  free(of_point);
  return status == THRONG_OK ? CLI_DONE : cli_fail(run);
}

// --- what is asked ---------------------------------------------------------------------------

static int save_csv(const cli_run *run, const trials_view *v, const char *path) {
  if (cli_is_stdout(path)) {
    throng_status status = trials_csv_write(&v->list, v->def, cli_data_stream());
    return status == THRONG_OK ? CLI_DONE : cli_fail(run);
  }
  if (cli_check_output(path) != THRONG_OK || trials_csv(&v->list, v->def, path) != THRONG_OK)
    return cli_fail(run);
  if (!run->json) printf("wrote %s: %" PRId64 " trials\n", cli_word(path), v->list.n);
  return CLI_DONE;
}

/// The trials that the arguments behind SWEEP name.
static int read_numbers(const cli_run *run, const trials_view *v, int64_t number[MOST_COMPARED],
                        int64_t *n) {
  *n = 0;
  for (int k = 1; k < run->n_argument; ++k) {
    char *end;
    errno = 0;
    number[*n] = strtoll(run->argument[k], &end, 10);
    if (end == run->argument[k] || *end || errno || number[*n] < 0)
      return cli_wrong(run, "'%s': expected a trial's number", cli_word(run->argument[k]));
    if (v->list.n == 0) return cli_wrong(run, "%s has no trials yet", cli_word(v->folder));
    if (number[*n] >= v->list.n)
      return cli_wrong(run, "no trial %" PRId64 ": %s has 0 to %" PRId64, number[*n],
                       cli_word(v->folder), v->list.n - 1);
    if (++*n >= MOST_COMPARED) return cli_wrong(run, "more than %d trials", MOST_COMPARED - 1);
  }
  return CLI_DONE;
}

static int answer(const cli_run *run, const trials_view *v, const char *path,
                  const throng_config *base) {
  int64_t number[MOST_COMPARED], n;
  bool config = cli_flag(run, "config"), show = cli_flag(run, "show");
  int code = read_numbers(run, v, number, &n);
  if (code != CLI_DONE) return code;
  if ((config || show) && n != 1)
    return cli_wrong(run, "--%s needs the number of one trial behind SWEEP",
                     config ? "config" : "show");
  if (cli_flag(run, "compare") && n < 2)
    return cli_wrong(run, "--compare needs the numbers of two trials or more behind SWEEP");
  if (config) return print_config(run, v, path, base, number[0]);
  if (cli_flag(run, "importance")) return trials_importance(run, v);
  const char *csv = cli_text(run, "csv");
  if (csv) return save_csv(run, v, csv);
  if (n && run->json) return json_list(v, number, n, true);
  if (n == 1) return trials_view_show(v, number[0]);
  return n ? trials_view_compare(v, number, n) : list_trials(run, v);
}

int cmd_trials(cli_run *run) {
  char config_path[PATH_MAX + 16], path[PATH_MAX + 16], *period = NULL;
  trials_view v = {.folder = run->argument[0]};
  trials *db = NULL;
  throng_config base;
  if (cli_flag(run, "show") + cli_flag(run, "compare") + cli_flag(run, "config") +
          cli_flag(run, "importance") >
      1)
    return cli_wrong(run, "expected one of --show, --compare, --config and --importance");
  if (strlen(v.folder) >= PATH_MAX) return cli_wrong(run, "a path that is too long");
  snprintf(config_path, sizeof config_path, "%s/config.json", v.folder);
  snprintf(path, sizeof path, "%s/trials.db", v.folder);
  if (access(path, F_OK) != 0)
    return cli_wrong(run, "%s: %s; expected the folder of a sweep", cli_word(path),
                     strerror(errno));
  if (config_load(config_path, NULL, &base) != THRONG_OK) return cli_fail(run);
  const space_options options = config_space_options(&base);
  throng_status status = trials_open_to_read(path, &options, &db);
  if (status == THRONG_OK) status = trials_get(db, -1, TRIALS_PERIOD, &period);
  if (status == THRONG_OK) status = trials_read(db, &v.list);
  int code;
  if (status == THRONG_OK) {
    v.def = trials_get_def(db);
    v.period = period ? strtod(period, NULL) : 0;
    code = answer(run, &v, config_path, &base);
  } else {
    code = cli_fail(run);
  }
  free(period);
  trials_list_free(&v.list);
  (void)trials_close(db);
  config_free(&base);
  return code;
}
