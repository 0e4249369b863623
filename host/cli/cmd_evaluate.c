/// throng evaluate: how well yardsticks, votes, rules and ensemble foretell what real users
/// answered, and whether simulated users stay like the real ones; or trained agents, judged again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file_kind.h"
#include "cli/evaluate_agent.h"
#include "cli/fidelity_print.h"
#include "cli/rollout_print.h"
#include "cli/votes.h"
#include "run_report/fidelity.h"

static fidelity_split wanted_split(const cli_run *run) {
  const char *name = cli_text(run, "split");
  if (name && !strcmp(name, "validation")) return FIDELITY_VALIDATION;
  return name && !strcmp(name, "later") ? FIDELITY_LATER : FIDELITY_TEST;
}

/// A document, or what was printed, with the time that it took.
static int finish(cJSON *document, double start) {
  char memory[32];
  const double seconds = clock_now() - start;
  if (document) {
    cJSON_AddNumberToObject(document, "seconds", seconds);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    return cli_json(document);
  }
  printf("\nin %.1f s, %s at most\n", seconds, cli_bytes(cli_peak_memory(), memory));
  return CLI_DONE;
}

static int judge(cli_run *run, const votes_session *s, double start) {
  const fidelity_report_def def = {.split = wanted_split(run),
                                   .resamples = (int32_t)cli_number(run, "resamples", 1000),
                                   .users = (int64_t)cli_number(run, "users", 0),
                                   .seed = s->config.sim.seed};
  const char *picture = cli_text(run, "svg");
  fidelity_report *report = NULL;
  cJSON *document = NULL;
  throng_status status = picture ? cli_check_output(picture) : THRONG_OK;
  if (status == THRONG_OK)
    status = fidelity_report_make(s->backend, s->world, s->sta, &s->votes, &def, &run->progress,
                                  &report);
  if (status == THRONG_OK && picture) status = fidelity_draw(report, picture);
  if (status == THRONG_OK && run->json) status = fidelity_report_json(report, &document);
  if (status == THRONG_OK && !run->json) {
    cli_progress_clear();
    fidelity_print(report);
  }
  free(report);
  return status == THRONG_OK ? finish(document, start) : cli_fail(run);
}

static int roll_out(cli_run *run, const votes_session *s, double start) {
  const rollout_def def = {.history = s->config.sim.history,
                           .resamples = (int32_t)cli_number(run, "resamples", 1000),
                           .users = (int64_t)cli_number(run, "users", 0),
                           .seed = s->config.sim.seed};
  rollout r;
  cJSON *document = NULL;
  throng_status status =
      rollout_make(s->backend, s->world, s->sta, &s->votes, &def, &run->progress, &r);
  if (status == THRONG_OK && run->json) status = rollout_json(&r, &document);
  if (status == THRONG_OK && !run->json) {
    cli_progress_clear();
    rollout_print(&r);
  }
  return status == THRONG_OK ? finish(document, start) : cli_fail(run);
}

static const char *const of_agents[] = {"agent-number", "checkpoint", "episodes"};

int cmd_evaluate(cli_run *run) {
  votes_session s;
  if (cli_text(run, "agent")) return evaluate_agent(run);
  if (run->n_argument == 0) return cli_wrong(run, "expected WORLD, or --agent RUN");
  if (file_kind_of(run->argument[0]) == FILE_KIND_RUN)
    return cli_wrong(run, "'%s' is the folder of a run; expected WORLD, or --agent %s",
                     run->argument[0], run->argument[0]);
  for (size_t k = 0; k < sizeof of_agents / sizeof *of_agents; ++k)
    if (cli_text(run, of_agents[k]))
      return cli_wrong(run, "--%s is about agents: expected --agent RUN too", of_agents[k]);
  const bool rollout = cli_flag(run, "rollout");
  if (rollout && (cli_text(run, "split") || cli_text(run, "svg")))
    return cli_wrong(run,
                     "--rollout goes along the later part and draws nothing: without --split "
                     "and --svg");
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  const double start = clock_now();
  const int code = rollout ? roll_out(run, &s, start) : judge(run, &s, start);
  votes_close(&s);
  return code;
}
