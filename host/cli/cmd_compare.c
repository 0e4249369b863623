/// throng compare: runs, sweeps and seeds beside each other, with what can be said of few of them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "compare/compare.h"

enum { RESAMPLES = 50000 };

int cmd_compare(cli_run *run) {
  compare_runs runs = {0};
  comparison c = {.n = 0};
  char *text = NULL;
  const char *metric = cli_text(run, "metric");
  const compare_def def = {.metric = metric ? metric : "average_reward",
                           .minimise = cli_flag(run, "minimize"),
                           .level = cli_number(run, "level", 0.95),
                           .resamples = RESAMPLES,
                           .seed = 1};
  if (!(def.level > 0 && def.level < 1))
    return cli_wrong(run, "--level: expected a number between 0 and 1, not %g", def.level);
  throng_status status = THRONG_OK;
  for (int k = 0; k < run->n_argument && status == THRONG_OK; ++k)
    status = compare_read(run->argument[k], def.metric, &runs);
  if (status == THRONG_OK) status = compare_make(&runs, &def, &c);
  if (status == THRONG_OK)
    status = run->json ? compare_json(&c, &text)
                       : compare_table(&c, cli_width(STDOUT_FILENO), cli_unicode(), &text);
  if (status == THRONG_OK && cli_text(run, "svg")) status = compare_draw(&c, cli_text(run, "svg"));
  if (status == THRONG_OK) printf("%s%s", text, run->json ? "\n" : "");
  free(text);
  compare_free(&c);
  compare_runs_free(&runs);
  return status == THRONG_OK ? CLI_DONE : cli_fail(run);
}
