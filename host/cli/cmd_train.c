/// throng train: a run from a config to a folder, with its learning curve and the table of agents
/// and yardsticks.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/train_view.h"
#include "evaluate/yardsticks.h"
#include "run_report/run_report.h"
#include "study/open_or_make.h"
#include "train/train_folder.h"
#include "train/train_json.h"

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
  cli_say(2, "%s: mean of %d of %d agents", result->title,
          train_count_state(result, THRONG_AGENT_LEARNING), n);
  if (train_count_state(result, THRONG_AGENT_DIVERGED) == 0) return;
  char *list;
  size_t size;
  FILE *to = open_memstream(&list, &size);
  if (!to) return;
  for (int32_t k = 0; k < n; ++k)
    if (result->agent[k].state == THRONG_AGENT_DIVERGED) fprintf(to, " %d", k);
  if (fclose(to) == 0) cli_say(2, "diverged and left out:%s", list);
  free(list);
}

/// Of a released environment: who answered, and how far a figure of so few sessions can be trusted.
static void print_published(const throng_config *config, const throng_train_report *report,
                            const char *title) {
  const throng_metrics *agent = &report->agent;
  static const char *const head[] = {"policy", "A.Rwd",        "s.e.",
                                     "T.Rwd",  "another user", "a fair coin"};
  text_table t;
  if (config->sim.environment == THRONG_ENVIRONMENT_SESSION || agent->episodes == 0) return;
  cli_say(2,
          "the released environment: A.Rwd with its standard error over %lld sessions, and who "
          "answered",
          (long long)agent->episodes);
  text_table_begin(&t, 6);
  for (int k = 0; k < 6; ++k) text_table_put(&t, "%s", head[k]);
  for (int k = -1; k < THRONG_YARDSTICK_COUNT; ++k) {
    const throng_metrics *m = k < 0 ? agent : &report->yardstick[k];
    if (m->episodes == 0) continue;
    text_table_put(&t, "%s", k < 0 ? title : yardstick_title((throng_yardstick)k));
    text_table_put(&t, "%.2f", m->average_reward);
    text_table_put(&t, "%.2f", m->average_reward_sem);
    text_table_put(&t, "%.0f", m->total_reward);
    text_table_put(&t, "%.1f %%", 100 * m->other_user_share);
    text_table_put(&t, "%.1f %%", 100 * m->coin_share);
  }
  cli_print_table(&t);
  putchar('\n');
}

static throng_status print_text(const throng_config *config, const train_view *view,
                                const train_result *result, double seconds) {
  const throng_train_report *report = &result->report;
  char *table, steps[32], memory[32];
  THRONG_TRY(train_view_print(view));
  THRONG_TRY(train_table(result, cli_width(STDOUT_FILENO), cli_unicode(), &table));
  printf("%s\n", table);
  free(table);
  print_published(config, report, result->title);
  print_agents(result);
  double gap = train_gap_closed(report);
  if (isfinite(gap))
    cli_say(2, "%s closes %.1f %% of the gap between random and the myopic policy.", result->title,
            gap);
  if (report->agent.episodes > 0)
    cli_say(2, "T.Rwd is A.Rwd times its %lld sessions.", (long long)report->agent.episodes);
  cli_say(2, "%s user-steps in %.1f s (%.0f a second), %.1f s in all, %s at most",
          cli_count(report->user_steps, steps), report->seconds, report->user_steps_per_second,
          seconds, cli_bytes(cli_peak_memory(), memory));
  cli_say(2, "run folder: %s (metrics.jsonl, TensorBoard events, checkpoints, summary.json)",
          config->train.out);
  return THRONG_OK;
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

/// The run's page, once its results are told. The run is whole without it: what keeps it from being
/// written is said and changes no exit code.
static void write_page(const cli_run *run, const throng_config *config, throng_world *world) {
  char wrote[PATH_MAX];
  const char *folder = config->train.out;
  const run_report_def def = {.n_run = 1, .run = &folder, .stop = cli_stop, .world = world};
  const throng_progress silent = {run->progress.report, NULL, run->progress.context};
  const throng_status status = run_report_write(&def, &silent, wrote);
  cli_progress_clear();
  if (status != THRONG_OK)
    fprintf(stderr, "throng train: no page was written: %s\n", cli_word(throng_error_message()));
  else if (!run->json)
    cli_say(2, "page: %s", wrote);
}

static cli_progress wanted_progress(const cli_run *run) {
  static const char *const names[] = {"auto", "live", "lines", "none"};
  const char *wanted = cli_text(run, "progress");
  for (int k = 1; k < 4; ++k)
    if (wanted && !strcmp(wanted, names[k])) return (cli_progress)k;
  return CLI_PROGRESS_AUTO;
}

int cmd_train(cli_run *run) {
  throng_config config;
  if (cli_config(run, run->argument[0], &config) != THRONG_OK) return cli_fail(run);
  throng_backend *backend = NULL;
  train_inputs in = {0};
  train_view view;
  train_result result = {0};
  char *resolved = NULL;
  throng_status status;
  double start = clock_now();
  train_view_start(&view, config.train.out, wanted_progress(run));
  THRONG_TRY_GOTO(train_inputs_use(&config));
  view.out = config.train.out;  // with its variables
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
                                  &in.folder, &run->progress, &view.watch, &result));
done:;
  int code;
  cli_progress_clear();
  if (status != THRONG_OK) {
    code = cli_fail(run);
    if (status == THRONG_ERROR_CANCELLED) print_resume(&config);
  } else if (run->json) {
    code = print_json(&config, &in, &result);
  } else {
    status = print_text(&config, &view, &result, clock_now() - start);
    code = status == THRONG_OK ? CLI_DONE : cli_fail(run);
  }
  train_view_free(&view);
  train_result_free(&result);
  if (code == CLI_DONE && config.report) write_page(run, &config, in.world);
  train_inputs_close(&in);
  throng_backend_close(backend);
  config_free(&config);
  free(resolved);
  return code;
}
