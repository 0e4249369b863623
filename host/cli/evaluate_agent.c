/// Judging a run's agents, as a table or as JSON.
#include "cli/evaluate_agent.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/numbers.h"
#include "study/judge.h"
#include "train/train_json.h"

/// What differs from the run's config: --set and its like in order, WORLD, and --seed, which is the
/// evaluation's here.
typedef struct overrides {
  const char *list[CLI_MAX_SETS + CLI_MAX_OPTIONS + 3];
  int n;
  char *world, *seed;
} overrides;

static throng_status collect(const cli_run *run, overrides *o) {
  const char *seed = cli_text(run, "seed");
  for (int k = 0; k < run->n_set; ++k)
    if (strncmp(run->set[k], "train.seed=", 11) != 0) o->list[o->n++] = run->set[k];
  if ((run->n_argument > 0 && asprintf(&o->world, "world.file=%s", run->argument[0]) < 0) ||
      (seed && asprintf(&o->seed, "train.evaluation.seed=%s", seed) < 0))
    return throng_fail(THRONG_ERROR_MEMORY, "--agent: out of memory");
  if (o->world) o->list[o->n++] = o->world;
  if (o->seed) o->list[o->n++] = o->seed;
  return THRONG_OK;
}

static void print(const cli_run *run, const trained *t, const overrides *o,
                  const train_result *result, double seconds) {
  NUMBERS_WITHOUT_LOCALE;
  char *table, steps[32], memory[32];
  const throng_train_report *report = &result->report;
  const double gap = train_gap_closed(report);
  const int32_t learned = train_count_state(result, THRONG_AGENT_LEARNING);
  cli_say(2, "%s of %s after %s user-steps, in %lld sessions of %s%s", result->title,
          cli_word(t->folder), t->user_steps < 0 ? "unknown" : cli_count(t->user_steps, steps),
          (long long)report->agent.episodes, cli_word(t->config.world_file),
          t->same_world ? "" : ", another world than it was trained in");
  for (int k = 0; k < o->n; ++k) cli_say(4, "  with %s", cli_word(o->list[k]));
  putchar('\n');
  if (train_table(result, cli_width(STDOUT_FILENO), cli_unicode(), &table) != THRONG_OK) return;
  printf("%s\n", table);
  free(table);
  if (result->n_agent > 1)
    cli_say(2, "%s: mean of %d of %d agents.", result->title,
            learned > 0 ? learned : result->n_agent, result->n_agent);
  else if (t->n_agent > 1)
    cli_say(2, "Agent %s of %d.", cli_text(run, "agent-number"), t->n_agent);
  if (isfinite(gap))
    cli_say(2, "%s closes %.1f %% of the gap between random and the myopic policy.", result->title,
            gap);
  cli_say(2, "in %.1f s, %s at most", seconds, cli_bytes(cli_peak_memory(), memory));
}

static int print_json(const cli_run *run, const trained *t, const train_result *result,
                      double seconds) {
  cJSON *document, *agents = NULL;
  if (train_result_json(result, &document) != THRONG_OK ||
      train_agents_json(result, &agents) != THRONG_OK) {
    return cli_fail(run);
  }
  // What a run took, and this did not.
  cJSON_DeleteItemFromObjectCaseSensitive(document, "user_steps");
  cJSON_DeleteItemFromObjectCaseSensitive(document, "user_steps_per_second");
  cJSON_DeleteItemFromObjectCaseSensitive(document, "agents");
  cJSON_ReplaceItemInObjectCaseSensitive(document, "seconds", cJSON_CreateNumber(seconds));
  const char *number = cli_text(run, "agent-number");
  int k = number ? atoi(number) : 0;
  cJSON *one;
  cJSON_ArrayForEach(one, agents) {
    cJSON_DeleteItemFromObjectCaseSensitive(one, "user_steps");
    cJSON_DeleteItemFromObjectCaseSensitive(one, "updates");
    cJSON_ReplaceItemInObjectCaseSensitive(one, "agent", cJSON_CreateNumber(k++));
  }
  cJSON_AddItemToObject(document, "agents", agents);
  cJSON_AddStringToObject(document, "title", result->title);
  cJSON_AddStringToObject(document, "run", t->folder);
  cJSON_AddStringToObject(document, "checkpoint", t->checkpoint);
  cJSON_AddStringToObject(document, "world", t->config.world_file);
  cJSON_AddBoolToObject(document, "same_world", t->same_world);
  cJSON_AddNumberToObject(document, "trained_user_steps", (double)t->user_steps);
  cJSON_AddNumberToObject(document, "seed", t->config.train.evaluation.seed);
  cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
  return cli_json(document);
}

static int wrong_options(const cli_run *run) {
  static const char *const others[] = {"split", "rollout", "users", "resamples", "svg"};
  for (size_t k = 0; k < sizeof others / sizeof *others; ++k)
    if (cli_text(run, others[k]))
      return cli_wrong(run, "--%s is about votes, and --agent judges agents: one of both",
                       others[k]);
  if (run->n_argument > 1)
    return cli_wrong(run, "'%s': a run has its own config; --set changes it", run->argument[1]);
  return CLI_DONE;
}

int evaluate_agent(cli_run *run) {
  const int usage = wrong_options(run);
  if (usage != CLI_DONE) return usage;
  const double start = clock_now();
  const char *number = cli_text(run, "agent-number");
  overrides o = {.n = 0};
  trained t = {0};
  train_result result = {0};
  const trained_def def = {.run = cli_text(run, "agent"),
                           .overrides = o.list,
                           .checkpoint = cli_text(run, "checkpoint"),
                           .agent = number ? (int32_t)cli_number(run, "agent-number", 0) : 0,
                           .stop = cli_stop};
  throng_status status;
  THRONG_TRY_GOTO(collect(run, &o));
  THRONG_TRY_GOTO(trained_open(&def, &run->progress, &t));
  THRONG_TRY_GOTO(judge_trained(&t, number ? t.agent : -1, &run->progress, &result));
done:;
  cli_progress_clear();
  int code = CLI_DONE;
  if (status != THRONG_OK)
    code = cli_fail(run);
  else if (run->json)
    code = print_json(run, &t, &result, clock_now() - start);
  else
    print(run, &t, &o, &result, clock_now() - start);
  train_result_free(&result);
  trained_close(&t);
  free(o.world);
  free(o.seed);
  return code;
}
