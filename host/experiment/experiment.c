/// The table of experiments, and running one.
#include "experiment/experiment.h"

#include <stdlib.h>
#include <string.h>

#include "experiment/draw.h"
#include "report/run_folder.h"
#include "study/open_or_make.h"

enum { FEWEST = 5 };  // users and items: a fifth holds one

const experiment experiments[] = {
    {"each vote alone, in pairs and joined: AUC, and what agents trained on it come to",
     {.name = "ablation",
      .label = {"votes"},
      .value = {"auc", "within_auc", "answer_within_auc", "log_loss", "ece", "like_rate_gap",
                "own_return", "own_error", "own_step", "random_step", "judged_return",
                "judged_error", "judged_step"},
      .x = 2,
      .y = 12},
     .run = experiment_ablation},
    {"histories, keywords and categories removed, keywords spoilt: AUC of each vote and joined",
     {.name = "sparsity",
      .label = {"part", "share"},
      .value = {"removed", "f_mat", "f_sim", "f_sta", "f_pop", "ensemble", "calibrated",
                "f_mat_within", "f_sim_within", "f_sta_within", "f_pop_within", "ensemble_within",
                "calibrated_within"},
      .x = 0,
      .y = 6,
      .lines = true},
     .run = experiment_sparsity},
    {"user-steps a second beside AUC, of each vote, pair and rule",
     {.name = "cost",
      .label = {"votes"},
      .value = {"user_steps_per_second", "microseconds", "auc", "within_auc", "answer_within_auc",
                "ece"},
      .x = 0,
      .y = 2,
      .log_x = true},
     .run = experiment_cost},
    {"what popular and rare items are shown, what active and less active users get",
     {.name = "fairness",
      .label = {"policy", "of", "fifth"},
      .value = {"group", "shown", "of_data", "covered", "reward_step", "return", "error",
                "sessions"},
      .x = 0,
      .y = 1,
      .only_label = 1,
      .only = "items",
      .lines = true},
     .run = experiment_fairness},
    {"agents trained on one simulator's answers, judged by another's and by logs",
     {.name = "transfer",
      .label = {"trained", "judged"},
      .value = {"own_step", "return", "return_error", "step", "random_step", "first_step", "ips",
                "ips_low", "ips_high", "snips", "snips_low", "snips_high", "dr", "dr_low",
                "dr_high", "effective"},
      .x = 5,
      .y = 12,
      .low = 13,
      .high = 14,
      .equal = true},
     .run = experiment_transfer},
    {"simulated users along the later part of real histories, beside the real ones",
     {.name = "drift",
      .label = {"rule", "mode", "positions"},
      .value = {"position", "answers", "real_rate", "like_rate", "gap", "auc", "within_auc",
                "correlation", "real_alike", "alike", "category_distance"},
      .x = 0,
      .y = 4,
      .only_label = 1,
      .only = "free",
      .lines = true},
     .run = experiment_drift},
    {"what looking ahead is worth, dynamic by dynamic, exactly and in whole sessions",
     {.name = "planning",
      .label = {"dynamic"},
      .value = {"number", "users", "exact_myopic", "exact_best", "exact_gain", "exact_low",
                "exact_high", "exact_above", "sessions", "myopic", "planner", "gain", "gain_low",
                "gain_high", "above"},
      .x = 0,
      .y = 4,
      .low = 5,
      .high = 6,
      .name_x = true},
     .run = experiment_planning},
    {"the paper's table 2: algorithms on sets, a config SET-ALGORITHM.json each",
     {.name = "table2",
      .label = {"set", "algorithm"},
      .value = {"A.Rwd", "T.Rwd", "Liking%", "error", "step", "random A.Rwd", "random step",
                "paper A.Rwd", "paper T.Rwd", "paper Liking%"},
      .x = 5,
      .y = 0,
      .series = 1},
     .run_many = experiment_table2},
};
const int experiment_count = sizeof experiments / sizeof *experiments;

const experiment *experiment_find(const char *name) {
  for (int k = 0; k < experiment_count; ++k)
    if (!strcmp(experiments[k].columns.name, name)) return &experiments[k];
  return NULL;
}

/// What no experiment can say anything about is refused before anything is fitted to it.
static throng_status check_world(const experiment *e, const throng_world *world) {
  const throng_world_info info = throng_world_get_info(world);
  if (info.n_user >= FEWEST && info.n_item >= FEWEST) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: this world has %lld users and %lld items, and experiments compare users "
                     "and items: expected %d of each at the least, and hundreds to say something; "
                     "more rows, or a smaller dataset.k_core, would help",
                     e->columns.name, (long long)info.n_user, (long long)info.n_item, FEWEST);
}

throng_status experiment_run(const experiment *e, throng_config *config, throng_backend *backend,
                             const throng_progress *progress, experiment_table **out) {
  train_inputs in = {0};
  char *resolved = NULL;
  experiment_table *table = NULL;
  throng_status status;
  *out = NULL;
  THRONG_TRY_GOTO(train_inputs_use(config));
  THRONG_TRY_GOTO(train_inputs_open(config, backend, progress, &in));
  THRONG_TRY_GOTO(check_world(e, in.world));
  THRONG_TRY_GOTO(config_print(config, &resolved));
  THRONG_TRY_GOTO(experiment_table_open(config->train.out, &e->columns, resolved, &table));
  experiment_room room = {e->columns.name, config, backend, in.world, in.sta, progress, table};
  THRONG_TRY_GOTO(e->run(&room));
  THRONG_TRY_GOTO(experiment_table_finish(table));
  THRONG_TRY_GOTO(experiment_draw(table, config->train.out));
  *out = table;
  table = NULL;
done:
  experiment_table_free(table);
  train_inputs_close(&in);
  free(resolved);
  return status;
}

/// All of the resolved configs as one JSON array.
static throng_status print_all(int n, throng_config *const *config, char **out) {
  size_t size;
  throng_status status = THRONG_OK;
  FILE *to = open_memstream(out, &size);
  if (!to) return throng_fail(THRONG_ERROR_MEMORY, "configs: out of memory");
  for (int k = 0; k < n && status == THRONG_OK; ++k) {
    char *one = NULL;
    status = config_print(config[k], &one);
    fprintf(to, "%s%s", k ? ",\n" : "[", one ? one : "");
    free(one);
  }
  fputs("]\n", to);
  if (fclose(to) != 0 && status == THRONG_OK)
    status = throng_fail(THRONG_ERROR_MEMORY, "configs: out of memory");
  return status;
}

throng_status experiment_run_many(const experiment *e, int n, throng_config *const *config,
                                  throng_backend *backend, const throng_progress *progress,
                                  experiment_table **out) {
  char *resolved = NULL;
  run_folder *folder = NULL;
  experiment_table *table = NULL;
  throng_status status;
  *out = NULL;
  THRONG_TRY_GOTO(config_use(config[0], "train.out"));
  const char *to = config[0]->train.out;
  if (!to || !*to)
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_CONFIG,
                                "train.out: missing; expected the path of a folder, in the first "
                                "configuration or as -o"));
  THRONG_TRY_GOTO(run_folder_lock(to, &folder));
  THRONG_TRY_GOTO(print_all(n, config, &resolved));
  THRONG_TRY_GOTO(experiment_table_open(to, &e->columns, resolved, &table));
  experiment_room room = {e->columns.name, config[0], backend, NULL, NULL, progress, table};
  THRONG_TRY_GOTO(e->run_many(&room, n, config));
  THRONG_TRY_GOTO(experiment_table_finish(table));
  THRONG_TRY_GOTO(experiment_draw(table, to));
  *out = table;
  table = NULL;
done:
  experiment_table_free(table);
  (void)run_folder_close(folder, TENSORBOARD_END_FAILED);
  free(resolved);
  return status;
}
