/// throng bench: user-steps a second of the simulator on this machine, each vote alone and all
/// three, with the item-item table and without. The peers it is compared with are in bench/.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "timing/bench_sim.h"

typedef struct bench_sink {
  cJSON *rows;  // NULL: print
  measure_ceiling ceiling;
} bench_sink;

static void each(void *context, const measure_row *row) {
  bench_sink *sink = context;
  double rate = row->units / row->seconds;
  if (!sink->rows) {
    cli_progress_clear();
    printf("%-34s %12.0f %s/s %9.3f us", row->name, rate, row->unit, 1e6 / rate);
    if (row->bytes > 0)
      printf("  memory %3.0f %%", 100 * row->bytes / row->seconds / sink->ceiling.bytes);
    printf("\n");
    fflush(stdout);
    return;
  }
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "name", row->name);
  cJSON_AddStringToObject(item, "size", row->size);
  cJSON_AddStringToObject(item, "unit", row->unit);
  cJSON_AddNumberToObject(item, "threads", row->threads);
  cJSON_AddNumberToObject(item, "rate", rate);
  cJSON_AddNumberToObject(item, "seconds", row->seconds);
  cJSON_AddNumberToObject(item, "seconds_low", row->low);
  cJSON_AddNumberToObject(item, "seconds_high", row->high);
  cJSON_AddNumberToObject(item, "bytes", row->bytes);
  cJSON_AddNumberToObject(item, "operations", row->operations);
  cJSON_AddItemToArray(sink->rows, item);
}

/// The reference world in files of this process, removed as soon as they are read.
static throng_status reference(throng_backend *backend, const throng_progress *progress,
                               throng_world **world, throng_sta **sta) {
  const char *folder = getenv("TMPDIR");
  char path[512], sta_path[512];
  snprintf(path, sizeof path, "%s/throng-bench-%ld.safetensors", folder ? folder : "/tmp",
           (long)getpid());
  snprintf(sta_path, sizeof sta_path, "%s/throng-bench-%ld-sta.safetensors",
           folder ? folder : "/tmp", (long)getpid());
  throng_status status = bench_reference_world(backend, path, sta_path, progress);
  if (status == THRONG_OK) status = throng_world_open(path, world);
  if (status == THRONG_OK) status = throng_sta_open(backend, *world, sta_path, sta);
  unlink(path);
  unlink(sta_path);
  return status;
}

int cmd_bench(cli_run *run) {
  throng_config config;
  if (cli_number(run, "seconds", 1) <= 0)
    return cli_wrong(run, "--seconds: expected a number above 0, not '%s'",
                     cli_text(run, "seconds"));
  if (run->n_argument == 0 && cli_text(run, "sta"))
    return cli_wrong(run, "--sta: weights belong to a world; expected WORLD too");
  if (cli_config(run, NULL, &config) != THRONG_OK) return cli_fail(run);
  throng_backend *backend = NULL;
  throng_world *world = NULL;
  throng_sta *sta = NULL;
  bench_sink sink = {0};
  bench_sim_def def = bench_sim_default_def();
  def.seconds = cli_number(run, "seconds", def.seconds);
  def.without_table = true;
  if (config_has_key(&config, "sim.lanes")) def.lanes = config.sim.lanes;
  if (config_has_key(&config, "sim.history")) def.history = config.sim.history;
  def.seed = config.sim.seed;
  throng_status status;
  THRONG_TRY_GOTO(cli_backend(run, &config, &backend));
  if (run->n_argument > 0) {
    THRONG_TRY_GOTO(throng_world_open(run->argument[0], &world));
    THRONG_TRY_GOTO(config_use(&config, "sta.file"));
    if (config.sta_file) THRONG_TRY_GOTO(throng_sta_open(backend, world, config.sta_file, &sta));
  } else {
    THRONG_TRY_GOTO(reference(backend, &run->progress, &world, &sta));
  }
  THRONG_TRY_GOTO(bench_sim_check_memory(backend, world, sta, &def));
  cli_interrupt_at_once();  // measuring asks nobody whether to go on, and writes no file
  THRONG_TRY_GOTO(measure_machine(backend, &sink.ceiling));
  cJSON *document = NULL;
  if (run->json) {
    document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "backend", throng_backend_describe(backend));
    sink.rows = cJSON_AddArrayToObject(document, "rows");
  } else {
    throng_world_info info = throng_world_get_info(world);
    cli_progress_clear();
    printf("%s\nN = %lld items, d = %d, H = %d, B = %d lanes; random actions\n\n",
           throng_backend_describe(backend), (long long)info.n_item, info.dim, def.history,
           def.lanes);
  }
  status = bench_sim(backend, world, sta, &def, each, &sink);
  if (status == THRONG_OK && document) {
    cli_json(document);
    document = NULL;
  }
  cJSON_Delete(document);
done:;
  int code = status == THRONG_OK ? CLI_DONE : cli_fail(run);
  throng_sta_close(sta);
  throng_world_close(world);
  throng_backend_close(backend);
  config_free(&config);
  return code;
}
