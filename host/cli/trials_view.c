/// One trial, and a few beside each other.
#include "cli/trials_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "report/curve.h"

enum { LABEL = 24, CELL = 13, TEXT = 256 };

const char *trials_view_number(double x, char text[16]) {
  if (isnan(x))
    strcpy(text, "-");
  else
    snprintf(text, 16, "%.4g", x);
  return text;
}

double trials_view_value(const trial_row *row, int32_t k) {
  if (!isnan(row->value[k]) || row->state == TRIAL_FAILED || k > 0) return row->value[k];
  return row->n_report ? row->report_value[row->n_report - 1] : NAN;
}

/// A number among the attributes; NaN: there is none.
static double attribute_number(const trial_row *row, const char *key) {
  cJSON *all = cJSON_Parse(row->attributes);
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(all, key);
  double x = cJSON_IsNumber(found) ? found->valuedouble : NAN;
  cJSON_Delete(all);
  return x;
}

double trials_view_steps(const trials_view *v, const trial_row *row) {
  double said = attribute_number(row, TRIALS_USER_STEPS);
  if (!isnan(said) || v->period <= 0) return said;
  return row->n_report ? v->period * (double)row->report_step[row->n_report - 1] : 0;
}

int64_t trials_view_parent(const trial_row *row) {
  double parent = attribute_number(row, TRIALS_PARENT);
  return isnan(parent) ? -1 : (int64_t)parent;
}

void trials_view_parameter(const space_parameter *p, double x, char *text, size_t size) {
  char all[TEXT];
  if (isnan(x)) {
    snprintf(text, size, "-");
    return;
  }
  space_value_text(p, x, all, sizeof all);
  size_t n = strlen(all);
  bool quoted = n >= 2 && *all == '"' && all[n - 1] == '"';
  snprintf(text, size, "%.*s", (int)(quoted ? n - 2 : n), all + quoted);
}

void trials_view_brief(const space_parameter *p, double x, char *text, size_t size) {
  if (p->kind == SPACE_FLOAT && !isnan(x))
    snprintf(text, size, "%.4g", x);
  else
    trials_view_parameter(p, x, text, size);
}

static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot ? dot + 1 : name;
}

const char *trials_view_short(const space *s, int32_t parameter) {
  const char *name = s->parameter[parameter].name;
  for (int32_t p = 0; p < s->n; ++p)
    if (p != parameter && !strcmp(last_part(s->parameter[p].name), last_part(name))) return name;
  return last_part(name);
}

const char *trials_view_state(const trial_row *row) {
  static const char *const names[] = {"running", "complete", "pruned", "failed", "waiting"};
  return names[row->state];
}

void trials_view_cell(const char *text, int width) { printf("  %*s", width, text); }

// --- one -------------------------------------------------------------------------------------

static void print_range(const space_parameter *p, FILE *to) {
  char low[16], high[16];
  if (p->kind == SPACE_CHOICE) {
    fputs("  one of", to);
    for (int32_t k = 0; k < p->n_choice; ++k) fprintf(to, "%s %s", k ? "," : "", p->choice[k]);
  } else {
    fprintf(to, "  %s .. %s%s", trials_view_number(p->low, low), trials_view_number(p->high, high),
            p->log ? ", log" : "");
    if (p->step > 0) fprintf(to, ", by %s", trials_view_number(p->step, low));
  }
}

/// An option, its value, and what it may be.
static void print_parameter(const space_parameter *p, double x) {
  char value[TEXT], *line = NULL;
  size_t size;
  FILE *to = open_memstream(&line, &size);
  trials_view_parameter(p, x, value, sizeof value);
  if (!to) return;
  fprintf(to, "  %-*s%-*s", LABEL, p->name, CELL - 1, value);
  print_range(p, to);
  if (fclose(to) == 0) cli_say(4, "%s", line);
  free(line);
}

/// JSON with a space behind each comma, so that it can be folded. Malloc'd.
static char *spaced(const cJSON *item) {
  char *text = cJSON_PrintUnformatted(item), *out = text ? calloc(1, 2 * strlen(text) + 1) : NULL;
  char *to = out;
  bool quoted = false;
  for (const char *c = text; to && *c; ++c) {
    if (*c == '"' && (c == text || c[-1] != '\\')) quoted = !quoted;
    *to++ = *c;
    if (*c == ',' && !quoted) *to++ = ' ';
  }
  cJSON_free(text);
  return out;
}

static void print_attributes(const trial_row *row) {
  cJSON *all = cJSON_Parse(row->attributes);
  if (all && all->child) puts("\nattributes");
  for (const cJSON *c = all ? all->child : NULL; c; c = c->next) {
    char *text = cJSON_IsString(c) ? strdup(c->valuestring) : spaced(c);
    cli_say(4, "  %-*s%s", LABEL, cli_word(c->string), text ? cli_word(text) : "?");
    free(text);
  }
  cJSON_Delete(all);
}

static int print_curve(const trials_view *v, const trial_row *row) {
  double *x;
  char *text = NULL;
  if (row->n_report < 2) return CLI_DONE;
  if (throng_alloc((void **)&x, (size_t)row->n_report, sizeof *x, "curve") != THRONG_OK)
    return CLI_FAILED;
  bool steps = v->period > 0;
  for (int64_t k = 0; k < row->n_report; ++k)
    x[k] = (double)row->report_step[k] * (steps ? v->period : 1);
  const curve_def def = {.columns = cli_width(STDOUT_FILENO),
                         .height = 12,
                         .unicode = cli_unicode(),
                         .title = v->def->metric[0],
                         .x_label = steps ? "user-steps" : "evaluations",
                         .n = row->n_report,
                         .x = x,
                         .y = row->report_value};
  throng_status status = curve_render(&def, &text);
  if (status == THRONG_OK) printf("\n%s", text);
  free(text);
  free(x);
  return status == THRONG_OK ? CLI_DONE : CLI_FAILED;
}

int trials_view_show(const trials_view *v, int64_t number) {
  const trial_row *row = &v->list.row[number];
  char text[TEXT], count[32];
  double steps = trials_view_steps(v, row);
  printf("trial %" PRId64 " of %s: %s\n", number, cli_word(v->folder), trials_view_state(row));
  for (int32_t k = 0; k < v->def->n_objective; ++k) {
    space_number_text(row->value[k], text, sizeof text);
    printf("  %-*s%s\n", LABEL, v->def->metric[k], isnan(row->value[k]) ? "none yet" : text);
  }
  if (!isnan(steps)) printf("  %-*s%s\n", LABEL, "user-steps", cli_count((int64_t)steps, count));
  printf("  %-*s%s\n", LABEL, "evaluations", cli_count(row->n_report, count));
  if (row->started) cli_say(4, "  %-*s%.19s UTC", LABEL, "started", cli_word(row->started));
  if (row->ended) cli_say(4, "  %-*s%.19s UTC", LABEL, "ended", cli_word(row->ended));
  puts("\noptions");
  for (int32_t p = 0; p < v->def->space->n; ++p)
    print_parameter(&v->def->space->parameter[p], row->x[p]);
  print_attributes(row);
  if (print_curve(v, row) != CLI_DONE) return CLI_FAILED;
  const char *folder = cli_shell_word(v->folder);
  if (trials_view_parent(row) >= 0)
    printf("\nIt began as a copy of trial %" PRId64
           ". To train it again, from the first of those:\n"
           "  throng sweep %s/config.json -o %s --replay %" PRId64 "\n",
           trials_view_parent(row), folder, folder, number);
  else
    printf("\nTo train it again, to the same metrics:\n  throng trials %s --config %" PRId64
           " > trial-%" PRId64 ".json\n  throng train trial-%" PRId64 ".json\n",
           folder, number, number, number);
  return CLI_DONE;
}

// --- a few -----------------------------------------------------------------------------------

static bool differs(const trials_view *v, int32_t p, const int64_t *number, int64_t n) {
  for (int64_t k = 1; k < n; ++k) {
    double a = v->list.row[number[0]].x[p], b = v->list.row[number[k]].x[p];
    if (a != b && !(isnan(a) && isnan(b))) return true;
  }
  return false;
}

static void compare_line(const char *label) { printf("%-*.*s", LABEL, LABEL - 1, label); }

static void compare_options(const trials_view *v, const int64_t *number, int64_t n,
                            bool different) {
  char text[TEXT];
  int32_t count = 0;
  for (int32_t p = 0; p < v->def->space->n; ++p) count += differs(v, p, number, n) == different;
  if (!count) return;
  puts(different ? "\noptions that differ" : "\nthe same in all");
  for (int32_t p = 0; p < v->def->space->n; ++p) {
    if (differs(v, p, number, n) != different) continue;
    compare_line(v->def->space->parameter[p].name);
    for (int64_t k = 0; k < (different ? n : 1); ++k) {
      trials_view_brief(&v->def->space->parameter[p], v->list.row[number[k]].x[p], text,
                        sizeof text);
      trials_view_cell(text, CELL - 2);
    }
    putchar('\n');
  }
}

static void compare_block(const trials_view *v, const int64_t *number, int64_t n) {
  char text[32];
  compare_line("trial");
  for (int64_t k = 0; k < n; ++k) {
    snprintf(text, sizeof text, "%" PRId64, number[k]);
    trials_view_cell(text, CELL - 2);
  }
  putchar('\n');
  compare_line("state");
  for (int64_t k = 0; k < n; ++k)
    trials_view_cell(trials_view_state(&v->list.row[number[k]]), CELL - 2);
  putchar('\n');
  for (int32_t m = 0; m < v->def->n_objective; ++m) {
    compare_line(v->def->metric[m]);
    for (int64_t k = 0; k < n; ++k) {
      const trial_row *row = &v->list.row[number[k]];
      trials_view_cell(trials_view_number(trials_view_value(row, m), text), CELL - 2);
    }
    putchar('\n');
  }
  compare_line("user-steps");
  for (int64_t k = 0; k < n; ++k) {
    double steps = trials_view_steps(v, &v->list.row[number[k]]);
    trials_view_cell(isnan(steps) ? "-" : curve_count(steps, text), CELL - 2);
  }
  putchar('\n');
  compare_options(v, number, n, true);
  compare_options(v, number, n, false);
}

int trials_view_compare(const trials_view *v, const int64_t *number, int64_t n) {
  const int64_t most = (cli_width(STDOUT_FILENO) - LABEL) / CELL;
  for (int64_t k = 0; k < n; k += most) {
    if (k) putchar('\n');
    compare_block(v, number + k, n - k < most ? n - k : most);
  }
  return CLI_DONE;
}

// --- for programs ----------------------------------------------------------------------------

static void add_number(cJSON *to, const char *name, double x) {
  cJSON *value = isfinite(x) ? cJSON_CreateNumber(x) : cJSON_CreateNull();
  if (name)
    cJSON_AddItemToObject(to, name, value);
  else
    cJSON_AddItemToArray(to, value);
}

cJSON *trials_view_json(const trials_view *v, const trial_row *row, bool reports) {
  cJSON *one = cJSON_CreateObject();
  cJSON_AddNumberToObject(one, "number", (double)row->number);
  cJSON_AddStringToObject(one, "state", trials_view_state(row));
  cJSON *values = cJSON_AddArrayToObject(one, "values");
  for (int32_t k = 0; k < v->def->n_objective; ++k) add_number(values, NULL, row->value[k]);
  add_number(one, "user_steps", trials_view_steps(v, row));
  cJSON *options = cJSON_AddObjectToObject(one, "options");
  for (int32_t p = 0; p < v->def->space->n; ++p) {
    char text[TEXT];
    if (isnan(row->x[p])) continue;
    space_value_text(&v->def->space->parameter[p], row->x[p], text, sizeof text);
    cJSON_AddItemToObject(options, v->def->space->parameter[p].name, cJSON_CreateRaw(text));
  }
  if (row->started) cJSON_AddStringToObject(one, "started", row->started);
  if (row->ended) cJSON_AddStringToObject(one, "ended", row->ended);
  cJSON_AddNumberToObject(one, "evaluations", (double)row->n_report);
  cJSON *list = reports ? cJSON_AddArrayToObject(one, "reports") : NULL;
  for (int64_t k = 0; list && k < row->n_report; ++k) {
    cJSON *pair = cJSON_CreateArray();
    add_number(pair, NULL, (double)row->report_step[k]);
    add_number(pair, NULL, row->report_value[k]);
    cJSON_AddItemToArray(list, pair);
  }
  cJSON_AddItemToObject(one, "attributes", cJSON_Parse(row->attributes));
  return one;
}
