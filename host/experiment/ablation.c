/// What each vote is worth: alone, in pairs, joined; in AUC on held-out answers, and in what agents
/// come to that were trained on its answers.
#include <stdio.h>

#include "experiment/trial.h"
#include "experiment/variants.h"

enum {
  AUC,
  LOG_LOSS,
  ACCURACY,
  OWN,
  OWN_ERROR,
  OWN_STEP,
  RANDOM_STEP,
  JUDGED,
  JUDGED_ERROR,
  JUDGED_STEP
};

static throng_status fill(experiment_room *room, const experiment_variant *v, const fidelity *f,
                          experiment_row *row) {
  const throng_votes_def *judge = &room->config->sim.votes;
  const throng_votes_def votes = experiment_variant_votes(v, judge);
  const classification *c = experiment_variant_measure(v, f);
  trial t;
  trial_mean reward, step;
  row->value[AUC] = c->auc;
  row->value[LOG_LOSS] = c->log_loss;
  row->value[ACCURACY] = c->accuracy;
  THRONG_TRY(
      trial_yardstick(room, &votes, THRONG_YARDSTICK_RANDOM, &reward, &row->value[RANDOM_STEP]));
  THRONG_TRY(trial_train(room, &votes, &t));
  throng_status status = trial_judge(room, &t, &votes, &reward, &step);
  row->value[OWN] = reward.mean;
  row->value[OWN_ERROR] = reward.error;
  row->value[OWN_STEP] = step.mean;
  if (status == THRONG_OK) status = trial_judge(room, &t, judge, &reward, &step);
  row->value[JUDGED] = reward.mean;
  row->value[JUDGED_ERROR] = reward.error;
  row->value[JUDGED_STEP] = step.mean;
  trial_close(&t);
  return status;
}

throng_status experiment_ablation(experiment_room *room) {
  for (int k = 0; k < experiment_variant_count; ++k) {
    const experiment_variant *v = &experiment_variants[k];
    const throng_votes_def votes = experiment_variant_votes(v, &room->config->sim.votes);
    experiment_row row = experiment_row_of(v->name, NULL, NULL);
    fidelity f;
    if (experiment_table_has(room->table, &row)) continue;
    THRONG_TRY(fidelity_evaluate(room->backend, room->world, room->sta, &votes,
                                 room->config->sim.seed, FIDELITY_TEST, room->progress, &f));
    if (!experiment_variant_possible(v, &f)) {
      throng_note(room->progress, "%s is left out: not all of its votes can be asked here",
                  v->name);
      continue;
    }
    THRONG_TRY(fill(room, v, &f, &row));
    THRONG_TRY(experiment_table_add(room->table, &row));
  }
  return THRONG_OK;
}
