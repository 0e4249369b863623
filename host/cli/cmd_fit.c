/// throng fit: weights of f_sta for a world.
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"

static int print(const cli_run *run, const char *path, const throng_sta_def *def,
                 const throng_sta_report *report, double seconds) {
  bool next_item = def->objective == THRONG_STA_NEXT_ITEM && !report->like_rates;
  if (run->json) {
    cJSON *document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "sta", path);
    cJSON_AddStringToObject(document, "objective", next_item ? "next_item" : "label");
    cJSON_AddNumberToObject(document, "epochs", report->epochs);
    cJSON_AddNumberToObject(document, "best_epoch", report->best_epoch);
    cJSON_AddNumberToObject(document, "train_loss", report->train_loss);
    if (next_item) {
      cJSON_AddNumberToObject(document, "validation_hr10", report->validation_hr10);
      cJSON_AddNumberToObject(document, "validation_ndcg10", report->validation_ndcg10);
      cJSON_AddNumberToObject(document, "test_hr10", report->test_hr10);
      cJSON_AddNumberToObject(document, "test_ndcg10", report->test_ndcg10);
    } else {
      cJSON_AddNumberToObject(document, "validation_auc", report->validation_auc);
      cJSON_AddNumberToObject(document, "validation_log_loss", report->validation_log_loss);
      cJSON_AddNumberToObject(document, "test_auc", report->test_auc);
      cJSON_AddNumberToObject(document, "test_log_loss", report->test_log_loss);
    }
    cJSON_AddBoolToObject(document, "near_chance", report->near_chance);
    cJSON_AddBoolToObject(document, "like_rates", report->like_rates);
    cJSON_AddNumberToObject(document, "seconds_per_epoch", report->seconds_per_epoch);
    cJSON_AddNumberToObject(document, "seconds", seconds);
    cJSON_AddNumberToObject(document, "peak_memory_bytes", cli_peak_memory());
    return cli_json(document);
  }
  char memory[32];
  if (report->like_rates) {
    printf("like rates in place of a fit\n");
  } else {
    printf("epochs           %8d  the best was %d\n", report->epochs, report->best_epoch);
    printf("training loss    %8.4f\n", report->train_loss);
  }
  if (next_item) {
    printf("validation       %8.4f  HR@10, NDCG@10 %.4f\n", report->validation_hr10,
           report->validation_ndcg10);
    printf("test             %8.4f  HR@10, NDCG@10 %.4f\n", report->test_hr10, report->test_ndcg10);
  } else {
    printf("validation AUC   %8.4f  log-loss %.4f\n", report->validation_auc,
           report->validation_log_loss);
    printf("test AUC         %8.4f  log-loss %.4f\n", report->test_auc, report->test_log_loss);
  }
  if (!report->like_rates) printf("an epoch         %8.2f  seconds\n", report->seconds_per_epoch);
  printf("wrote %s in %.1f s, %s at most\n", path, seconds, cli_bytes(cli_peak_memory(), memory));
  return CLI_DONE;
}

int cmd_fit(cli_run *run) {
  const char *path = cli_text(run, "output");
  if (!path) return cli_wrong(run, "expected -o FILE, the weights to write");
  throng_config config;
  if (cli_config(run, run->n_argument > 1 ? run->argument[1] : NULL, &config) != THRONG_OK)
    return cli_fail(run);
  throng_backend *backend = NULL;
  throng_world *world = NULL;
  throng_sta *sta = NULL;
  throng_sta_report report = {0};
  throng_status status;
  double start = clock_now();
  THRONG_TRY_GOTO(cli_check_tensor_output(path));
  THRONG_TRY_GOTO(throng_world_open(run->argument[0], &world));
  THRONG_TRY_GOTO(cli_backend(run, &config, &backend));
  THRONG_TRY_GOTO(throng_sta_fit(backend, world, &config.sta, &run->progress, &sta, &report));
  THRONG_TRY_GOTO(throng_sta_save(sta, path));
done:;
  int code = status == THRONG_OK ? print(run, path, &config.sta, &report, clock_now() - start)
                                 : cli_fail(run);
  throng_sta_close(sta);
  throng_backend_close(backend);
  throng_world_close(world);
  config_free(&config);
  return code;
}
