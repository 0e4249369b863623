/// throng report: a run's report.html once more, or several runs on one page.
#include <limits.h>
#include <stdio.h>

#include "cli/cli.h"
#include "run_report/run_report.h"

int cmd_report(cli_run *run) {
  char wrote[PATH_MAX];
  const run_report_def def = {.n_run = run->n_argument,
                              .run = (const char *const *)run->argument,
                              .path = cli_text(run, "out"),
                              .files_only = cli_flag(run, "files-only"),
                              .overrides = run->set,
                              .stop = cli_stop};
  if (def.n_run > 1 && !def.path)
    return cli_wrong(run, "%d runs on one page: expected -o FILE, where it goes", def.n_run);
  throng_status status = def.path ? cli_check_output(def.path) : THRONG_OK;
  if (status == THRONG_OK) status = run_report_write(&def, &run->progress, wrote);
  cli_progress_clear();
  if (status != THRONG_OK) return cli_fail(run);
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "page", wrote);
    return cli_json(document);
  }
  printf("wrote %s\n", wrote);
  return CLI_DONE;
}
