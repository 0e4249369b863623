/// How votes bear what is missing: histories, keywords and categories removed, keywords spoilt.
#include <stdio.h>

#include "evaluate/fidelity.h"
#include "experiment/experiment.h"
#include "experiment/thinned.h"

enum { REMOVED, FIRST_VOTE, ENSEMBLE = FIRST_VOTE + THRONG_VOTE_COUNT, LOG_LOSS };

static const double shares[] = {0, 0.25, 0.5, 0.75, 1};
enum { N_SHARE = sizeof shares / sizeof *shares };

/// f_sta is fitted anew on what is left; where that is too little its vote is not measured.
static throng_status fill(experiment_room *room, const throng_world *world, experiment_row *row) {
  const throng_config *config = room->config;
  throng_sta *sta = NULL;
  fidelity f;
  if (room->sta) {
    const throng_sta_def def = throng_sta_get_def(room->sta);
    throng_status fitted = throng_sta_fit(room->backend, world, &def, room->progress, &sta, NULL);
    if (fitted == THRONG_ERROR_DATA)
      throng_note(room->progress, "%s %s: without f_sta: %s", row->label[0], row->label[1],
                  throng_error_message());
    else
      THRONG_TRY(fitted);
  }
  throng_status status = fidelity_evaluate(room->backend, world, sta, &config->sim.votes,
                                           config->sim.seed, FIDELITY_TEST, room->progress, &f);
  throng_sta_close(sta);
  THRONG_TRY(status);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k)
    if (f.measured[k]) row->value[FIRST_VOTE + k] = f.vote[k].auc;
  row->value[ENSEMBLE] = f.ensemble.auc;
  row->value[LOG_LOSS] = f.ensemble.log_loss;
  return THRONG_OK;
}

throng_status experiment_sparsity(experiment_room *room) {
  for (int part = 0; part < THINNED_PART_COUNT; ++part)
    for (int k = 0; k < N_SHARE; ++k) {
      char text[16];
      snprintf(text, sizeof text, "%.0f %%", 100 * shares[k]);
      experiment_row row = experiment_row_of(thinned_part_names[part], text, NULL);
      if (experiment_table_has(room->table, &row)) continue;
      throng_world *world;
      THRONG_TRY(
          thinned_world(room->world, (thinned_part)part, shares[k], room->config->seed, &world));
      row.value[REMOVED] = shares[k];
      throng_status status = fill(room, world, &row);
      throng_world_close(world);
      THRONG_TRY(status);
      THRONG_TRY(experiment_table_add(room->table, &row));
    }
  return THRONG_OK;
}
