/// throng experiment: a question about the simulator, answered by a table.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "experiment/experiment.h"

static int unknown(const cli_run *run, const char *name) {
  char list[256] = "";
  for (int k = 0; k < experiment_count; ++k) {
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", experiments[k].columns.name);
  }
  return cli_wrong(run, "no experiment '%s'; expected one of %s", cli_word(name), list);
}

static int print(const cli_run *run, const throng_config *config, const experiment_table *table,
                 double seconds) {
  if (!run->json) {
    experiment_table_print(table, stdout);
    printf("\n%s in %.1f s: results.csv, results.json, results.svg, report.txt\n",
           cli_word(config->train.out), seconds);
    return CLI_DONE;
  }
  const experiment_columns *c = experiment_table_columns(table);
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "experiment", c->name);
  cJSON_AddStringToObject(document, "out", config->train.out);
  cJSON_AddNumberToObject(document, "seconds", seconds);
  cJSON_AddItemToObject(document, "rows", experiment_table_json(table));
  return cli_json(document);
}

int cmd_experiment(cli_run *run) {
  const experiment *e = experiment_find(run->argument[0]);
  if (!e) return unknown(run, run->argument[0]);
  throng_config config;
  if (cli_config(run, run->argument[1], &config) != THRONG_OK) return cli_fail(run);
  throng_backend *backend = NULL;
  experiment_table *table = NULL;
  const double start = clock_now();
  throng_status status = cli_backend(run, &config, &backend);
  if (status == THRONG_OK) status = experiment_run(e, &config, backend, &run->progress, &table);
  cli_progress_clear();
  const int code =
      status == THRONG_OK ? print(run, &config, table, clock_now() - start) : cli_fail(run);
  experiment_table_free(table);
  throng_backend_close(backend);
  config_free(&config);
  return code;
}
