/// throng experiment: a question about the simulator, answered by a table.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "experiment/experiment.h"

enum { CLI_MAX_CONFIGS = 64 };

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

/// All of the command line's configs, with the same overrides; free_all gives back what there is.
static throng_status load_all(cli_run *run, int n, throng_config **config) {
  for (int k = 0; k < n; ++k) {
    throng_config *one;
    THRONG_TRY(throng_alloc((void **)&one, 1, sizeof *one, "configuration"));
    const throng_status status = cli_config(run, run->argument[1 + k], one);
    if (status != THRONG_OK) free(one);
    THRONG_TRY(status);
    config[k] = one;
  }
  return THRONG_OK;
}

static void free_all(int n, throng_config **config) {
  for (int k = 0; k < n && config[k]; ++k) {
    config_free(config[k]);
    free(config[k]);
  }
}

int cmd_experiment(cli_run *run) {
  const experiment *e = experiment_find(run->argument[0]);
  throng_config *config[CLI_MAX_CONFIGS] = {0};
  const int n = run->n_argument - 1;
  if (!e) return unknown(run, run->argument[0]);
  if (!e->run_many && n > 1)
    return cli_wrong(run, "%s takes one CONFIG; got %d", e->columns.name, n);
  throng_backend *backend = NULL;
  experiment_table *table = NULL;
  const double start = clock_now();
  throng_status status = load_all(run, n, config);
  if (status == THRONG_OK) status = cli_backend(run, config[0], &backend);
  if (status == THRONG_OK)
    status = e->run_many ? experiment_run_many(e, n, config, backend, &run->progress, &table)
                         : experiment_run(e, config[0], backend, &run->progress, &table);
  cli_progress_clear();
  const int code =
      status == THRONG_OK ? print(run, config[0], table, clock_now() - start) : cli_fail(run);
  experiment_table_free(table);
  throng_backend_close(backend);
  free_all(n, config);
  return code;
}
