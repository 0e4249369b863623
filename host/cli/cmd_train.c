/// throng train: a run from a config to a folder, with its learning curve and the table of agents
/// and yardsticks.
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "evaluate/yardsticks.h"
#include "report/curve.h"
#include "study/open_or_make.h"
#include "train/train_folder.h"
#include "train/train_json.h"

enum { MOST_POINTS = 100000 };

/// The agent's evaluations as the run folder has them: a resumed run shows all of its curve.
static int64_t read_curve(const char *out, double *x, double *y) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/metrics.jsonl", out);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  int64_t n = 0;
  char *line = NULL;
  size_t capacity = 0;
  while (n < MOST_POINTS && getline(&line, &capacity, file) > 0) {
    cJSON *row = cJSON_Parse(line);
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(row, "step");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, "evaluation/agent/average_reward");
    if (cJSON_IsNumber(step) && cJSON_IsNumber(value)) {
      x[n] = step->valuedouble;
      y[n++] = value->valuedouble;
    }
    cJSON_Delete(row);
  }
  free(line);
  fclose(file);
  return n;
}

static int drawing_width(void) {
  struct winsize window;
  int columns = 80;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) columns = window.ws_col;
  return columns < 60 ? 40 : columns > 120 ? 100 : columns - 20;
}

static throng_status print_curve(const char *out, const throng_train_report *report) {
  void *x, *y;
  char *text = NULL;
  THRONG_TRY(throng_alloc(&x, MOST_POINTS, sizeof(double), "learning curve"));
  throng_status status = throng_alloc(&y, MOST_POINTS, sizeof(double), "learning curve");
  if (status == THRONG_OK) {
    curve_level level[THRONG_YARDSTICK_COUNT];
    int64_t n_level = 0;
    for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
      if (report->yardstick[k].episodes > 0)
        level[n_level++] = (curve_level){yardstick_title((throng_yardstick)k),
                                         report->yardstick[k].average_reward};
    curve_def def = {.width = drawing_width(),
                     .height = 15,
                     .unicode = cli_unicode(),
                     .title = "A.Rwd, mean return of an evaluation episode",
                     .x_label = "user-steps",
                     .n = read_curve(out, x, y),
                     .x = x,
                     .y = y,
                     .n_level = n_level,
                     .level = level};
    if (def.n > 0) status = curve_render(&def, &text);
    if (status == THRONG_OK && text) printf("%s\n", text);
    free(text);
    free(y);
  }
  free(x);
  return status;
}

static void add_metrics(cJSON *policies, const char *player, const throng_metrics *m,
                        const throng_comparison *c) {
  cJSON *object;
  if (m->episodes > 0 && metrics_json(m, c, &object) == THRONG_OK)
    cJSON_AddItemToObject(policies, player, object);
}

static int print_json(const throng_config *config, const train_inputs *in,
                      const train_result *result) {
  const throng_train_report *report = &result->report;
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "out", config->train.out);
  cJSON_AddNumberToObject(document, "user_steps", (double)report->user_steps);
  cJSON_AddNumberToObject(document, "seconds", report->seconds);
  cJSON_AddNumberToObject(document, "user_steps_per_second", report->user_steps_per_second);
  cJSON_AddNumberToObject(document, "prepare_seconds", in->prepare_seconds);
  cJSON_AddNumberToObject(document, "fit_seconds", in->fit_seconds);
  cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
  double gap = train_gap_closed(report);
  if (isfinite(gap)) cJSON_AddNumberToObject(document, "gap_closed", gap);
  cJSON *policies = cJSON_AddObjectToObject(document, "policies");
  add_metrics(policies, "agent", &report->agent, &report->agent_against);
  for (int k = 0; k < THRONG_YARDSTICK_COUNT; ++k)
    add_metrics(policies, throng_yardstick_name((throng_yardstick)k), &report->yardstick[k],
                &report->yardstick_against[k]);
  cJSON *agents;
  if (result->n_agent > 1 && train_agents_json(result, &agents) == THRONG_OK)
    cJSON_AddItemToObject(document, "agents", agents);
  return cli_json(document);
}

/// Who the agents' row speaks for, where there are several.
static void print_agents(const train_result *result) {
  const int32_t n = result->n_agent;
  if (n < 2) return;
  printf("%s: mean of %d of %d agents\n", result->title,
         train_count_state(result, THRONG_AGENT_LEARNING), n);
  if (train_count_state(result, THRONG_AGENT_DIVERGED) == 0) return;
  printf("diverged and left out:");
  for (int32_t k = 0; k < n; ++k)
    if (result->agent[k].state == THRONG_AGENT_DIVERGED) printf(" %d", k);
  putchar('\n');
}

/// Of a released environment: who answered, and how far a figure of so few sessions can be trusted.
static void print_published(const throng_config *config, const throng_train_report *report,
                            const char *title) {
  const throng_metrics *agent = &report->agent;
  if (config->sim.environment == THRONG_ENVIRONMENT_SESSION || agent->episodes == 0) return;
  printf(
      "the released environment: A.Rwd with its standard error over %lld sessions, and who "
      "answered\n",
      (long long)agent->episodes);
  printf("%-13s %8s %7s %10s %14s %14s\n", "policy", "A.Rwd", "s.e.", "T.Rwd", "another user",
         "a fair coin");
  for (int k = -1; k < THRONG_YARDSTICK_COUNT; ++k) {
    const throng_metrics *m = k < 0 ? agent : &report->yardstick[k];
    if (m->episodes > 0)
      printf("%-13s %8.2f %7.2f %10.0f %12.1f %% %12.1f %%\n",
             k < 0 ? title : yardstick_title((throng_yardstick)k), m->average_reward,
             m->average_reward_sem, m->total_reward, 100 * m->other_user_share,
             100 * m->coin_share);
  }
  putchar('\n');
}

static int print_text(const throng_config *config, const train_result *result, double seconds) {
  const throng_train_report *report = &result->report;
  char *table, steps[32], memory[32];
  if (print_curve(config->train.out, report) != THRONG_OK ||
      train_table(result, cli_unicode(), &table) != THRONG_OK)
    return CLI_FAILED;
  printf("%s\n", table);
  free(table);
  print_published(config, report, result->title);
  print_agents(result);
  double gap = train_gap_closed(report);
  if (isfinite(gap))
    printf("%s closes %.1f %% of the gap between random and the myopic policy.\n", result->title,
           gap);
  if (report->agent.episodes > 0)
    printf("T.Rwd is A.Rwd times its %lld sessions.\n", (long long)report->agent.episodes);
  printf("%s user-steps in %.1f s (%.0f a second), %.1f s in all, %s at most\n",
         cli_count(report->user_steps, steps), report->seconds, report->user_steps_per_second,
         seconds, cli_bytes(cli_peak_memory(), memory));
  printf("run folder: %s (metrics.jsonl, TensorBoard events, checkpoints, summary.json)\n",
         config->train.out);
  return CLI_DONE;
}

/// The line that goes on with a run that was stopped: its folder knows what it was started with.
static void print_resume(const throng_config *config) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/config.json", config->train.out);
  if (n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0) {
    fprintf(stderr, "to go on:\n  %s train ", cli_shell_word(cli_program));
    fprintf(stderr, "%s --resume\n", cli_shell_word(path));
  } else {
    fprintf(stderr, "to go on, give the same command again\n");
  }
}

int cmd_train(cli_run *run) {
  throng_config config;
  if (cli_config(run, run->argument[0], &config) != THRONG_OK) return cli_fail(run);
  throng_backend *backend = NULL;
  train_inputs in = {0};
  train_result result = {0};
  char *resolved = NULL;
  throng_status status;
  double start = clock_now();
  THRONG_TRY_GOTO(train_inputs_use(&config));
  THRONG_TRY_GOTO(cli_backend(run, &config, &backend));
  const bool resumes = config.train.resume;
  if (cli_flag(run, "resume")) config.train.resume = true;
  THRONG_TRY_GOTO(train_inputs_open(&config, backend, &run->progress, &in));
  throng_train_def train = config.train;
  // What a run was started with does not say that it was resumed; a count that was "auto" is the
  // number that it came to.
  config.train.resume = resumes;
  THRONG_TRY_GOTO(config_print(&config, &resolved));
  train.config_json = resolved;
  THRONG_TRY_GOTO(train_in_folder(backend, in.world, in.sta, &config.sim, &config.agent, &train,
                                  &in.folder, &run->progress, &result));
done:;
  int code;
  cli_progress_clear();
  if (status != THRONG_OK) {
    code = cli_fail(run);
    if (status == THRONG_ERROR_CANCELLED) print_resume(&config);
  } else if (run->json) {
    code = print_json(&config, &in, &result);
  } else if ((code = print_text(&config, &result, clock_now() - start)) != CLI_DONE) {
    cli_fail(run);
  }
  train_result_free(&result);
  train_inputs_close(&in);
  throng_backend_close(backend);
  config_free(&config);
  free(resolved);
  return code;
}
