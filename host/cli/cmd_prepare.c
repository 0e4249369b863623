/// throng prepare: raw files to a world.
#include <stdio.h>

#include "cli/cli.h"
#include "cli/prepare_report.h"
#include "cli/world_summary.h"
#include "config/config_prepare.h"

static int print(const cli_run *run, const char *path, const throng_world *world,
                 const prepare_report *report) {
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "world", path);
    world_summary_json(world, document);
    prepare_report_json(report, document);
    cJSON_AddNumberToObject(document, "seconds", report->seconds);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    return cli_json(document);
  }
  char memory[32];
  prepare_report_print(stdout, report);
  puts("the world");
  world_summary_print(world);
  printf("wrote %s in %.1f s, %s at most\n", path, report->seconds,
         cli_bytes(cli_peak_memory(), memory));
  return CLI_DONE;
}

int cmd_prepare(cli_run *run) {
  const char *path = cli_text(run, "output");
  if (!path) return cli_wrong(run, "expected -o FILE, the world to write");
  throng_config config;
  if (cli_config(run, run->argument[0], &config) != THRONG_OK) return cli_fail(run);
  prepare_report report;
  throng_world *world = NULL;
  throng_status status;
  THRONG_TRY_GOTO(cli_check_tensor_output(path));
  THRONG_TRY_GOTO(config_prepare(&config, path, &run->progress, &report));
  THRONG_TRY_GOTO(throng_world_open(path, &world));
done:;
  int code = status == THRONG_OK ? print(run, path, world, &report) : cli_fail(run);
  throng_world_close(world);
  config_free(&config);
  return code;
}
