/// Experiments: questions about the simulator that take many evaluations and trainings, each
/// answered by one table. A row of the table below is an experiment: what it asks, its columns, how
/// its drawing reads them, and the function that fills it, cell by cell. Prints nothing.
#ifndef THRONG_EXPERIMENT_EXPERIMENT_H
#define THRONG_EXPERIMENT_EXPERIMENT_H

#include "config/config.h"
#include "experiment/table.h"

/// What an experiment works with.
typedef struct experiment_room {
  const char *name;  // of the experiment
  throng_config *config;
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;  // NULL where the config's rule asks no statistical vote
  const throng_progress *progress;
  experiment_table *table;
} experiment_room;

typedef struct experiment {
  const char *summary;  // one line
  experiment_columns columns;
  throng_status (*run)(experiment_room *room);
  /// In place of run: takes many configs, whose worlds it opens itself.
  throng_status (*run_many)(experiment_room *room, int n, throng_config *const *config);
} experiment;

extern const experiment experiments[];
extern const int experiment_count;
/// NULL where there is none of that name.
const experiment *experiment_find(const char *name);

/// Run it into the config's train.out: world and weights made there where the config names none,
/// config.json, results.csv (a row as soon as its cell is done; the cells of an earlier, stopped
/// run are not done again), results.json, results.svg and report.txt. `*out` is freed by
/// experiment_table_free. Errors: CONFIG (the folder holds another configuration's results), DATA
/// (a world too small to compare anything in, or with answers of one kind), those of the stages,
/// CANCELLED (what is done is kept).
throng_status experiment_run(const experiment *e, throng_config *config, throng_backend *backend,
                             const throng_progress *progress, experiment_table **out);

/// The same for an experiment of many configs, into the first one's train.out.
throng_status experiment_run_many(const experiment *e, int n, throng_config *const *config,
                                  throng_backend *backend, const throng_progress *progress,
                                  experiment_table **out);

throng_status experiment_ablation(experiment_room *room);
throng_status experiment_sparsity(experiment_room *room);
throng_status experiment_cost(experiment_room *room);
throng_status experiment_fairness(experiment_room *room);
throng_status experiment_transfer(experiment_room *room);
throng_status experiment_drift(experiment_room *room);
throng_status experiment_planning(experiment_room *room);
throng_status experiment_table2(experiment_room *room, int n, throng_config *const *config);

#endif
