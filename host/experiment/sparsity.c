/// How votes bear what is missing: histories, keywords and categories removed, keywords spoilt.
#include <stdio.h>

#include "experiment/thinned.h"
#include "experiment/variants.h"

/// By variant its AUC, then by variant that within users.
static const char *const shown[] = {"f_mat", "f_sim", "f_sta", "f_pop", "ensemble", "calibrated"};
enum { N_SHOWN = sizeof shown / sizeof *shown, REMOVED = 0, AUC = 1, WITHIN_AUC = AUC + N_SHOWN };

static const double shares[] = {0, 0.25, 0.5, 0.75, 1};
enum { N_SHARE = sizeof shares / sizeof *shares };

/// f_sta is fitted anew on what is left; where that is too little its vote is not measured.
static throng_status fit(const experiment_room *room, const throng_world *world,
                         const experiment_row *row, throng_sta **sta) {
  *sta = NULL;
  if (!room->sta) return THRONG_OK;
  const throng_sta_def def = throng_sta_get_def(room->sta);
  const throng_status status =
      throng_sta_fit(room->backend, world, &def, room->progress, sta, NULL);
  if (status != THRONG_ERROR_DATA) return status;
  throng_note(room->progress, "%s %s: without f_sta: %s", row->label[0], row->label[1],
              throng_error_message());
  return THRONG_OK;
}

static throng_status fill(const experiment_room *room, const throng_world *world,
                          experiment_row *row) {
  throng_sta *sta;
  questions q = {0};
  throng_status status;
  THRONG_TRY_GOTO(fit(room, world, row, &sta));
  THRONG_TRY_GOTO(experiment_questions(room, world, sta, &q));
  for (int k = 0; k < N_SHOWN; ++k) {
    const experiment_variant *v = experiment_variant_find(shown[k]);
    double value[MEASURE_COUNT];
    if (experiment_variant_missing(v, &q)) continue;
    THRONG_TRY_GOTO(experiment_variant_measure(room, world, sta, v, &q, value));
    row->value[AUC + k] = value[MEASURE_AUC];
    row->value[WITHIN_AUC + k] = value[MEASURE_WITHIN_AUC];
  }
done:
  questions_free(&q);
  throng_sta_close(sta);
  return status;
}

static throng_status measure(experiment_room *room, thinned_part part, double share) {
  char text[16];
  snprintf(text, sizeof text, "%d %%", (int)(100 * share));
  experiment_row row = experiment_row_of(thinned_part_names[part], text, NULL);
  throng_world *world;
  if (experiment_table_has(room->table, &row)) return THRONG_OK;
  THRONG_TRY(thinned_world(room->world, part, share, room->config->seed, &world));
  row.value[REMOVED] = share;
  throng_status status = fill(room, world, &row);
  throng_world_close(world);
  return status == THRONG_OK ? experiment_table_add(room->table, &row) : status;
}

throng_status experiment_sparsity(experiment_room *room) {
  for (int part = 0; part < THINNED_PART_COUNT; ++part) {
    if (thinned_entries(room->world, (thinned_part)part) == 0) {
      throng_note(room->progress, "%s: left out, for the items of this world have none",
                  thinned_part_names[part]);
      continue;
    }
    for (int k = 0; k < N_SHARE; ++k) THRONG_TRY(measure(room, (thinned_part)part, shares[k]));
  }
  return THRONG_OK;
}
