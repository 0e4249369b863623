/// throng evaluate: how well yardsticks, votes, rules and ensemble foretell what real users
/// answered.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/fidelity_print.h"
#include "cli/votes.h"

static fidelity_split wanted_split(const cli_run *run) {
  const char *name = cli_text(run, "split");
  if (name && !strcmp(name, "validation")) return FIDELITY_VALIDATION;
  return name && !strcmp(name, "later") ? FIDELITY_LATER : FIDELITY_TEST;
}

static int show(cli_run *run, const fidelity_report *report, double seconds) {
  cJSON *document = NULL;
  char memory[32];
  if (run->json) {
    if (fidelity_report_json(report, &document) != THRONG_OK) return cli_fail(run);
    cJSON_AddNumberToObject(document, "seconds", seconds);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    return cli_json(document);
  }
  cli_progress_clear();
  fidelity_print(report);
  printf("\nin %.1f s, %s at most\n", seconds, cli_bytes(cli_peak_memory(), memory));
  return CLI_DONE;
}

int cmd_evaluate(cli_run *run) {
  votes_session s;
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  double start = clock_now();
  const fidelity_report_def def = {.split = wanted_split(run),
                                   .resamples = (int32_t)cli_number(run, "resamples", 1000),
                                   .seed = s.config.sim.seed};
  fidelity_report *report;
  throng_status status =
      fidelity_report_make(s.backend, s.world, s.sta, &s.votes, &def, &run->progress, &report);
  int code = status == THRONG_OK ? show(run, report, clock_now() - start) : cli_fail(run);
  if (status == THRONG_OK) free(report);
  votes_close(&s);
  return code;
}
