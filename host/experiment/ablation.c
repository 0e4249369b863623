/// What each vote is worth: alone, in pairs, joined; in AUC on held-out answers, and in what agents
/// come to that were trained on its answers.
#include "experiment/trial.h"
#include "experiment/variants.h"

enum {
  AUC,
  WITHIN_AUC,
  ANSWER_WITHIN_AUC,
  LOG_LOSS,
  ECE,
  LIKE_RATE_GAP,
  OWN,
  OWN_ERROR,
  OWN_STEP,
  RANDOM_STEP,
  JUDGED,
  JUDGED_ERROR,
  JUDGED_STEP
};

static throng_status train(experiment_room *room, const experiment_variant *v,
                           experiment_row *row) {
  const throng_votes_def *judge = &room->config->sim.votes;
  const throng_votes_def votes = experiment_variant_votes(v, judge);
  trial t;
  trial_mean reward = {0}, step = {0};
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

static throng_status fill(experiment_room *room, const experiment_variant *v, const questions *q,
                          experiment_row *row) {
  double value[MEASURE_COUNT];
  THRONG_TRY(experiment_variant_measure(room, room->world, room->sta, v, q, value));
  row->value[AUC] = value[MEASURE_AUC];
  row->value[WITHIN_AUC] = value[MEASURE_WITHIN_AUC];
  row->value[ANSWER_WITHIN_AUC] = value[MEASURE_ANSWER_WITHIN_AUC];
  row->value[LOG_LOSS] = value[MEASURE_LOG_LOSS];
  row->value[ECE] = value[MEASURE_ECE];
  row->value[LIKE_RATE_GAP] = value[MEASURE_LIKE_RATE_GAP];
  return train(room, v, row);
}

throng_status experiment_ablation(experiment_room *room) {
  return experiment_each_variant(room, fill);
}
