/// Measurements and Defs of a run as JSON and as rows of metrics.jsonl: one list of names for all.
#ifndef THRONG_TRAIN_TRAIN_JSON_H
#define THRONG_TRAIN_TRAIN_JSON_H

#include <cjson/cJSON.h>

#include "report/run_folder.h"
#include "throng/train.h"

enum { TRAIN_ROW_VALUES = 40, TRAIN_NAME_SIZE = 96 };

/// A row that is being put together; names are its own.
typedef struct train_row {
  run_value value[TRAIN_ROW_VALUES];
  char name[TRAIN_ROW_VALUES][TRAIN_NAME_SIZE];
  int64_t n;
} train_row;

/// Add "prefix/name": value.
void train_row_add(train_row *row, const char *prefix, const char *name, double value);
/// Add "evaluation/<player>/average_reward" and so on.
void train_row_add_metrics(train_row *row, const char *player, const throng_metrics *m);

/// {"episodes", "average_reward", ..., "tercile_reward": [least, middle, most]}; numbers that are
/// not finite are null. `*out` is freed with cJSON_Delete. Errors: MEMORY.
throng_status metrics_json(const throng_metrics *m, cJSON **out);
/// Share of the gap between random and the oracle that the agents close; see metrics_gap_closed.
double train_gap_closed(const throng_train_report *report);
/// What summary.json holds: steps, seconds, rate, gap closed, every player's metrics.
throng_status train_report_json(const throng_train_report *report, cJSON **out);
/// The Defs as a config ("sim", "votes", "agent", "train"), for runs that bring no config of their
/// own. `*out` is malloc'd text.
throng_status train_config_json(const throng_sim_def *sim, const throng_agent_def *agent,
                                const throng_train_def *train, char **out);

#endif
