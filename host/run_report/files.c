/// Reads a run's folder.
#include "run_report/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/numbers.h"
#include "evaluate/yardsticks.h"

enum { NAME = PATH_MAX - 300 };

double json_number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static throng_status no_memory(void) {
  return throng_fail(THRONG_ERROR_MEMORY, "report: out of memory");
}

/// "FOLDER/name", parsed; `*out` NULL where there is no such file and it need not be there.
static throng_status read_json(const char *folder, const char *name, bool needed, cJSON **out) {
  char path[PATH_MAX];
  *out = NULL;
  snprintf(path, sizeof path, "%.*s/%s", NAME, folder, name);
  if (access(path, F_OK) == 0) return json_read_object(path, out);
  if (errno == ENOENT && !needed) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: %s; expected the folder of a run (throng train -o)",
                     path, strerror(errno));
}

// ---- rows ---------------------------------------------------------------------------------------
/// Of "evaluation/agent_7/liking" the agent, 7; -1: of all of them.
static long single_agent(const char *name) {
  const char *at = strstr(name, "/agent_");
  return at ? strtol(at + 7, NULL, 10) : -1;
}

/// Populations have thousands of values in a row, of which few are drawn.
static void drop_what_is_not_drawn(cJSON *row) {
  for (cJSON *item = row->child, *next; item; item = next) {
    next = item->next;
    const long agent = single_agent(item->string);
    if (agent < 0) continue;
    const char *metric = strrchr(item->string, '/');
    if (agent < RUN_AGENTS_MOST && metric && !strcmp(metric, "/average_reward")) continue;
    cJSON_Delete(cJSON_DetachItemViaPointer(row, item));
  }
}

static throng_status add_row(run_files *f, int64_t *capacity, cJSON *row) {
  if (f->n_row == *capacity) {
    const int64_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = realloc(f->row, (size_t)wanted * sizeof *f->row);
    if (!grown) return no_memory();
    f->row = grown;
    *capacity = wanted;
  }
  f->row[f->n_row++] = row;
  return THRONG_OK;
}

/// `first_cause`: of the first bad line, with its place.
static void tell_bad_rows(const run_files *f, const char *path, const char *first_cause,
                          const throng_progress *progress) {
  if (f->n_bad == 1)
    throng_note(progress, "warning: %s; this line was left out", first_cause);
  else if (f->n_bad > 1)
    throng_note(progress, "warning: %s; %lld lines that are no rows were left out", first_cause,
                (long long)f->n_bad);
  if (f->cut_line)
    throng_note(progress, "%s:%lld: the last line is unfinished and was left out", path,
                (long long)f->cut_line);
}

/// The last line of a run that is going on or was killed may be half a line. Any other that is no
/// row was damaged: it is left out, and those behind it count.
static throng_status read_rows(run_files *f, const throng_progress *progress) {
  NUMBERS_WITHOUT_LOCALE;
  char path[PATH_MAX], *line = NULL, first_cause[512] = "";
  size_t capacity = 0;
  int64_t rows = 0, number = 0;
  struct stat about;
  snprintf(path, sizeof path, "%.*s/metrics.jsonl", NAME, f->folder);
  FILE *file = fopen(path, "re");
  if (!file) return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  if (fstat(fileno(file), &about) == 0)
    f->ended = (double)about.st_mtim.tv_sec + 1e-9 * (double)about.st_mtim.tv_nsec;
  throng_status status = THRONG_OK;
  ssize_t length;
  while (status == THRONG_OK && (length = getline(&line, &capacity, file)) > 0) {
    cJSON *row;
    double step;
    status = json_read_row(path, ++number, line, (size_t)length, "step", &row, &step);
    if (status == THRONG_ERROR_DATA) {
      status = THRONG_OK;
      if (line[length - 1] != '\n') {
        f->cut_line = number;
      } else if (f->n_bad++ == 0) {
        f->bad_line = number;
        snprintf(first_cause, sizeof first_cause, "%s", throng_error_message());
      }
    } else if (status == THRONG_OK) {
      drop_what_is_not_drawn(row);
      status = add_row(f, &rows, row);
      if (status != THRONG_OK) cJSON_Delete(row);
      f->steps = step;
    }
  }
  if (status == THRONG_OK && ferror(file))
    status = throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  free(line);
  fclose(file);
  if (status == THRONG_OK && f->n_row == 0 && f->bad_line)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s:%lld: no row of metrics, expected a JSON object with its step", path,
                       (long long)f->bad_line);
  if (status == THRONG_OK && f->n_row == 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: holds no row: nothing was measured yet", path);
  if (status == THRONG_OK) tell_bad_rows(f, path, first_cause, progress);
  return status;
}

/// NaN, too, where no axis could hold it beside others: a difference must be finite.
static double drawn_number(const cJSON *row, const char *metric) {
  const double value = json_number(row, metric);
  return fabs(value) < 1e100 ? value : NAN;
}

int64_t run_files_series(const run_files *f, const char *metric, double *x, double *y) {
  int64_t n = 0;
  for (int64_t i = 0; i < f->n_row; ++i) {
    const double value = drawn_number(f->row[i], metric);
    if (!isfinite(value)) continue;
    x[n] = json_number(f->row[i], "step");
    y[n++] = value;
  }
  return n;
}

bool run_files_has(const run_files *f, const char *metric) {
  for (int64_t i = 0; i < f->n_row; ++i)
    if (isfinite(drawn_number(f->row[i], metric))) return true;
  return false;
}

// ---- players ------------------------------------------------------------------------------------
/// "against_myopic" and "against_myopic_sem" of a row as the summary has them.
static void put_metric(cJSON *player, const char *name, const cJSON *value) {
  const size_t length = strlen(name);
  const bool against = !strncmp(name, "against_", 8);
  const bool error = length > 4 && !strcmp(name + length - 4, "_sem");
  if (!against) {
    cJSON_DeleteItemFromObjectCaseSensitive(player, name);
    cJSON_AddItemToObject(player, name, cJSON_Duplicate(value, true));
    return;
  }
  char key[64];
  snprintf(key, sizeof key, "%.*s", (int)(error ? length - 4 : length), name);
  cJSON *pair = cJSON_GetObjectItemCaseSensitive(player, key);
  if (!pair) pair = cJSON_AddObjectToObject(player, key);
  cJSON_DeleteItemFromObjectCaseSensitive(pair, error ? "sem" : "mean");
  cJSON_AddItemToObject(pair, error ? "sem" : "mean", cJSON_Duplicate(value, true));
}

/// The newest value of every "evaluation/<player>/<metric>".
static throng_status players_of_rows(run_files *f) {
  static const char prefix[] = "evaluation/";
  if (!(f->policies = cJSON_CreateObject())) return no_memory();
  for (int64_t i = 0; i < f->n_row; ++i) {
    const cJSON *item;
    cJSON_ArrayForEach(item, f->row[i]) {
      char name[64];
      if (strncmp(item->string, prefix, sizeof prefix - 1) != 0) continue;
      const char *player = item->string + sizeof prefix - 1, *slash = strchr(player, '/');
      if (!slash || slash - player >= (int)sizeof name || single_agent(item->string) >= 0) continue;
      snprintf(name, sizeof name, "%.*s", (int)(slash - player), player);
      cJSON *of = cJSON_GetObjectItemCaseSensitive(f->policies, name);
      if (!of) of = cJSON_AddObjectToObject(f->policies, name);
      put_metric(of, slash + 1, item);
    }
  }
  return THRONG_OK;
}

static throng_status take_players(run_files *f) {
  const cJSON *agents = cJSON_GetObjectItemCaseSensitive(f->summary, "agents");
  // A run that went on after its end has rows that its summary does not know.
  if (f->summary && json_number(f->summary, "user_steps") < f->steps) {
    cJSON_Delete(f->summary);
    f->summary = NULL;
    agents = NULL;
  }
  f->agents = cJSON_IsArray(agents) ? cJSON_Duplicate(agents, true) : NULL;
  const cJSON *policies = cJSON_GetObjectItemCaseSensitive(f->summary, "policies");
  if (!cJSON_IsObject(policies)) return players_of_rows(f);
  f->policies = cJSON_Duplicate(policies, true);
  return f->policies ? THRONG_OK : no_memory();
}

// ---- the run ------------------------------------------------------------------------------------
/// The first events file's name holds when and where it was opened: "events.out.tfevents.<seconds>.
/// <machine>.<process>.<serial>".
static void read_events_name(run_files *f) {
  DIR *directory = opendir(f->folder);
  for (const struct dirent *entry; directory && (entry = readdir(directory));) {
    static const char prefix[] = "events.out.tfevents.";
    if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0) continue;
    char *end;
    const double when = (double)strtoll(entry->d_name + sizeof prefix - 1, &end, 10);
    if (*end != '.' || when <= 0 || f->begun <= when) continue;
    f->begun = when;
    snprintf(f->machine, sizeof f->machine, "%s", end + 1);
    for (int k = 0; k < 2; ++k) {
      char *dot = strrchr(f->machine, '.');
      if (dot) *dot = '\0';
    }
  }
  if (directory) closedir(directory);
}

throng_status run_files_read(const char *folder, const throng_progress *progress, run_files *out) {
  *out = (run_files){.begun = (double)NAN, .ended = (double)NAN};
  throng_status status = THRONG_OK;
  if (strlen(folder) >= NAME) return throng_fail(THRONG_ERROR_IO, "%s: too long a path", folder);
  if (!(out->folder = strdup(folder))) return no_memory();
  THRONG_TRY_GOTO(read_json(folder, "config.json", true, &out->config));
  THRONG_TRY_GOTO(read_json(folder, "summary.json", false, &out->summary));
  if (cJSON_HasObjectItem(out->summary, "trials"))
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_DATA,
                                "%s: the folder of a sweep, whose report.html it writes itself",
                                folder));
  THRONG_TRY_GOTO(read_rows(out, progress));
  THRONG_TRY_GOTO(take_players(out));
  read_events_name(out);
  out->wanted = run_files_number(out, "train.steps");
  return THRONG_OK;
done:
  run_files_free(out);
  return status;
}

void run_files_free(run_files *f) {
  for (int64_t i = 0; i < f->n_row; ++i) cJSON_Delete(f->row[i]);
  free(f->row);
  cJSON_Delete(f->config);
  cJSON_Delete(f->summary);
  cJSON_Delete(f->policies);
  cJSON_Delete(f->agents);
  free(f->folder);
  *f = (run_files){0};
}

const cJSON *run_files_option(const run_files *f, const char *path) {
  const cJSON *at = f->config;
  char part[64];
  for (const char *dot; at && (dot = strchr(path, '.')); path = dot + 1) {
    snprintf(part, sizeof part, "%.*s", (int)(dot - path), path);
    at = cJSON_GetObjectItemCaseSensitive(at, part);
  }
  return cJSON_GetObjectItemCaseSensitive(at, path);
}

const char *run_files_text(const run_files *f, const char *path, const char *otherwise) {
  const char *text = cJSON_GetStringValue(run_files_option(f, path));
  return text ? text : otherwise;
}

double run_files_number(const run_files *f, const char *path) {
  const cJSON *item = run_files_option(f, path);
  return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

const char *run_files_agent(const run_files *f, char text[32]) {
  snprintf(text, 32, "%s", run_files_text(f, "agent.algorithm", "dqn"));
  for (char *c = text; *c; ++c)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
  return text;
}

const char *run_files_player(const run_files *f, const char *player, char text[32]) {
  throng_yardstick yardstick;
  if (!strcmp(player, "agent")) return run_files_agent(f, text);
  if (yardstick_find(player, &yardstick)) return yardstick_title(yardstick);
  snprintf(text, 32, "%s", player);
  return text;
}

const char *run_files_name(const run_files *f, char text[128]) {
  size_t end = strlen(f->folder);
  while (end > 1 && f->folder[end - 1] == '/') --end;
  size_t start = end;
  while (start > 0 && f->folder[start - 1] != '/') --start;
  if (end == start) start = 0;
  snprintf(text, 128, "%.*s", (int)(end - start), f->folder + start);
  return text;
}
