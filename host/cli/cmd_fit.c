/// throng fit: weights of f_sta for a world.
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"

/// The calibrated vote's fit, where there is one: else why not.
typedef struct calibrated {
  throng_calibration fit;
  bool there, factors;
  char missing[256];
} calibrated;

/// A world on which it cannot be fitted has weights of f_sta all the same.
static throng_status calibrate(throng_sta *sta, const throng_world *world,
                               const throng_votes_def *votes, calibrated *out) {
  const throng_status status = throng_calibrate(sta, world, votes, &out->fit);
  out->there = status == THRONG_OK;
  out->factors = votes->factors;
  if (status != THRONG_ERROR_DATA) return status;
  snprintf(out->missing, sizeof out->missing, "%s", throng_error_message());
  return THRONG_OK;
}

#define CALIBRATION_NUMBERS(X) \
  X(intercept)                 \
  X(mat) X(sim) X(sta) X(item) X(user) X(smoothing) X(user_variance) X(threshold) X(factors)

static void calibration_json(cJSON *document, const calibrated *c) {
  if (!c->there) {
    cJSON_AddNullToObject(document, "calibration");
    return;
  }
  cJSON *object = cJSON_AddObjectToObject(document, "calibration");
#define X(name) cJSON_AddNumberToObject(object, #name, c->fit.name);
  CALIBRATION_NUMBERS(X)
#undef X
}

static void print_calibration(const calibrated *c) {
  const throng_calibration *f = &c->fit;
  if (!c->there) {
    printf("calibrated vote  not fitted: %s\n", c->missing);
    return;
  }
  printf("calibrated vote  weights: f_mat %.3f, f_sim %.3f, f_sta %.3f, item %.3f, user %.3f",
         f->mat, f->sim, f->sta, f->item, f->user);
  if (c->factors) printf(", factors %.3f", f->factors);
  putchar('\n');
}

/// AUC wants answers of both kinds, and both numbers want answers.
static void print_auc(const char *name, double auc, double log_loss) {
  if (isnan(auc))
    printf("%-16s        -  ", name);
  else
    printf("%-16s %8.4f  ", name, auc);
  if (isnan(log_loss))
    printf("no answers to ask about\n");
  else
    printf("log-loss %.4f%s\n", log_loss, isnan(auc) ? ", answers of one kind" : "");
}

static int print(const cli_run *run, const char *path, const throng_sta_def *def,
                 const throng_sta_report *report, const calibrated *c, double seconds) {
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
    calibration_json(document, c);
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
    print_auc("validation AUC", report->validation_auc, report->validation_log_loss);
    print_auc("test AUC", report->test_auc, report->test_log_loss);
  }
  print_calibration(c);
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
  calibrated c = {0};
  throng_status status;
  double start = clock_now();
  THRONG_TRY_GOTO(cli_check_tensor_output(path));
  THRONG_TRY_GOTO(throng_world_open(run->argument[0], &world));
  THRONG_TRY_GOTO(cli_backend(run, &config, &backend));
  THRONG_TRY_GOTO(throng_sta_fit(backend, world, &config.sta, &run->progress, &sta, &report));
  THRONG_TRY_GOTO(calibrate(sta, world, &config.sim.votes, &c));
  THRONG_TRY_GOTO(throng_sta_save(sta, path));
done:;
  int code = status == THRONG_OK ? print(run, path, &config.sta, &report, &c, clock_now() - start)
                                 : cli_fail(run);
  throng_sta_close(sta);
  throng_backend_close(backend);
  throng_world_close(world);
  config_free(&config);
  return code;
}
