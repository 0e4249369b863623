/// throng synth: a world with planted tastes.
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/world_summary.h"

int cmd_synth(cli_run *run) {
  const char *path = cli_text(run, "output");
  if (!path) return cli_wrong(run, "expected -o FILE, the world to write");
  throng_config config;
  if (cli_config(run, run->n_argument ? run->argument[0] : NULL, &config) != THRONG_OK)
    return cli_fail(run);
  double start = clock_now();
  throng_status status = cli_check_tensor_output(path);
  if (status == THRONG_OK) status = throng_synth(&config.synth, path, &run->progress);
  double seconds = clock_now() - start;
  config_free(&config);
  if (status != THRONG_OK) return cli_fail(run);
  throng_world *world = NULL;
  if (throng_world_open(path, &world) != THRONG_OK) return cli_fail(run);
  int code = CLI_DONE;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "world", path);
    world_summary_json(world, document);
    cJSON_AddNumberToObject(document, "seconds", seconds);
    code = cli_json(document);
  } else {
    world_summary_print(world);
    printf("wrote %s in %.1f s\n", path, seconds);
  }
  throng_world_close(world);
  return code;
}
